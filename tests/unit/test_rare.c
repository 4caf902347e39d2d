/*
 * tests/unit/test_rare.c: what can come between two statements and hardly ever does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "engine/transaction.h"
#include "journal/unfinished.h"
#include "tests/helpers/one_step.h"

static struct pga_one_step s;
static struct pga_fake_failure failures[2];

static void
setup(void)
{
    pga_one_step_init(&s);
    pga_interrupt_clear();
    memset(failures, 0, sizeof(failures));
    s.w.server.failures = failures;
}

static void
teardown(void)
{
    pga_one_step_release(&s);
}

/* The next statement that contains the one text fails, or loses the connection; then one with the other text. */
static void
fail_in(const char *contains, const char *sqlstate, const char *then, const char *then_sqlstate)
{
    failures[0] = (struct pga_fake_failure){.contains = contains,
                                            .sqlstate = sqlstate,
                                            .message = "no",
                                            .times = 1,
                                            .lose = sqlstate == NULL};
    failures[1] = (struct pga_fake_failure){.contains = then,
                                            .sqlstate = then_sqlstate,
                                            .message = "no",
                                            .times = then == NULL ? 0 : 9,
                                            .lose = then_sqlstate == NULL};
    s.w.server.failure_count = then == NULL ? 1 : 2;
}

static void
died_in(const char *text, const char *statement)
{
    fail_in(statement, NULL, NULL, NULL);
    ck_assert(!pga_one_step_apply(&s, text));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
    s.w.server.failure_count = 0;
    pga_one_step_begin(&s);
}

/* ---- scripts that can't be cut into statements, found only when their turn comes ---- */

#define OPEN "VACUUM users;\nSELECT 'open;\n"

START_TEST(a_script_that_breaks_off)
{
    ck_assert(!pga_one_step_apply(&s, OPEN));
    ck_assert_int_eq(s.p.err.id, PGA_ID_UNTERMINATED);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_EFFECTS), 0);
}
END_TEST

START_TEST(a_main_script_that_breaks_off)
{
    pga_build_file(&s.w.b, "1-a.up.sql", "-- pgalter:transaction none\n" OPEN);
    pga_build_file(&s.w.b, "1-a.before-up.sql", "VACUUM roles;");
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.id, PGA_ID_UNTERMINATED);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM roles"), 1);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM users"), 0);
}
END_TEST

START_TEST(a_script_that_breaks_off_when_it_goes_on)
{
    died_in("VACUUM users;\nVACUUM roles;\n", "VACUUM roles");
    ck_assert(!pga_one_step_apply(&s, OPEN));
    ck_assert_int_eq(s.p.err.id, PGA_ID_UNTERMINATED);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 1);
}
END_TEST

/* ---- settings ---- */

/* What RESET ALL took back is not set again where another run goes on. */
START_TEST(settings_that_were_taken_back)
{
    const char *text = "SET work_mem = '1MB';\nRESET ALL;\nSET lock_timeout = '1s';\n"
                       "VACUUM users;\nALTER TABLE users ADD y int;\n";

    died_in(text, "ADD y");
    ck_assert_msg(pga_one_step_apply(&s, text), "%s", s.p.err.message);
    ck_assert_ptr_null(strstr(pga_fake_session_log(s.p.driver), "work_mem = '1MB'"));
    ck_assert_ptr_nonnull(strstr(pga_fake_session_log(s.p.driver), "SET lock_timeout = '1s'"));
}
END_TEST

/* ---- what is left behind ---- */

static void
leave_invalid(struct pga_fake_server *server, void *ctx PGA_UNUSED)
{
    server->invalid_index = "18";
}

/* The build failed, and so does the removal of what it left: the next run does that. */
START_TEST(an_index_that_can_not_be_removed)
{
    bool left = false;

    for (size_t call = 1; call < 12 && !left; call++) {
        fail_in("CREATE UNIQUE", "23505", "DROP INDEX CONCURRENTLY public.i", "55P03");
        s.w.server.hook =
            leave_invalid; /* it appears with some call: the right one is the build's */
        s.w.server.hook_at = s.w.server.calls + call;
        ck_assert(!pga_one_step_apply(&s, "CREATE UNIQUE INDEX CONCURRENTLY i ON a (x);"));
        left = failures[1].times < 9;
        if (left) {
            ck_assert_int_eq(s.p.err.code, PGA_ERR_SQL);
            ck_assert_ptr_nonnull(strstr(s.p.err.hint, "The next run does that first"));
            ck_assert_str_eq(pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, "progress"),
                             "started");
            s.w.server.failure_count = 0;
            pga_one_step_begin(&s);
            ck_assert_msg(pga_one_step_run(&s, PGA_STEP_APPLY), "%s", s.p.err.message);
            ck_assert_uint_eq(pga_fake_effects(&s.w.server, "DROP INDEX CONCURRENTLY public.i"), 1);
        }
        teardown();
        setup();
    }
    ck_assert(left);
}
END_TEST

/* ---- other runs ---- */

/* Another run says that it is at work, and somebody loses patience. */
START_TEST(a_signal_ends_the_wait_for_another_run)
{
    died_in("VACUUM users;\nVACUUM roles;\n", "VACUUM roles");
    s.w.server.live_run = "run-1";
    pga_interrupt_raise(SIGTERM);
    ck_assert(!pga_one_step_apply(&s, "VACUUM users;\nVACUUM roles;\n"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_INTERRUPTED);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 1);
}
END_TEST

static void
with_before_script(void)
{
    pga_build_file(&s.w.b, "1-a.up.sql", "CREATE TABLE users ();");
    pga_build_file(&s.w.b, "1-a.before-up.sql", "VACUUM roles;");
}

/* The record was taken over while the main script ran: all of its transaction is for nothing. */
START_TEST(the_record_is_anothers_at_the_end)
{
    with_before_script();
    fail_in("WITH gone", "22012", NULL, NULL);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
    ck_assert_ptr_nonnull(strstr(s.p.err.message, "another run has taken \"1-a\" over"));
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "CREATE TABLE users"), 0);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 0);
}
END_TEST

START_TEST(the_record_is_anothers_and_the_server_goes)
{
    with_before_script();
    fail_in("WITH gone", "22012", "SELECT (SELECT h.hash", NULL);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
    ck_assert_ptr_null(strstr(s.p.err.message, "has taken"));
}
END_TEST

/* ---- the append ---- */

static bool
run_transaction(void)
{
    const struct pga_alteration *alteration;
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = "1-a"};
    struct pga_source source = {0};

    pga_build_file(&s.w.b, "1-a.up.sql", "CREATE TABLE users ();");
    alteration = &s.w.b.alterations.items[0];
    step.alteration = alteration;
    source.main = alteration->parts[PGA_PART_UP];
    return pga_transaction_run(&s.p.runner, &step, &source, false, &s.outcome, &s.p.err);
}

/* Another append was in the way, and when one looks whether it stayed, there is no server. */
START_TEST(a_conflict_and_then_no_server)
{
    fail_in("INSERT INTO \"pgalter\".history", "23505", "ORDER BY h.seq DESC", NULL);
    ck_assert(!run_transaction());
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 0);
}
END_TEST

/* What comes last fails as only another journal makes it fail. */
START_TEST(the_journal_is_exchanged_at_the_end)
{
    fail_in("INSERT INTO \"pgalter\".journal", "23502", NULL, NULL);
    ck_assert(!run_transaction());
    ck_assert_int_eq(s.p.err.code, PGA_ERR_JOURNAL);
    ck_assert_int_eq(s.p.err.id, PGA_ID_JOURNAL_MOVED);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "CREATE TABLE users"), 0);
}
END_TEST

/* The server became a standby since the session began. */
START_TEST(a_server_that_only_reads)
{
    fail_in("BEGIN", "0A000", NULL, NULL);
    ck_assert(!run_transaction());
    ck_assert_int_eq(s.p.err.code, PGA_ERR_READ_ONLY);
    ck_assert_int_eq(s.p.err.id, PGA_ID_READ_ONLY);
    memset(&s.p.err, 0, sizeof(s.p.err));
    fail_in("BEGIN", "0A000", NULL, NULL);
    ck_assert(!pga_unfinished_delete(&s.p.journal, "1-a", false, &s.p.err));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_READ_ONLY);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("rare");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_script_that_breaks_off);
    tcase_add_test(tcase, a_main_script_that_breaks_off);
    tcase_add_test(tcase, a_script_that_breaks_off_when_it_goes_on);
    tcase_add_test(tcase, settings_that_were_taken_back);
    tcase_add_test(tcase, an_index_that_can_not_be_removed);
    tcase_add_test(tcase, a_signal_ends_the_wait_for_another_run);
    tcase_add_test(tcase, the_record_is_anothers_at_the_end);
    tcase_add_test(tcase, the_record_is_anothers_and_the_server_goes);
    tcase_add_test(tcase, a_conflict_and_then_no_server);
    tcase_add_test(tcase, the_journal_is_exchanged_at_the_end);
    tcase_add_test(tcase, a_server_that_only_reads);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
