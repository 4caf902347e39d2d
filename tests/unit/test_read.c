/*
 * tests/unit/test_read.c: journal/read.c, rows that no pgalter wrote.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/read.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/rows.h"
#include "tests/helpers/world.h"

static struct pga_world w;
static struct pga_process p;

static void
setup(void)
{
    pga_world_init(&w);
    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
}

static void
teardown(void)
{
    pga_world_release(&w);
}

/* Change one column of a row in the database. */
static void
change(enum pga_fake_table_name table, size_t row, size_t column, const char *text)
{
    const char **changed = pga_new_array(&w.server.mem, const char *, 20);

    memcpy(changed, w.server.state.tables[table].rows[row], 20 * sizeof(*changed));
    changed[column] = text;
    w.server.state.tables[table].rows[row] = changed;
}

static void
must_be_found(const char *what, size_t column)
{
    ck_assert(pga_process_begin(&w, &p) || p.err.code == PGA_ERR_JOURNAL);
    if (p.err.code == PGA_OK)
        ck_assert_msg(!pga_journal_load(&p.journal, &p.err), "%s, column %zu: not found", what,
                      column);
    ck_assert_msg(p.err.code == PGA_ERR_JOURNAL, "%s, column %zu: %s", what, column, p.err.message);
    ck_assert(!p.journal.is_loaded);
    pga_process_end(&p);
    teardown();
    setup();
}

START_TEST(what_is_there_is_read)
{
    ck_assert(pga_process_begin(&w, &p));
    ck_assert(pga_journal_load(&p.journal, &p.err));
    ck_assert_uint_eq(p.journal.row_count, 4);
    ck_assert_str_eq(p.journal.rows[0].subject.version, "1.0");
    ck_assert_ptr_null(p.journal.rows[0].subject.id);
    ck_assert_str_eq(p.journal.rows[3].subject.id, "3-more");
    ck_assert_ptr_null(p.journal.rows[3].because);
    ck_assert_str_eq(p.journal.rows[3].at, "2026-01-02T03:04:05.678Z");
    ck_assert_uint_eq(p.journal.applied_count, 3);
    ck_assert_int_eq(p.journal.applied[2]->duration_ms, 5);
    pga_process_end(&p);
}
END_TEST

/* NULL where a value must be, and values that can't be read. */
START_TEST(malformed_history)
{
    static const size_t required[] = {0, 1, 2, 3, 12, 13, 14, 15, 17};
    static const char *const unreadable[] = {"", "x", "\\x", "\\xzz"};

    for (size_t i = 0; i < PGA_COUNT_OF(required); i++) {
        size_t column = required[i];
        bool is_bytea = column == 1 || column == 2 || column == 12;

        change(PGA_FAKE_HISTORY, 2, column, NULL);
        must_be_found("history", column);
        for (size_t k = 0; column <= 12 && k < PGA_COUNT_OF(unreadable); k++) {
            if (is_bytea && k < 2)
                continue; /* a bytea always has its \x */
            change(PGA_FAKE_HISTORY, 2, column, unreadable[k]);
            must_be_found("history", column);
        }
    }
    for (size_t column = 8; column < 12; column++) {
        change(PGA_FAKE_HISTORY, 2, column, "\\x00");
        must_be_found("history", column);
    }
}
END_TEST

START_TEST(malformed_rows_of_what_is_applied)
{
    for (size_t column = 0; column < 14; column++) {
        bool may_be_null = column >= 7 && column <= 9;

        change(PGA_FAKE_JOURNAL, 1, column, may_be_null ? "\\x00" : NULL);
        must_be_found("journal", column);
    }
    change(PGA_FAKE_JOURNAL, 1, 10, "two");
    must_be_found("journal", 10);
    change(PGA_FAKE_JOURNAL, 1, 13, "long");
    must_be_found("journal", 13);
}
END_TEST

/* A row is named by its number, so that somebody can look at it. */
START_TEST(the_row_is_named)
{
    change(PGA_FAKE_HISTORY, 2, 14, NULL);
    ck_assert(pga_process_begin(&w, &p));
    ck_assert(!pga_journal_load(&p.journal, &p.err));
    ck_assert_str_eq(p.err.message,
                     "the journal was tampered with: row 2 of its history is malformed");
    ck_assert_str_eq(p.err.detail, "Its column \"who\" has no value.");
    ck_assert_int_eq(p.err.id, PGA_ID_JOURNAL_DAMAGED);
    pga_process_end(&p);
}
END_TEST

/* The next row will name the head, so a head from elsewhere must be seen as early as any other change. */
START_TEST(the_head_is_the_end)
{
    static const struct {
        size_t column;
        const char *value;
    } other[] = {{0, "7"}, {1, "00"}, {2, "00"}};
    struct pga_build b;
    struct pga_rows rows[PGA_ROWS_KINDS];

    pga_build_init(&b);
    pga_rows_fill(&b, rows);
    for (size_t i = 0; i < PGA_COUNT_OF(other) + 2; i++) {
        struct pga_rows changed[PGA_ROWS_KINDS];
        struct pga_journal journal;
        struct pga_error err = {0};

        memcpy(changed, rows, sizeof(rows));
        if (i < PGA_COUNT_OF(other))
            changed[PGA_ROWS_HEAD].cells[other[i].column] =
                i == 0
                    ? other[i].value
                    : pga_format(&b.mem, "%.62s%s", rows[PGA_ROWS_HEAD].cells[1], other[i].value);
        if (i == PGA_COUNT_OF(other))
            changed[PGA_ROWS_HISTORY].count = 0;
        ck_assert_int_eq(pga_rows_load(&b, changed, &journal, &err), i > PGA_COUNT_OF(other));
        ck_assert_int_eq(err.code, i > PGA_COUNT_OF(other) ? PGA_OK : PGA_ERR_JOURNAL);
        if (err.code != PGA_OK)
            ck_assert_ptr_nonnull(strstr(err.message, "is not the end of its history"));
    }
    pga_build_release(&b);
}
END_TEST

START_TEST(reading_can_fail)
{
    struct pga_fake_failure failures[] = {
        {.contains = ".journal j", .sqlstate = "42501", .message = "no", .times = 1}};

    ck_assert(pga_process_begin(&w, &p));
    w.server.failures = failures;
    w.server.failure_count = 1;
    ck_assert(!pga_journal_load(&p.journal, &p.err));
    ck_assert_int_eq(p.err.code, PGA_ERR_DENIED);
    ck_assert(!p.journal.is_loaded);
    pga_process_end(&p);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("read");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_is_there_is_read);
    tcase_add_test(tcase, malformed_history);
    tcase_add_test(tcase, malformed_rows_of_what_is_applied);
    tcase_add_test(tcase, the_row_is_named);
    tcase_add_test(tcase, the_head_is_the_end);
    tcase_add_test(tcase, reading_can_fail);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
