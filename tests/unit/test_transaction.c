/*
 * tests/unit/test_transaction.c: engine/transaction.h, a step whose script is one transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/transaction.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
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
static size_t retried;

static void
observe(void *ctx PGA_UNUSED, const struct pga_event_report *report)
{
    retried += report->happening == PGA_HAPPENING_STEP_RETRIED;
}

/* A run that has the lock, over any driver. */
static void
use(struct pga_driver *d)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "e"};

    driver = d;
    memset(&err, 0, sizeof(err));
    memset(&outcome, 0, sizeof(outcome));
    retried = 0;
    pga_journal_init(&journal, driver, &b.mem, &settings);
    runner = (struct pga_runner){
        .driver = driver,
        .journal = &journal,
        .alterations = &b.alterations,
        .clock = pga_fake_clock_init(&fake),
        .settings = {.lock_wait_ms = 5000, .lock_timeout_ms = 2000, .retries = 3},
        .observe = observe,
        .has_lock = true,
    };
}

static void
setup(void)
{
    pga_interrupt_clear();
    memset(failures, 0, sizeof(failures));
    pga_build_init(&b);
    pga_fake_server_init(&server);
    server.failures = failures;
    server.failure_count = PGA_COUNT_OF(failures);
    for (size_t i = 0; i < PGA_COUNT_OF(failures); i++)
        failures[i].contains = "nothing at all";
    use(pga_fake_session_open(&server));
    ck_assert(pga_journal_create(&journal, &err));
    server.lock_holder = driver;
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
    pga_build_release(&b);
}

static bool
apply(const char *text)
{
    const struct pga_alteration *alteration;
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = "1-users"};
    struct pga_source source = {0};

    pga_build_file(&b, "1.0.0-1-users.up.sql", text);
    alteration = &b.alterations.items[0];
    step.alteration = alteration;
    source.main = alteration->parts[PGA_PART_UP];
    memset(&err, 0, sizeof(err));
    memset(&outcome, 0, sizeof(outcome));
    return pga_transaction_run(&runner, &step, &source, false, &outcome, &err);
}

static size_t
count(enum pga_fake_table_name table)
{
    return server.state.tables[table].count;
}

#define SIMPLE "CREATE TABLE users ();"
#define ALONE  "SET client_encoding = 'LATIN1';\nCREATE TABLE users ();\nSELECT 1;"

START_TEST(a_step_is_done)
{
    ck_assert_msg(apply(SIMPLE), "%s", err.message);
    ck_assert_int_eq(journal.head.seq, 1);
    ck_assert_uint_eq(journal.applied_count, 1);
    ck_assert_str_eq(journal.applied[0]->id, "1-users");
    ck_assert_int_eq(journal.applied[0]->seq, 1);
    ck_assert(!outcome.is_overtaken);
    ck_assert(!outcome.alters_settings);
    ck_assert(runner.has_lock);
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 2);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
}
END_TEST

START_TEST(statement_by_statement)
{
    size_t calls = server.calls;

    ck_assert_msg(apply(ALONE), "%s", err.message);
    ck_assert_uint_eq(server.calls - calls, 5); /* head, three statements, tail */
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
    ck_assert_uint_eq(pga_fake_effects(&server, "CREATE TABLE users"), 1);
}
END_TEST

START_TEST(settings_of_new_sessions)
{
    ck_assert(apply("ALTER ROLE app SET work_mem = '1GB';"));
    ck_assert(outcome.alters_settings);
}
END_TEST

/* ---- losing the connection at each call ---- */

static void
check_loss(const char *text, size_t call)
{
    bool fine;

    server.lose_at = server.calls + call;
    fine = apply(text);
    if (server.calls < server.lose_at) {
        ck_assert(fine);
        return;
    }
    ck_assert(!fine);
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
    ck_assert_ptr_nonnull(strstr(err.message, "alteration \"1-users\""));
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 1);
    ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 0);
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 0);
    ck_assert_int_eq(journal.head.seq, 0);
    ck_assert_uint_eq(journal.applied_count, 0);
}

START_TEST(each_call_can_lose_the_connection)
{
    for (size_t call = 1; call < 8; call++) {
        check_loss(SIMPLE, call);
        teardown();
        setup();
        check_loss(ALONE, call);
        teardown();
        setup();
    }
}
END_TEST

/* The same against a server that only repeats what is written down. */
START_TEST(each_call_of_a_script_can_fail)
{
    static const struct pga_script_answer head[] = {{.tag = "BEGIN"},
                                                    {.tag = "RESET"},
                                                    {.tag = "RESET"},
                                                    {.tag = "RESET"},
                                                    {.tag = "CLOSE"},
                                                    {.tag = "DEALL"},
                                                    {.tag = "UNLISTEN"},
                                                    {.tag = "DISCARD"},
                                                    {.tag = "DISCARD"},
                                                    {.tag = "SET"},
                                                    {.tag = "SET"},
                                                    {.tag = "INSERT 0 1"},
                                                    {0}};
    static const struct pga_script_answer set[] = {{.tag = "SET"}, {0}};
    static const struct pga_script_answer create[] = {{.tag = "CREATE TABLE"}, {0}};
    static const struct pga_script_answer select[] = {{.tag = "SELECT 1"}, {0}};
    static const struct pga_script_answer tail[] = {
        {.tag = "SET CONSTRAINTS"}, {.tag = "INSERT 0 1"},
        {.tag = "SELECT 1"},        {.tag = "SELECT 1", .columns = 1, .rows = 1},
        {.tag = "COMMIT"},          {0}};
    static const struct pga_script_line lines[] = {
        {.expect = "BEGIN", .answers = head, .after = PGA_TRANSACTION_OPEN},
        {.expect = "client_encoding", .answers = set, .after = PGA_TRANSACTION_OPEN},
        {.expect = "CREATE TABLE users", .answers = create, .after = PGA_TRANSACTION_OPEN},
        {.expect = "SELECT 1", .answers = select, .after = PGA_TRANSACTION_OPEN},
        {.expect = "COMMIT", .answers = tail},
    };
    bool done = false;

    for (size_t n = 1; !done; n++) {
        struct pga_script_settings settings = {.lines = lines, .line_count = 5, .fail_at = n};

        pga_driver_close(&driver);
        use(pga_script_open(&settings));
        journal.synchronous_commit = "on";
        done = apply(ALONE);
        ck_assert_int_eq(journal.head.seq, done ? 1 : 0);
        if (!done) {
            ck_assert_int_eq(err.code, PGA_ERR_LOST);
            ck_assert_ptr_null(strstr(pga_script_log(driver), "COMMIT;"));
            ck_assert_ptr_nonnull(strstr(err.message, "1-users"));
        }
        ck_assert_uint_eq(n == 6, done);
        pga_driver_close(&driver);
    }
    driver = pga_fake_session_open(&server);
}
END_TEST

/* ---- the end of the message ---- */

/* Answers for the whole message of SIMPLE, of which the last two are given. */
static struct pga_script_answer *
answers(size_t lock_rows, const char *last_tag)
{
    size_t count = 12 + 1 + 6 + 2;
    struct pga_script_answer *all = pga_new_array(&b.mem, struct pga_script_answer, count + 3);

    for (size_t i = 0; i < count; i++)
        all[i].tag = "SET";
    all[count] = (struct pga_script_answer){.tag = "SELECT 1", .columns = 1, .rows = lock_rows};
    all[count + 1].tag = last_tag;
    return all;
}

static void
apply_to(const struct pga_script_line *lines, size_t line_count, bool *out_fine)
{
    struct pga_script_settings settings = {.lines = lines, .line_count = line_count};

    pga_driver_close(&driver);
    use(pga_script_open(&settings));
    journal.synchronous_commit = "on";
    *out_fine = apply(SIMPLE);
    pga_driver_close(&driver);
    driver = pga_fake_session_open(&server);
}

START_TEST(a_commit_that_was_none)
{
    struct pga_script_line lines[] = {{.answers = answers(1, "ROLLBACK")}};
    bool fine;

    apply_to(lines, 1, &fine);
    ck_assert(!fine);
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    ck_assert_ptr_nonnull(
        strstr(err.message, "was not committed: the server answered \"ROLLBACK\""));
    ck_assert_ptr_nonnull(strstr(err.message, "alteration \"1-users\" failed"));
    ck_assert_int_eq(journal.head.seq, 0);
}
END_TEST

START_TEST(no_answer_at_all)
{
    struct pga_script_line lines[] = {{.answers = NULL}};
    bool fine;

    apply_to(lines, 1, &fine);
    ck_assert(!fine);
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    ck_assert_ptr_nonnull(strstr(err.message, "the server answered \"\""));
}
END_TEST

/* A COMMIT that was seen counts, whatever comes behind it. */
START_TEST(the_connection_ends_behind_the_commit)
{
    struct pga_script_line lost[] = {{.answers = answers(1, "COMMIT"), .lose_connection = true}};
    struct pga_script_line before[] = {{.answers = answers(1, NULL), .lose_connection = true}};
    bool fine;

    apply_to(lost, 1, &fine);
    ck_assert_msg(fine, "%s", err.message);
    ck_assert_int_eq(err.code, PGA_OK);
    ck_assert_int_eq(journal.head.seq, 1);
    apply_to(before, 1, &fine);
    ck_assert(!fine);
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
    ck_assert_int_eq(journal.head.seq, 0);
}
END_TEST

START_TEST(a_script_drops_the_lock)
{
    struct pga_script_line lines[] = {{.answers = answers(0, "COMMIT")}};
    bool fine;

    apply_to(lines, 1, &fine);
    ck_assert(fine);
    ck_assert(!runner.has_lock);
    lines[0].answers = answers(1, "COMMIT");
    apply_to(lines, 1, &fine);
    ck_assert(fine);
    ck_assert(runner.has_lock);
}
END_TEST

/* ---- the append ---- */

static void
append_by_another(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    struct pga_journal_settings settings = {.run = "other", .who = "w", .engine = "e"};
    struct pga_driver *other = pga_fake_session_open(s);
    struct pga_journal theirs;
    struct pga_applied after = {.id = "9-x",
                                .version = "",
                                .timestamp = "9",
                                .slug = "x",
                                .phase = "expand",
                                .directives = "",
                                .has_part = {true}};
    struct pga_change change = {.event = PGA_EVENT_MARKED, .after = &after};
    struct pga_error their_err = {0};

    pga_journal_init(&theirs, other, &b.mem, &settings);
    ck_assert(pga_journal_open(&theirs, &their_err));
    ck_assert_msg(pga_journal_commit(&theirs, &change, NULL, &their_err), "%s", their_err.message);
    pga_driver_close(&other);
}

START_TEST(overtaken)
{
    for (int i = 0; i < 2; i++) {
        server.hook = append_by_another;
        server.hook_at = server.calls + 1;
        ck_assert_msg(apply(i == 0 ? SIMPLE : ALONE), "%s", err.message);
        ck_assert(outcome.is_overtaken);
        ck_assert_int_eq(journal.head.seq, 1); /* theirs, for the next plan */
        ck_assert_uint_eq(journal.applied_count, 0);
        ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 0);
        ck_assert_uint_eq(retried, 0);
        ck_assert_int_eq(pga_driver_transaction(driver), PGA_TRANSACTION_IDLE);
        teardown();
        setup();
    }
}
END_TEST

/* The append met another's, which was rolled back: tried again, at no cost to the script's budget. */
START_TEST(an_append_that_waited)
{
    static const char *const sqlstates[] = {"55P03", "40P01", "40001", "23505"};

    for (size_t i = 0; i < PGA_COUNT_OF(sqlstates); i++) {
        failures[0] = (struct pga_fake_failure){.contains = "INSERT INTO \"pgalter\".history",
                                                .sqlstate = sqlstates[i],
                                                .message = "wait",
                                                .times = 10};
        runner.settings.retries = 0;
        ck_assert_msg(apply(i % 2 == 0 ? SIMPLE : ALONE), "%s: %s", sqlstates[i], err.message);
        ck_assert(!outcome.is_overtaken);
        ck_assert_uint_eq(retried, 0);
        ck_assert_uint_eq(fake.sleep_count, 10);
        ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), 1);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(an_append_that_waits_too_long)
{
    failures[0] = (struct pga_fake_failure){.contains = "INSERT INTO \"pgalter\".history",
                                            .sqlstate = "55P03",
                                            .message = "wait",
                                            .times = 100000};
    ck_assert(!apply(SIMPLE));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    ck_assert_str_eq(err.message,
                     "alteration \"1-users\": another session keeps the journal's next "
                     "row to itself (waited 5.0 s)");
    ck_assert_ptr_nonnull(strstr(err.hint, "pg_prepared_xacts"));
}
END_TEST

START_TEST(a_signal_while_an_append_waits)
{
    failures[0] = (struct pga_fake_failure){.contains = "INSERT INTO \"pgalter\".history",
                                            .sqlstate = "55P03",
                                            .message = "wait",
                                            .times = 100000};
    fake.raise_at = 3;
    ck_assert(!apply(SIMPLE));
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_uint_eq(fake.sleep_count, 3);
    pga_interrupt_clear();
}
END_TEST

START_TEST(an_append_that_fails)
{
    static const struct {
        const char *sqlstate;
        enum pga_code code;
    } rows[] = {{"23502", PGA_ERR_JOURNAL},    {"42P01", PGA_ERR_JOURNAL},
                {"42501", PGA_ERR_DENIED},     {"25006", PGA_ERR_READ_ONLY},
                {"53100", PGA_ERR_UNEXPECTED}, {"57014", PGA_ERR_UNEXPECTED}};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        failures[0] = (struct pga_fake_failure){.contains = "INSERT INTO \"pgalter\".history",
                                                .sqlstate = rows[i].sqlstate,
                                                .message = "no",
                                                .times = 1};
        ck_assert(!apply(i % 2 == 0 ? SIMPLE : ALONE));
        ck_assert_msg(err.code == rows[i].code, "%s: %s", rows[i].sqlstate,
                      pga_code_name(err.code));
        ck_assert_ptr_nonnull(strstr(err.message, "1-users"));
        ck_assert_uint_eq(fake.sleep_count, 0);
        ck_assert_int_eq(pga_driver_transaction(driver), PGA_TRANSACTION_IDLE);
    }
}
END_TEST

static void
replace_journal(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    memset(&s->state, 0, sizeof(s->state));
}

START_TEST(the_journal_is_gone)
{
    server.hook = replace_journal;
    server.hook_at = server.calls + 1;
    ck_assert(!apply(SIMPLE));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "is not the one that was read"));
}
END_TEST

/* ---- the script ---- */

START_TEST(contention_is_tried_again)
{
    failures[0] = (struct pga_fake_failure){
        .contains = "CREATE TABLE", .sqlstate = "55P03", .message = "lock timeout", .times = 2};
    ck_assert_msg(apply(SIMPLE), "%s", err.message);
    ck_assert_uint_eq(retried, 2);
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 1);
}
END_TEST

START_TEST(contention_uses_up_its_budget)
{
    failures[0] = (struct pga_fake_failure){
        .contains = "CREATE TABLE", .sqlstate = "40P01", .message = "deadlock", .times = 100};
    ck_assert(!apply("-- pgalter:retries 1\n" SIMPLE));
    ck_assert_int_eq(err.code, PGA_ERR_CONTENTION);
    ck_assert_str_eq(err.message, "alteration \"1-users\": gave up after 2 tries: deadlock");
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 1);
}
END_TEST

/* Where the failing statement stands: by the position, by the number of answers, or not at all. */
START_TEST(where_it_failed)
{
    static const struct {
        const char *text, *contains, *at;
        int line, column;
        const char *message;
    } rows[] = {
        {"SELECT 1;\nSELECT  wrong;", "wrong", "wrong;", 2, 9, "alteration \"1-users\" failed: no"},
        {"SELECT 1;\nSELECT 2;\nSELECT 3/0;", "3/0", NULL, 3, 0,
         "alteration \"1-users\" failed: no"},
        {"BEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nSELECT 2;\nSELECT 3/0;\nCOMMIT;",
         "3/0", NULL, 4, 0, "alteration \"1-users\" failed: no"},
        {"SELECT 1;\nSELECT 2 +\n", "2 +", "\n;--'", 2, 11, "alteration \"1-users\" failed: no"},
        {"SELECT 1;", "SET CONSTRAINTS", NULL, 0, 0,
         "alteration \"1-users\" failed: its deferred constraints: no"},
        {"SELECT 1;", "pgalter\".journal", NULL, 0, 0,
         "alteration \"1-users\" failed: recording it: no"},
        {"SET NAMES 'UTF8';\nSELECT\n  3/0;", "3/0", NULL, 2, 0,
         "alteration \"1-users\" failed: no"},
        {"SET NAMES 'UTF8';\nSELECT\n  3/x;", "3/x", "x;", 3, 5,
         "alteration \"1-users\" failed: no"},
        {"SET NAMES 'UTF8';\nSELECT 1;", "pgalter\".journal", NULL, 0, 0,
         "alteration \"1-users\" failed: recording it: no"},
        {"SET NAMES 'UTF8';\nSELECT 1;", "SET CONSTRAINTS", NULL, 0, 0,
         "alteration \"1-users\" failed: its deferred constraints: no"},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        failures[0] = (struct pga_fake_failure){.contains = rows[i].contains,
                                                .sqlstate = "22012",
                                                .message = "no",
                                                .at = rows[i].at,
                                                .times = 1};
        ck_assert(!apply(rows[i].text));
        ck_assert_int_eq(err.code, PGA_ERR_SQL);
        ck_assert_str_eq(err.sqlstate, "22012");
        ck_assert_str_eq(err.message, rows[i].message);
        ck_assert_msg(err.place.line == rows[i].line, "row %zu: line %d", i, err.place.line);
        ck_assert_msg(err.place.column == rows[i].column, "row %zu: column %d", i,
                      err.place.column);
        ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 1);
        ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 0);
    }
}
END_TEST

/* The server's own hint stays before what pgalter adds. */
START_TEST(hints)
{
    struct pga_step step = {.id = "1-users"};

    (void)pga_fail(&err, PGA_ERR_SQL, "no");
    (void)pga_error_hint(&err, "Perhaps you meant x.");
    ck_assert(!pga_script_failed(&step, &err));
    ck_assert_ptr_eq(strstr(err.hint, "Perhaps you meant x.\nIts transaction was rolled back;"),
                     err.hint);
    memset(&err, 0, sizeof(err));
    (void)pga_fail(&err, PGA_ERR_SQL, "no");
    (void)pga_error_place(&err, "journal:1-users.down.sql", 0, 0, NULL, 0);
    ck_assert(!pga_script_failed(&step, &err));
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter accept 1-users"));
}
END_TEST

/* A script that can't be sent, although it was checked before: the server's settings changed since. */
START_TEST(what_cannot_be_prepared)
{
    ck_assert(!apply("SELECT 1; COMMIT;"));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(err.place.line, 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("transaction");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_step_is_done);
    tcase_add_test(tcase, statement_by_statement);
    tcase_add_test(tcase, settings_of_new_sessions);
    tcase_add_test(tcase, each_call_can_lose_the_connection);
    tcase_add_test(tcase, each_call_of_a_script_can_fail);
    tcase_add_test(tcase, a_commit_that_was_none);
    tcase_add_test(tcase, no_answer_at_all);
    tcase_add_test(tcase, the_connection_ends_behind_the_commit);
    tcase_add_test(tcase, a_script_drops_the_lock);
    tcase_add_test(tcase, overtaken);
    tcase_add_test(tcase, an_append_that_waited);
    tcase_add_test(tcase, an_append_that_waits_too_long);
    tcase_add_test(tcase, a_signal_while_an_append_waits);
    tcase_add_test(tcase, an_append_that_fails);
    tcase_add_test(tcase, the_journal_is_gone);
    tcase_add_test(tcase, contention_is_tried_again);
    tcase_add_test(tcase, contention_uses_up_its_budget);
    tcase_add_test(tcase, where_it_failed);
    tcase_add_test(tcase, hints);
    tcase_add_test(tcase, what_cannot_be_prepared);
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
