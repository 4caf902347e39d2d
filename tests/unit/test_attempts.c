/*
 * tests/unit/test_attempts.c: journal/attempts.h, failures that are recorded beside the history.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/attempts.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/build.h"
#include "tests/helpers/fake_server.h"

static struct pga_arena mem;
static struct pga_fake_server server;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_error err;

static const struct pga_attempt attempt = {
    .id = "1-users",
    .direction = "up",
    .code = "alteration-failed",
    .sqlstate = "42P07",
    .message = "it's there",
    .detail = "two\nlines",
    .place = "a.up.sql:3",
};

static void
setup(void)
{
    struct pga_journal_settings settings = {.run = "run-1", .who = "me", .engine = "0.1.0"};

    mem = (struct pga_arena){0};
    memset(&err, 0, sizeof(err));
    pga_fake_server_init(&server);
    driver = pga_fake_session_open(&server);
    pga_journal_init(&journal, driver, &mem, &settings);
    ck_assert(pga_journal_create(&journal, &err));
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
    pga_arena_release(&mem);
}

static size_t
load(size_t limit, struct pga_attempt **out)
{
    size_t count;

    ck_assert_msg(pga_attempts_load(&journal, &mem, limit, out, &count, &err), "%s", err.message);
    return count;
}

START_TEST(an_attempt_there_and_back)
{
    struct pga_attempt second = attempt, *found;

    pga_attempt_record(&journal, &attempt);
    second.id = NULL; /* the run as a whole */
    second.code = "locked";
    pga_attempt_record(&journal, &second);
    ck_assert_uint_eq(load(10, &found), 2);
    ck_assert_str_eq(found[0].code, "locked"); /* newest first */
    ck_assert_ptr_null(found[0].id);
    ck_assert_str_eq(found[1].id, "1-users");
    ck_assert_str_eq(found[1].run, "run-1");
    ck_assert_str_eq(found[1].who, "me");
    ck_assert_str_eq(found[1].direction, "up");
    ck_assert_str_eq(found[1].sqlstate, "42P07");
    ck_assert_str_eq(found[1].message, "it's there");
    ck_assert_str_eq(found[1].detail, "two\nlines");
    ck_assert_str_eq(found[1].place, "a.up.sql:3");
    ck_assert_str_ne(found[1].at, "");
    ck_assert_uint_eq(server.state.tables[PGA_FAKE_HISTORY].count, 1); /* takes no number of it */
    ck_assert_ptr_nonnull(strstr(pga_fake_session_log(driver), "\nLIMIT 10;"));
}
END_TEST

/* It gives up soon: the failure that it records matters more. */
START_TEST(it_waits_for_nobody)
{
    const char *log;

    pga_attempt_record(&journal, &attempt);
    log = strstr(pga_fake_session_log(driver), "SET LOCAL lock_timeout = 1000;");
    ck_assert_ptr_nonnull(log);
    ck_assert_ptr_nonnull(strstr(log, "SET LOCAL statement_timeout = 5000;"));
}
END_TEST

START_TEST(where_nothing_can_be_recorded)
{
    struct pga_attempt *found;
    size_t calls = server.calls;

    journal.presence = PGA_JOURNAL_ABSENT;
    pga_attempt_record(&journal, &attempt);
    ck_assert_uint_eq(load(10, &found), 0);
    ck_assert_uint_eq(server.calls, calls);
    journal.presence = PGA_JOURNAL_PRESENT;
    ck_assert(pga_driver_run(driver, PGA_STR("BEGIN"), &err));
    calls = server.calls;
    pga_attempt_record(&journal, &attempt); /* a transaction is open */
    ck_assert_uint_eq(server.calls, calls);
}
END_TEST

START_TEST(recording_can_fail)
{
    struct pga_fake_failure failures[] = {
        {.contains = ".attempts", .sqlstate = "42501", .message = "no", .times = 2}};
    struct pga_attempt *found;
    size_t count;

    server.failures = failures;
    server.failure_count = 1;
    pga_attempt_record(&journal, &attempt);
    ck_assert_int_eq(pga_driver_transaction(driver), PGA_TRANSACTION_IDLE);
    ck_assert(!pga_attempts_load(&journal, &mem, 10, &found, &count, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
    ck_assert_str_eq(err.message, "reading the attempts: no");
    server.lose_at = server.calls + 1;
    pga_attempt_record(&journal, &attempt); /* nothing happens */
    pga_attempt_record(&journal, &attempt);
    ck_assert_uint_eq(server.state.tables[PGA_FAKE_ATTEMPTS].count, 0);
}
END_TEST

/* A script may have changed the encoding in which the server speaks. */
START_TEST(what_is_not_utf8_is_recorded_too)
{
    struct pga_attempt odd = attempt, *found;

    odd.message = "caf\xE9 \xFF";
    odd.detail = "";
    pga_attempt_record(&journal, &odd);
    ck_assert_uint_eq(load(1, &found), 1);
    ck_assert_str_eq(found[0].message, "caf? ?");
}
END_TEST

START_TEST(rows_that_nobody_wrote)
{
    static const char *const nulls[10] = {NULL};
    struct pga_attempt *found;

    pga_attempt_record(&journal, &attempt);
    server.state.tables[PGA_FAKE_ATTEMPTS].rows[0] = nulls;
    ck_assert_uint_eq(load(1, &found), 1);
    ck_assert_str_eq(found[0].message, "");
    ck_assert_str_eq(found[0].at, "");
    ck_assert_ptr_null(found[0].id);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("attempts");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, an_attempt_there_and_back);
    tcase_add_test(tcase, it_waits_for_nobody);
    tcase_add_test(tcase, where_nothing_can_be_recorded);
    tcase_add_test(tcase, recording_can_fail);
    tcase_add_test(tcase, what_is_not_utf8_is_recorded_too);
    tcase_add_test(tcase, rows_that_nobody_wrote);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
