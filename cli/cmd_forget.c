/*
 * cli/cmd_forget.c: pgalter forget.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "cli/prompt.h"
#include "cli/recorded.h"

bool
pga_cmd_forget(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_recorded recorded = {0};
    const char *because, *id = NULL;

    if (!pga_because_get(ctx, &because, err))
        return false;
    if (!pga_recorded_id(ctx, &id, err))
        return false;
    if (ctx->is_terminal && ctx->json == NULL &&
        !pga_prompt_confirm(
            ctx,
            pga_format(ctx->mem, "Forget %s without running its down script?", pga_shown(ctx, id)),
            err))
        return err->code == PGA_OK;
    if (!pga_forget(&ctx->runner, ctx->mem, id, because, &recorded, err))
        return false;
    pga_recorded_report(ctx, &recorded, "Forgot", "; no script was run");
    return true;
}
