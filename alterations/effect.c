/*
 * alterations/effect.c: what a statement that runs outside a transaction is to bring about.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/effect.h"

#include <stddef.h>

#include "alterations/lexer.h"
#include "alterations/words.h"
#include "base/compiler.h"

struct reader {
    struct pga_arena *mem;
    struct pga_words words;
    struct pga_effect effect;
};

/* A name with its dots.  False for what is none, and for U&"", whose escapes only the server reads. */
static bool
read_name(struct reader *r, const char **out)
{
    struct pga_buf name = pga_buf_on(r->mem);

    for (;;) {
        bool is_name = pga_words_is_kind(&r->words, PGA_TOKEN_WORD) ||
                       (pga_words_is_kind(&r->words, PGA_TOKEN_QUOTED_NAME) &&
                        !pga_words_is_escaped_name(&r->words));

        if (!is_name)
            return false;
        pga_buf_append(&name, pga_words_text(&r->words));
        pga_words_advance(&r->words);
        if (!pga_words_is_symbol(&r->words, "."))
            break;
        pga_buf_append_char(&name, '.');
        pga_words_advance(&r->words);
    }
    *out = name.data;
    return true;
}

/* IF EXISTS, IF NOT EXISTS; an index may be named "if". */
static void
take_if_exists(struct reader *r)
{
    struct pga_words start = r->words;
    bool negated;

    if (!pga_words_take(&r->words, "if"))
        return;
    negated = pga_words_take(&r->words, "not");
    if (pga_words_take(&r->words, "exists"))
        r->effect.if_not_exists = negated;
    else
        r->words = start;
}

/* One object by its name, and nothing behind it that would make it several. */
static bool
read_object(struct reader *r, enum pga_effect_kind kind, enum pga_effect_on on)
{
    take_if_exists(r);
    r->effect.on = on;
    if (!read_name(r, &r->effect.name) || pga_words_is_symbol(&r->words, ","))
        return false;
    r->effect.kind = kind;
    return true;
}

/* At "(": the columns of an index.  NULL unless all are plain columns and all rows are meant. */
static void
read_columns(struct reader *r)
{
    struct pga_buf columns = pga_buf_on(r->mem);
    int depth = r->words.depth + 1;
    bool is_plain = pga_words_is_kind(&r->words, PGA_TOKEN_OPEN);

    while (is_plain) {
        const char *column = NULL;

        pga_words_advance(&r->words);
        is_plain = read_name(r, &column) && !pga_words_is_kind(&r->words, PGA_TOKEN_OPEN);
        if (!is_plain)
            return;
        pga_buf_appendf(&columns, "%s%s", columns.len > 0 ? "." : "", column);
        while (r->words.more && r->words.depth >= depth &&
               !(r->words.depth == depth && pga_words_is_symbol(&r->words, ",")))
            pga_words_advance(&r->words);
        if (!pga_words_is_symbol(&r->words, ","))
            break;
    }
    if (is_plain && !pga_words_seek(&r->words, "where"))
        r->effect.columns = columns.data;
}

/* Behind INDEX. */
static bool
read_create_index(struct reader *r)
{
    if (!pga_words_take(&r->words, "concurrently"))
        return false;
    take_if_exists(r);
    if (!pga_words_is(&r->words, "on") && !read_name(r, &r->effect.other))
        return false;
    if (!pga_words_take(&r->words, "on"))
        return false;
    (void)pga_words_take(&r->words, "only");
    if (!read_name(r, &r->effect.name))
        return false;
    if (pga_words_take(&r->words, "using"))
        pga_words_advance(&r->words);
    if (r->effect.other == NULL)
        read_columns(r);
    r->effect.kind = PGA_EFFECT_INDEX_BUILT;
    return true;
}

static const struct {
    const char *word;
    enum pga_effect_on on;
} things[] = {
    {"database", PGA_EFFECT_ON_DATABASE},
    {"tablespace", PGA_EFFECT_ON_TABLESPACE},
    {"subscription", PGA_EFFECT_ON_SUBSCRIPTION},
};

static bool
read_thing(struct reader *r, enum pga_effect_kind kind)
{
    for (size_t i = 0; i < PGA_COUNT_OF(things); i++)
        if (pga_words_take(&r->words, things[i].word))
            return read_object(r, kind, things[i].on);
    return false;
}

static bool
read_create(struct reader *r)
{
    r->effect.is_unique = pga_words_take(&r->words, "unique");
    if (pga_words_take(&r->words, "index"))
        return read_create_index(r);
    return read_thing(r, PGA_EFFECT_CREATED);
}

static bool
read_drop(struct reader *r)
{
    if (pga_words_take(&r->words, "index"))
        return pga_words_take(&r->words, "concurrently") &&
               read_object(r, PGA_EFFECT_INDEX_DROPPED, PGA_EFFECT_ON_RELATION);
    return read_thing(r, PGA_EFFECT_DROPPED);
}

static bool
read_detach(struct reader *r)
{
    take_if_exists(r);
    (void)pga_words_take(&r->words, "only");
    if (!read_name(r, &r->effect.name))
        return false;
    if (pga_words_is_symbol(&r->words, "*"))
        pga_words_advance(&r->words);
    if (!pga_words_take(&r->words, "detach") || !pga_words_take(&r->words, "partition") ||
        !read_name(r, &r->effect.other) || !pga_words_take(&r->words, "concurrently"))
        return false;
    r->effect.kind = PGA_EFFECT_PARTITION_DETACHED;
    return true;
}

static bool
read_alter(struct reader *r)
{
    const char *name;

    if (pga_words_take(&r->words, "table"))
        return read_detach(r);
    /* A setting, or a place, that is the same the second time. */
    r->effect.kind = PGA_EFFECT_REPEATABLE;
    if (pga_words_take(&r->words, "system") || pga_words_take(&r->words, "database"))
        return true;
    return pga_words_take(&r->words, "subscription") && read_name(r, &name) &&
           (pga_words_is(&r->words, "set") || pga_words_is(&r->words, "refresh"));
}

/* Whether CONCURRENTLY is switched on among the options in parentheses.  Advances behind them. */
static bool
read_options(struct reader *r)
{
    struct pga_words options = r->words;
    bool found = false;

    pga_words_skip_parentheses(&r->words);
    while (options.more && (!r->words.more || options.token.offset < r->words.token.offset)) {
        if (pga_words_take(&options, "concurrently"))
            found = pga_words_boolean(&options) != 0;
        else
            pga_words_advance(&options);
    }
    return found;
}

static bool
read_reindex(struct reader *r)
{
    bool concurrently = pga_words_is_kind(&r->words, PGA_TOKEN_OPEN) && read_options(r);

    r->effect.on = pga_words_is(&r->words, "index")    ? PGA_EFFECT_ON_INDEX
                   : pga_words_is(&r->words, "table")  ? PGA_EFFECT_ON_RELATION
                   : pga_words_is(&r->words, "schema") ? PGA_EFFECT_ON_SCHEMA
                                                       : PGA_EFFECT_ON_DATABASE;
    pga_words_advance(&r->words);
    if (pga_words_take(&r->words, "concurrently"))
        concurrently = true;
    if (!concurrently) {
        r->effect.kind = PGA_EFFECT_REPEATABLE;
        return true;
    }
    r->effect.kind = PGA_EFFECT_INDEXES_REBUILT;
    return read_name(r, &r->effect.name) || r->effect.on == PGA_EFFECT_ON_DATABASE;
}

static bool
read_repeatable(struct reader *r)
{
    r->effect.kind = PGA_EFFECT_REPEATABLE;
    return true;
}

static const struct {
    const char *word;
    bool (*read)(struct reader *r);
} first_words[] = {
    {"alter", read_alter},        {"cluster", read_repeatable}, {"create", read_create},
    {"discard", read_repeatable}, {"drop", read_drop},          {"reindex", read_reindex},
    {"repack", read_repeatable},  {"vacuum", read_repeatable},
};

struct pga_effect
pga_effect_read(struct pga_arena *mem, struct pga_str text, bool standard_strings)
{
    struct reader r = {.mem = mem, .words = pga_words_on(text, standard_strings)};

    for (size_t i = 0; i < PGA_COUNT_OF(first_words); i++)
        if (pga_words_take(&r.words, first_words[i].word))
            return first_words[i].read(&r) ? r.effect : (struct pga_effect){0};
    return (struct pga_effect){0};
}
