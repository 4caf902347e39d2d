/*
 * alterations/directive_near.c: recognising what was meant as a directive.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/directive_near.h"

#include <string.h>

#define WORD_MAX 24 /* no name or key is nearly as long */

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* No-break spaces, wide colons and the like: what a text processor makes of a blank or a sign. */
static bool
is_foreign(char c)
{
    return ((unsigned char)c & 0x80) != 0;
}

/* Letters, _ and - at the start of *s, in lower case and as letters alone; *s is moved behind them. */
static const char *
take_word(struct pga_arena *mem, struct pga_str *s)
{
    struct pga_buf letters = pga_buf_on(mem);
    size_t n = 0;

    while (n < s->len && (is_letter(s->data[n]) || s->data[n] == '_' || s->data[n] == '-')) {
        char c = (char)(s->data[n] | 0x20);

        if (is_letter(s->data[n]))
            pga_buf_append(&letters, (struct pga_str){&c, 1});
        n++;
    }
    *s = pga_str_slice(*s, n, s->len);
    return letters.len > WORD_MAX ? "" : pga_str_dup(mem, pga_buf_str(&letters));
}

static bool
is_nearly_pgalter(const char *word)
{
    static const char *const name[] = {"pgalter"};

    /* "alter" alone begins many comments. */
    return strpbrk(word, "pg") != NULL && pga_nearest(word, name, 1) != NULL;
}

/* The key that a word nearly is, or NULL; behind a mere blank with one slip in it, in a long key two. */
static const char *
nearest_key(struct pga_arena *mem, const char *word, const char *const *keys, size_t count,
            bool is_marked)
{
    for (size_t i = 0; i < count; i++) {
        struct pga_str rest = pga_str_of(keys[i]);
        const char *letters = take_word(mem, &rest);
        size_t limit = strlen(letters) < 8 ? 1 : 2;

        if (pga_edit_distance(word, letters) <= limit + (is_marked ? 1 : 0))
            return keys[i];
    }
    return NULL;
}

/* Whether what follows a key may be its value, and is hardly the rest of a sentence. */
static bool
looks_like_value(struct pga_arena *mem, const char *key, struct pga_str value)
{
    static const char *const words[] = {"none", "expand", "contract"};
    size_t first = 0;
    bool is_compound = false;

    if (strpbrk(key, "_-") != NULL || pga_same(key, "irreversible"))
        return true; /* no word of a sentence, and one that has no place in it */
    if (value.len == 0)
        return false;
    while (first < value.len && !is_blank(value.data[first])) {
        is_compound = is_compound || value.data[first] == '-' || value.data[first] == '_';
        first++;
    }
    if (memchr(value.data, '=', value.len) != NULL || strchr("<>~^", value.data[0]) != NULL)
        return true;
    if (first < value.len)
        return is_compound && pga_same(key, "allow");
    return is_compound || is_digit(value.data[0]) ||
           pga_nearest(pga_str_dup(mem, value), words, PGA_COUNT_OF(words)) != NULL;
}

/* Skip what may stand before the name; whether there is an "@", which marks no sentence. */
static bool
skip_front(struct pga_str *s)
{
    bool is_marked = false;
    size_t n = 0;

    for (; n < s->len; n++) {
        char c = s->data[n];

        if (!is_blank(c) && !is_foreign(c) && strchr("-*#@!", c) == NULL)
            break;
        is_marked = is_marked || c == '@';
    }
    *s = pga_str_slice(*s, n, s->len);
    return is_marked;
}

/* Skip what divides name and key; whether that is more than a sentence would have there. */
static bool
skip_middle(struct pga_str *s)
{
    bool is_marked = false;
    size_t n = 0;

    for (; n < s->len; n++) {
        char c = s->data[n];
        bool may_end_clause = strchr(".,;", c) != NULL;

        if (is_blank(c))
            continue;
        if (!is_foreign(c) && c != ':' && c != '=' && !may_end_clause)
            break;
        if (!may_end_clause || n + 1 == s->len || !is_blank(s->data[n + 1]))
            is_marked = true;
    }
    *s = pga_str_slice(*s, n, s->len);
    return is_marked;
}

/* What follows a key. */
static struct pga_str
value_in(struct pga_str s)
{
    size_t n = 0;

    while (n < s.len && (is_blank(s.data[n]) || s.data[n] == ':' || s.data[n] == '='))
        n++;
    return pga_str_trim(pga_str_slice(s, n, s.len));
}

bool
pga_directive_near(struct pga_arena *mem, struct pga_str comment, const char *const *keys,
                   size_t count, struct pga_directive_near *out)
{
    struct pga_str s = pga_str_slice(comment, 2, comment.len);
    bool is_marked = skip_front(&s);
    size_t left;

    if (!is_nearly_pgalter(take_word(mem, &s)))
        return false;
    left = s.len;
    is_marked = skip_middle(&s) || is_marked;
    if (s.len == left)
        return false;
    out->key = nearest_key(mem, take_word(mem, &s), keys, count, is_marked);
    if (out->key == NULL || (s.len > 0 && is_digit(s.data[0])))
        return false;
    out->value = value_in(s);
    return is_marked || looks_like_value(mem, out->key, out->value);
}
