/*
 * engine/place.h: where in a file an error of the server stands.
 *
 * The server counts characters from the start of the message; a message is pieces of a script between pgalter's
 * own text.  A map remembers which bytes of the message came from where.
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

/*
 * Fill the place of *err: from the position if the script has it, else from the statement with the 0-based index
 * `statement` (SIZE_MAX: unknown), else only the file.  Returns false.
 */
bool pga_place_fill(struct pga_error *err, const struct pga_script_text *script,
                    const struct pga_statements *statements, bool has_offset, size_t offset,
                    size_t statement);

#endif
