/*
 * tests/unit/test_doctor_read.c: engine/doctor_read.c, what a server says, or doesn't.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "tests/helpers/patient.h"
#include "tests/helpers/world.h"

static struct pga_patient p;
static struct pga_error err;

static void
setup(void)
{
    memset(&err, 0, sizeof(err));
    pga_patient_init(&p);
}

static void
teardown(void)
{
    pga_patient_release(&p);
    pga_interrupt_clear();
}

#define BEGUN                                                                                      \
    {.tag = "BEGIN"}, {.tag = "RESET"}, {.tag = "RESET"}, {.tag = "RESET"}, {.tag = "SET"},        \
    {                                                                                              \
        .tag = "SET"                                                                               \
    }

static const struct pga_script_answer nothing_found[] = {
    BEGUN, {.tag = "SELECT 0"}, {.tag = "ROLLBACK"}, {0}};
static const struct pga_script_answer too_few[] = {BEGUN, {.tag = "ROLLBACK"}, {0}};

static bool
read_from(const struct pga_script_line *lines, size_t count)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "0.1.0"};
    bool fine;

    pga_driver_close(&p.driver);
    memset(&err, 0, sizeof(err));
    memset(p.doctor.answers, 0, sizeof(p.doctor.answers));
    memset(&p.doctor.connect_error, 0, sizeof(p.doctor.connect_error));
    memset(&p.doctor.lock_error, 0, sizeof(p.doctor.lock_error));
    memset(&p.doctor.open_error, 0, sizeof(p.doctor.open_error));
    memset(&p.doctor.load_error, 0, sizeof(p.doctor.load_error));
    memset(&p.doctor.unfinished_error, 0, sizeof(p.doctor.unfinished_error));
    memset(&p.doctor.examine_error, 0, sizeof(p.doctor.examine_error));
    p.script.lines = lines;
    p.script.line_count = count;
    p.driver = pga_script_open(&p.script);
    pga_journal_init(&p.journal, p.driver, &p.mem, &settings);
    fine = pga_doctor_read(&p.doctor, &p.journal, pga_clock_system(), &err);
    pga_doctor_examine(&p.doctor, &p.findings); /* must bear whatever was read */
    return fine;
}

#define NOTHING                                                                                    \
    {                                                                                              \
        .tag = "SELECT 0"                                                                          \
    }

START_TEST(one_message_asks_all)
{
    static const struct pga_script_answer all[] = {
        BEGUN,   NOTHING, NOTHING, NOTHING, NOTHING,
        NOTHING, NOTHING, NOTHING, NOTHING, {.tag = "ROLLBACK"},
        {0}};
    static const struct pga_script_line lines[] = {
        {.expect = "SET LOCAL lock_timeout = 1000;\nSET LOCAL statement_timeout = 5000;",
         .answers = all},
        {.expect = "", .error = {.sqlstate = "42501", .message = "permission denied"}},
    };
    const char *asked;

    ck_assert(read_from(lines, PGA_COUNT_OF(lines)));
    for (size_t i = 0; i < PGA_PROBE_COUNT; i++)
        ck_assert(p.doctor.answers[i].is_there);
    asked = strstr(pga_script_log(p.driver), "pg_prepared_xacts");
    ck_assert_ptr_nonnull(asked);
    ck_assert_ptr_null(strstr(asked + 1, "pg_prepared_xacts"));
}
END_TEST

START_TEST(a_question_that_fails_costs_no_other)
{
    static const struct pga_script_line lines[] = {
        {.expect = "pg_prepared_xacts",
         .error = {.sqlstate = "57014", .message = "canceling statement due to timeout"}},
        {.expect = "pg_event_trigger", .answers = too_few},
        {.expect = "SET LOCAL lock_timeout = 1000;\nSET LOCAL statement_timeout = 5000;",
         .answers = nothing_found},
        {.expect = "set_config", .error = {.sqlstate = "42501", .message = "permission denied"}},
        {.expect = "ROLLBACK", .answers = NULL},
        {.expect = "", .error = {.sqlstate = "42501", .message = "permission denied"}},
    };

    ck_assert(read_from(lines, PGA_COUNT_OF(lines)));
    ck_assert(p.doctor.answers[PGA_PROBE_JOURNAL].is_there);
    ck_assert(!p.doctor.answers[PGA_PROBE_PREPARED].is_there);
    pga_patient_expect(&p, "activity", "prepared transactions", PGA_VERDICT_NOT_CHECKED,
                       "did not answer: canceling statement");
    pga_patient_expect(&p, "database", "event triggers", PGA_VERDICT_NOT_CHECKED, "7 answers");
    pga_patient_expect(&p, "journal", "trust", PGA_VERDICT_ATTENTION, "may not read");
    pga_patient_expect(&p, "database", "encoding", PGA_VERDICT_ATTENTION, "instead of UTF8");
}
END_TEST

/* Wherever the connection ends, what had been answered is there, and the rest is not checked. */
START_TEST(the_connection_ends_in_the_middle)
{
    static const struct pga_script_line lines[] = {
        {.expect = "SET LOCAL lock_timeout = 1000;", .answers = nothing_found},
        {.expect = "set_config", .error = {.sqlstate = "42501", .message = "permission denied"}},
        {.expect = "ROLLBACK", .answers = NULL},
        {.expect = "", .error = {.sqlstate = "42501", .message = "permission denied"}},
    };

    /* The first message asks everything, and then each question is asked by itself. */
    for (p.script.fail_at = 1; p.script.fail_at <= PGA_PROBE_COUNT + 3; p.script.fail_at++) {
        ck_assert(read_from(lines, PGA_COUNT_OF(lines)));
        for (size_t i = 0; i < PGA_PROBE_COUNT; i++)
            ck_assert_int_eq(p.doctor.answers[i].is_there, i + 2 < p.script.fail_at);
        pga_patient_expect(&p, "connection", "connecting", PGA_VERDICT_FAILED, "lost");
        pga_patient_expect(&p, "journal", "trust", PGA_VERDICT_NOT_CHECKED, "lost");
        if (p.script.fail_at < PGA_PROBE_COUNT + 3)
            pga_patient_expect(&p, "journal", "runner lock", PGA_VERDICT_NOT_CHECKED, "lost");
    }
    p.script.fail_at = 4;
    ck_assert(read_from(lines, PGA_COUNT_OF(lines)));
    pga_patient_expect(&p, "activity", "long transactions", PGA_VERDICT_NOT_CHECKED, "lost before");
}
END_TEST

static void
begin_again(void)
{
    teardown();
    setup();
}

/* The same over a journal: nothing that was not asked looks well. */
START_TEST(the_connection_ends_in_the_journal)
{
    static struct pga_world w;
    static struct pga_process process;
    static const char *const checks[] = {"runner lock", "trust", "history", "unfinished"};
    size_t asked = 0, unasked;

    pga_world_init(&w);
    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &process, "next"), &process);
    for (size_t n = 1; asked < PGA_COUNT_OF(checks); n++) {
        begin_again();
        ck_assert(pga_process_begin(&w, &process));
        w.server.lose_at = w.server.calls + n;
        ck_assert(pga_doctor_read(&p.doctor, &process.journal, pga_clock_system(), &err));
        w.server.lose_at = 0;
        pga_patient_heal(&p); /* that server's answers about itself have no names */
        pga_patient_set(&p, "clock_s", "1800000000");
        ck_assert_int_eq(p.doctor.connect_error.code, PGA_ERR_LOST);
        asked = unasked = 0;
        for (size_t i = 0; i < PGA_COUNT_OF(checks); i++) {
            enum pga_verdict verdict = pga_patient_finding(&p, "journal", checks[i])->verdict;

            asked += verdict == PGA_VERDICT_OK ? 1 : 0;
            unasked += verdict == PGA_VERDICT_NOT_CHECKED ? 1 : 0;
            ck_assert(verdict != PGA_VERDICT_OK || unasked == 0);
        }
        ck_assert_uint_eq(asked + unasked, PGA_COUNT_OF(checks));
        pga_patient_expect(&p, "journal", "scripts", PGA_VERDICT_NOT_CHECKED, "");
        pga_patient_expect(&p, "connection", "connecting", PGA_VERDICT_FAILED, "");
        pga_process_end(&process);
        ck_assert_uint_lt(n, 30);
    }
    begin_again();
    ck_assert(pga_process_begin(&w, &process));
    ck_assert(pga_doctor_read(&p.doctor, &process.journal, pga_clock_system(), &err));
    pga_patient_heal(&p);
    pga_patient_set(&p, "clock_s", "1800000000");
    pga_patient_expect(&p, "journal", "history", PGA_VERDICT_OK, "4 rows hold together");
    pga_patient_expect(&p, "journal", "scripts", PGA_VERDICT_FAILED,
                       ""); /* that server can't compare them */
    pga_process_end(&process);
    pga_world_release(&w);
}
END_TEST

/* A step in progress, and nobody says whether its run lives. */
START_TEST(a_run_that_can_not_be_asked_about)
{
    static struct pga_world w;
    static struct pga_process process;
    struct pga_fake_failure failures[] = {{.contains = "VACUUM", .times = 1, .lose = true},
                                          {.contains = "pg_catalog.strpos(a.application_name",
                                           .sqlstate = "42501",
                                           .message = "no",
                                           .times = 1}};

    pga_world_init(&w);
    pga_build_file(&w.b, "1-a.up.sql", "-- pgalter:transaction none\nVACUUM users;");
    w.server.failures = failures;
    w.server.failure_count = PGA_COUNT_OF(failures);
    ck_assert(!pga_process_deploy(&w, &process, "latest"));
    pga_process_end(&process);
    failures[1].times = 1;
    ck_assert(pga_process_begin(&w, &process));
    ck_assert(pga_doctor_read(&p.doctor, &process.journal, pga_clock_system(), &err));
    ck_assert_uint_eq(p.doctor.unfinished_count, 1);
    ck_assert_int_eq(p.doctor.unfinished_error.code, PGA_ERR_DENIED);
    pga_process_end(&process);
    pga_world_release(&w);
}
END_TEST

START_TEST(a_signal_ends_it)
{
    static const struct pga_script_line lines[] = {
        {.expect = "", .error = {.sqlstate = "42501", .message = "permission denied"}},
    };

    pga_interrupt_raise(SIGTERM);
    ck_assert(!read_from(lines, PGA_COUNT_OF(lines)));
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("doctor_read");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, one_message_asks_all);
    tcase_add_test(tcase, a_question_that_fails_costs_no_other);
    tcase_add_test(tcase, the_connection_ends_in_the_middle);
    tcase_add_test(tcase, the_connection_ends_in_the_journal);
    tcase_add_test(tcase, a_run_that_can_not_be_asked_about);
    tcase_add_test(tcase, a_signal_ends_it);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
