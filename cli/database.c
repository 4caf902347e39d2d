/*
 * cli/database.c: which database is meant.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/database.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/config.h"
#include "cli/session.h"

static const char *
get_variable(const char *name)
{
    const char *text = getenv(name);

    return text == NULL || text[0] == '\0' ? NULL : text;
}

#define BOM "\xEF\xBB\xBF" /* some editors write it before UTF-8 */

/* A secret that a file holds, as Kubernetes mounts them: one line, its end is not part of it. */
static bool
read_secret(struct pga_context *ctx, struct pga_arena *mem, const char *path, const char **out,
            struct pga_error *err)
{
    const char *origin = pga_option_origin(ctx->mem, &ctx->options, PGA_OPTION_DB_FILE);
    struct pga_str text;

    if (!pga_file_read(mem, path, PGA_FILE_CONFIG_MAX, &text, err))
        return pga_error_while(err, "%s", origin);
    if (pga_str_starts(text, BOM))
        text = pga_str_slice(text, strlen(BOM), text.len);
    text = pga_str_trim(text);
    if (text.len == 0 || memchr(text.data, '\n', text.len) != NULL ||
        memchr(text.data, '\0', text.len) != NULL) {
        (void)pga_fail(err, PGA_ERR_USAGE, "%s: \"%s\" %s", origin, path,
                       text.len == 0                               ? "is empty"
                       : memchr(text.data, '\n', text.len) != NULL ? "has more than one line"
                                                                   : "has a NUL byte in it");
        (void)pga_error_identify(err, PGA_ID_CONNECTION_STRING);
        return pga_error_hint(err, "It must hold one line, such as "
                                   "postgresql://user:password@host:5432/database");
    }
    *out = pga_str_dup(mem, text);
    return true;
}

const char *
pga_database_reread(struct pga_context *ctx, struct pga_arena *mem)
{
    const struct pga_option_value *database = &ctx->options.values[PGA_OPTION_DB];
    const char *secret = NULL;
    struct pga_error ignored = {0};

    if (database->path == NULL || !read_secret(ctx, mem, database->path, &secret, &ignored))
        return NULL;
    return secret;
}

/* Variables that other programs know too stand behind pgalter's own. */
static void
take_common_variables(struct pga_options *options)
{
    static const char *const names[] = {"DATABASE_URL", "DB_URL"};
    struct pga_option_value *database = &options->values[PGA_OPTION_DB];

    if (options->values[PGA_OPTION_DB_FILE].origin >= PGA_ORIGIN_VARIABLE)
        return;
    for (size_t i = 0; i < PGA_COUNT_OF(names) && database->origin < PGA_ORIGIN_VARIABLE; i++) {
        const char *text = get_variable(names[i]);

        if (text != NULL)
            *database = (struct pga_option_value){
                .text = text, .origin = PGA_ORIGIN_VARIABLE, .variable = names[i]};
    }
}

static bool
names_database(const struct pga_environment *level)
{
    return level->values[PGA_OPTION_DB].text != NULL ||
           level->values[PGA_OPTION_DB_FILE].text != NULL;
}

/*
 * An environment that was asked for and a variable that lies around in the shell must not be taken for each other,
 * whichever of them would win.
 */
static bool
check_variable(struct pga_context *ctx, enum pga_option_id by, struct pga_error *err)
{
    const struct pga_options *options = &ctx->options;
    const struct pga_option_value *given = &options->values[by], *named;
    const struct pga_environment *chosen =
        options->environment == NULL ? NULL : pga_config_find(ctx->config, options->environment);

    if (chosen == NULL || !names_database(chosen) || given->origin != PGA_ORIGIN_VARIABLE)
        return true;
    if (pga_same(chosen->values[by].text, given->text))
        return true;
    named = &chosen->values[PGA_OPTION_DB];
    (void)pga_fail(err, PGA_ERR_USAGE,
                   "the environment \"%s\" and the environment variable %s name two databases",
                   chosen->name, given->variable);
    (void)pga_error_identify(err, PGA_ID_WHICH_DATABASE);
    if (by == PGA_OPTION_DB && named->text != NULL)
        (void)pga_error_detail(err, "The environment names %s, and %s %s.",
                               pga_session_mask(ctx, named->text), given->variable,
                               pga_session_mask(ctx, given->text));
    if (named->text == NULL)
        named = &chosen->values[PGA_OPTION_DB_FILE];
    (void)pga_error_place(err, options->file, named->line, named->column, NULL, 0);
    return pga_error_hint(err,
                          "For the environment's database type \"unset %s\" first; for the "
                          "variable's add --%s \"$%s\".",
                          given->variable, pga_option_table[by].name, given->variable);
}

/* pgalter's own two variables name one database, as two options do. */
static bool
check_variables(struct pga_context *ctx, struct pga_error *err)
{
    const struct pga_option_value *database = &ctx->options.values[PGA_OPTION_DB];
    const struct pga_option_value *file = &ctx->options.values[PGA_OPTION_DB_FILE];
    struct pga_error ignored = {0};
    const char *secret = NULL;

    if (database->origin != PGA_ORIGIN_VARIABLE || file->origin != PGA_ORIGIN_VARIABLE)
        return true;
    if (read_secret(ctx, ctx->mem, file->text, &secret, &ignored) &&
        pga_same(secret, database->text))
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "the environment variables %s and %s name two databases",
                   database->variable, file->variable);
    (void)pga_error_identify(err, PGA_ID_WHICH_DATABASE);
    (void)pga_error_detail(err, "%s names %s, and %s the file \"%s\".", database->variable,
                           pga_session_mask(ctx, database->text), file->variable, file->text);
    return pga_error_hint(err, "Type \"unset %s\" or \"unset %s\" first.", database->variable,
                          file->variable);
}

/* Nothing names a database but environments, and none was chosen: libpq's defaults are not what is meant. */
static bool
check_forgotten(struct pga_context *ctx, struct pga_error *err)
{
    static const char *const variables[] = {"PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"};
    const struct pga_config *config = ctx->config;

    for (size_t i = 0; i < PGA_COUNT_OF(variables); i++)
        if (get_variable(variables[i]) != NULL)
            return true;
    for (size_t i = 0; config != NULL && ctx->options.environment == NULL && i < config->count;
         i++) {
        if (!names_database(&config->environments[i]))
            continue;
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "no environment is chosen, and nothing else names a database");
        (void)pga_error_identify(err, PGA_ID_WHICH_DATABASE);
        (void)pga_error_place(err, config->file, config->line, config->column, NULL, 0);
        return pga_error_hint(err,
                              "Choose one, e.g. with --env %s, or name the database with --db.",
                              config->environments[i].name);
    }
    return true;
}

bool
pga_database_choose(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_option_value *database = &ctx->options.values[PGA_OPTION_DB];
    struct pga_option_value *file = &ctx->options.values[PGA_OPTION_DB_FILE];
    const char *secret = NULL;

    if (database->origin == PGA_ORIGIN_COMMAND_LINE && file->origin == PGA_ORIGIN_COMMAND_LINE) {
        (void)pga_fail(err, PGA_ERR_USAGE, "--db and --db-file both name the database");
        (void)pga_error_identify(err, PGA_ID_WHICH_DATABASE);
        return pga_error_hint(err, "Leave out one of them.");
    }
    if (!check_variables(ctx, err))
        return false;
    take_common_variables(&ctx->options);
    if (database->text == NULL && file->text == NULL)
        return check_forgotten(ctx, err);
    if (database->origin >= file->origin)
        return check_variable(ctx, PGA_OPTION_DB, err);
    if (!check_variable(ctx, PGA_OPTION_DB_FILE, err) ||
        !read_secret(ctx, ctx->mem, file->text, &secret, err))
        return false;
    *database = *file;
    database->path = file->text;
    database->text = secret;
    return true;
}
