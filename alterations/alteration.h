/*
 * alterations/alteration.h: one change of a database, up and down.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_ALTERATION_H
#define PGA_ALTERATIONS_ALTERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "alterations/name.h"
#include "alterations/script.h"
#include "base/compiler.h"
#include "base/digest.h"

struct pga_alteration {
    const char *id; /* "<timestamp>-<slug>" */
    struct pga_version version;
    const char *timestamp, *slug; /* the timestamp as written in the up script's name */
    const struct pga_script_text
        *parts[PGA_PART_COUNT]; /* NULL: no such script; UP is always there */
};

/* Sorted by timestamp. */
struct pga_alterations {
    const char *dir; /* as the user named it */
    struct pga_alteration *items;
    size_t count, capacity;
};

/* Has a down script, empty or not, and no `irreversible` directive. */
bool pga_alteration_is_reversible(const struct pga_alteration *alteration);

enum pga_phase pga_alteration_phase(const struct pga_alteration *alteration);

/* The directives of its up script in canonical form: what the journal keeps. */
const char *pga_alteration_directives(const struct pga_alteration *alteration);

/* The alteration with exactly that id, or NULL. */
const struct pga_alteration *pga_alterations_find(const struct pga_alterations *alterations,
                                                  const char *id);

/*
 * Read a directory of alterations; `dir` is kept, not copied.  Files that are no alteration's are passed over
 * (README.md, .gitkeep), directories inside it too unless they are named like a script.  Everything that can be
 * checked without a server is checked here: names, pairs, duplicates, encodings, directives.  The statements are
 * checked when a script is prepared; whether what a `needs` names exists, when a plan is made.
 *
 * A down or before-script belongs to the up script of its timestamp and must have its id and version.  A
 * before-down script needs a down script, and `irreversible` forbids both.
 * Errors: PGA_ERR_USAGE, naming the file or both files; the detail tells of all further mistakes, for who mends a
 * directory wants to do it once.
 */
bool pga_directory_load(struct pga_arena *mem, const char *dir, struct pga_alterations *out,
                        struct pga_error *err) PGA_MUST_CHECK;

#endif
