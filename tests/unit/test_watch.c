/*
 * tests/unit/test_watch.c: engine/watch.h, against a scripted second session and a clock that stands still.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "drivers/script/script.h"
#include "engine/runner.h"
#include "tests/helpers/fake_clock.h"

#define COLUMNS 14

static struct pga_arena mem;
static struct pga_runner runner;
static struct pga_journal journal;
static struct pga_driver *first;
static struct pga_fake_clock fake;
static struct pga_script_text script_text;
static struct pga_sent sent;
static struct pga_step step;

static struct pga_script_settings first_settings, settings;
static struct pga_script_line line;
static struct pga_script_answer answers[3];
static const char *values[3 * COLUMNS];
static size_t opened;
static bool refuses;

static size_t reports;
static struct pga_blockers reported;

static void
observe(void *ctx PGA_UNUSED, const struct pga_event_report *report)
{
    ck_assert_int_eq(report->happening, PGA_HAPPENING_BLOCKED);
    ck_assert_ptr_eq(report->step, &step);
    reported = *report->blockers;
    reports++;
}

static struct pga_driver *
open_beside(struct pga_driver *beside, struct pga_error *err)
{
    ck_assert_ptr_eq(beside, first);
    opened++;
    if (!refuses)
        return pga_script_open(&settings);
    (void)pga_fail(err, PGA_ERR_NO_SERVER, "sorry, too many clients already");
    return NULL;
}

/* The second session answers with so many of `values`. */
static void
answer(size_t rows)
{
    answers[0] = (struct pga_script_answer){
        .tag = "SELECT", .columns = COLUMNS, .rows = rows, .values = values};
    answers[1] = (struct pga_script_answer){0};
}

static void
blocker(size_t row, const char *pid, const char *state, const char *query)
{
    const char *columns[COLUMNS] = {"AccessExclusiveLock",
                                    "relation",
                                    "public.a",
                                    pid,
                                    "psql",
                                    "app",
                                    "10.1.2.3",
                                    "2026-11-22T20:04:47Z",
                                    "4200",
                                    state,
                                    query,
                                    "client backend",
                                    "SELECT pg_terminate_backend(77)",
                                    "1"};

    memcpy(&values[row * COLUMNS], columns, sizeof(columns));
}

static void
setup(void)
{
    mem = (struct pga_arena){0};
    pga_interrupt_clear();
    opened = reports = 0;
    refuses = false;
    reported = (struct pga_blockers){0};
    line = (struct pga_script_line){.expect = "pg_blocking_pids(4242)", .answers = answers};
    settings = (struct pga_script_settings){.lines = &line, .line_count = 1, .repeat = true};
    first_settings = settings;
    first = pga_script_open(&first_settings);
    script_text = (struct pga_script_text){.directives = {.lock_timeout_ms = -1}};
    sent = (struct pga_sent){.script = &script_text};
    journal = (struct pga_journal){0};
    runner = (struct pga_runner){
        .driver = first,
        .journal = &journal,
        .clock = pga_fake_clock_init(&fake),
        .settings = {.lock_timeout_ms = 2000},
        .observe = observe,
        .current = &step,
        .watch = {.open = open_beside},
    };
    blocker(0, "77", "idle in transaction", "SELECT *\n  FROM a;");
    answer(1);
    pga_runner_sent(&runner, &sent);
}

static void
teardown(void)
{
    pga_watch_end(&runner);
    pga_driver_close(&first);
    pga_arena_release(&mem);
}

static void
tick_after(int64_t ms)
{
    fake.now_ms += ms;
    pga_watch_tick(&runner);
}

START_TEST(who_blocks_is_reported)
{
    tick_after(499);
    ck_assert_uint_eq(opened, 0); /* a quick statement needs no second session */
    tick_after(1);
    ck_assert_uint_eq(opened, 1);
    ck_assert_uint_eq(reports, 1);
    ck_assert_str_eq(reported.waits_for, "AccessExclusiveLock on \"public.a\"");
    ck_assert_uint_eq(reported.count, 1);
    ck_assert_uint_eq(reported.total, 1);
    ck_assert_int_eq(reported.items[0].pid, 77);
    ck_assert(reported.items[0].is_idle);
    ck_assert_str_eq(pga_blocker_format(&mem, &reported.items[0]),
                     "process 77 (application \"psql\", user \"app\", from 10.1.2.3), idle in "
                     "transaction, in its transaction since 2026-11-22T20:04:47Z (4.2 s); it ran: "
                     "SELECT * FROM a;");
    ck_assert_str_eq(pga_blockers_remedy(&mem, &reported),
                     "What is idle may never end by itself. To end it, which rolls it back: SELECT "
                     "pg_terminate_backend(77)");
}
END_TEST

START_TEST(the_same_is_not_reported_again_at_once)
{
    tick_after(500);
    tick_after(200);
    ck_assert_uint_eq(pga_script_calls(runner.watch.driver), 1); /* looks are a second apart */
    tick_after(800);
    ck_assert_uint_eq(pga_script_calls(runner.watch.driver), 2);
    ck_assert_uint_eq(reports, 1);
    ck_assert_uint_eq(opened, 1);
    tick_after(15000);
    ck_assert_uint_eq(reports, 2);
    blocker(0, "78", "active", "");
    tick_after(1000);
    ck_assert_uint_eq(reports, 3);
    ck_assert_ptr_null(pga_blockers_remedy(&mem, &reported));
    answer(0); /* it waits no more */
    tick_after(1000);
    ck_assert_uint_eq(reports, 3);
    ck_assert(!runner.watch.is_waiting);
    ck_assert_uint_eq(runner.watch.found.count, 1); /* for whoever explains a failure */
}
END_TEST

START_TEST(a_short_lock_timeout_is_looked_at_in_its_middle)
{
    runner.settings.lock_timeout_ms = 200;
    tick_after(99);
    ck_assert_uint_eq(opened, 0);
    tick_after(1);
    ck_assert_uint_eq(opened, 1);
    pga_watch_end(&runner);
    script_text.directives.lock_timeout_ms = 100;
    pga_runner_sent(&runner, &sent);
    tick_after(50);
    ck_assert_uint_eq(opened, 2);
}
END_TEST

START_TEST(nobody_looks)
{
    pga_runner_sent(&runner, NULL); /* nothing is on its way */
    tick_after(5000);
    pga_watch_look(&runner);
    pga_runner_sent(&runner, &sent);
    journal.is_pooled = true;
    tick_after(5000);
    journal.is_pooled = false;
    runner.watch.open = NULL;
    tick_after(5000);
    runner.watch.open = open_beside;
    pga_interrupt_raise(SIGTERM);
    tick_after(5000);
    ck_assert_uint_eq(opened, 0);
    ck_assert_uint_eq(reports, 0);
    pga_interrupt_clear();
}
END_TEST

/* What fails is not reported, and not tried again soon. */
START_TEST(failures_are_silent)
{
    refuses = true;
    tick_after(500);
    tick_after(29000);
    ck_assert_uint_eq(opened, 1);
    refuses = false;
    settings.fail_at = 1;
    tick_after(1000);
    ck_assert_uint_eq(opened, 2);
    ck_assert_ptr_null(runner.watch.driver);
    settings.fail_at = 0;
    answers[0].columns = 3; /* a strange answer */
    tick_after(30000);
    ck_assert_uint_eq(opened, 3);
    ck_assert_ptr_null(runner.watch.driver);
    ck_assert_uint_eq(reports, 0);
    answer(1);
    pga_watch_look(&runner); /* whoever asks gets an answer all the same */
    ck_assert_uint_eq(opened, 4);
    ck_assert(runner.watch.is_waiting);
}
END_TEST

START_TEST(prepared_transactions_and_others)
{
    values[3] = "0";
    values[4] = "the 'gid'";
    values[9] = "prepared";
    values[10] = "";
    values[12] = "ROLLBACK PREPARED 'the ''gid'''";
    blocker(1, "80", "active", "autovacuum: VACUUM public.a (to prevent wraparound)");
    values[COLUMNS + 11] = "autovacuum worker";
    values[COLUMNS + 13] = "7";
    values[13] = "7";
    answer(2);
    tick_after(500);
    ck_assert_uint_eq(reported.count, 2);
    ck_assert_uint_eq(reported.total, 7);
    ck_assert_str_eq(pga_blocker_format(&mem, &reported.items[0]),
                     "the prepared transaction \"the 'gid'\" of user \"app\", since "
                     "2026-11-22T20:04:47Z (4.2 s)");
    ck_assert_str_eq(pga_blocker_format(&mem, &reported.items[1]),
                     "process 80 (autovacuum worker), active since 2026-11-22T20:04:47Z (4.2 s); "
                     "it runs: autovacuum: VACUUM public.a (to prevent wraparound)");
    ck_assert_str_eq(pga_blockers_remedy(&mem, &reported),
                     "What is idle may never end by itself. To end it, which rolls it back: "
                     "ROLLBACK PREPARED 'the ''gid'''");
}
END_TEST

/* Of others' sessions a role without rights sees who they are, and no more. */
START_TEST(what_is_not_shown)
{
    for (size_t i = 6; i <= 11; i++)
        values[i] = NULL;
    values[2] = NULL;
    values[1] = "advisory";
    tick_after(500);
    ck_assert_str_eq(reported.waits_for, "AccessExclusiveLock on a advisory");
    ck_assert_str_eq(pga_blocker_format(&mem, &reported.items[0]),
                     "process 77 (application \"psql\", user \"app\", from ), in a transaction");
    values[1] = "transactionid";
    blocker(1, "78", "active", "SELECT 1");
    tick_after(1000);
    ck_assert_str_eq(runner.watch.found.waits_for, "the end of another transaction");
    values[1] = "tuple";
    values[2] = "a";
    tick_after(1000);
    ck_assert_str_eq(runner.watch.found.waits_for, "AccessExclusiveLock on \"a\", tuple");
}
END_TEST

START_TEST(queries_are_masked_and_cut)
{
    char text[1001];

    blocker(0, "77", "active", "ALTER ROLE app PASSWORD 'geheim'\t -- \x1b[31m \n");
    tick_after(500);
    ck_assert_ptr_null(strstr(reported.items[0].query, "geheim"));
    ck_assert_ptr_null(strchr(reported.items[0].query, '\x1b'));
    memset(text, 'x', 1000);
    text[1000] = '\0';
    blocker(0, "78", "active", text);
    tick_after(1000);
    ck_assert_uint_eq(strlen(reported.items[0].query), 203);
    ck_assert_ptr_nonnull(strstr(reported.items[0].query, "xxx..."));
}
END_TEST

START_TEST(an_error_is_explained)
{
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_CONTENTION, "gave up");
    (void)pga_error_hint(&err, "Again.");
    pga_watch_explain(&runner, &err); /* nothing is known */
    ck_assert_str_eq(err.detail, "");
    blocker(1, "78", "active", "SELECT 1");
    values[13] = values[COLUMNS + 13] = "3";
    answer(2);
    tick_after(500);
    (void)pga_error_detail(&err, "Process 1 waits.");
    pga_watch_explain(&runner, &err);
    ck_assert_ptr_nonnull(strstr(err.detail, "Process 1 waits.\nIt last waited for "
                                             "AccessExclusiveLock on \"public.a\". In its way: "
                                             "process 77 (application"));
    ck_assert_ptr_nonnull(strstr(err.detail, "; process 78 (application"));
    ck_assert_ptr_nonnull(strstr(err.detail, "; and 1 more"));
    ck_assert_str_eq(err.hint,
                     "Again. What is idle may never end by itself. To end it, which rolls it back: "
                     "SELECT pg_terminate_backend(77)");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("watch");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, who_blocks_is_reported);
    tcase_add_test(tcase, the_same_is_not_reported_again_at_once);
    tcase_add_test(tcase, a_short_lock_timeout_is_looked_at_in_its_middle);
    tcase_add_test(tcase, nobody_looks);
    tcase_add_test(tcase, failures_are_silent);
    tcase_add_test(tcase, prepared_transactions_and_others);
    tcase_add_test(tcase, what_is_not_shown);
    tcase_add_test(tcase, queries_are_masked_and_cut);
    tcase_add_test(tcase, an_error_is_explained);
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
