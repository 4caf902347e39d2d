/*
 * tests/unit/test_target.c: engine/target.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/target.h"

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
    pga_build_file(&b, "1.0.0-5-gone.up.sql", "SELECT 5;");
    pga_build_apply(&b, "5-gone");
    pga_build_no_files(&b);
    pga_build_file(&b, "1.0.0-1714984800-add_invites.up.sql", "SELECT 1;");
    pga_build_file(&b, "next-1718000000.5-split.up.sql", "SELECT 2;");
}

static void
teardown(void)
{
    pga_build_release(&b);
}

static bool
parse(const char *text, struct pga_target *out)
{
    return pga_target_parse(&b.mem, text, &b.alterations, &b.journal, out, &err);
}

START_TEST(words)
{
    static const struct {
        const char *text;
        enum pga_target_kind kind;
    } rows[] = {
        {"latest", PGA_TARGET_LATEST}, {"next", PGA_TARGET_NEXT}, {"zero", PGA_TARGET_ZERO}};
    struct pga_target target;

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        ck_assert(parse(rows[i].text, &target));
        ck_assert_int_eq(target.kind, rows[i].kind);
        ck_assert_str_eq(target.text, rows[i].text);
    }
}
END_TEST

START_TEST(versions)
{
    static const char *const texts[] = {"1.0.0", "0.0.0", "2.0.0-rc.1", "1.0.0+build.5",
                                        "18446744073709551616.0.0"};
    struct pga_target target;

    for (size_t i = 0; i < PGA_COUNT_OF(texts); i++) {
        ck_assert_msg(parse(texts[i], &target), "%s", texts[i]);
        ck_assert_int_eq(target.kind, PGA_TARGET_VERSION);
        ck_assert_str_eq(target.version.text, texts[i]);
    }
}
END_TEST

START_TEST(ids)
{
    static const char *const rows[][3] = {
        {"1714984800-add_invites", "1714984800-add_invites", "1714984800"},
        {"1714984800", "1714984800-add_invites", "1714984800"},
        {"1718000000.5-split", "1718000000.5-split", "1718000000.5"},
        {"1718000000.5", "1718000000.5-split", "1718000000.5"},
        {"5-gone", "5-gone", "5"}, /* in the journal only */
        {"5", "5-gone", "5"},
    };
    struct pga_target target;

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        ck_assert_msg(parse(rows[i][0], &target), "%s", rows[i][0]);
        ck_assert_int_eq(target.kind, PGA_TARGET_ID);
        ck_assert_str_eq(target.id, rows[i][1]);
        ck_assert_str_eq(target.timestamp, rows[i][2]);
    }
}
END_TEST

START_TEST(an_id_of_file_and_journal_is_one)
{
    struct pga_target target;

    pga_build_apply_all(&b);
    ck_assert(parse("1714984800", &target));
    ck_assert_str_eq(target.id, "1714984800-add_invites");
}
END_TEST

START_TEST(without_a_directory)
{
    struct pga_target target;

    ck_assert(pga_target_parse(&b.mem, "5-gone", NULL, &b.journal, &target, &err));
    ck_assert_str_eq(target.id, "5-gone");
    ck_assert(!pga_target_parse(&b.mem, "1714984800", NULL, &b.journal, &target, &err));
}
END_TEST

START_TEST(what_is_none_gets_a_hint)
{
    static const char *const rows[][2] = {
        {"lates", "latest"},
        {"nxet", "next"},
        {"v1.0.0", "1.0.0"},
        {"1714984800-add_invite", "1714984800-add_invites"},
        {"5-gon", "5-gone"},
        {"gone", "5-gone"},
        {"add_invites", "1714984800-add_invites"},
        {"1.0", "1.0.0"},
        {"V2", "2.0.0"},
        {"6", "6.0.0"},
        {"LATEST", "latest"},
        {"Next", "next"},
        {"entirely_another_thing", NULL},
        {"1.0.0_rc.1", NULL},
        {"", NULL},
    };
    struct pga_target target;

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        memset(&err, 0, sizeof(err));
        ck_assert_msg(!parse(rows[i][0], &target), "%s", rows[i][0]);
        ck_assert_int_eq(err.code, PGA_ERR_USAGE);
        ck_assert_str_eq(err.message, pga_format(&b.mem, "there is no target \"%s\"", rows[i][0]));
        ck_assert_str_ne(err.hint, "");
        ck_assert_int_eq(err.id, PGA_ID_UNKNOWN_TARGET);
        ck_assert_str_eq(err.hint,
                         pga_format(&b.mem, "%s%s%s\"pgalter list\" shows all versions and ids.",
                                    rows[i][1] == NULL ? "" : "Did you mean \"",
                                    rows[i][1] == NULL ? "" : rows[i][1],
                                    rows[i][1] == NULL ? "" : "\"? "));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("target");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, words);
    tcase_add_test(tcase, versions);
    tcase_add_test(tcase, ids);
    tcase_add_test(tcase, an_id_of_file_and_journal_is_one);
    tcase_add_test(tcase, without_a_directory);
    tcase_add_test(tcase, what_is_none_gets_a_hint);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
