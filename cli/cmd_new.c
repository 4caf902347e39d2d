/*
 * cli/cmd_new.c: pgalter new.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"

#define UP_TEXT                                                                                    \
    "-- %s\n"                                                                                      \
    "--\n"                                                                                         \
    "-- Runs in one transaction, together with its row in the journal.\n"                          \
    "-- CREATE INDEX CONCURRENTLY and the like need a comment line with this directive first:\n"   \
    "--   pgalter:transaction none\n\n"
#define DOWN_TEXT                                                                                  \
    "-- Take back what the up script does. As long as there is no statement here, a rollback "     \
    "does nothing.\n"                                                                              \
    "-- If it can't be taken back, delete this file.\n\n"

/* "add.up.sql" without its endings. */
static struct pga_str
without_endings(struct pga_str slug)
{
    for (;;) {
        size_t at = slug.len;
        struct pga_str end;
        bool is_ending;

        while (at > 0 && slug.data[at - 1] != '.')
            at--;
        end = pga_str_slice(slug, at, slug.len);
        is_ending = pga_str_equal_nocase(end, "sql");
        for (enum pga_part part = 0; part < PGA_PART_COUNT; part++)
            is_ending = is_ending || pga_str_equal_nocase(end, pga_part_name(part));
        if (at == 0 || !is_ending)
            return slug;
        slug.len = at - 1;
    }
}

static bool
refuse_slug(const char *slug, struct pga_error *err)
{
    if (strlen(slug) > PGA_SLUG_NEW_MAX)
        (void)pga_fail(err, PGA_ERR_USAGE, "a slug of %zu bytes is too long, the limit is %d",
                       strlen(slug), PGA_SLUG_NEW_MAX);
    else
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" can't be part of a file name", slug);
    (void)pga_error_identify(err, PGA_ID_VALUE);
    return pga_error_hint(err,
                          "Use letters, digits, - and _, for example: pgalter new add_invites");
}

/* Blanks become _, so that a phrase can be typed. */
static const char *
make_slug(struct pga_context *ctx, struct pga_error *err)
{
    const char *typed = ctx->options.arguments[0];
    char *slug = pga_strdup(ctx->mem, typed), *shorter;

    for (char *c = slug; *c != '\0'; c++)
        if (*c == ' ')
            *c = '_';
    if (!pga_slug_check(slug)) {
        (void)refuse_slug(typed, err);
        return NULL;
    }
    shorter = pga_str_dup(ctx->mem, without_endings(pga_str_of(slug)));
    if (pga_same(shorter, slug))
        return slug;
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" is a file's name, not a slug", typed);
    (void)pga_error_identify(err, PGA_ID_VALUE);
    (void)pga_error_hint(err, "The endings are added to it: pgalter new %s", shorter);
    return NULL;
}

/* Now, or one more than the youngest there is: a new alteration is always the last. */
static bool
make_timestamp(struct pga_context *ctx, const char **out, struct pga_error *err)
{
    const struct pga_clock *clock = pga_clock_system();
    struct pga_alterations existing = {0};
    const char *youngest = NULL;
    int64_t number;

    *out = pga_format(ctx->mem, "%lld", (long long)clock->unix_s(clock->ctx));
    if (!pga_file_exists(ctx->dir))
        return pga_file_make_directory(ctx->dir, err);
    if (!pga_directory_load(ctx->mem, ctx->dir, &existing, err))
        return false;
    if (existing.count > 0)
        youngest = existing.items[existing.count - 1].timestamp;
    if (youngest == NULL || pga_timestamp_compare(*out, youngest) > 0)
        return true;
    if (!pga_parse_int(pga_str_slice(pga_str_of(youngest), 0, strcspn(youngest, ".")), 0,
                       INT64_MAX - 1, &number)) {
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "the youngest alteration in \"%s\" has the timestamp %s, later than now",
                       ctx->dir, youngest);
        (void)pga_error_identify(err, PGA_ID_FILE_NAME);
        return pga_error_hint(err, "Name the files by hand with a later timestamp.");
    }
    *out = pga_format(ctx->mem, "%lld", (long long)number + 1);
    return true;
}

static bool
write_part(struct pga_context *ctx, const char *timestamp, const char *slug, enum pga_part part,
           const char *text, struct pga_error *err)
{
    struct pga_version next = {.kind = PGA_VERSION_NEXT, .text = "next"};
    const char *path =
        pga_path_join(ctx->mem, ctx->dir, pga_name_format(ctx->mem, &next, timestamp, slug, part));

    if (!pga_file_write_new(path, pga_str_of(text), err))
        return false;
    pga_print(ctx, "%s\n", path);
    if (ctx->json != NULL)
        pga_json_set_text(ctx->json, pga_part_name(part), path);
    return true;
}

bool
pga_cmd_new(struct pga_context *ctx, struct pga_error *err)
{
    const char *slug, *timestamp;

    if ((slug = make_slug(ctx, err)) == NULL || !make_timestamp(ctx, &timestamp, err))
        return false;
    return write_part(ctx, timestamp, slug, PGA_PART_UP,
                      pga_format(ctx->mem, UP_TEXT, ctx->options.arguments[0]), err) &&
           write_part(ctx, timestamp, slug, PGA_PART_DOWN, DOWN_TEXT, err);
}
