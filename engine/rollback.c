/*
 * engine/rollback.c: taking back what is applied.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/run.h"

#include <string.h>

#include "engine/difference.h"

bool
pga_rollback_plan(struct pga_runner *runner, struct pga_arena *mem, const char *target_text,
                  struct pga_plan *out, struct pga_error *err)
{
    const struct pga_plan_settings *settings = &runner->settings.plan;
    struct pga_target target;

    memset(out, 0, sizeof(*out));
    if (!runner->journal->is_loaded && !pga_journal_load(runner->journal, err))
        return false;
    if (!pga_target_parse(mem, target_text, runner->alterations, runner->journal, &target, err))
        return false;
    if (target.kind == PGA_TARGET_ID && pga_journal_find(runner->journal, target.id) == NULL) {
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "\"%s\" is not applied, so nothing can be taken back to it", target.id);
        (void)pga_error_identify(err, PGA_ID_UNKNOWN_TARGET);
        return pga_error_hint(err, "\"pgalter list\" shows what is applied.");
    }
    pga_plan_rollback(mem, runner->alterations, runner->journal, &target, settings, out);
    return pga_run_check_unfinished(runner, mem, out, err) &&
           pga_difference_check(runner, mem, out, err) &&
           pga_plan_check(mem, out, runner->journal, settings, err);
}

static bool
fail_overtaken(struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_LOCKED,
                   "another run changed the journal, so the plan is no longer what was shown");
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    return pga_error_hint(
        err, "What was taken back so far is recorded. Run the same command again to see the plan.");
}

static bool
run_plan(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
         struct pga_run_result *result, struct pga_error *err)
{
    struct pga_source *sources;

    if (!pga_sources_load(runner, mem, plan, &sources, err) ||
        !pga_runner_lock(runner, &result->is_overtaken, err))
        return false;
    if (!result->is_overtaken && !pga_run_steps(runner, mem, plan, sources, result, err))
        return false;
    return result->is_overtaken ? fail_overtaken(err) : true;
}

bool
pga_rollback(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
             struct pga_run_result *result, struct pga_error *err)
{
    bool fine;

    memset(result, 0, sizeof(*result));
    result->plan = *plan;
    if (plan->count == 0)
        return true;
    fine = run_plan(runner, mem, plan, result, err);
    if (!fine && result->lost == NULL)
        (void)pga_outcome_settle(runner, NULL, err);
    if (!fine)
        pga_runner_record(runner, PGA_DIRECTION_DOWN, err);
    pga_runner_unlock(runner);
    return fine;
}
