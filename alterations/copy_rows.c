/*
 * alterations/copy_rows.c: the rows behind COPY ... FROM STDIN, as far as finding one needs it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/copy_rows.h"

#include "alterations/lexer.h"

struct pga_copy_format
pga_copy_format(struct pga_str statement, bool standard_strings)
{
    struct pga_copy_format format = {.quote = '"'};
    struct pga_lexer lexer;
    struct pga_token token;
    bool are_options = false, is_quote = false;

    pga_lexer_init(&lexer, statement, standard_strings);
    while (pga_lexer_next_significant(&lexer, &token)) {
        struct pga_str word = pga_str_slice(statement, token.offset, token.len);

        if (!are_options) {
            are_options = pga_token_is(statement, &token, "stdin");
            continue;
        }
        if (token.kind == PGA_TOKEN_STRING && is_quote && token.len > 2)
            format.quote = word.data[token.len - 2];
        format.is_csv = format.is_csv || pga_str_equal_nocase(word, "csv") ||
                        pga_str_equal_nocase(word, "'csv'") ||
                        pga_str_equal_nocase(word, "\"csv\"");
        format.is_special = format.is_special || pga_str_equal_nocase(word, "escape") ||
                            pga_str_equal_nocase(word, "quote");
        is_quote =
            pga_str_equal_nocase(word, "quote") || (is_quote && pga_str_equal_nocase(word, "as"));
    }
    return format;
}

/* As pga_copy_row_length(); *out_is_open: the data ends within a quoted field. */
static size_t
read_row(struct pga_str data, const struct pga_copy_format *format, bool is_first,
         size_t *out_lines, bool *out_is_open)
{
    bool quoted = false, escaped = false;
    size_t at = 0;

    *out_lines = 1;
    for (; at < data.len; at++) {
        char c = data.data[at];

        if (format->is_csv)
            quoted = quoted != (c == format->quote);
        if (c == '\n' && !quoted && !escaped)
            break;
        if (c == '\n' && quoted && !is_first)
            ++*out_lines;
        escaped = !format->is_csv && c == '\\' && !escaped;
    }
    *out_is_open = quoted;
    return at < data.len ? at + 1 : at;
}

size_t
pga_copy_row_length(struct pga_str data, const struct pga_copy_format *format, bool is_first,
                    size_t *out_lines)
{
    bool ignored;

    return read_row(data, format, is_first, out_lines, &ignored);
}

bool
pga_copy_is_open(struct pga_str data, const struct pga_copy_format *format, size_t *out_offset)
{
    size_t at = 0, lines;
    bool is_open = false;

    if (!format->is_csv || format->is_special)
        return false; /* then quotes don't tell */
    while (at < data.len && !is_open) {
        *out_offset = at;
        at += read_row(pga_str_slice(data, at, data.len), format, at == 0, &lines, &is_open);
    }
    return is_open;
}
