/*
 * tests/unit/test_name.c: alterations/name.h and slug.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

static struct pga_arena mem;

static const struct {
    const char *file, *version, *timestamp, *slug, *id;
    enum pga_part part;
} right[] = {
    {"1.1.0-1714984800-add_invites.up.sql", "1.1.0", "1714984800", "add_invites",
     "1714984800-add_invites", PGA_PART_UP},
    {"1714984800-add.up.sql", "", "1714984800", "add", "1714984800-add", PGA_PART_UP},
    {"1714984800_add.up.sql", "", "1714984800", "add", "1714984800-add", PGA_PART_UP},
    {"1714984800_add-x.up.sql", "", "1714984800", "add-x", "1714984800-add-x", PGA_PART_UP},
    {"1.0.0_beta.10-1-x.up.sql", "1.0.0-beta.10", "1", "x", "1-x", PGA_PART_UP},
    {"1.0.0_beta.10-1_x.up.sql", "1.0.0-beta.10", "1", "x", "1-x", PGA_PART_UP},
    {"1.0.0-5-x.down.sql", "1.0.0", "5", "x", "5-x", PGA_PART_DOWN},
    {"1.0.0_a_b+c-5-x.down.sql", "1.0.0-a-b+c", "5", "x", "5-x", PGA_PART_DOWN},
    {"next-171-x.before-up.sql", "next", "171", "x", "171-x", PGA_PART_BEFORE_UP},
    {"next-171-x.before-down.sql", "next", "171", "x", "171-x", PGA_PART_BEFORE_DOWN},
    {"1674032095.6-x.up.sql", "", "1674032095.6", "x", "1674032095.6-x", PGA_PART_UP},
    {"1674032095.10_x.up.sql", "", "1674032095.10", "x", "1674032095.10-x", PGA_PART_UP},
    {"1.0.0_rc.0-1674032095.1-dedup.up.sql", "1.0.0-rc.0", "1674032095.1", "dedup",
     "1674032095.1-dedup", PGA_PART_UP},
    {"1.2-3-x.up.sql", "", "1.2", "3-x", "1.2-3-x", PGA_PART_UP},
    {"1.2-1234567-x.up.sql", "", "1.2", "1234567-x", "1.2-1234567-x", PGA_PART_UP},
    {"1.2-12345678x.up.sql", "", "1.2", "12345678x", "1.2-12345678x", PGA_PART_UP},
    {"1.1.0-1.2-17149848-x.up.sql", "1.1.0", "1.2", "17149848-x", "1.2-17149848-x", PGA_PART_UP},
    {"000001_20240101_x.up.sql", "", "000001", "20240101_x", "000001-20240101_x", PGA_PART_UP},
    {"000001_x.up.sql", "", "000001", "x", "000001-x", PGA_PART_UP},
    {"20240131235959123456-x.up.sql", "", "20240131235959123456", "x", "20240131235959123456-x",
     PGA_PART_UP},
    {"7-a.b.c.up.sql", "", "7", "a.b.c", "7-a.b.c", PGA_PART_UP},
    {"7-add.up.down.sql", "", "7", "add.up", "7-add.up", PGA_PART_DOWN},
    {"7-[core]_x(2)+y,z=1@v#2{~}.up.sql", "", "7", "[core]_x(2)+y,z=1@v#2{~}",
     "7-[core]_x(2)+y,z=1@v#2{~}", PGA_PART_UP},
    {"7--x.up.sql", "", "7", "-x", "7--x", PGA_PART_UP},
    {"7__x.up.sql", "", "7", "_x", "7-_x", PGA_PART_UP},
    {"7-\xC3\xA9t\xC3\xA9.up.sql", "", "7", "\xC3\xA9t\xC3\xA9", "7-\xC3\xA9t\xC3\xA9",
     PGA_PART_UP},
    {"7-\xE6\x97\xA5\xE6\x9C\xAC.up.sql", "", "7", "\xE6\x97\xA5\xE6\x9C\xAC",
     "7-\xE6\x97\xA5\xE6\x9C\xAC", PGA_PART_UP},
    {"0-0.up.sql", "", "0", "0", "0-0", PGA_PART_UP},
    {"1.0.0-1-1.0.0-1-x.up.sql", "1.0.0", "1", "1.0.0-1-x", "1-1.0.0-1-x", PGA_PART_UP},
};

START_TEST(right_names)
{
    struct pga_name name, again;
    struct pga_error err = {0};
    const char *timestamp, *slug;
    char *formatted;

    ck_assert_msg(pga_name_parse(&mem, right[_i].file, &name, &err), "%s: %s", right[_i].file,
                  err.message);
    ck_assert_int_eq(err.code, PGA_OK);
    ck_assert_str_eq(name.version.text, right[_i].version);
    ck_assert_str_eq(name.timestamp, right[_i].timestamp);
    ck_assert_str_eq(name.slug, right[_i].slug);
    ck_assert_str_eq(name.id, right[_i].id);
    ck_assert_int_eq(name.part, right[_i].part);

    formatted = pga_name_format(&mem, &name.version, name.timestamp, name.slug, name.part);
    ck_assert(pga_name_parse(&mem, formatted, &again, &err));
    ck_assert_str_eq(again.version.text, name.version.text);
    ck_assert_str_eq(again.id, name.id);
    ck_assert_int_eq(again.part, name.part);

    ck_assert(pga_id_parse(&mem, pga_str_of(name.id), &timestamp, &slug));
    ck_assert_str_eq(timestamp, name.timestamp);
    ck_assert_str_eq(slug, name.slug);
}
END_TEST

static const char *const others[] = {
    "README.md",
    "README",
    "readme.txt",
    "pgalter.yaml",
    "notes.yml",
    ".gitkeep",
    ".1-x.up.sql.swp",
    ".1-x.up.sql",
    "",
    "1-x.up.sql~",
    "1-x.up.sql.orig",
    "1-x.up.sql.swp",
    "1-x.up.sql.bak",
    "1-x.up.sql.gz",
    "1-x.up.sql (1)",
    "20240101_follow_up.txt",
    "20240101_set_up",
    "x.up_sql",
    "x.sql.up",
    "notes.up.txt",
    "20240101_mysql",
    "1-upsql",
    "1-x.sqlite",
    "1-x.txt",
    "#1-x.up.sql#",
    "1-x.up.md",
    "1-x.up.yml",
    "1-x.up.sh",
    "start.up",
    "1-x",
    "sql",
    "up.sqlite",
    "1-x.up.",
    "1-x.ts",
    "Makefile",
    "a.q",
};

START_TEST(other_files_are_passed_over)
{
    struct pga_name name;
    struct pga_error err = {0};

    ck_assert_msg(!pga_name_parse(&mem, others[_i], &name, &err), "accepted: %s", others[_i]);
    ck_assert_msg(err.code == PGA_OK, "%s: %s", others[_i], err.message);
}
END_TEST

/* What is refused, a piece of the message, and the suggested name (NULL: only the general shape is shown). */
static const struct {
    const char *file, *why, *suggestion;
} wrong[] = {
    {"x.sql", "does not end in .up.sql", NULL},
    {"schema.sql", "does not end in .up.sql", NULL},

    {"20240101_x.sql", "does not end in .up.sql", "20240101_x.up.sql"},
    {"20240101_x.upp.sql", "does not end in .up.sql", "20240101_x.up.sql"},
    {"20240101_x.dwn.sql", "does not end in .up.sql", "20240101_x.down.sql"},
    {"20240101_x-up.sql", "does not end in .up.sql", "20240101_x.up.sql"},
    {"20240101_x_DOWN.sql", "does not end in .up.sql", "20240101_x.down.sql"},
    {"20240101_x.before_up.sql", "does not end in .up.sql", "20240101_x.before-up.sql"},
    {"20240101_x.beforeDown.sql", "does not end in .up.sql", "20240101_x.before-down.sql"},
    {"add_invites.up.sql", "has no timestamp", NULL},
    {"add-invites.up.sql", "has no timestamp", NULL},
    {"-171-x.up.sql", "has no timestamp", NULL},
    {"1714984800-add.up.sql.sql", "ends in .sql twice", "1714984800-add.up.sql"},
    {"1714984800-add.down.SQL.sql.sql", "ends in .sql twice", "1714984800-add.down.sql"},
    {"1714984800-add.sql.sql", "ends in .sql twice", "1714984800-add.up.sql"},
    {"1714984800.up.sql", "has no slug after its timestamp", NULL},
    {"1714984800-.up.sql", "has no slug after its timestamp", NULL},
    {"1.0.0-1714984800.up.sql", "has no slug after its timestamp", NULL},
    {"1.0.0.up.sql", "has no timestamp after its version", NULL},
    {"1.0.0-add.up.sql", "has no timestamp after its version", NULL},
    {"next-add.up.sql", "has no timestamp after its version", NULL},
    {"next.up.sql", "has no timestamp after its version", NULL},
    {"1.0.0_171_x.up.sql", "has no timestamp after its version", "1.0.0-171_x.up.sql"},
    {"next_171-x.up.sql", "has no timestamp", "next-171-x.up.sql"},
    {"Next-171-x.up.sql", "has no timestamp", "next-171-x.up.sql"},
    {"nxt-171-x.up.sql", "has no timestamp", "next-171-x.up.sql"},
    {"1.0.0-rc.1-171-x.down.sql", "has no timestamp after its version",
     "1.0.0_rc.1-171-x.down.sql"},
    {"v1.1.0-171-x.up.sql", "has no timestamp", "1.1.0-171-x.up.sql"},
    {"V1__add_invites.sql", "does not end in .up.sql", "1-add_invites.up.sql"},
    {"V1_2__x.sql", "does not end in .up.sql", "1.2-x.up.sql"},
    {"V1.2__x.sql", "does not end in .up.sql", "1.2-x.up.sql"},
    {"V1.2.3__x.sql", "does not end in .up.sql", NULL},
    {"U1__x.sql", "does not end in .up.sql", "1-x.down.sql"},
    {"V__x.sql", "does not end in .up.sql", NULL},
    {"01.1.0-171-x.up.sql", "\"01.1.0\", which is neither a version nor a timestamp", NULL},
    {"1.1.0.1-171-x.up.sql", "\"1.1.0.1\", which is neither", NULL},
    {"171.-x.up.sql", "\"171.\", which is neither", NULL},
    {"171x-y.up.sql", "\"171x\", which is neither", NULL},
    {"1.1-1714984800-x.up.sql", "\"1.1\", which is no whole version", "1.1.0-1714984800-x.up.sql"},
    {"1.1-17149848_x.up.sql", "\"1.1\", which is no whole version", "1.1.0-17149848_x.up.sql"},
    {"1.1-1714984800.up.sql", "\"1.1\", which is no whole version", NULL},
    {"171-add invites.up.sql", "has a blank in it", "171-add_invites.up.sql"},
    {"171-add   invites.up.sql", "has a blank in it", "171-add_invites.up.sql"},
    {"171 add.up.sql", "which is neither", "171_add.up.sql"},
    {"171-x .up.sql", "has a blank in it", "171-x_.up.sql"},
    {"171-x. up.sql", "does not end in .up.sql", "171-x.up.sql"},
    {"171-a'b.up.sql", "has the character ' in it", "171-a_b.up.sql"},
    {"171-a$(b).up.sql", "has the character $ in it", "171-a_(b).up.sql"},
    {"171-a\\b.up.sql", "has the character \\ in it", "171-a_b.up.sql"},
    {"171-a/b.up.sql", "has the character / in it", "171-a_b.up.sql"},
    {"171-a\nb.up.sql", "\"171-a\\x0Ab.up.sql\" has the character \\x0A in it", "171-a_b.up.sql"},
    {"171-a\x1B[2Jb.up.sql", "\\x1B", "171-a_[2Jb.up.sql"},
    {"171-a\x7F.up.sql", "\\x7F", "171-a_.up.sql"},
    {"171-a\xC2\xA0"
     "b.up.sql",
     "\\xC2\\xA0", "171-a_b.up.sql"},
    {"171-a\xE2\x80\xAE"
     "b.up.sql",
     "\\xE2\\x80\\xAE", "171-a_b.up.sql"},
    {"171-\xFF.up.sql", "is not valid UTF-8", "171-_.up.sql"},
    {"171-\xC3.up.sql", "is not valid UTF-8", "171-_.up.sql"},
    {"171-\xED\xA0\x80.up.sql", "is not valid UTF-8", "171-_.up.sql"},
    {"171-x.UP.SQL", "is not in lower case", "171-x.up.sql"},
    {"171-x.up.SQL", "is not in lower case", "171-x.up.sql"},
    {"171-x.Before-Down.sql", "is not in lower case", "171-x.before-down.sql"},
    {"171-x.up.sq", "does not end in .sql", "171-x.up.sql"},
    {"171-x.up.slq", "does not end in .sql", "171-x.up.sql"},
    {"171-x.down.sqll", "does not end in .sql", "171-x.down.sql"},
    {"x.up.sq", "does not end in .sql", NULL},
    {"171-x.up", "does not end in .sql", "171-x.up.sql"},
    {"171-x.upsql", "does not end in .up.sql", "171-x.up.sql"},
    {"1.0.0-171-x.DownSql", "does not end in .up.sql", "1.0.0-171-x.down.sql"},
    {"171-x.up_sql", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x.up,sql", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x.up sql", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x.up..slq", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x_down_sql", "does not end in .up.sql", "171-x.down.sql"},
    {"171-x.before_up_sql", "does not end in .up.sql", "171-x.before-up.sql"},
    {"171-x.before-downsql", "does not end in .up.sql", "171-x.before-down.sql"},
    {"171-x.before-up.txt", "does not end in .up.sql", "171-x.before-up.sql"},
    {"171-x.up.txt", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x.up.sql.txt", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x.down.ddl", "does not end in .up.sql", "171-x.down.sql"},
    {"171-x.up.sql ", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x.up.sql.", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x.up.sql\xC2\xA0", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x\xC3\xA9_up_sql", "does not end in .up.sql", "171-x\xC3\xA9.up.sql"},
    {"171-x.sql.up", "does not end in .up.sql", "171-x.up.sql"},
    {"171-x.sql.before-down", "does not end in .up.sql", "171-x.before-down.sql"},
    {"171-x.Down", "does not end in .sql", "171-x.down.sql"},
    {"up.sql", "does not end in .up.sql", NULL},
};

START_TEST(near_misses_are_refused)
{
    struct pga_name name = {.id = "untouched"}, suggested;
    struct pga_error err = {0}, none = {0};

    ck_assert_msg(!pga_name_parse(&mem, wrong[_i].file, &name, &err), "accepted: %s",
                  wrong[_i].file);
    ck_assert_msg(err.code == PGA_ERR_USAGE, "passed over: %s", wrong[_i].file);
    ck_assert_msg(strstr(err.message, wrong[_i].why) != NULL, "%s: %s", wrong[_i].file,
                  err.message);
    ck_assert_str_eq(name.id, "untouched");
    if (wrong[_i].suggestion == NULL) {
        ck_assert_msg(strstr(err.hint, "1.1.0-1714984800-add_invites.up.sql") != NULL, "%s: %s",
                      wrong[_i].file, err.hint);
        return;
    }
    ck_assert_str_eq(err.hint, pga_format(&mem, "Rename it to \"%s\".", wrong[_i].suggestion));
    ck_assert(pga_name_parse(&mem, wrong[_i].suggestion, &suggested, &none));
}
END_TEST

START_TEST(length_is_bounded)
{
    struct pga_name name;
    struct pga_error err = {0};
    int slug = PGA_NAME_MAX - 11; /* "171-" and ".up.sql" */

    ck_assert(pga_name_parse(&mem, pga_format(&mem, "171-%0*d.up.sql", slug, 0), &name, &err));
    ck_assert_uint_eq(strlen(name.slug), PGA_NAME_MAX - 11);

    ck_assert(!pga_name_parse(&mem, pga_format(&mem, "171-%0*d.up.sql", slug + 1, 0), &name, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "longer than 255 bytes"));
    ck_assert_ptr_nonnull(strstr(err.hint, "Shorten its slug"));
}
END_TEST

static const char *const wrong_ids[] = {
    "",           "171",     "171-",    "-x",       "x",      "171_x", "1.0.0-171-x",
    "next-171-x", "171-a b", "171-a/b", "171-\xFF", "171.-x", ".5-x",
};

START_TEST(ids)
{
    const char *timestamp = "untouched", *slug = "untouched";
    char longest[PGA_NAME_MAX + 2];

    for (size_t i = 0; i < PGA_COUNT_OF(wrong_ids); i++)
        ck_assert_msg(!pga_id_parse(&mem, pga_str_of(wrong_ids[i]), &timestamp, &slug),
                      "accepted: %s", wrong_ids[i]);
    ck_assert_str_eq(timestamp, "untouched");
    ck_assert_str_eq(slug, "untouched");

    memset(longest, '1', sizeof(longest));
    longest[4] = '-';
    ck_assert(pga_id_parse(&mem, (struct pga_str){longest, PGA_NAME_MAX}, &timestamp, &slug));
    ck_assert(!pga_id_parse(&mem, (struct pga_str){longest, PGA_NAME_MAX + 1}, &timestamp, &slug));
    ck_assert(!pga_id_parse(&mem, (struct pga_str){"171-a\0b", 7}, &timestamp, &slug));
}
END_TEST

START_TEST(new_slugs)
{
    static const char *const good[] = {
        "add_invites", "a",
        "9",           "add-invites.2",
        "A_b-C.d",     "\xC3\xA9t\xC3\xA9",
        "x\xC3\xBC",   "\xE6\x97\xA5\xE6\x9C\xAC",
        "a..b",        "a-",
    };
    static const char *const bad[] = {
        "",
        "-a",
        "_a",
        ".a",
        "a b",
        "a/b",
        "a[b]",
        "a+b",
        "a'b",
        "a\nb",
        "\xFF",
        "a\xC3",
        "\xC2\xA0",
        "a\xE2\x80\x8B",
        "\xC3\x97",
        "a\xF0\x9F\x98\x80",
        "a\xEF\xBC\x81",
        ("a\xE2\x80\x94"
         "b"),
        "../x",
    };
    char longest[PGA_SLUG_NEW_MAX + 2];

    for (size_t i = 0; i < PGA_COUNT_OF(good); i++)
        ck_assert_msg(pga_slug_check(good[i]), "refused: %s", good[i]);
    for (size_t i = 0; i < PGA_COUNT_OF(bad); i++)
        ck_assert_msg(!pga_slug_check(bad[i]), "accepted: %s", bad[i]);

    memset(longest, 'a', sizeof(longest));
    longest[PGA_SLUG_NEW_MAX] = '\0';
    ck_assert(pga_slug_check(longest));
    memcpy(longest + PGA_SLUG_NEW_MAX, "a", 2);
    ck_assert(!pga_slug_check(longest));
}
END_TEST

/* Ascending groups; those in one row are equal. */
static const struct {
    const char *a, *b;
} timestamps[] = {
    {"0", "000.0"},
    {"0.1", "0.1"},
    {"1", "1.0"},
    {"5", "5.000"},
    {"5.1", "005.01"},
    {"5.9", "5.9"},
    {"5.10", "5.010"},
    {"9", "009"},
    {"10", "10-slug"},
    {"100", "100_5.6"},
    {"1674032095", "1674032095.0-x"},
    {"1674032095.6", "1674032095.06"},
    {"18446744073709551615", "018446744073709551615"},
    {"18446744073709551616", "18446744073709551616"},
    {"18446744073709551616.18446744073709551616", "18446744073709551616.18446744073709551616"},
    {"18446744073709551616.18446744073709551617", "18446744073709551616.18446744073709551617"},
    {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999.0"},
};

START_TEST(timestamps_compare_as_numbers)
{
    ck_assert_int_eq(pga_timestamp_compare(timestamps[_i].a, timestamps[_i].b), 0);
    for (int j = 0; j < (int)PGA_COUNT_OF(timestamps); j++) {
        int order = pga_timestamp_compare(timestamps[_i].b, timestamps[j].a);

        ck_assert_msg((order > 0) - (order < 0) == (_i > j) - (_i < j), "%s ? %s: %d",
                      timestamps[_i].b, timestamps[j].a, order);
    }
}
END_TEST

START_TEST(part_names)
{
    ck_assert_str_eq(pga_part_name(PGA_PART_UP), "up");
    ck_assert_str_eq(pga_part_name(PGA_PART_DOWN), "down");
    ck_assert_str_eq(pga_part_name(PGA_PART_BEFORE_UP), "before-up");
    ck_assert_str_eq(pga_part_name(PGA_PART_BEFORE_DOWN), "before-down");
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
    Suite *suite = suite_create("name");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, tear_down);
    tcase_add_loop_test(tcase, right_names, 0, PGA_COUNT_OF(right));
    tcase_add_loop_test(tcase, other_files_are_passed_over, 0, PGA_COUNT_OF(others));
    tcase_add_loop_test(tcase, near_misses_are_refused, 0, PGA_COUNT_OF(wrong));
    tcase_add_test(tcase, length_is_bounded);
    tcase_add_test(tcase, ids);
    tcase_add_test(tcase, new_slugs);
    tcase_add_loop_test(tcase, timestamps_compare_as_numbers, 0, PGA_COUNT_OF(timestamps));
    tcase_add_test(tcase, part_names);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
