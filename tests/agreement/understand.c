/*
 * tests/agreement/understand.c: what a server would do with a statement.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/agreement/understand.h"

#include <stddef.h>
#include <string.h>

/* What is left of a statement, and its present word: a name, a quoted text or one character; empty at the end. */
struct reader {
    struct pga_str rest, word;
    int depth; /* of parentheses */
};

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* Bytes up to and with `close` behind the first byte; everything when it is missing. */
static size_t
length_to(struct pga_str text, const char *close)
{
    for (size_t i = 1; i < text.len; i++)
        if (pga_str_starts(pga_str_slice(text, i, text.len), close))
            return i + strlen(close);
    return text.len;
}

static size_t
word_length(struct pga_str text)
{
    size_t len = 0;

    if (text.len == 0)
        return 0;
    if (text.data[0] == '\'' || text.data[0] == '"')
        return length_to(text, text.data[0] == '"' ? "\"" : "'");
    while (len < text.len && is_letter(text.data[len]))
        len++;
    return len == 0 ? 1 : len;
}

static void
next(struct reader *r)
{
    for (;;) {
        size_t skip = 0;

        if (pga_str_starts(r->rest, "--"))
            skip = length_to(r->rest, "\n");
        else if (pga_str_starts(r->rest, "/*"))
            skip = length_to(r->rest, "*/");
        else if (r->rest.len > 0 && strchr(" \t\r\n\f\v", r->rest.data[0]) != NULL)
            skip = 1;
        if (skip == 0)
            break;
        r->rest = pga_str_slice(r->rest, skip, r->rest.len);
    }
    r->word = pga_str_slice(r->rest, 0, word_length(r->rest));
    r->rest = pga_str_slice(r->rest, r->word.len, r->rest.len);
    r->depth += pga_str_equal_c(r->word, "(") - pga_str_equal_c(r->word, ")");
}

/* If this is the word, go on to the next. */
static bool
take(struct reader *r, const char *word)
{
    if (!pga_str_equal_nocase(r->word, word))
        return false;
    next(r);
    return true;
}

static bool
is_off(struct pga_str value)
{
    static const char *const words[] = {"off", "'off'", "false", "'false'", "no", "0", "f"};

    for (size_t i = 0; i < PGA_COUNT_OF(words); i++)
        if (pga_str_equal_nocase(value, words[i]))
            return true;
    return false;
}

static void
understand_set(struct reader *r, struct pga_understanding *out)
{
    (void)take(r, "session");
    if (!take(r, "standard_conforming_strings"))
        return;
    next(r); /* = or TO */
    out->strings = is_off(r->word) ? '0' : '1';
}

static void
understand_copy(struct reader *r, struct pga_understanding *out)
{
    bool in;

    while (r->word.len > 0 && !(r->depth == 0 && (pga_str_equal_nocase(r->word, "from") ||
                                                  pga_str_equal_nocase(r->word, "to"))))
        next(r);
    in = pga_str_equal_nocase(r->word, "from");
    next(r);
    if (pga_str_equal_nocase(r->word, "stdin") || pga_str_equal_nocase(r->word, "stdout")) {
        out->copy_in = in;
        out->copy_out = !in;
    }
}

static void
understand_end(struct reader *r, struct pga_understanding *out)
{
    if (!take(r, "work"))
        (void)take(r, "transaction");
    if (!pga_str_equal_nocase(r->word, "to") && !pga_str_equal_nocase(r->word, "prepared"))
        out->transaction = 'I';
}

struct pga_understanding
pga_understand(struct pga_str statement)
{
    struct pga_understanding out = {0};
    struct reader r = {.rest = statement};

    next(&r);
    if (take(&r, "copy")) {
        understand_copy(&r, &out);
    } else if (take(&r, "set")) {
        understand_set(&r, &out);
    } else if (take(&r, "reset") || take(&r, "discard")) {
        if (pga_str_equal_nocase(r.word, "all") ||
            pga_str_equal_nocase(r.word, "standard_conforming_strings"))
            out.strings = '1';
    } else if (take(&r, "begin") || take(&r, "start")) {
        out.transaction = 'T';
    } else if (take(&r, "commit") || take(&r, "end") || take(&r, "rollback") || take(&r, "abort")) {
        understand_end(&r, &out);
    }
    return out;
}
