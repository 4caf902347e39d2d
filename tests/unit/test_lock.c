/*
 * tests/unit/test_lock.c: journal/lock.h, against a scripted server and a clock that stands still.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/lock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "drivers/script/script.h"
#include "tests/helpers/fake_clock.h"

static struct pga_arena mem;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_error err;
static struct pga_script_settings script;
static struct pga_fake_clock fake;

/* What the wait reported. */
static size_t report_count;
static int64_t reported_ms[16];
static char reported_user[32];

static void
report(void *ctx PGA_UNUSED, const struct pga_lock_holder *holder, int64_t waited_ms)
{
    if (report_count < PGA_COUNT_OF(reported_ms))
        reported_ms[report_count] = waited_ms;
    report_count++;
    (void)snprintf(reported_user, sizeof(reported_user), "%s", holder->user);
}

static void
setup(void)
{
    mem = (struct pga_arena){0};
    memset(&err, 0, sizeof(err));
    report_count = 0;
    pga_interrupt_clear();
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_arena_release(&mem);
}

#define HASH_1 "0101010101010101010101010101010101010101010101010101010101010101"
#define HASH_2 "0202020202020202020202020202020202020202020202020202020202020202"

#define BEGINNING                                                                                  \
    {.tag = "BEGIN"}, {.tag = "RESET"}, {.tag = "RESET"},                                          \
    {                                                                                              \
        .tag = "RESET"                                                                             \
    }
#define ROW(count, ...)                                                                            \
    {                                                                                              \
        .tag = "SELECT 1", .columns = (count), .rows = 1, .values = (const char *const[])          \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ANSWERS(...)                                                                               \
    (const struct pga_script_answer[])                                                             \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* The session's own process, at the end of the message. */
#define OWN {.tag = "SET"}, ROW(1, "2026-01-02 03:04:05.678901")

/* The head has moved on since it was read: 43, while the journal says 42. */
#define REFUSED                                                                                    \
    ANSWERS(BEGINNING, ROW(1, "f"), ROW(5, "43", HASH_2, HASH_2, "1.0", "f"), OWN,                 \
            {.tag = "COMMIT"})
#define GRANTED                                                                                    \
    ANSWERS(BEGINNING, ROW(1, "t"), ROW(5, "43", HASH_2, HASH_2, "1.0", "f"), OWN,                 \
            {.tag = "COMMIT"})
#define HOLDER                                                                                     \
    ANSWERS(BEGINNING, {.tag = "SET"},                                                             \
            ROW(6, "4711", "pgalter/0.1.0 run=abc", "deployer", "10.0.0.7",                        \
                "2026-01-02T03:04:05Z", "ALTER TABLE big"),                                        \
            {.tag = "COMMIT"})

static void
connect_to(const struct pga_script_line *lines, size_t count, bool repeat)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "0.1.0"};

    pga_driver_close(&driver);
    memset(&err, 0, sizeof(err));
    script = (struct pga_script_settings){.lines = lines, .line_count = count, .repeat = repeat};
    driver = pga_script_open(&script);
    pga_journal_init(&journal, driver, &mem, &settings);
    journal.presence = PGA_JOURNAL_PRESENT;
    journal.head.seq = 42;
    journal.has_head = true;
}

static bool
take(int64_t timeout_ms)
{
    struct pga_lock_wait wait = {
        .clock = pga_fake_clock_init(&fake), .timeout_ms = timeout_ms, .report = report};

    return pga_journal_lock_take(&journal, &wait, &err);
}

/* Lock and head in one message, but not in one statement, and not under REPEATABLE READ. */
START_TEST(a_free_lock_is_taken)
{
    struct pga_script_line lines[] = {
        {.expect = "BEGIN ISOLATION LEVEL READ COMMITTED;\n", .answers = GRANTED}};
    const char *log;

    connect_to(lines, 1, false);
    ck_assert_msg(take(60000), "%s", err.message);
    ck_assert_uint_eq(fake.sleep_count, 0);
    ck_assert_uint_eq(report_count, 0);
    log = pga_script_log(driver);
    ck_assert(strstr(log, "pg_try_advisory_lock") < strstr(log, "FROM \"pgalter\".history"));
    ck_assert_ptr_null(strstr(log, "pg_advisory_lock"));
    ck_assert_int_eq(journal.head.seq, 43); /* the head that was read before the lock was stale */
    ck_assert_int_eq(journal.head.hash.bytes[0], 2);
}
END_TEST

START_TEST(without_a_journal_there_is_no_head)
{
    struct pga_script_line lines[] = {
        {.expect = "pg_try_advisory_lock",
         .answers = ANSWERS(BEGINNING, ROW(1, "t"), OWN, {.tag = "COMMIT"})}};

    connect_to(lines, 1, false);
    journal.presence = PGA_JOURNAL_ABSENT;
    journal.has_head = false;
    ck_assert(take(60000));
    ck_assert_ptr_null(strstr(pga_script_log(driver), "history"));
}
END_TEST

/* Polled with growing pauses; a head that is read without the lock counts for nothing. */
START_TEST(a_held_lock_is_polled)
{
    struct pga_script_line lines[] = {
        {.expect = "pg_try_advisory_lock", .answers = REFUSED},
        {.expect = "pg_stat_activity", .answers = HOLDER},
        {.expect = "pg_try_advisory_lock", .answers = REFUSED},
        {.expect = "pg_try_advisory_lock", .answers = REFUSED},
        {.expect = "pg_try_advisory_lock", .answers = GRANTED},
    };

    connect_to(lines, 5, false);
    ck_assert_msg(take(60000), "%s", err.message);
    ck_assert_uint_eq(pga_script_unused(driver), 0);
    ck_assert_uint_eq(fake.sleep_count, 3);
    ck_assert_int_eq(fake.sleeps[0], 50);
    ck_assert_int_gt(fake.sleeps[1], fake.sleeps[0]);
    ck_assert_int_gt(fake.sleeps[2], fake.sleeps[1]);
    ck_assert_int_eq(journal.head.seq, 43);
    ck_assert_uint_eq(report_count, 1);
    ck_assert_int_eq(reported_ms[0], 0);
    ck_assert_str_eq(reported_user, "deployer");
}
END_TEST

START_TEST(the_wait_ends)
{
    struct pga_script_line lines[] = {
        {.expect = "pg_try_advisory_lock", .answers = REFUSED},
        {.expect = "pg_stat_activity", .answers = HOLDER},
    };
    int64_t total = 0;

    connect_to(lines, 2, true);
    ck_assert(!take(40000));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    ck_assert_int_eq(pga_error_exit_status(&err), 73);
    ck_assert_str_eq(err.message, "another runner holds the lock (waited 40 s)");
    ck_assert_str_eq(err.detail,
                     "Process 4711, application \"pgalter/0.1.0 run=abc\", user \"deployer\", from "
                     "10.0.0.7, connected since 2026-01-02T03:04:05Z. It runs: ALTER TABLE big");
    ck_assert_ptr_nonnull(strstr(err.hint, "--lock-wait"));
    for (size_t i = 0; i < fake.sleep_count; i++) {
        total += fake.sleeps[i];
        ck_assert_int_le(fake.sleeps[i], 1000);
        ck_assert_int_gt(fake.sleeps[i], 0);
    }
    ck_assert_int_eq(total, 40000);
    ck_assert_uint_eq(report_count, 3); /* at once, and then every 15 s */
    ck_assert_int_ge(reported_ms[1], 15000);
    ck_assert_int_ge(reported_ms[2], 30000);
    ck_assert_int_eq(journal.head.seq, 42);
}
END_TEST

START_TEST(no_wait_at_all)
{
    struct pga_script_line lines[] = {
        {.expect = "pg_try_advisory_lock", .answers = REFUSED},
        {.expect = "pg_stat_activity",
         .answers = ANSWERS(BEGINNING, {.tag = "SET"}, {.tag = "SELECT 0", .columns = 6},
                            {.tag = "COMMIT"})},
    };

    connect_to(lines, 2, false);
    ck_assert(!take(0));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    ck_assert_str_eq(err.message, "another runner holds the lock (waited 0 ms)");
    ck_assert_str_eq(err.detail, ""); /* it was given back in between */
    ck_assert_uint_eq(fake.sleep_count, 0);
    ck_assert_uint_eq(report_count, 0);
}
END_TEST

START_TEST(a_signal_ends_the_wait)
{
    struct pga_script_line lines[] = {
        {.expect = "pg_try_advisory_lock", .answers = REFUSED},
        {.expect = "pg_stat_activity", .answers = HOLDER},
    };
    struct pga_lock_wait wait = {.clock = pga_fake_clock_init(&fake), .timeout_ms = 60000};

    connect_to(lines, 2, true);
    fake.raise_at = 3;
    ck_assert(!pga_journal_lock_take(&journal, &wait, &err)); /* nobody listens, too */
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(err.signal, SIGTERM);
    ck_assert_uint_eq(fake.sleep_count, 3);
}
END_TEST

START_TEST(trying_can_fail)
{
    struct pga_script_line lost[] = {{.lose_connection = true}};
    struct pga_script_line gone[] = {{.answers = ANSWERS(BEGINNING, ROW(1, "t")),
                                      .error = {.sqlstate = "42P01", .message = "no table"}}};
    struct pga_script_line denied[] = {{.answers = ANSWERS(BEGINNING),
                                        .error = {.sqlstate = "42501", .message = "no"},
                                        .after = PGA_TRANSACTION_FAILED},
                                       {.expect = "ROLLBACK"}};
    struct pga_script_line odd[] = {{.answers = ANSWERS(BEGINNING, ROW(1, "t"))}};
    struct pga_script_line none[] = {
        {.answers = ANSWERS(BEGINNING, {.tag = "SELECT 0", .columns = 1},
                            {.tag = "SELECT 0", .columns = 5}, OWN, {.tag = "COMMIT"})}};
    struct pga_script_line empty[] = {
        {.answers = ANSWERS(BEGINNING, ROW(1, "t"), {.tag = "SELECT 0", .columns = 5}, OWN,
                            {.tag = "COMMIT"})}};
    struct {
        struct pga_script_line *lines;
        size_t count;
        enum pga_code code;
    } rows[] = {{lost, 1, PGA_ERR_LOST},       {gone, 1, PGA_ERR_JOURNAL},
                {denied, 2, PGA_ERR_DENIED},   {odd, 1, PGA_ERR_UNEXPECTED},
                {none, 1, PGA_ERR_UNEXPECTED}, {empty, 1, PGA_ERR_JOURNAL}};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        connect_to(rows[i].lines, rows[i].count, false);
        ck_assert(!take(60000));
        ck_assert_msg(err.code == rows[i].code, "%zu: %s", i, err.message);
        ck_assert_uint_eq(pga_script_unused(driver), 0);
    }
}
END_TEST

START_TEST(naming_the_holder_can_fail)
{
    struct pga_script_line lines[] = {
        {.expect = "pg_try_advisory_lock", .answers = REFUSED},
        {.expect = "pg_stat_activity", .lose_connection = true},
    };
    struct pga_lock_wait wait = {.clock = pga_fake_clock_init(&fake), .timeout_ms = 0};

    connect_to(lines, 2, false);
    ck_assert(!take(60000)); /* for the report */
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
    connect_to(lines, 2, false);
    ck_assert(!pga_journal_lock_take(&journal, &wait, &err)); /* for the error */
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
}
END_TEST

START_TEST(holders_with_nothing_to_show)
{
    struct pga_script_line lines[] = {
        {.answers = ANSWERS(BEGINNING, {.tag = "SET"}, ROW(6, "12", NULL, NULL, NULL, NULL, NULL),
                            {.tag = "COMMIT"})},
        {.answers = ANSWERS(BEGINNING, {.tag = "SET"}, ROW(6, NULL, NULL, NULL, NULL, NULL, NULL),
                            {.tag = "COMMIT"})},
    };
    struct pga_lock_holder holder;

    connect_to(lines, 2, false);
    ck_assert(pga_journal_lock_find_holder(&journal, &mem, &holder, &err));
    ck_assert_int_eq(holder.pid, 12);
    ck_assert_str_eq(holder.application, "");
    ck_assert_str_eq(holder.query, "");
    ck_assert(pga_journal_lock_find_holder(&journal, &mem, &holder, &err));
    ck_assert_int_eq(holder.pid, 0);
}
END_TEST

START_TEST(is_it_held)
{
    struct pga_script_line lines[] = {
        {.expect = "pg_backend_pid()",
         .answers = ANSWERS(BEGINNING, {.tag = "SET"}, ROW(1, "4242"), {.tag = "COMMIT"})},
        {.answers = ANSWERS(BEGINNING, {.tag = "SET"}, {.tag = "SELECT 0", .columns = 1},
                            {.tag = "COMMIT"})},
        {.lose_connection = true},
    };
    bool held = false;

    connect_to(lines, 3, false);
    ck_assert(pga_journal_lock_is_held(&journal, &held, &err));
    ck_assert(held);
    ck_assert(pga_journal_lock_is_held(&journal, &held, &err));
    ck_assert(!held);
    ck_assert(!pga_journal_lock_is_held(&journal, &held, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
}
END_TEST

START_TEST(giving_it_back)
{
    struct pga_script_line lines[] = {
        {.expect = "pg_advisory_unlock", .answers = ANSWERS(ROW(1, "t"))},
        {.expect = "pg_advisory_unlock",
         .error = {.sqlstate = "XX000", .message = "no"},
         .lose_connection = true},
    };

    connect_to(lines, 2, false);
    pga_journal_lock_release(&journal);
    pga_journal_lock_release(&journal); /* a failure is dropped */
    pga_journal_lock_release(&journal); /* a lost session has none */
    ck_assert_uint_eq(pga_script_calls(driver), 2);
}
END_TEST

/* The key in two halves is the key in one: pg_locks shows it so. */
START_TEST(the_key)
{
    struct pga_buf buf = pga_buf_on(&mem);

    connect_to(NULL, 0, false);
    pga_journal_lock_held_sql(&buf, &journal);
    ck_assert_ptr_nonnull(
        strstr(buf.data, pga_format(&mem, "l.classid OPERATOR(pg_catalog.=) %lld::",
                                    (long long)(journal.lock_key >> 32))));
    ck_assert_ptr_nonnull(strstr(buf.data, pga_format(&mem, "l.objid OPERATOR(pg_catalog.=) %lld::",
                                                      (long long)(journal.lock_key & 0xFFFFFFFF))));
    /* Runners of every version must ask for the same one. */
    ck_assert_int_eq(journal.lock_key, INT64_C(8892326154434700041));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("lock");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_free_lock_is_taken);
    tcase_add_test(tcase, without_a_journal_there_is_no_head);
    tcase_add_test(tcase, a_held_lock_is_polled);
    tcase_add_test(tcase, the_wait_ends);
    tcase_add_test(tcase, no_wait_at_all);
    tcase_add_test(tcase, a_signal_ends_the_wait);
    tcase_add_test(tcase, trying_can_fail);
    tcase_add_test(tcase, naming_the_holder_can_fail);
    tcase_add_test(tcase, holders_with_nothing_to_show);
    tcase_add_test(tcase, is_it_held);
    tcase_add_test(tcase, giving_it_back);
    tcase_add_test(tcase, the_key);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
