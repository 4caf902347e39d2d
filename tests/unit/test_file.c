/*
 * tests/unit/test_file.c: base/file.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

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

static char *
in_dir(const char *name)
{
    return pga_path_join(&mem, dir, name);
}

/* Reading must fail with a message that contains both words. */
static void
assert_unreadable(const char *path, size_t max_bytes, const char *reason)
{
    struct pga_error err = {0};
    struct pga_str text;

    ck_assert(!pga_file_read(&mem, path, max_bytes, &text, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_msg(strstr(err.message, reason) != NULL, "%s", err.message);
}

START_TEST(read_gives_all_bytes)
{
    const char *path = pga_temp_write(&mem, dir, "a", "one\0two\n", 8);
    struct pga_error err = {0};
    struct pga_str text;

    ck_assert_msg(pga_file_read(&mem, path, 8, &text, &err), "%s", err.message);
    ck_assert(pga_str_equal(text, PGA_STR("one\0two\n")));
    ck_assert_int_eq(text.data[text.len], '\0');

    path = pga_temp_write(&mem, dir, "empty", "", 0);
    ck_assert(pga_file_read(&mem, path, 0, &text, &err));
    ck_assert_uint_eq(text.len, 0);
    ck_assert_str_eq(text.data, "");
}
END_TEST

START_TEST(read_follows_a_link)
{
    struct pga_error err = {0};
    struct pga_str text;

    (void)pga_temp_write(&mem, dir, "a", "x", 1);
    ck_assert_int_eq(symlink("a", in_dir("link")), 0);
    ck_assert(pga_file_read(&mem, in_dir("link"), 10, &text, &err));
    ck_assert(pga_str_equal_c(text, "x"));
    ck_assert_int_eq(symlink("nothing", in_dir("dangling")), 0);
    assert_unreadable(in_dir("dangling"), 10, strerror(ENOENT));
}
END_TEST

START_TEST(read_has_a_limit)
{
    assert_unreadable(pga_temp_write(&mem, dir, "a", "123456789", 9), 8,
                      "it has 9 bytes, the limit is 8");
}
END_TEST

START_TEST(read_wants_a_regular_file)
{
    assert_unreadable(in_dir("missing"), 10, strerror(ENOENT));
    assert_unreadable(dir, 10, "a directory");
    assert_unreadable("/dev/null", 10, "a device");
    ck_assert_int_eq(mkfifo(in_dir("fifo"), 0600), 0);
    assert_unreadable(in_dir("fifo"), 10, "a pipe"); /* and does not wait for a writer */
}
END_TEST

START_TEST(read_notices_another_size)
{
    /*
     * The kernel's own files tell a size that isn't theirs: the nearest to a writer who comes in
     * between.
     */
    assert_unreadable("/proc/self/stat", 100000, "changed while");
    if (access("/sys/kernel/uevent_seqnum", R_OK) == 0)
        assert_unreadable("/sys/kernel/uevent_seqnum", 100000, "changed while");
    assert_unreadable("/proc/self/mem", 100000, strerror(EIO));
}
END_TEST

START_TEST(write_new_makes_a_file)
{
    struct pga_error err = {0};
    struct pga_str text;
    struct stat status;

    (void)umask(022);
    ck_assert_msg(pga_file_write_new(in_dir("a"), PGA_STR("x\0y"), &err), "%s", err.message);
    ck_assert(pga_file_read(&mem, in_dir("a"), 10, &text, &err));
    ck_assert(pga_str_equal(text, PGA_STR("x\0y")));
    ck_assert_int_eq(stat(in_dir("a"), &status), 0);
    ck_assert_int_eq(status.st_mode & 07777, 0644);
}
END_TEST

START_TEST(write_new_never_overwrites)
{
    const char *path = pga_temp_write(&mem, dir, "a", "old", 3);
    struct pga_error err = {0};
    struct pga_str text;

    ck_assert(!pga_file_write_new(path, PGA_STR("new"), &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    err.code = PGA_OK;
    ck_assert(pga_file_read(&mem, path, 10, &text, &err));
    ck_assert(pga_str_equal_c(text, "old"));
    ck_assert_int_eq(symlink("elsewhere", in_dir("dangling")), 0);
    ck_assert(!pga_file_write_new(in_dir("dangling"), PGA_STR("new"), &err));
    ck_assert(!pga_file_exists(in_dir("elsewhere")));
}
END_TEST

START_TEST(write_new_leaves_no_half_file)
{
    struct rlimit usual, small;
    struct pga_error err = {0};

    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &usual), 0);
    small = usual;
    small.rlim_cur = 5; /* as if the disk were full */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert(!pga_file_write_new(in_dir("a"), PGA_STR("0123456789"), &err));
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &usual), 0);
    ck_assert_ptr_nonnull(strstr(err.message, strerror(EFBIG)));
    ck_assert(!pga_file_exists(in_dir("a")));
}
END_TEST

START_TEST(rename_moves)
{
    const char *from = pga_temp_write(&mem, dir, "a", "text", 4);
    struct pga_error err = {0};
    struct pga_str text;

    ck_assert_msg(pga_file_rename(from, in_dir("b"), &err), "%s", err.message);
    ck_assert(!pga_file_exists(from));
    ck_assert(pga_file_read(&mem, in_dir("b"), 10, &text, &err));
    ck_assert(pga_str_equal_c(text, "text"));
}
END_TEST

START_TEST(rename_never_overwrites)
{
    const char *from = pga_temp_write(&mem, dir, "a", "one", 3);
    const char *to = pga_temp_write(&mem, dir, "b", "two", 3);
    struct pga_error err = {0};
    struct pga_str text;

    ck_assert(!pga_file_rename(from, to, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, from));
    ck_assert_ptr_nonnull(strstr(err.message, to));
    err.code = PGA_OK;
    ck_assert(pga_file_read(&mem, from, 10, &text, &err));
    ck_assert(pga_str_equal_c(text, "one"));
    ck_assert(pga_file_read(&mem, to, 10, &text, &err));
    ck_assert(pga_str_equal_c(text, "two"));
    ck_assert(!pga_file_rename(in_dir("missing"), in_dir("c"), &err));
    ck_assert_ptr_nonnull(strstr(err.message, strerror(ENOENT)));
}
END_TEST

/* A directory can't get a second name by link(), as a file on some file systems can't. */
START_TEST(rename_without_links)
{
    struct pga_error err = {0};

    ck_assert_int_eq(mkdir(in_dir("a"), 0700), 0);
    ck_assert_int_eq(mkdir(in_dir("b"), 0700), 0); /* empty: rename() alone would replace it */
    ck_assert(!pga_file_rename(in_dir("a"), in_dir("b"), &err));
    ck_assert_ptr_nonnull(strstr(err.message, strerror(EEXIST)));
    ck_assert(pga_file_is_directory(in_dir("a")));
    err.code = PGA_OK;
    ck_assert(pga_file_rename(in_dir("a"), in_dir("c"), &err));
    ck_assert(pga_file_is_directory(in_dir("c")));
    ck_assert(!pga_file_exists(in_dir("a")));
    ck_assert(!pga_file_rename(in_dir("b"), in_dir("b/within"), &err));
}
END_TEST

START_TEST(exists_and_is_directory)
{
    (void)pga_temp_write(&mem, dir, "a", "x", 1);
    ck_assert(pga_file_exists(dir) && pga_file_is_directory(dir));
    ck_assert(pga_file_exists(in_dir("a")) && !pga_file_is_directory(in_dir("a")));
    ck_assert(!pga_file_exists(in_dir("b")) && !pga_file_is_directory(in_dir("b")));
    ck_assert(!pga_file_exists(""));
}
END_TEST

START_TEST(list_is_sorted_by_bytes)
{
    static const char *const made[] = {"b", "a", "B", ".hidden", "10", "9", "\xC3\xA4", "a.sql"};
    static const char *const listed[] = {"10", "9", "B", "a", "a.sql", "b", "sub", "\xC3\xA4"};
    const char *const *names;
    struct pga_error err = {0};
    size_t count;

    for (size_t i = 0; i < PGA_COUNT_OF(made); i++)
        (void)pga_temp_write(&mem, dir, made[i], "", 0);
    ck_assert_int_eq(mkdir(in_dir("sub"), 0700), 0);
    ck_assert_msg(pga_file_list(&mem, dir, &names, &count, &err), "%s", err.message);
    ck_assert_uint_eq(count, PGA_COUNT_OF(listed));
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(names[i], listed[i]);
    ck_assert(pga_file_list(&mem, in_dir("sub"), &names, &count, &err));
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(list_fails_with_the_name)
{
    const char *path = pga_temp_write(&mem, dir, "a", "", 0);
    const char *const *names;
    struct pga_error err = {0};
    size_t count;

    ck_assert(!pga_file_list(&mem, path, &names, &count, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_ptr_nonnull(strstr(err.message, strerror(ENOTDIR)));
}
END_TEST

START_TEST(join_paths)
{
    ck_assert_str_eq(pga_path_join(&mem, "a", "b"), "a/b");
    ck_assert_str_eq(pga_path_join(&mem, "a/", "b"), "a/b");
    ck_assert_str_eq(pga_path_join(&mem, "/", "b"), "/b");
    ck_assert_str_eq(pga_path_join(&mem, "", "b"), "b");
}
END_TEST

START_TEST(make_directory_with_parents)
{
    struct pga_error err = {0};

    ck_assert_msg(pga_file_make_directory(in_dir("x/y//z"), &err), "%s", err.message);
    ck_assert(pga_file_is_directory(in_dir("x/y/z")));
    ck_assert(pga_file_make_directory(in_dir("x/y/z"), &err)); /* again */
    ck_assert(pga_file_make_directory(in_dir("slash/"), &err));
    ck_assert(pga_file_is_directory(in_dir("slash")));
    ck_assert(pga_file_make_directory("/", &err));
    ck_assert_int_eq(chdir(dir), 0);
    ck_assert(pga_file_make_directory("relative/path", &err));
    ck_assert(pga_file_is_directory(in_dir("relative/path")));
}
END_TEST

START_TEST(make_directory_fails_with_the_name)
{
    const char *path = pga_temp_write(&mem, dir, "file", "", 0);
    struct pga_error err = {0};

    ck_assert(!pga_file_make_directory(path, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_ptr_nonnull(strstr(err.message, strerror(ENOTDIR)));
    err.code = PGA_OK;
    ck_assert(!pga_file_make_directory(pga_path_join(&mem, path, "below"), &err));
    err.code = PGA_OK;
    ck_assert(!pga_file_make_directory("/proc/self/new", &err));
    ck_assert_ptr_nonnull(strstr(err.message, "/proc/self/new"));
    err.code = PGA_OK;
    ck_assert(!pga_file_make_directory("", &err));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("file");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, read_gives_all_bytes);
    tcase_add_test(tcase, read_follows_a_link);
    tcase_add_test(tcase, read_has_a_limit);
    tcase_add_test(tcase, read_wants_a_regular_file);
    tcase_add_test(tcase, read_notices_another_size);
    tcase_add_test(tcase, write_new_makes_a_file);
    tcase_add_test(tcase, write_new_never_overwrites);
    tcase_add_test(tcase, write_new_leaves_no_half_file);
    tcase_add_test(tcase, rename_moves);
    tcase_add_test(tcase, rename_never_overwrites);
    tcase_add_test(tcase, rename_without_links);
    tcase_add_test(tcase, exists_and_is_directory);
    tcase_add_test(tcase, list_is_sorted_by_bytes);
    tcase_add_test(tcase, list_fails_with_the_name);
    tcase_add_test(tcase, join_paths);
    tcase_add_test(tcase, make_directory_with_parents);
    tcase_add_test(tcase, make_directory_fails_with_the_name);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
