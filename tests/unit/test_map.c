/*
 * tests/unit/test_map.c: base/map.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/map.h"

#include <stdlib.h>

#include <check.h>

START_TEST(an_empty_map_finds_nothing)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_map map = pga_map_on(&mem);

    ck_assert_ptr_null(pga_map_find(&map, "a"));
    ck_assert_ptr_null(pga_map_find(&map, ""));
}
END_TEST

START_TEST(put_answers_what_was_there)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_map map = pga_map_on(&mem);
    int one, two;

    ck_assert_ptr_null(pga_map_put(&map, "a", &one));
    ck_assert_ptr_eq(pga_map_put(&map, pga_strdup(&mem, "a"), &two), &one);
    ck_assert_ptr_eq(pga_map_find(&map, "a"), &two);
    ck_assert_uint_eq(map.count, 1);
    ck_assert_ptr_null(pga_map_find(&map, "A"));
    ck_assert_ptr_eq(pga_map_put(&map, "a", NULL), &two); /* how a key is removed */
    ck_assert_ptr_null(pga_map_find(&map, "a"));
}
END_TEST

START_TEST(many_keys_stay_apart)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_map map = pga_map_on(&mem);
    static int values[20000];

    for (int i = 0; i < (int)PGA_COUNT_OF(values); i++)
        ck_assert_ptr_null(pga_map_put(&map, pga_format(&mem, "%d-alteration", i), &values[i]));
    ck_assert_uint_eq(map.count, PGA_COUNT_OF(values));
    for (int i = 0; i < (int)PGA_COUNT_OF(values); i++)
        ck_assert_ptr_eq(pga_map_find(&map, pga_format(&mem, "%d-alteration", i)), &values[i]);
    ck_assert_ptr_null(pga_map_find(&map, "20000-alteration"));
    ck_assert_ptr_null(pga_map_find(&map, ""));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("map");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, an_empty_map_finds_nothing);
    tcase_add_test(tcase, put_answers_what_was_there);
    tcase_add_test(tcase, many_keys_stay_apart);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
