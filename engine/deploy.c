/*
 * engine/deploy.c: applying what is pending.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/run.h"

#include <string.h>

#include "engine/difference.h"

#define PLANS_MAX 1000 /* each new plan means that another run made progress */

/* Whether the directory is exactly what the journal's head says is applied: then there is nothing to do. */
static bool
is_settled(const struct pga_runner *runner)
{
    struct pga_digest state = {{0}};

    if (runner->journal->presence != PGA_JOURNAL_PRESENT)
        return runner->alterations->count == 0;
    for (size_t i = 0; i < runner->alterations->count; i++) {
        struct pga_applied applied;
        struct pga_digest entry;

        pga_applied_of(&runner->alterations->items[i], &applied);
        entry = pga_applied_digest(&applied);
        pga_digest_add(&state, &entry);
    }
    return pga_digest_equal(&state, &runner->journal->head.state);
}

static bool
parse_target(struct pga_runner *runner, struct pga_arena *mem, const char *text,
             struct pga_target *out, struct pga_error *err)
{
    return pga_target_parse(mem, text, runner->alterations, runner->journal, out, err);
}

bool
pga_deploy_plan(struct pga_runner *runner, struct pga_arena *mem, const char *target_text,
                struct pga_plan *out, struct pga_error *err)
{
    const struct pga_plan_settings *settings = &runner->settings.plan;
    struct pga_target target;

    memset(out, 0, sizeof(*out));
    /* The words need no ids to be understood, so a settled journal need not be read. */
    if (is_settled(runner) && !runner->journal->has_unfinished &&
        (pga_same(target_text, "latest") || pga_same(target_text, "next")))
        return true;
    if (!runner->journal->is_loaded && !pga_journal_load(runner->journal, err))
        return false;
    return parse_target(runner, mem, target_text, &target, err) &&
           pga_plan_deploy(mem, runner->alterations, runner->journal, &target, settings, out,
                           err) &&
           pga_run_check_unfinished(runner, mem, out, err) &&
           pga_difference_check(runner, mem, out, err) &&
           pga_plan_check(mem, out, runner->journal, settings, err);
}

/* One plan, run as far as no other run comes in between. */
static bool
deploy_once(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
            struct pga_run_result *result, struct pga_error *err)
{
    struct pga_source *sources;

    if (!pga_sources_load(runner, mem, plan, &sources, err))
        return false;
    if (!runner->has_lock) {
        if (!pga_runner_lock(runner, &result->is_overtaken, err))
            return false;
        if (result->is_overtaken)
            return true;
    }
    if (runner->journal->presence != PGA_JOURNAL_PRESENT) {
        if (!pga_journal_create(runner->journal, err))
            return false;
        /* Another run made it first, and has been at work since. */
        result->is_overtaken = runner->journal->head.seq > 0;
        if (result->is_overtaken)
            return true;
    }
    return pga_run_steps(runner, mem, plan, sources, result, err);
}

/* GCOVR_EXCL_START: no test overtakes a run a thousand times */
static bool
fail_overtaken(struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_LOCKED, "other runs changed the journal %d times meanwhile",
                   PLANS_MAX);
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    return pga_error_hint(err, "What is done is recorded. Run the same command again.");
}
/* GCOVR_EXCL_STOP */

/* Plan and run, and again from the start whenever another run came in between. */
static bool
deploy_all(struct pga_runner *runner, struct pga_arena *mem, const char *target, size_t steps,
           struct pga_run_result *result, struct pga_error *err)
{
    for (int round = 0; round < PLANS_MAX; round++) {
        struct pga_plan plan;

        result->is_overtaken = false;
        if (!pga_deploy_plan(runner, mem, target, &plan, err))
            return false;
        if (round == 0) {
            result->plan = plan;
            pga_runner_report(runner, &(struct pga_event_report){.happening = PGA_HAPPENING_PLANNED,
                                                                 .plan = &result->plan});
        }
        if (plan.count == 0 || (steps > 0 && result->ran >= steps))
            return true;
        if (!deploy_once(runner, mem, &plan, result, err))
            return false;
        if (!result->is_overtaken)
            return true;
        runner->settings.plan.steps = steps > result->ran ? steps - result->ran : steps;
        if (!pga_journal_load(runner->journal, err))
            return false;
    }
    return fail_overtaken(err); /* GCOVR_EXCL_LINE: as above */
}

bool
pga_deploy(struct pga_runner *runner, struct pga_arena *mem, const char *target,
           struct pga_run_result *result, struct pga_error *err)
{
    size_t steps = runner->settings.plan.steps;
    bool fine;

    memset(result, 0, sizeof(*result));
    fine = deploy_all(runner, mem, target, steps, result, err);
    runner->settings.plan.steps = steps;
    if (!fine && result->lost == NULL)
        (void)pga_outcome_settle(runner, NULL, err);
    if (!fine)
        pga_runner_record(runner, PGA_DIRECTION_UP, err);
    pga_runner_unlock(runner);
    return fine;
}
