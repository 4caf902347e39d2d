/*
 * cli/cmd_mark.c: pgalter mark.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "cli/recorded.h"

bool
pga_cmd_mark(struct pga_context *ctx, struct pga_error *err)
{
    const char *up_to = pga_option_text(&ctx->options, PGA_OPTION_UP_TO, NULL);
    struct pga_recorded recorded = {0};
    const char *because, *id = NULL;
    bool fine;

    if (!pga_because_get(ctx, &because, err))
        return false;
    if ((up_to != NULL) == (ctx->options.argument_count == 1)) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"mark\" needs either an id or --up-to TARGET");
        (void)pga_error_identify(err, PGA_ID_ARGUMENTS);
        return pga_error_hint(
            err, "pgalter mark ID --because TEXT, or pgalter mark --up-to 1.0.0 --because TEXT");
    }
    if (up_to == NULL && !pga_recorded_id(ctx, &id, err))
        return false;
    fine = up_to != NULL ? pga_mark_up_to(&ctx->runner, ctx->mem, up_to, because, &recorded, err)
                         : pga_mark_one(&ctx->runner, ctx->mem, id, because, &recorded, err);
    if (fine || recorded.count > 0)
        pga_recorded_report(ctx, &recorded, "Marked", " as applied; nothing was run");
    return fine;
}
