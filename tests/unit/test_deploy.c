/*
 * tests/unit/test_deploy.c: whole runs (engine/run.h) against a server that knows the journal, with the connection lost
 * at each call in turn.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/world.h"

static struct pga_world w;

static void
setup(void)
{
    pga_world_init(&w);
}

static void
teardown(void)
{
    pga_world_release(&w);
}

/* One with everything that runs outside a transaction. */
static void
outside(void)
{
    pga_build_file(&w.b, "1.2.0-4-index.up.sql",
                   "-- pgalter:transaction none\nSET work_mem = '1MB';\n"
                   "CREATE INDEX CONCURRENTLY i ON users (id);\nALTER TABLE users ADD y int;\n"
                   "BEGIN; ALTER TABLE users ADD z int; ALTER TABLE users ADD w int; COMMIT;\n");
    pga_build_file(&w.b, "1.2.0-4-index.down.sql",
                   "-- pgalter:transaction none\nDROP INDEX CONCURRENTLY i;");
    pga_build_file(&w.b, "1.2.0-5-both.up.sql", "CREATE TABLE both_up ();");
    pga_build_file(&w.b, "1.2.0-5-both.before-up.sql",
                   "VACUUM users;\nALTER TABLE users ADD v int;");
    pga_build_file(&w.b, "1.2.0-5-both.down.sql", "DROP TABLE both_up;");
    pga_build_file(&w.b, "1.2.0-5-both.before-down.sql", "VACUUM (FULL) users;");
}

static const char *
event(size_t row)
{
    return pga_fake_value(&w.server, PGA_FAKE_HISTORY, row, "event");
}

START_TEST(from_nothing_and_back)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    ck_assert_uint_eq(p.result.done, 2);
    ck_assert_uint_eq(p.result.ran, 2);
    ck_assert_uint_eq(p.result.plan.held_count, 1);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 2);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_SCRIPTS), 4);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_EFFECTS), 2);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_PLANNED], 1);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_STEP_DONE], 2);
    ck_assert_ptr_null(w.server.lock_holder);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    ck_assert_uint_eq(p.result.ran, 1);
    pga_process_must(pga_process_roll_back(&w, &p, "1.0.0"), &p);
    ck_assert_uint_eq(p.result.ran, 2);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 1);
    pga_build_no_files(&w.b); /* the journal has all that it takes */
    pga_process_must(pga_process_roll_back(&w, &p, "zero"), &p);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 0);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_HISTORY), 7);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_SCRIPTS), 6);
    ck_assert_str_eq(event(0), "created");
    ck_assert_str_eq(event(3), "applied");
    ck_assert_str_eq(event(6), "reverted");
    ck_assert_uint_eq(pga_fake_effects(&w.server, "DROP TABLE"), 3);
}
END_TEST

/* Nothing pending: one round trip, no lock, nothing written. */
START_TEST(nothing_to_do)
{
    struct pga_process p;
    size_t calls;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    calls = w.server.calls;
    w.server.lock_holder = "somebody else";
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    ck_assert_uint_eq(w.server.calls - calls, 1);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    ck_assert_uint_eq(p.result.done, 0);
    pga_process_must(pga_process_roll_back(&w, &p, "3-more"), &p);
    ck_assert_uint_eq(p.result.done, 0);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_HISTORY), 4);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 0);
}
END_TEST

START_TEST(an_empty_directory_makes_no_journal)
{
    struct pga_process p;

    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    ck_assert(!w.server.state.has_schema);
    ck_assert_uint_eq(w.server.calls, 2); /* the question for it fails, and is rolled back */
    pga_process_must(pga_process_roll_back(&w, &p, "zero"), &p);
    ck_assert(!w.server.state.has_schema);
}
END_TEST

START_TEST(a_schema_that_was_made_for_us)
{
    struct pga_process p;

    pga_world_three(&w);
    w.server.state.has_schema = true;
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 2);
}
END_TEST

START_TEST(statements_outside_a_transaction)
{
    struct pga_process p;

    pga_world_three(&w);
    outside();
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    ck_assert_uint_eq(p.result.ran, 4);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE INDEX CONCURRENTLY"), 1);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "VACUUM"), 1);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_EFFECTS), 9);
    pga_process_must(pga_process_roll_back(&w, &p, "zero"), &p);
    ck_assert_uint_eq(p.result.ran, 4);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "DROP INDEX CONCURRENTLY"), 1);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 0);
}
END_TEST

/* ---- losing the connection at each call ---- */

/* Every call of a deploy and a rollback fails once, before or behind what it does; the next run finishes it. */
static void
check_loss_at(size_t call, bool behind, bool *out_done)
{
    struct pga_process p;
    bool fine;

    pga_world_three(&w);
    w.server.lose_at = call;
    w.server.lose_behind = behind;
    fine = pga_process_deploy(&w, &p, "next");
    *out_done = w.server.calls < call;
    if (!fine) {
        ck_assert_msg(p.err.code == PGA_ERR_LOST, "call %zu: %s: %s", call,
                      pga_code_name(p.err.code), p.err.message);
        ck_assert_uint_eq(p.result.done, p.happenings[PGA_HAPPENING_STEP_DONE]);
        if (p.happenings[PGA_HAPPENING_STEP_STARTED] > p.result.done)
            ck_assert_msg(strstr(p.err.message, "alteration \"") != NULL, "%s", p.err.message);
    }
    /* What is reported as done is done; one more may be, whose answer was lost. */
    ck_assert_uint_ge(pga_world_count(&w, PGA_FAKE_JOURNAL), p.result.done);
    ck_assert_uint_le(pga_world_count(&w, PGA_FAKE_JOURNAL), p.result.done + (behind ? 1 : 0));
    pga_process_end(&p);
    w.server.lose_at = 0;
    pga_world_check(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 3);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE TABLE"), 3);
    pga_world_check(&w);
}

START_TEST(a_deploy_survives_each_loss)
{
    for (int behind = 0; behind < 2; behind++) {
        bool done = false;

        for (size_t call = 1; !done; call++) {
            check_loss_at(call, behind != 0, &done);
            ck_assert_uint_lt(call, 100);
            teardown();
            setup();
        }
    }
}
END_TEST

static void
check_rollback_loss_at(size_t call, bool behind, bool *out_done)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    w.server.lose_at = w.server.calls + call;
    w.server.lose_behind = behind;
    *out_done = pga_process_roll_back(&w, &p, "zero") && w.server.calls < w.server.lose_at;
    if (p.err.code != PGA_OK)
        ck_assert_int_eq(p.err.code, PGA_ERR_LOST);
    ck_assert_uint_le(pga_world_count(&w, PGA_FAKE_JOURNAL), 3 - p.result.done);
    pga_process_end(&p);
    w.server.lose_at = 0;
    pga_world_check(&w);
    pga_process_must(pga_process_roll_back(&w, &p, "zero"), &p);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 0);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "DROP TABLE"), 3);
    pga_world_check(&w);
}

START_TEST(a_rollback_survives_each_loss)
{
    for (int behind = 0; behind < 2; behind++) {
        bool done = false;

        for (size_t call = 1; !done; call++) {
            check_rollback_loss_at(call, behind != 0, &done);
            ck_assert_uint_lt(call, 100);
            teardown();
            setup();
        }
    }
}
END_TEST

/*
 * The same where statements run outside a transaction: what can be told is finished, what can't is 67, and what shares
 * a transaction with its record is never done twice.
 */
static void
check_outside_loss_at(size_t call, bool behind, bool *out_done)
{
    struct pga_process p;
    bool fine;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    outside();
    w.server.lose_at = w.server.calls + call;
    w.server.lose_behind = behind;
    fine = pga_process_deploy(&w, &p, "latest");
    *out_done = fine && w.server.calls < w.server.lose_at;
    pga_process_end(&p);
    w.server.lose_at = 0;
    fine = pga_process_deploy(&w, &p, "latest");
    if (!fine) {
        ck_assert_msg(p.err.code == PGA_ERR_HALF_DONE, "call %zu: %s", call, p.err.message);
        ck_assert_str_eq(pga_fake_value(&w.server, PGA_FAKE_UNFINISHED, 0, "progress"), "started");
        ck_assert_int_gt(p.err.place.line, 0);
    } else {
        ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_UNFINISHED), 0);
        ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 5);
        ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE INDEX"), 1);
        ck_assert_uint_ge(pga_fake_effects(&w.server, "VACUUM"), 1); /* which does no harm */
        ck_assert_uint_le(pga_fake_effects(&w.server, "VACUUM"), 2);
    }
    ck_assert_uint_le(pga_fake_effects(&w.server, "ADD v"), 1);
    ck_assert_uint_le(pga_fake_effects(&w.server, "ADD y"), 1);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "ADD z"), pga_fake_effects(&w.server, "ADD w"));
    ck_assert_uint_le(pga_fake_effects(&w.server, "ADD z"), 1);
    ck_assert_uint_le(pga_fake_effects(&w.server, "both_up"), 1);
    pga_process_end(&p);
}

START_TEST(statements_survive_each_loss)
{
    for (int behind = 0; behind < 2; behind++) {
        bool done = false;

        for (size_t call = 1; !done; call++) {
            check_outside_loss_at(call, behind != 0, &done);
            ck_assert_uint_lt(call, 200);
            teardown();
            setup();
        }
    }
}
END_TEST

/* ---- another run in between ---- */

static void
deploy_by_another(struct pga_fake_server *s, void *ctx)
{
    struct pga_process other;
    const void *holder = s->lock_holder;
    const char *const *target = ctx;

    s->lock_holder = NULL; /* as if the lock had been lost */
    pga_process_must(pga_process_deploy(&w, &other, *target), &other);
    s->lock_holder = holder;
}

/* Whenever another run deploys all of it, between any two calls: each alteration is applied once, both end well. */
static void
check_overtaken_at(size_t call, const char *other_target, bool *out_done)
{
    struct pga_process p;

    pga_world_three(&w);
    w.server.hook = deploy_by_another;
    w.server.hook_ctx = &other_target;
    w.server.hook_at = call;
    ck_assert_msg(pga_process_deploy(&w, &p, "next"), "call %zu: %s", call, p.err.message);
    pga_process_end(&p);
    *out_done = w.server.hook_at != 0;
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 3);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE TABLE users"), 1);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE TABLE roles"), 1);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE TABLE more"), 1);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 0);
    pga_world_check(&w);
}

START_TEST(a_deploy_is_overtaken)
{
    static const char *const others[] = {"next", "latest", "1.0.0"};

    for (size_t i = 0; i < PGA_COUNT_OF(others); i++) {
        bool done = false;

        for (size_t call = 1; !done; call++) {
            check_overtaken_at(call, others[i], &done);
            ck_assert_uint_lt(call, 100);
            teardown();
            setup();
        }
    }
}
END_TEST

/* A rollback was confirmed by somebody: it does not go on when something else would be taken back now. */
START_TEST(a_rollback_is_overtaken)
{
    struct pga_process p;
    struct pga_plan plan;
    const char *target = "next";

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    ck_assert(pga_process_begin(&w, &p));
    ck_assert(pga_rollback_plan(&p.runner, &w.b.mem, "zero", &plan, &p.err));
    w.server.hook = deploy_by_another;
    w.server.hook_ctx = &target;
    w.server.hook_at = w.server.calls + 1;
    pga_process_must_fail(pga_rollback(&p.runner, &w.b.mem, &plan, &p.result, &p.err), &p,
                          PGA_ERR_LOCKED);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 3);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_EFFECTS), 4);
}
END_TEST

static void
make_anew(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    struct pga_process other;

    memset(&s->state, 0, sizeof(s->state));
    pga_process_must(pga_process_deploy(&w, &other, "latest"), &other);
}

/* A journal that was dropped and made again while a run was under way is another journal. */
START_TEST(a_journal_made_anew_stops_a_run)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    ck_assert(pga_process_begin(&w, &p));
    ck_assert(pga_journal_load(&p.journal, &p.err));
    w.server.hook = make_anew;
    w.server.hook_at = w.server.calls + 1;
    pga_process_must_fail(pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err), &p,
                          PGA_ERR_JOURNAL);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE TABLE more"), 0);
}
END_TEST

static void
drop_it(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    memset(&s->state, 0, sizeof(s->state));
}

START_TEST(a_journal_that_is_dropped_stops_a_run)
{
    for (size_t call = 1; call < 8; call++) {
        struct pga_process p;
        bool fine;

        pga_world_three(&w);
        pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
        ck_assert(pga_process_begin(&w, &p));
        ck_assert(pga_journal_load(&p.journal, &p.err));
        w.server.hook = drop_it;
        w.server.hook_at = w.server.calls + call;
        fine = pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err);
        if (p.result.ran < 2)
            pga_process_must_fail(fine, &p, PGA_ERR_JOURNAL);
        else
            pga_process_end(&p);
        ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE TABLE users"), w.server.hook_at != 0);
        teardown();
        setup();
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("deploy");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, from_nothing_and_back);
    tcase_add_test(tcase, nothing_to_do);
    tcase_add_test(tcase, an_empty_directory_makes_no_journal);
    tcase_add_test(tcase, a_schema_that_was_made_for_us);
    tcase_add_test(tcase, statements_outside_a_transaction);
    tcase_add_test(tcase, a_deploy_survives_each_loss);
    tcase_add_test(tcase, a_rollback_survives_each_loss);
    tcase_add_test(tcase, statements_survive_each_loss);
    tcase_add_test(tcase, a_deploy_is_overtaken);
    tcase_add_test(tcase, a_rollback_is_overtaken);
    tcase_add_test(tcase, a_journal_made_anew_stops_a_run);
    tcase_add_test(tcase, a_journal_that_is_dropped_stops_a_run);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
