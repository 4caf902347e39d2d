/*
 * alterations/lexer.h: PostgreSQL's lexical rules, as far as finding tokens needs them.
 *
 * Splits SQL text into tokens whose concatenation is the text, byte for byte.  Knows quotes, E'' and U&''
 * strings, dollar quotes, nested comments, string continuation, and standard_conforming_strings as the server has
 * it; a lone CR ends a -- comment, as it does for the server.  Does not know statements: that is statement.h.
 *
 * Where the servers differ (0x1F and 1_000 are numbers from 16 on, 1a is junk from 15 on) tokens are cut as the
 * oldest one does: the newer ones refuse every text in which that would move a border of a quote or comment.
 * Source: PostgreSQL manual 4.1; the behaviour of psql and of the server.
 *
 *     struct pga_lexer lexer;
 *     struct pga_token token;
 *     pga_lexer_init(&lexer, text, true);
 *     while (pga_lexer_next(&lexer, &token))
 *         ...
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_LEXER_H
#define PGA_ALTERATIONS_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/str.h"

enum pga_token_kind {
    PGA_TOKEN_SPACE,        /* blanks and line ends */
    PGA_TOKEN_LINE_COMMENT, /* -- up to, not including, the line's end */
    PGA_TOKEN_BLOCK_COMMENT,
    PGA_TOKEN_WORD,        /* an unquoted identifier or keyword */
    PGA_TOKEN_QUOTED_NAME, /* "name", U&"name" */
    PGA_TOKEN_STRING, /* '...', E'...', B'...', X'...', N'...', U&'...' with its continuations */
    PGA_TOKEN_DOLLAR_STRING,
    PGA_TOKEN_NUMBER,
    PGA_TOKEN_PARAMETER, /* $1 */
    PGA_TOKEN_OPEN,      /* ( */
    PGA_TOKEN_CLOSE,     /* ) */
    PGA_TOKEN_SEMICOLON,
    PGA_TOKEN_BACKSLASH, /* a backslash outside everything: psql would take a meta-command */
    PGA_TOKEN_OTHER,     /* any other single character or operator */
};

struct pga_token {
    enum pga_token_kind kind;
    size_t offset, len; /* bytes in the text */
    int line;           /* 1-based, of its first byte */
    bool unterminated;  /* a quote, comment or dollar quote that the text's end left open */
    int depth;          /* of a block comment: how deep it nests; otherwise 0 */
};

struct pga_lexer {
    struct pga_str text;
    size_t offset;
    int line;
    bool standard_strings; /* standard_conforming_strings of the server */
};

void pga_lexer_init(struct pga_lexer *lexer, struct pga_str text, bool standard_strings);

/* The next token; false at the end of the text. */
bool pga_lexer_next(struct pga_lexer *lexer, struct pga_token *out);

/* Neither blanks nor a comment. */
bool pga_token_is_significant(const struct pga_token *token);

/* The next significant token; false at the end of the text. */
bool pga_lexer_next_significant(struct pga_lexer *lexer, struct pga_token *out);

/* Length of the dollar quote's delimiter, "$$" or "$tag$", that starts at a byte offset; 0: none does. */
size_t pga_lexer_dollar_delimiter(struct pga_str text, size_t offset);

/* Whether a WORD token is this keyword, whatever its case. */
bool pga_token_is(struct pga_str text, const struct pga_token *token, const char *keyword);

/*
 * 1-based line and column (in characters) of a byte offset, clamped to the text, and the text of that line without
 * its end.  Lines end in LF, as editors count them.
 */
void pga_text_locate(struct pga_str text, size_t offset, int *out_line, int *out_column,
                     struct pga_str *out_text);

#endif
