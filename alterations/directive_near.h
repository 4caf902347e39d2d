/*
 * alterations/directive_near.h: comments that were meant as directives, but are not written as one.
 *
 *     -- pgalter lock_timeout 3s      -- pgaltr:lock_timeout 3s      -- @pgalter.lock_timeout 3s
 *
 * Each would be a comment for the server and for pgalter, and so without effect.  The first word must be nearly
 * "pgalter", the second nearly a directive's key.  Behind a mere blank that may still be a sentence ("pgalter needs
 * this"), so there what follows must also look like a value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_DIRECTIVE_NEAR_H
#define PGA_ALTERATIONS_DIRECTIVE_NEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct pga_directive_near {
    const char *key;      /* the one that was meant, of `keys` */
    struct pga_str value; /* what follows it; points into the comment */
};

/* Whether a line comment, from its "--" on, was meant as a directive with one of `count` keys. */
bool pga_directive_near(struct pga_arena *mem, struct pga_str comment, const char *const *keys,
                        size_t count, struct pga_directive_near *out);

#endif
