/*
 * alterations/mend.c: small changes that make a wrong file name right.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/mend.h"

#include <string.h>

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Where `separator` first stands in s; s.len when it doesn't. */
static size_t
index_of(struct pga_str s, char separator)
{
    const char *at = s.len == 0 ? NULL : memchr(s.data, separator, s.len);

    return at == NULL ? s.len : (size_t)(at - s.data);
}

static char *
join(struct pga_arena *mem, struct pga_str a, const char *between, struct pga_str b)
{
    return pga_format(mem, "%.*s%s%.*s", PGA_STR_ARG(a), between, PGA_STR_ARG(b));
}

/* Each of these changes a stem in one way, or returns NULL where that way does not apply. */
typedef char *mend_fn(struct pga_arena *mem, struct pga_str stem, enum pga_part *part);

static char *
mend_nothing(struct pga_arena *mem, struct pga_str stem, enum pga_part *part PGA_UNUSED)
{
    return pga_str_dup(mem, stem);
}

/* V1_2__add of Flyway: the version is our timestamp; U is for undo. */
static char *
mend_flyway(struct pga_arena *mem, struct pga_str stem, enum pga_part *part)
{
    size_t end = 1;
    char *mended;

    if (stem.len < 2 || strchr("VvUu", stem.data[0]) == NULL || !is_digit(stem.data[1]))
        return NULL;
    while (end + 1 < stem.len && !(stem.data[end] == '_' && stem.data[end + 1] == '_'))
        end++;
    if (end + 1 >= stem.len)
        return NULL;
    mended =
        join(mem, pga_str_slice(stem, 1, end - 1), "-", pga_str_slice(stem, end + 2, stem.len));
    for (size_t i = 0; i + 1 < end; i++)
        if (mended[i] == '_')
            mended[i] = '.';
    if (strchr("Uu", stem.data[0]) != NULL)
        *part = PGA_PART_DOWN;
    return mended;
}

static char *
mend_leading_v(struct pga_arena *mem, struct pga_str stem, enum pga_part *part PGA_UNUSED)
{
    if (stem.len < 2 || strchr("Vv", stem.data[0]) == NULL || !is_digit(stem.data[1]))
        return NULL;
    return pga_str_dup(mem, pga_str_slice(stem, 1, stem.len));
}

static char *
mend_next(struct pga_arena *mem, struct pga_str stem, enum pga_part *part PGA_UNUSED)
{
    static const char *const next[] = {"next"};
    size_t dash = index_of(stem, '-');

    if (pga_nearest(pga_str_dup(mem, pga_str_slice(stem, 0, dash)), next, 1) == NULL)
        return NULL;
    return join(mem, PGA_STR("next"), "", pga_str_slice(stem, dash, stem.len));
}

/* 1.0.0_1714984800_add: the separator behind a version is "-". */
static char *
mend_version_separator(struct pga_arena *mem, struct pga_str stem, enum pga_part *part PGA_UNUSED)
{
    size_t at = index_of(stem, '_');

    if (at == stem.len)
        return NULL;
    return join(mem, pga_str_slice(stem, 0, at), "-", pga_str_slice(stem, at + 1, stem.len));
}

/* 1.0.0-rc.1-1714984800-add: the separator before a pre-release is "_". */
static char *
mend_pre_release(struct pga_arena *mem, struct pga_str stem, enum pga_part *part PGA_UNUSED)
{
    size_t at = index_of(stem, '-');

    if (at == stem.len)
        return NULL;
    return join(mem, pga_str_slice(stem, 0, at), "_", pga_str_slice(stem, at + 1, stem.len));
}

/* 1.2-1714984800-add: a version has three numbers. */
static char *
mend_short_version(struct pga_arena *mem, struct pga_str stem, enum pga_part *part PGA_UNUSED)
{
    size_t at = index_of(stem, '-');

    return join(mem, pga_str_slice(stem, 0, at), ".0", pga_str_slice(stem, at, stem.len));
}

static mend_fn *const mendings[PGA_MEND_WAYS] = {
    mend_nothing,     mend_flyway,        mend_leading_v, mend_version_separator,
    mend_pre_release, mend_short_version, mend_next,
};

char *
pga_mend_stem(struct pga_arena *mem, struct pga_str stem, size_t way, enum pga_part *part)
{
    return mendings[way](mem, stem, part);
}
