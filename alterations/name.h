/*
 * alterations/name.h: what a script's file name says.
 *
 *     [<version>-]<timestamp>(-|_)<slug>.(up|down|before-up|before-down).sql
 *
 * The timestamp is digits, optionally "." and more digits, both compared as numbers of any size: 9 sorts before
 * 100, 009 equals 9, and 5.10 follows 5.9.  The id is "<timestamp>-<slug>" as written, the separator always "-".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_NAME_H
#define PGA_ALTERATIONS_NAME_H

#include <stdbool.h>

#include "alterations/version.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_NAME_MAX 255 /* the longest file name, bytes */

/* The scripts of an alteration, in the order in which the journal stores their digests. */
enum pga_part {
    PGA_PART_UP,
    PGA_PART_DOWN,
    PGA_PART_BEFORE_UP,
    PGA_PART_BEFORE_DOWN,
    PGA_PART_COUNT,
};

struct pga_name {
    struct pga_version version;
    const char *timestamp; /* as written */
    const char *slug;
    const char *id;        /* "<timestamp>-<slug>" */
    enum pga_part part;
};

/*
 * Parse a file name (no directory).  Three outcomes: true; false with err->code PGA_OK for a file that is not an
 * alteration's at all (README.md); false and PGA_ERR_USAGE for a name that nearly is one, saying what is wrong
 * and what a right name looks like.
 */
bool pga_name_parse(struct pga_arena *mem, const char *file_name, struct pga_name *out,
                    struct pga_error *err) PGA_MUST_CHECK;

/* The file name of a part, e.g. "1.0.0_rc.1-1714984800-add_invites.up.sql". */
char *pga_name_format(struct pga_arena *mem, const struct pga_version *version, const char *timestamp,
                      const char *slug, enum pga_part part);

/* Split an id into timestamp and slug; false when it isn't one. */
bool pga_id_parse(struct pga_arena *mem, struct pga_str id, const char **out_timestamp, const char **out_slug)
    PGA_MUST_CHECK;

/* Whether a slug may stand in a name: letters, digits, and - _ . anywhere but at the start; also non-ASCII letters. */
bool pga_slug_check(const char *slug);

/* Below, equal or above zero by numeric value. */
int pga_timestamp_compare(const char *a, const char *b);

/* "up", "down", "before-up", "before-down". */
const char *pga_part_name(enum pga_part part);

#endif
