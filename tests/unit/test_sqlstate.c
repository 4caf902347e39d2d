/*
 * tests/unit/test_sqlstate.c: drivers/sqlstate.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/sqlstate.h"

#include <stdlib.h>

#include <check.h>

#include "base/compiler.h"

START_TEST(known_states_have_their_meaning)
{
    static const struct {
        const char *sqlstate;
        enum pga_sqlstate_class meaning;
    } rows[] = {
        {"55P03", PGA_SQLSTATE_CONTENTION}, {"40P01", PGA_SQLSTATE_CONTENTION},
        {"40001", PGA_SQLSTATE_CONTENTION}, {"40002", PGA_SQLSTATE_OTHER},
        {"55P02", PGA_SQLSTATE_OTHER},      {"23505", PGA_SQLSTATE_DUPLICATE},
        {"23502", PGA_SQLSTATE_OTHER},      {"28000", PGA_SQLSTATE_DENIED},
        {"28P01", PGA_SQLSTATE_DENIED},     {"42501", PGA_SQLSTATE_DENIED},
        {"3D000", PGA_SQLSTATE_DENIED},     {"25006", PGA_SQLSTATE_READ_ONLY},
        {"57P03", PGA_SQLSTATE_STARTING},   {"53300", PGA_SQLSTATE_STARTING},
        {"53200", PGA_SQLSTATE_SCARCE},     {"58030", PGA_SQLSTATE_SCARCE},
        {"08006", PGA_SQLSTATE_GONE},       {"08P01", PGA_SQLSTATE_GONE},
        {"57P01", PGA_SQLSTATE_GONE},       {"57P02", PGA_SQLSTATE_GONE},
        {"57P05", PGA_SQLSTATE_GONE},       {"57014", PGA_SQLSTATE_CANCELLED},
        {"42P01", PGA_SQLSTATE_ABSENT},     {"3F000", PGA_SQLSTATE_ABSENT},
        {"42P07", PGA_SQLSTATE_OTHER},      {"00000", PGA_SQLSTATE_OTHER},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_msg(pga_sqlstate_class(rows[i].sqlstate) == rows[i].meaning, "%s",
                      rows[i].sqlstate);
}
END_TEST

START_TEST(what_is_no_state_means_nothing)
{
    static const char *const rows[] = {"", "28", "0800", "280000", "08", "42P011"};

    ck_assert_int_eq(pga_sqlstate_class(NULL), PGA_SQLSTATE_OTHER);
    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_msg(pga_sqlstate_class(rows[i]) == PGA_SQLSTATE_OTHER, "%s", rows[i]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("sqlstate");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, known_states_have_their_meaning);
    tcase_add_test(tcase, what_is_no_state_means_nothing);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
