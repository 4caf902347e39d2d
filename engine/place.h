/*
 * engine/place.h: where in a file stands what a server speaks of.
 *
 * The server counts characters from the start of the message; a message is pieces of a script between pgalter's
 * own text.  A map remembers which bytes of the message came from where.  Where the server gives no position, the number
 * of results before the error tells the statement, its context the line of a DO block or the row of a COPY.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_PLACE_H
#define PGA_ENGINE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alterations/script.h"
#include "base/error.h"
#include "base/str.h"
#include "drivers/driver.h"

/* A piece of a script within a message. */
struct pga_span {
    size_t message_offset, len; /* bytes */
    size_t script_offset;
    bool
        is_end; /* pgalter's own text: whatever is wrong there, the script's end at script_offset is to blame */
};

struct pga_span_map {
    struct pga_span *items;
    size_t count, capacity;
};

void pga_span_add(struct pga_arena *mem, struct pga_span_map *map, const struct pga_span *span);

/*
 * The byte of the script for a position that the server gave: 1-based, in characters, or in bytes when
 * `in_bytes` (a SQL_ASCII database).  False when the position lies in pgalter's own text.
 */
bool pga_span_find(const struct pga_span_map *map, struct pga_str message, int64_t position,
                   bool in_bytes, size_t *out_offset);

/* A message that is on its way, and which of its results are a script's. */
struct pga_sent {
    const struct pga_script_text *script;
    const struct pga_statements *statements;
    size_t first, end; /* the statements that it holds */
    size_t head;       /* results with a tag that come before the first statement's */
    struct pga_span_map map;
    struct pga_str message;
    bool in_bytes;                     /* the server counts positions in bytes */
    const struct pga_results *results; /* what has come back */
};

/* Results with a tag: a rule can add results without one (STEP 5). */
size_t pga_results_tagged(const struct pga_results *results);

/* The byte of the internal query that the server's position in it names; 0 without one. */
size_t pga_internal_offset(const struct pga_sent *sent, const struct pga_server_message *said);

/* A byte of a script; `is_exact`: its column means something, not only its line. */
struct pga_spot {
    size_t offset;
    bool is_exact;
};

/* Where something that the server says now points to; false when not into the script. */
bool pga_spot_find(struct pga_arena *mem, const struct pga_sent *sent,
                   const struct pga_server_message *said, struct pga_spot *out);

/*
 * After PGA_ERR_SQL: fill the place of *err, from what the server said and how many results it gave before, or with only
 * the file; and the place within a query that the script built.  What is a secret in the script is masked in all of *err.
 * True when a place in the script was found.
 */
bool pga_place_failure(struct pga_arena *mem, const struct pga_sent *sent, struct pga_error *err);

/* The place of a notice that came with the message; its file only when nothing more is known. */
void pga_place_notice(struct pga_arena *mem, const struct pga_sent *sent,
                      const struct pga_server_message *notice, struct pga_place *out);

/* Whether a message was not even read because the database's encoding lacks a character of it (22P05, 22021). */
bool pga_place_is_about_characters(const struct pga_server_message *said);

/*
 * Where in a script's text the characters stand that the database's encoding lacks, according to a server's message, which
 * names their bytes.
 */
bool pga_place_characters(const char *message, struct pga_str text, size_t *out_offset);

#endif
