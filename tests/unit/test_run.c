/*
 * tests/unit/test_run.c: what can come in a run's way (engine/run.h): the lock, failing scripts, signals, refusals.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "journal/unfinished.h"
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

static const char *
event(size_t row)
{
    return pga_fake_value(&w.server, PGA_FAKE_HISTORY, row, "event");
}

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

/* ---- the lock ---- */

START_TEST(somebody_holds_the_lock)
{
    struct pga_process p;

    pga_world_three(&w);
    w.server.lock_holder = "somebody else";
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(p.err.detail, "deployer"));
    ck_assert_uint_ge(p.happenings[PGA_HAPPENING_LOCK_WAIT], 1);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_EFFECTS), 0);
}
END_TEST

static void
drop_lock(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    s->lock_holder = NULL;
}

/* A script can drop the lock: it is taken again before the next step. */
START_TEST(a_lost_lock_is_taken_again)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    w.server.hook = drop_lock;
    w.server.hook_at = w.server.calls + 5;
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_LOCK_RETAKEN], 1);
    ck_assert_uint_eq(p.result.ran, 2);
}
END_TEST

/* ---- failing scripts ---- */

START_TEST(a_failing_script_stops_the_run)
{
    struct pga_fake_failure failures[] = {{.contains = "CREATE TABLE roles",
                                           .sqlstate = "42P07",
                                           .message = "relation \"roles\" already exists",
                                           .at = "roles ()",
                                           .times = 1}};
    struct pga_process p;

    pga_world_three(&w);
    w.server.failures = failures;
    w.server.failure_count = 1;
    pga_process_must_fail(pga_process_deploy(&w, &p, "next"), &p, PGA_ERR_SQL);
    ck_assert_uint_eq(p.result.done, 1);
    ck_assert_str_eq(p.err.message,
                     "alteration \"2-roles\" failed: relation \"roles\" already exists");
    ck_assert_str_eq(p.err.place.file, "1.1.0-2-roles.up.sql");
    ck_assert_int_eq(p.err.place.line, 2);
    ck_assert_int_eq(p.err.place.column, 14);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 1);
    ck_assert_str_eq(pga_fake_value(&w.server, PGA_FAKE_ATTEMPTS, 0, "id"), "2-roles");
    ck_assert_str_eq(pga_fake_value(&w.server, PGA_FAKE_ATTEMPTS, 0, "sqlstate"), "42P07");
    ck_assert_str_eq(pga_fake_value(&w.server, PGA_FAKE_ATTEMPTS, 0, "place"),
                     "1.1.0-2-roles.up.sql:2:14");
    pga_world_check(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    ck_assert_uint_eq(p.result.ran, 2);
}
END_TEST

/* A signal between two steps: what is done stays, and nothing is left behind. */
START_TEST(a_signal_ends_the_run)
{
    struct pga_fake_failure failures[] = {{.contains = "CREATE TABLE roles",
                                           .sqlstate = "55P03",
                                           .message = "canceling statement due to lock timeout",
                                           .times = 100}};
    struct pga_process p;

    pga_world_three(&w);
    w.server.failures = failures;
    w.server.failure_count = 1;
    ck_assert(pga_process_begin(&w, &p));
    w.fake.raise_at = 2;
    pga_process_must_fail(pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err), &p,
                          PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(pga_error_exit_status(&p.err), 143);
    ck_assert_uint_eq(p.result.done, 1);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_STEP_RETRIED], 2);
    pga_interrupt_clear();
    pga_world_check(&w);
}
END_TEST

START_TEST(a_signal_before_the_first_step)
{
    struct pga_process p;

    pga_world_three(&w);
    ck_assert(pga_process_begin(&w, &p));
    pga_interrupt_raise(SIGINT);
    pga_process_must_fail(pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err), &p,
                          PGA_ERR_INTERRUPTED);
    pga_interrupt_clear();
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_EFFECTS), 0);
    ck_assert_ptr_null(w.server.lock_holder);
}
END_TEST

/* What new sessions begin with has changed: the rest runs in a new session. */
START_TEST(changed_settings_begin_a_new_session)
{
    struct pga_process p;
    int pid;

    pga_build_file(&w.b, "1-a.up.sql", "ALTER DATABASE app SET search_path = x;");
    pga_build_file(&w.b, "2-b.up.sql",
                   "-- pgalter:transaction none\nALTER ROLE app SET work_mem = 1;");
    pga_build_file(&w.b, "3-c.up.sql", "CREATE TABLE c ();");
    ck_assert(pga_process_begin(&w, &p));
    pid = pga_driver_backend_pid(p.driver);
    ck_assert_msg(pga_deploy(&p.runner, &w.b.mem, "latest", &p.result, &p.err), "%s",
                  p.err.message);
    ck_assert_int_eq(pga_driver_backend_pid(p.driver), pid + 2);
    pga_process_end(&p);
    ck_assert_uint_eq(p.result.ran, 3);
    ck_assert_ptr_null(w.server.lock_holder);
}
END_TEST

/* ---- renames ---- */

START_TEST(a_rename_runs_nothing)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    pga_build_file(&w.b, "2.0.0-3-more.up.sql",
                   "CREATE TABLE more (); ALTER TABLE more ADD x int;");
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    ck_assert_uint_eq(p.result.done, 1);
    ck_assert_uint_eq(p.result.ran, 0);
    ck_assert_str_eq(event(4), "renamed");
    ck_assert_str_eq(pga_fake_value(&w.server, PGA_FAKE_JOURNAL, 2, "version"), "2.0.0");
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_EFFECTS), 4);
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    ck_assert_uint_eq(p.result.done, 0);
}
END_TEST

/* Another run records the rename, whenever: it is recorded once. */
START_TEST(a_rename_is_overtaken)
{
    const char *target = "latest";
    bool came = true;

    for (size_t call = 1; came; call++) {
        struct pga_process p;

        pga_world_three(&w);
        pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
        pga_build_file(&w.b, "2.0.0-3-more.up.sql",
                       "CREATE TABLE more (); ALTER TABLE more ADD x int;");
        w.server.hook = deploy_by_another;
        w.server.hook_ctx = &target;
        w.server.hook_at = w.server.calls + call;
        pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
        came = w.server.hook_at == 0;
        ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_HISTORY), 5);
        ck_assert_str_eq(event(4), "renamed");
        ck_assert_uint_lt(call, 50);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(a_rename_can_fail)
{
    struct pga_fake_failure failures[] = {{.contains = "INSERT INTO \"pgalter\".history",
                                           .sqlstate = "42501",
                                           .message = "permission denied",
                                           .times = 1}};
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    pga_build_file(&w.b, "2.0.0-3-more.up.sql",
                   "CREATE TABLE more (); ALTER TABLE more ADD x int;");
    w.server.failures = failures;
    w.server.failure_count = 1;
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_DENIED);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_HISTORY), 4);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_ATTEMPTS), 1);
}
END_TEST

/* ---- a new session in the middle ---- */

static void
settings_and_table(void)
{
    pga_build_file(&w.b, "1.0.0-1-a.up.sql", "ALTER DATABASE app SET search_path = x;");
    pga_build_file(&w.b, "1.0.0-2-b.up.sql", "CREATE TABLE b ();");
}

START_TEST(a_new_session_can_be_lost)
{
    bool done = false;

    for (size_t call = 1; !done; call++) {
        struct pga_process p;

        settings_and_table();
        w.server.lose_at = call;
        done = pga_process_deploy(&w, &p, "latest") && w.server.calls < call;
        if (p.err.code != PGA_OK)
            ck_assert(p.err.code == PGA_ERR_LOST || p.err.code == PGA_ERR_NO_SERVER);
        pga_process_end(&p);
        w.server.lose_at = 0;
        pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
        ck_assert_uint_eq(pga_fake_effects(&w.server, "ALTER DATABASE"), 1);
        ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE TABLE"), 1);
        ck_assert_uint_lt(call, 50);
        teardown();
        setup();
    }
}
END_TEST

/* Without the lock for a moment: another run may have come in. */
START_TEST(a_new_session_is_overtaken)
{
    const char *target = "latest";
    bool came = true;

    for (size_t call = 1; came; call++) {
        struct pga_process p;

        settings_and_table();
        w.server.hook = deploy_by_another;
        w.server.hook_ctx = &target;
        w.server.hook_at = call;
        pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
        came = w.server.hook_at == 0;
        ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 2);
        ck_assert_uint_eq(pga_fake_effects(&w.server, "CREATE TABLE b"), 1);
        ck_assert_uint_lt(call, 50);
        teardown();
        setup();
    }
}
END_TEST

/* ---- half-done steps of the other direction ---- */

static void
leave_half_done(const char *id, bool is_down)
{
    struct pga_unfinished row = {.id = id, .is_down = is_down};
    struct pga_process p;

    ck_assert(pga_process_begin(&w, &p));
    pga_process_must(pga_unfinished_claim(&p.journal, &row, &p.err), &p);
}

START_TEST(a_half_done_rollback_stops_a_deploy)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    leave_half_done("3-more", true);
    pga_process_must_fail(pga_process_deploy(&w, &p, "next"), &p, PGA_ERR_HALF_DONE);
    ck_assert_ptr_nonnull(strstr(p.err.message, "3-more"));
    ck_assert_ptr_nonnull(strstr(p.err.hint, "pgalter rollback"));
    w.server.live_run = "run-2"; /* unless its run lives: then it is at work */
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
}
END_TEST

START_TEST(a_half_done_deploy_stops_a_rollback)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    leave_half_done("3-more", false);
    pga_process_must_fail(pga_process_roll_back(&w, &p, "zero"), &p, PGA_ERR_HALF_DONE);
    ck_assert_ptr_nonnull(strstr(p.err.hint, "pgalter deploy"));
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 1);
}
END_TEST

/* ---- poolers ---- */

START_TEST(through_a_pooler_nothing_is_written)
{
    struct pga_process p;

    pga_world_three(&w);
    w.server.pooled_pid = 77;
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(p.err.message, "pooler"));
    ck_assert(!w.server.state.has_schema);
    ck_assert_ptr_null(w.server.lock_holder);
    w.server.pooled_pid = 0;
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    w.server.pooled_pid = 77;
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p); /* nothing to do */
    pga_process_must_fail(pga_process_roll_back(&w, &p, "zero"), &p, PGA_ERR_USAGE);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 2);
}
END_TEST

/* The scripts' tables would go into the journal's schema. */
START_TEST(the_journals_schema_is_on_the_path)
{
    struct pga_fake_failure failures[] = {{.contains = "current_schema",
                                           .sqlstate = "22012",
                                           .message = "division by zero",
                                           .times = 1}};
    struct pga_process p;

    pga_world_three(&w);
    w.server.failures = failures;
    w.server.failure_count = 1;
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_USAGE);
    ck_assert_int_eq(p.err.id, PGA_ID_JOURNAL_SCHEMA);
    ck_assert_ptr_nonnull(strstr(p.err.hint, "--schema"));
    ck_assert(!w.server.state.has_schema);
}
END_TEST

/* ---- refusals come before the first change ---- */

START_TEST(changed_scripts_stop_a_deploy)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    pga_build_file(&w.b, "1.0.0-1-users.up.sql", "CREATE TABLE users (id int);");
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_JOURNAL);
    ck_assert_str_eq(p.err.message, "1 script changed after it was applied; nothing was run");
    ck_assert_ptr_nonnull(
        strstr(p.err.detail, "-CREATE TABLE users ();\n+CREATE TABLE users (id int);\n"));
    ck_assert_ptr_nonnull(strstr(p.err.hint, "pgalter accept 1-users --because"));
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_HISTORY), 2);
}
END_TEST

START_TEST(changed_down_scripts_ask_whose)
{
    struct pga_process p;
    struct pga_plan plan;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    pga_build_file(&w.b, "1.0.0-1-users.down.sql", "DROP TABLE users CASCADE;");
    pga_process_must_fail(pga_process_roll_back(&w, &p, "zero"), &p, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(p.err.hint, "--down-from journal"));
    ck_assert(pga_process_begin(&w, &p));
    p.runner.settings.plan.down_from = PGA_DOWN_FROM_FILES;
    ck_assert(pga_rollback_plan(&p.runner, &w.b.mem, "zero", &plan, &p.err));
    pga_process_must(pga_rollback(&p.runner, &w.b.mem, &plan, &p.result, &p.err), &p);
    ck_assert_uint_eq(pga_fake_effects(&w.server, "DROP TABLE users CASCADE"), 1);
}
END_TEST

START_TEST(a_script_that_cannot_run_stops_all)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_build_file(&w.b, "1.1.0-2-roles.up.sql", "CREATE TABLE roles (); COMMIT; SELECT 1;");
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_USAGE);
    ck_assert_str_eq(p.err.place.file, "1.1.0-2-roles.up.sql");
    ck_assert(!w.server.state.has_schema);
}
END_TEST

START_TEST(a_rollback_to_what_is_not_applied)
{
    struct pga_process p;

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    pga_process_must_fail(pga_process_roll_back(&w, &p, "2-roles"), &p, PGA_ERR_USAGE);
    ck_assert_str_eq(p.err.message,
                     "\"2-roles\" is not applied, so nothing can be taken back to it");
}
END_TEST

/* A stored text that is not what its digest says never runs. */
START_TEST(a_changed_stored_text_never_runs)
{
    struct pga_process p;
    static const char *const evil[] = {NULL, "DROP DATABASE production;"};
    const char *row[2];

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    row[0] = w.server.state.tables[PGA_FAKE_SCRIPTS].rows[1][0];
    row[1] = evil[1];
    w.server.state.tables[PGA_FAKE_SCRIPTS].rows[1] = row;
    pga_build_no_files(&w.b);
    pga_process_must_fail(pga_process_roll_back(&w, &p, "zero"), &p, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(p.err.message, "is not what its digest says"));
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_EFFECTS), 1);
    w.server.state.tables[PGA_FAKE_SCRIPTS].count = 1;
    pga_process_must_fail(pga_process_roll_back(&w, &p, "zero"), &p, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(p.err.message, "is missing"));
}
END_TEST

START_TEST(steps_are_counted_across_plans)
{
    struct pga_process p;
    const char *target = "1.0.0";

    pga_world_three(&w);
    pga_build_file(&w.b, "1.0.0-5-five.up.sql", "CREATE TABLE five ();");
    pga_build_file(&w.b, "1.0.0-6-six.up.sql", "CREATE TABLE six ();");
    pga_process_must(pga_process_deploy(&w, &p, "0.0.1"), &p);
    ck_assert(pga_process_begin(&w, &p));
    p.runner.settings.plan.steps = 2;
    w.server.hook = deploy_by_another;
    w.server.hook_ctx = &target;
    w.server.hook_at = w.server.calls + 2;
    ck_assert(pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err));
    ck_assert_uint_eq(p.runner.settings.plan.steps, 2);
    pga_process_end(&p);
    ck_assert_uint_eq(p.result.ran, 2);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 5);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("run");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, somebody_holds_the_lock);
    tcase_add_test(tcase, a_lost_lock_is_taken_again);
    tcase_add_test(tcase, a_failing_script_stops_the_run);
    tcase_add_test(tcase, a_signal_ends_the_run);
    tcase_add_test(tcase, a_signal_before_the_first_step);
    tcase_add_test(tcase, changed_settings_begin_a_new_session);
    tcase_add_test(tcase, a_rename_runs_nothing);
    tcase_add_test(tcase, a_rename_is_overtaken);
    tcase_add_test(tcase, a_rename_can_fail);
    tcase_add_test(tcase, a_new_session_can_be_lost);
    tcase_add_test(tcase, a_new_session_is_overtaken);
    tcase_add_test(tcase, a_half_done_rollback_stops_a_deploy);
    tcase_add_test(tcase, a_half_done_deploy_stops_a_rollback);
    tcase_add_test(tcase, through_a_pooler_nothing_is_written);
    tcase_add_test(tcase, the_journals_schema_is_on_the_path);
    tcase_add_test(tcase, changed_scripts_stop_a_deploy);
    tcase_add_test(tcase, changed_down_scripts_ask_whose);
    tcase_add_test(tcase, a_script_that_cannot_run_stops_all);
    tcase_add_test(tcase, a_rollback_to_what_is_not_applied);
    tcase_add_test(tcase, a_changed_stored_text_never_runs);
    tcase_add_test(tcase, steps_are_counted_across_plans);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
