/*
 * tests/unit/test_version.c: alterations/version.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/version.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

/* A number above 2^64, in parentheses because clang takes glued literals in a table for a forgotten comma. */
#define WITH_BIG(before, after) (before "18446744073709551617" after)

static struct pga_arena mem;

static struct pga_version
version(const char *text)
{
    struct pga_version v;

    ck_assert_msg(pga_version_parse(&mem, pga_str_of(text), &v), "not a version: %s", text);
    ck_assert_str_eq(v.text, text);
    return v;
}

static const char *const right[] = {
    "0.0.4",
    "1.2.3",
    "10.20.30",
    "1.1.2-prerelease+meta",
    "1.1.2+meta",
    "1.1.2+meta-valid",
    "1.0.0-alpha",
    "1.0.0-alpha.beta.1",
    "1.0.0-alpha0.valid",
    "1.0.0-alpha.0valid",
    "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
    "1.0.0-rc.1+build.123",
    "1.0.0-0A.is.legal",
    "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
    "1.0.0+001",
    "2.0.0--",
    "1.0.0---RC-SNAPSHOT.12.9.1--.12+788",
    "18446744073709551617.99999999999999999999999.18446744073709551617",
    WITH_BIG("1.0.0-", ""),
    "1.0.0-0",
};

START_TEST(right_ones_are_releases)
{
    ck_assert_int_eq(version(right[_i]).kind, PGA_VERSION_RELEASE);
}
END_TEST

static const char *const wrong[] = {
    "1",
    "1.2",
    "1.2.3.4",
    "1.2.3-0123",
    "1.2.3-0123.0123",
    "1.1.2+.123",
    "+invalid",
    "-invalid",
    "alpha",
    "alpha.beta.1",
    "01.1.1",
    "1.01.1",
    "1.1.01",
    "1.2.3.DEV",
    "1.2-SNAPSHOT",
    "1.0.0-alpha_beta",
    "1.0.0-alpha..1",
    "1.0.0-alpha.",
    "1.0.0-.alpha",
    "1.0.0-",
    "1.0.0+",
    "1.0.0-rc+",
    "1.0.0+a+b",
    "v1.0.0",
    "1.0.0 ",
    " 1.0.0",
    "1..0",
    ".1.0",
    "1.0.",
    "1.0.0-\xC3\xA9",
    "-1.0.0",
    "1.-1.0",
    "Next",
    "NEXT",
    "next ",
    "next.1",
    "latest",
    "1.0.0-rc_1",
};

START_TEST(wrong_ones_are_refused)
{
    struct pga_version v = {.text = "untouched"};

    ck_assert_msg(!pga_version_parse(&mem, pga_str_of(wrong[_i]), &v), "accepted: %s", wrong[_i]);
    ck_assert_str_eq(v.text, "untouched");
}
END_TEST

START_TEST(special_ones)
{
    struct pga_version v;

    ck_assert_int_eq(version("next").kind, PGA_VERSION_NEXT);
    ck_assert_int_eq(version("").kind, PGA_VERSION_NONE);
    ck_assert(pga_version_parse(&mem, (struct pga_str){NULL, 0}, &v));
    ck_assert_str_eq(v.text, "");
    ck_assert(!pga_version_parse(&mem, (struct pga_str){"1.0.0\0x", 7}, &v));
    ck_assert(!pga_version_parse_name(&mem, (struct pga_str){"1.0.0\0x", 7}, &v));
}
END_TEST

START_TEST(length_is_bounded)
{
    const char *longest = pga_format(&mem, "1.0.1%0*d", PGA_VERSION_MAX - 5, 0);
    const char *longer = pga_format(&mem, "%s0", longest);
    struct pga_version v;

    ck_assert_uint_eq(strlen(longest), PGA_VERSION_MAX);
    ck_assert(pga_version_parse(&mem, pga_str_of(longest), &v));
    ck_assert(pga_version_parse_name(&mem, pga_str_of(longest), &v));
    ck_assert(!pga_version_parse(&mem, pga_str_of(longer), &v));
    ck_assert(!pga_version_parse_name(&mem, pga_str_of(longer), &v));
}
END_TEST

static const struct {
    const char *in_name, *text;
} names[] = {
    {"1.0.0_rc.1", "1.0.0-rc.1"},
    {"1.0.0_beta.10", "1.0.0-beta.10"},
    {"1.0.0", "1.0.0"},
    {"1.0.0_a_b", "1.0.0-a-b"},
    {"1.0.0+a_b", "1.0.0+a-b"},
    {"next", "next"},
    {"", ""},
};

START_TEST(names_have_underscores)
{
    struct pga_version v;

    ck_assert(pga_version_parse_name(&mem, pga_str_of(names[_i].in_name), &v));
    ck_assert_str_eq(v.text, names[_i].text);
    ck_assert_str_eq(pga_version_format_name(&mem, &v), names[_i].in_name);
}
END_TEST

START_TEST(names_have_no_hyphen)
{
    struct pga_version v;

    ck_assert(!pga_version_parse_name(&mem, PGA_STR("1.0.0-rc.1"), &v));
    ck_assert(!pga_version_parse_name(&mem, PGA_STR("1.0.0_"), &v));
}
END_TEST

/* Ascending; each stands below all that follow. */
static const char *const ascending[] = {
    "",
    "0.0.0-0",
    "0.0.0",
    "0.0.9",
    "0.0.10",
    "0.9.0",
    "0.10.0",
    "1.0.0-0",
    "1.0.0-1",
    "1.0.0-9",
    "1.0.0-10",
    WITH_BIG("1.0.0-", ""),
    WITH_BIG("1.0.0-", "0"),
    "1.0.0--",
    "1.0.0-10a",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.1.0",
    "1.0.0-alpha.beta",
    "1.0.0-alpha-1",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-rc.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "9.0.0",
    "10.0.0-rc.1",
    "10.0.0",
    WITH_BIG("", ".0.0"),
    WITH_BIG("", "0.0.0"),
    "next",
};

START_TEST(precedence)
{
    struct pga_version a = version(ascending[_i]);

    for (int j = 0; j < (int)PGA_COUNT_OF(ascending); j++) {
        struct pga_version b = version(ascending[j]);
        int order = pga_version_compare(&a, &b);

        ck_assert_msg((order > 0) - (order < 0) == (_i > j) - (_i < j), "%s ? %s: %d", a.text,
                      b.text, order);
    }
}
END_TEST

START_TEST(build_metadata_does_not_count)
{
    struct pga_version plain = version("1.0.0"), built = version("1.0.0+b.1"),
                       other = version("1.0.0+a-7"), pre = version("1.0.0-rc.1+z"),
                       pre_plain = version("1.0.0-rc.1");

    ck_assert_int_eq(pga_version_compare(&plain, &built), 0);
    ck_assert_int_eq(pga_version_compare(&built, &other), 0);
    ck_assert_int_eq(pga_version_compare(&pre, &pre_plain), 0);
    ck_assert_int_lt(pga_version_compare(&pre, &built), 0);
}
END_TEST

static const char *const right_constraints[] = {
    "<1.8.0",
    ">=1.2.0 <2.0.0",
    "=1.0.0",
    "<=1.0.0-rc.1",
    ">1.0.0+b",
    "  <1.8.0  ",
    "< 1.8.0",
    ">= 1.0.0\t<2.0.0",
    ">1.0.0 >2.0.0 >3.0.0",
    WITH_BIG("<", ".0.0"),
};

static const char *const wrong_constraints[] = {
    "",
    "   ",
    "1.8.0",
    "<",
    "<1.8",
    "<next",
    "<<1.0.0",
    "==1.0.0",
    "<1.0.0,>2.0.0",
    "<1.0.0<2.0.0",
    ">=1.0.0 or <2.0.0",
    "< = 1.0.0",
    "!=1.0.0",
    "~1.0.0",
    "^1.0.0",
    "<1.0.0 <",
    "=>1.0.0",
    "<v1.0.0",
    "<1.x",
    "<1.0.0 2.0.0",
    "<1.0.0\n>0.1.0",
};

START_TEST(constraints_are_checked)
{
    for (size_t i = 0; i < PGA_COUNT_OF(right_constraints); i++)
        ck_assert_msg(pga_version_constraint_check(pga_str_of(right_constraints[i])), "refused: %s",
                      right_constraints[i]);
    for (size_t i = 0; i < PGA_COUNT_OF(wrong_constraints); i++)
        ck_assert_msg(!pga_version_constraint_check(pga_str_of(wrong_constraints[i])),
                      "accepted: %s", wrong_constraints[i]);
}
END_TEST

static const struct {
    const char *version, *constraint;
    bool satisfied;
} satisfying[] = {
    {"1.7.9", "<1.8.0", true},
    {"1.8.0", "<1.8.0", false},
    {"1.8.0-rc.1", "<1.8.0", true},
    {"1.8.0", "<=1.8.0", true},
    {"1.8.1", "<=1.8.0", false},
    {"1.8.0", ">=1.8.0", true},
    {"1.8.0-rc.1", ">=1.8.0", false},
    {"1.8.0", ">1.8.0", false},
    {"1.8.1", ">1.8.0", true},
    {"1.8.0+b", "=1.8.0", true},
    {"1.8.0-rc.1", "=1.8.0", false},
    {"1.5.0", ">=1.2.0 <2.0.0", true},
    {"2.0.0", ">=1.2.0 <2.0.0", false},
    {"1.1.0", ">=1.2.0 <2.0.0", false},
    {"1.5.0", "< 2.0.0", true},
    {"1.10.0", "<1.9.0", false},
    {"next", "<1.8.0", false},
    {"next", ">1.8.0", true},
    {"next", "=1.8.0", false},
    {"", "<1.8.0", false},
    {"", ">=0.0.0", false},
    {"1.0.0", "nonsense", false},
    {"1.0.0", "<2.0.0 nonsense", false},
    {"1.0.0", "", false},
};

START_TEST(constraints_are_satisfied)
{
    struct pga_version v = version(satisfying[_i].version);

    ck_assert_msg(pga_version_satisfies(&v, pga_str_of(satisfying[_i].constraint)) ==
                      satisfying[_i].satisfied,
                  "%s %s", satisfying[_i].version, satisfying[_i].constraint);
}
END_TEST

static void
tear_down(void)
{
    pga_arena_release(&mem);
}

int
main(void)
{
    Suite *suite = suite_create("version");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, tear_down);
    tcase_add_loop_test(tcase, right_ones_are_releases, 0, PGA_COUNT_OF(right));
    tcase_add_loop_test(tcase, wrong_ones_are_refused, 0, PGA_COUNT_OF(wrong));
    tcase_add_test(tcase, special_ones);
    tcase_add_test(tcase, length_is_bounded);
    tcase_add_loop_test(tcase, names_have_underscores, 0, PGA_COUNT_OF(names));
    tcase_add_test(tcase, names_have_no_hyphen);
    tcase_add_loop_test(tcase, precedence, 0, PGA_COUNT_OF(ascending));
    tcase_add_test(tcase, build_metadata_does_not_count);
    tcase_add_test(tcase, constraints_are_checked);
    tcase_add_loop_test(tcase, constraints_are_satisfied, 0, PGA_COUNT_OF(satisfying));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
