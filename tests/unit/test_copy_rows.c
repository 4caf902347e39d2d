/*
 * tests/unit/test_copy_rows.c: alterations/copy_rows.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/copy_rows.h"

#include <stdlib.h>

#include <check.h>

#include "base/compiler.h"

static const struct {
    const char *statement;
    bool is_csv;
    char quote;
    bool is_special;
} formats[] = {
    {"COPY t FROM STDIN", false, '"', false},
    {"COPY csv FROM STDIN", false, '"', false},
    {"COPY t FROM STDIN CSV", true, '"', false},
    {"COPY t FROM stdin (format csv, header)", true, '"', false},
    {"COPY t FROM STDIN WITH (FORMAT 'csv')", true, '"', false},
    {"COPY t FROM STDIN WITH (FORMAT \"csv\")", true, '"', false},
    {"COPY t FROM STDIN (FORMAT text, NULL 'csv x')", false, '"', false},
    {"COPY t FROM STDIN (FORMAT csv, QUOTE '|')", true, '|', true},
    {"COPY t FROM STDIN CSV QUOTE AS ''''", true, '\'', true},
    {"COPY t FROM STDIN (FORMAT csv, ESCAPE '\\')", true, '"', true},
};

START_TEST(a_format)
{
    struct pga_copy_format format = pga_copy_format(pga_str_of(formats[_i].statement), true);

    ck_assert_int_eq(format.is_csv, formats[_i].is_csv);
    ck_assert_int_eq(format.quote, formats[_i].quote);
    ck_assert_int_eq(format.is_special, formats[_i].is_special);
}
END_TEST

static const struct {
    const char *data;
    struct pga_copy_format format;
    bool is_first;
    size_t len, lines;
} rows[] = {
    {"a\tb\nc\n", {false, '"', false}, true, 4, 1},
    {"a\"\nc\n", {false, '"', false}, true, 3, 1},
    {"a\\\nb\nc\n", {false, '"', false}, false, 5, 1},
    {"a\\\\\nb\n", {false, '"', false}, false, 4, 1},
    {"a", {false, '"', false}, false, 1, 1},
    {"\"a\nb\"\nc\n", {true, '"', false}, true, 6, 1},
    {"\"a\nb\"\nc\n", {true, '"', false}, false, 6, 2},
    {"\"a\"\"\nb\"\nc\n", {true, '"', false}, false, 8, 2},
    {"a\\\nb\n", {true, '"', false}, false, 3, 1},
    {"|a\nb|\n", {true, '|', true}, false, 6, 2},
    {"\"a\nb\n", {true, '"', false}, false, 5, 3},
    {"", {true, '"', false}, false, 0, 1},
};

START_TEST(a_row)
{
    size_t lines = 0;

    ck_assert_uint_eq(
        pga_copy_row_length(pga_str_of(rows[_i].data), &rows[_i].format, rows[_i].is_first, &lines),
        rows[_i].len);
    ck_assert_uint_eq(lines, rows[_i].lines);
}
END_TEST

START_TEST(rows_that_are_open)
{
    struct pga_copy_format csv = {true, '"', false}, text = {false, '"', false},
                           special = {true, '"', true};
    struct pga_str open = PGA_STR("1,\"a\"\n2,\"b\n"), closed = PGA_STR("1,\"a\n\"\n");
    size_t offset = 0;

    ck_assert(pga_copy_is_open(open, &csv, &offset));
    ck_assert_uint_eq(offset, 6);
    ck_assert(!pga_copy_is_open(closed, &csv, &offset));
    ck_assert(!pga_copy_is_open((struct pga_str){0}, &csv, &offset));
    ck_assert(!pga_copy_is_open(open, &text, &offset));
    ck_assert(!pga_copy_is_open(open, &special, &offset));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("copy_rows");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, a_format, 0, (int)PGA_COUNT_OF(formats));
    tcase_add_loop_test(tcase, a_row, 0, (int)PGA_COUNT_OF(rows));
    tcase_add_test(tcase, rows_that_are_open);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
