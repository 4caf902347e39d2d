/*
 * cli/cmd_plan.c: pgalter plan.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <string.h>

#include "cli/cmd_rollback.h"
#include "cli/steps.h"
#include "engine/run.h"
#include "engine/source.h"

/* The direction, if the first argument names one; *out_at is then the place of the target. */
static enum pga_direction
direction_of(const struct pga_context *ctx, size_t *out_at)
{
    const char *word = ctx->options.argument_count > 0 ? ctx->options.arguments[0] : "";

    *out_at = strcmp(word, "deploy") == 0 || strcmp(word, "rollback") == 0 ? 1 : 0;
    return strcmp(word, "rollback") == 0 ? PGA_DIRECTION_DOWN : PGA_DIRECTION_UP;
}

static void
report(struct pga_context *ctx, const struct pga_plan *plan, const char *target)
{
    const char *direction = pga_direction_name(plan->direction);

    if (ctx->json != NULL) {
        pga_json_set_text(ctx->json, "direction", direction);
        pga_json_set_text(ctx->json, "target", target);
        pga_json_set_int(ctx->json, "found", (int64_t)plan->run_count);
        pga_json_set_int(ctx->json, "held", (int64_t)plan->held_count);
        pga_steps_json(ctx, plan);
    }
    pga_print(ctx, "Found %s to %s\n", pga_count(ctx->mem, plan->run_count, "alteration"),
              plan->direction == PGA_DIRECTION_UP ? "deploy" : "roll back");
    pga_steps_print(ctx, plan);
    if (plan->held_count > 0)
        pga_print(ctx, "%s pending beyond the target\n",
                  pga_count(ctx->mem, plan->held_count, "alteration"));
    if (plan->count > 0 && pga_option_is_given(&ctx->options, PGA_OPTION_EXIT_CODE))
        ctx->exit_status = 10;
}

bool
pga_cmd_plan(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_source *sources;
    struct pga_plan plan;
    const char *target = "latest";
    size_t at;
    enum pga_direction direction = direction_of(ctx, &at);

    if (direction == PGA_DIRECTION_DOWN) {
        if (!pga_rollback_target(ctx, at, &target, err) ||
            !pga_rollback_plan(&ctx->runner, ctx->mem, target, &plan, err))
            return false;
    } else {
        if (ctx->options.argument_count > at)
            target = ctx->options.arguments[at];
        if (!pga_deploy_plan(&ctx->runner, ctx->mem, target, &plan, err))
            return false;
    }
    plan.direction = direction;
    if (!pga_sources_load(&ctx->runner, ctx->mem, &plan, &sources, err))
        return false;
    report(ctx, &plan, target);
    return true;
}
