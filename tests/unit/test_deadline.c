/*
 * tests/unit/test_deadline.c: engine/deadline.h, with a clock that stands still.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/deadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/retry.h"
#include "tests/helpers/world.h"

static struct pga_world w;
static struct pga_process p;

static void
setup(void)
{
    pga_world_init(&w);
    pga_world_three(&w);
}

static void
teardown(void)
{
    pga_world_release(&w);
}

/* A run that has been at it for so long of so much. */
static struct pga_runner *
begin(int64_t spent_ms, int64_t total_ms)
{
    ck_assert_msg(pga_process_begin(&w, &p), "%s", p.err.message);
    p.runner.settings.deadline = pga_deadline_after(w.fake.now_ms - spent_ms, total_ms);
    return &p.runner;
}

START_TEST(what_is_left)
{
    struct pga_runner *runner = begin(1000, 4000);

    ck_assert_int_eq(runner->settings.deadline.reserve_ms, 400);
    ck_assert_int_eq(pga_deadline_left_ms(runner), 2600);
    ck_assert_int_eq(pga_deadline_cut_ms(runner, 60000), 2600);
    ck_assert_int_eq(pga_deadline_cut_ms(runner, 2000), 2000);
    ck_assert_int_eq(pga_deadline_statement_ms(runner, 0), 2600);
    ck_assert_int_eq(pga_deadline_statement_ms(runner, 60000), 2600);
    ck_assert_int_eq(pga_deadline_statement_ms(runner, 2000), 2000);
    ck_assert_int_eq(pga_deadline_message_ms(runner), 2801);
    w.fake.now_ms += 2600;
    ck_assert_int_eq(pga_deadline_left_ms(runner), 0);
    ck_assert_int_eq(pga_deadline_cut_ms(runner, 60000), 0);
    ck_assert_int_eq(pga_deadline_statement_ms(runner, 0), 1); /* 0 would be none */
    w.fake.now_ms += 2600;
    ck_assert_int_eq(pga_deadline_left_ms(runner), 0);
    ck_assert_int_gt(pga_deadline_message_ms(runner), 0);
    pga_process_end(&p);
    ck_assert_int_eq(pga_deadline_after(0, 14 * INT64_C(60000)).reserve_ms, 5000);
}
END_TEST

START_TEST(without_a_deadline)
{
    struct pga_runner *runner = begin(0, 0);
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = "1-users"};
    struct pga_error err = {0};

    ck_assert_int_eq(pga_deadline_left_ms(runner), INT64_MAX);
    ck_assert_int_eq(pga_deadline_cut_ms(runner, 60000), 60000);
    ck_assert_int_eq(pga_deadline_statement_ms(runner, 0), 0);
    ck_assert_int_eq(pga_deadline_message_ms(runner), 0);
    ck_assert(pga_deadline_check(runner, &step, &err));
    ck_assert(pga_deadline_load(runner, &w.b.mem, &err));
    pga_process_end(&p);
}
END_TEST

static int64_t took_ms = 3000;

/* What the history knows of one alteration. */
static void
know(struct pga_runner *runner, const char *id)
{
    runner->settings.deadline.took = pga_map_on(&w.b.mem);
    (void)pga_map_put(&runner->settings.deadline.took, id, &took_ms);
}

START_TEST(a_step_must_fit)
{
    struct pga_runner *runner = begin(0, 10000);
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = "1-users"};
    struct pga_error err = {0};

    know(runner, "1-users");
    w.fake.now_ms += 6000;
    ck_assert(pga_deadline_check(runner, &step, &err)); /* exactly */
    w.fake.now_ms += 1;
    ck_assert(!pga_deadline_check(runner, &step, &err));
    ck_assert_int_eq(pga_error_exit_status(&err), 78);
    ck_assert_int_eq(err.id, PGA_ID_DEADLINE);
    ck_assert_str_eq(
        err.message,
        "the deadline: alteration \"1-users\" took 3.0 s before, and only 2.9 s is left");
    ck_assert_ptr_nonnull(strstr(err.hint, "--deadline"));
    memset(&err, 0, sizeof(err));
    step.kind = PGA_STEP_REVERT; /* nothing is known of taking it back */
    ck_assert(pga_deadline_check(runner, &step, &err));
    step = (struct pga_step){.kind = PGA_STEP_APPLY, .id = "2-roles"};
    ck_assert(pga_deadline_check(runner, &step, &err));
    w.fake.now_ms += 3000;
    ck_assert(!pga_deadline_check(runner, &step, &err));
    ck_assert_str_eq(err.message, "the deadline: no time is left for alteration \"2-roles\"");
    pga_process_end(&p);
}
END_TEST

START_TEST(failures_that_it_explains)
{
    static const struct {
        enum pga_code code;
        const char *sqlstate;
        bool is_limit;
    } failures[] = {
        {PGA_ERR_SQL, "57014", true},   {PGA_ERR_SQL, "55P03", true},  {PGA_ERR_SQL, "40P01", true},
        {PGA_ERR_DEADLINE, "", true},   {PGA_ERR_SQL, "42P07", false}, {PGA_ERR_LOST, "", false},
        {PGA_ERR_LOST, "57014", false},
    };
    struct pga_runner *runner = begin(0, 10000);

    for (size_t i = 0; i < 2 * PGA_COUNT_OF(failures); i++) {
        size_t k = i % PGA_COUNT_OF(failures);
        bool is_over = i >= PGA_COUNT_OF(failures);
        struct pga_error err = {0};

        if (i == PGA_COUNT_OF(failures))
            w.fake.now_ms += 9000;
        (void)pga_fail(&err, failures[k].code, "stopped");
        (void)snprintf(err.sqlstate, sizeof(err.sqlstate), "%s", failures[k].sqlstate);
        ck_assert(pga_deadline_explains(runner, &err) == (is_over && failures[k].is_limit));
        ck_assert_str_eq(err.message, is_over && failures[k].is_limit
                                          ? "the deadline left no more time: stopped"
                                          : "stopped");
    }
    pga_process_end(&p);
}
END_TEST

static struct pga_driver *
open_nothing(struct pga_driver *first PGA_UNUSED, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_NO_SERVER, "none");
    return NULL;
}

START_TEST(no_time_for_another_try)
{
    struct pga_runner *runner = begin(0, 10000);
    struct pga_retry retry;
    struct pga_error err = {0};
    int64_t started = w.fake.now_ms;

    runner->watch.open = open_nothing;
    runner->settings.retries = 10;
    pga_retry_init(&retry, runner, -1);
    for (int i = 0; i < 2; i++) {
        memset(&err, 0, sizeof(err));
        (void)pga_fail(&err, PGA_ERR_SQL, "canceling statement due to lock timeout");
        memcpy(err.sqlstate, "55P03", sizeof("55P03"));
        ck_assert(pga_retry_wait(&retry, &err) == (i == 0));
        w.fake.now_ms = started + 8700;
    }
    ck_assert_int_eq(err.code, PGA_ERR_DEADLINE);
    ck_assert_str_eq(err.message, "the deadline leaves no time for another try: canceling "
                                  "statement due to lock timeout");
    ck_assert_int_eq(retry.tried, 1);
    ck_assert_int_eq(retry.left, 9);
    pga_process_end(&p);
}
END_TEST

/* A whole run: what is read of the history, and that a plan stops between two steps. */
START_TEST(a_run_stops_between_two_steps)
{
    struct pga_runner *runner = begin(0, 12000);

    w.fake.step_ms = 1000;
    ck_assert(!pga_deploy(runner, &w.b.mem, "next", &p.result, &p.err));
    ck_assert_int_eq(p.err.code, PGA_ERR_DEADLINE);
    ck_assert_uint_lt(p.result.done, 3);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_EFFECTS), p.result.done);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 1);
    ck_assert_str_eq(pga_fake_value(&w.server, PGA_FAKE_ATTEMPTS, 0, "code"), "deadline");
    w.fake.step_ms = 0;
    pga_process_end(&p);
    pga_world_check(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
}
END_TEST

START_TEST(the_runner_lock_is_waited_for_until_then)
{
    struct pga_runner *runner = begin(0, 4000);

    w.server.lock_holder = "somebody else";
    ck_assert(!pga_deploy(runner, &w.b.mem, "latest", &p.result, &p.err));
    ck_assert_int_eq(p.err.code, PGA_ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(p.err.message, "waited 3.6 s"));
    ck_assert_ptr_nonnull(strstr(p.err.hint, "--deadline"));
    pga_process_end(&p);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("deadline");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_is_left);
    tcase_add_test(tcase, without_a_deadline);
    tcase_add_test(tcase, a_step_must_fit);
    tcase_add_test(tcase, failures_that_it_explains);
    tcase_add_test(tcase, no_time_for_another_try);
    tcase_add_test(tcase, a_run_stops_between_two_steps);
    tcase_add_test(tcase, the_runner_lock_is_waited_for_until_then);
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
