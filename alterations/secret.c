/*
 * alterations/secret.c: keeping the passwords of a script out of what is shown and stored about it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/secret.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alterations/lexer.h"
#include "base/compiler.h"
#include "base/mask.h"

#define NEEDLE_MIN                                                                                 \
    4 /* bytes; what is shorter is part of ordinary words and is masked only in quotes */

/* ---- finding ---- */

/* One pass over a text. */
struct search {
    struct pga_arena *mem;
    struct pga_str text;
    struct pga_secrets *out;
    size_t first;        /* of out->items: the strings of the statement in progress */
    struct pga_str verb; /* its first word; empty before it */
    struct pga_str kind; /* its second one */
    bool has_word;       /* that goes with secrets */
    bool is_routine;     /* its dollar quotes hold statements */
    bool wants_password; /* the word before was PASSWORD, of a role */
};

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* The word "pass" by itself: others begin and end with it. */
static bool
is_pass(struct pga_str text, size_t at)
{
    size_t end = at + strlen("pass");

    return pga_str_equal_nocase(pga_str_slice(text, at, end - at), "pass") &&
           (at == 0 || !is_letter(text.data[at - 1])) &&
           (end == text.len || !is_letter(text.data[end]));
}

bool
pga_secret_is_named(struct pga_str text)
{
    static const char *const words[] = {"passw",  "passphrase", "pwd",     "secret", "token",
                                        "crypt",  "credential", "api_key", "apikey", "private_key",
                                        "dblink", "connection", "mapping"};

    for (size_t at = 0; at < text.len; at++)
        for (size_t i = 0; i < PGA_COUNT_OF(words); i++)
            if (lower(text.data[at]) == words[i][0] && text.len - at >= strlen(words[i]) &&
                strncasecmp(text.data + at, words[i], strlen(words[i])) == 0)
                return true;
    for (size_t at = 0; at < text.len; at++)
        if (lower(text.data[at]) == 'p' && is_pass(text, at))
            return true;
    return false;
}

static void
add(struct search *s, size_t from, size_t to, bool is_row)
{
    struct pga_secrets *out = s->out;

    if (from >= to)
        return;
    out->items = pga_grow(s->mem, out->items, out->count, &out->capacity, sizeof(*out->items));
    out->items[out->count++] = (struct pga_secret){from, to - from, is_row};
}

/* What stands between the quotes of a string, or of a name. */
static void
add_string(struct search *s, const struct pga_token *token)
{
    bool is_dollar = token->kind == PGA_TOKEN_DOLLAR_STRING;
    char quote = token->kind == PGA_TOKEN_QUOTED_NAME ? '"' : '\'';
    size_t open = is_dollar ? pga_lexer_dollar_delimiter(s->text, token->offset) : 0;
    size_t close = token->unterminated ? 0 : is_dollar ? open : 1;

    if (!is_dollar)
        while (open < token->len && s->text.data[token->offset + open++] != quote)
            continue; /* E and U& stand before it */
    if (open + close <= token->len)
        add(s, token->offset + open, token->offset + token->len - close, false);
}

/* The strings within the body of a DO or CREATE FUNCTION; the code between them may be shown. */
static void
add_body(struct search *s, const struct pga_token *token, bool standard_strings)
{
    size_t open = pga_lexer_dollar_delimiter(s->text, token->offset);
    size_t from = token->offset + open;
    size_t len = token->len - open - (token->unterminated ? 0 : open);
    struct pga_lexer lexer;
    struct pga_token inner;

    pga_lexer_init(&lexer, pga_str_slice(s->text, from, len), standard_strings);
    while (pga_lexer_next(&lexer, &inner)) {
        inner.offset += from;
        if (inner.kind == PGA_TOKEN_STRING || inner.kind == PGA_TOKEN_DOLLAR_STRING)
            add_string(s, &inner);
        else if (!pga_token_is_significant(&inner) &&
                 pga_secret_is_named(pga_str_slice(s->text, inner.offset, inner.len)))
            add(s, inner.offset, inner.offset + inner.len, false);
    }
}

/* A role's password that lacks its quotes, or has the wrong ones. */
static void
add_bare(struct search *s, const struct pga_token *token)
{
    if (token->kind == PGA_TOKEN_QUOTED_NAME)
        add_string(s, token);
    else if (token->kind != PGA_TOKEN_STRING && token->kind != PGA_TOKEN_DOLLAR_STRING &&
             token->kind != PGA_TOKEN_SEMICOLON && !pga_token_is(s->text, token, "null"))
        add(s, token->offset, token->offset + token->len, false);
}

static bool
is_of_role(const struct search *s)
{
    return (pga_str_equal_nocase(s->verb, "create") || pga_str_equal_nocase(s->verb, "alter")) &&
           (pga_str_equal_nocase(s->kind, "role") || pga_str_equal_nocase(s->kind, "user") ||
            pga_str_equal_nocase(s->kind, "group"));
}

/* Behind a COPY: its rows, up to a line that is only \. */
static void
skip_rows(struct search *s, struct pga_lexer *lexer)
{
    size_t from = lexer->offset, at = from;

    while (at < s->text.len) {
        struct pga_str rest = pga_str_slice(s->text, at, s->text.len);
        const char *newline = memchr(rest.data, '\n', rest.len);
        size_t len = newline == NULL ? rest.len : (size_t)(newline - rest.data);

        if (at > from && pga_str_equal_c(pga_str_slice(rest, 0, len), "\\."))
            break;
        /* What follows COPY on its own line is no row.  Whether it is of a table with a password can't be seen in COPY. */
        if (at > from)
            add(s, at, at + len, true);
        at += len + (newline != NULL ? 1 : 0);
    }
    lexer->offset = at;
}

static void
end_statement(struct search *s, struct pga_lexer *lexer, bool reads_rows)
{
    if (!s->has_word)
        s->out->count = s->first;
    if (reads_rows)
        skip_rows(s, lexer);
    s->first = s->out->count;
    s->verb = s->kind = (struct pga_str){0};
    s->has_word = s->wants_password = s->is_routine = false;
}

static void
take_word(struct search *s, struct pga_str word)
{
    if (s->verb.len == 0) {
        s->verb = word;
        s->is_routine = pga_str_equal_nocase(word, "do");
        return;
    }
    if (s->kind.len == 0)
        s->kind = word;
    if (pga_str_equal_nocase(s->verb, "create") &&
        (pga_str_equal_nocase(word, "function") || pga_str_equal_nocase(word, "procedure")))
        s->is_routine = true;
}

/* Comments speak of the statements around them, or hold some: they count by themselves. */
static void
search_comments(struct search *s, bool standard_strings)
{
    struct pga_lexer lexer;
    struct pga_token token;

    pga_lexer_init(&lexer, s->text, standard_strings);
    while (pga_lexer_next(&lexer, &token))
        if (!pga_token_is_significant(&token) &&
            pga_secret_is_named(pga_str_slice(s->text, token.offset, token.len)))
            add(s, token.offset, token.offset + token.len, false);
    s->first = s->out->count;
}

/* A quoted name that holds statements, as its closing quote is missing. */
static bool
is_swallowed(const struct pga_token *token, struct pga_str text)
{
    return token->kind == PGA_TOKEN_QUOTED_NAME && pga_secret_is_named(text) &&
           (token->unterminated || memchr(text.data, '\'', text.len) != NULL);
}

static void
take_token(struct search *s, const struct pga_token *token, bool standard_strings)
{
    struct pga_str text = pga_str_slice(s->text, token->offset, token->len);
    bool is_sign = token->kind == PGA_TOKEN_OTHER;

    s->has_word = s->has_word || pga_secret_is_named(text);
    if (s->wants_password && !is_sign)
        add_bare(s, token);
    s->wants_password =
        (s->wants_password && is_sign) || (token->kind == PGA_TOKEN_WORD && is_of_role(s) &&
                                           pga_str_equal_nocase(pga_str_slice(text, 0, 4), "pass"));
    if (token->kind == PGA_TOKEN_DOLLAR_STRING && s->is_routine)
        add_body(s, token, standard_strings);
    else if (token->kind == PGA_TOKEN_STRING || token->kind == PGA_TOKEN_DOLLAR_STRING ||
             is_swallowed(token, text))
        add_string(s, token);
    else if (token->kind == PGA_TOKEN_WORD)
        take_word(s, text);
}

static void
search(struct search *s, bool standard_strings)
{
    struct pga_lexer lexer;
    struct pga_token token;
    bool from_stdin = false;

    search_comments(s, standard_strings);
    pga_lexer_init(&lexer, s->text, standard_strings);
    while (pga_lexer_next_significant(&lexer, &token)) {
        take_token(s, &token, standard_strings);
        from_stdin = from_stdin || pga_token_is(s->text, &token, "stdin");
        if (token.kind != PGA_TOKEN_SEMICOLON)
            continue;
        end_statement(s, &lexer, from_stdin && pga_str_equal_nocase(s->verb, "copy"));
        from_stdin = false;
    }
    end_statement(s, &lexer, false);
}

static int
compare_offsets(const void *a, const void *b)
{
    const struct pga_secret *x = a, *y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* In order, none within or across another. */
static void
merge(struct pga_secrets *secrets)
{
    size_t kept = 0;

    if (secrets->count > 0)
        qsort(secrets->items, secrets->count, sizeof(*secrets->items), compare_offsets);
    for (size_t i = 0; i < secrets->count; i++) {
        struct pga_secret *last = kept == 0 ? NULL : &secrets->items[kept - 1];
        const struct pga_secret *item = &secrets->items[i];
        size_t end = item->offset + item->len;

        if (last == NULL || item->offset >= last->offset + last->len)
            secrets->items[kept++] = *item;
        else if (end > last->offset + last->len)
            last->len = end - last->offset;
    }
    secrets->count = kept;
}

/* Where a quote is missing, what seems to stand between strings is in one. */
static void
guess(struct pga_arena *mem, struct pga_secrets *secrets)
{
    const char *text = pga_str_dup(mem, secrets->text);
    size_t len = strlen(text), end;
    bool *hidden = pga_new_array(mem, bool, len + 1);

    pga_mask_mark(text, hidden);
    for (size_t at = 0; at < len; at = end + 1) {
        for (end = at; hidden[end];)
            end++;
        if (end == at)
            continue;
        secrets->guesses = pga_grow(mem, secrets->guesses, secrets->guess_count,
                                    &secrets->guess_capacity, sizeof(*secrets->guesses));
        secrets->guesses[secrets->guess_count++] = (struct pga_secret){at, end - at, false};
    }
}

void
pga_secrets_find(struct pga_arena *mem, struct pga_str text, struct pga_secrets *out)
{
    *out = (struct pga_secrets){.text = text};
    if (!pga_secret_is_named(text))
        return;
    /* A script can change how its strings are read: what is one in either way is masked. */
    for (int standard = 0; standard <= 1; standard++) {
        struct search s = {.mem = mem, .text = text, .out = out, .first = out->count};

        search(&s, standard == 1);
    }
    merge(out);
    guess(mem, out);
}

bool
pga_secrets_lie_in(const struct pga_secrets *secrets, size_t offset, size_t len, bool *out_is_row)
{
    bool found = false;

    if (out_is_row != NULL)
        *out_is_row = false;
    for (size_t i = 0; i < secrets->count; i++) {
        const struct pga_secret *item = &secrets->items[i];

        if (item->offset >= offset + len || item->offset + item->len <= offset)
            continue;
        if (out_is_row != NULL)
            *out_is_row = *out_is_row || item->is_row;
        found = true;
    }
    return found;
}

/* ---- what a server said ---- */

static bool
is_quote(char c)
{
    return c == '\'' || c == '"';
}

/* Mark where the needle stands in the text. */
static void
mark_needle(struct pga_arena *mem, const char *text, bool *hidden, struct pga_str needle)
{
    const char *secret = pga_str_dup(mem, needle), *at = text;

    while (needle.len > 0 && (at = strstr(at, secret)) != NULL) {
        const char *behind = at + needle.len;

        if (needle.len < NEEDLE_MIN && !(at > text && is_quote(at[-1]) && is_quote(*behind))) {
            at++;
            continue;
        }
        memset(hidden + (at - text), true, needle.len);
        at = behind;
    }
}

/* Whether a string only announces a secret that is put behind it: 'ALTER ROLE x PASSWORD '. */
static bool
is_announcement(struct pga_arena *mem, struct pga_str needle)
{
    const char *text = pga_str_dup(mem, needle);
    size_t len = needle.len;

    while (len > 0 && strchr(" \t\r\n='\"", text[len - 1]) != NULL)
        len--;
    if (len == needle.len)
        return false;
    text = pga_format(mem, "%.*s", (int)len, text);
    return pga_same(pga_mask_text(mem, pga_format(mem, "%s=x", text)),
                    pga_format(mem, "%s=" PGA_MASK, text));
}

/* As the server reads it: doubled quotes are one. */
static struct pga_str
undouble(struct pga_arena *mem, struct pga_str text)
{
    struct pga_buf out = pga_buf_on(mem);

    for (size_t i = 0; i < text.len; i++) {
        pga_buf_append_char(&out, text.data[i]);
        if (is_quote(text.data[i]) && i + 1 < text.len && text.data[i + 1] == text.data[i])
            i++;
    }
    return pga_buf_str(&out);
}

/* Mark everything between the first opening and the last closing character; to the end if it is never closed. */
static void
mark_between(const char *text, bool *hidden, char open, char close)
{
    const char *from = strchr(text, open), *to = strrchr(text, close);

    if (from == NULL)
        return;
    from++;
    if (to == NULL || to < from)
        to = text + strlen(text);
    memset(hidden + (from - text), true, (size_t)(to - from));
}

char *
pga_secrets_scrub(struct pga_arena *mem, const struct pga_secrets *secrets, const char *about,
                  const char *text)
{
    /* All looks at the text as it came: what one rule hides may be what another one knows a secret by. */
    size_t len = strlen(text);
    bool *hidden = pga_new_array(mem, bool, len + 1);

    for (size_t i = 0; i < secrets->count; i++) {
        const struct pga_secret *item = &secrets->items[i];
        struct pga_str raw = pga_str_slice(secrets->text, item->offset, item->len);
        struct pga_str plain = undouble(mem, raw);

        if ((item->is_row && about[0] == '\0') || item->len / 2 > len ||
            is_announcement(mem, plain))
            continue;
        mark_needle(mem, text, hidden, raw);
        if (plain.len != raw.len)
            mark_needle(mem, text, hidden, plain);
    }
    for (size_t i = 0; i < secrets->guess_count; i++) {
        const struct pga_secret *item = &secrets->guesses[i];

        /* Others may be names. */
        if (item->len > 2 && is_quote(secrets->text.data[item->offset]))
            mark_needle(mem, text, hidden,
                        pga_str_slice(secrets->text, item->offset + 1, item->len - 2));
    }
    for (; about[0] != '\0' && about[1] != '\0'; about += 2)
        mark_between(text, hidden, about[0], about[1]);
    pga_mask_mark(text, hidden);
    return pga_mask_marked(mem, text, hidden);
}

/* ---- a line of the script ---- */

/* A secret as it is hidden in its line: with its quotes, as pga_mask_text() hides it too. */
static void
outer(const struct pga_secrets *secrets, size_t i, size_t *out_from, size_t *out_to)
{
    struct pga_str text = secrets->text;

    *out_from = secrets->items[i].offset;
    *out_to = *out_from + secrets->items[i].len;
    *out_from -= *out_from > 0 && is_quote(text.data[*out_from - 1]);
    *out_to += *out_to < text.len && is_quote(text.data[*out_to]);
}

/* Append the script's text from `from` to `to`, a mask for each secret that it touches. */
static void
append_clean(struct pga_buf *out, const struct pga_secrets *secrets, size_t from, size_t to)
{
    bool is_masked = false;

    for (size_t i = 0; i < secrets->count && from < to; i++) {
        size_t begin, end;

        outer(secrets, i, &begin, &end);
        if (end <= from || begin >= to)
            continue;
        if (begin > from)
            pga_buf_append(out, pga_str_slice(secrets->text, from, begin - from));
        if (begin > from || !is_masked) /* one for those that touch each other */
            pga_buf_append_c(out, PGA_MASK);
        is_masked = true;
        from = end;
    }
    if (from < to)
        pga_buf_append(out, pga_str_slice(secrets->text, from, to - from));
}

/* What lies in a secret stands at its beginning. */
static size_t
begin_of(const struct pga_secrets *secrets, size_t offset)
{
    for (size_t i = 0; i < secrets->count; i++) {
        size_t begin, end;

        outer(secrets, i, &begin, &end);
        if (offset > begin && offset < end)
            return begin;
    }
    return offset;
}

bool
pga_secret_place(struct pga_error *err, const char *file, int line, struct pga_str text,
                 size_t offset)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf before = pga_buf_on(&mem), shown = pga_buf_on(&mem);
    struct pga_secrets secrets;
    struct pga_str whole;
    size_t start;
    int ignored, column;

    offset = offset < text.len ? offset : text.len;
    pga_text_locate(text, offset, &ignored, &column, &whole);
    pga_secrets_find(&mem, text, &secrets);
    for (size_t i = 0; i < secrets.guess_count; i++) {
        secrets.items =
            pga_grow(&mem, secrets.items, secrets.count, &secrets.capacity, sizeof(*secrets.items));
        secrets.items[secrets.count++] = secrets.guesses[i];
    }
    merge(&secrets);
    start = (size_t)(whole.data - text.data);
    append_clean(&before, &secrets, start, begin_of(&secrets, offset));
    append_clean(&shown, &secrets, start, start + whole.len);
    (void)pga_error_place(err, file, line, (int)pga_utf8_length(pga_buf_str(&before)) + 1,
                          shown.data, shown.len);
    err->place.column = column;
    return false;
}
