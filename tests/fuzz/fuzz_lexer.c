/*
 * tests/fuzz/fuzz_lexer.c: any bytes as a script, from lexer to units.
 *
 * Tokens make up the text; statements and the blanks, comments and lone semicolons between them make up the text;
 * each statement read by itself is that statement; what is sent, what is left out and COPY's rows make up the text;
 * normalising twice is normalising once; and nothing that ends a transaction is left in what is sent inside one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "alterations/lexer.h"
#include "alterations/script.h"
#include "tests/fuzz/fuzz.h"

static void
check_tokens(struct pga_str text, bool standard_strings)
{
    struct pga_lexer lexer;
    struct pga_token token;
    size_t at = 0;

    pga_lexer_init(&lexer, text, standard_strings);
    while (pga_lexer_next(&lexer, &token)) {
        PGA_FUZZ_CHECK(token.offset == at && token.len > 0);
        at += token.len;
    }
    PGA_FUZZ_CHECK(at == text.len);
}

/* Between two statements, in front of the first and behind the last. */
static void
check_gap(struct pga_str gap)
{
    struct pga_lexer lexer;
    struct pga_token token;

    pga_lexer_init(&lexer, gap, true);
    while (pga_lexer_next_significant(&lexer, &token))
        PGA_FUZZ_CHECK(token.kind == PGA_TOKEN_SEMICOLON);
}

/* COPY's rows are whole lines, none of which would end them. */
static void
check_rows(struct pga_str rows)
{
    while (rows.len > 0) {
        const char *end = memchr(rows.data, '\n', rows.len);
        size_t len;

        PGA_FUZZ_CHECK(end != NULL);
        len = (size_t)(end - rows.data);
        PGA_FUZZ_CHECK(!pga_str_equal_c(pga_str_slice(rows, 0, len), "\\."));
        rows = pga_str_slice(rows, len + 1, rows.len);
    }
}

/* A statement and its rows, cut out of the script. */
static void
check_alone(struct pga_str text, const struct pga_statement *s)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_str alone = pga_str_slice(text, s->offset, s->end - s->offset);
    struct pga_statements again;
    struct pga_error err = {0};

    PGA_FUZZ_CHECK(
        pga_statements_parse(&mem, "fuzz.sql", alone, s->standard_strings, &again, &err));
    PGA_FUZZ_CHECK(again.count == 1 && again.items[0].kind == s->kind);
    PGA_FUZZ_CHECK(again.items[0].offset == 0 && again.items[0].len == s->len);
    PGA_FUZZ_CHECK(again.items[0].data_len == s->data_len && again.items[0].end == alone.len);
    PGA_FUZZ_CHECK(again.items[0].has_semicolon == s->has_semicolon);
    PGA_FUZZ_CHECK(s->has_semicolon == (text.data[s->offset + s->len - 1] == ';'));
}

static void
check_statements(struct pga_str text, const struct pga_statements *statements)
{
    size_t end = 0;

    for (size_t i = 0; i < statements->count; i++) {
        const struct pga_statement *s = &statements->items[i];

        PGA_FUZZ_CHECK(s->offset >= end && s->len > 0);
        PGA_FUZZ_CHECK(s->offset + s->len <= s->end && s->end <= text.len);
        PGA_FUZZ_CHECK(s->data_len == 0 || (s->data_offset > s->offset + s->len - 1 &&
                                            s->data_offset + s->data_len <= s->end));
        PGA_FUZZ_CHECK(s->kind == PGA_STATEMENT_COPY_IN || s->end == s->offset + s->len);
        check_gap(pga_str_slice(text, end, s->offset - end));
        check_rows(pga_str_slice(text, s->data_offset, s->data_len));
        check_alone(text, s);
        end = s->end;
    }
    check_gap(pga_str_slice(text, end, text.len - end));
}

/* What is not sent as text: bytes of it, none of which is in a piece. */
static size_t
check_left_out(const struct pga_prepared *p, size_t from, size_t to)
{
    for (size_t i = 0; i < p->piece_count; i++)
        PGA_FUZZ_CHECK(p->pieces[i].offset + p->pieces[i].len <= from || p->pieces[i].offset >= to);
    return to - from;
}

/* Pieces, the statements that are left out and COPY's rows make up the text. */
static void
check_pieces(struct pga_str text, const struct pga_prepared *p)
{
    size_t end = 0, bytes = 0, copies = 0;

    for (size_t i = 0; i < p->piece_count; i++) {
        PGA_FUZZ_CHECK(p->pieces[i].offset >= end && p->pieces[i].len > 0);
        end = p->pieces[i].offset + p->pieces[i].len;
        bytes += p->pieces[i].len;
    }
    PGA_FUZZ_CHECK(end <= text.len);
    for (size_t i = 0; i < p->statements.count; i++) {
        const struct pga_statement *s = &p->statements.items[i];

        if (i < p->first || i >= p->end) {
            bytes += check_left_out(p, s->offset, s->offset + s->len);
        } else if (s->kind == PGA_STATEMENT_COPY_IN) {
            PGA_FUZZ_CHECK(copies < p->copy_count &&
                           p->copies[copies].data == text.data + s->data_offset &&
                           p->copies[copies].len == s->data_len);
            copies++;
            bytes += check_left_out(p, s->data_offset, s->end);
        }
    }
    PGA_FUZZ_CHECK(copies == p->copy_count && bytes == text.len);
}

static void
check_prepared(const struct pga_script_text *script, const struct pga_prepared *p)
{
    check_statements(script->text, &p->statements);
    check_pieces(script->text, p);
    for (size_t i = p->first; i < p->end; i++) {
        enum pga_statement_kind kind = p->statements.items[i].kind;

        PGA_FUZZ_CHECK(kind != PGA_STATEMENT_BEGIN && kind != PGA_STATEMENT_COMMIT &&
                       kind != PGA_STATEMENT_COMMIT_CHAIN && kind != PGA_STATEMENT_ROLLBACK &&
                       kind != PGA_STATEMENT_PREPARE_TRANSACTION && kind != PGA_STATEMENT_OUTSIDE);
    }
}

static void
check_error(const struct pga_error *err)
{
    PGA_FUZZ_CHECK(err->code == PGA_ERR_USAGE && err->message[0] != '\0');
    PGA_FUZZ_CHECK(err->place.line > 0 && err->id != PGA_ID_NONE && err->hint[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_str bytes = {(const char *)data, size};
    struct pga_script_text script, again;
    struct pga_error err = {0}, none = {0};

    check_tokens(bytes, true);
    check_tokens(bytes, false);
    if (!pga_script_parse(&mem, "fuzz.sql", PGA_PART_UP, bytes, &script, &err)) {
        check_error(&err);
        return 0;
    }
    PGA_FUZZ_CHECK(pga_script_parse(&mem, "fuzz.sql", PGA_PART_UP, script.text, &again, &none) &&
                   pga_digest_equal(&script.digest, &again.digest));
    for (int standard_strings = 0; standard_strings < 2; standard_strings++) {
        struct pga_prepared prepared;
        struct pga_units units;

        err = none = (struct pga_error){0};
        if (pga_script_prepare(&mem, &script, standard_strings != 0, &prepared, &err))
            check_prepared(&script, &prepared);
        else
            check_error(&err);
        if (pga_script_units(&mem, &script, standard_strings != 0, &units, &none))
            check_statements(script.text, &units.statements);
        else
            check_error(&none);
    }
    return 0;
}
