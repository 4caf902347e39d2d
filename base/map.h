/*
 * base/map.h: from text to pointer.
 *
 * An open-addressing table on an arena.  Keys are NUL-terminated, are not copied and must outlive the map.  There
 * is no removal: put NULL.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_MAP_H
#define PGA_BASE_MAP_H

#include <stddef.h>

#include "base/arena.h"

struct pga_map_slot {
    const char *key; /* NULL: free */
    void *value;
};

struct pga_map {
    struct pga_arena *mem;
    struct pga_map_slot *slots;
    size_t count, capacity; /* capacity is a power of two, or 0 */
};

struct pga_map pga_map_on(struct pga_arena *mem);

/* The value of a key, or NULL. */
void *pga_map_find(const struct pga_map *map, const char *key);

/* Set the value of a key and return the one it had, or NULL. */
void *pga_map_put(struct pga_map *map, const char *key, void *value);

#endif
