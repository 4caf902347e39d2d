/*
 * engine/record.h: changing what the journal says without running a script.
 *
 * Each is an event of the history and says why.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_RECORD_H
#define PGA_ENGINE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "engine/plan.h"
#include "engine/runner.h"

/* What was recorded: ids, in order. */
struct pga_recorded {
    const char **ids;
    size_t count, capacity;
    const char
        *difference; /* accept: what changed, as pga_difference_format() shows it; otherwise NULL */
};

/*
 * Record alterations as applied without running them: one id, or everything pending up to a target.  A record of
 * `unfinished` that an interrupted run left for the id goes with it; where that was a rollback, the one id may be
 * applied already, and stays so.
 * Errors: PGA_ERR_USAGE (no such id, applied already), those of planning and of the journal.
 */
bool pga_mark_one(struct pga_runner *runner, struct pga_arena *mem, const char *id,
                  const char *because, struct pga_recorded *out, struct pga_error *err)
    PGA_MUST_CHECK;
bool pga_mark_up_to(struct pga_runner *runner, struct pga_arena *mem, const char *target,
                    const char *because, struct pga_recorded *out, struct pga_error *err)
    PGA_MUST_CHECK;

/* How a file's texts differ from the journal's: what accept would take over.  "" when they don't. */
bool pga_accept_preview(struct pga_runner *runner, struct pga_arena *mem, const char *id,
                        const char **out_difference, struct pga_error *err) PGA_MUST_CHECK;

/* Take the present texts of a file into the journal. */
bool pga_accept(struct pga_runner *runner, struct pga_arena *mem, const char *id,
                const char *because, struct pga_recorded *out, struct pga_error *err)
    PGA_MUST_CHECK;

/*
 * Drop the record of an applied alteration without running its down script; or, for one that is not applied, the
 * record of an interrupted run.
 */
bool pga_forget(struct pga_runner *runner, struct pga_arena *mem, const char *id,
                const char *because, struct pga_recorded *out, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
