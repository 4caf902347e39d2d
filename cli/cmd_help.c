/*
 * cli/cmd_help.c: pgalter help, all of it from the tables.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <string.h>

#include "base/str.h"
#include "cli/fold.h"
#include "cli/manual.h"
#include "cli/topic.h"

#define INDENT 28 /* where an option's explanation begins */

static void
print_option(struct pga_context *ctx, const struct pga_option *option)
{
    const char *letter =
        option->letter == 0 ? "    " : pga_format(ctx->mem, "-%c, ", option->letter);
    const char *name = pga_format(ctx->mem, "  %s--%s%s%s", letter, option->name,
                                  option->argument == NULL ? "" : " ",
                                  option->argument == NULL ? "" : option->argument);
    const char *help = option->env == NULL
                           ? option->help
                           : pga_format(ctx->mem, "%s [%s]", option->help, option->env);

    if (strlen(name) + 2 > INDENT)
        pga_print(ctx, "%s\n%*s", name, INDENT, "");
    else
        pga_print(ctx, "%s", pga_pad(ctx->mem, name, INDENT));
    pga_print_folded(ctx, help, INDENT, INDENT);
}

static void
help_command(struct pga_context *ctx, const struct pga_command *command)
{
    pga_print(ctx, "pgalter %s%s%s [options]\n\n", command->name,
              command->arguments[0] == '\0' ? "" : " ", command->arguments);
    pga_print_folded(ctx, command->description, 0, 0);
    pga_print(ctx, "\nOptions:\n");
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if ((command->options >> i & 1) != 0 && i != PGA_OPTION_FAULTS)
            print_option(ctx, &pga_option_table[i]);
    pga_print(ctx, "\nExamples:\n");
    for (const char *example = command->examples; *example != '\0'; example += strlen(example) + 1)
        pga_print(ctx, "  %s\n", example);
}

static void
help_all(struct pga_context *ctx)
{
    size_t count;
    const struct pga_command *commands = pga_commands(&count);

    pga_print(ctx, "pgalter alters PostgreSQL databases, forwards and back.\n\n"
                   "Usage: pgalter COMMAND [arguments] [options]\n\nCommands:\n");
    for (size_t i = 0; i < count; i++)
        pga_print(ctx, "  %s %s\n", pga_pad(ctx->mem, commands[i].name, 10), commands[i].summary);
    pga_print(ctx,
              "\nThe database: --db, or PGALTER_DATABASE_URL, DATABASE_URL, DB_URL, pgalter.yaml,\n"
              "or libpq's own PG* variables. The directory: --dir, PGALTER_DIR, alterations/.\n\n"
              "Examples:\n"
              "  pgalter new add_invites\n"
              "  pgalter deploy --db local:\n"
              "  pgalter status --db postgres://app@db.example/app\n"
              "  pgalter rollback 1.1.0\n\n"
              "pgalter help COMMAND explains a command, pgalter help ID or pgalter help CODE an\n"
              "error; pgalter help errors and pgalter help exit-codes list them.\n");
}

/* What somebody asked about who is told of no such topic: a command, or a topic. */
static bool
fail_topic(struct pga_context *ctx, const char *word, struct pga_error *err)
{
    size_t command_count, topic_count;
    const struct pga_command *commands = pga_commands(&command_count);
    const char *const *topics = pga_topic_names(&topic_count);
    const char **names = pga_new_array(ctx->mem, const char *, command_count + topic_count);
    const char *nearest;

    for (size_t i = 0; i < command_count; i++)
        names[i] = commands[i].name;
    for (size_t i = 0; i < topic_count; i++)
        names[command_count + i] = topics[i];
    nearest = pga_nearest(word, names, command_count + topic_count);
    (void)pga_fail(err, PGA_ERR_USAGE, "there is no help about \"%s\"", pga_shown(ctx, word));
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_COMMAND);
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"pgalter help %s\"?", nearest);
    return pga_error_hint(err, "\"pgalter help\" lists the commands, \"pgalter help errors\" the "
                               "errors.");
}

bool
pga_cmd_help(struct pga_context *ctx, struct pga_error *err)
{
    const struct pga_command *command;
    const char *word;

    ctx->text = pga_new(ctx->mem, struct pga_buf);
    *ctx->text = pga_buf_on(ctx->mem);
    word = ctx->options.argument_count == 0 ? "" : ctx->options.arguments[0];
    command = pga_command_find(word);
    if (*word == '\0')
        help_all(ctx);
    else if (strcmp(word, "exit-codes") == 0)
        pga_topic_exit_codes(ctx);
    else if (strcmp(word, "errors") == 0)
        pga_topic_errors(ctx);
    else if (strcmp(word, "manual") == 0)
        pga_manual_print(ctx);
    else if (command != NULL)
        help_command(ctx, command);
    else if (!pga_topic_print(ctx, word))
        return fail_topic(ctx, word, err);
    if (ctx->json != NULL) {
        pga_json_set_text(ctx->json, "topic", *word == '\0' ? NULL : word);
        pga_json_set_text(ctx->json, "text", ctx->text->data);
    }
    return true;
}
