/*
 * tests/unit/test_statements.c: engine/statements.h, steps whose statements run one by one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/statements.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/statement_send.h"
#include "tests/helpers/one_step.h"

static struct pga_one_step s;

static void
setup(void)
{
    pga_one_step_init(&s);
}

static void
teardown(void)
{
    pga_one_step_release(&s);
}

static const char *
record(const char *column)
{
    return pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, column);
}

START_TEST(from_claim_to_end)
{
    ck_assert_msg(
        pga_one_step_apply(&s, "VACUUM a;\nANALYZE b;\nBEGIN; SELECT 1; SELECT 2; COMMIT;"), "%s",
        s.p.err.message);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 1);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM"), 1);
    ck_assert(!s.outcome.is_overtaken);
    ck_assert(!s.outcome.alters_settings);
    ck_assert_uint_eq(s.p.happenings[PGA_HAPPENING_STEP_RESUMED], 0);
}
END_TEST

START_TEST(an_empty_script)
{
    ck_assert_msg(pga_one_step_apply(&s, "-- nothing"), "%s", s.p.err.message);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 1);
}
END_TEST

START_TEST(settings_of_new_sessions)
{
    ck_assert(pga_one_step_apply(&s, "ALTER DATABASE app SET work_mem = '1GB';"));
    ck_assert(s.outcome.alters_settings);
}
END_TEST

/* What must never wait in the server's lock queue, and what waits for its build. */
START_TEST(lock_timeouts)
{
    const char *log;

    ck_assert(pga_one_step_apply(&s, "VACUUM FULL a;\nCREATE INDEX CONCURRENTLY i ON a (x);"));
    log = pga_fake_session_log(s.p.driver);
    log = strstr(log, "SET lock_timeout = 2000; SET statement_timeout = 0;\nVACUUM FULL a;");
    ck_assert_ptr_nonnull(log);
    ck_assert_ptr_nonnull(
        strstr(log, "SET lock_timeout = 0; SET statement_timeout = 0;\nCREATE INDEX CONC"));
}
END_TEST

/* A script's settings hold for its later statements, although pgalter's transactions in between reset them. */
START_TEST(settings_are_repeated)
{
    const char *log;

    ck_assert(pga_one_step_apply(
        &s, "SET work_mem = '1MB';\nSET search_path = x;\nSET work_mem = '2MB';\nVACUUM a;\n"
            "DISCARD ALL;\nSET work_mem = '3MB';\nVACUUM b;"));
    log = strstr(pga_fake_session_log(s.p.driver), "VACUUM a;");
    ck_assert_ptr_nonnull(log);
    log -= strlen("SET search_path = x;\nSET work_mem = '2MB';\n");
    ck_assert_ptr_eq(strstr(log, "SET search_path = x;\nSET work_mem = '2MB';\nVACUUM a;"), log);
    log = strstr(log, "VACUUM b;");
    ck_assert_ptr_nonnull(log);
    log -= strlen("SET statement_timeout = 0;\nSET work_mem = '3MB';\n");
    ck_assert_ptr_eq(strstr(log, "SET statement_timeout = 0;\nSET work_mem = '3MB';\nVACUUM b;"),
                     log);
}
END_TEST

START_TEST(before_scripts)
{
    pga_build_file(&s.w.b, "1-a.up.sql", "CREATE TABLE a ();");
    pga_build_file(&s.w.b, "1-a.before-up.sql", "VACUUM x;\nSELECT 1;");
    ck_assert_msg(pga_one_step_run(&s, PGA_STEP_APPLY), "%s", s.p.err.message);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "CREATE TABLE a"), 1);
    ck_assert_str_eq(pga_fake_value(&s.w.server, PGA_FAKE_SCRIPTS, 0, "text"),
                     "CREATE TABLE a ();\n");
}
END_TEST

START_TEST(both_outside)
{
    pga_build_file(&s.w.b, "1-a.up.sql", "-- pgalter:transaction none\nVACUUM y;");
    pga_build_file(&s.w.b, "1-a.before-up.sql", "VACUUM x;");
    ck_assert_msg(pga_one_step_run(&s, PGA_STEP_APPLY), "%s", s.p.err.message);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM"), 2);
}
END_TEST

START_TEST(downwards)
{
    ck_assert(pga_one_step_apply(&s, "VACUUM x;"));
    pga_build_file(&s.w.b, "1-a.down.sql", "-- pgalter:transaction none\nVACUUM z;");
    ck_assert_msg(pga_one_step_run(&s, PGA_STEP_REVERT), "%s", s.p.err.message);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 0);
}
END_TEST

/* ---- failing statements ---- */

START_TEST(the_first_statement_fails)
{
    pga_one_step_fail(&s, "VACUUM x", "42P01", 1);
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nVACUUM y;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_SQL);
    ck_assert_str_eq(s.p.err.message, "alteration \"1-a\" failed: no");
    ck_assert_int_eq(s.p.err.place.line, 2);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED),
                      0);                           /* nothing is done: nothing is left */
    ck_assert(pga_one_step_apply(&s, "VACUUM y;")); /* another text will do */
}
END_TEST

START_TEST(a_later_statement_fails)
{
    pga_one_step_fail(&s, "VACUUM z", "42P01", 1);
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nSELECT 1;\nVACUUM z;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_SQL);
    ck_assert_int_eq(s.p.err.place.line, 4);
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "2 of its statements"));
    ck_assert_str_eq(record("statement"), "2");
    ck_assert_str_eq(record("progress"), "next");
    pga_one_step_begin(&s);
    ck_assert_msg(pga_one_step_apply(&s, "VACUUM x;\nSELECT 1;\nVACUUM z;"), "%s",
                  s.p.err.message); /* goes on there */
    ck_assert_uint_eq(s.p.happenings[PGA_HAPPENING_STEP_RESUMED], 1);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM x"), 1);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM z"), 1);
}
END_TEST

START_TEST(a_statement_of_a_transaction_fails)
{
    pga_one_step_fail(&s, "SELECT 2", "42P01", 1);
    ck_assert(!pga_one_step_apply(&s, "SELECT 0;\nBEGIN;\nSELECT 1;\nSELECT 2;\nCOMMIT;"));
    ck_assert_int_eq(s.p.err.place.line, 5);
    ck_assert_str_eq(record("statement"), "1");
    ck_assert_int_eq(pga_driver_transaction(s.p.driver), PGA_TRANSACTION_IDLE);
}
END_TEST

/* The before-script is done and stays: its record must not go. */
START_TEST(the_main_script_fails_behind_a_before_script)
{
    for (int i = 0; i < 2; i++) {
        pga_build_file(&s.w.b, "1-a.before-up.sql", "VACUUM x;");
        pga_build_file(&s.w.b, "1-a.up.sql",
                       i == 0 ? "CREATE TABLE a ();" : "-- pgalter:transaction none\nVACUUM a;");
        pga_one_step_fail(&s, i == 0 ? "CREATE TABLE" : "VACUUM a", "42P07", 1);
        ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
        ck_assert_int_eq(s.p.err.code, PGA_ERR_SQL);
        ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 1);
        if (i == 1)
            ck_assert_ptr_nonnull(strstr(s.p.err.hint, "Its before-script is done and stays"));
        pga_one_step_begin(&s);
        ck_assert_msg(pga_one_step_run(&s, PGA_STEP_APPLY), "%s", s.p.err.message);
        ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM x"), 1);
        ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(contention)
{
    pga_one_step_fail(&s, "VACUUM x", "55P03", 2);
    ck_assert_msg(pga_one_step_apply(&s, "VACUUM x;\nSELECT 1;"), "%s", s.p.err.message);
    ck_assert_uint_eq(s.p.happenings[PGA_HAPPENING_STEP_RETRIED], 2);
    teardown();
    setup();
    pga_one_step_fail(&s, "SELECT one", "40P01", 100);
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nSELECT one;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_CONTENTION);
    ck_assert_str_eq(s.p.err.message, "alteration \"1-a\" failed: gave up after 3 tries: no");
    ck_assert_str_eq(record("statement"), "1");
}
END_TEST

/* A procedure may have committed a part before it failed. */
START_TEST(a_procedure_stays_in_doubt)
{
    pga_one_step_fail(&s, "CALL fill()", "55P03", 1); /* which would be tried again otherwise */
    ck_assert(!pga_one_step_apply(&s, "CALL fill();"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_HALF_DONE);
    ck_assert_uint_eq(s.p.happenings[PGA_HAPPENING_STEP_RETRIED], 0);
    ck_assert_str_eq(record("progress"), "started");
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "pgalter mark 1-a"));
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "pgalter forget 1-a"));
    pga_one_step_begin(&s);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_HALF_DONE);
}
END_TEST

/* An index that a failed build left behind is dropped; one that was there before is not ours. */
START_TEST(invalid_indexes)
{
    s.w.server.invalid_index = "17";
    pga_one_step_fail(&s, "CREATE UNIQUE", "23505", 1);
    ck_assert(!pga_one_step_apply(&s, "CREATE UNIQUE INDEX CONCURRENTLY i ON a (x);"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_SQL);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "DROP INDEX"), 0);
    ck_assert_ptr_nonnull(strstr(pga_fake_session_log(s.p.driver), "E'@16384 @0 17'"));
}
END_TEST

static void
leave_invalid(struct pga_fake_server *server, void *ctx PGA_UNUSED)
{
    server->invalid_index = "18";
}

START_TEST(an_invalid_index_of_ours_is_dropped)
{
    bool dropped = false;

    for (size_t call = 1; call < 12 && !dropped; call++) {
        pga_one_step_fail(&s, "CREATE UNIQUE", "23505", 1);
        s.w.server.hook =
            leave_invalid; /* it appears with some call: the right one is the build's */
        s.w.server.hook_at = s.w.server.calls + call;
        ck_assert(!pga_one_step_apply(&s, "CREATE UNIQUE INDEX CONCURRENTLY i ON a (x);"));
        dropped = pga_fake_effects(&s.w.server, "DROP INDEX CONCURRENTLY public.i") == 1;
        ck_assert_int_eq(s.p.err.code, PGA_ERR_SQL);
        teardown();
        setup();
    }
    ck_assert(dropped);
}
END_TEST

/* ---- sending one statement ---- */

/* Where the server reads quotes otherwise than the script was split, nothing is sent. */
START_TEST(quotes_are_read_otherwise)
{
    ck_assert(s.p.journal.standard_strings);
    ck_assert(pga_one_step_apply(&s, "SELECT 1;"));
    s.w.server.strings_off = true;
    ck_assert_msg(!pga_one_step_apply(&s, "SELECT 'a\\';\nSELECT 2;"), "it was sent");
    teardown();
    setup();
    s.w.server.strings_off = true; /* behind the back of what was read at the beginning */
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nSELECT 'a\\b';"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(s.p.err.place.line, 3);
    ck_assert_ptr_nonnull(strstr(s.p.err.message, "standard_conforming_strings"));
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "SELECT"), 0);
}
END_TEST

START_TEST(rows_travel_with_their_copy)
{
    ck_assert_msg(pga_one_step_apply(&s, "VACUUM x;\nCOPY a FROM stdin;\n1\n2\n\\.\nVACUUM y;"),
                  "%s", s.p.err.message);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "COPY a FROM stdin;"), 1);
    ck_assert_ptr_nonnull(
        strstr(pga_fake_session_log(s.p.driver), "\nCOPY a FROM stdin;\nSET CONSTRAINTS"));
    ck_assert(!pga_positions_in_bytes(s.p.driver));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("statements");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, from_claim_to_end);
    tcase_add_test(tcase, an_empty_script);
    tcase_add_test(tcase, settings_of_new_sessions);
    tcase_add_test(tcase, lock_timeouts);
    tcase_add_test(tcase, settings_are_repeated);
    tcase_add_test(tcase, before_scripts);
    tcase_add_test(tcase, both_outside);
    tcase_add_test(tcase, downwards);
    tcase_add_test(tcase, the_first_statement_fails);
    tcase_add_test(tcase, a_later_statement_fails);
    tcase_add_test(tcase, a_statement_of_a_transaction_fails);
    tcase_add_test(tcase, the_main_script_fails_behind_a_before_script);
    tcase_add_test(tcase, contention);
    tcase_add_test(tcase, a_procedure_stays_in_doubt);
    tcase_add_test(tcase, invalid_indexes);
    tcase_add_test(tcase, an_invalid_index_of_ours_is_dropped);
    tcase_add_test(tcase, quotes_are_read_otherwise);
    tcase_add_test(tcase, rows_travel_with_their_copy);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
