/*
 * base/width.h: how many columns of a terminal a text takes.
 *
 * Its own table, so that it does not depend on the locale: most characters take one column, wide ones of East Asian
 * scripts and emoji two, combining and invisible ones none.  A byte that is not UTF-8 and a control character count as
 * one.  Terminals differ where Unicode leaves them free (ambiguous width counts as one here).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_WIDTH_H
#define PGA_BASE_WIDTH_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

/* Columns of the text. */
size_t pga_width(struct pga_str text);

/* Bytes of its beginning that fit into that many columns, with the combining characters behind. */
size_t pga_width_fit(struct pga_str text, size_t columns);

/* The text if it fits, otherwise its beginning and "..." in that many columns (3 at least). */
const char *pga_width_cut(struct pga_arena *mem, const char *text, size_t columns);

#endif
