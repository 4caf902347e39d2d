/*
 * alterations/lexer.c: SQL text to tokens.
 *
 * Each scan_* function takes the offset of a token's first byte and returns the offset behind its last one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/lexer.h"

#include <string.h>

/* How the inside of a quoted string reads. */
struct quoting {
    bool backslash; /* a backslash escapes the next byte */
    bool doubled;   /* '' is a quote; in B'' and X'' it ends the string */
};

static bool
is_newline(char c)
{
    return c == '\n' || c == '\r';
}

/* A vertical tab is a blank from PostgreSQL 16 on; older servers refuse it outside quotes. */
static bool
is_horizontal(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

static bool
is_space(char c)
{
    return is_horizontal(c) || is_newline(c);
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool
is_tag_part(char c)
{
    return is_word_start(c) || is_digit(c);
}

static bool
is_word_part(char c)
{
    return is_tag_part(c) || c == '$';
}

static bool
is_operator(char c)
{
    return c != '\0' && strchr("~!@#^&|`?+-*/%<>=", c) != NULL;
}

/* The byte at an offset; NUL behind the end, which belongs to no class. */
static char
byte_at(struct pga_str text, size_t at)
{
    return at < text.len ? text.data[at] : '\0';
}

static size_t
skip_while(struct pga_str text, size_t at, bool (*belongs)(char))
{
    while (at < text.len && belongs(text.data[at]))
        at++;
    return at;
}

static bool
starts_line_comment(struct pga_str text, size_t at)
{
    return byte_at(text, at) == '-' && byte_at(text, at + 1) == '-';
}

static bool
starts_block_comment(struct pga_str text, size_t at)
{
    return byte_at(text, at) == '/' && byte_at(text, at + 1) == '*';
}

static size_t
scan_line_comment(struct pga_str text, size_t at)
{
    while (at < text.len && !is_newline(text.data[at]))
        at++;
    return at;
}

/*
 * Behind a closing quote: where the string goes on, if only blanks and -- comments with at least one line end, and
 * then another quote, follow.  0: it ends here.
 */
static size_t
find_continuation(struct pga_str text, size_t at)
{
    bool line_ended = false;

    for (;;) {
        char c = byte_at(text, at);

        if (is_space(c)) {
            line_ended = line_ended || is_newline(c);
            at++;
        } else if (starts_line_comment(text, at)) {
            at = scan_line_comment(text, at);
        } else {
            return c == '\'' && line_ended ? at + 1 : 0;
        }
    }
}

/* `at` is behind the opening quote. */
static size_t
scan_string(struct pga_str text, size_t at, struct quoting quoting, struct pga_token *out)
{
    out->kind = PGA_TOKEN_STRING;
    while (at < text.len) {
        char c = text.data[at];

        if (c == '\\' && quoting.backslash) {
            at += 2;
        } else if (c != '\'') {
            at++;
        } else if (quoting.doubled && byte_at(text, at + 1) == '\'') {
            at += 2;
        } else {
            size_t next = find_continuation(text, at + 1);

            if (next == 0)
                return at + 1;
            at = next;
        }
    }
    out->unterminated = true;
    return text.len;
}

/* `at` is behind the opening quote. */
static size_t
scan_quoted_name(struct pga_str text, size_t at, struct pga_token *out)
{
    out->kind = PGA_TOKEN_QUOTED_NAME;
    for (; at < text.len; at++) {
        if (text.data[at] != '"')
            continue;
        if (byte_at(text, at + 1) != '"')
            return at + 1;
        at++;
    }
    out->unterminated = true;
    return text.len;
}

static size_t
scan_block_comment(struct pga_str text, size_t at, struct pga_token *out)
{
    int depth = 0;

    out->kind = PGA_TOKEN_BLOCK_COMMENT;
    while (at < text.len) {
        if (starts_block_comment(text, at)) {
            depth++;
            if (depth > out->depth)
                out->depth = depth;
            at += 2;
        } else if (text.data[at] == '*' && byte_at(text, at + 1) == '/') {
            at += 2;
            if (--depth == 0)
                return at;
        } else {
            at++;
        }
    }
    out->unterminated = true;
    return text.len;
}

size_t
pga_lexer_dollar_delimiter(struct pga_str text, size_t offset)
{
    size_t at = offset + 1;

    if (byte_at(text, offset) != '$')
        return 0;
    if (is_word_start(byte_at(text, at)))
        at = skip_while(text, at, is_tag_part);
    return byte_at(text, at) == '$' ? at + 1 - offset : 0;
}

/* A dollar quote, a parameter, or a dollar that is neither. */
static size_t
scan_dollar(struct pga_str text, size_t at, struct pga_token *out)
{
    size_t start = at, len = pga_lexer_dollar_delimiter(text, at);

    if (len == 0) {
        bool numbered = is_digit(byte_at(text, at + 1));

        out->kind = numbered ? PGA_TOKEN_PARAMETER : PGA_TOKEN_OTHER;
        return numbered ? skip_while(text, at + 1, is_digit) : at + 1;
    }
    out->kind = PGA_TOKEN_DOLLAR_STRING;
    for (at += len; at < text.len; at++) {
        const char *dollar = memchr(text.data + at, '$', text.len - at);

        if (dollar == NULL)
            break;
        at = (size_t)(dollar - text.data);
        if (text.len - at >= len && memcmp(text.data + at, text.data + start, len) == 0)
            return at + len;
    }
    out->unterminated = true;
    return text.len;
}

static size_t
scan_number(struct pga_str text, size_t at, struct pga_token *out)
{
    size_t exponent;

    out->kind = PGA_TOKEN_NUMBER;
    at = skip_while(text, at, is_digit);
    if (byte_at(text, at) == '.' && byte_at(text, at + 1) != '.') /* 1..10 is a range */
        at = skip_while(text, at + 1, is_digit);
    if (byte_at(text, at) != 'e' && byte_at(text, at) != 'E')
        return at;
    exponent = at + 1;
    if (byte_at(text, exponent) == '+' || byte_at(text, exponent) == '-')
        exponent++;
    return is_digit(byte_at(text, exponent)) ? skip_while(text, exponent, is_digit) : at;
}

/* An operator ends where a comment begins in it. */
static size_t
scan_operator(struct pga_str text, size_t at)
{
    while (is_operator(byte_at(text, at)) && !starts_line_comment(text, at) &&
           !starts_block_comment(text, at))
        at++;
    return at;
}

/* A word, or a string or name with a prefix. */
static size_t
scan_word(const struct pga_lexer *lexer, size_t at, struct pga_token *out)
{
    struct pga_str text = lexer->text;
    char first = text.data[at], next = byte_at(text, at + 1);

    if (next == '\'' && strchr("eE", first) != NULL)
        return scan_string(text, at + 2, (struct quoting){.backslash = true, .doubled = true}, out);
    if (next == '\'' && strchr("bBxX", first) != NULL)
        return scan_string(text, at + 2, (struct quoting){.backslash = false, .doubled = false},
                           out);
    if (next == '\'' && strchr("nN", first) != NULL)
        return scan_string(text, at + 2,
                           (struct quoting){.backslash = !lexer->standard_strings, .doubled = true},
                           out);
    if (next == '&' && strchr("uU", first) != NULL) {
        if (byte_at(text, at + 2) == '\'')
            return scan_string(text, at + 3, (struct quoting){.backslash = false, .doubled = true},
                               out);
        if (byte_at(text, at + 2) == '"')
            return scan_quoted_name(text, at + 3, out);
    }
    out->kind = PGA_TOKEN_WORD;
    return skip_while(text, at, is_word_part);
}

static enum pga_token_kind
punctuation_kind(char c)
{
    switch (c) {
    case '(':
        return PGA_TOKEN_OPEN;
    case ')':
        return PGA_TOKEN_CLOSE;
    case ';':
        return PGA_TOKEN_SEMICOLON;
    case '\\':
        return PGA_TOKEN_BACKSLASH;
    default:
        return PGA_TOKEN_OTHER;
    }
}

/* What begins with a character that is no letter. */
static size_t
scan_symbol(const struct pga_lexer *lexer, size_t at, struct pga_token *out)
{
    struct pga_str text = lexer->text;
    char c = text.data[at];

    if (c == '\'')
        return scan_string(text, at + 1,
                           (struct quoting){.backslash = !lexer->standard_strings, .doubled = true},
                           out);
    if (c == '"')
        return scan_quoted_name(text, at + 1, out);
    if (c == '$')
        return scan_dollar(text, at, out);
    if (starts_line_comment(text, at)) {
        out->kind = PGA_TOKEN_LINE_COMMENT;
        return scan_line_comment(text, at);
    }
    if (starts_block_comment(text, at))
        return scan_block_comment(text, at, out);
    if (c == '.' && is_digit(byte_at(text, at + 1)))
        return scan_number(text, at, out);
    out->kind = punctuation_kind(c);
    if (c == '.' && byte_at(text, at + 1) == '.')
        return at + 2; /* ..5 is a range that ends at 5, not at .5 */
    return is_operator(c) ? scan_operator(text, at) : at + 1;
}

static int
count_lines(struct pga_str text)
{
    int lines = 0;

    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);

        if (end == NULL)
            break;
        lines++;
        text = pga_str_slice(text, (size_t)(end - text.data) + 1, text.len);
    }
    return lines;
}

void
pga_lexer_init(struct pga_lexer *lexer, struct pga_str text, bool standard_strings)
{
    *lexer = (struct pga_lexer){.text = text, .line = 1, .standard_strings = standard_strings};
}

bool
pga_lexer_next(struct pga_lexer *lexer, struct pga_token *out)
{
    size_t at = lexer->offset, end;
    char c;

    if (at >= lexer->text.len)
        return false;
    *out = (struct pga_token){.kind = PGA_TOKEN_SPACE, .offset = at, .line = lexer->line};
    c = lexer->text.data[at];
    if (is_space(c))
        end = skip_while(lexer->text, at, is_space);
    else if (is_word_start(c))
        end = scan_word(lexer, at, out);
    else if (is_digit(c))
        end = scan_number(lexer->text, at, out);
    else
        end = scan_symbol(lexer, at, out);
    out->len = end - at;
    lexer->offset = end;
    lexer->line += count_lines(pga_str_slice(lexer->text, at, out->len));
    return true;
}

bool
pga_token_is_significant(const struct pga_token *token)
{
    return token->kind != PGA_TOKEN_SPACE && token->kind != PGA_TOKEN_LINE_COMMENT &&
           token->kind != PGA_TOKEN_BLOCK_COMMENT;
}

bool
pga_lexer_next_significant(struct pga_lexer *lexer, struct pga_token *out)
{
    while (pga_lexer_next(lexer, out))
        if (pga_token_is_significant(out))
            return true;
    return false;
}

bool
pga_token_is(struct pga_str text, const struct pga_token *token, const char *keyword)
{
    return token->kind == PGA_TOKEN_WORD &&
           pga_str_equal_nocase(pga_str_slice(text, token->offset, token->len), keyword);
}

void
pga_text_locate(struct pga_str text, size_t offset, int *out_line, int *out_column,
                struct pga_str *out_text)
{
    size_t start = offset < text.len ? offset : text.len, end = start;

    while (start > 0 && text.data[start - 1] != '\n')
        start--;
    while (end < text.len && text.data[end] != '\n')
        end++;
    *out_line = 1 + count_lines(pga_str_slice(text, 0, start));
    *out_column = 1 + (int)pga_utf8_length(pga_str_slice(text, start, offset - start));
    *out_text = pga_str_slice(text, start, end - start);
}
