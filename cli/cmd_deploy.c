/*
 * cli/cmd_deploy.c: pgalter deploy.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "cli/choose_target.h"
#include "cli/repeat.h"
#include "cli/steps.h"
#include "engine/run.h"

static void
report_json(struct pga_context *ctx, const struct pga_run_result *result, const char *target)
{
    if (ctx->json == NULL)
        return;
    pga_json_set_text(ctx->json, "target", target);
    pga_json_set_text(ctx->json, "run", ctx->journal.settings.run);
    pga_json_set_int(ctx->json, "found", (int64_t)result->plan.run_count);
    pga_json_set_int(ctx->json, "applied", (int64_t)result->ran);
    pga_json_set_int(ctx->json, "renamed", (int64_t)(result->done - result->ran));
    pga_json_set_int(ctx->json, "held", (int64_t)result->plan.held_count);
    pga_steps_json(ctx, &result->plan);
    pga_lost_json(ctx, result);
}

/* What is pending beyond the target, and the command that applies no more of it than has been released. */
static void
report_held(struct pga_context *ctx, const struct pga_plan *plan, const char *target)
{
    size_t held = plan->held_count;
    bool is_next = plan->held_next_count == held;
    const char *which = held == 1 ? "it" : "them";

    if (held == 0 || pga_option_is_given(&ctx->options, PGA_OPTION_STEPS))
        return;
    if (!is_next && plan->held_next_count > 0)
        which = "what is released of them";
    pga_log_write(
        &ctx->log, PGA_LOG_INFO, "%s %s pending beyond the target \"%s\"; to apply %s too: %s",
        pga_count(ctx->mem, held, "alteration"), held == 1 ? "is" : "are", target, which,
        pga_repeat_options(ctx, is_next ? "pgalter deploy next" : "pgalter deploy latest"));
}

/* What the run has not done although it did all that it could. */
static void
report_rest(struct pga_context *ctx, const struct pga_run_result *result, const char *target)
{
    size_t others = result->plan.run_count - result->ran;

    if (others > 0)
        pga_log_write(&ctx->log, PGA_LOG_INFO, "%s %s applied by another run meanwhile",
                      pga_count(ctx->mem, others, "alteration"), others == 1 ? "was" : "were");
    report_held(ctx, &result->plan, target);
}

bool
pga_cmd_deploy(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_run_result result;
    const char *target = "latest";
    int64_t started;
    const char *count, *took;
    bool fine;

    if (ctx->options.argument_count == 1)
        target = ctx->options.arguments[0];
    else if (!pga_choose_target(ctx, &target, err))
        return false;
    started = pga_clock_now_ms(ctx->runner.clock);
    fine = pga_deploy(&ctx->runner, ctx->mem, target, &result, err);
    report_json(ctx, &result, target);
    if (result.ran == 0) {
        if (fine)
            report_rest(ctx, &result, target);
        return fine;
    }
    count = pga_count(ctx->mem, result.ran, "alteration");
    took = pga_format_duration_ms(ctx->mem, pga_clock_now_ms(ctx->runner.clock) - started);
    if (fine) {
        pga_print(ctx, "%s in %s\n",
                  pga_paint(ctx, PGA_GREEN, pga_format(ctx->mem, "Deployed %s", count)), took);
        report_rest(ctx, &result, target);
    } else {
        pga_print(ctx, "Deployed %s before the failure; %s\n", count,
                  result.ran == 1 ? "it stays" : "they stay");
    }
    return fine;
}
