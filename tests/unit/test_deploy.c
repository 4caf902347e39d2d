/*
 * tests/unit/test_deploy.c: whole runs (engine/run.h) against a server that knows the journal, with the connection lost
 * at each call in turn.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "tests/helpers/build.h"
#include "tests/helpers/fake_clock.h"
#include "tests/helpers/fake_server.h"

static struct pga_build b; /* for its alterations */
static struct pga_fake_server server;
static struct pga_fake_clock fake;

/* One run, as a process would make it. */
struct process {
    struct pga_driver *driver;
    struct pga_journal journal;
    struct pga_runner runner;
    struct pga_run_result result;
    struct pga_error err;
    size_t happenings[16];
};

static void
observe(void *ctx, const struct pga_event_report *report)
{
    struct process *p = ctx;

    p->happenings[report->happening]++;
}

static void
setup(void)
{
    pga_build_init(&b);
    pga_fake_server_init(&server);
    pga_interrupt_clear();
}

static void
teardown(void)
{
    pga_fake_server_release(&server);
    pga_build_release(&b);
}

static bool
begin(struct process *p)
{
    struct pga_journal_settings settings = {.who = "tester", .engine = "0.1.0"};

    memset(p, 0, sizeof(*p));
    settings.run = pga_format(&b.mem, "run-%d", server.next_pid);
    p->driver = pga_fake_session_open(&server);
    pga_journal_init(&p->journal, p->driver, &b.mem, &settings);
    p->runner = (struct pga_runner){
        .driver = p->driver,
        .journal = &p->journal,
        .alterations = &b.alterations,
        .clock = pga_fake_clock_init(&fake),
        .settings = {.lock_wait_ms = 5000, .lock_timeout_ms = 2000, .retries = 3},
        .observe = observe,
        .observe_ctx = p,
    };
    return pga_journal_open(&p->journal, &p->err);
}

static bool
deploy(struct process *p, const char *target)
{
    return begin(p) && pga_deploy(&p->runner, &b.mem, target, &p->result, &p->err);
}

static bool
roll_back(struct process *p, const char *target)
{
    struct pga_plan plan;

    return begin(p) && pga_rollback_plan(&p->runner, &b.mem, target, &plan, &p->err) &&
           pga_rollback(&p->runner, &b.mem, &plan, &p->result, &p->err);
}

static void
end(struct process *p)
{
    pga_driver_close(&p->driver);
}

static void
must(bool fine, struct process *p)
{
    ck_assert_msg(fine, "%s (%s)", p->err.message, p->err.detail);
    end(p);
}

/* An error that is what it must be. */
static void
must_fail(bool fine, struct process *p, enum pga_code code)
{
    ck_assert_msg(!fine, "it did not fail");
    ck_assert_msg(p->err.code == code, "%s: %s", pga_code_name(p->err.code), p->err.message);
    end(p);
}

static void
three(void)
{
    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    pga_build_file(&b, "1.0.0-1-users.down.sql", "DROP TABLE users;");
    pga_build_file(&b, "1.1.0-2-roles.up.sql", "BEGIN;\nCREATE TABLE roles ();\nCOMMIT;\n");
    pga_build_file(&b, "1.1.0-2-roles.down.sql", "DROP TABLE roles;");
    pga_build_file(&b, "next-3-more.up.sql", "CREATE TABLE more (); ALTER TABLE more ADD x int;");
    pga_build_file(&b, "next-3-more.down.sql", "DROP TABLE more;");
}

/* One with everything that runs outside a transaction. */
static void
outside(void)
{
    pga_build_file(&b, "1.2.0-4-index.up.sql",
                   "-- pgalter:transaction none\nSET work_mem = '1MB';\n"
                   "CREATE INDEX CONCURRENTLY i ON users (id);\nALTER TABLE users ADD y int;\n"
                   "BEGIN; ALTER TABLE users ADD z int; ALTER TABLE users ADD w int; COMMIT;\n");
    pga_build_file(&b, "1.2.0-4-index.down.sql",
                   "-- pgalter:transaction none\nDROP INDEX CONCURRENTLY i;");
    pga_build_file(&b, "1.2.0-5-both.up.sql", "CREATE TABLE both_up ();");
    pga_build_file(&b, "1.2.0-5-both.before-up.sql", "VACUUM users;\nALTER TABLE users ADD v int;");
    pga_build_file(&b, "1.2.0-5-both.down.sql", "DROP TABLE both_up;");
    pga_build_file(&b, "1.2.0-5-both.before-down.sql", "VACUUM (FULL) users;");
}

static size_t
count(enum pga_fake_table_name table)
{
    return server.state.tables[table].count;
}

static const char *
event(size_t row)
{
    return pga_fake_value(&server, PGA_FAKE_HISTORY, row, "event");
}

START_TEST(from_nothing_and_back)
{
    struct process p;

    three();
    must(deploy(&p, "latest"), &p);
    ck_assert_uint_eq(p.result.done, 2);
    ck_assert_uint_eq(p.result.ran, 2);
    ck_assert_uint_eq(p.result.plan.held_count, 1);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 2);
    ck_assert_uint_eq(count(PGA_FAKE_SCRIPTS), 4);
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 2);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_PLANNED], 1);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_STEP_DONE], 2);
    ck_assert_ptr_null(server.lock_holder);
    must(deploy(&p, "next"), &p);
    ck_assert_uint_eq(p.result.ran, 1);
    must(roll_back(&p, "1.0.0"), &p);
    ck_assert_uint_eq(p.result.ran, 2);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
    pga_build_no_files(&b); /* the journal has all that it takes */
    must(roll_back(&p, "zero"), &p);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 0);
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 7);
    ck_assert_uint_eq(count(PGA_FAKE_SCRIPTS), 6);
    ck_assert_str_eq(event(0), "created");
    ck_assert_str_eq(event(3), "applied");
    ck_assert_str_eq(event(6), "reverted");
    ck_assert_uint_eq(pga_fake_effects(&server, "DROP TABLE"), 3);
}
END_TEST

/* Nothing pending: one round trip, no lock, nothing written. */
START_TEST(nothing_to_do)
{
    struct process p;
    size_t calls;

    three();
    must(deploy(&p, "next"), &p);
    calls = server.calls;
    server.lock_holder = "somebody else";
    must(deploy(&p, "next"), &p);
    ck_assert_uint_eq(server.calls - calls, 1);
    must(deploy(&p, "1.0.0"), &p);
    ck_assert_uint_eq(p.result.done, 0);
    must(roll_back(&p, "3-more"), &p);
    ck_assert_uint_eq(p.result.done, 0);
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 4);
    ck_assert_uint_eq(count(PGA_FAKE_ATTEMPTS), 0);
}
END_TEST

START_TEST(an_empty_directory_makes_no_journal)
{
    struct process p;

    must(deploy(&p, "latest"), &p);
    ck_assert(!server.state.has_schema);
    ck_assert_uint_eq(server.calls, 2); /* the question for it fails, and is rolled back */
    must(roll_back(&p, "zero"), &p);
    ck_assert(!server.state.has_schema);
}
END_TEST

START_TEST(a_schema_that_was_made_for_us)
{
    struct process p;

    three();
    server.state.has_schema = true;
    must(deploy(&p, "latest"), &p);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 2);
}
END_TEST

START_TEST(statements_outside_a_transaction)
{
    struct process p;

    three();
    outside();
    must(deploy(&p, "latest"), &p);
    ck_assert_uint_eq(p.result.ran, 4);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE INDEX CONCURRENTLY"), 1);
    ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM"), 1);
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 9);
    must(roll_back(&p, "zero"), &p);
    ck_assert_uint_eq(p.result.ran, 4);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_fake_effects(&server, "DROP INDEX CONCURRENTLY"), 1);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 0);
}
END_TEST

/* ---- losing the connection at each call ---- */

/* What must be true whenever a run has ended, however it did. */
static void
check_invariants(void)
{
    struct process p;

    ck_assert_ptr_null(server.lock_holder);
    ck_assert(begin(&p)); /* the chain and the table agree */
    ck_assert_msg(pga_journal_load(&p.journal, &p.err), "%s", p.err.message);
    for (size_t i = 0; i < p.journal.applied_count; i++) {
        /* No journal row without what its script did. */
        if (strcmp(p.journal.applied[i]->id, "1-users") == 0)
            ck_assert_uint_ge(pga_fake_effects(&server, "CREATE TABLE users"), 1);
        if (strcmp(p.journal.applied[i]->id, "2-roles") == 0)
            ck_assert_uint_ge(pga_fake_effects(&server, "CREATE TABLE roles"), 1);
    }
    /* And nothing that a script did without its row. */
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE users") -
                          pga_fake_effects(&server, "DROP TABLE users"),
                      pga_journal_find(&p.journal, "1-users") != NULL);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE roles") -
                          pga_fake_effects(&server, "DROP TABLE roles"),
                      pga_journal_find(&p.journal, "2-roles") != NULL);
    end(&p);
}

/* Every call of a deploy and a rollback fails once, before or behind what it does; the next run finishes it. */
static void
check_loss_at(size_t call, bool behind, bool *out_done)
{
    struct process p;
    bool fine;

    three();
    server.lose_at = call;
    server.lose_behind = behind;
    fine = deploy(&p, "next");
    *out_done = server.calls < call;
    if (!fine) {
        ck_assert_msg(p.err.code == PGA_ERR_LOST, "call %zu: %s: %s", call,
                      pga_code_name(p.err.code), p.err.message);
        ck_assert_uint_eq(p.result.done, p.happenings[PGA_HAPPENING_STEP_DONE]);
        if (p.happenings[PGA_HAPPENING_STEP_STARTED] > p.result.done)
            ck_assert_msg(strstr(p.err.message, "alteration \"") != NULL, "%s", p.err.message);
    }
    /* What is reported as done is done; one more may be, whose answer was lost. */
    ck_assert_uint_ge(count(PGA_FAKE_JOURNAL), p.result.done);
    ck_assert_uint_le(count(PGA_FAKE_JOURNAL), p.result.done + (behind ? 1 : 0));
    end(&p);
    server.lose_at = 0;
    check_invariants();
    must(deploy(&p, "next"), &p);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 3);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE"), 3);
    check_invariants();
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
    struct process p;

    three();
    must(deploy(&p, "next"), &p);
    server.lose_at = server.calls + call;
    server.lose_behind = behind;
    *out_done = roll_back(&p, "zero") && server.calls < server.lose_at;
    if (p.err.code != PGA_OK)
        ck_assert_int_eq(p.err.code, PGA_ERR_LOST);
    ck_assert_uint_le(count(PGA_FAKE_JOURNAL), 3 - p.result.done);
    end(&p);
    server.lose_at = 0;
    check_invariants();
    must(roll_back(&p, "zero"), &p);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 0);
    ck_assert_uint_eq(pga_fake_effects(&server, "DROP TABLE"), 3);
    check_invariants();
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
    struct process p;
    bool fine;

    three();
    must(deploy(&p, "next"), &p);
    outside();
    server.lose_at = server.calls + call;
    server.lose_behind = behind;
    fine = deploy(&p, "latest");
    *out_done = fine && server.calls < server.lose_at;
    end(&p);
    server.lose_at = 0;
    fine = deploy(&p, "latest");
    if (!fine) {
        ck_assert_msg(p.err.code == PGA_ERR_HALF_DONE, "call %zu: %s", call, p.err.message);
        ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_UNFINISHED, 0, "progress"), "started");
        ck_assert_int_gt(p.err.place.line, 0);
    } else {
        ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
        ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 5);
        ck_assert_uint_eq(pga_fake_effects(&server, "CREATE INDEX"), 1);
        ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM"), 1);
    }
    ck_assert_uint_le(pga_fake_effects(&server, "ADD v"), 1);
    ck_assert_uint_le(pga_fake_effects(&server, "ADD y"), 1);
    ck_assert_uint_eq(pga_fake_effects(&server, "ADD z"), pga_fake_effects(&server, "ADD w"));
    ck_assert_uint_le(pga_fake_effects(&server, "ADD z"), 1);
    ck_assert_uint_le(pga_fake_effects(&server, "both_up"), 1);
    end(&p);
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
    struct process other;
    const void *holder = s->lock_holder;
    const char *const *target = ctx;

    s->lock_holder = NULL; /* as if the lock had been lost */
    must(deploy(&other, *target), &other);
    s->lock_holder = holder;
}

/* Whenever another run deploys all of it, between any two calls: each alteration is applied once, both end well. */
static void
check_overtaken_at(size_t call, const char *other_target, bool *out_done)
{
    struct process p;

    three();
    server.hook = deploy_by_another;
    server.hook_ctx = &other_target;
    server.hook_at = call;
    ck_assert_msg(deploy(&p, "next"), "call %zu: %s", call, p.err.message);
    end(&p);
    *out_done = server.hook_at != 0;
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 3);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE users"), 1);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE roles"), 1);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE more"), 1);
    ck_assert_uint_eq(count(PGA_FAKE_ATTEMPTS), 0);
    check_invariants();
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
    struct process p;
    struct pga_plan plan;
    const char *target = "next";

    three();
    must(deploy(&p, "latest"), &p);
    ck_assert(begin(&p));
    ck_assert(pga_rollback_plan(&p.runner, &b.mem, "zero", &plan, &p.err));
    server.hook = deploy_by_another;
    server.hook_ctx = &target;
    server.hook_at = server.calls + 1;
    must_fail(pga_rollback(&p.runner, &b.mem, &plan, &p.result, &p.err), &p, PGA_ERR_LOCKED);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 3);
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 4);
}
END_TEST

static void
make_anew(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    struct process other;

    memset(&s->state, 0, sizeof(s->state));
    must(deploy(&other, "latest"), &other);
}

/* A journal that was dropped and made again while a run was under way is another journal. */
START_TEST(a_journal_made_anew_stops_a_run)
{
    struct process p;

    three();
    must(deploy(&p, "1.0.0"), &p);
    ck_assert(begin(&p));
    ck_assert(pga_journal_load(&p.journal, &p.err));
    server.hook = make_anew;
    server.hook_at = server.calls + 1;
    must_fail(pga_deploy(&p.runner, &b.mem, "next", &p.result, &p.err), &p, PGA_ERR_JOURNAL);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE more"), 0);
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
        struct process p;
        bool fine;

        three();
        must(deploy(&p, "1.0.0"), &p);
        ck_assert(begin(&p));
        ck_assert(pga_journal_load(&p.journal, &p.err));
        server.hook = drop_it;
        server.hook_at = server.calls + call;
        fine = pga_deploy(&p.runner, &b.mem, "next", &p.result, &p.err);
        if (p.result.ran < 2)
            must_fail(fine, &p, PGA_ERR_JOURNAL);
        else
            end(&p);
        ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE users"), server.hook_at != 0);
        teardown();
        setup();
    }
}
END_TEST

/* ---- the lock ---- */

START_TEST(somebody_holds_the_lock)
{
    struct process p;

    three();
    server.lock_holder = "somebody else";
    must_fail(deploy(&p, "latest"), &p, PGA_ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(p.err.detail, "deployer"));
    ck_assert_uint_ge(p.happenings[PGA_HAPPENING_LOCK_WAIT], 1);
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 0);
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
    struct process p;

    three();
    must(deploy(&p, "1.0.0"), &p);
    server.hook = drop_lock;
    server.hook_at = server.calls + 5;
    must(deploy(&p, "next"), &p);
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
    struct process p;

    three();
    server.failures = failures;
    server.failure_count = 1;
    must_fail(deploy(&p, "next"), &p, PGA_ERR_SQL);
    ck_assert_uint_eq(p.result.done, 1);
    ck_assert_str_eq(p.err.message,
                     "alteration \"2-roles\" failed: relation \"roles\" already exists");
    ck_assert_str_eq(p.err.place.file, "1.1.0-2-roles.up.sql");
    ck_assert_int_eq(p.err.place.line, 2);
    ck_assert_int_eq(p.err.place.column, 14);
    ck_assert_uint_eq(count(PGA_FAKE_ATTEMPTS), 1);
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_ATTEMPTS, 0, "id"), "2-roles");
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_ATTEMPTS, 0, "sqlstate"), "42P07");
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_ATTEMPTS, 0, "place"),
                     "1.1.0-2-roles.up.sql:2");
    check_invariants();
    must(deploy(&p, "next"), &p);
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
    struct process p;

    three();
    server.failures = failures;
    server.failure_count = 1;
    ck_assert(begin(&p));
    fake.raise_at = 2;
    must_fail(pga_deploy(&p.runner, &b.mem, "next", &p.result, &p.err), &p, PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(pga_error_exit_status(&p.err), 143);
    ck_assert_uint_eq(p.result.done, 1);
    ck_assert_uint_eq(p.happenings[PGA_HAPPENING_STEP_RETRIED], 2);
    pga_interrupt_clear();
    check_invariants();
}
END_TEST

START_TEST(a_signal_before_the_first_step)
{
    struct process p;

    three();
    ck_assert(begin(&p));
    pga_interrupt_raise(SIGINT);
    must_fail(pga_deploy(&p.runner, &b.mem, "next", &p.result, &p.err), &p, PGA_ERR_INTERRUPTED);
    pga_interrupt_clear();
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 0);
    ck_assert_ptr_null(server.lock_holder);
}
END_TEST

/* What new sessions begin with has changed: the rest runs in a new session. */
START_TEST(changed_settings_begin_a_new_session)
{
    struct process p;
    int pid;

    pga_build_file(&b, "1-a.up.sql", "ALTER DATABASE app SET search_path = x;");
    pga_build_file(&b, "2-b.up.sql",
                   "-- pgalter:transaction none\nALTER ROLE app SET work_mem = 1;");
    pga_build_file(&b, "3-c.up.sql", "CREATE TABLE c ();");
    ck_assert(begin(&p));
    pid = pga_driver_backend_pid(p.driver);
    ck_assert_msg(pga_deploy(&p.runner, &b.mem, "latest", &p.result, &p.err), "%s", p.err.message);
    ck_assert_int_eq(pga_driver_backend_pid(p.driver), pid + 2);
    end(&p);
    ck_assert_uint_eq(p.result.ran, 3);
    ck_assert_ptr_null(server.lock_holder);
}
END_TEST

/* ---- renames ---- */

START_TEST(a_rename_runs_nothing)
{
    struct process p;

    three();
    must(deploy(&p, "next"), &p);
    pga_build_file(&b, "2.0.0-3-more.up.sql", "CREATE TABLE more (); ALTER TABLE more ADD x int;");
    must(deploy(&p, "latest"), &p);
    ck_assert_uint_eq(p.result.done, 1);
    ck_assert_uint_eq(p.result.ran, 0);
    ck_assert_str_eq(event(4), "renamed");
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_JOURNAL, 2, "version"), "2.0.0");
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 4);
    must(deploy(&p, "latest"), &p);
    ck_assert_uint_eq(p.result.done, 0);
}
END_TEST

/* ---- refusals come before the first change ---- */

START_TEST(changed_scripts_stop_a_deploy)
{
    struct process p;

    three();
    must(deploy(&p, "1.0.0"), &p);
    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users (id int);");
    must_fail(deploy(&p, "latest"), &p, PGA_ERR_JOURNAL);
    ck_assert_str_eq(p.err.message, "1 script changed after it was applied; nothing was run");
    ck_assert_ptr_nonnull(
        strstr(p.err.detail, "-CREATE TABLE users ();\n+CREATE TABLE users (id int);\n"));
    ck_assert_ptr_nonnull(strstr(p.err.hint, "pgalter accept 1-users --because"));
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 2);
}
END_TEST

START_TEST(changed_down_scripts_ask_whose)
{
    struct process p;
    struct pga_plan plan;

    three();
    must(deploy(&p, "1.0.0"), &p);
    pga_build_file(&b, "1.0.0-1-users.down.sql", "DROP TABLE users CASCADE;");
    must_fail(roll_back(&p, "zero"), &p, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(p.err.hint, "--down-from journal"));
    ck_assert(begin(&p));
    p.runner.settings.plan.down_from = PGA_DOWN_FROM_FILES;
    ck_assert(pga_rollback_plan(&p.runner, &b.mem, "zero", &plan, &p.err));
    must(pga_rollback(&p.runner, &b.mem, &plan, &p.result, &p.err), &p);
    ck_assert_uint_eq(pga_fake_effects(&server, "DROP TABLE users CASCADE"), 1);
}
END_TEST

START_TEST(a_script_that_cannot_run_stops_all)
{
    struct process p;

    three();
    pga_build_file(&b, "1.1.0-2-roles.up.sql", "CREATE TABLE roles (); COMMIT; SELECT 1;");
    must_fail(deploy(&p, "latest"), &p, PGA_ERR_USAGE);
    ck_assert_str_eq(p.err.place.file, "1.1.0-2-roles.up.sql");
    ck_assert(!server.state.has_schema);
}
END_TEST

START_TEST(a_rollback_to_what_is_not_applied)
{
    struct process p;

    three();
    must(deploy(&p, "1.0.0"), &p);
    must_fail(roll_back(&p, "2-roles"), &p, PGA_ERR_USAGE);
    ck_assert_str_eq(p.err.message,
                     "\"2-roles\" is not applied, so nothing can be taken back to it");
}
END_TEST

/* A stored text that is not what its digest says never runs. */
START_TEST(a_changed_stored_text_never_runs)
{
    struct process p;
    static const char *const evil[] = {NULL, "DROP DATABASE production;"};
    const char *row[2];

    three();
    must(deploy(&p, "1.0.0"), &p);
    row[0] = server.state.tables[PGA_FAKE_SCRIPTS].rows[1][0];
    row[1] = evil[1];
    server.state.tables[PGA_FAKE_SCRIPTS].rows[1] = row;
    pga_build_no_files(&b);
    must_fail(roll_back(&p, "zero"), &p, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(p.err.message, "is not what its digest says"));
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 1);
    server.state.tables[PGA_FAKE_SCRIPTS].count = 1;
    must_fail(roll_back(&p, "zero"), &p, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(p.err.message, "is missing"));
}
END_TEST

START_TEST(steps_are_counted_across_plans)
{
    struct process p;
    const char *target = "1.0.0";

    three();
    pga_build_file(&b, "1.0.0-5-five.up.sql", "CREATE TABLE five ();");
    pga_build_file(&b, "1.0.0-6-six.up.sql", "CREATE TABLE six ();");
    must(deploy(&p, "0.0.1"), &p);
    ck_assert(begin(&p));
    p.runner.settings.plan.steps = 2;
    server.hook = deploy_by_another;
    server.hook_ctx = &target;
    server.hook_at = server.calls + 2;
    ck_assert(pga_deploy(&p.runner, &b.mem, "next", &p.result, &p.err));
    ck_assert_uint_eq(p.runner.settings.plan.steps, 2);
    end(&p);
    ck_assert_uint_eq(p.result.ran, 2);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 5);
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
    tcase_add_test(tcase, somebody_holds_the_lock);
    tcase_add_test(tcase, a_lost_lock_is_taken_again);
    tcase_add_test(tcase, a_failing_script_stops_the_run);
    tcase_add_test(tcase, a_signal_ends_the_run);
    tcase_add_test(tcase, a_signal_before_the_first_step);
    tcase_add_test(tcase, changed_settings_begin_a_new_session);
    tcase_add_test(tcase, a_rename_runs_nothing);
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
