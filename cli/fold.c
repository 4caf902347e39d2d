/*
 * cli/fold.c: folding text.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/fold.h"

#include <string.h>

#define WIDTH 80

void
pga_print_folded(struct pga_context *ctx, const char *text, size_t indent, size_t at)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (at > indent && at + 1 + len > WIDTH) {
            pga_print(ctx, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            pga_print(ctx, " ");
            at++;
        }
        pga_print(ctx, "%.*s", (int)len, text);
        at += len;
        text += len + strspn(text + len, " ");
    }
    pga_print(ctx, "\n");
}
