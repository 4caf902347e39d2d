/*
 * tests/unit/test_statements.c: engine/statements.h, steps whose statements run one by one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/statements.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "engine/statement_send.h"
#include "tests/helpers/build.h"
#include "tests/helpers/fake_clock.h"
#include "tests/helpers/fake_server.h"

static struct pga_build b;
static struct pga_fake_server server;
static struct pga_fake_clock fake;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_runner runner;
static struct pga_step_outcome outcome;
static struct pga_error err;
static struct pga_fake_failure failures[2];
static size_t resumed, retried, retaken;

static void
observe(void *ctx PGA_UNUSED, const struct pga_event_report *report)
{
    resumed += report->happening == PGA_HAPPENING_STEP_RESUMED;
    retried += report->happening == PGA_HAPPENING_STEP_RETRIED;
    retaken += report->happening == PGA_HAPPENING_LOCK_RETAKEN;
}

/* A process of its own that has the lock. */
static void
begin_run(const char *run)
{
    struct pga_journal_settings settings = {.run = run, .who = "tester", .engine = "e"};

    pga_driver_close(&driver);
    memset(&err, 0, sizeof(err));
    driver = pga_fake_session_open(&server);
    pga_journal_init(&journal, driver, &b.mem, &settings);
    runner = (struct pga_runner){
        .driver = driver,
        .journal = &journal,
        .alterations = &b.alterations,
        .clock = pga_fake_clock_init(&fake),
        .settings = {.lock_wait_ms = 5000, .lock_timeout_ms = 2000, .retries = 2},
        .observe = observe,
        .has_lock = true,
    };
    ck_assert_msg(pga_journal_open(&journal, &err), "%s", err.message);
    if (journal.presence != PGA_JOURNAL_PRESENT)
        ck_assert(pga_journal_create(&journal, &err));
    ck_assert_msg(pga_journal_load(&journal, &err), "%s", err.message);
    server.lock_holder = driver;
}

static void
setup(void)
{
    pga_interrupt_clear();
    resumed = retried = retaken = 0;
    memset(failures, 0, sizeof(failures));
    pga_build_init(&b);
    pga_fake_server_init(&server);
    server.failures = failures;
    server.failure_count = PGA_COUNT_OF(failures);
    for (size_t i = 0; i < PGA_COUNT_OF(failures); i++)
        failures[i].contains = "nothing at all";
    begin_run("run-1");
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
    pga_build_release(&b);
}

/* Run the step of the one alteration that there is, from where its record stands. */
static bool
run_step(enum pga_step_kind kind)
{
    const struct pga_alteration *alteration = &b.alterations.items[0];
    bool is_up = kind == PGA_STEP_APPLY;
    struct pga_step step = {.kind = kind,
                            .id = alteration->id,
                            .alteration = alteration,
                            .applied = pga_journal_find(&journal, alteration->id)};
    struct pga_source source = {
        .before = alteration->parts[is_up ? PGA_PART_BEFORE_UP : PGA_PART_BEFORE_DOWN],
        .main = alteration->parts[is_up ? PGA_PART_UP : PGA_PART_DOWN],
    };
    struct pga_unfinished *rows;
    size_t count;

    memset(&err, 0, sizeof(err));
    memset(&outcome, 0, sizeof(outcome));
    ck_assert(pga_unfinished_load(&journal, &b.mem, &rows, &count, &err));
    runner.current = &step;
    return pga_statements_run(&runner, &step, &source, count > 0 ? rows : NULL, &outcome, &err);
}

static bool
apply(const char *text)
{
    pga_build_file(&b, "1-a.up.sql", pga_format(&b.mem, "-- pgalter:transaction none\n%s", text));
    return run_step(PGA_STEP_APPLY);
}

static size_t
count(enum pga_fake_table_name table)
{
    return server.state.tables[table].count;
}

static const char *
record(const char *column)
{
    return pga_fake_value(&server, PGA_FAKE_UNFINISHED, 0, column);
}

static void
fail_at(const char *contains, const char *sqlstate, int times)
{
    failures[0] = (struct pga_fake_failure){
        .contains = contains, .sqlstate = sqlstate, .message = "no", .times = times};
}

/* A run that dies while (or after) a statement ran, and the next one. */
static void
die_at(const char *contains)
{
    failures[0] = (struct pga_fake_failure){.contains = contains, .times = 1, .lose = true};
}

START_TEST(from_claim_to_end)
{
    ck_assert_msg(apply("VACUUM a;\nANALYZE b;\nBEGIN; SELECT 1; SELECT 2; COMMIT;"), "%s",
                  err.message);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
    ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM"), 1);
    ck_assert(!outcome.is_overtaken);
    ck_assert(!outcome.alters_settings);
    ck_assert_uint_eq(resumed, 0);
}
END_TEST

START_TEST(an_empty_script)
{
    ck_assert_msg(apply("-- nothing"), "%s", err.message);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
}
END_TEST

START_TEST(settings_of_new_sessions)
{
    ck_assert(apply("ALTER DATABASE app SET work_mem = '1GB';"));
    ck_assert(outcome.alters_settings);
}
END_TEST

/* What must never wait in the server's lock queue, and what waits for its build. */
START_TEST(lock_timeouts)
{
    const char *log;

    ck_assert(apply("VACUUM FULL a;\nCREATE INDEX CONCURRENTLY i ON a (x);"));
    log = pga_fake_session_log(driver);
    log = strstr(log, "SET lock_timeout = 2000; SET statement_timeout = 0;\nVACUUM FULL a;");
    ck_assert_ptr_nonnull(log);
    ck_assert_ptr_nonnull(
        strstr(log, "SET lock_timeout = 0; SET statement_timeout = 0;\nCREATE INDEX CONC"));
}
END_TEST

/* A script's settings hold for its later statements, although pgalter's transactions in between reset them. */
START_TEST(settings_are_repeated)
{
    const char *log;

    ck_assert(
        apply("SET work_mem = '1MB';\nSET search_path = x;\nSET work_mem = '2MB';\nVACUUM a;\n"
              "DISCARD ALL;\nSET work_mem = '3MB';\nVACUUM b;"));
    log = strstr(pga_fake_session_log(driver), "VACUUM a;");
    ck_assert_ptr_nonnull(log);
    log -= strlen("SET search_path = x;\nSET work_mem = '2MB';\n");
    ck_assert_ptr_eq(strstr(log, "SET search_path = x;\nSET work_mem = '2MB';\nVACUUM a;"), log);
    log = strstr(log, "VACUUM b;");
    ck_assert_ptr_nonnull(log);
    log -= strlen("SET statement_timeout = 0;\nSET work_mem = '3MB';\n");
    ck_assert_ptr_eq(strstr(log, "SET statement_timeout = 0;\nSET work_mem = '3MB';\nVACUUM b;"),
                     log);
}
END_TEST

START_TEST(before_scripts)
{
    pga_build_file(&b, "1-a.up.sql", "CREATE TABLE a ();");
    pga_build_file(&b, "1-a.before-up.sql", "VACUUM x;\nSELECT 1;");
    ck_assert_msg(run_step(PGA_STEP_APPLY), "%s", err.message);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE a"), 1);
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_SCRIPTS, 0, "text"), "CREATE TABLE a ();\n");
}
END_TEST

START_TEST(both_outside)
{
    pga_build_file(&b, "1-a.up.sql", "-- pgalter:transaction none\nVACUUM y;");
    pga_build_file(&b, "1-a.before-up.sql", "VACUUM x;");
    ck_assert_msg(run_step(PGA_STEP_APPLY), "%s", err.message);
    ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM"), 2);
}
END_TEST

START_TEST(downwards)
{
    ck_assert(apply("VACUUM x;"));
    pga_build_file(&b, "1-a.down.sql", "-- pgalter:transaction none\nVACUUM z;");
    ck_assert_msg(run_step(PGA_STEP_REVERT), "%s", err.message);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 0);
}
END_TEST

/* ---- failing statements ---- */

START_TEST(the_first_statement_fails)
{
    fail_at("VACUUM x", "42P01", 1);
    ck_assert(!apply("VACUUM x;\nVACUUM y;"));
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    ck_assert_str_eq(err.message, "alteration \"1-a\" failed: no");
    ck_assert_int_eq(err.place.line, 2);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0); /* nothing is done: nothing is left */
    ck_assert(apply("VACUUM y;"));                    /* another text will do */
}
END_TEST

START_TEST(a_later_statement_fails)
{
    fail_at("VACUUM z", "42P01", 1);
    ck_assert(!apply("VACUUM x;\nSELECT 1;\nVACUUM z;"));
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    ck_assert_int_eq(err.place.line, 4);
    ck_assert_ptr_nonnull(strstr(err.hint, "2 of its statements"));
    ck_assert_str_eq(record("statement"), "2");
    ck_assert_str_eq(record("progress"), "next");
    begin_run("run-2");
    ck_assert_msg(apply("VACUUM x;\nSELECT 1;\nVACUUM z;"), "%s", err.message); /* goes on there */
    ck_assert_uint_eq(resumed, 1);
    ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM x"), 1);
    ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM z"), 1);
}
END_TEST

START_TEST(a_statement_of_a_transaction_fails)
{
    fail_at("SELECT 2", "42P01", 1);
    ck_assert(!apply("SELECT 0;\nBEGIN;\nSELECT 1;\nSELECT 2;\nCOMMIT;"));
    ck_assert_int_eq(err.place.line, 5);
    ck_assert_str_eq(record("statement"), "1");
    ck_assert_int_eq(pga_driver_transaction(driver), PGA_TRANSACTION_IDLE);
}
END_TEST

/* The before-script is done and stays: its record must not go. */
START_TEST(the_main_script_fails_behind_a_before_script)
{
    for (int i = 0; i < 2; i++) {
        pga_build_file(&b, "1-a.before-up.sql", "VACUUM x;");
        pga_build_file(&b, "1-a.up.sql",
                       i == 0 ? "CREATE TABLE a ();" : "-- pgalter:transaction none\nVACUUM a;");
        fail_at(i == 0 ? "CREATE TABLE" : "VACUUM a", "42P07", 1);
        ck_assert(!run_step(PGA_STEP_APPLY));
        ck_assert_int_eq(err.code, PGA_ERR_SQL);
        ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 1);
        begin_run("run-2");
        ck_assert_msg(run_step(PGA_STEP_APPLY), "%s", err.message);
        ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM x"), 1);
        ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(contention)
{
    fail_at("VACUUM x", "55P03", 2);
    ck_assert_msg(apply("VACUUM x;\nSELECT 1;"), "%s", err.message);
    ck_assert_uint_eq(retried, 2);
    teardown();
    setup();
    fail_at("SELECT one", "40P01", 100);
    ck_assert(!apply("VACUUM x;\nSELECT one;"));
    ck_assert_int_eq(err.code, PGA_ERR_CONTENTION);
    ck_assert_str_eq(err.message, "alteration \"1-a\" failed: gave up after 3 tries: no");
    ck_assert_str_eq(record("statement"), "1");
}
END_TEST

/* A procedure may have committed a part before it failed. */
START_TEST(a_procedure_stays_in_doubt)
{
    fail_at("CALL fill()", "22012", 1);
    ck_assert(!apply("CALL fill();"));
    ck_assert_int_eq(err.code, PGA_ERR_HALF_DONE);
    ck_assert_str_eq(record("progress"), "started");
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter mark 1-a"));
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter forget 1-a"));
    begin_run("run-2");
    ck_assert(!run_step(PGA_STEP_APPLY));
    ck_assert_int_eq(err.code, PGA_ERR_HALF_DONE);
}
END_TEST

/* An index that a failed build left behind is dropped; one that was there before is not ours. */
START_TEST(invalid_indexes)
{
    server.invalid_index = "17";
    fail_at("CREATE UNIQUE", "23505", 1);
    ck_assert(!apply("CREATE UNIQUE INDEX CONCURRENTLY i ON a (x);"));
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    ck_assert_uint_eq(pga_fake_effects(&server, "DROP INDEX"), 0);
    ck_assert_ptr_nonnull(strstr(pga_fake_session_log(driver), "E'17'"));
}
END_TEST

static void
leave_invalid(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    s->invalid_index = "18";
}

START_TEST(an_invalid_index_of_ours_is_dropped)
{
    bool dropped = false;

    for (size_t call = 1; call < 12 && !dropped; call++) {
        fail_at("CREATE UNIQUE", "23505", 1);
        server.hook = leave_invalid; /* it appears with some call: the right one is the build's */
        server.hook_at = server.calls + call;
        ck_assert(!apply("CREATE UNIQUE INDEX CONCURRENTLY i ON a (x);"));
        dropped = pga_fake_effects(&server, "DROP INDEX the_invalid_one") == 1;
        ck_assert_int_eq(err.code, PGA_ERR_SQL);
        teardown();
        setup();
    }
    ck_assert(dropped);
}
END_TEST

/* ---- runs that end in the middle ---- */

START_TEST(in_a_statement_that_shares_a_transaction)
{
    die_at("SELECT 2");
    ck_assert(!apply("SELECT 1;\nSELECT 2;\nSELECT 3;"));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
    begin_run("run-2");
    ck_assert_msg(run_step(PGA_STEP_APPLY), "%s", err.message);
    ck_assert_uint_eq(resumed, 1);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 0); /* they were queries */
}
END_TEST

#define DONE_WHEN "-- pgalter:done-when SELECT pg_is_it_there()\n"

START_TEST(nobody_can_tell)
{
    die_at("VACUUM x");
    ck_assert(!apply("SELECT 1;\nVACUUM x;"));
    ck_assert_str_eq(record("progress"), "started");
    begin_run("run-2");
    ck_assert(!run_step(PGA_STEP_APPLY));
    ck_assert_int_eq(err.code, PGA_ERR_HALF_DONE);
    ck_assert_int_eq(pga_error_exit_status(&err), 67);
    ck_assert_int_eq(err.place.line, 3);
    ck_assert_ptr_nonnull(strstr(err.message, "alteration \"1-a\""));
    ck_assert_ptr_nonnull(strstr(err.detail, "run-1"));
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter mark 1-a --because"));
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter forget 1-a --because"));
    ck_assert_str_eq(record("run"), "run-1"); /* nothing was touched */
}
END_TEST

START_TEST(done_when_tells)
{
    static const char *const answers[] = {"t", "f"};

    for (int i = 0; i < 2; i++) {
        die_at("VACUUM x");
        ck_assert(!apply(DONE_WHEN "VACUUM x;\nSELECT 1;"));
        begin_run("run-2");
        server.done_when = answers[i];
        ck_assert_msg(run_step(PGA_STEP_APPLY), "%s", err.message);
        ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM x"), (size_t)i);
        ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(done_when_can_not_tell)
{
    die_at("VACUUM x");
    ck_assert(!apply(DONE_WHEN "VACUUM x;"));
    begin_run("run-2");
    fail_at("pg_is_it_there", "42883", 1);
    ck_assert(!run_step(PGA_STEP_APPLY));
    ck_assert_int_eq(err.code, PGA_ERR_HALF_DONE);
    ck_assert_ptr_nonnull(strstr(err.detail, "can't tell: no"));
    begin_run("run-3");
    die_at("pg_is_it_there");
    ck_assert(!run_step(PGA_STEP_APPLY));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
}
END_TEST

START_TEST(a_text_that_changed_meanwhile)
{
    die_at("VACUUM y");
    ck_assert(!apply("VACUUM x;\nVACUUM y;"));
    begin_run("run-2");
    ck_assert(!apply("VACUUM x;\nVACUUM z;"));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "changed since a run ended in its middle"));
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter forget 1-a"));
    pga_build_file(&b, "1-a.before-up.sql", "VACUUM x;"); /* another script altogether */
    ck_assert(!apply("VACUUM x;\nVACUUM y;\nVACUUM z;"));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
}
END_TEST

START_TEST(a_rollback_that_nobody_can_tell)
{
    ck_assert(apply("VACUUM x;"));
    pga_build_file(&b, "1-a.down.sql", "-- pgalter:transaction none\nVACUUM z;");
    die_at("VACUUM z");
    ck_assert(!run_step(PGA_STEP_REVERT));
    begin_run("run-2");
    ck_assert(!run_step(PGA_STEP_REVERT));
    ck_assert_int_eq(err.code, PGA_ERR_HALF_DONE);
    ck_assert_ptr_nonnull(strstr(err.hint, "took effect: pgalter forget 1-a"));
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter mark 1-a"));
}
END_TEST

START_TEST(a_record_behind_the_end)
{
    struct pga_unfinished row = {.id = "1-a", .unit = 7};

    pga_build_file(&b, "1-a.up.sql", "-- pgalter:transaction none\nVACUUM x;");
    row.digest = b.alterations.items[0].parts[0]->digest;
    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    begin_run("run-2");
    ck_assert(!run_step(PGA_STEP_APPLY));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
}
END_TEST

/* ---- other runs ---- */

/* The lock was lost, but the session of the run that claimed the step lives: it is waited for. */
START_TEST(the_other_run_lives)
{
    die_at("SELECT 2");
    ck_assert(!apply("SELECT 1;\nSELECT 2;"));
    begin_run("run-2");
    server.live_run = "run-1";
    ck_assert(!run_step(PGA_STEP_APPLY));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(err.message, "run-1"));
    ck_assert_uint_gt(fake.sleep_count, 10);
    ck_assert_str_eq(record("run"), "run-1");
}
END_TEST

static void
let_it_end(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    s->live_run = NULL;
}

START_TEST(the_other_run_ends)
{
    die_at("SELECT 2");
    ck_assert(!apply("SELECT 1;\nSELECT 2;"));
    begin_run("run-2");
    server.live_run = "run-1";
    server.hook = let_it_end;
    server.hook_at = server.calls + 5;
    ck_assert_msg(run_step(PGA_STEP_APPLY), "%s", err.message);
    ck_assert(outcome.is_overtaken); /* who knows what it did: plan again */
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 0);
}
END_TEST

START_TEST(another_run_claims_it_first)
{
    struct pga_unfinished row = {.id = "1-a"};
    const struct pga_alteration *alteration;
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = "1-a"};
    struct pga_source source = {0};

    pga_build_file(&b, "1-a.up.sql", "-- pgalter:transaction none\nVACUUM x;");
    alteration = &b.alterations.items[0];
    step.alteration = alteration;
    source.main = alteration->parts[PGA_PART_UP];
    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    ck_assert_msg(pga_statements_run(&runner, &step, &source, NULL, &outcome, &err), "%s",
                  err.message);
    ck_assert(outcome.is_overtaken);
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 0);
    memset(&outcome, 0, sizeof(outcome));
    fail_at("INSERT INTO \"pgalter\".unfinished", "42501", 1);
    ck_assert(!pga_statements_run(&runner, &step, &source, NULL, &outcome, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
}
END_TEST

static void
take_it_over(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    struct pga_fake_table *table = &s->state.tables[PGA_FAKE_UNFINISHED];
    const char **row = pga_new_array(&s->mem, const char *, 11);

    if (table->count == 0)
        return;
    memcpy(row, table->rows[0], 11 * sizeof(*row));
    row[2] = "run-9";
    table->rows[0] = row;
}

/* Whenever another run takes the record over, this one stops and does nothing twice. */
START_TEST(taken_over_in_the_middle)
{
    bool came = true;

    for (size_t call = 1; came; call++) {
        server.hook = take_it_over;
        server.hook_at = server.calls + call;
        if (!apply("VACUUM x;\nSELECT 1;\nVACUUM y;")) {
            ck_assert_int_eq(err.code, PGA_ERR_LOST);
            ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 0);
            ck_assert_str_eq(record("run"), "run-9");
        } else {
            ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
        }
        ck_assert_uint_le(pga_fake_effects(&server, "VACUUM x"), 1);
        came = server.hook_at == 0;
        ck_assert_uint_lt(call, 100);
        teardown();
        setup();
    }
}
END_TEST

static void
drop_lock(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    s->lock_holder = NULL;
}

START_TEST(the_lock_is_verified_before_each_statement)
{
    server.hook = drop_lock;
    server.hook_at = server.calls + 6;
    ck_assert_msg(apply("VACUUM x;\nVACUUM y;"), "%s", err.message);
    ck_assert_uint_eq(retaken, 1);
    ck_assert_ptr_eq(server.lock_holder, driver);
}
END_TEST

static void
give_lock_away(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    s->lock_holder = "somebody else";
}

START_TEST(the_lock_goes_to_another)
{
    server.hook = give_lock_away;
    server.hook_at = server.calls + 6;
    ck_assert(!apply("VACUUM x;\nVACUUM y;"));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM y"), 0);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 1);
}
END_TEST

START_TEST(a_signal_between_two_statements)
{
    fail_at("VACUUM y", "55P03", 100);
    fake.raise_at = 1;
    ck_assert(!apply("VACUUM x;\nVACUUM y;"));
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_str_eq(record("statement"), "1");
    ck_assert_str_eq(record("progress"), "next");
    pga_interrupt_clear();
}
END_TEST

/* The append meets another run's: what the script did stays, and the next plan appends. */
START_TEST(the_last_append_is_overtaken)
{
    fail_at("INSERT INTO \"pgalter\".history", "23505", 1);
    ck_assert_msg(apply("VACUUM x;"), "%s", err.message);
    ck_assert(outcome.is_overtaken);
    ck_assert_str_eq(record("statement"), "1");
    ck_assert_msg(run_step(PGA_STEP_APPLY), "%s", err.message);
    ck_assert(!outcome.is_overtaken);
    ck_assert_uint_eq(pga_fake_effects(&server, "VACUUM x"), 1);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
    teardown();
    setup();
    fail_at("INSERT INTO \"pgalter\".history", "42501", 1);
    ck_assert(!apply("VACUUM x;"));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
}
END_TEST

/* ---- sending one statement ---- */

/* Where the server reads quotes otherwise than the script was split, nothing is sent. */
START_TEST(quotes_are_read_otherwise)
{
    ck_assert(journal.standard_strings);
    ck_assert(apply("SELECT 1;"));
    server.strings_off = true;
    ck_assert_msg(!apply("SELECT 'a\\';\nSELECT 2;"), "it was sent");
    teardown();
    setup();
    server.strings_off = true; /* behind the back of what was read at the beginning */
    ck_assert(!apply("VACUUM x;\nSELECT 'a\\b';"));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(err.place.line, 3);
    ck_assert_ptr_nonnull(strstr(err.message, "standard_conforming_strings"));
    ck_assert_uint_eq(pga_fake_effects(&server, "SELECT"), 0);
}
END_TEST

START_TEST(rows_travel_with_their_copy)
{
    ck_assert_msg(apply("VACUUM x;\nCOPY a FROM stdin;\n1\n2\n\\.\nVACUUM y;"), "%s", err.message);
    ck_assert_uint_eq(pga_fake_effects(&server, "COPY a FROM stdin;"), 1);
    ck_assert_ptr_nonnull(
        strstr(pga_fake_session_log(driver), "\nCOPY a FROM stdin;\nSET CONSTRAINTS"));
    ck_assert(!pga_positions_in_bytes(driver));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("statements");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, from_claim_to_end);
    tcase_add_test(tcase, an_empty_script);
    tcase_add_test(tcase, settings_of_new_sessions);
    tcase_add_test(tcase, lock_timeouts);
    tcase_add_test(tcase, settings_are_repeated);
    tcase_add_test(tcase, before_scripts);
    tcase_add_test(tcase, both_outside);
    tcase_add_test(tcase, downwards);
    tcase_add_test(tcase, the_first_statement_fails);
    tcase_add_test(tcase, a_later_statement_fails);
    tcase_add_test(tcase, a_statement_of_a_transaction_fails);
    tcase_add_test(tcase, the_main_script_fails_behind_a_before_script);
    tcase_add_test(tcase, contention);
    tcase_add_test(tcase, a_procedure_stays_in_doubt);
    tcase_add_test(tcase, invalid_indexes);
    tcase_add_test(tcase, an_invalid_index_of_ours_is_dropped);
    tcase_add_test(tcase, in_a_statement_that_shares_a_transaction);
    tcase_add_test(tcase, nobody_can_tell);
    tcase_add_test(tcase, done_when_tells);
    tcase_add_test(tcase, done_when_can_not_tell);
    tcase_add_test(tcase, a_text_that_changed_meanwhile);
    tcase_add_test(tcase, a_rollback_that_nobody_can_tell);
    tcase_add_test(tcase, a_record_behind_the_end);
    tcase_add_test(tcase, the_other_run_lives);
    tcase_add_test(tcase, the_other_run_ends);
    tcase_add_test(tcase, another_run_claims_it_first);
    tcase_add_test(tcase, taken_over_in_the_middle);
    tcase_add_test(tcase, the_lock_is_verified_before_each_statement);
    tcase_add_test(tcase, the_lock_goes_to_another);
    tcase_add_test(tcase, a_signal_between_two_statements);
    tcase_add_test(tcase, the_last_append_is_overtaken);
    tcase_add_test(tcase, quotes_are_read_otherwise);
    tcase_add_test(tcase, rows_travel_with_their_copy);
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
