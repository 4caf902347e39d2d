/*
 * cli/cmd_release.c: pgalter release.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "base/file.h"

struct renames {
    const char **from, **to;
    size_t count;
};

static bool
parse_version(struct pga_context *ctx, struct pga_version *out, struct pga_error *err)
{
    const char *text = ctx->options.arguments[0];
    struct pga_str number = pga_str_of(text[0] == 'v' ? text + 1 : text);
    bool is_release = pga_version_parse(ctx->mem, number, out) && out->kind == PGA_VERSION_RELEASE;

    if (is_release && text[0] != 'v')
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" is not a version", text);
    (void)pga_error_identify(err, PGA_ID_VALUE);
    if (is_release)
        return pga_error_hint(err, "Write it without the \"v\": pgalter release %s", out->text);
    return pga_error_hint(err, "A version is SemVer 2.0, such as 1.2.0 or 1.2.0-rc.1.");
}

/* All new names are known to be free before the first file is renamed. */
static bool
collect(struct pga_context *ctx, const struct pga_version *version, struct renames *out,
        struct pga_error *err)
{
    out->from = pga_new_array(ctx->mem, const char *, ctx->alterations.count *PGA_PART_COUNT);
    out->to = pga_new_array(ctx->mem, const char *, ctx->alterations.count *PGA_PART_COUNT);
    for (size_t i = 0; i < ctx->alterations.count; i++) {
        const struct pga_alteration *alteration = &ctx->alterations.items[i];

        for (int part = 0; alteration->version.kind == PGA_VERSION_NEXT && part < PGA_PART_COUNT;
             part++) {
            const char *to;

            if (alteration->parts[part] == NULL)
                continue;
            to = pga_path_join(ctx->mem, ctx->dir,
                               pga_name_format(ctx->mem, version, alteration->timestamp,
                                               alteration->slug, (enum pga_part)part));
            if (pga_file_exists(to)) {
                (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" exists already; nothing was renamed",
                               to);
                (void)pga_error_identify(err, PGA_ID_FILE_UNREADABLE);
                return pga_error_hint(err, "Move it away, then run the same command again.");
            }
            out->from[out->count] = alteration->parts[part]->file;
            out->to[out->count++] = to;
        }
    }
    return true;
}

bool
pga_cmd_release(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_version version;
    struct renames renames = {0};
    struct pga_json *array = NULL;

    if (!parse_version(ctx, &version, err) || !collect(ctx, &version, &renames, err))
        return false;
    if (ctx->json != NULL) {
        pga_json_set_text(ctx->json, "version", version.text);
        array = pga_json_set(ctx->json, "renamed", pga_json_array());
    }
    if (renames.count == 0)
        pga_log_write(&ctx->log, PGA_LOG_INFO,
                      "no alteration in \"%s\" is next; nothing to release", ctx->dir);
    for (size_t i = 0; i < renames.count; i++) {
        if (!pga_file_rename(renames.from[i], renames.to[i], err)) {
            (void)pga_error_detail(err, "%zu of %zu files are renamed.", i, renames.count);
            return pga_error_hint(
                err, "Mend the cause, then run the same command again: it renames the rest.");
        }
        pga_print(ctx, "%s\n", renames.to[i]);
        if (array != NULL)
            pga_json_add_text(array, renames.to[i]);
    }
    return true;
}
