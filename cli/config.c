/*
 * cli/config.c: pgalter.yaml.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/config.h"

#include <string.h>

#include "base/file.h"
#include "base/yaml.h"

static const struct pga_option *
find_key(const char *key)
{
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (pga_same(pga_option_table[i].key, key))
            return &pga_option_table[i];
    return NULL;
}

/* Line and column, but never the line itself: a password may stand in it. */
static bool
place(struct pga_error *err, const char *file, int line, int column)
{
    return pga_error_place(err, file, line, column, NULL, 0);
}

static bool
fail_key(const char *file, const struct pga_yaml *node, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf all = pga_buf_on(&mem);
    const char *keys[PGA_OPTION_COUNT];
    size_t count = 0;
    const char *nearest;

    for (size_t i = 0; i < PGA_OPTION_COUNT; i++) {
        if (pga_option_table[i].key == NULL)
            continue;
        pga_buf_appendf(&all, "%s%s", count == 0 ? "" : ", ", pga_option_table[i].key);
        keys[count++] = pga_option_table[i].key;
    }
    nearest = pga_nearest(node->key, keys, count);
    (void)pga_fail(err, PGA_ERR_USAGE, "unknown key \"%s\"", node->key);
    (void)place(err, file, node->key_line, node->key_column);
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"%s\"?", nearest);
    return pga_error_hint(err, "The keys are: %s.", all.data);
}

/* A directory that the file names is relative to the file, not to where the command runs. */
static const char *
resolve_path(struct pga_context *ctx, const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');

    if (slash == NULL || path[0] == '/')
        return path;
    return pga_path_join(ctx->mem, pga_strndup(ctx->mem, file, (size_t)(slash - file)), path);
}

static bool
take(struct pga_context *ctx, const char *file, const struct pga_yaml *node, struct pga_error *err)
{
    const struct pga_option *option = find_key(node->key);
    struct pga_option_value *value;

    if (option == NULL)
        return fail_key(file, node, err);
    if (node->kind != PGA_YAML_SCALAR) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" must be one value", node->key);
        return place(err, file, node->line, node->column);
    }
    value = &ctx->options.values[option->id];
    if (value->text != NULL || node->scalar[0] == '\0')
        return true;
    value->text =
        option->id == PGA_OPTION_DIR ? resolve_path(ctx, file, node->scalar) : node->scalar;
    value->origin = PGA_ORIGIN_FILE;
    return true;
}

bool
pga_config_load(struct pga_context *ctx, struct pga_error *err)
{
    const char *file = pga_option_text(&ctx->options, PGA_OPTION_CONFIG, NULL);
    const struct pga_yaml *root;
    struct pga_str text;

    if (file == NULL) {
        if (!pga_file_exists(PGA_CONFIG_FILE))
            return true;
        file = PGA_CONFIG_FILE;
    }
    if (!pga_file_read(ctx->mem, file, PGA_FILE_CONFIG_MAX, &text, err))
        return false;
    root = pga_yaml_parse(ctx->mem, file, text, err);
    if (root == NULL)
        return place(err, file, err->place.line, err->place.column);
    ctx->config_file = file;
    if (root->kind != PGA_YAML_MAPPING) {
        (void)pga_fail(err, PGA_ERR_USAGE, "the configuration must be keys and values");
        return place(err, file, root->line, root->column);
    }
    for (const struct pga_yaml *node = root->first; node != NULL; node = node->next)
        if (!take(ctx, file, node, err))
            return false;
    return true;
}
