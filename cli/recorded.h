/*
 * cli/recorded.h: what mark, accept and forget share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_RECORDED_H
#define PGA_CLI_RECORDED_H

#include "cli/context.h"
#include "engine/record.h"

/* "Marked 3 alterations as applied" and their ids; the same in the JSON document. */
void pga_recorded_report(struct pga_context *ctx, const struct pga_recorded *recorded,
                         const char *verb, const char *rest);

/*
 * The id that the first argument names, by itself or by its timestamp.  What names none is handed on as it is, for the
 * command to say so.  Errors: those of reading the journal.
 */
bool pga_recorded_id(struct pga_context *ctx, const char **out, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
