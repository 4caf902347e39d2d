/*
 * alterations/name.h: what a script's file name says.
 *
 *     [<version>-]<timestamp>(-|_)<slug>.(up|down|before-up|before-down).sql
 *
 * What stands before the first "-" is the version if it is SemVer (`_` for the "-" of a pre-release) or `next`;
 * otherwise the name has no version and begins with its timestamp.  The two can't be confused: a release has two
 * dots between numbers, a timestamp at most one.  So 1.0.0-5-x has the version 1.0.0 and the timestamp 5, and
 * 1.2-3-x has no version, the timestamp 1.2 and the slug 3-x.  Only where such a slug begins with another
 * timestamp (1.2-1714984800-x: eight digits or more) is the name refused: an unfinished version was meant.
 *
 * The timestamp is digits, optionally "." and more digits, both compared as numbers of any size: 9 sorts before
 * 100, 009 equals 9, 5.10 follows 5.9, and an absent fraction is 0.  The id is "<timestamp>-<slug>" as written,
 * the separator always "-".
 *
 * slug.h says which characters a slug may have.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_NAME_H
#define PGA_ALTERATIONS_NAME_H

#include <stdbool.h>

#include "alterations/slug.h"
#include "alterations/version.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_NAME_MAX 255 /* the longest file name or id, bytes */

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
    const char *id; /* "<timestamp>-<slug>" */
    enum pga_part part;
};

/*
 * Parse a file name (no directory).  Three outcomes: true; false with err->code PGA_OK for a file that is not an
 * alteration's at all (README.md, .gitkeep, x.up.sql~, x.up.sql.orig); false and PGA_ERR_USAGE for a name that
 * nearly is one, saying what is wrong and, where it can be told, the right name.  Every other *.sql nearly is one.
 */
bool pga_name_parse(struct pga_arena *mem, const char *file_name, struct pga_name *out,
                    struct pga_error *err) PGA_MUST_CHECK;

/* The file name of a part, e.g. "1.0.0_rc.1-1714984800-add_invites.up.sql". */
char *pga_name_format(struct pga_arena *mem, const struct pga_version *version,
                      const char *timestamp, const char *slug, enum pga_part part);

/* Split an id into timestamp and slug; false when it isn't one. */
bool pga_id_parse(struct pga_arena *mem, struct pga_str id, const char **out_timestamp,
                  const char **out_slug) PGA_MUST_CHECK;

/*
 * Below, equal or above zero by numeric value.  Each argument is read up to the first character that is no part of
 * a timestamp, so ids will do.
 */
int pga_timestamp_compare(const char *a, const char *b);

/* "up", "down", "before-up", "before-down". */
const char *pga_part_name(enum pga_part part);

#endif
