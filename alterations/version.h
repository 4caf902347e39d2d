/*
 * alterations/version.h: the release that an alteration ships in.
 *
 * A version is SemVer 2.0, or `next` (unreleased), or none.  In file names `_` stands for the `-` before a
 * pre-release: 1.0.0_rc.1 is 1.0.0-rc.1.  Numbers may be of any length.  Source: semver.org 2.0.0, 11.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_VERSION_H
#define PGA_ALTERATIONS_VERSION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/str.h"

#define PGA_VERSION_MAX 128 /* the longest version, bytes */

enum pga_version_kind { PGA_VERSION_NONE, PGA_VERSION_RELEASE, PGA_VERSION_NEXT };

struct pga_version {
    enum pga_version_kind kind;
    const char *text; /* "1.0.0-rc.1", "next", or "" for none; NUL-terminated */
};

/*
 * Parse "1.2.3-rc.1+build", "next" or "" onto `mem`; a leading "v" is not part of a version.
 * False when it is none of these or longer than PGA_VERSION_MAX.
 */
bool pga_version_parse(struct pga_arena *mem, struct pga_str text, struct pga_version *out)
    PGA_MUST_CHECK;

/* The same for the part of a file name, where `_` stands for `-` and `-` itself can't occur. */
bool pga_version_parse_name(struct pga_arena *mem, struct pga_str text, struct pga_version *out)
    PGA_MUST_CHECK;

/* As it stands in a file name. */
char *pga_version_format_name(struct pga_arena *mem, const struct pga_version *version);

/*
 * Below, equal or above zero by SemVer precedence (build metadata doesn't count).  `next` is above every
 * release; none is below.
 */
int pga_version_compare(const struct pga_version *a, const struct pga_version *b);

/*
 * Whether `constraint` is well-formed: one or more of < <= > >= = before a version, separated by blanks, all of
 * which must hold, e.g. "<1.8.0" or ">=1.2.0 <2.0.0".  Blanks may also follow the operator.
 */
bool pga_version_constraint_check(struct pga_str constraint);

/*
 * Whether a version satisfies a well-formed constraint, by plain precedence: 1.8.0-rc.1 satisfies "<1.8.0".
 * `next` counts as above every release; none satisfies nothing, as does a malformed constraint.
 */
bool pga_version_satisfies(const struct pga_version *version, struct pga_str constraint);

#endif
