/*
 * alterations/words.c: reading one statement word by word.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/words.h"

#include <stddef.h>
#include <string.h>

struct pga_str
pga_words_text(const struct pga_words *words)
{
    if (!words->more)
        return PGA_STR("");
    return pga_str_slice(words->text, words->token.offset, words->token.len);
}

bool
pga_words_is_kind(const struct pga_words *words, enum pga_token_kind kind)
{
    return words->more && words->token.kind == kind;
}

bool
pga_words_is_symbol(const struct pga_words *words, const char *symbol)
{
    return pga_words_is_kind(words, PGA_TOKEN_OTHER) &&
           pga_str_equal_c(pga_words_text(words), symbol);
}

bool
pga_words_is(const struct pga_words *words, const char *keyword)
{
    return words->more && !words->after_dot && pga_token_is(words->text, &words->token, keyword);
}

bool
pga_words_at_end(const struct pga_words *words)
{
    return !words->more || (words->token.kind == PGA_TOKEN_SEMICOLON && words->depth == 0);
}

void
pga_words_advance(struct pga_words *words)
{
    words->after_dot = pga_words_is_symbol(words, ".");
    if (pga_words_is_kind(words, PGA_TOKEN_OPEN))
        words->depth++;
    words->more = pga_lexer_next_significant(&words->lexer, &words->token);
    if (pga_words_is_kind(words, PGA_TOKEN_CLOSE) && words->depth > 0)
        words->depth--;
}

struct pga_words
pga_words_on(struct pga_str text, bool standard_strings)
{
    struct pga_words words = {.text = text};

    pga_lexer_init(&words.lexer, text, standard_strings);
    pga_words_advance(&words);
    return words;
}

bool
pga_words_take(struct pga_words *words, const char *keyword)
{
    if (!pga_words_is(words, keyword))
        return false;
    pga_words_advance(words);
    return true;
}

bool
pga_words_seek(struct pga_words *words, const char *keyword)
{
    while (words->more && !(words->depth == 0 && pga_words_is(words, keyword)))
        pga_words_advance(words);
    return words->more;
}

void
pga_words_skip_parentheses(struct pga_words *words)
{
    int depth = words->depth;

    do {
        pga_words_advance(words);
    } while (words->more && !(words->token.kind == PGA_TOKEN_CLOSE && words->depth == depth));
    pga_words_advance(words);
}

bool
pga_words_is_escaped_name(const struct pga_words *words)
{
    return pga_words_is_kind(words, PGA_TOKEN_QUOTED_NAME) && pga_words_text(words).data[0] != '"';
}

bool
pga_words_is_name(const struct pga_words *words, const char *name)
{
    struct pga_str text = pga_words_text(words);

    if (pga_words_is_kind(words, PGA_TOKEN_WORD))
        return pga_str_equal_nocase(text, name);
    if (!pga_words_is_kind(words, PGA_TOKEN_QUOTED_NAME))
        return false;
    return pga_words_is_escaped_name(words) ||
           pga_str_equal_nocase(pga_str_slice(text, 1, text.len - 2), name);
}

bool
pga_words_literal(const struct pga_words *words, struct pga_str *out)
{
    struct pga_str text = pga_words_text(words);
    size_t prefix;

    if (pga_words_is_kind(words, PGA_TOKEN_DOLLAR_STRING)) {
        size_t len = pga_lexer_dollar_delimiter(text, 0);

        *out = pga_str_slice(text, len, text.len - 2 * len);
        return true;
    }
    if (!pga_words_is_kind(words, PGA_TOKEN_STRING) || strchr("'eEnN", text.data[0]) == NULL)
        return false;
    prefix = text.data[0] == '\'' ? 1 : 2;
    *out = pga_str_slice(text, prefix, text.len - prefix - 1);
    return memchr(out->data, '\'', out->len) == NULL && memchr(out->data, '\\', out->len) == NULL;
}

int
pga_words_boolean(const struct pga_words *words)
{
    static const char *const yes[] = {"on", "true", "yes", "1", "t", "y"};
    static const char *const no[] = {"off", "false", "no", "0", "f", "n"};
    struct pga_str value = pga_words_text(words);

    if (pga_words_is_kind(words, PGA_TOKEN_STRING) && !pga_words_literal(words, &value))
        return -1;
    for (size_t i = 0; i < PGA_COUNT_OF(yes); i++) {
        if (pga_str_equal_nocase(value, yes[i]))
            return 1;
        if (pga_str_equal_nocase(value, no[i]))
            return 0;
    }
    return -1;
}
