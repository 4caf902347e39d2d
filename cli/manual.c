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

/* The same, beginning with a capital letter. */
static const char *
sentence(struct pga_context *ctx, const char *text)
{
    char *copy = pga_strdup(ctx->mem, roff(ctx, text));

    if (copy[0] >= 'a' && copy[0] <= 'z')
        copy[0] = (char)(copy[0] - 'a' + 'A');
    return copy;
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

/* What the table's word about trying again says in a sentence. */
static const char *
prospect(const char *retry)
{
    if (strcmp(retry, "yes") == 0)
        return "The same command can succeed later.";
    return strcmp(retry, "no") == 0 ? "The same command fails again until something is changed."
                                    : "Ask again later.";
}

static void
print_exit_codes(struct pga_context *ctx)
{
    pga_print(ctx, ".SH EXIT STATUS\nIt says whether the same command can succeed later. "
                   "\\fBpgalter help\\fR \\fICODE\\fR explains one.\n"
                   ".TP\n0\nDone, or nothing to do.\n");
#define PGA_ERROR(code, status, name, retry, meaning)                                              \
    pga_print(ctx, ".TP\n%d\n%s. %s\n", status, sentence(ctx, meaning), prospect(retry));
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

/* Variables that stand for no option. */
static const struct {
    const char *name, *meaning;
} variables[] = {
    {"DATABASE_URL", "The database, where PGALTER_DATABASE_URL is not set."},
    {"DB_URL", "The same, where DATABASE_URL is not set either."},
    {"PGHOST, PGPORT, PGUSER, PGPASSWORD, PGPASSFILE, PGSERVICE, PGTARGETSESSIONATTRS, PGSSLMODE "
     "...",
     "libpq's own: what the connection string leaves open."},
    {"PGALTER_PG_BINDIR",
     "The directory of the server's programs for the private cluster, instead of the newest "
     "that is installed."},
    {"NO_COLOR", "If it is set and not empty, the output has no colours."},
    {"TERM", "If it is dumb, there are no colours either, and deploy needs a TARGET."},
    {"PATH", "Where pg_config and psql are looked for."},
    {"XDG_STATE_HOME, HOME",
     "Where the private cluster keeps its data if the project's directory can't hold it."},
    {"XDG_RUNTIME_DIR", "Where its socket is if the project's path is too long for one."},
};

static void
print_environment(struct pga_context *ctx)
{
    pga_print(ctx, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (pga_option_table[i].env != NULL)
            pga_print(ctx, ".TP\n%s\nAs \\fB\\-\\-%s\\fR.\n", pga_option_table[i].env,
                      roff(ctx, pga_option_table[i].name));
    for (size_t i = 0; i < PGA_COUNT_OF(variables); i++)
        pga_print(ctx, ".TP\n%s\n%s\n", variables[i].name, roff(ctx, variables[i].meaning));
}

static void
print_files(struct pga_context *ctx)
{
    pga_print(ctx, ".SH FILES\n"
                   ".TP\npgalter.yaml\nThe configuration, in the current directory or where "
                   "\\fB\\-\\-config\\fR says.\n"
                   ".TP\nalterations/\nThe scripts: "
                   "[version\\-]timestamp\\-slug.(up|down|before\\-up|before\\-down).sql. Comment "
                   "lines at the top of a script, \\-\\- pgalter:\\fIkey value\\fR, are its "
                   "directives.\n"
                   ".TP\n\\&.pgalter/\nThe private cluster of this directory.\n");
}

static void
print_examples(struct pga_context *ctx)
{
    pga_print(ctx, ".SH EXAMPLES\nWrite an alteration, try it and its way back on a private "
                   "server, release it:\n.PP\n.nf\n"
                   "    pgalter new add_invites\n"
                   "    pgalter deploy next \\-\\-db local:\n"
                   "    pgalter rollback \\-\\-steps 1 \\-\\-db local:\n"
                   "    pgalter release 1.1.0\n.fi\n"
                   ".PP\nBefore the new version starts, as in a Job:\n.PP\n.nf\n"
                   "    pgalter deploy 1.1.0 \\-\\-wait 60s\n.fi\n"
                   ".PP\nBack, from an older image:\n.PP\n.nf\n"
                   "    pgalter rollback 1.0.0 \\-\\-yes\n.fi\n");
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
    print_environment(ctx);
    print_files(ctx);
    print_examples(ctx);
    pga_print(ctx, ".SH SEE ALSO\n\\fBpgalter help errors\\fR lists what can go wrong, "
                   "\\fBpgalter help\\fR \\fIID\\fR explains one. psql(1), pg_dump(1), "
                   "libpq's environment variables in PostgreSQL's manual.\n");
}
