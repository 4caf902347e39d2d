/*
 * engine/target.h: where to go.
 *
 * `latest`: everything but `next`.  `next`: everything.  `zero`: nothing at all.  A version: what has this version
 * or an earlier one; it need not have files of its own.  An id, or a timestamp that names one alteration:
 * everything up to it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_TARGET_H
#define PGA_ENGINE_TARGET_H

#include <stdbool.h>

#include "alterations/alteration.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "journal/journal.h"

enum pga_target_kind {
    PGA_TARGET_LATEST,
    PGA_TARGET_NEXT,
    PGA_TARGET_ZERO,
    PGA_TARGET_VERSION,
    PGA_TARGET_ID,
};

struct pga_target {
    enum pga_target_kind kind;
    const char *text;           /* as the user wrote it */
    struct pga_version version; /* VERSION */
    const char *id;             /* ID */
    const char *timestamp;      /* ID */
};

/*
 * Parse a target and find the id it may name among the alterations (may be NULL) and the journal's rows.
 * Errors: PGA_ERR_USAGE, with the nearest that there is.
 */
bool pga_target_parse(struct pga_arena *mem, const char *text,
                      const struct pga_alterations *alterations, const struct pga_journal *journal,
                      struct pga_target *out, struct pga_error *err) PGA_MUST_CHECK;

/* The id that was meant: the one whose slug is the text, else the nearest; NULL: none is near. For "did you mean ...?". */
const char *pga_target_nearest_id(const char *text, const char *const *ids, size_t count);

#endif
