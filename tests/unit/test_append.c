/*
 * tests/unit/test_append.c: compare-and-append (journal/append.c), and the creation of a journal (journal/create.c).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/journal.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/build.h"
#include "tests/helpers/fake_server.h"

static struct pga_build b;
static struct pga_fake_server server;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_error err;

static void
setup(void)
{
    struct pga_journal_settings settings = {.run = "run-1", .who = "tester", .engine = "0.1.0"};

    memset(&err, 0, sizeof(err));
    pga_build_init(&b);
    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    pga_build_file(&b, "1.0.0-1-users.down.sql", "DROP TABLE users;");
    pga_fake_server_init(&server);
    driver = pga_fake_session_open(&server);
    pga_journal_init(&journal, driver, &b.mem, &settings);
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
    pga_build_release(&b);
}

/* `users` is marked as applied. */
static bool
mark(struct pga_journal *in)
{
    struct pga_applied *after = pga_new(&b.mem, struct pga_applied);
    const struct pga_alteration *alteration = &b.alterations.items[0];
    struct pga_change change = {.event = PGA_EVENT_MARKED, .after = after, .because = "it's there"};
    struct pga_texts texts = {{alteration->parts[0]->text, alteration->parts[1]->text}};

    memset(&err, 0, sizeof(err));
    pga_applied_of(alteration, after);
    return pga_journal_commit(in, &change, &texts, &err);
}

static size_t
count(enum pga_fake_table_name table)
{
    return server.state.tables[table].count;
}

/* ---- the text ---- */

START_TEST(with_and_without_a_guard)
{
    struct pga_change change = {.event = PGA_EVENT_APPLIED};
    struct pga_history_row row;
    struct pga_applied applied;
    struct pga_buf with = pga_buf_on(&b.mem), without = pga_buf_on(&b.mem);
    const char *prev;

    pga_applied_of(&b.alterations.items[0], &applied);
    change.after = &applied;
    pga_history_build(&b.journal, &b.journal.head, &change, &row);
    prev = pga_digest_format(&b.mem, &row.prev);
    pga_append_sql(&with, &b.journal, &row, true);
    pga_append_sql(&without, &b.journal, &row, false);
    ck_assert_ptr_nonnull(
        strstr(with.data,
               pga_format(&b.mem,
                          "(1, (SELECT h.hash FROM \"pgalter\".history h WHERE h.seq "
                          "OPERATOR(pg_catalog.=) 0 AND h.hash OPERATOR(pg_catalog.=) E'\\\\x%s')",
                          prev)));
    ck_assert_ptr_nonnull(strstr(without.data, pga_format(&b.mem, "(1, E'\\\\x%s', ", prev)));
    ck_assert_ptr_null(strstr(without.data, "SELECT"));
}
END_TEST

START_TEST(a_change_of_nothing_has_no_tail)
{
    struct pga_change change = {.event = PGA_EVENT_UPGRADED};
    struct pga_history_row row;
    struct pga_buf buf = pga_buf_on(&b.mem);

    pga_history_build(&b.journal, &b.journal.head, &change, &row);
    pga_append_tail_sql(&buf, &b.journal, &row, &change, NULL);
    ck_assert_str_eq(buf.data, "");
}
END_TEST

/* ---- creating ---- */

START_TEST(a_journal_is_made)
{
    ck_assert(pga_journal_open(&journal, &err));
    ck_assert_int_eq(journal.presence, PGA_JOURNAL_ABSENT);
    ck_assert_msg(pga_journal_create(&journal, &err), "%s", err.message);
    ck_assert_int_eq(journal.presence, PGA_JOURNAL_PRESENT);
    ck_assert_int_eq(journal.head.seq, 0);
    ck_assert_int_eq(journal.format_major, 1);
    ck_assert_int_eq(journal.format_minor, 0);
    ck_assert(journal.is_loaded);
    ck_assert_uint_eq(journal.row_count, 1);
    ck_assert_str_eq(journal.rows[0].run, "run-1");
    ck_assert(pga_digest_is_zero(&journal.rows[0].prev));
    ck_assert(pga_digest_is_zero(&journal.rows[0].state));
    ck_assert_ptr_nonnull(strstr(pga_fake_session_log(driver), "CREATE SCHEMA \"pgalter\";"));
    ck_assert_ptr_null(strstr(pga_fake_session_log(driver), "IF NOT EXISTS"));
}
END_TEST

/* The hash of row 0 covers the run: a journal that is made again is another one. */
START_TEST(no_two_journals_are_the_same)
{
    struct pga_digest hash;

    ck_assert(pga_journal_create(&journal, &err));
    hash = journal.head.hash;
    memset(&server.state, 0, sizeof(server.state));
    journal.settings.run = "run-2";
    journal.presence = PGA_JOURNAL_ABSENT;
    journal.has_head = journal.is_loaded = false;
    ck_assert_msg(pga_journal_create(&journal, &err), "%s", err.message);
    ck_assert(!pga_digest_equal(&journal.head.hash, &hash));
}
END_TEST

START_TEST(another_run_makes_it_first)
{
    static const char *const sqlstates[] = {"42P06", "42P07", "42710", "23505"};

    for (size_t i = 0; i < PGA_COUNT_OF(sqlstates); i++) {
        struct pga_fake_failure failure = {.contains = "CREATE SCHEMA",
                                           .sqlstate = sqlstates[i],
                                           .message = "it is there",
                                           .times = 1};
        struct pga_journal_settings settings = {.run = "run-2", .who = "w", .engine = "0.1.0"};
        struct pga_journal other;
        struct pga_driver *other_driver = pga_fake_session_open(&server);

        pga_journal_init(&other, other_driver, &b.mem, &settings);
        ck_assert(pga_journal_open(&journal, &err));
        ck_assert(pga_journal_create(&other, &err));
        server.failures = &failure;
        server.failure_count = 1;
        ck_assert_msg(pga_journal_create(&journal, &err), "%s", err.message);
        ck_assert(pga_digest_equal(&journal.head.hash, &other.head.hash));
        pga_driver_close(&other_driver);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(no_right_to_make_it)
{
    struct pga_fake_failure failure = {.contains = "CREATE SCHEMA",
                                       .sqlstate = "42501",
                                       .message = "permission denied for database app",
                                       .times = 1};

    server.failures = &failure;
    server.failure_count = 1;
    ck_assert(pga_journal_open(&journal, &err));
    ck_assert(!pga_journal_create(&journal, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "GRANT CREATE ON DATABASE"));
    ck_assert_ptr_nonnull(strstr(err.hint, "CREATE SCHEMA \"pgalter\" AUTHORIZATION"));
    ck_assert_int_eq(pga_driver_transaction(driver), PGA_TRANSACTION_IDLE);
}
END_TEST

START_TEST(making_it_can_fail)
{
    static const struct {
        const char *sqlstate;
        enum pga_code code;
    } rows[] = {
        {"25006", PGA_ERR_READ_ONLY}, {"53100", PGA_ERR_UNEXPECTED}, {"55P03", PGA_ERR_CONTENTION}};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        struct pga_fake_failure failure = {
            .contains = "REVOKE", .sqlstate = rows[i].sqlstate, .message = "no", .times = 1};

        memset(&err, 0, sizeof(err));
        server.failures = &failure;
        server.failure_count = 1;
        ck_assert(pga_journal_open(&journal, &err));
        ck_assert(!pga_journal_create(&journal, &err));
        ck_assert_int_eq(err.code, rows[i].code);
        ck_assert_str_eq(err.message, "creating the journal: no");
        ck_assert(!server.state.has_schema);
    }
}
END_TEST

/* The server says that it is done, and it isn't. */
START_TEST(a_journal_that_does_not_appear)
{
    struct pga_fake_failure failure = {
        .contains = "CREATE SCHEMA", .sqlstate = "42P06", .message = "it is there", .times = 1};

    server.failures = &failure;
    server.failure_count = 1;
    ck_assert(pga_journal_open(&journal, &err));
    ck_assert(!pga_journal_create(&journal, &err));
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
}
END_TEST

/* ---- appending ---- */

START_TEST(a_change_is_committed)
{
    ck_assert(pga_journal_create(&journal, &err));
    ck_assert_msg(mark(&journal), "%s", err.message);
    ck_assert_int_eq(journal.head.seq, 1);
    ck_assert_uint_eq(journal.applied_count, 1);
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 2);
    ck_assert_uint_eq(count(PGA_FAKE_SCRIPTS), 2);
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_HISTORY, 1, "event"), "marked");
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_HISTORY, 1, "because"), "it's there");
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_JOURNAL, 0, "slug"), "users");
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_SCRIPTS, 0, "text"),
                     "CREATE TABLE users ();\n");
    ck_assert(pga_journal_load(&journal, &err)); /* and verifies */
}
END_TEST

START_TEST(a_faster_run_wins)
{
    struct pga_journal slow;

    ck_assert(pga_journal_create(&journal, &err));
    slow = journal;
    ck_assert(mark(&journal));
    ck_assert(!mark(&slow));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    ck_assert_str_eq(err.message,
                     "recording \"marked\": another run changed the journal at the same moment");
    ck_assert_int_eq(slow.head.seq, 0);
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 2);
    ck_assert_int_eq(pga_driver_transaction(driver), PGA_TRANSACTION_IDLE);
}
END_TEST

/* A gap, or another hash: the row before it is not the one that was read. */
START_TEST(another_journal_is_refused)
{
    struct pga_journal other;

    ck_assert(pga_journal_create(&journal, &err));
    other = journal;
    other.head.hash.bytes[0] ^= 1;
    ck_assert(!mark(&other));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "is not the one that was read"));
    other = journal;
    other.head.seq = 7;
    ck_assert(!mark(&other));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    memset(&server.state, 0, sizeof(server.state));
    ck_assert(!mark(&journal));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
}
END_TEST

START_TEST(appending_can_fail)
{
    static const struct {
        const char *sqlstate;
        enum pga_code code;
    } rows[] = {{"25006", PGA_ERR_READ_ONLY},
                {"42501", PGA_ERR_DENIED},
                {"55P03", PGA_ERR_CONTENTION},
                {"53100", PGA_ERR_UNEXPECTED}};

    ck_assert(pga_journal_create(&journal, &err));
    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        struct pga_fake_failure failure = {.contains = "INSERT INTO \"pgalter\".history",
                                           .sqlstate = rows[i].sqlstate,
                                           .message = "no",
                                           .times = 1};

        server.failures = &failure;
        server.failure_count = 1;
        ck_assert(!mark(&journal));
        ck_assert_int_eq(err.code, rows[i].code);
        ck_assert_str_eq(err.message, "recording \"marked\": no");
    }
    server.failure_count = 0;
    ck_assert(mark(&journal)); /* each left all as it was */
}
END_TEST

/* What the append failures mean, apart from any run. */
START_TEST(failures_in_words)
{
    static const struct {
        const char *sqlstate;
        enum pga_code code;
    } rows[] = {{"23505", PGA_ERR_LOCKED},
                {"23502", PGA_ERR_JOURNAL},
                {"42P01", PGA_ERR_JOURNAL},
                {"55P03", PGA_ERR_SQL}};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        memset(&err, 0, sizeof(err));
        (void)pga_fail(&err, PGA_ERR_SQL, "no");
        memcpy(err.sqlstate, rows[i].sqlstate, 6);
        ck_assert(!pga_append_failure(&b.journal, &err));
        ck_assert_int_eq(err.code, rows[i].code);
        ck_assert_int_eq(err.hint[0] != '\0', rows[i].code != PGA_ERR_SQL);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("append");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, with_and_without_a_guard);
    tcase_add_test(tcase, a_change_of_nothing_has_no_tail);
    tcase_add_test(tcase, a_journal_is_made);
    tcase_add_test(tcase, no_two_journals_are_the_same);
    tcase_add_test(tcase, another_run_makes_it_first);
    tcase_add_test(tcase, no_right_to_make_it);
    tcase_add_test(tcase, making_it_can_fail);
    tcase_add_test(tcase, a_journal_that_does_not_appear);
    tcase_add_test(tcase, a_change_is_committed);
    tcase_add_test(tcase, a_faster_run_wins);
    tcase_add_test(tcase, another_journal_is_refused);
    tcase_add_test(tcase, appending_can_fail);
    tcase_add_test(tcase, failures_in_words);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
