/*
 * engine/target.c: where to go.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/target.h"

#include <string.h>

#include "alterations/slug.h"

/* The ids of files and journal, for finding and for suggestions. */
struct known {
    const char **ids;
    const char **timestamps;
    size_t count;
};

static void
collect(struct pga_arena *mem, const struct pga_alterations *alterations,
        const struct pga_journal *journal, struct known *known)
{
    size_t files = alterations == NULL ? 0 : alterations->count;
    size_t most = files + journal->applied_count;

    known->ids = pga_new_array(mem, const char *, most);
    known->timestamps = pga_new_array(mem, const char *, most);
    known->count = 0;
    for (size_t i = 0; i < files; i++) {
        known->ids[known->count] = alterations->items[i].id;
        known->timestamps[known->count++] = alterations->items[i].timestamp;
    }
    for (size_t i = 0; i < journal->applied_count; i++) {
        const struct pga_applied *applied = journal->applied[i];

        if (files > 0 && pga_alterations_find(alterations, applied->id) != NULL)
            continue;
        known->ids[known->count] = applied->id;
        known->timestamps[known->count++] = applied->timestamp;
    }
}

static bool
find_id(const struct known *known, const char *text, struct pga_target *out)
{
    for (size_t i = 0; i < known->count; i++) {
        if (strcmp(known->ids[i], text) != 0 && strcmp(known->timestamps[i], text) != 0)
            continue;
        out->kind = PGA_TARGET_ID;
        out->id = known->ids[i];
        out->timestamp = known->timestamps[i];
        return true;
    }
    return false;
}

/* "1.0" for 1.0.0, "v1.0.0" for 1.0.0; NULL when that makes no version. */
static const char *
mended_version(struct pga_arena *mem, const char *text)
{
    static const char *const tails[] = {"", ".0", ".0.0"};
    const char *start = text[0] == 'v' || text[0] == 'V' ? text + 1 : text;
    struct pga_version version;

    for (size_t i = 0; i < PGA_COUNT_OF(tails); i++) {
        char *mended = pga_format(mem, "%s%s", start, tails[i]);

        if (pga_version_parse(mem, pga_str_of(mended), &version) &&
            version.kind == PGA_VERSION_RELEASE)
            return mended;
    }
    return NULL;
}

const char *
pga_target_nearest_id(const char *text, const char *const *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *dash = strchr(ids[i], '-');

        if (dash != NULL && strcmp(dash + 1, text) == 0)
            return ids[i];
    }
    return pga_nearest(text, ids, count);
}

static bool
fail_unknown(struct pga_arena *mem, const char *text, const struct known *known,
             struct pga_error *err)
{
    static const char *const words[] = {"latest", "next", "zero"};
    const char *nearest = pga_nearest(text, words, PGA_COUNT_OF(words));

    (void)pga_fail(err, PGA_ERR_USAGE, "there is no target \"%s\"",
                   pga_printable(mem, pga_str_of(text)));
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_TARGET);
    if (nearest == NULL)
        nearest = mended_version(mem, text);
    if (nearest == NULL)
        nearest = pga_target_nearest_id(text, known->ids, known->count);
    (void)pga_error_detail(
        err, "A target is latest, next, zero (rollback only), a version such as 1.2.0, or the id "
             "of an alteration.");
    if (nearest != NULL)
        return pga_error_hint(
            err, "Did you mean \"%s\"? \"pgalter list\" shows all versions and ids.", nearest);
    return pga_error_hint(err, "\"pgalter list\" shows all versions and ids.");
}

bool
pga_target_parse(struct pga_arena *mem, const char *text, const struct pga_alterations *alterations,
                 const struct pga_journal *journal, struct pga_target *out, struct pga_error *err)
{
    struct known known;

    memset(out, 0, sizeof(*out));
    out->text = text;
    if (strcmp(text, "latest") == 0 || strcmp(text, "next") == 0 || strcmp(text, "zero") == 0) {
        out->kind = text[0] == 'l'   ? PGA_TARGET_LATEST
                    : text[0] == 'n' ? PGA_TARGET_NEXT
                                     : PGA_TARGET_ZERO;
        return true;
    }
    collect(mem, alterations, journal, &known);
    if (find_id(&known, text, out))
        return true;
    if (pga_version_parse(mem, pga_str_of(text), &out->version) &&
        out->version.kind == PGA_VERSION_RELEASE) {
        out->kind = PGA_TARGET_VERSION;
        return true;
    }
    return fail_unknown(mem, text, &known, err);
}
