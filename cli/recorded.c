/*
 * cli/recorded.c: what mark, accept and forget share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/recorded.h"

#include "engine/target.h"

void
pga_recorded_report(struct pga_context *ctx, const struct pga_recorded *recorded, const char *verb,
                    const char *rest)
{
    struct pga_json *array =
        ctx->json == NULL ? NULL : pga_json_set(ctx->json, "recorded", pga_json_array());

    for (size_t i = 0; i < recorded->count; i++) {
        pga_print(ctx, "  %s\n", pga_shown(ctx, recorded->ids[i]));
        if (array != NULL)
            pga_json_add_text(array, recorded->ids[i]);
    }
    pga_print(ctx, "%s %s%s\n", verb, pga_count(ctx->mem, recorded->count, "alteration"), rest);
}

bool
pga_recorded_id(struct pga_context *ctx, const char **out, struct pga_error *err)
{
    const char *text = ctx->options.arguments[0];
    struct pga_error ignored = {0};
    struct pga_target target;

    if (!ctx->journal.is_loaded && !pga_journal_load(&ctx->journal, err))
        return false;
    *out = text;
    if (pga_target_parse(ctx->mem, text, &ctx->alterations, &ctx->journal, &target, &ignored) &&
        target.kind == PGA_TARGET_ID)
        *out = target.id;
    return true;
}
