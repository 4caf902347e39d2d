/*
 * alterations/mistakes.h: all mistakes of a directory in one error.
 *
 * Who mends a directory wants to know everything at once.  The first mistake is the error; the others stand in its
 * detail, a line each.
 *
 *     struct pga_mistakes mistakes = pga_mistakes_on(mem);
 *     if (!check(file, &one))
 *         pga_mistakes_add(&mistakes, &one);
 *     return pga_mistakes_check(&mistakes, err);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_MISTAKES_H
#define PGA_ALTERATIONS_MISTAKES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_MISTAKES_SHOWN 20 /* besides the first; further ones are counted */

struct pga_mistakes {
    struct pga_error first;
    struct pga_buf others; /* a line each */
    size_t count;
};

struct pga_mistakes pga_mistakes_on(struct pga_arena *mem);

/* Take an error over; *err is empty afterwards. */
void pga_mistakes_add(struct pga_mistakes *mistakes, struct pga_error *err);

/* True when there are none; otherwise *err tells of all. */
bool pga_mistakes_check(const struct pga_mistakes *mistakes, struct pga_error *err) PGA_MUST_CHECK;

#endif
