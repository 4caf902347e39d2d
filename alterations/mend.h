/*
 * alterations/mend.h: small changes that make a wrong file name right.
 *
 * For hints: a name that does not parse is changed in one way after the other until the result parses.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_MEND_H
#define PGA_ALTERATIONS_MEND_H

#include <stddef.h>

#include "alterations/name.h"
#include "base/arena.h"
#include "base/str.h"

#define PGA_MEND_WAYS 7

/*
 * A name's stem (what stands before ".<part>.sql") changed in one of PGA_MEND_WAYS ways, from 0 on; way 0 changes
 * nothing.  *part changes where the name says so.  NULL when the way does not apply.
 */
char *pga_mend_stem(struct pga_arena *mem, struct pga_str stem, size_t way, enum pga_part *part);

#endif
