/*
 * tests/contract/journal_upgrade.c: a pgalter that knows format 1.0 works on with a journal that a newer one upgraded.
 *
 * The upgrade is made up: it adds a table, and columns that no hash covers (journal/upgrade.h).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/upgrade.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "drivers/pq/pq.h"
#include "engine/record.h"
#include "engine/run.h"
#include "tests/helpers/build.h"
#include "tests/helpers/server.h"

static const struct pga_journal_upgrade upgrade = {
    1, "-- What a later version might need.\n"
       "CREATE TABLE @journal@.beats (run pg_catalog.text NOT NULL PRIMARY KEY, at "
       "pg_catalog.timestamptz NOT NULL);\n"
       "ALTER TABLE @journal@.history ADD COLUMN ticket pg_catalog.text;\n"
       "ALTER TABLE @journal@.journal ADD COLUMN ticket pg_catalog.text;\n"
       "ALTER TABLE @journal@.scripts ADD COLUMN size pg_catalog.int8;\n"
       "ALTER TABLE @journal@.unfinished ADD COLUMN host pg_catalog.text;\n"
       "ALTER TABLE @journal@.attempts ADD COLUMN host pg_catalog.text;\n"
       "CREATE INDEX ON @journal@.attempts (run);\n"};

static struct pga_build b;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_runner runner;
static struct pga_run_result result;
static struct pga_error err;
static const char *conninfo;

static void
begin_run(void)
{
    struct pga_pq_settings pq = {.conninfo = conninfo};
    struct pga_journal_settings settings = {.who = "tester", .engine = "0.1.0"};

    pga_driver_close(&driver);
    memset(&err, 0, sizeof(err));
    driver = pga_pq_open(&pq, &err);
    ck_assert_msg(driver != NULL, "%s", err.message);
    settings.run = pga_uuid_new(&b.mem);
    pga_journal_init(&journal, driver, &b.mem, &settings);
    runner = (struct pga_runner){
        .driver = driver,
        .journal = &journal,
        .alterations = &b.alterations,
        .clock = pga_clock_system(),
        .settings = {.lock_wait_ms = 5000, .lock_timeout_ms = 2000, .retries = 3},
    };
    ck_assert_msg(pga_journal_open(&journal, &err), "%s: %s", err.message, err.detail);
}

static void
deploy(const char *target)
{
    begin_run();
    ck_assert_msg(pga_deploy(&runner, &b.mem, target, &result, &err), "%s: %s", err.message,
                  err.detail);
}

static void
roll_back(const char *target)
{
    struct pga_plan plan;

    begin_run();
    ck_assert_msg(pga_rollback_plan(&runner, &b.mem, target, &plan, &err), "%s", err.message);
    ck_assert_msg(pga_rollback(&runner, &b.mem, &plan, &result, &err), "%s", err.message);
}

static void
setup(void)
{
    pga_build_init(&b);
    /* Each test is a process of its own. */
    conninfo = pga_test_server_database(pga_format(&b.mem, "upgrade_%d", (int)getpid()));
    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users (id int);");
    pga_build_file(&b, "1.0.0-1-users.down.sql", "DROP TABLE users;");
    pga_build_file(&b, "1.1.0-2-index.up.sql",
                   "-- pgalter:transaction none\nCREATE INDEX CONCURRENTLY i ON users (id);");
    pga_build_file(&b, "1.1.0-2-index.down.sql", "DROP INDEX i;");
    pga_build_file(&b, "next-3-roles.up.sql", "CREATE TABLE roles ();");
    pga_build_file(&b, "next-3-roles.down.sql", "DROP TABLE roles;");
    deploy("1.0.0");
    ck_assert_uint_eq(result.ran, 1);
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_build_release(&b);
}

static const char *
ask(const char *sql)
{
    struct pga_result answer;

    ck_assert_msg(pga_driver_rows(driver, pga_str_of(sql), &b.mem, &answer, &err), "%s",
                  err.message);
    ck_assert_uint_eq(answer.row_count, 1);
    return pga_result_value(&answer, 0, 0);
}

/* As the newer pgalter would do it, in a run of its own. */
static void
upgrade_it(void)
{
    begin_run();
    ck_assert(pga_journal_load(&journal, &err));
    ck_assert_msg(pga_journal_upgrade(&journal, &upgrade, 1, &err), "%s", err.message);
    ck_assert_int_eq(journal.format_minor, 1);
}

START_TEST(the_older_one_goes_on)
{
    upgrade_it();
    begin_run();
    ck_assert_int_eq(journal.format_minor, 1);
    ck_assert(!pga_journal_is_outdated(&journal));
    ck_assert_msg(pga_journal_load(&journal, &err), "%s", err.message); /* reads, verifies */
    ck_assert_uint_eq(journal.applied_count, 1);
    ck_assert_int_eq(journal.rows[2].event, PGA_EVENT_UPGRADED);
    deploy("next"); /* writes: transactions, and statements one by one */
    ck_assert_uint_eq(result.ran, 2);
    ck_assert_str_eq(ask("SELECT count(*) FROM pgalter.journal WHERE ticket IS NULL"), "3");
    pga_build_no_files(&b);
    roll_back("zero");
    ck_assert_uint_eq(result.ran, 3);
    ck_assert_str_eq(ask("SELECT count(*) FROM pgalter.journal"), "0");
    ck_assert_str_eq(ask("SELECT count(*) FROM pg_class WHERE relname IN ('users', 'roles')"), "0");
    begin_run();
    ck_assert_msg(pga_journal_load(&journal, &err), "%s", err.message);
}
END_TEST

START_TEST(the_older_one_marks_and_forgets)
{
    struct pga_recorded recorded = {0};

    upgrade_it();
    begin_run();
    ck_assert(pga_mark_up_to(&runner, &b.mem, "latest", "it is there", &recorded, &err));
    begin_run();
    ck_assert(pga_forget(&runner, &b.mem, "2-index", "it isn't", &recorded, &err));
    pga_build_file(&b, "1.0.0-1-users.down.sql", "DROP TABLE users CASCADE;");
    begin_run();
    ck_assert(pga_accept(&runner, &b.mem, "1-users", "it was wrong", &recorded, &err));
    begin_run();
    ck_assert_msg(pga_journal_load(&journal, &err), "%s", err.message);
    ck_assert_uint_eq(journal.applied_count, 1);
    roll_back("zero");
}
END_TEST

/* A plan that was made before the upgrade loses its append, and is made again. */
START_TEST(an_upgrade_comes_in_between)
{
    struct pga_driver *mine;
    struct pga_journal my_journal;
    struct pga_runner my_runner;

    begin_run();
    ck_assert(pga_journal_load(&journal, &err));
    mine = driver;
    my_journal = journal;
    my_runner = runner;
    my_runner.journal = &my_journal;
    driver = NULL;
    upgrade_it();
    ck_assert_msg(pga_deploy(&my_runner, &b.mem, "next", &result, &err), "%s", err.message);
    ck_assert_uint_eq(result.ran, 2);
    pga_driver_close(&mine);
}
END_TEST

/* An upgrade that can't get its lock leaves the journal as it was, and does not stand in anybody's way for long. */
START_TEST(an_upgrade_waits_briefly)
{
    struct pga_driver *reader;
    int64_t started;

    begin_run();
    reader = driver;
    ck_assert(pga_driver_run(reader, PGA_STR("BEGIN; SELECT * FROM pgalter.attempts;"), &err));
    driver = NULL;
    begin_run();
    ck_assert(pga_journal_load(&journal, &err));
    started = pga_clock_now_ms(pga_clock_system());
    ck_assert(!pga_journal_upgrade(&journal, &upgrade, 1, &err));
    ck_assert_int_eq(err.code, PGA_ERR_CONTENTION);
    ck_assert_int_lt(pga_clock_now_ms(pga_clock_system()) - started, 5000);
    ck_assert_int_eq(journal.format_minor, 0);
    memset(&err, 0, sizeof(err));
    ck_assert(pga_driver_run(reader, PGA_STR("COMMIT"), &err));
    pga_driver_close(&reader);
    ck_assert_msg(pga_journal_upgrade(&journal, &upgrade, 1, &err), "%s", err.message);
}
END_TEST

#ifdef PGA_FAULTS
/* Whoever comes after a death behind the upgrade's COMMIT finds it done. */
START_TEST(an_upgrade_dies)
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        driver = NULL; /* the parent's */
        if (setenv("PGA_FAULT", "journal_upgraded:kill", 1) == 0)
            upgrade_it();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    upgrade_it();
    ck_assert_str_eq(ask("SELECT count(*) FROM pgalter.history WHERE event = 'upgraded'"), "1");
    deploy("next");
    ck_assert_uint_eq(result.ran, 2);
}
END_TEST
#endif

int
main(void)
{
    Suite *suite = suite_create("journal_upgrade");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    (void)pga_test_server_start();
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_older_one_goes_on);
    tcase_add_test(tcase, the_older_one_marks_and_forgets);
    tcase_add_test(tcase, an_upgrade_comes_in_between);
    tcase_add_test(tcase, an_upgrade_waits_briefly);
#ifdef PGA_FAULTS
    tcase_add_test(tcase, an_upgrade_dies);
#endif
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
