/*
 * cli/cmd_accept.c: pgalter accept.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "base/mask.h"
#include "cli/prompt.h"
#include "cli/recorded.h"

bool
pga_cmd_accept(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_recorded recorded = {0};
    const char *because, *id = NULL;
    const char *difference = "";

    if (!pga_because_get(ctx, &because, err))
        return false;
    if (!pga_recorded_id(ctx, &id, err))
        return false;
    if (!pga_accept_preview(&ctx->runner, ctx->mem, id, &difference, err))
        return false;
    difference = pga_mask_text(ctx->mem, difference);
    if (ctx->json != NULL)
        pga_json_set_text(ctx->json, "difference", difference);
    pga_print(ctx, "%s", pga_shown_text(ctx, pga_str_of(difference)));
    if (difference[0] == '\0') {
        pga_print(ctx, "The files of %s are what the journal has; nothing to accept.\n",
                  pga_shown(ctx, id));
        return true;
    }
    /* It asks only a person: --because already says that the change is meant. */
    if (ctx->is_terminal && ctx->json == NULL &&
        !pga_prompt_confirm(ctx, "Take these texts into the journal?", err))
        return err->code == PGA_OK;
    if (!pga_accept(&ctx->runner, ctx->mem, id, because, &recorded, err))
        return false;
    pga_recorded_report(ctx, &recorded, "Accepted", "; nothing was run");
    return true;
}
