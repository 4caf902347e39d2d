/*
 * tests/agreement/record.c: what was sent to a server, as a file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/agreement/record.h"

#include <errno.h>
#include <string.h>

static bool
is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct pga_str
from(struct pga_str text, size_t at)
{
    return pga_str_slice(text, at, text.len);
}

/* Bytes of the comment that begins here; 0: none does. */
static size_t
comment_length(struct pga_str text)
{
    size_t at = 0;
    int depth = 0;

    if (pga_str_starts(text, "--")) {
        while (at < text.len && text.data[at] != '\n' && text.data[at] != '\r')
            at++;
        return at;
    }
    if (!pga_str_starts(text, "/*"))
        return 0;
    do {
        int change = pga_str_starts(from(text, at), "/*") - pga_str_starts(from(text, at), "*/");

        depth += change;
        at += change == 0 ? 1 : 2;
    } while (at < text.len && depth > 0);
    return at < text.len ? at : text.len;
}

static struct pga_str
without_lead(struct pga_str text)
{
    for (;;) {
        size_t skip = text.len > 0 && is_blank(text.data[0]) ? 1 : comment_length(text);

        if (skip == 0)
            return text;
        text = from(text, skip);
    }
}

static struct pga_str
without_blanks_behind(struct pga_str text)
{
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

struct pga_str
pga_record_statement(struct pga_arena *mem, struct pga_str text)
{
    struct pga_buf out = pga_buf_on(mem);

    text = without_blanks_behind(without_lead(text));
    if (pga_str_ends(text, ";"))
        text.len--;
    text = without_blanks_behind(text);
    for (size_t i = 0; i < text.len; i++) {
        bool windows = pga_str_starts(from(text, i), "\r\n");
        bool empty_line = text.data[i] == '\n' && pga_str_ends(pga_buf_str(&out), "\n");

        if (!windows && !empty_line)
            pga_buf_append_char(&out, text.data[i]);
    }
    return pga_buf_str(&out);
}

struct pga_str
pga_record_rows(struct pga_str text)
{
    bool last_line = pga_str_equal_c(text, "\\.\n") || pga_str_ends(text, "\n\\.\n");

    return last_line ? pga_str_slice(text, 0, text.len - 3) : text;
}

bool
pga_record_write(FILE *to, struct pga_record record, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    bool query = record.kind == PGA_RECORD_QUERY;
    struct pga_str text =
        query ? pga_record_statement(&mem, record.text) : pga_record_rows(record.text);

    if (query && text.len == 0)
        return true;
    if (fprintf(to, "%c %zu\n", record.kind, text.len) < 0 ||
        fwrite(text.data, 1, text.len, to) != text.len || fputc('\n', to) == EOF)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "can't write a record: %s", strerror(errno));
    return true;
}

bool
pga_record_read(struct pga_str *rest, struct pga_record *out)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    size_t head = end == NULL ? 0 : (size_t)(end - rest->data);
    int64_t len;

    if (rest->len == 0)
        return false;
    if (head < 3 || strchr("QD", rest->data[0]) == NULL ||
        !pga_parse_int(pga_str_slice(*rest, 2, head - 2), 0, (int64_t)PGA_RECORD_MAX, &len) ||
        (size_t)len + head + 2 > rest->len)
        pga_bug("not a record: %.*s", (int)head, rest->data);
    out->kind = rest->data[0] == 'Q' ? PGA_RECORD_QUERY : PGA_RECORD_ROWS;
    out->text = pga_str_slice(*rest, head + 1, (size_t)len);
    *rest = from(*rest, head + 1 + (size_t)len + 1);
    return true;
}
