/*
 * cli/repeat.c: commands in messages, with the options that were typed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/repeat.h"

#include <string.h>

#include "base/mask.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/session.h"

#define PROGRAM    "pgalter "
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz"

/* What says where a command works and as whom; the rest is its own matter. */
static const enum pga_option_id repeated[] = {
    PGA_OPTION_CONFIG, PGA_OPTION_ENV,   PGA_OPTION_DB,   PGA_OPTION_DB_FILE, PGA_OPTION_DIR,
    PGA_OPTION_SCHEMA, PGA_OPTION_OWNER, PGA_OPTION_ROLE, PGA_OPTION_POOLER};

static void
append_options(struct pga_context *ctx, const struct pga_command *command, struct pga_buf *buf)
{
    for (size_t i = 0; i < PGA_COUNT_OF(repeated); i++) {
        const struct pga_option *option = &pga_option_table[repeated[i]];
        const struct pga_option_value *value = &ctx->options.values[repeated[i]];
        const char *text = value->text;

        if (text == NULL || value->origin != PGA_ORIGIN_COMMAND_LINE || value->path != NULL ||
            (command->options >> repeated[i] & 1) == 0)
            continue;
        if (repeated[i] == PGA_OPTION_DB && !pga_same(pga_session_mask(ctx, text), text))
            text = "URL";
        else if (!pga_same(pga_mask_text(ctx->mem, text), text))
            text = option->argument;
        pga_buf_appendf(buf, " --%s %s", option->name, pga_shell_word(ctx->mem, text));
    }
}

const char *
pga_repeat_options(struct pga_context *ctx, const char *message)
{
    struct pga_buf buf = pga_buf_on(ctx->mem);
    const char *found;

    while ((found = strstr(message, PROGRAM)) != NULL) {
        const char *name = found + strlen(PROGRAM);
        size_t len = strspn(name, NAME_CHARS);
        const struct pga_command *command = pga_command_find(pga_strndup(ctx->mem, name, len));

        pga_buf_append(&buf, (struct pga_str){message, (size_t)(name + len - message)});
        /* What needs nothing, as help and version do, works the same everywhere. */
        if (command != NULL && command->needs != 0)
            append_options(ctx, command, &buf);
        message = name + len;
    }
    pga_buf_append_c(&buf, message);
    return buf.data;
}
