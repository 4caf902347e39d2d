/*
 * tests/fuzz/fuzz_lexer.c: any bytes as a script, from lexer to units.
 *
 * Tokens make up the text, statements follow each other, normalising twice is normalising once, and nothing that
 * ends a transaction is left in what is sent inside one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
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
        end = s->end;
    }
}

static void
check_prepared(const struct pga_script_text *script, const struct pga_prepared *p)
{
    size_t end = 0;

    check_statements(script->text, &p->statements);
    for (size_t i = 0; i < p->piece_count; i++) {
        PGA_FUZZ_CHECK(p->pieces[i].offset >= end && p->pieces[i].len > 0);
        end = p->pieces[i].offset + p->pieces[i].len;
    }
    PGA_FUZZ_CHECK(end <= script->text.len);
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
    PGA_FUZZ_CHECK(err->place.line > 0);
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
