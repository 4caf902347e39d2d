/*
 * engine/run.h: from a target to a database that is there.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_RUN_H
#define PGA_ENGINE_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "engine/outcome.h"
#include "engine/plan.h"
#include "engine/runner.h"
#include "engine/source.h"

struct pga_run_result {
    struct pga_plan plan;        /* the first plan of the run: what was found to do */
    size_t done;                 /* steps that committed, renames included */
    size_t ran;                  /* those of them that ran a script */
    size_t marked;               /* internal: where the last step that was done stands in `plan` */
    const struct pga_step *lost; /* the step whose session was lost; NULL: none */
    enum pga_outcome outcome;    /* of that one */
    bool is_overtaken;           /* internal: another run changed the journal, plan again */
};

/*
 * Plan a deploy and refuse what can't be run; nothing is locked or written.  The journal must have been opened.
 * *out_settled: the head's state says that directory and journal agree, and no row was read.
 * Errors: PGA_ERR_USAGE, PGA_ERR_JOURNAL (a changed script comes with its difference).
 */
bool pga_deploy_plan(struct pga_runner *runner, struct pga_arena *mem, const char *target,
                     struct pga_plan *out, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Apply what is pending up to a target.  Steps that other runs take meanwhile are not run again.  On failure
 * `result` says what committed.  Errors: those of planning, locking and running a step.
 */
bool pga_deploy(struct pga_runner *runner, struct pga_arena *mem, const char *target,
                struct pga_run_result *result, struct pga_error *err) PGA_MUST_CHECK;

/* The same for a rollback; `target` NULL with settings.plan.steps. */
bool pga_rollback_plan(struct pga_runner *runner, struct pga_arena *mem, const char *target,
                       struct pga_plan *out, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Run a rollback that was planned (and confirmed).  When another run changes the journal meanwhile it stops: what was
 * confirmed is no longer what would run.  Errors: PGA_ERR_LOCKED then, and those of running a step.
 */
bool pga_rollback(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
                  struct pga_run_result *result, struct pga_error *err) PGA_MUST_CHECK;

/* Load the records of half-done steps, if there are any, and check the plan against them.  For planning. */
bool pga_run_check_unfinished(struct pga_runner *runner, struct pga_arena *mem,
                              const struct pga_plan *plan, struct pga_error *err) PGA_MUST_CHECK;

/* Run the steps of a plan, holding the lock.  For deploy.c and rollback.c. */
bool pga_run_steps(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
                   const struct pga_source *sources, struct pga_run_result *result,
                   struct pga_error *err) PGA_MUST_CHECK;

#endif
