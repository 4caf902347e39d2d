/*
 * tests/unit/test_unfinished.c: journal/unfinished.h, steps in progress outside a transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/unfinished.h"

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
static struct pga_unfinished row;

static void
setup(void)
{
    struct pga_journal_settings settings = {.run = "run-1", .who = "it's me", .engine = "0.1.0"};

    mem = (struct pga_arena){0};
    memset(&err, 0, sizeof(err));
    pga_fake_server_init(&server);
    driver = pga_fake_session_open(&server);
    pga_journal_init(&journal, driver, &mem, &settings);
    ck_assert(pga_journal_create(&journal, &err));
    row = (struct pga_unfinished){.id = "1-index", .script = 2, .unit = 0, .indexes = "12 13"};
    row.digest.bytes[0] = 0xab;
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
    pga_arena_release(&mem);
}

static const char *
value(const char *column)
{
    return pga_fake_value(&server, PGA_FAKE_UNFINISHED, 0, column);
}

static struct pga_unfinished *
load_one(void)
{
    struct pga_unfinished *rows;
    size_t count;

    ck_assert_msg(pga_unfinished_load(&journal, &mem, &rows, &count, &err), "%s", err.message);
    ck_assert_uint_eq(count, 1);
    return rows;
}

START_TEST(a_step_from_claim_to_end)
{
    struct pga_unfinished *found;
    size_t count;

    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    ck_assert_str_eq(value("direction"), "up");
    ck_assert_str_eq(value("part"), "before_up");
    ck_assert_str_eq(value("who"), "it's me");
    ck_assert_str_eq(value("progress"), "next");
    found = load_one();
    ck_assert_str_eq(found->id, "1-index");
    ck_assert(!found->is_down);
    ck_assert_uint_eq(found->script, 2);
    ck_assert_int_eq(found->unit, 0);
    ck_assert_int_eq(found->progress, PGA_PROGRESS_NEXT);
    ck_assert_int_eq(found->digest.bytes[0], 0xab);
    ck_assert_str_eq(found->indexes, "12 13");
    row.unit = 3;
    row.progress = PGA_PROGRESS_STARTED;
    row.script = 1;
    row.indexes = NULL;
    ck_assert(pga_unfinished_update(&journal, found, &row, &err));
    found = load_one();
    ck_assert_int_eq(found->unit, 3);
    ck_assert_int_eq(found->progress, PGA_PROGRESS_STARTED);
    ck_assert_uint_eq(found->script, 1);
    ck_assert_str_eq(found->indexes, "");
    ck_assert(pga_unfinished_delete(&journal, row.id, true, &err));
    ck_assert(pga_unfinished_load(&journal, &mem, &found, &count, &err));
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(a_step_is_claimed_once)
{
    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    ck_assert(!pga_unfinished_claim(&journal, &row, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(err.message, "\"1-index\""));
    ck_assert_int_eq(pga_driver_transaction(driver), PGA_TRANSACTION_IDLE);
}
END_TEST

/* A run that was given up for dead and then goes on must not change the record that another has taken over. */
START_TEST(a_record_that_was_taken_over)
{
    struct pga_unfinished mine, next;

    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    mine = *load_one();
    next = mine;
    next.unit = 1;
    journal.settings.run = "run-2";
    ck_assert_msg(pga_unfinished_update(&journal, &mine, &mine, &err), "%s", err.message);
    ck_assert_str_eq(value("run"), "run-2");
    journal.settings.run = "run-1";
    ck_assert(!pga_unfinished_update(&journal, &mine, &next, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
    ck_assert_str_eq(err.message, "another run has taken \"1-index\" over");
    ck_assert_str_eq(value("statement"), "0");
    memset(&err, 0, sizeof(err));
    ck_assert(!pga_unfinished_delete(&journal, row.id, true, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
    memset(&err, 0, sizeof(err));
    ck_assert(pga_unfinished_delete(&journal, row.id, false, &err)); /* a person may */
    ck_assert_uint_eq(server.state.tables[PGA_FAKE_UNFINISHED].count, 0);
}
END_TEST

/* Nor one that is further than it was. */
START_TEST(a_record_that_moved)
{
    struct pga_unfinished mine, moved;

    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    mine = *load_one();
    for (int i = 0; i < 3; i++) {
        moved = mine;
        moved.unit += i == 0;
        moved.script = i == 1 ? 0 : moved.script;
        moved.progress = i == 2 ? PGA_PROGRESS_STARTED : moved.progress;
        memset(&err, 0, sizeof(err));
        ck_assert(!pga_unfinished_update(&journal, &moved, &mine, &err));
        ck_assert_int_eq(err.code, PGA_ERR_LOST);
    }
    memset(&err, 0, sizeof(err));
    ck_assert(pga_unfinished_update(&journal, &mine, &moved, &err));
}
END_TEST

START_TEST(whether_its_run_lives)
{
    struct pga_fake_failure failures[] = {
        {.contains = "application_name", .sqlstate = "42501", .message = "no", .times = 1}};
    bool alive;

    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    ck_assert(pga_unfinished_is_alive(&journal, load_one(), &alive, &err));
    ck_assert(!alive);
    server.live_run = "run-1";
    ck_assert(pga_unfinished_is_alive(&journal, load_one(), &alive, &err));
    ck_assert(alive);
    server.failures = failures;
    server.failure_count = 1;
    row.run = "run-1";
    ck_assert(!pga_unfinished_is_alive(&journal, &row, &alive, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
}
END_TEST

START_TEST(downwards)
{
    row.is_down = true;
    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    ck_assert_str_eq(value("direction"), "down");
    ck_assert(load_one()->is_down);
}
END_TEST

START_TEST(without_a_journal_there_is_none)
{
    struct pga_unfinished *rows;
    size_t count = 5, calls = server.calls;

    journal.presence = PGA_JOURNAL_ABSENT;
    ck_assert(pga_unfinished_load(&journal, &mem, &rows, &count, &err));
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(server.calls, calls);
}
END_TEST

/* Every one of its transactions begins like all of pgalter's. */
START_TEST(each_has_the_head)
{
    size_t heads = 0;
    const char *log;

    ck_assert(pga_unfinished_claim(&journal, &row, &err));
    ck_assert(pga_unfinished_update(&journal, load_one(), &row, &err));
    ck_assert(pga_unfinished_delete(&journal, row.id, true, &err));
    log = strstr(pga_fake_session_log(driver), "INSERT INTO \"pgalter\".history");
    while (log != NULL && (log = strstr(log, "DISCARD TEMP;")) != NULL) {
        log++;
        heads++;
    }
    ck_assert_uint_eq(heads, 3);
}
END_TEST

START_TEST(what_can_fail)
{
    struct pga_fake_failure failures[] = {
        {.contains = ".unfinished", .sqlstate = "42501", .message = "no", .times = 4}};
    struct pga_unfinished *rows;
    size_t count;

    server.failures = failures;
    server.failure_count = 1;
    ck_assert(!pga_unfinished_claim(&journal, &row, &err));
    ck_assert_str_eq(err.message, "claiming the step: no");
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
    memset(&err, 0, sizeof(err));
    ck_assert(!pga_unfinished_update(&journal, &row, &row, &err));
    ck_assert_str_eq(err.message, "recording progress: no");
    memset(&err, 0, sizeof(err));
    ck_assert(!pga_unfinished_delete(&journal, row.id, true, &err));
    ck_assert_str_eq(err.message, "removing the record of an unfinished step: no");
    memset(&err, 0, sizeof(err));
    ck_assert(!pga_unfinished_load(&journal, &mem, &rows, &count, &err));
    ck_assert_str_eq(err.message, "reading the unfinished steps: no");
    ck_assert_uint_eq(count, 0);
}
END_TEST

/* Whoever can write the table can make a row that no run wrote. */
START_TEST(malformed_rows)
{
    static const struct {
        size_t column;
        const char *text;
    } rows[] = {{0, NULL}, {1, "sideways"}, {4, "middle"},      {4, NULL}, {5, "\\xab"}, {6, "x"},
                {6, "-1"}, {7, "maybe"},    {6, "99999999999"}, {8, NULL}, {10, NULL}};

    static const char *const names[] = {"id",      "direction",  "run",       "who",
                                        "part",    "digest",     "statement", "progress",
                                        "indexes", "started_at", "updated_at"};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        const char *changed[11];
        struct pga_unfinished *found;
        size_t count;

        memset(&err, 0, sizeof(err));
        server.state.tables[PGA_FAKE_UNFINISHED].count = 0;
        ck_assert(pga_unfinished_claim(&journal, &row, &err));
        memcpy(changed, server.state.tables[PGA_FAKE_UNFINISHED].rows[0], sizeof(changed));
        changed[rows[i].column] = rows[i].text;
        server.state.tables[PGA_FAKE_UNFINISHED].rows[0] = changed;
        ck_assert_msg(!pga_unfinished_load(&journal, &mem, &found, &count, &err), "row %zu", i);
        ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
        ck_assert_int_eq(err.id, PGA_ID_JOURNAL_DAMAGED);
        ck_assert_ptr_nonnull(strstr(err.detail, names[rows[i].column]));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("unfinished");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_step_from_claim_to_end);
    tcase_add_test(tcase, a_step_is_claimed_once);
    tcase_add_test(tcase, a_record_that_was_taken_over);
    tcase_add_test(tcase, a_record_that_moved);
    tcase_add_test(tcase, whether_its_run_lives);
    tcase_add_test(tcase, downwards);
    tcase_add_test(tcase, without_a_journal_there_is_none);
    tcase_add_test(tcase, each_has_the_head);
    tcase_add_test(tcase, what_can_fail);
    tcase_add_test(tcase, malformed_rows);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
