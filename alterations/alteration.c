/*
 * alterations/alteration.c: what an alteration's scripts say about it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/alteration.h"

#include <string.h>

bool
pga_alteration_is_reversible(const struct pga_alteration *alteration)
{
    return alteration->parts[PGA_PART_DOWN] != NULL &&
           alteration->parts[PGA_PART_UP]->directives.irreversible == NULL;
}

enum pga_phase
pga_alteration_phase(const struct pga_alteration *alteration)
{
    return alteration->parts[PGA_PART_UP]->directives.phase;
}

const char *
pga_alteration_directives(const struct pga_alteration *alteration)
{
    return alteration->parts[PGA_PART_UP]->directives.canonical;
}

const struct pga_alteration *
pga_alterations_find(const struct pga_alterations *alterations, const char *id)
{
    size_t first = 0, end = alterations->count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;
        const struct pga_alteration *item = &alterations->items[middle];
        int order = pga_timestamp_compare(id, item->timestamp);

        if (order == 0) /* no two have one timestamp */
            return strcmp(item->id, id) == 0 ? item : NULL;
        if (order < 0)
            end = middle;
        else
            first = middle + 1;
    }
    return NULL;
}
