/*
 * cli/termination.c: the last words of a run, for whoever looks at a container that has ended.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/termination.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/events.h"

#define TEXT_MAX 2000 /* bytes of each text to begin with */
#define ENDING   "..."

/* The text, or as much of it as has room, which then ends in "...". */
static const char *
cut(struct pga_arena *mem, const char *text, size_t max)
{
    size_t len = strlen(text);

    if (len <= max)
        return text;
    len = pga_utf8_cut((struct pga_str){text, len}, max - strlen(ENDING));
    return pga_format(mem, "%.*s" ENDING, (int)len, text);
}

static void
set_text(struct pga_context *ctx, struct pga_json *object, const char *key, const char *text,
         size_t max)
{
    if (text != NULL && text[0] != '\0')
        pga_json_set_text(object, key, cut(ctx->mem, text, max));
}

static const char *
format(struct pga_context *ctx, int status, size_t max)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *object = pga_json_object();
    const struct pga_error *err = ctx->failure;
    const struct pga_step *step = ctx->told.step;

    pga_json_set_int(object, "code", status);
    pga_json_set_text(object, "reason", err == NULL ? NULL : pga_event_reason(err));
    set_text(ctx, object, "command", ctx->command == NULL ? NULL : ctx->command->name, max);
    set_text(ctx, object, "run", ctx->log.run, max);
    set_text(ctx, object, "alteration", step == NULL ? NULL : step->id, max);
    if (err != NULL) {
        set_text(ctx, object, "sqlstate", err->sqlstate, max);
        set_text(ctx, object, "message", err->message, max);
        set_text(ctx, object, "hint", ctx->failure_hint, max);
    }
    return pga_json_format(ctx->mem, object, false);
}

const char *
pga_termination_format(struct pga_context *ctx, int status)
{
    const char *text;
    size_t max = TEXT_MAX;

    /* A character may take several bytes as JSON: how many is only known of the whole. */
    while (text = format(ctx, status, max), strlen(text) >= PGA_TERMINATION_MAX)
        max = max * 3 / 4;
    return text;
}

void
pga_termination_write(struct pga_context *ctx, const char *file, int status)
{
    /* What was named is made; what is only usual says by being there that somebody reads it. */
    int flags =
        O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (file != NULL ? O_CREAT : 0);
    const char *text;
    int fd = open(file != NULL ? file : PGA_TERMINATION_FILE, flags, 0644);

    if (fd < 0)
        return;
    text = pga_format(ctx->mem, "%s\n", pga_termination_format(ctx, status));
    (void)!write(fd, text, strlen(text));
    (void)close(fd);
}
