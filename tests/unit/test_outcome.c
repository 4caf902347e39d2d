/*
 * tests/unit/test_outcome.c: what a run finds out after its session was lost, and says (engine/outcome.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/outcome.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "tests/helpers/world.h"

static struct pga_world w;
static struct pga_process p;
static struct pga_fake_failure failures[2];

static void
setup(void)
{
    pga_world_init(&w);
    pga_world_three(&w);
    memset(failures, 0, sizeof(failures));
}

static void
teardown(void)
{
    pga_process_end(&p);
    pga_world_release(&w);
}

/* The session is lost at a statement of a script, with so much time to come back. */
static bool
lose_in(const char *statement, int64_t reconnect_ms)
{
    failures[0] = (struct pga_fake_failure){.contains = statement, .times = 1, .lose = true};
    w.server.failures = failures;
    w.server.failure_count = failures[1].contains == NULL ? 1 : 2;
    ck_assert(pga_process_begin(&w, &p));
    p.runner.settings.reconnect_ms = reconnect_ms;
    return pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err);
}

static void
must_be(bool fine, enum pga_outcome outcome, enum pga_code code)
{
    ck_assert(!fine);
    ck_assert_msg(p.err.code == code, "%s: %s", pga_code_name(p.err.code), p.err.message);
    ck_assert_msg(p.result.outcome == outcome, "%d: %s (%s)", p.result.outcome, p.err.message,
                  p.err.detail);
}

static void
says(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in \"%s\"", part, text);
}

/* What the result says is done is what the journal has. */
static void
is_truthful(void)
{
    size_t done = 0;

    for (size_t i = 0; i < p.result.plan.count; i++) {
        ck_assert_int_eq(p.result.plan.steps[i].is_done,
                         pga_journal_find(&p.journal, p.result.plan.steps[i].id) != NULL);
        done += p.result.plan.steps[i].is_done;
    }
    ck_assert_uint_eq(p.result.done, done);
}

START_TEST(a_step_that_was_rolled_back)
{
    must_be(lose_in("CREATE TABLE roles", 0), PGA_OUTCOME_ROLLED_BACK, PGA_ERR_LOST);
    says(p.err.message, "alteration \"2-roles\": ");
    says(p.err.message, "; the step was not committed: it was rolled back");
    says(p.err.hint, "goes on with this step");
    ck_assert_str_eq(p.result.lost->id, "2-roles");
    ck_assert_uint_eq(p.result.done, 1);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_SESSION_LOST], 1);
    is_truthful();
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 1);
    ck_assert_str_eq(pga_fake_value(&w.server, PGA_FAKE_ATTEMPTS, 0, "code"), "connection-lost");
    ck_assert_str_eq(pga_fake_value(&w.server, PGA_FAKE_ATTEMPTS, 0, "id"), "2-roles");
    pga_world_check(&w);
}
END_TEST

/* The session is lost behind the message that has this text: the server has done all of it. */
static bool
lose_behind(const char *text)
{
    for (size_t call = 1; call < 100; call++) {
        bool fine;

        teardown();
        setup();
        w.server.lose_at = call;
        w.server.lose_behind = true;
        fine =
            pga_process_begin(&w, &p) && pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err);
        if (p.result.lost != NULL && pga_fake_effects(&w.server, text) == 1)
            return fine;
    }
    ck_abort_msg("nothing was lost behind \"%s\"", text);
    return false;
}

START_TEST(a_step_that_was_committed)
{
    must_be(lose_behind("CREATE TABLE roles"), PGA_OUTCOME_COMMITTED, PGA_ERR_LOST);
    says(p.err.message, "; the step was committed");
    says(p.err.hint, "goes on behind this step");
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_STEP_DONE], 2);
    ck_assert_uint_eq(p.result.done, 2);
    is_truthful();
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 1);
    pga_world_check(&w);
}
END_TEST

/* Then nothing is left to do, and nothing has failed. */
START_TEST(the_last_step_that_was_committed)
{
    ck_assert_msg(lose_behind("CREATE TABLE more"), "%s", p.err.message);
    ck_assert_int_eq(p.result.outcome, PGA_OUTCOME_COMMITTED);
    ck_assert_uint_eq(p.result.done, 3);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_STEP_DONE], 3);
    ck_assert_int_eq(p.err.code, PGA_OK);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 0);
    is_truthful();
}
END_TEST

static void
deploy_by_another(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    struct pga_process other;

    if (s->lock_holder != NULL)
        return;
    s->failure_count = 0;
    pga_process_must(pga_process_deploy(&w, &other, "next"), &other);
    s->failure_count = 1;
}

/* The hook's moment is when the run has come back. */
START_TEST(a_step_that_another_run_has_done_since)
{
    for (size_t call = 1; p.result.outcome != PGA_OUTCOME_OVERTAKEN; call++) {
        teardown();
        setup();
        ck_assert_uint_lt(call, 60);
        w.server.hook = deploy_by_another;
        w.server.hook_at = call;
        (void)lose_in("CREATE TABLE roles", 0);
    }
    must_be(false, PGA_OUTCOME_OVERTAKEN, PGA_ERR_LOST);
    says(p.err.message, "another one has done it meanwhile");
    ck_assert_uint_eq(p.result.done, 1);
    pga_world_check(&w);
}
END_TEST

static void
forget_the_end(struct pga_fake_server *s, void *ctx)
{
    size_t rows = *(const size_t *)ctx;

    s->state.tables[PGA_FAKE_HISTORY].count -= rows;
    s->state.tables[PGA_FAKE_JOURNAL].count -= rows;
    s->state.tables[PGA_FAKE_EFFECTS].count -= rows;
}

/* A failover to a server that had not received everything yet. */
START_TEST(a_server_that_lacks_the_end)
{
    size_t rows = 1;

    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    w.server.hook = forget_the_end;
    w.server.hook_ctx = &rows;
    for (size_t call = 1; p.result.outcome != PGA_OUTCOME_BEHIND; call++) {
        teardown();
        setup();
        ck_assert_uint_lt(call, 60);
        w.server.hook_ctx = &rows;
        w.server.hook = forget_the_end;
        pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
        w.server.hook_at = w.server.calls + call;
        if (!lose_in("CREATE TABLE more", 0) && p.err.code != PGA_ERR_LOST)
            ck_assert_int_eq(p.err.code, PGA_ERR_JOURNAL);
    }
    says(p.err.message, "lacks steps that had been committed");
    ck_assert_uint_eq(p.result.done, 0); /* 2-roles had been, and is not any more */
    is_truthful();
}
END_TEST

static void
forget_all(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    memset(&s->state, 0, sizeof(s->state));
}

/* Another database answers, or another cluster. */
START_TEST(another_journal)
{
    bool seen = false;

    for (size_t call = 1; call < 40 && !seen; call++) {
        teardown();
        setup();
        pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
        w.server.hook = forget_all;
        w.server.hook_at = w.server.calls + 2 + call;
        (void)lose_in("CREATE TABLE roles", 0);
        seen = p.result.outcome == PGA_OUTCOME_UNKNOWN && p.err.code == PGA_ERR_JOURNAL;
    }
    ck_assert(seen);
    says(p.err.message, "not the");
}
END_TEST

/* The journal was this run's own, and a failover lost its making. */
START_TEST(no_journal_any_more)
{
    bool seen = false;

    for (size_t call = 1; call < 40 && !seen; call++) {
        teardown();
        setup();
        w.server.hook = forget_all;
        w.server.hook_at = w.server.calls + call;
        (void)lose_in("CREATE TABLE more", 0);
        seen = p.result.outcome == PGA_OUTCOME_BEHIND && p.err.code == PGA_ERR_LOST;
    }
    ck_assert(seen);
    ck_assert_uint_eq(p.result.done, 0);
}
END_TEST

START_TEST(an_old_process_that_takes_its_time)
{
    w.server.stays = 20;
    must_be(lose_in("CREATE TABLE roles", 0), PGA_OUTCOME_ROLLED_BACK, PGA_ERR_LOST);
    ck_assert_int_eq(w.server.stays, -1);
}
END_TEST

/* A role that may not end it waits for its end. */
START_TEST(an_old_process_that_may_not_be_ended)
{
    failures[1] = (struct pga_fake_failure){.contains = "pg_terminate_backend",
                                            .times = 1,
                                            .sqlstate = "42501",
                                            .message = "must be a member"};
    w.server.stays = 20;
    must_be(lose_in("CREATE TABLE roles", 0), PGA_OUTCOME_ROLLED_BACK, PGA_ERR_LOST);
    ck_assert_int_eq(failures[1].times, 0);
}
END_TEST

START_TEST(an_old_process_that_does_not_end)
{
    w.server.stays = INT_MAX;
    must_be(lose_in("CREATE TABLE roles", 60000), PGA_OUTCOME_UNKNOWN, PGA_ERR_LOST);
    says(p.err.message, "; whether the step was committed is not known yet");
    says(p.err.detail, "Afterwards: process ");
    says(p.err.hint, "was told to end and has not");
    ck_assert_uint_eq(p.result.done, 1);
}
END_TEST

START_TEST(a_server_that_comes_back)
{
    w.server.away_for = 3;
    w.server.standby_for = 5;
    must_be(lose_in("CREATE TABLE roles", 60000), PGA_OUTCOME_ROLLED_BACK, PGA_ERR_LOST);
    ck_assert_uint_ge(w.fake.sleep_count, 5);
    ck_assert_int_eq(w.fake.sleeps[0], 250);
    ck_assert_int_eq(w.fake.sleeps[4], 2000);
    is_truthful();
}
END_TEST

START_TEST(a_server_that_does_not_come_back)
{
    int64_t started;

    w.server.away_for = INT_MAX;
    started = 1000000;
    must_be(lose_in("CREATE TABLE roles", 60000), PGA_OUTCOME_UNKNOWN, PGA_ERR_LOST);
    says(p.err.message, "; whether the step was committed is not known yet");
    says(p.err.detail, "Afterwards: the fake server does not answer.");
    says(p.err.hint, "Run the same command again once the server answers");
    ck_assert_int_ge(w.fake.now_ms - started, 60000);
    ck_assert_int_le(w.fake.now_ms - started, 65000);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 0);
}
END_TEST

/* It breaks again while it is being asked. */
START_TEST(a_session_that_is_lost_again)
{
    failures[1] =
        (struct pga_fake_failure){.contains = "pg_terminate_backend", .times = 2, .lose = true};
    must_be(lose_in("CREATE TABLE roles", 60000), PGA_OUTCOME_ROLLED_BACK, PGA_ERR_LOST);
    ck_assert_int_eq(failures[1].times, 0);
}
END_TEST

/* What doesn't pass by itself is not waited for. */
START_TEST(a_server_that_refuses)
{
    failures[1] = (struct pga_fake_failure){
        .contains = "pg_sleep", .times = 1, .sqlstate = "53200", .message = "out of memory"};
    must_be(lose_in("CREATE TABLE roles", 60000), PGA_OUTCOME_UNKNOWN, PGA_ERR_LOST);
    says(p.err.detail, "Afterwards: out of memory.");
    ck_assert_uint_eq(w.fake.sleep_count, 0);
}
END_TEST

START_TEST(a_signal_while_it_waits)
{
    w.server.away_for = INT_MAX;
    failures[0] =
        (struct pga_fake_failure){.contains = "CREATE TABLE roles", .times = 1, .lose = true};
    w.server.failures = failures;
    w.server.failure_count = 1;
    ck_assert(pga_process_begin(&w, &p));
    p.runner.settings.reconnect_ms = 60000;
    w.fake.raise_at = 2;
    must_be(pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err), PGA_OUTCOME_UNKNOWN,
            PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(p.err.signal, SIGTERM);
    says(p.err.message, "; whether the step was committed is not known yet");
    ck_assert_uint_eq(w.fake.sleep_count, 2);
}
END_TEST

/* The session was given up because the server did not stop after a signal. */
static void
settle_after(int signals)
{
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = "9-never"};
    struct pga_message lost = {.sql = PGA_STR("SELECT 1")};
    struct pga_results none = {0};
    struct pga_error gone = {0};

    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    ck_assert(pga_process_begin(&w, &p));
    p.journal.backend = (struct pga_backend){.pid = 1, .began = "2026-01-02 03:04:05.678901"};
    w.server.lose_at = w.server.calls + 1;
    ck_assert(!pga_driver_query(p.driver, &lost, &w.b.mem, &none, &gone));
    w.server.lose_at = 0;
    for (int i = 0; i < signals; i++)
        pga_interrupt_raise(SIGTERM);
    ck_assert(!pga_interrupt_check(&p.err));
    p.result.outcome = pga_outcome_settle(&p.runner, &step, &p.err);
}

START_TEST(after_a_signal_there_is_one_attempt)
{
    settle_after(1);
    must_be(false, PGA_OUTCOME_ROLLED_BACK, PGA_ERR_INTERRUPTED);
    says(p.err.message, "it was rolled back");
    pga_process_end(&p);
    teardown();
    setup();
    w.server.away_for = 1;
    settle_after(1);
    must_be(false, PGA_OUTCOME_UNKNOWN, PGA_ERR_INTERRUPTED);
    ck_assert_uint_eq(w.fake.sleep_count, 0);
}
END_TEST

START_TEST(after_a_second_signal_there_is_none)
{
    size_t calls;

    settle_after(2);
    calls = w.server.calls;
    must_be(false, PGA_OUTCOME_NONE, PGA_ERR_INTERRUPTED);
    says(p.err.hint, "Run the same command again");
    ck_assert_uint_eq(w.server.calls, calls);
}
END_TEST

START_TEST(names)
{
    ck_assert_ptr_null(pga_outcome_name(PGA_OUTCOME_NONE));
    ck_assert_str_eq(pga_outcome_name(PGA_OUTCOME_COMMITTED), "committed");
    ck_assert_str_eq(pga_outcome_name(PGA_OUTCOME_UNKNOWN), "unknown");
}
END_TEST

/* A frozen holder is ended when it has been seen idle twice, and that is recorded. */
START_TEST(an_idle_holder_is_ended)
{
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    w.server.lock_holder = "a frozen one";
    w.server.idle_holder = "77";
    ck_assert(pga_process_begin(&w, &p));
    p.runner.settings.steal_after_ms = 1000;
    ck_assert_msg(pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err), "%s", p.err.message);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_LOCK_STOLEN], 1);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 1);
    says(pga_fake_value(&w.server, PGA_FAKE_ATTEMPTS, 0, "message"),
         "process 77 held the runner lock");
    pga_world_check(&w);
}
END_TEST

START_TEST(a_holder_that_may_not_be_ended)
{
    failures[0] = (struct pga_fake_failure){.contains = "pg_terminate_backend",
                                            .times = 1000,
                                            .sqlstate = "42501",
                                            .message = "must be a member"};
    w.server.failures = failures;
    w.server.failure_count = 1;
    w.server.lock_holder = "a frozen one";
    w.server.idle_holder = "77";
    ck_assert(pga_process_begin(&w, &p));
    p.runner.settings.steal_after_ms = 1000;
    must_be(pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err), PGA_OUTCOME_NONE,
            PGA_ERR_LOCKED);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_LOCK_STOLEN], 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, a_step_that_was_rolled_back);
    tcase_add_test(tcase, a_step_that_was_committed);
    tcase_add_test(tcase, the_last_step_that_was_committed);
    tcase_add_test(tcase, a_step_that_another_run_has_done_since);
    tcase_add_test(tcase, a_server_that_lacks_the_end);
    tcase_add_test(tcase, another_journal);
    tcase_add_test(tcase, no_journal_any_more);
    tcase_add_test(tcase, an_old_process_that_takes_its_time);
    tcase_add_test(tcase, an_old_process_that_may_not_be_ended);
    tcase_add_test(tcase, an_old_process_that_does_not_end);
    tcase_add_test(tcase, a_server_that_comes_back);
    tcase_add_test(tcase, a_server_that_does_not_come_back);
    tcase_add_test(tcase, a_session_that_is_lost_again);
    tcase_add_test(tcase, a_server_that_refuses);
    tcase_add_test(tcase, a_signal_while_it_waits);
    tcase_add_test(tcase, after_a_signal_there_is_one_attempt);
    tcase_add_test(tcase, after_a_second_signal_there_is_none);
    tcase_add_test(tcase, names);
    tcase_add_test(tcase, an_idle_holder_is_ended);
    tcase_add_test(tcase, a_holder_that_may_not_be_ended);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
