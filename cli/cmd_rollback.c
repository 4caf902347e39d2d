/*
 * cli/cmd_rollback.c: pgalter rollback.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/cmd_rollback.h"

#include "cli/command.h"
#include "cli/prompt.h"
#include "cli/steps.h"
#include "engine/run.h"

bool
pga_rollback_target(struct pga_context *ctx, size_t at, const char **out, struct pga_error *err)
{
    if (ctx->options.argument_count > at) {
        *out = ctx->options.arguments[at];
        return true;
    }
    if (pga_option_is_given(&ctx->options, PGA_OPTION_STEPS)) {
        *out = "zero"; /* the number of steps bounds it */
        return true;
    }
    (void)pga_fail(err, PGA_ERR_USAGE, "a rollback needs a target");
    (void)pga_error_identify(err, PGA_ID_ARGUMENTS);
    return pga_error_hint(
        err,
        "Name the version to go back to: pgalter rollback 1.1.0; or a number: pgalter rollback "
        "--steps 1; or everything: pgalter rollback zero");
}

static void
report_end(struct pga_context *ctx, const struct pga_run_result *result, const char *target,
           bool fine)
{
    const char *count = pga_count(ctx->mem, result->ran, "alteration");

    if (ctx->json != NULL) {
        pga_json_set_text(ctx->json, "target", target);
        pga_json_set_text(ctx->json, "run", ctx->journal.settings.run);
        pga_json_set_int(ctx->json, "found", (int64_t)result->plan.run_count);
        pga_json_set_int(ctx->json, "reverted", (int64_t)result->ran);
        pga_steps_json(ctx, &result->plan);
        pga_lost_json(ctx, result);
    }
    if (result->ran > 0 && fine)
        pga_print(ctx, "%s\n",
                  pga_paint(ctx, PGA_GREEN, pga_format(ctx->mem, "Rolled back %s", count)));
    else if (result->ran > 0)
        pga_print(ctx, "Rolled back %s before the failure\n", count);
}

bool
pga_cmd_rollback(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_run_result result = {0};
    struct pga_plan plan;
    const char *target = NULL;
    const char *question;
    bool fine;

    if (!pga_rollback_target(ctx, 0, &target, err))
        return false;
    if (!pga_rollback_plan(&ctx->runner, ctx->mem, target, &plan, err)) {
        pga_runner_record(&ctx->runner, PGA_DIRECTION_DOWN, err);
        return false;
    }
    pga_print(ctx, "Found %s to roll back\n", pga_count(ctx->mem, plan.run_count, "alteration"));
    result.plan = plan;
    if (plan.run_count > 0) {
        pga_steps_print(ctx, &plan);
        question = pga_format(ctx->mem, "Roll back %s on %s?",
                              pga_count(ctx->mem, plan.run_count, "alteration"),
                              pga_shown(ctx, pga_driver_describe(ctx->driver)));
        if (!pga_prompt_confirm(ctx, question, err)) {
            if (ctx->json != NULL)
                pga_steps_json(ctx, &plan); /* what was refused can be looked at */
            return err->code == PGA_OK;
        }
    }
    fine = pga_rollback(&ctx->runner, ctx->mem, &plan, &result, err);
    report_end(ctx, &result, target, fine);
    return fine;
}
