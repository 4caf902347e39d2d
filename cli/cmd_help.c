/*
 * cli/cmd_help.c: pgalter help, all of it from the tables.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <string.h>

#include "base/str.h"
#include "cli/manual.h"

#define WIDTH  80
#define INDENT 28 /* where an option's explanation begins */

/* Print text folded to the width, every line indented; the first goes on in column `at`. */
static void
print_folded(struct pga_context *ctx, const char *text, size_t indent, size_t at)
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
    print_folded(ctx, help, INDENT, INDENT);
}

static void
help_command(struct pga_context *ctx, const struct pga_command *command)
{
    pga_print(ctx, "pgalter %s%s%s [options]\n\n", command->name,
              command->arguments[0] == '\0' ? "" : " ", command->arguments);
    print_folded(ctx, command->description, 0, 0);
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
              "pgalter help COMMAND explains one; pgalter help exit-codes the exit codes.\n");
}

static void
help_exit_codes(struct pga_context *ctx)
{
    static const struct {
        int status;
        const char *name, *retry, *meaning;
    } rows[] = {
        {0, "ok", "-", "done, or nothing to do"},
#define PGA_ERROR(code, status, name, retry, meaning) {status, name, retry, meaning},
#include "base/error.def"
#undef PGA_ERROR
    };

    pga_print(ctx, "An exit code says whether the same command can succeed later.\n\n"
                   "code  name               again?  meaning\n");
    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        pga_print(ctx, "%4d  %s %s ", rows[i].status, pga_pad(ctx->mem, rows[i].name, 18),
                  pga_pad(ctx->mem, rows[i].retry, 7));
        print_folded(ctx, rows[i].meaning, 33, 33);
    }
    pga_print(ctx, "\nA signal ends with 128 and its number: 130 for Ctrl-C, 143 for SIGTERM.\n");
}

bool
pga_cmd_help(struct pga_context *ctx, struct pga_error *err)
{
    const struct pga_command *command;
    const char *word;

    pga_json_release(&ctx->json); /* help is for people */
    if (!pga_arguments_check(ctx, 0, 1, err))
        return false;
    if (ctx->options.argument_count == 0) {
        help_all(ctx);
        return true;
    }
    word = ctx->options.arguments[0];
    if (strcmp(word, "exit-codes") == 0) {
        help_exit_codes(ctx);
        return true;
    }
    if (strcmp(word, "manual") == 0) {
        pga_manual_print(ctx);
        return true;
    }
    command = pga_command_find(word);
    if (command == NULL)
        return pga_command_unknown(word, err);
    help_command(ctx, command);
    return true;
}
