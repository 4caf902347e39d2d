/*
 * tests/unit/test_answers.c: answers that no PostgreSQL gives: too few of them, other columns, no rows.
 *
 * Whoever asks looks at the shape before reading, and refuses what isn't what was asked for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "journal/attempts.h"
#include "journal/examine.h"
#include "journal/lock.h"
#include "journal/read.h"
#include "journal/unfinished.h"
#include "tests/helpers/rows.h"

static struct pga_build b;
static struct pga_journal journal;
static struct pga_error err;

/* ---- what is asked ---- */

static bool
ask_attempts(void)
{
    struct pga_attempt *rows;
    size_t count;

    return pga_attempts_load(&journal, &b.mem, 10, &rows, &count, &err);
}

static bool
ask_unfinished(void)
{
    struct pga_unfinished *rows;
    size_t count;

    return pga_unfinished_load(&journal, &b.mem, &rows, &count, &err);
}

static bool
ask_texts(void)
{
    struct pga_digest digest = {{0}};
    struct pga_str text;

    return pga_journal_texts(&journal, &digest, 1, &b.mem, &text, &err);
}

static bool
ask_holder(void)
{
    struct pga_lock_holder holder;

    return pga_journal_lock_find_holder(&journal, &b.mem, &holder, &err);
}

static bool
ask_scripts(void)
{
    struct pga_journal_examination examination;

    return pga_journal_examine(&journal, &b.mem, &examination, &err);
}

static bool
ask_head(void)
{
    return pga_journal_open(&journal, &err);
}

static bool (*const questions[])(void) = {ask_attempts, ask_unfinished, ask_texts,
                                          ask_holder,   ask_scripts,    ask_head};

/* Ask a server that answers everything with `count` rows of so many columns, after a journal that is there. */
static void
ask(bool (*question)(void), size_t count, size_t columns, const char *presence)
{
    static const struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "e"};
    static const char *const xs[] = {"x", "x", "x"}, *const limits[] = {"2s", "60s", "1"};
    const char *const present[] = {presence, "1", "on"};
    struct pga_script_answer answers[12] = {{0}};
    struct pga_script_line line = {.answers = answers};
    struct pga_script_settings script = {.lines = &line, .line_count = 1, .repeat = true};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *driver = pga_script_open(&script);

    memset(&err, 0, sizeof(err));
    pga_journal_init(&journal, driver, &b.mem, &settings);
    journal.presence = PGA_JOURNAL_PRESENT;
    for (size_t i = 0; i < count; i++)
        answers[i] = (struct pga_script_answer){
            .tag = "SELECT 1", .columns = columns, .rows = 1, .values = xs};
    if (count > PGA_READS_AT)
        answers[PGA_READS_AT - 2] = (struct pga_script_answer){
            .tag = "SELECT 1", .columns = 3, .rows = 1, .values = limits};
    if (count > PGA_READS_AT + 1)
        answers[PGA_READS_AT - 1] = (struct pga_script_answer){
            .tag = "SELECT 1", .columns = 3, .rows = 1, .values = present};
    ck_assert(!question());
}

START_TEST(other_answers_are_refused)
{
    bool reads_more = questions[_i] == ask_scripts || questions[_i] == ask_head;

    ask(questions[_i], PGA_READS_AT + (reads_more ? 2 : 1), 1, "present");
    ck_assert_msg(err.code == PGA_ERR_UNEXPECTED, "%s", err.message);
    ck_assert_ptr_nonnull(strstr(err.message, "1 columns instead of"));
    ask(questions[_i], 3, 1, "present");
    ck_assert_msg(err.code == PGA_ERR_UNEXPECTED, "%s", err.message);
    ck_assert_ptr_nonnull(strstr(err.message, "the server gave 3 answers to"));
}
END_TEST

START_TEST(a_journal_that_went_is_missed)
{
    ask(ask_scripts, PGA_READS_AT + 2, 3, "absent");
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_int_eq(err.id, PGA_ID_JOURNAL_MOVED);
}
END_TEST

START_TEST(a_count_is_a_number)
{
    ask(ask_scripts, PGA_READS_AT + 2, 3, "present");
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
    ck_assert_ptr_nonnull(strstr(err.message, "does not say how many scripts"));
}
END_TEST

/* The three reads of a load, each with a column too few. */
START_TEST(tables_of_another_shape)
{
    struct pga_rows rows[PGA_ROWS_KINDS];
    struct pga_journal loaded;

    pga_rows_fill(&b, rows);
    rows[_i].columns--;
    memset(&err, 0, sizeof(err));
    ck_assert(!pga_rows_load(&b, rows, &loaded, &err));
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
    ck_assert(!loaded.is_loaded);
}
END_TEST

static void
setup(void)
{
    pga_build_init(&b);
}

static void
teardown(void)
{
    pga_build_release(&b);
}

int
main(void)
{
    Suite *suite = suite_create("answers");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, other_answers_are_refused, 0, PGA_COUNT_OF(questions));
    tcase_add_test(tcase, a_journal_that_went_is_missed);
    tcase_add_test(tcase, a_count_is_a_number);
    tcase_add_loop_test(tcase, tables_of_another_shape, 0, PGA_ROWS_KINDS);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
