/*
 * tests/unit/test_plan_check.c: engine/plan.h, what speaks against running a plan.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/plan.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/plans.h"

static struct pga_build b;
static struct pga_error err;

static void
setup(void)
{
    memset(&err, 0, sizeof(err));
    pga_build_init(&b);
}

static void
teardown(void)
{
    pga_build_release(&b);
}

static bool
check(const struct pga_plan *plan, const struct pga_plan_settings *settings)
{
    memset(&err, 0, sizeof(err));
    return pga_plan_check(&b.mem, plan, &b.journal, settings, &err);
}

START_TEST(strict_refuses_late_and_missing)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_arrange(&b, "1-a 2-b 3-c", "2-b 8-x 9-y");
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(check(&plan, &settings));
    settings.strict = true;
    ck_assert(!check(&plan, &settings));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "journal and files disagree about 4 alterations (--strict)");
    ck_assert_str_eq(err.detail, "1-a: is late: a younger alteration is applied\n"
                                 "3-c: is late: a younger alteration is applied\n"
                                 "8-x: is applied and has no file\n"
                                 "9-y: is applied and has no file");
    ck_assert_str_ne(err.hint, "");
}
END_TEST

/* Run again under another slug, an alteration would fail halfway at best. */
START_TEST(another_slug_is_refused)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_arrange(&b, "1-a 02-c 3-x\xC3\xA9 9-z", "1-a 2-b 3-xe\xCC\x81 4-d");
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_int_eq(err.id, PGA_ID_RENAMED);
    ck_assert_str_eq(err.message, "2 applied alterations have another slug now; nothing was run");
    ck_assert_str_eq(err.detail,
                     "02-c: has the timestamp of 2-b, which is applied\n"
                     "3-x\xC3\xA9: has the timestamp of 3-xe\xCC\x81, which is applied; "
                     "they may look alike, but character 2 is U+00E9 in the one and "
                     "U+0065 U+0301 in the other");
    pga_plans_deploy(&b, "1-a", &settings, &plan); /* nothing of it would run */
    ck_assert(check(&plan, &settings));
}
END_TEST

START_TEST(strict_lets_pass_what_agrees)
{
    struct pga_plan_settings settings = {.strict = true};
    struct pga_plan plan;

    pga_plans_arrange(&b, "1-a 2-b 3-c", "1-a 2-b");
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(check(&plan, &settings));
    pga_plans_roll_back(&b, "zero", &settings, &plan);
    ck_assert(check(&plan, &settings));
}
END_TEST

START_TEST(irreversible_ones_are_refused_together)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_arrange(&b, "", "1-a 2-b! 3-c");
    pga_build_file(
        &b, "4-d.up.sql",
        "-- pgalter:breaks <1.0.0\n-- pgalter:irreversible it drops data\nDROP TABLE d;");
    pga_build_apply(&b, "4-d");
    pga_plans_roll_back(&b, "3-c", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "1 alteration is irreversible; nothing was rolled back");
    ck_assert_str_eq(err.detail, "4-d: it drops data");
    pga_plans_roll_back(&b, "zero", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_str_eq(err.message, "2 alterations are irreversible; nothing was rolled back");
    ck_assert_str_eq(err.detail, "4-d: it drops data\n2-b: has no down script");
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter accept"));
    settings.steps = 1;
    pga_plans_roll_back(&b, "zero", &settings, &plan);
    ck_assert(!check(&plan, &settings));
}
END_TEST

/* The file may have a down script that the journal lacks, and the other way round. */
START_TEST(whose_down_script_counts)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_arrange(&b, "1-a 2-b", "1-a! 2-b");
    pga_plans_roll_back(&b, "zero", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    settings.down_from = PGA_DOWN_FROM_JOURNAL;
    ck_assert(!check(&plan, &settings));
    settings.down_from = PGA_DOWN_FROM_FILES;
    ck_assert(check(&plan, &settings));
    pga_build_no_files(&b);
    pga_plans_add(&b, "1-a! 2-b!", false);
    pga_plans_roll_back(&b, "zero", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_ptr_nonnull(strstr(err.detail, "2-b: has no down script"));
    pga_build_no_files(&b);
    pga_plans_roll_back(&b, "zero", &settings, &plan); /* without a file, the journal's */
    ck_assert(!check(&plan, &settings));
    ck_assert_str_eq(err.detail, "1-a: has no down script");
}
END_TEST

START_TEST(what_a_deploy_needs)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_add(&b, "1-a 2-b", false);
    pga_build_file(&b, "3-c.up.sql",
                   "-- pgalter:needs 1-a\n-- pgalter:needs 2-b\nCREATE TABLE c ();");
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(check(&plan, &settings));
    pga_build_apply(&b, "1-a");
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(check(&plan, &settings));
    pga_build_file(&b, "3-c.up.sql", "-- pgalter:needs 4-d\n-- pgalter:needs 5-e\nSELECT 1;");
    pga_plans_add(&b, "4-d", false);
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(!check(&plan, &settings)); /* 4-d comes after it, 5-e never */
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "2 needs are not met; nothing was run");
    ck_assert_str_eq(err.detail, "3-c: needs 4-d, which comes later\n"
                                 "3-c: needs 5-e, which is neither applied nor in the plan");
    pga_build_apply(&b, "4-d");
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_str_eq(err.message, "1 need is not met; nothing was run");
    pga_plans_deploy(&b, "2-b", &settings, &plan); /* what is held back needs nothing yet */
    ck_assert(check(&plan, &settings));
}
END_TEST

START_TEST(what_a_rollback_leaves_needs)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_add(&b, "1-a next-2-b", true);
    pga_build_file(
        &b, "1.0.0-3-c.up.sql",
        "-- pgalter:lock_timeout 5s\n-- pgalter:needs 1-a\n-- pgalter:needs 2-b\nSELECT 3;");
    pga_build_file(&b, "1.0.0-3-c.down.sql", "SELECT 3;");
    pga_build_apply(&b, "3-c");
    pga_plans_roll_back(&b, "1.0.0", &settings, &plan);
    ck_assert_str_eq(pga_plans_describe(&b, &plan), "-2-b");
    ck_assert(!check(&plan, &settings));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.detail, "3-c: stays and needs 2-b");
    ck_assert_ptr_nonnull(strstr(err.hint, "takes both back"));
    pga_plans_roll_back(&b, "zero", &settings, &plan);
    ck_assert(check(&plan, &settings));
}
END_TEST

START_TEST(a_backfill_is_refused)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_add(&b, "1-a", false);
    pga_build_file(&b, "2-b.up.sql", "-- pgalter:backfill table=t key=id\nUPDATE t SET x = 1;");
    pga_plans_deploy(&b, "1-a", &settings, &plan);
    ck_assert(check(&plan, &settings));
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_str_eq(err.message, "\"2-b.up.sql\" is a backfill, which this pgalter can't run");
}
END_TEST

/* Thousands can stand in the way; an error names some and counts the rest. */
START_TEST(a_long_list_is_cut)
{
    struct pga_plan_settings settings = {.strict = true};
    struct pga_plan plan;

    for (int i = 1; i <= 100; i++)
        pga_plans_add(&b, pga_format(&b.mem, "%d-a", i), true);
    pga_build_no_files(&b);
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_str_eq(err.message, "journal and files disagree about 100 alterations (--strict)");
    ck_assert_ptr_nonnull(strstr(err.detail, "\n40-a: is applied and has no file\nand 60 more"));
    ck_assert_ptr_null(strstr(err.detail, "41-a"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("plan_check");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, strict_refuses_late_and_missing);
    tcase_add_test(tcase, another_slug_is_refused);
    tcase_add_test(tcase, strict_lets_pass_what_agrees);
    tcase_add_test(tcase, irreversible_ones_are_refused_together);
    tcase_add_test(tcase, whose_down_script_counts);
    tcase_add_test(tcase, what_a_deploy_needs);
    tcase_add_test(tcase, what_a_rollback_leaves_needs);
    tcase_add_test(tcase, a_backfill_is_refused);
    tcase_add_test(tcase, a_long_list_is_cut);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
