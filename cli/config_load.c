/*
 * cli/config_load.c: finding pgalter.yaml.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/config.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/database.h"

/* A link that leads nowhere is there: it must fail, not count as no configuration. */
static bool
is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 || errno != ENOENT;
}

static bool
fail_without_file(struct pga_context *ctx, struct pga_error *err)
{
    (void)pga_option_refuse(&ctx->options, PGA_OPTION_ENV, "", err);
    (void)pga_error_while(err, "there is no " PGA_CONFIG_FILE " to have environments");
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_ENVIRONMENT);
    return pga_error_hint(err, "Go to the directory of " PGA_CONFIG_FILE
                               ", name the file with --config FILE, or leave out --env.");
}

/* A name that is nearly right must not pass for no configuration: another database would be met. */
static bool
check_no_other(struct pga_error *err)
{
    static const char *const names[] = {"pgalter.yml", ".pgalter.yaml", ".pgalter.yml"};

    for (size_t i = 0; i < PGA_COUNT_OF(names); i++) {
        if (!is_there(names[i]))
            continue;
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "there is a \"%s\", but the configuration is called \"" PGA_CONFIG_FILE "\"",
                       names[i]);
        (void)pga_error_identify(err, PGA_ID_CONFIGURATION);
        return pga_error_hint(err, "Rename it: mv %s " PGA_CONFIG_FILE "; or name it: --config %s.",
                              names[i], names[i]);
    }
    return true;
}

static bool
read_file(struct pga_context *ctx, const char *file, struct pga_error *err)
{
    struct pga_config *config = pga_new(ctx->mem, struct pga_config);
    struct pga_str text;

    if (!pga_file_read(ctx->mem, file, PGA_FILE_CONFIG_MAX, &text, err))
        return pga_error_while(err, "the configuration");
    ctx->config_file = file;
    if (!pga_config_parse(ctx->mem, file, text, config, err))
        return false;
    ctx->config = config;
    return pga_config_apply(config, &ctx->options, err);
}

bool
pga_config_load(struct pga_context *ctx, struct pga_error *err)
{
    const char *file = pga_option_text(&ctx->options, PGA_OPTION_CONFIG, NULL);

    if (file == NULL && is_there(PGA_CONFIG_FILE))
        file = PGA_CONFIG_FILE;
    if (file == NULL && !check_no_other(err))
        return false;
    if (file == NULL && pga_option_is_given(&ctx->options, PGA_OPTION_ENV))
        return fail_without_file(ctx, err);
    if (file != NULL && !read_file(ctx, file, err))
        return false;
    return (ctx->command->options >> PGA_OPTION_DB & 1) == 0 || pga_database_choose(ctx, err);
}
