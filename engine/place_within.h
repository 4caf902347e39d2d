/*
 * engine/place_within.h: places inside one statement of a script: its quoted bodies, its rows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_PLACE_WITHIN_H
#define PGA_ENGINE_PLACE_WITHIN_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/place.h"

/*
 * Within the body of a DO or CREATE FUNCTION: the position in the body that the server gives where it can't give one in the
 * message, or the line of a DO block that its context names, and in that line the query that failed.
 */
bool pga_body_spot(struct pga_arena *mem, const struct pga_sent *sent,
                   const struct pga_statement *statement, const struct pga_server_message *said,
                   struct pga_spot *out);

/* Whether what the server says comes from a DO block, and the statement is one. */
bool pga_names_block(const struct pga_server_message *said, const struct pga_statement *statement);

/* The first line of the row that a COPY's context names. */
bool pga_row_spot(struct pga_str text, const struct pga_statement *statement,
                  const struct pga_server_message *said, struct pga_spot *out);

#endif
