/*
 * tests/unit/test_arena.c: base/arena.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

START_TEST(alloc_is_zeroed_and_aligned)
{
    PGA_AUTO(pga_arena_release) struct pga_arena mem = {0};

    for (size_t size = 0; size < 10000; size = size * 3 / 2 + 1) {
        unsigned char *p = pga_alloc(&mem, size, 1);

        ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(p[i], 0);
        memset(p, 0xAA, size);
    }
}
END_TEST

START_TEST(grow_keeps_what_was_there)
{
    PGA_AUTO(pga_arena_release) struct pga_arena mem = {0};
    int *items = NULL;
    size_t count = 0, capacity = 0;

    for (int i = 0; i < 1000; i++) {
        items = pga_grow(&mem, items, count, &capacity, sizeof(*items));
        items[count++] = i;
    }
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(items[i], i);
}
END_TEST

START_TEST(format_and_dup)
{
    PGA_AUTO(pga_arena_release) struct pga_arena mem = {0};

    ck_assert_str_eq(pga_format(&mem, "%s-%d", "a", 7), "a-7");
    ck_assert_str_eq(pga_strndup(&mem, "abcdef", 3), "abc");
    ck_assert_ptr_null(pga_strdup(&mem, NULL));
}
END_TEST

START_TEST(overflow_ends_the_process)
{
    PGA_AUTO(pga_arena_release) struct pga_arena mem = {0};

    (void)pga_alloc(&mem, SIZE_MAX / 2, 3);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("arena");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, alloc_is_zeroed_and_aligned);
    tcase_add_test(tcase, grow_keeps_what_was_there);
    tcase_add_test(tcase, format_and_dup);
    tcase_add_exit_test(tcase, overflow_ends_the_process, 1);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
