/*
 * base/map.c: from text to pointer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/map.h"

#include <stdint.h>
#include <string.h>

/* FNV-1a.  Keys are names from files and the journal; an attacker who can choose them can do worse. */
static size_t
hash_of(const char *key)
{
    uint64_t hash = 14695981039346656037u;

    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return (size_t)(hash ^ (hash >> 32));
}

/* The slot of a key, or the free slot where it would go. */
static struct pga_map_slot *
slot_of(struct pga_map_slot *slots, size_t capacity, const char *key)
{
    size_t at = hash_of(key) & (capacity - 1);

    while (slots[at].key != NULL && strcmp(slots[at].key, key) != 0)
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

struct pga_map
pga_map_on(struct pga_arena *mem)
{
    return (struct pga_map){.mem = mem};
}

void *
pga_map_find(const struct pga_map *map, const char *key)
{
    return map->capacity == 0 ? NULL : slot_of(map->slots, map->capacity, key)->value;
}

static void
grow(struct pga_map *map)
{
    size_t capacity = map->capacity == 0 ? 64 : 2 * map->capacity;
    struct pga_map_slot *slots = pga_new_array(map->mem, struct pga_map_slot, capacity);

    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].key != NULL)
            *slot_of(slots, capacity, map->slots[i].key) = map->slots[i];
    map->slots = slots;
    map->capacity = capacity;
}

void *
pga_map_put(struct pga_map *map, const char *key, void *value)
{
    struct pga_map_slot *slot;
    void *before;

    if (2 * (map->count + 1) > map->capacity)
        grow(map);
    slot = slot_of(map->slots, map->capacity, key);
    if (slot->key == NULL) {
        slot->key = key;
        map->count++;
    }
    before = slot->value;
    slot->value = value;
    return before;
}
