/*
 * alterations/statement.c: a script to statements.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/statement.h"

#include <stdlib.h>
#include <string.h>

#include "alterations/copy_rows.h"
#include "alterations/lexer.h"
#include "alterations/secret.h"
#include "alterations/statement_kind.h"

/* How much of CREATE [OR REPLACE] FUNCTION|PROCEDURE a statement has shown. */
enum routine {
    ROUTINE_UNDECIDED, /* nothing but CREATE, OR and REPLACE yet */
    ROUTINE_NONE,
    ROUTINE_SEEN,
    ROUTINE_BEGIN,     /* its last word was BEGIN */
    ROUTINE_SEPARATOR, /* in its BEGIN ATOMIC body, where a statement or END comes next */
    ROUTINE_BODY,
};

struct splitter {
    struct pga_arena *mem;
    const char *file;
    struct pga_str text;
    struct pga_lexer lexer;
    struct pga_statements *out;
    struct pga_error *err;
    bool initial_strings, strings_changed, strings_unknown;
    struct pga_statement statement; /* the one that is being read */
    bool begun;
    int parentheses;
    size_t parenthesis_offset, body_offset; /* of the outermost open one; of the body's BEGIN */
    enum routine routine;
    size_t tags_from; /* up to here dollar tags were collected */
};

/* Say what and where, after pga_fail().  Returns false. */
static bool
place(struct splitter *s, enum pga_error_id id, size_t offset)
{
    int line, column;
    struct pga_str text;

    (void)pga_error_identify(s->err, id);
    pga_text_locate(s->text, offset, &line, &column, &text);
    return pga_secret_place(s->err, s->file, line, s->text, offset);
}

static bool
fail_unterminated(struct splitter *s, const struct pga_token *token)
{
    const char *what = "quoted string", *close = "'";

    if (token->kind == PGA_TOKEN_BLOCK_COMMENT) {
        what = "comment";
        close = "*/";
    } else if (token->kind == PGA_TOKEN_QUOTED_NAME) {
        what = "quoted name";
        close = "\"";
    } else if (token->kind == PGA_TOKEN_DOLLAR_STRING) {
        size_t len = pga_lexer_dollar_delimiter(s->text, token->offset);
        struct pga_buf delimiter = pga_buf_on(s->mem);

        pga_buf_append_printable(&delimiter, pga_str_slice(s->text, token->offset, len));
        what = "dollar-quoted string";
        close = delimiter.data;
    }
    (void)pga_fail(s->err, PGA_ERR_USAGE, "unterminated %s", what);
    (void)pga_error_hint(s->err, "The script ends inside it: close it with %s", close);
    return place(s, PGA_ID_UNTERMINATED, token->offset);
}

static const struct {
    const char *commands; /* between blanks */
    const char *hint;
} command_hints[] = {
    {" restrict unrestrict ",
     "pg_dump writes \\restrict and \\unrestrict for psql. Remove both lines."},
    {" connect c ",
     "pgalter runs a script in the database that it is connected to. Remove the \\connect line, "
     "and give each database its own directory of alterations."},
    {" copy ",
     "Write COPY ... FROM STDIN; with the rows behind it and a line \\. at their end, or COPY ... "
     "FROM 'file' for a file on the server."},
    {" i ir include include_relative ",
     "pgalter reads one file per script. Put the statements of the other file here, or make it an "
     "alteration of its own."},
    {" . ",
     "A line \\. ends the rows of COPY ... FROM STDIN; there is no such statement before it."},
    {" g gx gexec gset gdesc crosstabview watch bind bind_named parse sendpipeline ",
     "End the statement with a semicolon; what it returns can't be used by the script. A DO block "
     "can run statements that it puts together."},
    {" set unset if elif else endif prompt ",
     "pgalter has no variables and conditions. Write the values out, or use a DO block."},
    {" encoding ", "A script is UTF-8. Remove the line."},
    {" ; ", "Write \";\" without the backslash."},
};

static bool
fail_meta_command(struct splitter *s, size_t offset)
{
    struct pga_str rest = pga_str_slice(s->text, offset + 1, 40);
    const char *hint = "Only psql knows it. Remove the line, or write what it does in SQL.";
    size_t len = 0;
    char *name, *key;

    while (len < rest.len && rest.data[len] > ' ' && rest.data[len] < 0x7F &&
           strchr(";\\'\"", rest.data[len]) == NULL)
        len++;
    if (len == 0 && rest.len > 0 && rest.data[0] == ';')
        len = 1;
    name = pga_strndup(s->mem, rest.data, len);
    key = pga_format(s->mem, " %s ", name);
    for (size_t i = 0; i < PGA_COUNT_OF(command_hints); i++)
        if (strstr(command_hints[i].commands, key) != NULL) {
            hint = command_hints[i].hint;
            break;
        }
    (void)pga_fail(s->err, PGA_ERR_USAGE, "\"\\%s\" is a command of psql, not SQL", name);
    (void)pga_error_hint(s->err, "%s", hint);
    return place(s, PGA_ID_META_COMMAND, offset);
}

static bool
fail_ambiguous_string(struct splitter *s, size_t offset)
{
    (void)pga_fail(s->err, PGA_ERR_USAGE,
                   "a string with a backslash whose meaning depends on "
                   "standard_conforming_strings, which the script changed");
    (void)pga_error_hint(s->err, "Write it as E'...' with each backslash doubled.");
    return place(s, PGA_ID_SESSION_STATE, offset);
}

/* Whether both values of standard_conforming_strings may read the string differently. */
static bool
is_ambiguous(struct pga_str text, const struct pga_token *token)
{
    return token->kind == PGA_TOKEN_STRING && strchr("'nN", text.data[token->offset]) != NULL &&
           memchr(text.data + token->offset, '\\', token->len) != NULL;
}

/* Refuse what no script may have; note what the airbag must close. */
static bool
check_token(struct splitter *s, const struct pga_token *token)
{
    if (token->kind == PGA_TOKEN_BACKSLASH)
        return fail_meta_command(s, token->offset);
    if (s->strings_unknown && is_ambiguous(s->text, token))
        return fail_ambiguous_string(s, token->offset);
    if (token->unterminated)
        return fail_unterminated(s, token);
    if (token->depth > s->out->deepest_comment) {
        s->out->deepest_comment = token->depth;
        s->out->deepest_offset = token->offset;
    }
    return true;
}

/* Collect what looks like a dollar tag in front of `end`, whatever the lexer takes it for. */
static void
collect_tags(struct splitter *s, size_t end)
{
    struct pga_statements *out = s->out;
    struct pga_str text = pga_str_slice(s->text, 0, end);

    for (size_t at = s->tags_from; at < end;) {
        const char *dollar = memchr(text.data + at, '$', end - at);
        size_t len;

        if (dollar == NULL)
            break;
        at = (size_t)(dollar - text.data);
        len = pga_lexer_dollar_delimiter(text, at);
        if (len > 2) {
            struct pga_str tag = pga_str_slice(text, at + 1, len - 2);

            if (out->dollar_tag_count == 0 ||
                !pga_str_equal(out->dollar_tags[out->dollar_tag_count - 1], tag)) {
                out->dollar_tags = pga_grow(s->mem, out->dollar_tags, out->dollar_tag_count,
                                            &out->dollar_tag_capacity, sizeof(*out->dollar_tags));
                out->dollar_tags[out->dollar_tag_count++] = tag;
            }
        }
        at += len > 2 ? len - 1 : 1; /* its last dollar may open the next */
    }
}

static int
compare_tags(const void *a, const void *b)
{
    const struct pga_str *left = a, *right = b;
    size_t len = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->data, right->data, len);

    if (order != 0)
        return order;
    return (left->len > right->len) - (left->len < right->len);
}

static void
sort_tags(struct pga_statements *out)
{
    size_t kept = 0;

    if (out->dollar_tag_count == 0)
        return;
    qsort(out->dollar_tags, out->dollar_tag_count, sizeof(*out->dollar_tags), compare_tags);
    for (size_t i = 1; i < out->dollar_tag_count; i++)
        if (!pga_str_equal(out->dollar_tags[i], out->dollar_tags[kept]))
            out->dollar_tags[++kept] = out->dollar_tags[i];
    out->dollar_tag_count = kept + 1;
}

/* Advance behind the end of COPY's line, on which only blanks and a -- comment may follow. */
static bool
skip_copy_line(struct splitter *s)
{
    struct pga_token token;

    while (pga_lexer_next(&s->lexer, &token)) {
        const char *newline;

        if (token.kind == PGA_TOKEN_LINE_COMMENT)
            continue;
        if (token.kind != PGA_TOKEN_SPACE) {
            (void)pga_fail(s->err, PGA_ERR_USAGE,
                           "text between \"COPY ... FROM STDIN;\" and its rows");
            (void)pga_error_hint(s->err, "The rows begin on the next line. Put what stands here "
                                         "behind the line \\. that ends them.");
            return place(s, PGA_ID_COPY_ROWS, token.offset);
        }
        newline = memchr(s->text.data + token.offset, '\n', token.len);
        if (newline != NULL) {
            s->lexer.offset = (size_t)(newline - s->text.data) + 1;
            s->lexer.line = token.line + 1;
            break;
        }
    }
    return true;
}

/* A line \. ends the rows for psql and the server, also where the field that it stands in is still open. */
static bool
check_rows(struct splitter *s, const struct pga_statement *statement)
{
    struct pga_str data = pga_str_slice(s->text, statement->data_offset, statement->data_len);
    struct pga_copy_format format = pga_copy_format(
        pga_str_slice(s->text, statement->offset, statement->len), statement->standard_strings);
    size_t row = 0;

    if (!pga_copy_is_open(data, &format, &row))
        return true;
    (void)pga_fail(s->err, PGA_ERR_USAGE,
                   "the rows of \"COPY ... FROM STDIN\" end within a quoted field");
    (void)pga_error_detail(s->err, "A line that is only \\. ends the rows, also within quotes.");
    (void)pga_error_hint(s->err, "Close the field that this row opens. If it holds a line \\. "
                                 "itself, write these rows in the text format.");
    return place(s, PGA_ID_COPY_ROWS, statement->data_offset + row);
}

/* Behind COPY ... FROM STDIN: its rows, up to a line that is only \. */
static bool
read_copy_data(struct splitter *s, struct pga_statement *statement)
{
    size_t at;

    if (!skip_copy_line(s))
        return false;
    at = s->lexer.offset;
    collect_tags(s, at);
    statement->data_offset = at;
    while (at < s->text.len) {
        struct pga_str rest = pga_str_slice(s->text, at, s->text.len);
        const char *newline = memchr(rest.data, '\n', rest.len);
        size_t len = newline == NULL ? rest.len : (size_t)(newline - rest.data);
        size_t next = at + len + (newline == NULL ? 0 : 1);

        s->lexer.line += newline == NULL ? 0 : 1;
        if (pga_str_equal_c(pga_str_slice(rest, 0, len), "\\.")) {
            statement->data_len = at - statement->data_offset;
            statement->end = s->lexer.offset = s->tags_from = next;
            return check_rows(s, statement);
        }
        at = next;
    }
    (void)pga_fail(s->err, PGA_ERR_USAGE, "the rows of \"COPY ... FROM STDIN\" don't end");
    (void)pga_error_hint(s->err, "Put a line \\. behind the last row.");
    return place(s, PGA_ID_COPY_ROWS, statement->offset);
}

/* Read on as the server will after this statement. */
static void
apply_effect(struct splitter *s, enum pga_strings_effect effect)
{
    const struct pga_statement *statement = &s->statement;

    if (statement->kind == PGA_STATEMENT_SAVEPOINT && s->strings_changed &&
        pga_str_equal_nocase(statement->first, "rollback"))
        effect = PGA_STRINGS_UNKNOWN; /* it may take a SET back */
    if (effect == PGA_STRINGS_KEPT)
        return;
    s->strings_changed = s->strings_changed || effect != PGA_STRINGS_INITIAL;
    s->strings_unknown = effect == PGA_STRINGS_UNKNOWN;
    if (effect == PGA_STRINGS_INITIAL)
        s->lexer.standard_strings = s->initial_strings;
    else
        s->lexer.standard_strings = effect != PGA_STRINGS_OFF;
}

/* The statement that is being read ends in front of `end`. */
static bool
end_statement(struct splitter *s, size_t end, bool has_semicolon)
{
    struct pga_statement *statement = &s->statement;
    struct pga_statements *out = s->out;
    enum pga_strings_effect effect;

    if (out->count == PGA_STATEMENTS_MAX) {
        (void)pga_fail(s->err, PGA_ERR_USAGE, "more than %u statements in one script",
                       PGA_STATEMENTS_MAX);
        (void)pga_error_hint(s->err, "Put rows behind COPY ... FROM STDIN, or make several "
                                     "alterations.");
        return place(s, PGA_ID_TOO_LARGE, statement->offset);
    }
    statement->len = end - statement->offset;
    statement->end = end;
    statement->has_semicolon = has_semicolon;
    effect = pga_statement_classify(pga_str_slice(s->text, statement->offset, statement->len),
                                    s->lexer.standard_strings, statement);
    if (statement->kind == PGA_STATEMENT_COPY_IN && !read_copy_data(s, statement))
        return false;
    apply_effect(s, effect);
    out->items = pga_grow(s->mem, out->items, out->count, &out->capacity, sizeof(*out->items));
    out->items[out->count++] = *statement;
    s->begun = false;
    return true;
}

static void
begin_statement(struct splitter *s, const struct pga_token *token)
{
    s->statement = (struct pga_statement){.offset = token->offset,
                                          .line = token->line,
                                          .standard_strings = s->lexer.standard_strings};
    s->begun = true;
    s->parentheses = 0;
    s->routine = pga_token_is(s->text, token, "create") ? ROUTINE_UNDECIDED : ROUTINE_NONE;
}

static bool
is_in_body(const struct splitter *s)
{
    return s->routine == ROUTINE_SEPARATOR || s->routine == ROUTINE_BODY;
}

/* Behind CREATE: what the next word makes of it. */
static enum routine
decide_routine(struct pga_str text, const struct pga_token *token)
{
    static const char *const words[] = {"create", "or", "replace"};

    if (pga_token_is(text, token, "function") || pga_token_is(text, token, "procedure"))
        return ROUTINE_SEEN;
    for (size_t i = 0; i < PGA_COUNT_OF(words); i++)
        if (pga_token_is(text, token, words[i]))
            return ROUTINE_UNDECIDED;
    return ROUTINE_NONE;
}

/* Keep track of a BEGIN ATOMIC body; called outside parentheses.  The function's name may be "begin", too. */
static void
track_routine(struct splitter *s, const struct pga_token *token)
{
    if (s->routine == ROUTINE_NONE)
        return;
    if (s->routine == ROUTINE_UNDECIDED) {
        s->routine = decide_routine(s->text, token);
    } else if (is_in_body(s)) {
        if (token->kind == PGA_TOKEN_SEMICOLON)
            s->routine = ROUTINE_SEPARATOR;
        else if (s->routine == ROUTINE_SEPARATOR && pga_token_is(s->text, token, "end"))
            s->routine = ROUTINE_NONE;
        else
            s->routine = ROUTINE_BODY;
    } else if (s->routine == ROUTINE_BEGIN && pga_token_is(s->text, token, "atomic")) {
        s->routine = ROUTINE_SEPARATOR;
    } else if (pga_token_is(s->text, token, "begin")) {
        s->routine = ROUTINE_BEGIN;
        s->body_offset = token->offset;
    } else {
        s->routine = ROUTINE_SEEN;
    }
}

static bool
add_token(struct splitter *s, const struct pga_token *token)
{
    bool ends = token->kind == PGA_TOKEN_SEMICOLON;

    if (ends && !s->begun)
        return true;
    if (!s->begun)
        begin_statement(s, token);
    if (ends && s->parentheses == 0 && !is_in_body(s))
        return end_statement(s, token->offset + token->len, true);
    if (s->parentheses == 0)
        track_routine(s, token);
    if (is_ambiguous(s->text, token))
        s->statement.strings_matter = true;
    if (token->kind == PGA_TOKEN_OPEN && s->parentheses++ == 0)
        s->parenthesis_offset = token->offset;
    if (token->kind == PGA_TOKEN_CLOSE && s->parentheses > 0)
        s->parentheses--;
    return true;
}

/* A last statement needs no semicolon, but nothing in it may be open. */
static bool
finish(struct splitter *s, size_t end)
{
    collect_tags(s, s->text.len);
    sort_tags(s->out);
    if (!s->begun)
        return true;
    if (s->parentheses > 0) {
        (void)pga_fail(s->err, PGA_ERR_USAGE, "\"(\" without its \")\"");
        (void)pga_error_hint(s->err, "The script ends inside the parentheses: close them.");
        return place(s, PGA_ID_UNTERMINATED, s->parenthesis_offset);
    }
    if (is_in_body(s)) {
        (void)pga_fail(s->err, PGA_ERR_USAGE, "\"BEGIN ATOMIC\" without its \"END\"");
        (void)pga_error_hint(s->err, "Put \"END;\" behind the last statement of the body, which "
                                     "must end in a semicolon itself.");
        return place(s, PGA_ID_UNTERMINATED, s->body_offset);
    }
    return end_statement(s, end, false);
}

bool
pga_statements_parse(struct pga_arena *mem, const char *file, struct pga_str text,
                     bool standard_strings, struct pga_statements *out, struct pga_error *err)
{
    struct splitter s = {
        .mem = mem,
        .file = file,
        .text = text,
        .out = out,
        .err = err,
        .initial_strings = standard_strings,
    };
    struct pga_token token;
    size_t end = 0;

    *out = (struct pga_statements){0};
    pga_lexer_init(&s.lexer, text, standard_strings);
    while (pga_lexer_next(&s.lexer, &token)) {
        if (!check_token(&s, &token))
            return false;
        if (!pga_token_is_significant(&token))
            continue;
        end = token.offset + token.len;
        if (!add_token(&s, &token))
            return false;
    }
    return finish(&s, end);
}
