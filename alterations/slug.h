/*
 * alterations/slug.h: which characters may stand in a slug.
 *
 * A slug that exists may have any characters but blanks, control characters, invisible ones, and what a shell or a
 * path would take for its own: / \ quotes $ & ; | < > * ? !  A new one may have fewer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_SLUG_H
#define PGA_ALTERATIONS_SLUG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

#define PGA_SLUG_NEW_MAX                                                                           \
    100 /* the longest new slug, bytes: leaves room for all else in a file name */

/*
 * Whether a slug may stand in a new name: letters, digits, and - _ . anywhere but at the start; also non-ASCII
 * letters; at most PGA_SLUG_NEW_MAX bytes.
 */
bool pga_slug_check(const char *slug);

/* Bytes of s up to the first character that may not stand in a slug that exists; s.len when all may. */
size_t pga_slug_prefix(struct pga_str s);

/* A copy of s in which every run of characters that may not stand in a slug is one "_". */
struct pga_str pga_slug_mend(struct pga_arena *mem, struct pga_str s);

/*
 * How two slugs differ, for "..., but %s.", where it takes more than eyes to see it: one of the first characters that differ
 * is not ASCII, as with composed and decomposed accents or letters of two alphabets.  NULL otherwise.
 */
char *pga_slug_difference(struct pga_arena *mem, const char *a, const char *b);

/* A copy for a message: invalid UTF-8, and what would do something to a terminal or be unseen, as \xNN. */
char *pga_printable(struct pga_arena *mem, struct pga_str s);

#endif
