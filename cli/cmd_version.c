/*
 * cli/cmd_version.c: pgalter version.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "base/fault.h"
#include "cli/session.h"
#include "cli/version.h"
#include "journal/journal.h"

bool
pga_cmd_version(struct pga_context *ctx, struct pga_error *err)
{
    (void)err;
    if (pga_option_is_given(&ctx->options, PGA_OPTION_FAULTS)) {
#ifdef PGA_FAULTS
        for (int i = 0; i < PGA_FAULT_POINT_COUNT; i++)
            pga_print(ctx, "%s\n", pga_fault_name((enum pga_fault_point)i));
#endif
        return true;
    }
    pga_print(ctx, "pgalter %s (libpq %s, journal format %d)\n", PGA_VERSION,
              pga_session_libpq(ctx), PGA_JOURNAL_FORMAT_MAJOR);
    if (ctx->json != NULL) {
        pga_json_set_text(ctx->json, "version", PGA_VERSION);
        pga_json_set_text(ctx->json, "libpq", pga_session_libpq(ctx));
        pga_json_set_int(ctx->json, "journal_format", PGA_JOURNAL_FORMAT_MAJOR);
    }
    return true;
}
