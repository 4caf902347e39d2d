/*
 * engine/place_within.c: places inside one statement of a script: its quoted bodies, its rows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/place_within.h"

#include <ctype.h>
#include <string.h>

#include "alterations/copy_rows.h"
#include "alterations/lexer.h"

#define BLOCK_NAME "inline_code_block" /* how the server calls a DO block, in every language */

/* The first number at or behind `from` on its line; 0: there is none. */
static size_t
read_number(const char *from)
{
    int64_t value = 0;
    size_t digits;

    from += strcspn(from, "0123456789\n");
    digits = strspn(from, "0123456789");
    return pga_parse_int((struct pga_str){from, digits}, 1, INT32_MAX, &value) ? (size_t)value : 0;
}

/* ---- bodies ---- */

/* The text of a string as the server reads it. */
struct body {
    struct pga_str text;
    size_t offset; /* of its first byte in the script */
    bool doubles;  /* the script has each quote of it twice */
};

/* The byte of the script for a byte of the body. */
static size_t
script_offset(const struct body *body, size_t at)
{
    size_t quotes = 0;

    for (size_t i = 0; body->doubles && i < at && i < body->text.len; i++)
        quotes += body->text.data[i] == '\'';
    return body->offset + at + quotes;
}

/* Take a string as a body.  False for strings with escapes or in several parts: bodies are not written so. */
static bool
read_body(struct pga_arena *mem, struct pga_str text, const struct pga_token *token,
          struct body *out)
{
    struct pga_buf plain = pga_buf_on(mem);
    size_t open = 1, end = token->offset + token->len;

    if (token->kind == PGA_TOKEN_DOLLAR_STRING) {
        open = pga_lexer_dollar_delimiter(text, token->offset);
        *out = (struct body){pga_str_slice(text, token->offset + open, token->len - 2 * open),
                             token->offset + open, false};
        return true;
    }
    if (text.data[token->offset] != '\'')
        return false;
    for (size_t i = token->offset + open; i + 1 < end; i++) {
        if (text.data[i] == '\'' && text.data[i + 1] != '\'')
            return false; /* the end of a first part */
        pga_buf_append_char(&plain, text.data[i]);
        i += text.data[i] == '\'';
    }
    *out = (struct body){pga_buf_str(&plain), token->offset + open, true};
    return true;
}

/* The longest string of a statement: beside a body there are names of languages, settings and the like. */
static bool
find_body(struct pga_arena *mem, struct pga_str text, const struct pga_statement *statement,
          struct body *out)
{
    struct pga_str part = pga_str_slice(text, 0, statement->offset + statement->len);
    struct pga_lexer lexer;
    struct pga_token token, longest = {0};

    pga_lexer_init(&lexer, part, statement->standard_strings);
    lexer.offset = statement->offset;
    while (pga_lexer_next_significant(&lexer, &token))
        if ((token.kind == PGA_TOKEN_STRING || token.kind == PGA_TOKEN_DOLLAR_STRING) &&
            token.len > longest.len)
            longest = token;
    return longest.len > 0 && read_body(mem, part, &longest, out);
}

/* Where the outermost DO block of a context was: its line; 0 when there is none. */
static size_t
block_line(const char *context)
{
    size_t line = 0;

    for (const char *at = context; (at = strstr(at, BLOCK_NAME)) != NULL; at += strlen(BLOCK_NAME))
        line = read_number(at + strlen(BLOCK_NAME));
    return line;
}

bool
pga_names_block(const struct pga_server_message *said, const struct pga_statement *statement)
{
    return pga_str_equal_nocase(statement->first, "do") && block_line(said->context) > 0;
}

/* Offset of a 1-based line; false when there are fewer. */
static bool
find_line(struct pga_str text, size_t line, size_t *out)
{
    size_t at = 0;

    for (; line > 1; line--) {
        const char *newline = memchr(text.data + at, '\n', text.len - at);

        if (newline == NULL)
            return false;
        at = (size_t)(newline - text.data) + 1;
    }
    *out = at;
    return true;
}

/* Whether the query that PL/pgSQL ran is what stands here: it makes blanks of INTO and its targets. */
static bool
is_query(struct pga_str here, struct pga_str query)
{
    if (query.len == 0 || here.len < query.len)
        return false;
    for (size_t i = 0; i < query.len; i++)
        if (here.data[i] != query.data[i] && (i == 0 || query.data[i] != ' '))
            return false;
    return true;
}

/*
 * The query within the statement of PL/pgSQL that begins in the line at `from`.  Of PERFORM the server's query has SELECT
 * instead, which is one byte shorter.
 */
static bool
find_query(struct pga_str body, size_t from, struct pga_str query, size_t *out)
{
    const char *newline = memchr(body.data + from, '\n', body.len - from);
    size_t line_end = newline == NULL ? body.len : (size_t)(newline - body.data);
    bool is_over = pga_str_ends(pga_str_trim(pga_str_slice(body, from, line_end - from)), ";");
    const char *semicolon = memchr(body.data + line_end, ';', body.len - line_end);
    size_t end = is_over             ? line_end
                 : semicolon == NULL ? body.len
                                     : (size_t)(semicolon - body.data);
    size_t verb = strlen("SELECT");

    for (size_t at = from; at < end; at++) {
        struct pga_str here = pga_str_slice(body, at, body.len);

        if (is_query(here, query)) {
            *out = at;
            return true;
        }
        if (pga_str_starts(query, "SELECT") &&
            pga_str_equal_nocase(pga_str_slice(here, 0, verb + 1), "perform") &&
            is_query(pga_str_slice(here, verb + 1, here.len),
                     pga_str_slice(query, verb, query.len))) {
            *out = at + 1;
            return true;
        }
    }
    return false;
}

bool
pga_body_spot(struct pga_arena *mem, const struct pga_sent *sent,
              const struct pga_statement *statement, const struct pga_server_message *said,
              struct pga_spot *out)
{
    struct pga_str query = pga_str_of(said->internal_query);
    size_t position = pga_internal_offset(sent, said);
    size_t line = block_line(said->context), from = 0, at = 0;
    struct body body;

    if ((line == 0 && query.len == 0) || !find_body(mem, sent->script->text, statement, &body))
        return false;
    if (query.len > 0 && pga_str_equal(query, body.text)) {
        *out = (struct pga_spot){script_offset(&body, position), true};
        return true;
    }
    if (line == 0 || !find_line(body.text, line, &from))
        return false;
    if (query.len > 0 && find_query(body.text, from, query, &at))
        *out = (struct pga_spot){script_offset(&body, at + position), true};
    else
        *out = (struct pga_spot){script_offset(&body, from), false};
    return true;
}

/* ---- rows ---- */

/* The line of the rows that a context names; 0 when it does not. */
static size_t
row_line(const char *context)
{
    for (const char *at = context; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, "COPY ", strlen("COPY ")) == 0) {
            const char *behind = strstr(at, ", ");

            return behind == NULL ? 0 : read_number(behind);
        }
    }
    return 0;
}

bool
pga_row_spot(struct pga_str text, const struct pga_statement *statement,
             const struct pga_server_message *said, struct pga_spot *out)
{
    struct pga_str data = pga_str_slice(text, statement->data_offset, statement->data_len);
    size_t line = row_line(said->context), counted = 0, at = 0;
    struct pga_copy_format format = pga_copy_format(
        pga_str_slice(text, statement->offset, statement->len), statement->standard_strings);

    if (line == 0)
        return false;
    while (at < data.len) {
        size_t lines;
        size_t len =
            pga_copy_row_length(pga_str_slice(data, at, data.len), &format, at == 0, &lines);

        counted += lines;
        if (counted >= line) {
            *out = (struct pga_spot){statement->data_offset + at, false};
            return true;
        }
        at += len;
    }
    return false;
}
