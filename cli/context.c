/*
 * cli/context.c: what commands share when they answer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/context.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "alterations/slug.h"
#include "base/str.h"
#include "cli/command.h"

/* Length of a colour that pga_paint() made at the start of `s`, or 0.  What can hide text, as ESC [8m, is none of them. */
static size_t
colour_length(const struct pga_context *ctx, struct pga_str s)
{
    static const char *const ours[] = {"0", PGA_BOLD, PGA_DIM, PGA_RED, PGA_GREEN, PGA_YELLOW};

    if (!ctx->colour || !pga_str_starts(s, "\033["))
        return 0;
    for (size_t i = 0; i < PGA_COUNT_OF(ours); i++) {
        size_t len = strlen(ours[i]);

        if (s.len > len + 2 && memcmp(s.data + 2, ours[i], len) == 0 && s.data[len + 2] == 'm')
            return len + 3;
    }
    return 0;
}

/* A stream keeps in mind that it failed, but not why. */
static void
note_loss(struct pga_context *ctx)
{
    if (ferror(stdout) != 0 && ctx->output_errno == 0)
        ctx->output_errno = errno != 0 ? errno : EIO;
}

void
pga_print(struct pga_context *ctx, const char *fmt, ...)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf out = pga_buf_on(&mem);
    struct pga_str text;
    va_list args;

    if (ctx->json != NULL && ctx->text == NULL)
        return;
    va_start(args, fmt);
    text = pga_str_of(pga_vformat(&mem, fmt, args));
    va_end(args);
    if (ctx->json != NULL) {
        pga_buf_append(ctx->text, text);
        return;
    }
    /* What a file, a journal or a server says must not drive the terminal. */
    while (text.len > 0) {
        size_t colour = colour_length(ctx, text), len = 0;

        pga_buf_append(&out, pga_str_slice(text, 0, colour));
        text = pga_str_slice(text, colour, text.len);
        while (len < text.len && text.data[len] != '\n' && (len == 0 || text.data[len] != '\033'))
            len++;
        pga_buf_append_printable(&out, pga_str_slice(text, 0, len));
        text = pga_str_slice(text, len, text.len);
        if (text.len > 0 && text.data[0] == '\n') {
            pga_buf_append_char(&out, '\n');
            text = pga_str_slice(text, 1, text.len);
        }
    }
    pga_status_line_wipe(&ctx->status_line);
    (void)fwrite(out.data, 1, out.len, stdout);
    note_loss(ctx);
}

void
pga_flush(struct pga_context *ctx)
{
    note_loss(ctx);
    (void)fflush(stdout);
    note_loss(ctx);
}

const char *
pga_shown(struct pga_context *ctx, const char *name)
{
    return pga_printable(ctx->mem, pga_str_of(name));
}

const char *
pga_shown_text(struct pga_context *ctx, struct pga_str text)
{
    struct pga_buf shown = pga_buf_on(ctx->mem);

    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);

        pga_buf_append_printable(&shown, pga_str_slice(text, 0, len));
        if (end != NULL)
            pga_buf_append_char(&shown, '\n');
        text = pga_str_slice(text, len + 1, text.len);
    }
    return shown.len == 0 ? "" : shown.data;
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
    (void)pga_error_identify(err, PGA_ID_ARGUMENTS);
    return pga_error_hint(err, "Usage: pgalter %s%s%s. \"pgalter help %s\" has examples.",
                          command->name, command->arguments[0] == '\0' ? "" : " ",
                          command->arguments, command->name);
}

bool
pga_because_get(struct pga_context *ctx, const char **out, struct pga_error *err)
{
    const char *text = pga_option_text(&ctx->options, PGA_OPTION_BECAUSE, "");

    if (pga_utf8_valid_prefix(pga_str_of(text)) < strlen(text)) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"--because\" is not UTF-8 text");
        (void)pga_error_identify(err, PGA_ID_VALUE);
        return pga_error_hint(err, "The terminal, or what it came from, has another encoding. "
                                   "Write the reason in UTF-8.");
    }
    if (pga_str_trim(pga_str_of(text)).len > 0) {
        *out = text;
        return true;
    }
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" changes the journal and needs a reason",
                   ctx->command->name);
    (void)pga_error_identify(err, PGA_ID_REASON_NEEDED);
    return pga_error_hint(err, "Add --because \"why you do this\"; it is kept in the history.");
}
