/*
 * tests/unit/test_arena.c: base/arena.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

START_TEST(alloc_is_zeroed_and_aligned)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

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
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
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
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    ck_assert_str_eq(pga_format(&mem, "%s-%d", "a", 7), "a-7");
    ck_assert_str_eq(pga_strndup(&mem, "abcdef", 3), "abc");
    ck_assert_ptr_null(pga_strdup(&mem, NULL));
}
END_TEST

START_TEST(overflow_ends_the_process)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    (void)pga_alloc(&mem, SIZE_MAX / 2, 3);
}
END_TEST

START_TEST(no_size_wraps_around)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    /* With the block's head and rounding some of these would be small again. */
    (void)pga_alloc(&mem, SIZE_MAX - 4 * (size_t)_i, 1);
}
END_TEST

START_TEST(out_of_memory_ends_the_process)
{
    pga_out_of_memory(0);
}
END_TEST

START_TEST(blocks_do_not_overlap)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    unsigned char *pieces[300];
    bool same = true;

    for (size_t i = 0; i < PGA_COUNT_OF(pieces); i++) {
        pieces[i] = pga_alloc(&mem, i, 7);
        memset(pieces[i], (int)(i & 0xFF), i * 7);
    }
    for (size_t i = 0; i < PGA_COUNT_OF(pieces); i++)
        for (size_t at = 0; at < i * 7; at++)
            same = same && pieces[i][at] == (i & 0xFF);
    ck_assert(same);
    ck_assert_uint_gt(mem.total_bytes, (size_t)7 * 300 * 299 / 2);
    pga_arena_release(&mem);
    ck_assert_uint_eq(mem.total_bytes, 0);
    ck_assert_str_eq(pga_strdup(&mem, "usable again"), "usable again");
}
END_TEST

#ifdef PGA_SANITIZE
START_TEST(one_byte_too_far_is_seen)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    volatile char *p = pga_alloc(&mem, 16, 1);
    volatile size_t end = 16;

    p[end] = 'x';
}
END_TEST
#endif

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
    tcase_add_loop_exit_test(tcase, no_size_wraps_around, 1, 0, 16);
    tcase_add_exit_test(tcase, out_of_memory_ends_the_process, 1);
    tcase_add_test(tcase, blocks_do_not_overlap);
#ifdef PGA_SANITIZE
    tcase_add_exit_test(tcase, one_byte_too_far_is_seen, 1); /* AddressSanitizer's status */
#endif
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
