/*
 * alterations/directive.c: reading the directives of a script.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/directive.h"

#include <string.h>

#include "alterations/backfill.h"
#include "alterations/directive_near.h"
#include "alterations/lexer.h"
#include "alterations/slug.h"
#include "alterations/statement.h"

#define EXAMPLE "For example: \"-- pgalter:%s %s\"."

#define SHOWN_MAX 60 /* characters of a file's text in a message */

enum directive_key {
    KEY_TRANSACTION,
    KEY_LOCK_TIMEOUT,
    KEY_STATEMENT_TIMEOUT,
    KEY_RETRIES,
    KEY_ALLOW,
    KEY_PHASE,
    KEY_NEEDS,
    KEY_BREAKS,
    KEY_IRREVERSIBLE,
    KEY_DONE_WHEN,
    KEY_BACKFILL,
    KEY_COUNT,
};

/* What one call of pga_directives_parse() carries from line to line. */
struct reader {
    struct pga_arena *mem;
    const char *file;
    enum pga_part part;
    struct pga_str text;
    struct pga_directives directives;
    struct pga_buf canonical;
    int line;                  /* of the directive that is being read */
    const char *at[KEY_COUNT]; /* where each key stands in the text; NULL: nowhere yet */
    int lines[KEY_COUNT];      /* its line */
    struct pga_error *err;
};

typedef bool parse_fn(struct reader *r, struct pga_str value);

static parse_fn parse_transaction, parse_lock_timeout, parse_statement_timeout, parse_retries,
    parse_allow, parse_phase, parse_needs, parse_breaks, parse_irreversible, parse_done_when,
    parse_backfill;

#define IN(part) (1u << (part))
#define IN_UP    IN(PGA_PART_UP)
#define IN_MAIN  (IN_UP | IN(PGA_PART_DOWN))
#define IN_ANY   (IN_MAIN | IN(PGA_PART_BEFORE_UP) | IN(PGA_PART_BEFORE_DOWN))

static const struct key {
    const char *name, *example;
    unsigned parts;
    bool repeatable;
    parse_fn *parse;
} keys[KEY_COUNT] = {
    [KEY_TRANSACTION] = {"transaction", "none", IN_MAIN, false, parse_transaction},
    [KEY_LOCK_TIMEOUT] = {"lock_timeout", "5s", IN_ANY, false, parse_lock_timeout},
    [KEY_STATEMENT_TIMEOUT] = {"statement_timeout", "10min", IN_ANY, false,
                               parse_statement_timeout},
    [KEY_RETRIES] = {"retries", "10", IN_ANY, false, parse_retries},
    [KEY_ALLOW] = {"allow", "drop-column no release since 1.4.0 reads it", IN_ANY, true,
                   parse_allow},
    [KEY_PHASE] = {"phase", "contract", IN_UP, false, parse_phase},
    [KEY_NEEDS] = {"needs", "1714984800-add_invites", IN_UP, true, parse_needs},
    [KEY_BREAKS] = {"breaks", "<1.8.0", IN_UP, false, parse_breaks},
    [KEY_IRREVERSIBLE] = {"irreversible", "the old values are gone", IN_UP, false,
                          parse_irreversible},
    [KEY_DONE_WHEN] = {"done-when", "SELECT to_regclass('invites_email_idx') IS NOT NULL", IN_ANY,
                       false, parse_done_when},
    [KEY_BACKFILL] = {"backfill", "table=invites key=id batch=1000 pause=100ms", IN_UP, false,
                      parse_backfill},
};

static const char *const phase_names[] = {"expand", "contract"};

const char *
pga_phase_name(enum pga_phase phase)
{
    return phase_names[phase];
}

bool
pga_phase_parse(struct pga_str text, enum pga_phase *out)
{
    for (enum pga_phase phase = PGA_PHASE_EXPAND; phase <= PGA_PHASE_CONTRACT; phase++)
        if (pga_str_equal_c(text, phase_names[phase])) {
            *out = phase;
            return true;
        }
    return false;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Bytes of s up to the first blank. */
static size_t
word_length(struct pga_str s)
{
    size_t n = 0;

    while (n < s.len && !is_blank(s.data[n]))
        n++;
    return n;
}

static struct pga_str
skip(struct pga_str s, size_t n)
{
    return pga_str_slice(s, n, s.len);
}

/* A piece of the file for a message: printable, and cut where it is long. */
static const char *
shown(struct reader *r, struct pga_str s)
{
    size_t len = pga_utf8_offset(s, SHOWN_MAX);
    char *text = pga_printable(r->mem, pga_str_slice(s, 0, len));

    return len == s.len ? text : pga_format(r->mem, "%s...", text);
}

/* Say of an error that was just set that it is a directive's, and where it stands in the text. */
static bool
place(struct reader *r, const char *at)
{
    int line, column;
    struct pga_str text;

    pga_text_locate(r->text, (size_t)(at - r->text.data), &line, &column, &text);
    (void)pga_error_identify(r->err, PGA_ID_DIRECTIVE);
    return pga_error_place(r->err, r->file, line, column, text.data, text.len);
}

static bool
wrong_value(struct reader *r, enum directive_key key, struct pga_str value, const char *expected)
{
    (void)pga_fail(r->err, PGA_ERR_USAGE, "the value \"%s\" of the directive \"%s\" is not %s",
                   shown(r, value), keys[key].name, expected);
    (void)pga_error_hint(r->err, EXAMPLE, keys[key].name, keys[key].example);
    return place(r, value.data);
}

static bool
parse_transaction(struct reader *r, struct pga_str value)
{
    if (!pga_str_equal_c(value, "none"))
        return wrong_value(r, KEY_TRANSACTION, value, "\"none\"");
    r->directives.no_transaction = true;
    return true;
}

static bool
parse_duration(struct reader *r, enum directive_key key, struct pga_str value, int64_t *out_ms)
{
    return pga_parse_duration_ms(value, out_ms) ||
           wrong_value(r, key, value, "a duration of at most 24 days");
}

static bool
parse_lock_timeout(struct reader *r, struct pga_str value)
{
    return parse_duration(r, KEY_LOCK_TIMEOUT, value, &r->directives.lock_timeout_ms);
}

static bool
parse_statement_timeout(struct reader *r, struct pga_str value)
{
    return parse_duration(r, KEY_STATEMENT_TIMEOUT, value, &r->directives.statement_timeout_ms);
}

static bool
parse_retries(struct reader *r, struct pga_str value)
{
    return pga_parse_int(value, 0, PGA_RETRIES_MAX, &r->directives.retries) ||
           wrong_value(r, KEY_RETRIES, value, "a number from 0 to 1000");
}

static bool
is_rule(struct pga_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_')
            return false;
    }
    return s.len > 0;
}

static bool
parse_allow(struct reader *r, struct pga_str value)
{
    struct pga_directives *d = &r->directives;
    struct pga_str rule = pga_str_slice(value, 0, word_length(value));
    struct pga_str reason = pga_str_trim(skip(value, rule.len));

    if (!is_rule(rule) || reason.len == 0)
        return wrong_value(r, KEY_ALLOW, value, "a lint rule and the reason");
    d->allows = pga_grow(r->mem, d->allows, d->allow_count, &d->allow_capacity, sizeof(*d->allows));
    d->allows[d->allow_count++] =
        (struct pga_allow){pga_str_dup(r->mem, rule), pga_str_dup(r->mem, reason), r->line};
    return true;
}

static bool
parse_phase(struct reader *r, struct pga_str value)
{
    return pga_phase_parse(value, &r->directives.phase) ||
           wrong_value(r, KEY_PHASE, value, "\"expand\" or \"contract\"");
}

static bool
parse_needs(struct reader *r, struct pga_str value)
{
    struct pga_directives *d = &r->directives;
    const char *timestamp, *slug;

    if (!pga_id_parse(r->mem, value, &timestamp, &slug))
        return wrong_value(r, KEY_NEEDS, value, "the id of one alteration");
    d->needs = pga_grow(r->mem, d->needs, d->need_count, &d->need_capacity, sizeof(*d->needs));
    d->needs[d->need_count++] = pga_str_dup(r->mem, value);
    return true;
}

static bool
parse_breaks(struct reader *r, struct pga_str value)
{
    if (!pga_version_constraint_check(value))
        return wrong_value(r, KEY_BREAKS, value, "a version constraint");
    r->directives.breaks = pga_str_dup(r->mem, value);
    return true;
}

static bool
parse_irreversible(struct reader *r, struct pga_str value)
{
    r->directives.irreversible = pga_str_dup(r->mem, value);
    return true;
}

static bool
parse_done_when(struct reader *r, struct pga_str value)
{
    r->directives.done_when = pga_str_dup(r->mem, value);
    return true;
}

static bool
parse_backfill(struct reader *r, struct pga_str value)
{
    struct pga_backfill ignored;
    struct pga_str wrong;

    if (!pga_backfill_parse(r->mem, value, &ignored, &wrong, r->err)) {
        if (r->err->hint[0] == '\0')
            (void)pga_error_hint(r->err, EXAMPLE, "backfill", keys[KEY_BACKFILL].example);
        return place(r, wrong.data);
    }
    r->directives.backfill = pga_str_dup(r->mem, value);
    return true;
}

enum shape { SHAPE_NONE, SHAPE_DIRECTIVE, SHAPE_MISSPELT };

/* Whether a comment (from its "--" on) is a directive, and what stands behind the colon of one. */
static enum shape
recognise(struct pga_str comment, struct pga_str *out_rest)
{
    struct pga_str s = skip(comment, 2);
    size_t word = strlen("pgalter"), colon = word;

    while (s.len > 0 && is_blank(s.data[0]))
        s = skip(s, 1);
    if (!pga_str_equal_nocase(pga_str_slice(s, 0, word), "pgalter"))
        return SHAPE_NONE;
    while (colon < s.len && is_blank(s.data[colon]))
        colon++;
    if (colon == s.len || s.data[colon] != ':')
        return SHAPE_NONE;
    *out_rest = pga_str_trim(skip(s, colon + 1));
    return pga_str_starts(s, "pgalter:") ? SHAPE_DIRECTIVE : SHAPE_MISSPELT;
}

bool
pga_directive_is_allow(struct pga_str line_text)
{
    struct pga_str line = pga_str_trim(line_text), rest;

    /* A lone CR ends the comment for the server: what follows it must not be lost with this line. */
    if (!pga_str_starts(line, "--") || memchr(line.data, '\r', line.len) != NULL)
        return false;
    return recognise(line, &rest) == SHAPE_DIRECTIVE &&
           pga_str_equal_c(pga_str_slice(rest, 0, word_length(rest)), "allow");
}

static bool
unknown_key(struct reader *r, struct pga_str key)
{
    const char *names[KEY_COUNT], *nearest;
    struct pga_buf all = pga_buf_on(r->mem);

    for (size_t i = 0; i < KEY_COUNT; i++) {
        names[i] = keys[i].name;
        pga_buf_appendf(&all, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    nearest = pga_nearest(pga_str_dup(r->mem, key), names, KEY_COUNT);
    if (key.len == 0)
        (void)pga_fail(r->err, PGA_ERR_USAGE, "a directive has no name");
    else
        (void)pga_fail(r->err, PGA_ERR_USAGE, "there is no directive \"%s\"", shown(r, key));
    if (nearest != NULL)
        (void)pga_error_hint(r->err, "Did you mean \"%s\"? The directives are %s.", nearest,
                             all.data);
    else
        (void)pga_error_hint(r->err, "The directives are %s.", all.data);
    return place(r, key.data);
}

static bool
wrong_part(struct reader *r, const struct key *key, const char *at)
{
    (void)pga_fail(r->err, PGA_ERR_USAGE, "the directive \"%s\" has no place in a %s script",
                   key->name, pga_part_name(r->part));
    if (key->parts == IN_UP)
        (void)pga_error_hint(r->err, "Move the line to the up script.");
    else
        (void)pga_error_hint(r->err, "Remove the line: the statements of a before-script run one "
                                     "by one, outside a transaction, in any case.");
    return place(r, at);
}

static bool
stands_twice(struct reader *r, size_t i, const char *at)
{
    (void)pga_fail(r->err, PGA_ERR_USAGE, "the directive \"%s\" stands twice", keys[i].name);
    (void)pga_error_hint(r->err, "Remove one of them. The first is on line %d.", r->lines[i]);
    return place(r, at);
}

static bool
has_control_character(struct pga_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.data[i] < 0x20 && s.data[i] != '\t') || s.data[i] == 0x7F)
            return true;
    return false;
}

/* One directive, from its key on; empty when there is nothing behind the colon. */
static bool
parse_directive(struct reader *r, struct pga_str rest)
{
    struct pga_str key = pga_str_slice(rest, 0, word_length(rest));
    struct pga_str value = pga_str_trim(skip(rest, key.len));
    size_t i = 0;

    if (has_control_character(rest)) {
        (void)pga_fail(r->err, PGA_ERR_USAGE, "a directive has a control character in it");
        (void)pga_error_hint(r->err, "Type the line again; \"cat -A\" shows what is unseen in it.");
        return place(r, rest.data);
    }
    while (i < KEY_COUNT && !pga_str_equal_c(key, keys[i].name))
        i++;
    if (i == KEY_COUNT)
        return unknown_key(r, key);
    if ((keys[i].parts & IN(r->part)) == 0)
        return wrong_part(r, &keys[i], key.data);
    if (r->at[i] != NULL && !keys[i].repeatable)
        return stands_twice(r, i, key.data);
    r->at[i] = key.data;
    r->lines[i] = r->line;
    if (value.len == 0) {
        (void)pga_fail(r->err, PGA_ERR_USAGE, "the directive \"%s\" has no value", keys[i].name);
        (void)pga_error_hint(r->err, EXAMPLE, keys[i].name, keys[i].example);
        return place(r, key.data);
    }
    if (i != KEY_ALLOW)
        pga_buf_appendf(&r->canonical, "%s %.*s\n", keys[i].name, PGA_STR_ARG(value));
    return keys[i].parse(r, value);
}

/* Whether nothing but blanks stands on the line beside the comment; a lone CR is no line's end. */
static bool
is_alone(struct pga_str text, const struct pga_token *token)
{
    size_t start = token->offset, end = token->offset + token->len;

    while (start > 0 && is_blank(text.data[start - 1]))
        start--;
    if (pga_str_starts(text, "\xEF\xBB\xBF") && start == 3)
        start = 0;
    if (end < text.len && text.data[end] == '\r')
        end++;
    return (start == 0 || text.data[start - 1] == '\n') &&
           (end == text.len || text.data[end] == '\n');
}

/* A comment that is no directive: refuse it if it was meant as one. */
static bool
check_comment(struct reader *r, struct pga_str comment)
{
    const char *names[KEY_COUNT];
    struct pga_directive_near near;

    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].name;
    if (!pga_directive_near(r->mem, comment, names, KEY_COUNT, &near))
        return true;
    (void)pga_fail(r->err, PGA_ERR_USAGE, "a directive begins with \"-- pgalter:\"");
    (void)pga_error_hint(r->err,
                         "Write \"-- pgalter:%s%s%s\", or begin the comment with another word.",
                         near.key, near.value.len == 0 ? "" : " ", shown(r, near.value));
    return place(r, comment.data);
}

static bool
parse_comment(struct reader *r, const struct pga_token *token)
{
    struct pga_str comment = pga_str_slice(r->text, token->offset, token->len), rest;
    enum shape shape = recognise(comment, &rest);

    if (shape == SHAPE_NONE)
        return check_comment(r, comment);
    if (shape == SHAPE_MISSPELT) {
        (void)pga_fail(r->err, PGA_ERR_USAGE, "a directive begins with \"-- pgalter:\"");
        (void)pga_error_hint(r->err, "Write \"pgalter:\" in lower case, without a blank before "
                                     "the colon.");
        return place(r, comment.data);
    }
    if (!is_alone(r->text, token)) {
        (void)pga_fail(r->err, PGA_ERR_USAGE, "a directive stands on a line of its own");
        (void)pga_error_hint(r->err, "Move what stands beside it to another line.");
        return place(r, comment.data);
    }
    r->line = token->line;
    return parse_directive(r, rest);
}

/* Refuse directives among the statements, in the piece of the text that reaches from start to end. */
static bool
check_piece(struct reader *r, size_t start, size_t end)
{
    struct pga_lexer lexer;
    struct pga_token token;
    struct pga_str piece = pga_str_slice(r->text, start, end - start), rest;

    pga_lexer_init(&lexer, piece, true);
    while (pga_lexer_next(&lexer, &token)) {
        struct pga_str comment = pga_str_slice(piece, token.offset, token.len);

        if (token.kind != PGA_TOKEN_LINE_COMMENT || recognise(comment, &rest) == SHAPE_NONE)
            continue;
        (void)pga_fail(r->err, PGA_ERR_USAGE, "a directive stands behind the first statement");
        (void)pga_error_hint(r->err, "Move the line to the top of the script.");
        return place(r, comment.data);
    }
    return true;
}

static bool
mentions_pgalter(struct pga_str text)
{
    while (text.len > 0) {
        const char *colon = memchr(text.data, ':', text.len);
        size_t before = colon == NULL ? 0 : (size_t)(colon - text.data), blanks = 0;

        if (colon == NULL)
            return false;
        while (blanks < before && is_blank(colon[-1 - (ptrdiff_t)blanks]))
            blanks++;
        if (before - blanks >= 7 &&
            pga_str_equal_nocase(pga_str_slice(text, before - blanks - 7, 7), "pgalter"))
            return true;
        text = skip(text, before + 1);
    }
    return false;
}

/*
 * Refuse directives behind the first statement.  The text is split only where the word occurs at all.  A script
 * that can't be split is refused with a better message when it is prepared, so that is passed over here.
 */
static bool
check_body(struct reader *r, size_t start)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_statements statements = {0};
    struct pga_error ignored = {0};

    if (!mentions_pgalter(skip(r->text, start)) ||
        !pga_statements_parse(&scratch, r->file, r->text, true, &statements, &ignored))
        return true;
    for (size_t i = 0; i < statements.count; i++) {
        const struct pga_statement *statement = &statements.items[i];

        if (!check_piece(r, start, statement->offset + statement->len))
            return false;
        start = statement->end; /* behind the rows of a COPY, which are no SQL */
    }
    return check_piece(r, start, r->text.len);
}

/* What only shows when all lines have been read. */
static bool
check_together(struct reader *r)
{
    const struct pga_directives *d = &r->directives;
    bool one_by_one = d->no_transaction || (IN_MAIN & IN(r->part)) == 0;

    if (d->lock_timeout_ms == 0 && !one_by_one) {
        (void)pga_fail(r->err, PGA_ERR_USAGE,
                       "lock_timeout 0 is only for scripts that run outside a transaction");
        (void)pga_error_hint(r->err, "Name a duration, for example \"-- pgalter:lock_timeout "
                                     "30s\", or add \"-- pgalter:transaction none\".");
        return place(r, r->at[KEY_LOCK_TIMEOUT]);
    }
    if (d->done_when != NULL && !one_by_one && d->backfill == NULL) {
        (void)pga_fail(r->err, PGA_ERR_USAGE,
                       "done-when is only for scripts that run outside a transaction");
        (void)pga_error_hint(r->err, "Remove the line, or add \"-- pgalter:transaction none\".");
        return place(r, r->at[KEY_DONE_WHEN]);
    }
    return true;
}

bool
pga_directives_parse(struct pga_arena *mem, const char *file, enum pga_part part,
                     struct pga_str text, struct pga_directives *out, struct pga_error *err)
{
    struct reader r = {.mem = mem, .file = file, .part = part, .text = text, .err = err};
    struct pga_lexer lexer;
    struct pga_token token = {.kind = PGA_TOKEN_SPACE};

    r.directives =
        (struct pga_directives){.lock_timeout_ms = -1, .statement_timeout_ms = -1, .retries = -1};
    r.canonical = pga_buf_on(mem);
    pga_lexer_init(&lexer, text, true);
    if (pga_str_starts(text, "\xEF\xBB\xBF"))
        lexer.offset = 3;
    while (pga_lexer_next(&lexer, &token)) {
        if (token.kind == PGA_TOKEN_LINE_COMMENT) {
            if (!parse_comment(&r, &token))
                return false;
        } else if (token.kind != PGA_TOKEN_SPACE && token.kind != PGA_TOKEN_BLOCK_COMMENT) {
            if (!check_body(&r, token.offset))
                return false;
            break;
        }
    }
    if (!check_together(&r))
        return false;
    r.directives.canonical = r.canonical.data;
    *out = r.directives;
    return true;
}
