/*
 * tests/unit/test_session.c: journal/session.h, what every transaction of pgalter's own begins with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/session.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "drivers/script/script.h"

static struct pga_arena mem;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_error err;
static struct pga_script_settings script;

static void
setup(void)
{
    mem = (struct pga_arena){0};
    memset(&err, 0, sizeof(err));
    memset(&script, 0, sizeof(script));
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_arena_release(&mem);
}

static void
connect_to(const struct pga_script_line *lines, size_t count, const char *const *parameters)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "0.1.0"};

    pga_driver_close(&driver);
    memset(&err, 0, sizeof(err));
    script =
        (struct pga_script_settings){.lines = lines, .line_count = count, .parameters = parameters};
    driver = pga_script_open(&script);
    pga_journal_init(&journal, driver, &mem, &settings);
}

START_TEST(the_head)
{
    struct pga_session_head head = {.lock_timeout_ms = 1500, .statement_timeout_ms = 86400000};
    struct pga_buf buf = pga_buf_on(&mem);

    connect_to(NULL, 0, NULL);
    ck_assert_uint_eq(pga_session_head_sql(&buf, &journal, &head), 11);
    ck_assert_str_eq(
        buf.data, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE;\n"
                  "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DEALLOCATE ALL; "
                  "UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES;\n"
                  "SET LOCAL lock_timeout = 1500;\n"
                  "SET LOCAL statement_timeout = 86400000;\n");
}
END_TEST

/* Nothing of it outlives the transaction. */
START_TEST(the_head_in_a_shared_session)
{
    struct pga_session_head head = {.lock_timeout_ms = 1500};
    struct pga_buf buf = pga_buf_on(&mem);

    connect_to(NULL, 0, NULL);
    journal.settings.is_shared = true;
    ck_assert_uint_eq(pga_session_head_sql(&buf, &journal, &head), 7);
    ck_assert_ptr_nonnull(strstr(buf.data, "SET LOCAL role TO DEFAULT;"));
    ck_assert_ptr_nonnull(strstr(buf.data, "THEN E'pgalter'"));
    ck_assert_ptr_nonnull(strstr(buf.data, "'standard_conforming_strings') OPERATOR"));
    ck_assert_ptr_null(strstr(buf.data, "RESET"));
    ck_assert_ptr_null(strstr(buf.data, "DISCARD"));
    ck_assert_ptr_null(strchr(buf.data, '@'));
    buf = pga_buf_on(&mem);
    journal.role_sql = "\"app owner\"";
    journal.settings.application = "it's";
    ck_assert_uint_eq(pga_session_read_sql(&buf, &journal), 3);
    ck_assert_ptr_nonnull(strstr(buf.data, "SET LOCAL ROLE \"app owner\";"));
    ck_assert_ptr_nonnull(strstr(buf.data, "THEN E'it''s'"));
}
END_TEST

START_TEST(what_a_shared_session_lacks_is_not_put_back)
{
    static const char *const changed[] = {"client_encoding", "LATIN1",
                                          "standard_conforming_strings", "off", NULL};

    connect_to(NULL, 0, changed);
    journal.standard_strings = true;
    journal.settings.is_shared = true;
    ck_assert(pga_session_restore(&journal, &err));
    ck_assert_str_eq(pga_script_log(driver), "");
}
END_TEST

START_TEST(an_unclean_session_is_told)
{
    static const struct pga_script_line lines[] = {
        {.error = {.sqlstate = "22P02",
                   .message = "invalid input syntax for type integer: \"pgalter: unclean: text\""}},
        {.error = {.sqlstate = "22P02", .message = "invalid input syntax for type integer: \"x\""}},
    };

    connect_to(lines, PGA_COUNT_OF(lines), NULL);
    (void)!pga_driver_run(driver, PGA_STR("SELECT 1"), &err);
    ck_assert(!pga_session_fail(driver, &err, "recording"));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(err.id, PGA_ID_POOLER);
    ck_assert_ptr_nonnull(strstr(err.message, "reads text in another way"));
    memset(&err, 0, sizeof(err));
    (void)!pga_driver_run(driver, PGA_STR("SELECT 1"), &err);
    ck_assert(!pga_session_fail(driver, &err, "recording"));
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
}
END_TEST

START_TEST(the_resets)
{
    struct pga_buf buf = pga_buf_on(&mem);

    connect_to(NULL, 0, NULL);
    ck_assert_uint_eq(pga_session_reset_sql(&buf, driver), 8);
    ck_assert(pga_str_starts(pga_buf_str(&buf), "RESET SESSION AUTHORIZATION; RESET ROLE;"));
    buf = pga_buf_on(&mem);
    ck_assert_uint_eq(pga_session_read_sql(&buf, &journal), 3);
    ck_assert_str_eq(buf.data, "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;\n");
}
END_TEST

/* Where the session's fences are no start-up options, a reset undoes them. */
START_TEST(fences_stand_again_behind_the_resets)
{
    static const char fences[] =
        "SELECT pg_catalog.set_config('idle_session_timeout', '60s', false);\n";
    struct pga_session_head head = {0};
    struct pga_buf buf = pga_buf_on(&mem);
    const char *reset, *set, *local;

    connect_to(NULL, 0, NULL);
    script.fence_sql = fences;
    ck_assert_uint_eq(pga_session_reset_sql(&buf, driver), 9);
    buf = pga_buf_on(&mem);
    ck_assert_uint_eq(pga_session_head_sql(&buf, &journal, &head), 12);
    reset = strstr(buf.data, "RESET ALL");
    set = strstr(buf.data, fences);
    local = strstr(buf.data, "SET LOCAL");
    ck_assert(reset != NULL && set > reset && local > set);
    /* A session that others use too is left as it is. */
    journal.settings.is_shared = true;
    buf = pga_buf_on(&mem);
    (void)pga_session_head_sql(&buf, &journal, &head);
    ck_assert_ptr_null(strstr(buf.data, "idle_session_timeout"));
}
END_TEST

START_TEST(nothing_changed_costs_nothing)
{
    static const char *const usual[] = {"client_encoding", "UTF8", "standard_conforming_strings",
                                        "on", NULL};
    static const char *const none[] = {NULL};

    connect_to(NULL, 0, usual);
    ck_assert(pga_session_restore(&journal, &err));
    connect_to(NULL, 0, none);
    ck_assert(pga_session_restore(&journal, &err));
    ck_assert(journal.standard_strings);
    ck_assert_uint_eq(pga_script_calls(driver), 0);
}
END_TEST

START_TEST(a_changed_encoding_is_put_back)
{
    static const char *const changed[] = {"client_encoding", "LATIN1",
                                          "standard_conforming_strings", "on", NULL};
    struct pga_script_line lines[] = {{.expect = "SET client_encoding = UTF8", .answers = NULL}};

    connect_to(lines, 1, changed);
    ck_assert(pga_session_restore(&journal, &err));
    ck_assert_uint_eq(pga_script_calls(driver), 1);
}
END_TEST

/* The value that counts is the one that the session began with. */
START_TEST(changed_strings_are_put_back)
{
    static const char *const off[] = {"client_encoding", "UTF8", "standard_conforming_strings",
                                      "off", NULL};
    static const char *const on[] = {"client_encoding", "UTF8", "standard_conforming_strings", "on",
                                     NULL};
    struct pga_script_line to_on[] = {{.expect = "SET standard_conforming_strings = on"}};
    struct pga_script_line to_off[] = {{.expect = "SET standard_conforming_strings = off"}};

    connect_to(to_on, 1, off);
    ck_assert(!journal.standard_strings);
    ck_assert(pga_session_restore(&journal, &err));
    ck_assert_uint_eq(pga_script_calls(driver), 0);
    journal.standard_strings = true;
    ck_assert(pga_session_restore(&journal, &err));
    ck_assert_uint_eq(pga_script_calls(driver), 1);
    connect_to(to_off, 1, on);
    journal.standard_strings = false;
    ck_assert(pga_session_restore(&journal, &err));
    ck_assert_uint_eq(pga_script_calls(driver), 1);
}
END_TEST

START_TEST(putting_back_can_fail)
{
    static const char *const changed[] = {"client_encoding", "LATIN1",
                                          "standard_conforming_strings", "off", NULL};
    struct pga_script_line lines[] = {{.lose_connection = true}};

    connect_to(lines, 1, changed);
    journal.standard_strings = true;
    ck_assert(!pga_session_restore(&journal, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
    ck_assert_uint_eq(pga_script_calls(driver), 1);
}
END_TEST

/* A new session begins with other settings. */
START_TEST(a_new_session_is_looked_at)
{
    static const char *const off[] = {"standard_conforming_strings", "off", NULL};

    connect_to(NULL, 0, NULL);
    journal.synchronous_commit = "local";
    ck_assert(journal.standard_strings);
    script.parameters = off;
    pga_journal_begin_session(&journal);
    ck_assert(!journal.standard_strings);
    ck_assert_ptr_null(journal.synchronous_commit);
}
END_TEST

static void
fail_with(const char *sqlstate)
{
    memset(&err, 0, sizeof(err));
    (void)pga_fail(&err, PGA_ERR_SQL, "no");
    memcpy(err.sqlstate, sqlstate, 6);
    ck_assert(!pga_session_fail(driver, &err, "doing it"));
    ck_assert_str_eq(err.message, "doing it: no");
}

START_TEST(what_failures_mean)
{
    static const struct {
        const char *sqlstate;
        enum pga_code code;
    } rows[] = {
        {"25006", PGA_ERR_READ_ONLY},  {"42501", PGA_ERR_DENIED},     {"28000", PGA_ERR_DENIED},
        {"55P03", PGA_ERR_CONTENTION}, {"40P01", PGA_ERR_CONTENTION}, {"40001", PGA_ERR_CONTENTION},
        {"42P01", PGA_ERR_JOURNAL},    {"3F000", PGA_ERR_JOURNAL},    {"23505", PGA_ERR_UNEXPECTED},
        {"53100", PGA_ERR_UNEXPECTED}, {"XX000", PGA_ERR_UNEXPECTED},
    };

    connect_to(NULL, 0, NULL);
    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        fail_with(rows[i].sqlstate);
        ck_assert_msg(err.code == rows[i].code, "%s: %s", rows[i].sqlstate,
                      pga_code_name(err.code));
    }
    memset(&err, 0, sizeof(err));
    (void)pga_fail(&err, PGA_ERR_LOST, "gone");
    ck_assert(!pga_session_fail(driver, &err, "doing it"));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
}
END_TEST

START_TEST(only_an_open_transaction_is_rolled_back)
{
    static const struct {
        enum pga_transaction state;
        size_t calls;
    } rows[] = {{PGA_TRANSACTION_IDLE, 1},
                {PGA_TRANSACTION_OPEN, 2},
                {PGA_TRANSACTION_FAILED, 2},
                {PGA_TRANSACTION_LOST, 1}};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        struct pga_script_line lines[] = {{.after = rows[i].state},
                                          {.expect = "ROLLBACK", .lose_connection = true}};

        lines[0].lose_connection = rows[i].state == PGA_TRANSACTION_LOST;
        connect_to(lines, 2, NULL);
        (void)!pga_driver_run(driver, PGA_STR("SELECT 1"), &err);
        memset(&err, 0, sizeof(err));
        pga_session_rollback(driver); /* that it fails hides nothing */
        ck_assert_int_eq(err.code, PGA_OK);
        ck_assert_uint_eq(pga_script_calls(driver), rows[i].calls);
    }
}
END_TEST

START_TEST(the_shape_of_answers)
{
    struct pga_result result = {.column_count = 3};

    ck_assert(pga_session_check_answer(&result, 3, &err));
    ck_assert(!pga_session_check_answer(&result, 4, &err));
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("session");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_head);
    tcase_add_test(tcase, the_head_in_a_shared_session);
    tcase_add_test(tcase, what_a_shared_session_lacks_is_not_put_back);
    tcase_add_test(tcase, an_unclean_session_is_told);
    tcase_add_test(tcase, the_resets);
    tcase_add_test(tcase, fences_stand_again_behind_the_resets);
    tcase_add_test(tcase, nothing_changed_costs_nothing);
    tcase_add_test(tcase, a_changed_encoding_is_put_back);
    tcase_add_test(tcase, changed_strings_are_put_back);
    tcase_add_test(tcase, putting_back_can_fail);
    tcase_add_test(tcase, a_new_session_is_looked_at);
    tcase_add_test(tcase, what_failures_mean);
    tcase_add_test(tcase, only_an_open_transaction_is_rolled_back);
    tcase_add_test(tcase, the_shape_of_answers);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
