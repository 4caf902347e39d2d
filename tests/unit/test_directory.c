/*
 * tests/unit/test_directory.c: alterations/alteration.h: a directory of alterations.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/alteration.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "alterations/mistakes.h"
#include "alterations/slug.h"
#include "base/file.h"
#include "tests/helpers/temp.h"

static struct pga_arena mem;
static char *dir;

static void
set_up(void)
{
    dir = pga_temp_directory(&mem);
}

static void
tear_down(void)
{
    pga_temp_remove(dir);
    pga_arena_release(&mem);
}

static void
put(const char *name, const char *text)
{
    (void)pga_temp_write(&mem, dir, name, text, SIZE_MAX);
}

static struct pga_alterations
loaded(const char *path)
{
    struct pga_alterations all;
    struct pga_error err = {0};

    ck_assert_msg(pga_directory_load(&mem, path, &all, &err), "%s:%d: %s", err.place.file,
                  err.place.line, err.message);
    ck_assert_int_eq(err.code, PGA_OK);
    ck_assert_str_eq(all.dir, path);
    return all;
}

static struct pga_error
refused(const char *path)
{
    struct pga_alterations all = {.count = 4711};
    struct pga_error err = {0};

    ck_assert(!pga_directory_load(&mem, path, &all, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_uint_eq(all.count, 4711);
    return err;
}

START_TEST(empty_directory)
{
    put("README.md", "Alterations of the shop.\n");
    ck_assert_uint_eq(loaded(dir).count, 0);
    ck_assert_ptr_null(pga_alterations_find(&(struct pga_alterations){0}, "1-x"));
}
END_TEST

START_TEST(scripts_are_paired)
{
    struct pga_alterations all;
    const struct pga_alteration *item;

    put("1.0.0_rc.1-7-x.up.sql", "-- pgalter:phase contract\n-- pgalter:allow a b\nSELECT 1;\n");
    put("1.0.0_rc.1-7_x.down.sql", "-- nothing to do\n");
    put("1.0.0_rc.1-7-x.before-up.sql", "VACUUM;\n");
    put("1.0.0_rc.1-7-x.before-down.sql", "VACUUM;\n");
    all = loaded(dir);
    ck_assert_uint_eq(all.count, 1);
    item = &all.items[0];
    ck_assert_str_eq(item->id, "7-x");
    ck_assert_str_eq(item->version.text, "1.0.0-rc.1");
    ck_assert_str_eq(item->timestamp, "7");
    ck_assert_str_eq(item->slug, "x");
    for (enum pga_part part = 0; part < PGA_PART_COUNT; part++) {
        ck_assert_ptr_nonnull(item->parts[part]);
        ck_assert_int_eq(item->parts[part]->part, part);
    }
    ck_assert_str_eq(item->parts[PGA_PART_UP]->file,
                     pga_path_join(&mem, dir, "1.0.0_rc.1-7-x.up.sql"));
    ck_assert_str_eq(item->parts[PGA_PART_UP]->text.data, "-- pgalter:phase contract\nSELECT 1;\n");
    ck_assert(item->parts[PGA_PART_DOWN]->empty);
    ck_assert(!item->parts[PGA_PART_UP]->empty);
    ck_assert(pga_alteration_is_reversible(item));
    ck_assert_int_eq(pga_alteration_phase(item), PGA_PHASE_CONTRACT);
    ck_assert_str_eq(pga_alteration_directives(item), "phase contract\n");
}
END_TEST

START_TEST(order_is_by_number)
{
    static const char *const names[] = {
        "100-e.up.sql",
        "9-b.up.sql",
        "1.0.0-99-d.up.sql",
        "2.0.0-010-c.up.sql",
        "next-5.9-a.up.sql",
        "5.10-a2.up.sql",
        "18446744073709551617-h.up.sql",
        "18446744073709551616-g.up.sql",
        "20240101000000-f.up.sql",
    };
    static const char *const ids[] = {
        "5.9-a",
        "5.10-a2",
        "9-b",
        "010-c",
        "99-d",
        "100-e",
        "20240101000000-f",
        "18446744073709551616-g",
        "18446744073709551617-h",
    };
    struct pga_alterations all;

    for (size_t i = 0; i < PGA_COUNT_OF(names); i++)
        put(names[i], "SELECT 1;\n");
    all = loaded(dir);
    ck_assert_uint_eq(all.count, PGA_COUNT_OF(ids));
    for (size_t i = 0; i < all.count; i++) {
        ck_assert_str_eq(all.items[i].id, ids[i]);
        ck_assert_ptr_eq(pga_alterations_find(&all, ids[i]), &all.items[i]);
    }
    ck_assert_ptr_null(pga_alterations_find(&all, "10-c"));
    ck_assert_ptr_null(pga_alterations_find(&all, "010-cc"));
    ck_assert_ptr_null(pga_alterations_find(&all, "11-c"));
    ck_assert_ptr_null(pga_alterations_find(&all, "1-c"));
    ck_assert_ptr_null(pga_alterations_find(&all, "99999999999999999999-c"));
    ck_assert_ptr_null(pga_alterations_find(&all, "5-a"));
    ck_assert_ptr_null(pga_alterations_find(&all, ""));
    ck_assert_ptr_null(pga_alterations_find(&all, "latest"));
}
END_TEST

START_TEST(reversibility)
{
    struct pga_alterations all;

    put("1-none.up.sql", "SELECT 1;");
    put("2-empty.up.sql", "SELECT 1;");
    put("2-empty.down.sql", "");
    put("3-said.up.sql", "-- pgalter:irreversible the values are gone\nSELECT 1;");
    all = loaded(dir);
    ck_assert_uint_eq(all.count, 3);
    ck_assert(!pga_alteration_is_reversible(&all.items[0]));
    ck_assert(pga_alteration_is_reversible(&all.items[1]));
    ck_assert(!pga_alteration_is_reversible(&all.items[2]));
    ck_assert_str_eq(pga_alteration_directives(&all.items[0]), "");
    ck_assert_int_eq(pga_alteration_phase(&all.items[0]), PGA_PHASE_EXPAND);
}
END_TEST

/* No directory has both, but a journal's alteration may have a down script accepted into it. */
START_TEST(irreversible_wins_over_a_down_script)
{
    struct pga_script_text up = {.directives.irreversible = NULL}, down = {.empty = true};
    struct pga_alteration alteration = {.parts = {&up, &down}};

    ck_assert(pga_alteration_is_reversible(&alteration));
    up.directives.irreversible = "the values are gone";
    ck_assert(!pga_alteration_is_reversible(&alteration));
}
END_TEST

START_TEST(other_entries_are_passed_over)
{
    put("1-x.up.sql", "SELECT 1;");
    put("1-x.up.sql~", "SELECT 2;");
    put("1-x.up.sql.orig", "SELECT 3;");
    put(".1-x.up.sql.swp", "x");
    put(".gitkeep", "");
    put("notes.txt", "");
    put("zzz.txt", "behind old.sql in the order of names");
    ck_assert_int_eq(mkdir(pga_path_join(&mem, dir, "archive"), 0755), 0);
    ck_assert_int_eq(mkdir(pga_path_join(&mem, dir, "old.sql"), 0755), 0);
    ck_assert_uint_eq(loaded(dir).count, 1);
}
END_TEST

START_TEST(links_are_followed)
{
    put("..data_x.up.sql", "SELECT 1;");
    ck_assert_int_eq(symlink("..data_x.up.sql", pga_path_join(&mem, dir, "1-x.up.sql")), 0);
    ck_assert_uint_eq(loaded(dir).count, 1);
}
END_TEST

START_TEST(directory_is_kept_as_written)
{
    struct pga_alterations all;
    char *slashed = pga_format(&mem, "%s//", dir);

    put("1-x.up.sql", "SELECT 1;");
    all = loaded(slashed);
    ck_assert_str_eq(all.items[0].parts[PGA_PART_UP]->file,
                     pga_format(&mem, "%s1-x.up.sql", slashed));
}
END_TEST

/* Directories with a mistake: the files (name, text, …), and pieces of the message and the hint. */
static const struct {
    const char *files[8];
    const char *message[3];
    const char *hint;
} wrong[] = {
    {{"1.0.0-5-a.up.sql", "", "2.0.0-5-b.up.sql", ""},
     {"\"1.0.0-5-a.up.sql\"", "\"2.0.0-5-b.up.sql\"", "have one timestamp"},
     "another timestamp"},
    {{"5-a.up.sql", "", "5.0-b.up.sql", ""},
     {"\"5-a.up.sql\"", "\"5.0-b.up.sql\"", "have one timestamp"},
     "another timestamp"},
    {{"009-a.up.sql", "", "9-a.up.sql", ""},
     {"\"009-a.up.sql\"", "\"9-a.up.sql\"", "have one timestamp"},
     "another timestamp"},
    {{"1.0.0-5-a.up.sql", "", "next-5-a.up.sql", ""},
     {"\"1.0.0-5-a.up.sql\"", "\"next-5-a.up.sql\"", "have one id, \"5-a\""},
     "Remove one of them"},
    {{"5-a.up.sql", "", "5_a.up.sql", ""},
     {"\"5-a.up.sql\"", "\"5_a.up.sql\"", "have one id"},
     "Remove one of them"},
    {{"5-a.up.sql", "", "5-a.down.sql", "", "5_a.down.sql", ""},
     {"\"5-a.down.sql\"", "\"5_a.down.sql\"", "both the down script of \"5-a\""},
     "Remove one of them"},
    {{"5-a.down.sql", ""},
     {"\"5-a.down.sql\"", "has no up script", ""},
     "Add \"5-a.up.sql\", or remove \"5-a.down.sql\"."},
    {{"1.0.0-5-a.before-up.sql", ""},
     {"\"1.0.0-5-a.before-up.sql\"", "has no up script", ""},
     "Add \"1.0.0-5-a.up.sql\""},
    {{"5-a.up.sql", "", "5-a.before-down.sql", ""},
     {"\"5-a.before-down.sql\"", "has no down script", ""},
     "Add \"5-a.down.sql\", which may be empty"},
    {{"5-a.up.sql", "", "5-b.down.sql", ""},
     {"\"5-a.up.sql\"", "\"5-b.down.sql\"", "not one slug"},
     "Rename \"5-b.down.sql\" to \"5-a.down.sql\""},
    {{"1.0.0-5-a.up.sql", "", "next-5-a.down.sql", ""},
     {"\"1.0.0-5-a.up.sql\"", "\"next-5-a.down.sql\"", "not one version"},
     "Rename \"next-5-a.down.sql\" to \"1.0.0-5-a.down.sql\""},
    {{"1.0.0+a-5-a.up.sql", "", "1.0.0+b-5-a.down.sql", ""},
     {"\"1.0.0+a-5-a.up.sql\"", "\"1.0.0+b-5-a.down.sql\"", "not one version"},
     "Rename"},
    {{"5-a.up.sql", "", "05-a.down.sql", ""},
     {"\"5-a.up.sql\"", "\"05-a.down.sql\"", "not one way of writing it"},
     "Rename \"05-a.down.sql\" to \"5-a.down.sql\""},
    {{"5-a.up.sql", "", "05-a.before-up.sql", "", "5-a.down.sql", ""},
     {"\"5-a.up.sql\"", "\"05-a.before-up.sql\"", ""},
     "Rename \"05-a.before-up.sql\" to \"5-a.before-up.sql\""},
    {{"5-a.up.sql", "-- pgalter:irreversible gone\n", "5-a.down.sql", "SELECT 1;"},
     {"/5-a.up.sql\"", "/5-a.down.sql\"", "is irreversible"},
     "Remove the directive"},
    {{"5-a.up.sql", "-- pgalter:irreversible gone\n", "5-a.down.sql", "", "5-a.before-down.sql",
      ""},
     {"/5-a.up.sql\"", "/5-a.down.sql\"", "is irreversible"},
     "Remove the directive"},
    {{"5-a.up.sql", "", "schema.sql", ""},
     {"directory \"", "\"schema.sql\"", "does not end in .up.sql"},
     "move it to another directory"},
    {{"5-a.up.sql", "", "6-b.UP.SQL", ""},
     {"directory \"", "\"6-b.UP.SQL\"", "not in lower case"},
     "Rename it to \"6-b.up.sql\"."},
};

START_TEST(mistakes_name_the_files)
{
    struct pga_error err;

    for (size_t i = 0; i < PGA_COUNT_OF(wrong[0].files) && wrong[_i].files[i] != NULL; i += 2)
        put(wrong[_i].files[i], wrong[_i].files[i + 1]);
    err = refused(dir);
    for (size_t i = 0; i < PGA_COUNT_OF(wrong[0].message); i++)
        ck_assert_msg(strstr(err.message, wrong[_i].message[i]) != NULL, "%s lacks %s", err.message,
                      wrong[_i].message[i]);
    ck_assert_msg(strstr(err.hint, wrong[_i].hint) != NULL, "%s lacks %s", err.hint,
                  wrong[_i].hint);
}
END_TEST

START_TEST(spelling_of_timestamps_is_explained)
{
    put("009-a.up.sql", "");
    put("9-b.up.sql", "");
    ck_assert_ptr_nonnull(strstr(refused(dir).detail, "compared as numbers: 009 is 9"));
}
END_TEST

START_TEST(mistakes_in_a_script_name_its_place)
{
    struct pga_error err;

    put("5-a.up.sql", "SELECT 1;\n");
    put("6-b.up.sql", "\n-- pgalter:fase contract\n");
    err = refused(dir);
    ck_assert_str_eq(err.place.file, pga_path_join(&mem, dir, "6-b.up.sql"));
    ck_assert_int_eq(err.place.line, 2);
}
END_TEST

/* The first mistake is the error, with its own hint; names come before what the files hold. */
START_TEST(all_mistakes_are_told)
{
    struct pga_error err;

    put("5-a.up.sql", "\n-- pgalter:fase contract\n");
    put("6-b.up.sql", "SELECT 1;\n");
    put("6-c.up.sql", "SELECT 1;\n");
    put("7-d.Up.sql", "SELECT 1;\n");
    put("7-d.down.sql", "SELECT 1;\n"); /* its up script is there, under another name */
    put("8-e.up.sql", "-- pgalter:irreversible gone\n");
    put("8-e.down.sql", "");
    put("9-f.up.sql", "SELECT 1;\n");
    err = refused(dir);
    ck_assert_int_eq(err.id, PGA_ID_FILE_NAME);
    ck_assert_str_eq(err.message,
                     pga_format(&mem,
                                "directory \"%s\": the file name \"7-d.Up.sql\" is not "
                                "in lower case at its end",
                                dir));
    ck_assert_str_eq(err.hint, "Rename it to \"7-d.up.sql\".");
    ck_assert_str_eq(
        err.detail,
        pga_format(
            &mem,
            "3 more mistakes:\n"
            "- \"6-b.up.sql\" and \"6-c.up.sql\" have one timestamp. Give one of them another "
            "timestamp, and its other scripts the same; their order is otherwise left to "
            "chance.\n"
            "- %s/5-a.up.sql:2:12: there is no directive \"fase\". Did you mean \"phase\"? The "
            "directives are transaction, lock_timeout, statement_timeout, retries, allow, "
            "phase, needs, breaks, irreversible, done-when, backfill.\n"
            "- \"%s/8-e.up.sql\" is irreversible, but there is \"%s/8-e.down.sql\". Remove the "
            "directive \"irreversible\" from the up script, or remove the down script.",
            dir, dir, dir));
}
END_TEST

START_TEST(many_mistakes_are_counted)
{
    struct pga_error err;
    size_t lines = 0;

    for (int i = 0; i < PGA_MISTAKES_SHOWN + 3; i++)
        put(pga_format(&mem, "%d-a.up.sql", i), i == 0 ? "\xff" : "\xfe");
    err = refused(dir);
    ck_assert_int_eq(err.id, PGA_ID_ENCODING);
    ck_assert_str_eq(err.message, "byte 0xff is not UTF-8");
    ck_assert_ptr_nonnull(strstr(err.detail, "22 more mistakes:\n"));
    for (const char *at = err.detail; (at = strstr(at, "0xfe")) != NULL; at++)
        lines++;
    ck_assert_uint_le(lines, PGA_MISTAKES_SHOWN);
    ck_assert_str_eq(err.detail + strlen(err.detail) - 3, "...");
}
END_TEST

/* What looks like one name twice is told by its characters. */
START_TEST(names_that_look_alike)
{
    struct pga_error err;

    put("5-caf\xC3\xA9.up.sql", "");
    put("5-cafe\xCC\x81.down.sql", "");
    err = refused(dir);
    ck_assert_int_eq(err.id, PGA_ID_SAME_TIMESTAMP);
    ck_assert_str_eq(err.detail, "The slugs may look alike, but character 4 is U+00E9 in the one "
                                 "and U+0065 U+0301 in the other.");
    ck_assert_ptr_null(pga_slug_difference(&mem, "cafe", "caff"));
    ck_assert_ptr_null(pga_slug_difference(&mem, "cafe", "cafe"));
    ck_assert_str_eq(pga_slug_difference(&mem, "cafe", "cafe\xCC\x81"),
                     "character 5 is nothing in the one and U+0301 in the other");
    ck_assert_str_eq(pga_slug_difference(&mem, "p\xD0\xB0y", "pay"),
                     "character 2 is U+0430 in the one and U+0061 in the other");
    ck_assert_str_eq(pga_slug_difference(&mem, "p\xD0\xB0", "pa"),
                     "character 2 is U+0430 in the one and U+0061 in the other");
}
END_TEST

START_TEST(unreadable_files_are_named)
{
    struct pga_error err;

    put("5-a.up.sql", "SELECT 1;\n");
    ck_assert_int_eq(symlink("nowhere", pga_path_join(&mem, dir, "6-b.up.sql")), 0);
    err = refused(dir);
    ck_assert_ptr_nonnull(strstr(err.message, "6-b.up.sql"));
    ck_assert_ptr_nonnull(strstr(err.message, "No such file"));
}
END_TEST

START_TEST(directories_named_like_scripts_are_refused)
{
    ck_assert_int_eq(mkdir(pga_path_join(&mem, dir, "5-a.up.sql"), 0755), 0);
    ck_assert_ptr_nonnull(strstr(refused(dir).message, "it is a directory"));
}
END_TEST

static void
make_directory(const char *name)
{
    ck_assert_int_eq(mkdir(pga_path_join(&mem, dir, name), 0755), 0);
}

/* However deep they are, within bounds; a link is not followed, a directory that can't be read is another's. */
START_TEST(alterations_in_a_directory_below_are_refused)
{
    struct pga_error err;

    put("5-a.up.sql", "SELECT 1;\n");
    make_directory("1.0.0");
    put("1.0.0/README.md", "");
    put("1.0.0/x.sql", "");
    make_directory("1.0.0/a");
    make_directory("1.0.0/a/b");
    make_directory("1.0.0/a/b/c");
    put("1.0.0/a/b/c/6-b.up.sql", "");
    make_directory(".old");
    put(".old/6-b.up.sql", "");
    ck_assert_int_eq(symlink("..", pga_path_join(&mem, dir, "1.0.0/loop")), 0);
    ck_assert_uint_eq(loaded(dir).count, 1);

    put("1.0.0/a/b/6-b.up.sql", "");
    err = refused(dir);
    ck_assert_int_eq(err.id, PGA_ID_FILE_NAME);
    ck_assert_str_eq(err.message, pga_format(&mem,
                                             "directory \"%s\": \"%s/1.0.0/a/b/6-b.up.sql\" is an "
                                             "alteration in a directory below",
                                             dir, dir));
    ck_assert_str_eq(err.hint, pga_format(&mem,
                                          "Move it into \"%s\" itself, where alterations are "
                                          "looked for, or move the directory \"%s/1.0.0\" "
                                          "elsewhere.",
                                          dir, dir));
}
END_TEST

START_TEST(scripts_have_a_largest_size)
{
    char *path = pga_path_join(&mem, dir, "5-a.up.sql");
    struct pga_error err;

    put("5-a.up.sql", "");
    ck_assert_int_eq(truncate(path, (off_t)PGA_FILE_SCRIPT_MAX + 1), 0);
    err = refused(dir);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_ptr_nonnull(strstr(err.message, "16777216"));
}
END_TEST

START_TEST(missing_directory)
{
    char *path = pga_path_join(&mem, dir, "nowhere");
    struct pga_error err = refused(path);

    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter new"));
    ck_assert_ptr_nonnull(strstr(err.hint, "--dir"));
}
END_TEST

START_TEST(no_directory)
{
    char *path = pga_temp_write(&mem, dir, "file", "", SIZE_MAX);
    struct pga_error err = refused(path);

    ck_assert_ptr_nonnull(strstr(err.message, "Not a directory"));
    ck_assert_ptr_nonnull(strstr(err.hint, "--dir"));
}
END_TEST

START_TEST(unreadable_directory)
{
    char *path = pga_path_join(&mem, dir, "secret");
    struct pga_error err;

    if (geteuid() == 0)
        return; /* nothing is unreadable to root */
    ck_assert_int_eq(mkdir(path, 0), 0);
    err = refused(path);
    ck_assert_ptr_nonnull(strstr(err.message, "Permission denied"));
    ck_assert_ptr_nonnull(strstr(err.hint, "ls -ld"));
}
END_TEST

START_TEST(many_files)
{
    struct pga_alterations all;

    for (int i = 999; i >= 0; i--)
        put(pga_format(&mem, "%d-x.up.sql", i), "SELECT 1;\n");
    all = loaded(dir);
    ck_assert_uint_eq(all.count, 1000);
    for (size_t i = 0; i < 1000; i++)
        ck_assert_str_eq(all.items[i].id, pga_format(&mem, "%zu-x", i));
}
END_TEST

/* A real history, where it is at hand: 261 alterations of three years. */
START_TEST(real_history)
{
    const char *source = getenv("PGA_TEST_SOURCE_DIR");
    char *path;
    struct pga_alterations all;
    size_t before = 0;

    path = pga_format(&mem, "%s/../shared/corpora/logto/alterations",
                      source != NULL ? source : "/nonexistent");
    if (!pga_file_is_directory(path))
        return;
    all = loaded(path);
    ck_assert_uint_eq(all.count, 261);
    ck_assert_str_eq(all.items[0].id, "1-logto-config");
    ck_assert_str_eq(all.items[0].version.text, "1.0.0-beta.10");
    ck_assert_str_eq(all.items[260].version.text, "1.43.0");
    for (size_t i = 0; i < all.count; i++) {
        const struct pga_alteration *item = &all.items[i];

        ck_assert_int_eq(item->version.kind, PGA_VERSION_RELEASE);
        ck_assert_ptr_nonnull(item->parts[PGA_PART_DOWN]);
        ck_assert_ptr_eq(pga_alterations_find(&all, item->id), item);
        ck_assert((item->parts[PGA_PART_BEFORE_UP] == NULL) ==
                  (item->parts[PGA_PART_BEFORE_DOWN] == NULL));
        before += item->parts[PGA_PART_BEFORE_UP] != NULL;
        if (i == 0)
            continue;
        ck_assert_int_lt(pga_timestamp_compare(item[-1].timestamp, item->timestamp), 0);
        ck_assert_int_le(pga_version_compare(&item[-1].version, &item->version), 0);
    }
    ck_assert_uint_eq(before, 16);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("directory");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, empty_directory);
    tcase_add_test(tcase, scripts_are_paired);
    tcase_add_test(tcase, order_is_by_number);
    tcase_add_test(tcase, reversibility);
    tcase_add_test(tcase, irreversible_wins_over_a_down_script);
    tcase_add_test(tcase, other_entries_are_passed_over);
    tcase_add_test(tcase, links_are_followed);
    tcase_add_test(tcase, directory_is_kept_as_written);
    tcase_add_loop_test(tcase, mistakes_name_the_files, 0, PGA_COUNT_OF(wrong));
    tcase_add_test(tcase, spelling_of_timestamps_is_explained);
    tcase_add_test(tcase, mistakes_in_a_script_name_its_place);
    tcase_add_test(tcase, all_mistakes_are_told);
    tcase_add_test(tcase, many_mistakes_are_counted);
    tcase_add_test(tcase, names_that_look_alike);
    tcase_add_test(tcase, unreadable_files_are_named);
    tcase_add_test(tcase, directories_named_like_scripts_are_refused);
    tcase_add_test(tcase, alterations_in_a_directory_below_are_refused);
    tcase_add_test(tcase, scripts_have_a_largest_size);
    tcase_add_test(tcase, missing_directory);
    tcase_add_test(tcase, no_directory);
    tcase_add_test(tcase, unreadable_directory);
    tcase_add_test(tcase, many_files);
    tcase_add_test(tcase, real_history);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
