/*
 * tests/unit/test_plan.c: engine/plan.h, tables of directory, journal and target.
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

struct row {
    const char *files, *applied;
    const char *target;
    size_t steps;
    const char *plan; /* as pga_plans_describe() writes it */
    size_t held; /* deploy: pending beyond the target; rollback: of the applied, without a file */
};

#define MIXED "1-a 1.0.0-2-b 3-c 1.1.0-4-d 5-e next-6-f 7-g"

static const struct row deploys[] = {
    /* latest: everything but next */
    {"", "", "latest", 0, "", 0},
    {MIXED, "", "latest", 0, "+1-a +2-b +3-c +4-d +5-e +7-g", 1},
    {MIXED, "1-a 1.0.0-2-b", "latest", 0, "+3-c +4-d +5-e +7-g", 1},
    {MIXED, MIXED, "latest", 0, "", 0},
    {"next-1-a", "", "latest", 0, "", 1},
    /* next: everything, whether or not a file is named so */
    {MIXED, "", "next", 0, "+1-a +2-b +3-c +4-d +5-e +6-f +7-g", 0},
    {"1-a 1.0.0-2-b", "", "next", 0, "+1-a +2-b", 0},
    /* a version: up to it; an unversioned one comes along when a chosen one follows it */
    {MIXED, "", "1.0.0", 0, "+1-a +2-b", 5},
    {MIXED, "", "1.1.0", 0, "+1-a +2-b +3-c +4-d", 3},
    {MIXED, "", "1.0.5", 0, "+1-a +2-b", 5},
    {MIXED, "", "0.9.0", 0, "", 7},
    {MIXED, "", "99.0.0", 0, "+1-a +2-b +3-c +4-d", 3},
    {MIXED, "1-a 1.0.0-2-b", "1.1.0", 0, "+3-c +4-d", 3},
    {"1.0.0-1-a 2-b", "", "1.0.0", 0, "+1-a", 1},
    {"1.2.0-1-a 1.1.0-2-b", "", "1.1.0", 0, "+2-b", 1},
    {"1.0.0_rc.1-1-a 1.0.0-2-b", "", "1.0.0-rc.1", 0, "+1-a", 1},
    {"1.0.0_rc.1-1-a 1.0.0-2-b", "", "1.0.0", 0, "+1-a +2-b", 0},
    {"1.9.0-1-a 1.10.0-2-b", "", "1.9.0", 0, "+1-a", 1},
    {"1.0.0+five-1-a", "", "1.0.0", 0, "+1-a", 0},
    /* an id: everything up to it, whatever its version */
    {MIXED, "", "4-d", 0, "+1-a +2-b +3-c +4-d", 3},
    {MIXED, "", "6-f", 0, "+1-a +2-b +3-c +4-d +5-e +6-f", 1},
    {MIXED, "", "1", 0, "+1-a", 6},
    {"1-a 3-c", "2-b", "2-b", 0, "+1-a!", 1},
    /* timestamps are numbers */
    {"9-a 100-b 1.0.0-1000000000000000000000-c", "", "100-b", 0, "+9-a +100-b", 1},
    /* --steps */
    {MIXED, "", "latest", 2, "+1-a +2-b", 5},
    {MIXED, "", "latest", 100, "+1-a +2-b +3-c +4-d +5-e +7-g", 1},
    {MIXED, "1-a", "1.1.0", 1, "+2-b", 5},
    /* late arrivals are applied and reported */
    {"1-a 2-b 3-c", "2-b", "latest", 0, "+1-a! +3-c", 0},
    {"1-a 2-b 3-c", "1-a 3-c", "latest", 0, "+2-b!", 0},
    {"9-a 10-b", "10-b", "latest", 0, "+9-a!", 0},
    {"1-a 2-b", "2-b", "1.0.0", 0, "", 1},
    {"1-a 1.0.0-2-b", "1.0.0-2-b", "1.0.0", 0, "+1-a!", 0},
    /* renames: a release is news, `next` and nothing are not once it was released */
    {"1.0.0-1-a", "next-1-a", "latest", 0, "~1-a:next:1.0.0", 0},
    {"1.0.0-1-a", "1-a", "latest", 0, "~1-a::1.0.0", 0},
    {"next-1-a", "1-a", "latest", 0, "~1-a::next", 0},
    {"1-a", "next-1-a", "latest", 0, "~1-a:next:", 0},
    {"1.0.1-1-a", "1.0.0-1-a", "latest", 0, "~1-a:1.0.0:1.0.1", 0},
    {"next-1-a", "1.0.0-1-a", "latest", 0, "", 0},
    {"1-a", "1.0.0-1-a", "latest", 0, "", 0},
    {"1.0.0-1-a 1.1.0-2-b", "next-1-a next-2-b", "latest", 1, "~1-a:next:1.0.0 ~2-b:next:1.1.0", 0},
    {"2.0.0-1-a 1.0.0-2-b", "next-1-a", "1.0.0", 1, "~1-a:next:2.0.0 +2-b", 0},
};

static const struct row rollbacks[] = {
    {"", "", "zero", 0, "", 0},
    {MIXED, MIXED, "zero", 0, "-7-g -6-f -5-e -4-d -3-c -2-b -1-a", 0},
    {"", MIXED, "zero", 0, "-7-g -6-f -5-e -4-d -3-c -2-b -1-a", 7},
    /* newest first by order of application, not by timestamp */
    {"", "3-c 1-a 2-b", "zero", 0, "-2-b -1-a -3-c", 3},
    /* a version: what is beyond it, `next`, and the unversioned applied after the last that stays */
    {MIXED, MIXED, "1.0.0", 0, "-7-g -6-f -5-e -4-d -3-c", 0},
    {MIXED, MIXED, "1.1.0", 0, "-7-g -6-f -5-e", 0},
    {MIXED, MIXED, "0.1.0", 0, "-7-g -6-f -5-e -4-d -3-c -2-b -1-a", 0},
    {MIXED, MIXED, "2.0.0", 0, "-7-g -6-f -5-e", 0},
    {"", "1.0.0-1-a 2-b 1.0.0-3-c 4-d", "1.0.0", 0, "-4-d", 4},
    {"", "1.2.0-1-a 1.0.0-2-b", "1.1.0", 0, "-1-a", 2},
    {"", "1.0.0-1-a 1.2.0-3-c 2-b 1.0.0-4-d", "1.1.0", 0, "-3-c", 4},
    {"", "1.0.0_rc.1-1-a 1.0.0-2-b", "1.0.0-rc.1", 0, "-2-b", 2},
    /* latest: what is next goes, the rest stays; next: everything stays */
    {MIXED, MIXED, "latest", 0, "-6-f", 0},
    {MIXED, MIXED, "next", 0, "", 0},
    /* an id: everything applied after it */
    {MIXED, MIXED, "4-d", 0, "-7-g -6-f -5-e", 0},
    {MIXED, MIXED, "7-g", 0, "", 0},
    {"", "3-c 1-a 2-b", "1-a", 0, "-2-b", 3},
    {"", "3-c 1-a 2-b", "3", 0, "-2-b -1-a", 3},
    /* --steps */
    {MIXED, MIXED, "zero", 2, "-7-g -6-f", 0},
    {MIXED, MIXED, "zero", 1, "-7-g", 0},
    {MIXED, MIXED, "1.0.0", 3, "-7-g -6-f -5-e", 0},
    {MIXED, MIXED, "zero", 100, "-7-g -6-f -5-e -4-d -3-c -2-b -1-a", 0},
};

static void
check_deploy(const struct row *row)
{
    struct pga_plan_settings settings = {.steps = row->steps};
    struct pga_plan plan;

    pga_plans_arrange(&b, row->files, row->applied);
    pga_plans_deploy(&b, row->target, &settings, &plan);
    ck_assert_msg(strcmp(pga_plans_describe(&b, &plan), row->plan) == 0,
                  "files \"%s\", applied \"%s\", target %s: %s instead of %s", row->files,
                  row->applied, row->target, pga_plans_describe(&b, &plan), row->plan);
    ck_assert_uint_eq(plan.held_count, row->held);
    ck_assert_int_eq(plan.direction, PGA_DIRECTION_UP);
    ck_assert(pga_plan_check(&b.mem, &plan, &b.journal, &settings, &err));
}

static void
check_rollback(const struct row *row)
{
    struct pga_plan_settings settings = {.steps = row->steps};
    struct pga_plan plan;

    pga_plans_arrange(&b, row->files, row->applied);
    pga_plans_roll_back(&b, row->target, &settings, &plan);
    ck_assert_msg(strcmp(pga_plans_describe(&b, &plan), row->plan) == 0,
                  "files \"%s\", applied \"%s\", target %s: %s instead of %s", row->files,
                  row->applied, row->target, pga_plans_describe(&b, &plan), row->plan);
    ck_assert_uint_eq(plan.missing_count, row->held);
    ck_assert_uint_eq(plan.run_count, plan.count);
    ck_assert_int_eq(plan.direction, PGA_DIRECTION_DOWN);
    ck_assert(pga_plan_check(&b.mem, &plan, &b.journal, &settings, &err));
    for (size_t i = 0; i < plan.count; i++)
        ck_assert((plan.steps[i].alteration == NULL) == (row->files[0] == '\0'));
}

static void
start_over(void)
{
    teardown();
    setup();
}

START_TEST(deploy_rows)
{
    for (size_t i = 0; i < PGA_COUNT_OF(deploys); i++, start_over())
        check_deploy(&deploys[i]);
}
END_TEST

START_TEST(rollback_rows)
{
    for (size_t i = 0; i < PGA_COUNT_OF(rollbacks); i++, start_over())
        check_rollback(&rollbacks[i]);
}
END_TEST

START_TEST(zero_is_no_target_of_a_deploy)
{
    struct pga_target target = {.kind = PGA_TARGET_ZERO};
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    ck_assert(
        !pga_plan_deploy(&b.mem, &b.alterations, &b.journal, &target, &settings, &plan, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter rollback zero"));
}
END_TEST

START_TEST(what_is_counted)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_arrange(&b, "1.0.0-1-a 2-b 3-c next-4-d", "next-1-a 9-z 3-c");
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert_str_eq(pga_plans_describe(&b, &plan), "~1-a:next:1.0.0 +2-b!");
    ck_assert_uint_eq(plan.count, 2);
    ck_assert_uint_eq(plan.run_count, 1);
    ck_assert_uint_eq(plan.late_count, 1);
    ck_assert_uint_eq(plan.held_count, 1);
    ck_assert_uint_eq(plan.missing_count, 1);
    ck_assert_str_eq(plan.missing[0]->id, "9-z");
}
END_TEST

/* ---- changed scripts ---- */

#define WHOLE "1.0.0-1-a"

static void
whole(void)
{
    pga_build_file(&b, WHOLE ".up.sql", "SELECT 1;");
    pga_build_file(&b, WHOLE ".down.sql", "SELECT 2;");
    pga_build_file(&b, WHOLE ".before-up.sql", "SELECT 3;");
    pga_build_file(&b, WHOLE ".before-down.sql", "SELECT 4;");
}

static void
count_changed(size_t deploy_count, size_t rollback_count)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert_uint_eq(plan.changed_count, deploy_count);
    pga_plans_roll_back(&b, "zero", &settings, &plan);
    ck_assert_uint_eq(plan.changed_count, rollback_count);
}

START_TEST(a_change_of_each_part)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;
    enum pga_part part = (enum pga_part)_i;
    bool is_down = part == PGA_PART_DOWN || part == PGA_PART_BEFORE_DOWN;

    whole();
    pga_build_apply_all(&b);
    count_changed(0, 0);
    /* What normalising takes away changes nothing. */
    pga_build_file(
        &b, pga_format(&b.mem, WHOLE ".%s.sql", pga_part_name(part)),
        pga_format(&b.mem, "-- pgalter:allow rule it is fine\r\nSELECT %d;\r\n\r\n", part + 1));
    count_changed(0, 0);
    pga_build_file(&b, pga_format(&b.mem, WHOLE ".%s.sql", pga_part_name(part)), "SELECT 5;");
    count_changed(1, is_down ? 1 : 0);
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert_int_eq(plan.changed[0].part, part);
    ck_assert_str_eq(plan.changed[0].applied->id, "1-a");
    ck_assert_str_eq(plan.changed[0].alteration->id, "1-a");
}
END_TEST

START_TEST(a_part_that_one_side_lacks)
{
    pga_build_file(&b, WHOLE ".up.sql", "SELECT 1;");
    pga_build_apply_all(&b);
    whole();
    count_changed(3, 2);
    pga_build_no_files(&b);
    pga_build_file(&b, WHOLE ".up.sql", "SELECT 1;");
    count_changed(0, 0);
}
END_TEST

START_TEST(an_empty_script_is_not_a_missing_one)
{
    pga_build_file(&b, WHOLE ".up.sql", "SELECT 1;");
    pga_build_file(&b, WHOLE ".down.sql", "");
    pga_build_apply_all(&b);
    count_changed(0, 0);
    pga_build_no_files(&b);
    pga_build_file(&b, WHOLE ".up.sql", "SELECT 1;");
    count_changed(1, 1);
}
END_TEST

/* Only what would be taken back matters to a rollback. */
START_TEST(a_rollback_looks_at_its_own_steps)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    pga_plans_arrange(&b, "1-a 2-b", "1-a 2-b");
    pga_build_file(&b, "1-a.down.sql", "SELECT 5;");
    pga_plans_roll_back(&b, "1-a", &settings, &plan);
    ck_assert_str_eq(pga_plans_describe(&b, &plan), "-2-b");
    ck_assert_uint_eq(plan.changed_count, 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, deploy_rows);
    tcase_add_test(tcase, rollback_rows);
    tcase_add_test(tcase, zero_is_no_target_of_a_deploy);
    tcase_add_test(tcase, what_is_counted);
    tcase_add_loop_test(tcase, a_change_of_each_part, 0, PGA_PART_COUNT);
    tcase_add_test(tcase, a_part_that_one_side_lacks);
    tcase_add_test(tcase, an_empty_script_is_not_a_missing_one);
    tcase_add_test(tcase, a_rollback_looks_at_its_own_steps);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
