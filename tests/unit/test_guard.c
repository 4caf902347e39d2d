/*
 * tests/unit/test_guard.c: engine/guard.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/guard.h"

#include <stdlib.h>

#include <check.h>

#include "base/compiler.h"

/* Where it is found; -1: nothing is. */
static const struct {
    const char *text;
    int offset;
} rows[] = {
    {"", -1},
    {"CREATE TABLE a (n int);", -1},
    {"-- pgalter:lock_timeout 1s\nSELECT 1;", -1},
    {"SELECT undo FROM a; CREATE INDEX done ON a (n);", -1},
    {"DELETE FROM pgalter.journal;", 12},
    {"DELETE FROM \"pgalter\".journal;", 12},
    {"SELECT 'PGALTER.journal'::regclass;", 7},
    {"SELECT 1; reassign OWNED BY a TO b;", 10},
    {"DROP OWNED BY a;", 5},
    {"DO $$ BEGIN END $$;", 0},
    {"CALL p();", 0},
};

START_TEST(what_may_reach_the_journal)
{
    size_t offset = 0;
    bool found = pga_guard_find(pga_str_of(rows[_i].text), true, "pgalter", &offset);

    ck_assert_int_eq(found ? (int)offset : -1, rows[_i].offset);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("guard");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, what_may_reach_the_journal, 0, (int)PGA_COUNT_OF(rows));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
