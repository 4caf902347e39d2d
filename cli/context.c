/*
 * cli/context.c: what commands share when they answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/context.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"

void
pga_print(struct pga_context *ctx, const char *fmt, ...)
{
    va_list args;

    if (ctx->json != NULL)
        return;
    va_start(args, fmt);
    (void)vfprintf(stdout, fmt, args);
    va_end(args);
}

const char *
pga_paint(struct pga_context *ctx, const char *colour, const char *text)
{
    return ctx->colour ? pga_format(ctx->mem, "\033[%sm%s\033[0m", colour, text) : text;
}

const char *
pga_pad(struct pga_arena *mem, const char *text, size_t columns)
{
    size_t len = pga_utf8_length(pga_str_of(text));

    return len >= columns ? text : pga_format(mem, "%s%*s", text, (int)(columns - len), "");
}

const char *
pga_count(struct pga_arena *mem, size_t count, const char *singular)
{
    return pga_format(mem, "%zu %s%s", count, singular, count == 1 ? "" : "s");
}

bool
pga_arguments_check(struct pga_context *ctx, size_t min, size_t max, struct pga_error *err)
{
    const struct pga_command *command = ctx->command;
    size_t count = ctx->options.argument_count;

    if (count >= min && count <= max)
        return true;
    if (count < min)
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" needs %s", command->name, command->arguments);
    else
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" does not take \"%s\"", command->name,
                       ctx->options.arguments[max]);
    return pga_error_hint(err, "Usage: pgalter %s %s. \"pgalter help %s\" has examples.",
                          command->name, command->arguments, command->name);
}

bool
pga_because_get(struct pga_context *ctx, const char **out, struct pga_error *err)
{
    const char *text = pga_option_text(&ctx->options, PGA_OPTION_BECAUSE, "");

    if (pga_str_trim(pga_str_of(text)).len > 0) {
        *out = text;
        return true;
    }
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" changes the journal and needs a reason",
                   ctx->command->name);
    return pga_error_hint(err, "Add --because \"why you do this\"; it is kept in the history.");
}
