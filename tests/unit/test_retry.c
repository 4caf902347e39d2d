/*
 * tests/unit/test_retry.c: engine/retry.h, with a clock that stands still.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/retry.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "tests/helpers/fake_clock.h"

static struct pga_runner runner;
static struct pga_fake_clock fake;
static struct pga_error err;
static size_t reports;
static int64_t reported_pause;

static void
observe(void *ctx PGA_UNUSED, const struct pga_event_report *report)
{
    ck_assert_int_eq(report->happening, PGA_HAPPENING_STEP_RETRIED);
    ck_assert_int_eq(report->error->code, PGA_ERR_SQL); /* told before it is forgotten */
    reported_pause = report->duration_ms;
    reports++;
}

static void
setup(void)
{
    memset(&err, 0, sizeof(err));
    runner = (struct pga_runner){
        .clock = pga_fake_clock_init(&fake), .settings = {.retries = 10}, .observe = observe};
    reports = 0;
    pga_interrupt_clear();
}

static void
fail_with(const char *sqlstate)
{
    memset(&err, 0, sizeof(err));
    (void)pga_fail(&err, PGA_ERR_SQL, "canceling statement due to lock timeout");
    (void)snprintf(err.sqlstate, sizeof(err.sqlstate), "%s", sqlstate);
}

START_TEST(contention_is_tried_again)
{
    static const char *const sqlstates[] = {"55P03", "40P01", "40001"};

    for (size_t i = 0; i < PGA_COUNT_OF(sqlstates); i++) {
        struct pga_retry retry;

        pga_retry_init(&retry, &runner, -1);
        fail_with(sqlstates[i]);
        ck_assert(pga_retry_wait(&retry, &err));
        ck_assert_int_eq(err.code, PGA_OK);
        ck_assert_str_eq(err.message, "");
        ck_assert_uint_eq(reports, i + 1);
        ck_assert_int_eq(reported_pause, fake.sleeps[i]);
    }
}
END_TEST

START_TEST(other_failures_are_not)
{
    static const char *const sqlstates[] = {"42P07", "57014", "23505", "25006", ""};
    struct pga_retry retry;

    pga_retry_init(&retry, &runner, -1);
    for (size_t i = 0; i < PGA_COUNT_OF(sqlstates); i++) {
        fail_with(sqlstates[i]);
        ck_assert(!pga_retry_wait(&retry, &err));
        ck_assert_int_eq(err.code, PGA_ERR_SQL);
        ck_assert_str_eq(err.message, "canceling statement due to lock timeout");
    }
    /* A lost connection with the SQLSTATE of contention is lost all the same. */
    fail_with("40001");
    err.code = PGA_ERR_LOST;
    ck_assert(!pga_retry_wait(&retry, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
    ck_assert_uint_eq(fake.sleep_count, 0);
}
END_TEST

START_TEST(the_budget_is_used_up)
{
    struct pga_retry retry;

    pga_retry_init(&retry, &runner, -1);
    for (int i = 0; i < 10; i++) {
        fail_with("55P03");
        ck_assert(pga_retry_wait(&retry, &err));
    }
    fail_with("55P03");
    ck_assert(!pga_retry_wait(&retry, &err));
    ck_assert_int_eq(err.code, PGA_ERR_CONTENTION);
    ck_assert_int_eq(pga_error_exit_status(&err), 74);
    ck_assert_str_eq(err.message,
                     "gave up after 11 tries: canceling statement due to lock timeout");
    ck_assert_str_eq(err.sqlstate, "55P03");
    ck_assert_ptr_nonnull(strstr(err.hint, "--retries"));
    ck_assert_uint_eq(reports, 10);
}
END_TEST

START_TEST(a_directive_counts_more)
{
    struct pga_retry retry;

    pga_retry_init(&retry, &runner, 1);
    fail_with("55P03");
    ck_assert(pga_retry_wait(&retry, &err));
    fail_with("55P03");
    ck_assert(!pga_retry_wait(&retry, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "gave up after 2 tries"));
    pga_retry_init(&retry, &runner, 0);
    fail_with("55P03");
    ck_assert(!pga_retry_wait(&retry, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "gave up after 1 tries"));
}
END_TEST

/* Pauses grow to a bound, and differ: runners that met once shall not meet again and again. */
START_TEST(pauses)
{
    struct pga_retry retry;
    int64_t base = 300;
    bool differ = false;

    runner.settings.retries = 60;
    pga_retry_init(&retry, &runner, -1);
    for (size_t i = 0; i < 60; i++) {
        fail_with("55P03");
        ck_assert(pga_retry_wait(&retry, &err));
        ck_assert_int_ge(fake.sleeps[i], base);
        ck_assert_int_lt(fake.sleeps[i], 2 * base);
        differ |= fake.sleeps[i] != base && i > 0 && fake.sleeps[i] != fake.sleeps[i - 1];
        if (base < 5000)
            base = base * 3 / 2;
    }
    ck_assert(differ);
    ck_assert_int_lt(base, 7500);
}
END_TEST

START_TEST(a_signal_ends_the_pause)
{
    struct pga_retry retry;

    pga_retry_init(&retry, &runner, -1);
    fake.raise_at = 1;
    fail_with("40P01");
    ck_assert(!pga_retry_wait(&retry, &err));
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(err.signal, SIGTERM);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("retry");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, contention_is_tried_again);
    tcase_add_test(tcase, other_failures_are_not);
    tcase_add_test(tcase, the_budget_is_used_up);
    tcase_add_test(tcase, a_directive_counts_more);
    tcase_add_test(tcase, pauses);
    tcase_add_test(tcase, a_signal_ends_the_pause);
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
