/*
 * cli/manual.c: the manual page.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/manual.h"

#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/version.h"

/* Text for troff: its escapes doubled, a hyphen that is typed as one kept, no line that begins with a request. */
static const char *
roff(struct pga_context *ctx, const char *text)
{
    struct pga_buf buf = pga_buf_on(ctx->mem);

    if (*text == '.' || *text == '\'')
        pga_buf_append_c(&buf, "\\&");
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            pga_buf_append_c(&buf, "\\e");
        else if (*text == '-')
            pga_buf_append_c(&buf, "\\-");
        else
            pga_buf_append_char(&buf, *text);
    }
    return buf.data;
}

static void
print_option(struct pga_context *ctx, const struct pga_option *option)
{
    pga_print(ctx, ".TP\n\\fB");
    if (option->letter != 0)
        pga_print(ctx, "\\-%c\\fR, \\fB", option->letter);
    pga_print(ctx, "\\-\\-%s\\fR", roff(ctx, option->name));
    if (option->argument != NULL)
        pga_print(ctx, " \\fI%s\\fR", option->argument);
    pga_print(ctx, "\n%s.", roff(ctx, option->help));
    if (option->env != NULL)
        pga_print(ctx, " Environment: \\fB%s\\fR.", option->env);
    if (option->key != NULL)
        pga_print(ctx, " In pgalter.yaml: \\fB%s\\fR.", option->key);
    pga_print(ctx, "\n");
}

static void
print_commands(struct pga_context *ctx)
{
    size_t count;
    const struct pga_command *commands = pga_commands(&count);

    pga_print(ctx, ".SH COMMANDS\n");
    for (size_t c = 0; c < count; c++) {
        pga_print(ctx, ".SS \"%s%s%s\"\n%s\n.PP\nOptions:", commands[c].name,
                  commands[c].arguments[0] == '\0' ? "" : " ", roff(ctx, commands[c].arguments),
                  roff(ctx, commands[c].description));
        for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
            if ((commands[c].options >> i & 1) != 0 && i != PGA_OPTION_FAULTS)
                pga_print(ctx, " \\fB\\-\\-%s\\fR", roff(ctx, pga_option_table[i].name));
        pga_print(ctx, "\n.PP\n.nf\n");
        for (const char *example = commands[c].examples; *example != '\0';
             example += strlen(example) + 1)
            pga_print(ctx, "    %s\n", roff(ctx, example));
        pga_print(ctx, ".fi\n");
    }
}

static void
print_exit_codes(struct pga_context *ctx)
{
    pga_print(ctx, ".SH EXIT STATUS\n.TP\n0\nDone, or nothing to do.\n");
#define PGA_ERROR(code, status, name, retry, meaning)                                              \
    pga_print(ctx, ".TP\n%d\n%s. Can the same command succeed later: %s.\n", status,               \
              roff(ctx, meaning), retry);
#include "base/error.def"
#undef PGA_ERROR
}

static void
print_configuration(struct pga_context *ctx)
{
    pga_print(ctx, ".SH CONFIGURATION\n"
                   "A value is what was typed, else the environment variable, else what the chosen "
                   "environment of pgalter.yaml says, else what its top level says, else the "
                   "default. An environment is chosen with \\fB\\-\\-env\\fR or "
                   "\\fBPGALTER_ENV\\fR; one that names a database and a variable that names "
                   "another are refused. Paths are relative to the file; nothing in it is "
                   "expanded. The keys:");
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (pga_option_table[i].key != NULL)
            pga_print(ctx, " \\fB%s\\fR", pga_option_table[i].key);
    pga_print(ctx, ".\n.PP\n.nf\n"
                   "    alterations: db/alterations\n"
                   "    role: shop_owner\n"
                   "    environments:\n"
                   "      staging:\n"
                   "        database: postgresql://deployer@staging.example/shop\n"
                   "      production:\n"
                   "        database_file: /run/secrets/database\\-url\n"
                   "        lock_timeout: 1s\n"
                   ".fi\n");
}

void
pga_manual_print(struct pga_context *ctx)
{
    pga_print(
        ctx,
        ".TH PGALTER 1 \"\" \"pgalter %s\"\n"
        ".SH NAME\npgalter \\- alter PostgreSQL databases, forwards and back\n"
        ".SH SYNOPSIS\n\\fBpgalter\\fR \\fIcommand\\fR [\\fIarguments\\fR] [\\fIoptions\\fR]\n"
        ".SH DESCRIPTION\n"
        "pgalter applies alterations, pairs of SQL scripts in a directory, to a PostgreSQL "
        "database, "
        "and takes them "
        "back. It keeps a journal in the database of every alteration that it has had, with the "
        "texts of the "
        "scripts, so a rollback needs no files. Each script runs in one transaction together with "
        "its row in the "
        "journal.\n"
        ".PP\nThe database is named by \\fB\\-\\-db\\fR, else \\fBPGALTER_DATABASE_URL\\fR, "
        "\\fBPGALTER_DATABASE_URL_FILE\\fR, \\fBDATABASE_URL\\fR, \\fBDB_URL\\fR, pgalter.yaml, or "
        "libpq's own "
        "variables.\n",
        PGA_VERSION);
    print_commands(ctx);
    pga_print(ctx, ".SH OPTIONS\n");
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (i != PGA_OPTION_FAULTS)
            print_option(ctx, &pga_option_table[i]);
    print_configuration(ctx);
    print_exit_codes(ctx);
    pga_print(ctx, ".SH FILES\n.TP\npgalter.yaml\nThe configuration, in the current directory or "
                   "where \\fB\\-\\-config\\fR "
                   "says.\n.TP\nalterations/\nThe scripts: "
                   "[version\\-]timestamp\\-slug.(up|down|before\\-up|before\\-down)"
                   ".sql.\n.SH SEE ALSO\npsql(1)\n");
}
