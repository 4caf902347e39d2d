/*
 * alterations/words.h: reading one statement word by word.
 *
 * The significant tokens of a statement in their order, with what decides whether a word is a keyword: how many
 * parentheses are around it, and whether a dot stands before it.
 *
 *     struct pga_words words = pga_words_on(text, true);
 *     if (pga_words_take(&words, "create") && pga_words_is(&words, "index"))
 *         ...
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_WORDS_H
#define PGA_ALTERATIONS_WORDS_H

#include <stdbool.h>

#include "alterations/lexer.h"
#include "base/compiler.h"
#include "base/str.h"

struct pga_words {
    struct pga_str text;
    struct pga_lexer lexer;
    struct pga_token token; /* the present one */
    bool more;              /* there is one */
    bool after_dot;         /* a word behind a dot is a name, whatever it is */
    int depth;              /* of parentheses around the token; they themselves stand outside */
};

/* At the first token of a statement, whose strings, names and comments are all closed. */
struct pga_words pga_words_on(struct pga_str text, bool standard_strings);

void pga_words_advance(struct pga_words *words);

/* The present token as written; empty at the end. */
struct pga_str pga_words_text(const struct pga_words *words);

bool pga_words_is_kind(const struct pga_words *words, enum pga_token_kind kind);
bool pga_words_is_symbol(const struct pga_words *words, const char *symbol);

/* Whether the token is this keyword. */
bool pga_words_is(const struct pga_words *words, const char *keyword);

/* Whether nothing but a semicolon is left. */
bool pga_words_at_end(const struct pga_words *words);

/* If the token is this keyword, advance behind it. */
bool pga_words_take(struct pga_words *words, const char *keyword);

/* Advance to a keyword outside parentheses; false, at the end, when there is none. */
bool pga_words_seek(struct pga_words *words, const char *keyword);

/* From an opening parenthesis advance behind the closing one. */
void pga_words_skip_parentheses(struct pga_words *words);

/* Whether the token is this name, quoted or not, whatever its case.  U&"" is any name: its escapes aren't read. */
bool pga_words_is_name(const struct pga_words *words, const char *name);
bool pga_words_is_escaped_name(const struct pga_words *words);

/* The value of a string literal that needs no unescaping; false for any other token. */
bool pga_words_literal(const struct pga_words *words, struct pga_str *out) PGA_MUST_CHECK;

/* A boolean as a setting or an option spells it: 1, 0, or -1 for anything else. */
int pga_words_boolean(const struct pga_words *words);

#endif
