/*
 * tests/unit/test_upgrade.c: journal/upgrade.c, with upgrades that are made up.
 *
 * What a real server makes of one is in tests/contract/journal_upgrade.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/upgrade.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/build.h"
#include "tests/helpers/fake_server.h"

static struct pga_arena mem;
static struct pga_fake_server server;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_error err;

static const struct pga_journal_upgrade upgrades[] = {
    {1, "ALTER TABLE @journal@.attempts ADD COLUMN more pg_catalog.text;\n"},
    {2, "-- A comment stays here.\nCREATE TABLE @journal@.more (n pg_catalog.int4);\n"},
};

static void
setup(void)
{
    struct pga_journal_settings settings = {.run = "run-1", .who = "me", .engine = "0.1.0"};

    mem = (struct pga_arena){0};
    memset(&err, 0, sizeof(err));
    pga_fake_server_init(&server);
    driver = pga_fake_session_open(&server);
    pga_journal_init(&journal, driver, &mem, &settings);
    ck_assert(pga_journal_create(&journal, &err));
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
    pga_arena_release(&mem);
}

/* The table of upgrades is in order, without gaps. */
START_TEST(the_known_ones)
{
    size_t count;
    const struct pga_journal_upgrade *known = pga_journal_upgrades(&count);

    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(known[i].minor, (int)i + 1);
    ck_assert(pga_journal_upgrade(&journal, NULL, 0, &err));
    ck_assert_int_eq(journal.format_minor, (int)count);
    ck_assert(!pga_journal_is_outdated(&journal));
}
END_TEST

START_TEST(one_after_the_other)
{
    const char *log;

    ck_assert_msg(pga_journal_upgrade(&journal, upgrades, 2, &err), "%s", err.message);
    ck_assert_int_eq(journal.format_minor, 2);
    ck_assert_int_eq(journal.head.seq, 2);
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_HISTORY, 1, "event"), "upgraded");
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_HISTORY, 1, "version"), "1.1");
    ck_assert_str_eq(pga_fake_value(&server, PGA_FAKE_HISTORY, 2, "version"), "1.2");
    log = pga_fake_session_log(driver);
    ck_assert_ptr_nonnull(strstr(log, "ALTER TABLE \"pgalter\".attempts ADD COLUMN"));
    ck_assert_ptr_nonnull(strstr(log, "CREATE TABLE \"pgalter\".more"));
    ck_assert_ptr_null(strstr(log, "A comment"));
    ck_assert_ptr_nonnull(strstr(log, "SET LOCAL lock_timeout = 1000;")); /* a short one */
    /* Read again, it verifies, and nothing is left to do. */
    ck_assert_msg(pga_journal_load(&journal, &err), "%s", err.message);
    ck_assert_int_eq(journal.format_minor, 2);
    ck_assert(pga_journal_upgrade(&journal, upgrades, 2, &err));
    ck_assert_int_eq(journal.head.seq, 2);
}
END_TEST

START_TEST(from_where_it_stands)
{
    ck_assert(pga_journal_upgrade(&journal, upgrades, 1, &err));
    ck_assert_int_eq(journal.format_minor, 1);
    ck_assert(pga_journal_upgrade(&journal, upgrades, 2, &err));
    ck_assert_int_eq(journal.format_minor, 2);
    ck_assert_uint_eq(server.state.tables[PGA_FAKE_HISTORY].count, 3);
}
END_TEST

/* A newer pgalter was here: nothing goes back. */
START_TEST(a_newer_format_stays)
{
    journal.format_minor = 9;
    ck_assert(pga_journal_upgrade(&journal, upgrades, 2, &err));
    ck_assert_int_eq(journal.format_minor, 9);
    ck_assert_uint_eq(server.state.tables[PGA_FAKE_HISTORY].count, 1);
}
END_TEST

START_TEST(a_failure_leaves_what_was)
{
    static const struct {
        const char *sqlstate;
        enum pga_code code;
    } rows[] = {{"55P03", PGA_ERR_CONTENTION}, {"42501", PGA_ERR_DENIED}};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        struct pga_fake_failure failure = {.contains = "CREATE TABLE \"pgalter\".more",
                                           .sqlstate = rows[i].sqlstate,
                                           .message = "no",
                                           .times = 1};

        memset(&err, 0, sizeof(err));
        server.failures = &failure;
        server.failure_count = 1;
        ck_assert(!pga_journal_upgrade(&journal, upgrades, 2, &err));
        ck_assert_int_eq(err.code, rows[i].code);
        ck_assert_str_eq(err.message, "upgrading the journal to format 1.2: no");
        ck_assert_int_eq(journal.format_minor, 1);
        ck_assert_uint_eq(server.state.tables[PGA_FAKE_HISTORY].count, 2);
        ck_assert_int_eq(pga_driver_transaction(driver), PGA_TRANSACTION_IDLE);
    }
    server.failure_count = 0;
    memset(&err, 0, sizeof(err));
    ck_assert(pga_journal_upgrade(&journal, upgrades, 2, &err));
}
END_TEST

/* Two runs upgrade at once: the second one's append fails, and its change with it. */
START_TEST(two_at_once)
{
    struct pga_journal slow = journal;

    ck_assert(pga_journal_upgrade(&journal, upgrades, 1, &err));
    ck_assert(!pga_journal_upgrade(&slow, upgrades, 1, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    ck_assert_uint_eq(server.state.tables[PGA_FAKE_HISTORY].count, 2);
}
END_TEST

START_TEST(outdated)
{
    size_t count;

    (void)pga_journal_upgrades(&count);
    journal.format_minor = -1;
    ck_assert_int_eq(pga_journal_is_outdated(&journal), count > 0);
    journal.presence = PGA_JOURNAL_ABSENT;
    ck_assert(!pga_journal_is_outdated(&journal));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("upgrade");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_known_ones);
    tcase_add_test(tcase, one_after_the_other);
    tcase_add_test(tcase, from_where_it_stands);
    tcase_add_test(tcase, a_newer_format_stays);
    tcase_add_test(tcase, a_failure_leaves_what_was);
    tcase_add_test(tcase, two_at_once);
    tcase_add_test(tcase, outdated);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
