/*
 * tests/unit/test_plan_properties.c: engine/plan.h, what is true of every plan.
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

static void
start_over(void)
{
    teardown();
    setup();
}

static bool
check(const struct pga_plan *plan, const struct pga_plan_settings *settings)
{
    memset(&err, 0, sizeof(err));
    return pga_plan_check(&b.mem, plan, &b.journal, settings, &err);
}

static uint64_t random_state;

static unsigned
dice(unsigned sides)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % sides;
}

/* A history as it could have grown: any versions, applied in any order, some files gone. */
static void
grow(unsigned seed)
{
    static const char *const versions[] = {"",       "",       "1.0.0-",      "1.0.0-", "1.1.0-",
                                           "1.2.0-", "2.0.0-", "1.1.0_rc.1-", "next-"};
    unsigned count;

    random_state = seed;
    count = 2 + dice(12);
    for (unsigned i = 0; i < count; i++)
        pga_plans_add(
            &b, pga_format(&b.mem, "%s%u-x", versions[dice(PGA_COUNT_OF(versions))], i * 7 + 1),
            false);
    for (unsigned i = 0; i < count; i++) {
        const char *id = b.alterations.items[dice(count)].id;

        if (dice(2) == 0 && pga_journal_find(&b.journal, id) == NULL)
            pga_build_apply(&b, id);
    }
    for (unsigned i = 0; i < count; i++) /* releases since then */
        if (dice(4) == 0 && b.alterations.items[i].version.kind != PGA_VERSION_RELEASE)
            pga_plans_add(&b, pga_format(&b.mem, "1.3.0-%s", b.alterations.items[i].id), false);
}

static const char *const targets[] = {"latest", "next", "1.0.0", "1.1.0", "1.5.0", "9.0.0", "1-x"};

static void
check_nothing_left(unsigned seed)
{
    const char *target = targets[seed % PGA_COUNT_OF(targets)];
    struct pga_plan_settings settings = {0};
    struct pga_plan plan, again;

    grow(seed);
    pga_plans_deploy(&b, target, &settings, &plan);
    pga_build_run(&b, &plan);
    pga_plans_deploy(&b, target, &settings, &again);
    ck_assert_str_eq(pga_plans_describe(&b, &again), "");
    ck_assert_uint_eq(again.held_count, plan.held_count);
    if (strcmp(target, "1-x") == 0 && pga_journal_find(&b.journal, "1-x") == NULL)
        return;
    pga_plans_roll_back(&b, target, &settings, &plan);
    pga_build_run(&b, &plan);
    pga_plans_roll_back(&b, target, &settings, &again);
    ck_assert_str_eq(pga_plans_describe(&b, &again), "");
}

START_TEST(a_plan_that_was_run_leaves_nothing)
{
    for (unsigned seed = 0; seed < 700; seed++, start_over())
        check_nothing_left(seed);
}
END_TEST

/* What one run has applied, a rollback to where it began takes back, in reverse. */
static void
check_mirror(unsigned seed)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan up, down;
    struct pga_digest before;
    const char *last;
    struct pga_journal journal;
    struct pga_applied *rows;
    size_t k = 0;

    grow(seed);
    pga_plans_deploy(&b, "1-x", &settings, &up); /* something to roll back to, and every rename */
    pga_build_run(&b, &up);
    before = b.journal.head.state;
    last = b.journal.applied[b.journal.applied_count - 1]->id;
    pga_plans_deploy(&b, "next", &settings, &up);
    pga_build_run(&b, &up);
    rows = pga_build_copy(&b, &journal);
    ck_assert(pga_chain_verify(&journal, rows, b.table_count, &err));
    pga_plans_roll_back(&b, last, &settings, &down);
    ck_assert_uint_eq(down.count, up.run_count);
    for (size_t i = up.count; i-- > 0;)
        if (up.steps[i].kind == PGA_STEP_APPLY)
            ck_assert_str_eq(down.steps[k++].id, up.steps[i].id);
    pga_build_run(&b, &down);
    ck_assert(pga_digest_equal(&b.journal.head.state, &before));
}

START_TEST(a_rollback_mirrors_its_deploy)
{
    for (unsigned seed = 0; seed < 500; seed++, start_over())
        check_mirror(seed);
}
END_TEST

/* The same without the marks of what is late: that depends on what was applied before. */
static const char *
without_marks(const char *plan)
{
    struct pga_buf buf = pga_buf_on(&b.mem);

    for (; *plan != '\0'; plan++)
        if (*plan != '!')
            pga_buf_append_char(&buf, *plan);
    return buf.data;
}

/* --steps N again and again gets where one run gets. */
static void
check_parts(unsigned seed)
{
    struct pga_plan_settings settings = {.steps = 1 + seed % 3};
    struct pga_plan plan, rest;
    struct pga_plan_settings all = {0};
    struct pga_buf parts = pga_buf_on(&b.mem);

    grow(seed);
    pga_plans_deploy(&b, "latest", &all, &plan);
    do {
        pga_plans_deploy(&b, "latest", &settings, &rest);
        ck_assert_uint_le(rest.run_count, settings.steps);
        pga_build_run(&b, &rest);
        if (rest.count > 0)
            pga_buf_appendf(&parts, "%s%s", parts.len == 0 ? "" : " ",
                            pga_plans_describe(&b, &rest));
    } while (rest.count > 0);
    ck_assert_str_eq(without_marks(parts.data), without_marks(pga_plans_describe(&b, &plan)));
}

START_TEST(steps_add_up)
{
    for (unsigned seed = 0; seed < 300; seed++, start_over())
        check_parts(seed);
}
END_TEST

/* The plan of many is made in no time. */
START_TEST(ten_thousand)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    for (int i = 1; i <= 10000; i++) {
        char *name = pga_format(&b.mem, "%d-a.up.sql", i);

        pga_build_file(&b, name, "-- pgalter:phase contract\nSELECT 1;");
        pga_build_file(&b, pga_format(&b.mem, "%d-a.down.sql", i), "SELECT 1;");
    }
    pga_plans_deploy(&b, "latest", &settings, &plan);
    ck_assert_uint_eq(plan.run_count, 10000);
    ck_assert(check(&plan, &settings));
    pga_build_run(&b, &plan);
    pga_plans_roll_back(&b, "zero", &settings, &plan);
    ck_assert_uint_eq(plan.run_count, 10000);
    ck_assert(check(&plan, &settings));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("plan_properties");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_plan_that_was_run_leaves_nothing);
    tcase_add_test(tcase, a_rollback_mirrors_its_deploy);
    tcase_add_test(tcase, steps_add_up);
    tcase_add_test(tcase, ten_thousand);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
