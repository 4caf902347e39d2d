/*
 * cli/steps.c: showing steps and plans.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/steps.h"

static const char *const kind_names[] = {"rename", "apply", "revert"};

const char *
pga_direction_name(enum pga_direction direction)
{
    return direction == PGA_DIRECTION_UP ? "deploy" : "rollback";
}

const char *
pga_step_line(struct pga_context *ctx, const struct pga_step *step)
{
    const char *version = step->version[0] == '\0' ? "unversioned" : pga_shown(ctx, step->version);
    const char *verb = step->kind == PGA_STEP_REVERT  ? "revert"
                       : step->kind == PGA_STEP_APPLY ? "apply "
                                                      : "rename";

    if (step->kind == PGA_STEP_RENAME)
        version = pga_format(ctx->mem, "%s (was %s)", version,
                             step->was[0] == '\0' ? "unversioned" : pga_shown(ctx, step->was));
    return pga_format(ctx->mem, "%s %s  %s%s", verb, pga_shown(ctx, step->id),
                      pga_paint(ctx, PGA_DIM, version),
                      step->is_late ? pga_paint(ctx, PGA_YELLOW, "  late") : "");
}

void
pga_steps_print(struct pga_context *ctx, const struct pga_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        pga_print(ctx, "  %s\n", pga_step_line(ctx, &plan->steps[i]));
}

void
pga_steps_json(struct pga_context *ctx, const struct pga_plan *plan)
{
    struct pga_json *array;

    if (ctx->json == NULL)
        return;
    array = pga_json_set(ctx->json, "steps", pga_json_array());
    for (size_t i = 0; i < plan->count; i++) {
        const struct pga_step *step = &plan->steps[i];
        struct pga_json *object = pga_json_add(array, pga_json_object());

        pga_json_set_text(object, "id", step->id);
        pga_json_set_text(object, "kind", kind_names[step->kind]);
        pga_json_set_text(object, "version", step->version[0] == '\0' ? NULL : step->version);
        if (step->kind == PGA_STEP_RENAME)
            pga_json_set_text(object, "was", step->was[0] == '\0' ? NULL : step->was);
        pga_json_set_bool(object, "late", step->is_late);
        pga_json_set_bool(object, "done", step->is_done);
    }
}

void
pga_lost_json(struct pga_context *ctx, const struct pga_run_result *result)
{
    struct pga_json *object;

    if (ctx->json == NULL || result->lost == NULL)
        return;
    object = pga_json_set(ctx->json, "lost", pga_json_object());
    pga_json_set_text(object, "id", result->lost->id);
    pga_json_set_text(object, "outcome", pga_outcome_name(result->outcome));
}
