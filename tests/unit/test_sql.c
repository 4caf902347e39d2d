/*
 * tests/unit/test_sql.c: journal/sql.h, and what the .sql files of the journal have in common.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/sql.h"

#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/error.h"
#include "journal/read.h"
#include "journal/unfinished.h"
#include "tests/helpers/build.h"

static struct pga_arena mem;

static void
setup(void)
{
    mem = (struct pga_arena){0};
}

static void
teardown(void)
{
    pga_arena_release(&mem);
}

static const char *
expand(const char *template, struct pga_sql_values *values)
{
    struct pga_buf buf = pga_buf_on(&mem);

    pga_sql_expand(&buf, template, values);
    return buf.data;
}

START_TEST(each_kind_of_value)
{
    struct pga_sql_values values = {.mem = &mem};
    struct pga_digest digest = {{0xab, 0x01}};

    pga_sql_raw(&values, "raw", "\"pgalter\"");
    pga_sql_text(&values, "text", "it's \\d+");
    pga_sql_text(&values, "no_text", NULL);
    pga_sql_text(&values, "empty", "");
    pga_sql_int(&values, "int", INT64_MIN);
    pga_sql_digest(&values, "no_digest", NULL);
    ck_assert_str_eq(expand("@raw@|@text@|@no_text@|@empty@|@int@|@no_digest@", &values),
                     "\"pgalter\"|E'it''s \\\\d+'|NULL|E''|-9223372036854775808|NULL");
    pga_sql_digest(&values, "digest", &digest);
    ck_assert_str_eq(expand("@digest@", &values), "E'\\\\xab010000000000000000000000000000"
                                                  "00000000000000000000000000000000'");
}
END_TEST

START_TEST(values_are_not_looked_into)
{
    struct pga_sql_values values = {.mem = &mem};

    pga_sql_raw(&values, "a", "@b@");
    pga_sql_text(&values, "b", "@a@\n-- not a comment of the template");
    ck_assert_str_eq(expand("@a@@b@@a@", &values),
                     "@b@E'@a@\n-- not a comment of the template'@b@");
}
END_TEST

START_TEST(what_is_no_placeholder_stays)
{
    struct pga_sql_values values = {.mem = &mem};

    ck_assert_str_eq(expand("", &values), "");
    ck_assert_str_eq(expand("@", &values), "@");
    ck_assert_str_eq(expand("@@", &values), "@@");
    ck_assert_str_eq(expand("a @ b @> c @A@ @b c@ @a", &values), "a @ b @> c @A@ @b c@ @a");
    ck_assert_str_eq(expand("x\n@\n@y", &values), "x\n@\n@y");
}
END_TEST

START_TEST(comment_lines_are_left_out)
{
    struct pga_sql_values values = {.mem = &mem};

    pga_sql_raw(&values, "a", "1");
    ck_assert_str_eq(expand("-- says @nothing@\nSELECT @a@;\n--\n    -- inner\nSELECT 2;", &values),
                     "SELECT 1;\n    -- inner\nSELECT 2;");
}
END_TEST

/* Whether the rest of a child's work ended as a bug does. */
static bool
is_bug(void (*work)(void))
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
        work();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 70;
}

static void
ask_for_a_missing_value(void)
{
    struct pga_sql_values values = {.mem = &mem};

    (void)expand("SELECT @missing@", &values);
}

static void
give_too_many(void)
{
    struct pga_sql_values values = {.mem = &mem};

    for (int i = 0; i <= PGA_SQL_VALUES_MAX; i++)
        pga_sql_raw(&values, "a", "1");
}

START_TEST(a_wrong_template_is_a_bug)
{
    ck_assert(is_bug(ask_for_a_missing_value));
    ck_assert(is_bug(give_too_many));
}
END_TEST

/* Each statement that the journal sends, with values that would show a missing quote. */
START_TEST(no_statement_has_a_hole)
{
    struct pga_build b;
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_unfinished row = {.id = "1-it's", .run = "r", .who = "w"};
    struct pga_texts texts = {{PGA_STR("SELECT 'x';")}};
    struct pga_history_row history;
    struct pga_change change = {.event = PGA_EVENT_APPLIED};

    pga_build_init(&b);
    pga_build_file(&b, "1.0.0-1-it.up.sql", "SELECT 1;");
    pga_build_apply(&b, "1-it");
    change.after = b.journal.applied[0];
    pga_history_build(&b.journal, &b.journal.head, &change, &history);
    pga_append_sql(&sql, &b.journal, &history, true);
    pga_append_tail_sql(&sql, &b.journal, &history, &change, &texts);
    change.before = change.after;
    pga_append_tail_sql(&sql, &b.journal, &history, &change, NULL);
    change.after = NULL;
    pga_append_tail_sql(&sql, &b.journal, &history, &change, NULL);
    pga_unfinished_update_sql(&sql, &b.journal, &row, &row);
    pga_unfinished_delete_sql(&sql, &b.journal, row.id, true);
    pga_unfinished_delete_sql(&sql, &b.journal, row.id, false);
    pga_presence_sql(&sql, &b.journal);
    pga_head_sql(&sql, &b.journal);
    pga_tail_reset_sql(&sql, &b.journal, "remote_apply");
    ck_assert_ptr_null(strchr(sql.data, '@'));
    ck_assert_ptr_null(strstr(sql.data, "--"));
    ck_assert_ptr_nonnull(strstr(sql.data, "E'1-it''s'"));
    ck_assert_ptr_nonnull(strstr(sql.data, "synchronous_commit = remote_apply"));
    pga_build_release(&b);
}
END_TEST

/* "pgalter" is only the usual name. */
START_TEST(a_schema_of_any_name)
{
    struct pga_build b;
    struct pga_journal journal;
    struct pga_journal_settings settings = {
        .schema = "a \"b\" 'c' \\", .owner = "o'x", .run = "r", .who = "w", .engine = "e"};
    struct pga_buf sql = pga_buf_on(&mem);

    pga_build_init(&b);
    pga_journal_init(&journal, b.driver, &mem, &settings);
    ck_assert_str_eq(journal.schema_sql, "\"a \"\"b\"\" 'c' \\\"");
    ck_assert_str_eq(journal.schema_literal, "E'a \"b\" ''c'' \\\\'");
    ck_assert_int_ne(journal.lock_key, b.journal.lock_key);
    ck_assert_int_ge(journal.lock_key, 0);
    pga_presence_sql(&sql, &journal);
    ck_assert_ptr_nonnull(strstr(sql.data, "E'o''x'::pg_catalog.name"));
    ck_assert_ptr_null(strstr(sql.data, "pgalter"));
    pga_build_release(&b);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("sql");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, each_kind_of_value);
    tcase_add_test(tcase, values_are_not_looked_into);
    tcase_add_test(tcase, what_is_no_placeholder_stays);
    tcase_add_test(tcase, comment_lines_are_left_out);
    tcase_add_test(tcase, a_wrong_template_is_a_bug);
    tcase_add_test(tcase, no_statement_has_a_hole);
    tcase_add_test(tcase, a_schema_of_any_name);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
