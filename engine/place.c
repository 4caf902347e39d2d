/*
 * engine/place.c: where in a file an error of the server stands.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/place.h"

void
pga_span_add(struct pga_arena *mem, struct pga_span_map *map, const struct pga_span *span)
{
    map->items = pga_grow(mem, map->items, map->count, &map->capacity, sizeof(*map->items));
    map->items[map->count++] = *span;
}

bool
pga_span_find(const struct pga_span_map *map, struct pga_str message, int64_t position,
              bool in_bytes, size_t *out_offset)
{
    size_t at;

    if (position <= 0)
        return false;
    at = in_bytes ? (size_t)position - 1 : pga_utf8_offset(message, (size_t)position - 1);
    for (size_t i = 0; i < map->count; i++) {
        const struct pga_span *span = &map->items[i];

        if (at < span->message_offset || at > span->message_offset + span->len)
            continue;
        *out_offset = span->script_offset + (span->is_end ? 0 : at - span->message_offset);
        return true;
    }
    return false;
}

bool
pga_place_fill(struct pga_error *err, const struct pga_script_text *script,
               const struct pga_statements *statements, bool has_offset, size_t offset,
               size_t statement)
{
    if (has_offset)
        return pga_script_place(err, script, offset);
    if (statement < statements->count) {
        (void)pga_script_place(err, script, statements->items[statement].offset);
        err->place.column = 0; /* the line of the statement is known, the column within it is not */
        return false;
    }
    return pga_error_place(err, script->file, 0, 0, NULL, 0);
}
