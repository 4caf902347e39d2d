/*
 * cli/cmd_deploy.c: pgalter deploy.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "cli/steps.h"
#include "engine/run.h"

static void
report_end(struct pga_context *ctx, const struct pga_run_result *result, const char *target,
           int64_t took_ms)
{
    if (ctx->json != NULL) {
        pga_json_set_text(ctx->json, "target", target);
        pga_json_set_text(ctx->json, "run", ctx->journal.settings.run);
        pga_json_set_int(ctx->json, "found", (int64_t)result->plan.run_count);
        pga_json_set_int(ctx->json, "applied", (int64_t)result->ran);
        pga_json_set_int(ctx->json, "renamed", (int64_t)(result->done - result->ran));
        pga_json_set_int(ctx->json, "held", (int64_t)result->plan.held_count);
        pga_steps_json(ctx, &result->plan, result->done);
    }
    if (result->ran > 0)
        pga_print(ctx, "%s in %s\n",
                  pga_paint(ctx, PGA_GREEN,
                            pga_format(ctx->mem, "Deployed %s",
                                       pga_count(ctx->mem, result->ran, "alteration"))),
                  pga_format_duration_ms(ctx->mem, took_ms));
}

bool
pga_cmd_deploy(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_run_result result;
    const char *target = "latest";
    int64_t started = pga_clock_now_ms(ctx->runner.clock);
    bool fine;

    if (!pga_arguments_check(ctx, 0, 1, err))
        return false;
    if (ctx->options.argument_count == 1)
        target = ctx->options.arguments[0];
    fine = pga_deploy(&ctx->runner, ctx->mem, target, &result, err);
    report_end(ctx, &result, target, pga_clock_now_ms(ctx->runner.clock) - started);
    if (fine && result.plan.run_count == 0 && result.plan.held_count > 0)
        pga_log_write(&ctx->log, PGA_LOG_INFO,
                      "%s pending beyond the target \"%s\"; to apply %s too: pgalter deploy next",
                      pga_format(ctx->mem, "%s %s",
                                 pga_count(ctx->mem, result.plan.held_count, "alteration"),
                                 result.plan.held_count == 1 ? "is" : "are"),
                      target, result.plan.held_count == 1 ? "it" : "them");
    if (fine && result.ran < result.plan.run_count)
        pga_log_write(
            &ctx->log, PGA_LOG_INFO, "%s applied by another run meanwhile",
            pga_format(ctx->mem, "%s %s",
                       pga_count(ctx->mem, result.plan.run_count - result.ran, "alteration"),
                       result.plan.run_count - result.ran == 1 ? "was" : "were"));
    if (!fine && result.ran > 0)
        pga_print(ctx, "Deployed %s before the failure; they stay.\n",
                  pga_count(ctx->mem, result.ran, "alteration"));
    return fine;
}
