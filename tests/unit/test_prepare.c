/*
 * tests/unit/test_prepare.c: preparing scripts, alterations/script.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/script.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/file.h"

static struct pga_arena mem;

static void
release(void)
{
    pga_arena_release(&mem);
}

static struct pga_script_text
script_of(const char *text)
{
    struct pga_script_text script;
    struct pga_error err = {0};

    ck_assert_msg(pga_script_parse(&mem, "x.sql", PGA_PART_UP, pga_str_of(text), &script, &err),
                  "line %d: %s: %s", err.place.line, err.message, text);
    return script;
}

static struct pga_prepared
prepared(const struct pga_script_text *script)
{
    struct pga_prepared out;
    struct pga_error err = {0};

    ck_assert_msg(pga_script_prepare(&mem, script, true, &out, &err), "line %d: %s: %s",
                  err.place.line, err.message, script->text.data);
    ck_assert_int_eq(err.code, PGA_OK);
    return out;
}

/* What is sent: the pieces with "|" between them, then the rows of each COPY in braces. */
static const char *
sent(const struct pga_script_text *script, const struct pga_prepared *p)
{
    struct pga_buf out = pga_buf_on(&mem);
    size_t end = 0;

    for (size_t i = 0; i < p->piece_count; i++) {
        struct pga_piece piece = p->pieces[i];

        ck_assert_uint_ge(piece.offset, end);
        ck_assert_uint_gt(piece.len, 0);
        end = piece.offset + piece.len;
        ck_assert_uint_le(end, script->text.len);
        if (i > 0)
            pga_buf_append_char(&out, '|');
        pga_buf_append(&out, pga_str_slice(script->text, piece.offset, piece.len));
    }
    for (size_t i = 0; i < p->copy_count; i++)
        pga_buf_appendf(&out, "{%.*s}", PGA_STR_ARG(p->copies[i]));
    return out.data;
}

static const struct {
    const char *text, *sent;
    const char *isolation; /* NULL: none */
    bool deferrable, alone, alters_settings, session_state;
} rows[] = {
    {.text = "", .sent = ""},
    {.text = "-- a\n", .sent = "-- a\n"},
    {.text = "SELECT 1", .sent = "SELECT 1\n"},
    {.text = "SELECT 1; SELECT 2; -- a\n", .sent = "SELECT 1; SELECT 2; -- a\n"},
    {.text = "SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a;",
     .sent = "SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a;\n"},
    {.text = "CALL p(); DO $$ BEGIN END $$; CLUSTER t; REINDEX TABLE t; DROP SUBSCRIPTION s;",
     .sent = "CALL p(); DO $$ BEGIN END $$; CLUSTER t; REINDEX TABLE t; DROP SUBSCRIPTION s;\n"},
    /* wrappers */
    {.text = "BEGIN; SELECT 1; COMMIT;", .sent = " SELECT 1; |\n"},
    {.text = "-- a\nBEGIN;\nSELECT 1;\nCOMMIT;\n-- b\n", .sent = "-- a\n|\nSELECT 1;\n|\n-- b\n"},
    {.text = "begin work;select 1;end transaction", .sent = "select 1;|\n"},
    {.text = "START TRANSACTION; SAVEPOINT a; ROLLBACK TO a; COMMIT WORK AND NO CHAIN;",
     .sent = " SAVEPOINT a; ROLLBACK TO a; |\n"},
    {.text = "BEGIN;COMMIT;", .sent = "\n"},
    {.text = "; BEGIN; SELECT 1; COMMIT; ;", .sent = "; | SELECT 1; | ;\n"},
    {.text = "BEGIN ISOLATION LEVEL SERIALIZABLE, DEFERRABLE; SELECT 1; COMMIT;",
     .sent = " SELECT 1; |\n",
     .isolation = "SERIALIZABLE",
     .deferrable = true},
    {.text = "BEGIN READ WRITE; SELECT 1; COMMIT;", .sent = " SELECT 1; |\n"},
    /* leading SET TRANSACTION */
    {.text = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1;",
     .sent = " SELECT 1;\n",
     .isolation = "REPEATABLE READ"},
    {.text = "-- a\nSET TRANSACTION DEFERRABLE; SET TRANSACTION READ WRITE;\nSELECT 1;",
     .sent = "-- a\n| |\nSELECT 1;\n",
     .deferrable = true},
    {.text = "BEGIN ISOLATION LEVEL READ COMMITTED; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; "
             "SELECT 1; COMMIT;",
     .sent = " | SELECT 1; |\n",
     .isolation = "SERIALIZABLE"},
    /* COPY */
    {.text = "COPY t FROM STDIN;\n1\n2\n\\.\nSELECT 1;",
     .sent = "COPY t FROM STDIN;\n|SELECT 1;\n{1\n2\n}"},
    {.text = "BEGIN;\nCOPY t FROM STDIN; -- a\n\\.\nCOPY u FROM STDIN;\n3\n\\.\nCOMMIT;\n",
     .sent = "\nCOPY t FROM STDIN; -- a\n|COPY u FROM STDIN;\n|\n{}{3\n}"},
    {.text = "COPY t FROM STDIN;\nCOMMIT;\n\\.\n", .sent = "COPY t FROM STDIN;\n{COMMIT;\n}"},
    /* what a runner must know */
    {.text = "SET client_encoding = 'UTF8'; SELECT 1;",
     .sent = "SET client_encoding = 'UTF8'; SELECT 1;\n",
     .alone = true,
     .session_state = true},
    {.text = "SELECT 1; ALTER ROLE r SET search_path = '';",
     .sent = "SELECT 1; ALTER ROLE r SET search_path = '';\n",
     .alters_settings = true},
    {.text = "SELECT 1; SET search_path = '';",
     .sent = "SELECT 1; SET search_path = '';\n",
     .session_state = true},
    {.text = "SET LOCAL search_path = '';", .sent = "SET LOCAL search_path = '';\n"},
    {.text = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;",
     .sent = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;\n",
     .session_state = true},
    {.text = "/* /* /* /* */ */ */ */", .sent = "/* /* /* /* */ */ */ */\n"},
};

START_TEST(script_is_sent_so)
{
    struct pga_script_text script = script_of(rows[_i].text);
    struct pga_prepared p = prepared(&script);
    const char *isolation = rows[_i].isolation;

    ck_assert_str_eq(sent(&script, &p), rows[_i].sent);
    ck_assert(pga_str_equal_c(p.modes.isolation, isolation == NULL ? "" : isolation));
    ck_assert_int_eq(p.modes.deferrable, rows[_i].deferrable);
    ck_assert(!p.modes.read_only && !p.modes.snapshot && !p.modes.malformed);
    ck_assert_int_eq(p.alone, rows[_i].alone);
    ck_assert_int_eq(p.alters_settings, rows[_i].alters_settings);
    ck_assert_int_eq(p.session_state, rows[_i].session_state);
    for (size_t i = p.first; i < p.end; i++) {
        ck_assert_int_ne(p.statements.items[i].kind, PGA_STATEMENT_BEGIN);
        ck_assert_int_ne(p.statements.items[i].kind, PGA_STATEMENT_COMMIT);
        ck_assert_int_ne(p.statements.items[i].kind, PGA_STATEMENT_SET_TRANSACTION);
    }
}
END_TEST

#define NONE_HINT "-- pgalter:transaction none"

static const struct {
    const char *text;
    int line;
    const char *message, *hint, *id;
} refusals[] = {
    /* transaction control */
    {"SELECT 1;\nBEGIN;\nSELECT 2;\nCOMMIT;\n", 2, "\"BEGIN\" inside the transaction", NONE_HINT,
     "transaction-control"},
    {"BEGIN;\nSELECT 1;\n", 1, "\"BEGIN\" inside the transaction", NONE_HINT,
     "transaction-control"},
    {"BEGIN", 1, "\"BEGIN\" inside the transaction", NONE_HINT, "transaction-control"},
    {"BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 2;\n", 1, "\"BEGIN\" inside the transaction", NONE_HINT,
     "transaction-control"},
    {"SELECT 1;\nCOMMIT;\nSELECT 2;\n", 2, "\"COMMIT\" would end the transaction", NONE_HINT,
     "transaction-control"},
    {"SELECT 1;\nCOMMIT;\n", 2, "\"COMMIT\" would end the transaction", NONE_HINT,
     "transaction-control"},
    {"END", 1, "\"END\" would end the transaction", NONE_HINT, "transaction-control"},
    {"BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;\n", 3, "\"COMMIT\" would end",
     NONE_HINT, "transaction-control"},
    {"BEGIN;\nBEGIN;\nCOMMIT;\n", 2, "\"BEGIN\" inside the transaction", NONE_HINT,
     "transaction-control"},
    {"/* a\n*/ commit\nand /* b */ chain;", 2, "\"commit AND CHAIN\" would begin another",
     "AND CHAIN", "transaction-control"},
    {"BEGIN;\nCOMMIT AND CHAIN;\n", 2, "\"COMMIT AND CHAIN\" would begin another", "AND CHAIN",
     "transaction-control"},
    {"BEGIN;\nSELECT 1;\nROLLBACK;\n", 3, "\"ROLLBACK\" would undo", "SAVEPOINT",
     "transaction-control"},
    {"SELECT 1;\nROLLBACK;", 2, "\"ROLLBACK\" would undo", "SAVEPOINT", "transaction-control"},
    {"ABORT;", 1, "\"ABORT\" would undo", "SAVEPOINT", "transaction-control"},
    {"BEGIN;\nSELECT 1;\nROLLBACK;\nCOMMIT;", 3, "\"ROLLBACK\" would undo", "SAVEPOINT",
     "transaction-control"},
    {"ROLLBACK AND CHAIN", 1, "\"ROLLBACK AND CHAIN\" would begin another", "AND CHAIN",
     "transaction-control"},
    {"SELECT 1;\nPREPARE TRANSACTION 'x';", 2, "\"PREPARE TRANSACTION\" would leave", "Remove it",
     "transaction-control"},
    {"COMMIT PREPARED 'x'", 1, "\"COMMIT PREPARED\" can't run in a transaction", NONE_HINT,
     "needs-no-transaction"},
    {"ROLLBACK PREPARED 'x'", 1, "\"ROLLBACK PREPARED\" can't run in a transaction", NONE_HINT,
     "needs-no-transaction"},
    {"COPY t FROM STDIN;\n\\.\nCOMMIT;", 3, "\"COMMIT\" would end the transaction", NONE_HINT,
     "transaction-control"},
    {"CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'x';\nCOMMIT;\nSELECT 1", 2,
     "\"COMMIT\" would end", NONE_HINT, "transaction-control"},
    {"SELECT 'a\\'; COMMIT; --';", 1, "\"COMMIT\" would end", NONE_HINT, "transaction-control"},
    {"SELECT 1\r--x\rCOMMIT", 0, NULL, NULL, NULL},
    {"SELECT 1; --x\rCOMMIT;", 1, "\"COMMIT\" would end", NONE_HINT, "transaction-control"},
    /* modes */
    {"BEGIN READ ONLY;\nSELECT 1;\nCOMMIT;", 1, "\"BEGIN\" READ ONLY leaves no room", "READ ONLY",
     "transaction-control"},
    {"SELECT 1;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;", 2,
     "\"SET TRANSACTION\" must stand before", "top", "transaction-control"},
    {"SET TRANSACTION READ ONLY; SELECT 1;", 1, "READ ONLY leaves no room", "READ ONLY",
     "transaction-control"},
    {"BEGIN;\nSET TRANSACTION READ ONLY;\nCOMMIT", 2, "READ ONLY leaves no room", "READ ONLY",
     "transaction-control"},
    {"SET TRANSACTION SNAPSHOT 'x'; SELECT 1;", 1, "SNAPSHOT", "Remove it", "transaction-control"},
    {"BEGIN x; SELECT 1; COMMIT;", 1, "no transaction modes", "ISOLATION LEVEL",
     "transaction-control"},
    {"BEGIN; SELECT 1;\nCOMMIT x;", 2, "no transaction modes", "ISOLATION LEVEL",
     "transaction-control"},
    /* outside a transaction */
    {"SELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (a);", 2,
     "\"CREATE INDEX ... CONCURRENTLY\" can't run in a transaction", "before-up script",
     "needs-no-transaction"},
    {"DISCARD ALL", 1, "\"DISCARD ALL\" can't run in a transaction", NONE_HINT,
     "needs-no-transaction"},
    {"VACUUM t", 1, "\"VACUUM\" can't run", NONE_HINT, "needs-no-transaction"},
    {"CREATE DATABASE d", 1, "\"CREATE DATABASE\" can't run", NONE_HINT, "needs-no-transaction"},
    {"BEGIN;\nVACUUM;\nCOMMIT;", 2, "\"VACUUM\" can't run", NONE_HINT, "needs-no-transaction"},
    /* the rest */
    {"SELECT 1;\nCOPY t TO STDOUT;", 2, "has nobody to send its rows to", "Remove it", "copy-out"},
    {"SELECT 1;\n/* /* /* /* /* */ */ */ */ */\n/* /* /* /* /* */ */ */ */ */", 2,
     "comments nest 5 deep, allowed are 4", "/*", "too-large"},
    {"SELECT 1;\nSELECT '", 2, "unterminated", "close it", "unterminated"},
    {"\\d", 1, "command of psql", "Only psql", "meta-command"},
};

START_TEST(script_is_refused)
{
    struct pga_script_text script = script_of(refusals[_i].text);
    struct pga_prepared out;
    struct pga_error err = {0};
    bool ok = pga_script_prepare(&mem, &script, true, &out, &err);

    if (refusals[_i].message == NULL) {
        ck_assert(ok);
        return;
    }
    ck_assert(!ok);
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_msg(strstr(err.message, refusals[_i].message) != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.hint, refusals[_i].hint) != NULL, "%s", err.hint);
    ck_assert_str_eq(err.place.file, "x.sql");
    ck_assert_int_eq(err.place.line, refusals[_i].line);
    ck_assert_int_gt(err.place.column, 0);
    ck_assert_str_eq(pga_error_id_name(err.id), refusals[_i].id);
}
END_TEST

START_TEST(down_scripts_are_sent_to_their_own_before_script)
{
    struct pga_script_text script = script_of("VACUUM;");
    struct pga_prepared out;
    struct pga_error err = {0};

    script.part = PGA_PART_DOWN;
    ck_assert(!pga_script_prepare(&mem, &script, true, &out, &err));
    ck_assert_ptr_nonnull(strstr(err.hint, "before-down script"));
}
END_TEST

START_TEST(lines_are_those_of_the_file)
{
    struct pga_script_text script =
        script_of("-- pgalter:allow drop-table unused\n-- a\n\nCOMMIT;\n");
    struct pga_prepared out;
    struct pga_error err = {0};

    ck_assert(!pga_script_prepare(&mem, &script, true, &out, &err));
    ck_assert_int_eq(err.place.line, 4);
    ck_assert_str_eq(err.place.text, "COMMIT;");
}
END_TEST

/* Units as text: their statements, in "<>" when wrapped; "!" behind one that is not transactional. */
static const char *
units(const char *text, struct pga_modes *last_modes)
{
    struct pga_script_text script = script_of(text);
    struct pga_units out;
    struct pga_error err = {0};
    struct pga_buf shown = pga_buf_on(&mem);

    ck_assert_msg(pga_script_units(&mem, &script, true, &out, &err), "line %d: %s: %s",
                  err.place.line, err.message, text);
    for (size_t i = 0; i < out.count; i++) {
        const struct pga_unit *unit = &out.items[i];

        pga_buf_append_c(&shown, unit->wrapped ? "<" : i > 0 ? "|" : "");
        for (size_t j = unit->first; j < unit->first + unit->count; j++) {
            const struct pga_statement *s = &out.statements.items[j];

            pga_buf_append(&shown, pga_str_slice(script.text, s->offset, s->len));
        }
        pga_buf_append_c(&shown, unit->wrapped ? ">" : unit->transactional ? "" : "!");
        ck_assert(!unit->wrapped || unit->transactional);
        *last_modes = unit->modes;
    }
    return shown.data;
}

static const struct {
    const char *text, *units, *isolation;
} unit_rows[] = {
    {"", "", ""},
    {"-- a\n;", "", ""},
    {"SELECT 1; SELECT 2", "SELECT 1;|SELECT 2", ""},
    {"CREATE INDEX CONCURRENTLY i ON t (a); SELECT 1;",
     "CREATE INDEX CONCURRENTLY i ON t (a);!|SELECT 1;", ""},
    {"VACUUM; CALL p(); DO $$$$; REINDEX TABLE t; COMMIT PREPARED 'x'; CLUSTER t; DISCARD ALL;",
     "VACUUM;!|CALL p();!|DO $$$$;!|REINDEX TABLE t;!|COMMIT PREPARED 'x';!|CLUSTER t;!|"
     "DISCARD ALL;!",
     ""},
    {"SET search_path = ''; SET client_encoding = 'UTF8'; ALTER ROLE r RESET ALL;",
     "SET search_path = '';|SET client_encoding = 'UTF8';|ALTER ROLE r RESET ALL;", ""},
    {"COPY t FROM STDIN;\n1\n\\.\nSELECT 1;", "COPY t FROM STDIN;|SELECT 1;", ""},
    {"BEGIN; SELECT 1; SELECT 2; COMMIT;", "<SELECT 1;SELECT 2;>", ""},
    {"VACUUM; BEGIN; SELECT 1; END; BEGIN; COMMIT; START TRANSACTION; CALL p(); COMMIT; SELECT 2;",
     "VACUUM;!<SELECT 1;><CALL p();>|SELECT 2;", ""},
    {"BEGIN ISOLATION LEVEL SERIALIZABLE; SAVEPOINT a; ROLLBACK TO a; COMMIT;",
     "<SAVEPOINT a;ROLLBACK TO a;>", "SERIALIZABLE"},
    {"BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1; COMMIT;", "<SELECT 1;>",
     "REPEATABLE READ"},
};

START_TEST(script_has_these_units)
{
    struct pga_modes modes = {0};

    ck_assert_str_eq(units(unit_rows[_i].text, &modes), unit_rows[_i].units);
    ck_assert(pga_str_equal_c(modes.isolation, unit_rows[_i].isolation));
}
END_TEST

static const struct {
    const char *text;
    int line;
    const char *message, *id;
} unit_refusals[] = {
    {"SELECT 1;\nBEGIN;\nSELECT 2;", 2, "\"BEGIN\" without its COMMIT", "transaction-control"},
    {"BEGIN;\nSELECT 1;\nBEGIN;\nCOMMIT;", 1, "\"BEGIN\" without its COMMIT",
     "transaction-control"},
    {"BEGIN", 1, "\"BEGIN\" without its COMMIT", "transaction-control"},
    {"SELECT 1;\nCOMMIT;", 2, "\"COMMIT\" without its BEGIN", "transaction-control"},
    {"BEGIN; SELECT 1; COMMIT;\nEND;", 2, "\"END\" without its BEGIN", "transaction-control"},
    {"BEGIN;\nSELECT 1;\nROLLBACK;", 3, "\"ROLLBACK\" would undo", "transaction-control"},
    {"SELECT 1;\nROLLBACK;", 2, "\"ROLLBACK\" would undo", "transaction-control"},
    {"BEGIN;\nSELECT 1;\nCOMMIT AND CHAIN;\nCOMMIT;", 3, "would begin another transaction",
     "transaction-control"},
    {"COMMIT AND CHAIN", 1, "would begin another transaction", "transaction-control"},
    {"BEGIN;\nSELECT 1;\nPREPARE TRANSACTION 'x';", 3, "would leave the alteration in doubt",
     "transaction-control"},
    {"PREPARE TRANSACTION 'x'", 1, "would leave the alteration in doubt", "transaction-control"},
    {"BEGIN;\nVACUUM;\nCOMMIT;", 2, "can't run in a transaction", "needs-no-transaction"},
    {"BEGIN;\nCOMMIT PREPARED 'x';\nCOMMIT;", 2, "can't run in a transaction",
     "needs-no-transaction"},
    {"BEGIN READ ONLY; SELECT 1; COMMIT;", 1, "READ ONLY leaves no room", "transaction-control"},
    {"BEGIN; SELECT 1;\nSET TRANSACTION DEFERRABLE; COMMIT;", 2, "must stand before",
     "transaction-control"},
    {"SET TRANSACTION DEFERRABLE;", 1, "has no effect outside a transaction",
     "transaction-control"},
    {"SELECT 1;\nSAVEPOINT a;", 2, "\"SAVEPOINT\" has no effect outside a transaction",
     "transaction-control"},
    {"ROLLBACK TO a;", 1, "\"ROLLBACK TO\" has no effect outside a transaction",
     "transaction-control"},
    {"SELECT 1;\nCOPY t TO STDOUT;", 2, "has nobody to send its rows to", "copy-out"},
    {"/* /* /* /* /* */ */ */ */ */ VACUUM", 1, "comments nest 5 deep", "too-large"},
    {"SELECT 1;\n$$", 2, "unterminated", "unterminated"},
    {"SELECT 1;\n PREPARE p AS SELECT 1;", 2, "what \"PREPARE\" leaves in the session",
     "session-state"},
};

START_TEST(units_are_refused)
{
    struct pga_script_text script = script_of(unit_refusals[_i].text);
    struct pga_units out;
    struct pga_error err = {0};

    ck_assert(!pga_script_units(&mem, &script, true, &out, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_msg(strstr(err.message, unit_refusals[_i].message) != NULL, "%s", err.message);
    ck_assert_str_ne(err.hint, "");
    ck_assert_int_eq(err.place.line, unit_refusals[_i].line);
    ck_assert_int_gt(err.place.column, 0);
    ck_assert_str_eq(pga_error_id_name(err.id), unit_refusals[_i].id);
}
END_TEST

/* A real history beside the sources, where there is one: all of its scripts can be prepared. */
START_TEST(real_scripts_can_be_prepared)
{
    const char *source = getenv("PGA_TEST_SOURCE_DIR");
    const char *dir =
        pga_format(&mem, "%s/../shared/corpora/logto/alterations", source == NULL ? "." : source);
    const char *const *names;
    size_t count, seen = 0;
    struct pga_error err = {0};

    if (!pga_file_is_directory(dir))
        return;
    ck_assert(pga_file_list(&mem, dir, &names, &count, &err));
    for (size_t i = 0; i < count; i++) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena scratch = {0};
        const char *path = pga_path_join(&scratch, dir, names[i]);
        struct pga_str bytes;
        struct pga_script_text script;
        struct pga_prepared p;
        struct pga_units u;

        if (!pga_str_ends(pga_str_of(path), ".sql"))
            continue;
        ck_assert(pga_file_read(&scratch, path, PGA_FILE_SCRIPT_MAX, &bytes, &err));
        ck_assert_msg(pga_script_parse(&scratch, path, PGA_PART_UP, bytes, &script, &err) &&
                          pga_script_units(&scratch, &script, true, &u, &err),
                      "%s:%d: %s", path, err.place.line, err.message);
        seen++;
        if (strstr(path, ".before-") == NULL)
            ck_assert_msg(pga_script_prepare(&scratch, &script, true, &p, &err), "%s:%d: %s", path,
                          err.place.line, err.message);
    }
    ck_assert_uint_gt(seen, 500);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("prepare");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, release);
    tcase_add_loop_test(tcase, script_is_sent_so, 0, (int)PGA_COUNT_OF(rows));
    tcase_add_loop_test(tcase, script_is_refused, 0, (int)PGA_COUNT_OF(refusals));
    tcase_add_test(tcase, down_scripts_are_sent_to_their_own_before_script);
    tcase_add_test(tcase, lines_are_those_of_the_file);
    tcase_add_loop_test(tcase, script_has_these_units, 0, (int)PGA_COUNT_OF(unit_rows));
    tcase_add_loop_test(tcase, units_are_refused, 0, (int)PGA_COUNT_OF(unit_refusals));
    tcase_add_test(tcase, real_scripts_can_be_prepared);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
