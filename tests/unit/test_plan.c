/*
 * tests/unit/test_plan.c: engine/plan.h, tables of directory, journal and target.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/plan.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/build.h"

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

/*
 * Add a list of alterations, "1.0.0-1-a 2-b next-3-c": each has a down script, but for those with a "!" behind.  With
 * `apply` each is applied at once.
 */
static void
add(const char *list, bool apply)
{
    for (const char *at = list; *at != '\0';) {
        size_t len = strcspn(at, " ");
        bool irreversible = at[len - 1] == '!';
        char *name = pga_strndup(&b.mem, at, len - irreversible);
        struct pga_name parsed;

        pga_build_file(&b, pga_format(&b.mem, "%s.up.sql", name), "CREATE TABLE t ();");
        if (!irreversible)
            pga_build_file(&b, pga_format(&b.mem, "%s.down.sql", name), "DROP TABLE t;");
        ck_assert(pga_name_parse(&b.mem, pga_format(&b.mem, "%s.up.sql", name), &parsed, &err));
        if (apply)
            pga_build_apply(&b, parsed.id);
        at += len + strspn(at + len, " ");
    }
}

/* The directory has `files`, the journal had `applied` in this order. */
static void
arrange(const char *files, const char *applied)
{
    add(applied, true);
    pga_build_no_files(&b);
    add(files, false);
}

/* "+1-a" applied, "-1-a" taken back, "~1-a:next:1.0.0" renamed; "!" behind what is late. */
static const char *
describe(const struct pga_plan *plan)
{
    struct pga_buf buf = pga_buf_on(&b.mem);

    for (size_t i = 0; i < plan->count; i++) {
        const struct pga_step *step = &plan->steps[i];

        pga_buf_appendf(&buf, "%s%c%s", i == 0 ? "" : " ",
                        step->kind == PGA_STEP_APPLY    ? '+'
                        : step->kind == PGA_STEP_REVERT ? '-'
                                                        : '~',
                        step->id);
        if (step->kind == PGA_STEP_RENAME)
            pga_buf_appendf(&buf, ":%s:%s", step->was, step->version);
        if (step->is_late)
            pga_buf_append_char(&buf, '!');
    }
    return buf.data;
}

static void
deploy(const char *target_text, const struct pga_plan_settings *settings, struct pga_plan *plan)
{
    struct pga_target target;

    ck_assert_msg(pga_target_parse(&b.mem, target_text, &b.alterations, &b.journal, &target, &err),
                  "%s", err.message);
    ck_assert_msg(
        pga_plan_deploy(&b.mem, &b.alterations, &b.journal, &target, settings, plan, &err), "%s",
        err.message);
}

static void
roll_back(const char *target_text, const struct pga_plan_settings *settings, struct pga_plan *plan)
{
    struct pga_target target;

    ck_assert_msg(pga_target_parse(&b.mem, target_text, &b.alterations, &b.journal, &target, &err),
                  "%s", err.message);
    pga_plan_rollback(&b.mem, &b.alterations, &b.journal, &target, settings, plan);
}

struct row {
    const char *files, *applied;
    const char *target;
    size_t steps;
    const char *plan; /* as describe() writes it */
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

    arrange(row->files, row->applied);
    deploy(row->target, &settings, &plan);
    ck_assert_msg(strcmp(describe(&plan), row->plan) == 0,
                  "files \"%s\", applied \"%s\", target %s: %s instead of %s", row->files,
                  row->applied, row->target, describe(&plan), row->plan);
    ck_assert_uint_eq(plan.held_count, row->held);
    ck_assert_int_eq(plan.direction, PGA_DIRECTION_UP);
    ck_assert(pga_plan_check(&b.mem, &plan, &b.journal, &settings, &err));
}

static void
check_rollback(const struct row *row)
{
    struct pga_plan_settings settings = {.steps = row->steps};
    struct pga_plan plan;

    arrange(row->files, row->applied);
    roll_back(row->target, &settings, &plan);
    ck_assert_msg(strcmp(describe(&plan), row->plan) == 0,
                  "files \"%s\", applied \"%s\", target %s: %s instead of %s", row->files,
                  row->applied, row->target, describe(&plan), row->plan);
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

    arrange("1.0.0-1-a 2-b 3-c next-4-d", "next-1-a 9-z 3-c");
    deploy("latest", &settings, &plan);
    ck_assert_str_eq(describe(&plan), "~1-a:next:1.0.0 +2-b!");
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

    deploy("latest", &settings, &plan);
    ck_assert_uint_eq(plan.changed_count, deploy_count);
    roll_back("zero", &settings, &plan);
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
    deploy("latest", &settings, &plan);
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

    arrange("1-a 2-b", "1-a 2-b");
    pga_build_file(&b, "1-a.down.sql", "SELECT 5;");
    roll_back("1-a", &settings, &plan);
    ck_assert_str_eq(describe(&plan), "-2-b");
    ck_assert_uint_eq(plan.changed_count, 0);
}
END_TEST

/* ---- what is refused ---- */

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

    arrange("1-a 2-b 3-c", "2-b 8-x 9-y");
    deploy("latest", &settings, &plan);
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

START_TEST(strict_lets_pass_what_agrees)
{
    struct pga_plan_settings settings = {.strict = true};
    struct pga_plan plan;

    arrange("1-a 2-b 3-c", "1-a 2-b");
    deploy("latest", &settings, &plan);
    ck_assert(check(&plan, &settings));
    roll_back("zero", &settings, &plan);
    ck_assert(check(&plan, &settings));
}
END_TEST

START_TEST(irreversible_ones_are_refused_together)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    arrange("", "1-a 2-b! 3-c");
    pga_build_file(&b, "4-d.up.sql", "-- pgalter:irreversible it drops data\nDROP TABLE d;");
    pga_build_apply(&b, "4-d");
    roll_back("3-c", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "1 alteration is irreversible; nothing was rolled back");
    ck_assert_str_eq(err.detail, "4-d: it drops data");
    roll_back("zero", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_str_eq(err.message, "2 alterations are irreversible; nothing was rolled back");
    ck_assert_str_eq(err.detail, "4-d: it drops data\n2-b: has no down script");
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter accept"));
    settings.steps = 1;
    roll_back("zero", &settings, &plan);
    ck_assert(!check(&plan, &settings));
}
END_TEST

/* The file may have a down script that the journal lacks, and the other way round. */
START_TEST(whose_down_script_counts)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    arrange("1-a 2-b", "1-a! 2-b");
    roll_back("zero", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    settings.down_from = PGA_DOWN_FROM_JOURNAL;
    ck_assert(!check(&plan, &settings));
    settings.down_from = PGA_DOWN_FROM_FILES;
    ck_assert(check(&plan, &settings));
    pga_build_no_files(&b);
    add("1-a! 2-b!", false);
    roll_back("zero", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_ptr_nonnull(strstr(err.detail, "2-b: has no down script"));
    pga_build_no_files(&b);
    roll_back("zero", &settings, &plan); /* without a file, the journal's */
    ck_assert(!check(&plan, &settings));
    ck_assert_str_eq(err.detail, "1-a: has no down script");
}
END_TEST

START_TEST(what_a_deploy_needs)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    add("1-a 2-b", false);
    pga_build_file(&b, "3-c.up.sql",
                   "-- pgalter:needs 1-a\n-- pgalter:needs 2-b\nCREATE TABLE c ();");
    deploy("latest", &settings, &plan);
    ck_assert(check(&plan, &settings));
    pga_build_apply(&b, "1-a");
    deploy("latest", &settings, &plan);
    ck_assert(check(&plan, &settings));
    pga_build_file(&b, "3-c.up.sql", "-- pgalter:needs 4-d\n-- pgalter:needs 5-e\nSELECT 1;");
    add("4-d", false);
    deploy("latest", &settings, &plan);
    ck_assert(!check(&plan, &settings)); /* 4-d comes after it, 5-e never */
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "2 needs are not met; nothing was run");
    ck_assert_str_eq(err.detail, "3-c: needs 4-d\n3-c: needs 5-e");
    pga_build_apply(&b, "4-d");
    deploy("latest", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_str_eq(err.message, "1 need is not met; nothing was run");
    deploy("2-b", &settings, &plan); /* what is held back needs nothing yet */
    ck_assert(check(&plan, &settings));
}
END_TEST

START_TEST(what_a_rollback_leaves_needs)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    add("1-a next-2-b", true);
    pga_build_file(
        &b, "1.0.0-3-c.up.sql",
        "-- pgalter:lock_timeout 5s\n-- pgalter:needs 1-a\n-- pgalter:needs 2-b\nSELECT 3;");
    pga_build_file(&b, "1.0.0-3-c.down.sql", "SELECT 3;");
    pga_build_apply(&b, "3-c");
    roll_back("1.0.0", &settings, &plan);
    ck_assert_str_eq(describe(&plan), "-2-b");
    ck_assert(!check(&plan, &settings));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.detail, "3-c: stays and needs 2-b");
    ck_assert_ptr_nonnull(strstr(err.hint, "takes both back"));
    roll_back("zero", &settings, &plan);
    ck_assert(check(&plan, &settings));
}
END_TEST

START_TEST(a_backfill_is_refused)
{
    struct pga_plan_settings settings = {0};
    struct pga_plan plan;

    add("1-a", false);
    pga_build_file(&b, "2-b.up.sql", "-- pgalter:backfill table=t key=id\nUPDATE t SET x = 1;");
    deploy("1-a", &settings, &plan);
    ck_assert(check(&plan, &settings));
    deploy("latest", &settings, &plan);
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
        add(pga_format(&b.mem, "%d-a", i), true);
    pga_build_no_files(&b);
    deploy("latest", &settings, &plan);
    ck_assert(!check(&plan, &settings));
    ck_assert_str_eq(err.message, "journal and files disagree about 100 alterations (--strict)");
    ck_assert_ptr_nonnull(strstr(err.detail, "\n40-a: is applied and has no file\nand 60 more"));
    ck_assert_ptr_null(strstr(err.detail, "41-a"));
}
END_TEST

/* ---- properties ---- */

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
        add(pga_format(&b.mem, "%s%u-x", versions[dice(PGA_COUNT_OF(versions))], i * 7 + 1), false);
    for (unsigned i = 0; i < count; i++) {
        const char *id = b.alterations.items[dice(count)].id;

        if (dice(2) == 0 && pga_journal_find(&b.journal, id) == NULL)
            pga_build_apply(&b, id);
    }
    for (unsigned i = 0; i < count; i++) /* releases since then */
        if (dice(4) == 0 && b.alterations.items[i].version.kind != PGA_VERSION_RELEASE)
            add(pga_format(&b.mem, "1.3.0-%s", b.alterations.items[i].id), false);
}

static const char *const targets[] = {"latest", "next", "1.0.0", "1.1.0", "1.5.0", "9.0.0", "1-x"};

static void
check_nothing_left(unsigned seed)
{
    const char *target = targets[seed % PGA_COUNT_OF(targets)];
    struct pga_plan_settings settings = {0};
    struct pga_plan plan, again;

    grow(seed);
    deploy(target, &settings, &plan);
    pga_build_run(&b, &plan);
    deploy(target, &settings, &again);
    ck_assert_str_eq(describe(&again), "");
    ck_assert_uint_eq(again.held_count, plan.held_count);
    if (strcmp(target, "1-x") == 0 && pga_journal_find(&b.journal, "1-x") == NULL)
        return;
    roll_back(target, &settings, &plan);
    pga_build_run(&b, &plan);
    roll_back(target, &settings, &again);
    ck_assert_str_eq(describe(&again), "");
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
    deploy("1-x", &settings, &up); /* something to roll back to, and every rename */
    pga_build_run(&b, &up);
    before = b.journal.head.state;
    last = b.journal.applied[b.journal.applied_count - 1]->id;
    deploy("next", &settings, &up);
    pga_build_run(&b, &up);
    rows = pga_build_copy(&b, &journal);
    ck_assert(pga_chain_verify(&journal, rows, b.table_count, &err));
    roll_back(last, &settings, &down);
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
    deploy("latest", &all, &plan);
    do {
        deploy("latest", &settings, &rest);
        ck_assert_uint_le(rest.run_count, settings.steps);
        pga_build_run(&b, &rest);
        if (rest.count > 0)
            pga_buf_appendf(&parts, "%s%s", parts.len == 0 ? "" : " ", describe(&rest));
    } while (rest.count > 0);
    ck_assert_str_eq(without_marks(parts.data), without_marks(describe(&plan)));
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
    deploy("latest", &settings, &plan);
    ck_assert_uint_eq(plan.run_count, 10000);
    ck_assert(check(&plan, &settings));
    pga_build_run(&b, &plan);
    roll_back("zero", &settings, &plan);
    ck_assert_uint_eq(plan.run_count, 10000);
    ck_assert(check(&plan, &settings));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tcase = tcase_create("core"), *properties = tcase_create("properties");
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
    tcase_add_test(tcase, strict_refuses_late_and_missing);
    tcase_add_test(tcase, strict_lets_pass_what_agrees);
    tcase_add_test(tcase, irreversible_ones_are_refused_together);
    tcase_add_test(tcase, whose_down_script_counts);
    tcase_add_test(tcase, what_a_deploy_needs);
    tcase_add_test(tcase, what_a_rollback_leaves_needs);
    tcase_add_test(tcase, a_backfill_is_refused);
    tcase_add_test(tcase, a_long_list_is_cut);
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(properties, setup, teardown);
    tcase_set_timeout(properties, 60);
    tcase_add_test(properties, a_plan_that_was_run_leaves_nothing);
    tcase_add_test(properties, a_rollback_mirrors_its_deploy);
    tcase_add_test(properties, steps_add_up);
    tcase_add_test(properties, ten_thousand);
    suite_add_tcase(suite, properties);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
