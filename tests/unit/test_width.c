/*
 * tests/unit/test_width.c: base/width.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/width.h"

#include <stdlib.h>

#include <check.h>

#include "base/compiler.h"

static const struct {
    const char *text;
    size_t columns;
} cases[] = {
    {"", 0},
    {"abc", 3},
    {"\xC3\xA4\xC3\x9F", 2},                     /* a umlaut, sharp s */
    {"a\xCC\x88", 1},                            /* a and a combining diaeresis */
    {"\xE2\x82\xAC", 1},                         /* the euro sign */
    {"\xE6\x97\xA5\xE6\x9C\xAC", 4},             /* two ideographs */
    {"\xEF\xBC\xA1", 2},                         /* full-width A */
    {"\xEF\xBD\xB1", 1},                         /* half-width katakana */
    {"\xED\x95\x9C", 2},                         /* a Hangul syllable */
    {"\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", 2}, /* the same in three letters */
    {"\xF0\x9D\x84\x9E", 1},                     /* a clef */
    {"\xF0\x9F\x90\x98", 2},                     /* an elephant */
    {"\xF0\xA0\x80\x80", 2},                     /* an ideograph of the second plane */
    {"\xE2\x80\x8B\xEF\xBB\xBF", 0},             /* a zero-width space, a byte order mark */
    {"x\xFFy\x80", 4},                           /* bytes that are not UTF-8 */
    {"\xE6\x97", 2},                             /* a character cut short */
    {"\x1B", 1},
};

START_TEST(columns)
{
    ck_assert_uint_eq(pga_width(pga_str_of(cases[_i].text)), cases[_i].columns);
}
END_TEST

START_TEST(what_fits)
{
    struct pga_str text = PGA_STR("a\xE6\x97\xA5\xCC\x88z");

    ck_assert_uint_eq(pga_width_fit(text, 0), 0);
    ck_assert_uint_eq(pga_width_fit(text, 1), 1);
    ck_assert_uint_eq(pga_width_fit(text, 2), 1); /* half of a wide one never */
    ck_assert_uint_eq(pga_width_fit(text, 3), 6); /* with its mark */
    ck_assert_uint_eq(pga_width_fit(text, 4), 7);
    ck_assert_uint_eq(pga_width_fit(text, 100), 7);
}
END_TEST

START_TEST(what_is_cut)
{
    struct pga_arena mem = {0};

    ck_assert_str_eq(pga_width_cut(&mem, "abcdef", 6), "abcdef");
    ck_assert_str_eq(pga_width_cut(&mem, "abcdef", 5), "ab...");
    ck_assert_str_eq(pga_width_cut(&mem, "a\xE6\x97\xA5\xE6\x97\xA5z", 5), "a...");
    ck_assert_str_eq(pga_width_cut(&mem, "abcdef", 1), "...");
    pga_arena_release(&mem);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("width");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, columns, 0, (int)PGA_COUNT_OF(cases));
    tcase_add_test(tcase, what_fits);
    tcase_add_test(tcase, what_is_cut);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
