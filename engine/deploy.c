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
    if (is_settled(runner) && (pga_same(target_text, "latest") || pga_same(target_text, "next")))
        return true;
    if (!runner->journal->is_loaded && !pga_journal_load(runner->journal, err))
        return false;
    return parse_target(runner, mem, target_text, &target, err) &&
           pga_plan_deploy(mem, runner->alterations, runner->journal, &target, settings, out,
                           err) &&
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
    if (runner->journal->presence != PGA_JOURNAL_PRESENT &&
        !pga_journal_create(runner->journal, err))
        return false;
    return pga_run_steps(runner, mem, plan, sources, result, err);
}

bool
pga_deploy(struct pga_runner *runner, struct pga_arena *mem, const char *target,
           struct pga_run_result *result, struct pga_error *err)
{
    size_t steps = runner->settings.plan.steps;
    bool fine = true;

    memset(result, 0, sizeof(*result));
    for (int round = 0; fine && round < PLANS_MAX; round++) {
        struct pga_plan plan;

        result->is_overtaken = false;
        fine = pga_deploy_plan(runner, mem, target, &plan, err);
        if (!fine)
            break;
        if (round == 0) {
            result->plan = plan;
            pga_runner_report(runner, &(struct pga_event_report){.happening = PGA_HAPPENING_PLANNED,
                                                                 .plan = &result->plan});
        }
        if (plan.count == 0 || (steps > 0 && result->ran >= steps))
            break;
        fine = deploy_once(runner, mem, &plan, result, err);
        if (!fine || !result->is_overtaken)
            break;
        runner->settings.plan.steps = steps > result->ran ? steps - result->ran : steps;
        fine = pga_journal_load(runner->journal, err);
    }
    runner->settings.plan.steps = steps;
    if (!fine)
        pga_runner_record(runner, PGA_DIRECTION_UP, err);
    pga_runner_unlock(runner);
    return fine;
}
