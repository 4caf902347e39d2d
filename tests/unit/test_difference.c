/*
 * tests/unit/test_difference.c: engine/difference.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/difference.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/build.h"
#include "tests/helpers/fake_server.h"

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

static const char *
difference(const char *old_text, const char *new_text)
{
    return pga_difference_format(&b.mem, pga_str_of(old_text), pga_str_of(new_text), 60);
}

START_TEST(small_texts)
{
    static const char *const rows[][3] = {
        {"", "", ""},
        {"a\n", "a\n", ""},
        {"a\n", "b\n", "@@ line 1 @@\n-a\n+b\n"},
        {"", "a\n", "@@ line 1 @@\n+a\n"},
        {"a\n", "", "@@ line 1 @@\n-a\n"},
        {"a\n", "a\nb\n", "@@ line 1 @@\n a\n+b\n"},
        {"b\n", "a\nb\n", "@@ line 1 @@\n+a\n b\n"},
        {"a\nb\nc\n", "a\nc\n", "@@ line 1 @@\n a\n-b\n c\n"},
        {"a\na\n", "a\n", "@@ line 1 @@\n a\n-a\n"},
        {"a\nb\n", "b\na\n", "@@ line 1 @@\n-a\n b\n+a\n"},
        {"\n", "\n\n", "@@ line 1 @@\n \n+\n"},
        {"ab\n", "b\n", "@@ line 1 @@\n-ab\n+b\n"},
        {"a", "a\nb", "@@ line 1 @@\n a\n+b\n"},
        {"x\nab\nz\n", "x\ncb\nz\n", "@@ line 1 @@\n x\n-ab\n+cb\n z\n"},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_str_eq(difference(rows[i][0], rows[i][1]), rows[i][2]);
}
END_TEST

/* Three lines around each change; what lies between two of them is left out. */
START_TEST(context)
{
    ck_assert_str_eq(difference("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n"),
                     "@@ line 2 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n");
    ck_assert_str_eq(
        difference("a\n1\n2\n3\n4\n5\n6\n7\n8\n9\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\n8\n9\nB\n"),
        "@@ line 1 @@\n-a\n+A\n 1\n 2\n 3\n@@ line 8 @@\n 7\n 8\n 9\n-b\n+B\n");
    ck_assert_str_eq(difference("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n"),
                     "@@ line 1 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}
END_TEST

/* Line numbers are the new text's. */
START_TEST(line_numbers)
{
    ck_assert_str_eq(difference("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\nb\n",
                                "0\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\nB\n"),
                     "@@ line 1 @@\n+0\n+0\n 1\n 2\n 3\n@@ line 10 @@\n 8\n 9\n 10\n-b\n+B\n");
}
END_TEST

/* Texts so short that all of them is shown: the signs give both back. */
START_TEST(nothing_is_invented)
{
    uint64_t state = 1;

    for (int round = 0; round < 500; round++) {
        struct pga_buf texts[2] = {pga_buf_on(&b.mem), pga_buf_on(&b.mem)};
        struct pga_buf again[2] = {pga_buf_on(&b.mem), pga_buf_on(&b.mem)};
        const char *shown;

        for (int i = 0; i < 8; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            if ((state >> 40) % 4 != 0)
                pga_buf_appendf(&texts[i % 2], "%c\n", (char)('a' + (state >> 33) % 3));
        }
        shown = difference(texts[0].data, texts[1].data);
        if (strcmp(texts[0].data, texts[1].data) == 0) {
            ck_assert_str_eq(shown, "");
            continue;
        }
        for (const char *at = shown; *at != '\0'; at = strchr(at, '\n') + 1) {
            struct pga_str line = {at + 1, strcspn(at, "\n")};

            if (at[0] == ' ' || at[0] == '-')
                pga_buf_append(&again[0], line);
            if (at[0] == ' ' || at[0] == '+')
                pga_buf_append(&again[1], line);
        }
        ck_assert_str_eq(again[0].data, texts[0].data);
        ck_assert_str_eq(again[1].data, texts[1].data);
    }
}
END_TEST

static struct pga_str
many(size_t count, const char *format)
{
    struct pga_buf buf = pga_buf_on(&b.mem);

    for (size_t i = 0; i < count; i++)
        pga_buf_appendf(&buf, "%s %zu\n", format, i);
    return pga_buf_str(&buf);
}

START_TEST(a_long_difference_is_cut)
{
    char *shown = pga_difference_format(&b.mem, many(100, "old"), many(100, "new"), 10);

    ck_assert(pga_str_starts(pga_str_of(shown), "@@ line 1 @@\n-old 0\n-old 1\n"));
    ck_assert(pga_str_ends(pga_str_of(shown), "-old 9\n... and 190 more lines\n"));
}
END_TEST

/* Time and memory don't grow with the square of what changed. */
START_TEST(very_long_texts)
{
    struct pga_str a = many(300000, "old"), c = many(300000, "new"), empty = PGA_STR("");
    struct pga_buf newlines = pga_buf_on(&b.mem);
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    ck_assert(pga_str_ends(pga_str_of(pga_difference_format(&mem, a, c, 60)),
                           "... and 599940 more lines\n"));
    ck_assert(pga_str_ends(pga_str_of(pga_difference_format(&mem, empty, c, 60)),
                           "... and 299940 more lines\n"));
    for (int i = 0; i < 1000000; i++)
        pga_buf_append_char(&newlines, '\n');
    ck_assert(pga_str_ends(pga_str_of(pga_difference_format(&mem, pga_buf_str(&newlines), a, 60)),
                           " more lines\n"));
    ck_assert_uint_lt(mem.total_bytes, 1 << 20);
}
END_TEST

/* A change at each end of a long text, and one in its middle. */
START_TEST(a_small_change_of_a_long_text)
{
    struct pga_str a = many(300000, "same");
    char *changed = pga_str_dup(&b.mem, a);

    *strstr(changed, "same 150000") = 'S';
    ck_assert_str_eq(pga_difference_format(&b.mem, a, pga_str_of(changed), 60),
                     "@@ line 149998 @@\n same 149997\n same 149998\n same 149999\n-same 150000\n"
                     "+Same 150000\n same 150001\n same 150002\n same 150003\n");
    *strstr(changed, "same 0\n") = 'S';
    ck_assert(pga_str_starts(pga_str_of(pga_difference_format(&b.mem, a, pga_str_of(changed), 60)),
                             "@@ line 1 @@\n-same 0\n+Same 0\n same 1\n same 2\n same 3\n"));
}
END_TEST

/* ---- refusing a plan ---- */

static struct pga_fake_server server;
static struct pga_driver *driver;
static struct pga_runner runner;
static struct pga_journal journal;

/* A journal in a server that has the alteration 1-a, whose files then change. */
static void
arrange(void)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "e"};

    pga_fake_server_init(&server);
    driver = pga_fake_session_open(&server);
    pga_journal_init(&journal, driver, &b.mem, &settings);
    runner =
        (struct pga_runner){.driver = driver, .journal = &journal, .alterations = &b.alterations};
    pga_build_file(&b, "1-a.up.sql", "CREATE TABLE a ();");
    pga_build_file(&b, "1-a.down.sql", "DROP TABLE a;");
    ck_assert(pga_journal_create(&journal, &err));
    for (size_t i = 0; i < b.alterations.count; i++) {
        struct pga_applied *after = pga_new(&b.mem, struct pga_applied);
        struct pga_change change = {.event = PGA_EVENT_MARKED, .after = after};
        const struct pga_script_text *const *parts = b.alterations.items[i].parts;
        struct pga_texts texts = {{parts[0]->text, parts[1]->text}};

        pga_applied_of(&b.alterations.items[i], after);
        ck_assert(pga_journal_commit(&journal, &change, &texts, &err));
    }
}

static bool
check(enum pga_direction direction, struct pga_plan *plan)
{
    struct pga_target target = {.kind = direction == PGA_DIRECTION_UP ? PGA_TARGET_LATEST
                                                                      : PGA_TARGET_ZERO};
    struct pga_plan_settings settings = {0};

    memset(&err, 0, sizeof(err));
    if (direction == PGA_DIRECTION_DOWN)
        pga_plan_rollback(&b.mem, &b.alterations, &journal, &target, &settings, plan);
    else
        ck_assert(
            pga_plan_deploy(&b.mem, &b.alterations, &journal, &target, &settings, plan, &err));
    return pga_difference_check(&runner, &b.mem, plan, &err);
}

START_TEST(a_changed_script_is_shown)
{
    struct pga_plan plan;

    arrange();
    ck_assert(check(PGA_DIRECTION_UP, &plan));
    pga_build_file(&b, "1-a.up.sql", "CREATE TABLE a (id int);");
    ck_assert(!check(PGA_DIRECTION_UP, &plan));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "1 script changed after it was applied; nothing was run");
    ck_assert_str_eq(err.detail, "1-a.up.sql\n--- journal\n+++ 1-a.up.sql\n@@ line 1 @@\n"
                                 "-CREATE TABLE a ();\n+CREATE TABLE a (id int);\n");
    ck_assert(check(PGA_DIRECTION_DOWN, &plan)); /* the up script is nothing to a rollback */
    pga_build_file(&b, "1-a.before-up.sql", "SELECT 1;");
    ck_assert(!check(PGA_DIRECTION_UP, &plan));
    ck_assert_str_eq(err.message, "2 scripts changed after they were applied; nothing was run");
    ck_assert_ptr_nonnull(strstr(err.detail, "1-a.before-up.sql (the journal has none)\n"));
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
}
END_TEST

START_TEST(a_file_that_is_gone)
{
    struct pga_plan plan;

    arrange();
    pga_build_no_files(&b);
    pga_build_file(&b, "1-a.up.sql", "CREATE TABLE a ();");
    ck_assert(!check(PGA_DIRECTION_DOWN, &plan));
    ck_assert_ptr_nonnull(strstr(err.detail, "1-a.down.sql (its file is gone)\n"));
    ck_assert_ptr_nonnull(strstr(err.detail, "\n-DROP TABLE a;\n"));
    ck_assert_ptr_nonnull(strstr(err.hint, "--down-from journal, or --down-from files"));
    runner.settings.plan.down_from = PGA_DOWN_FROM_JOURNAL;
    ck_assert(check(PGA_DIRECTION_DOWN, &plan));
    runner.settings.plan.down_from = PGA_DOWN_FROM_UNDECIDED;
    server.state.tables[PGA_FAKE_SCRIPTS].count = 0; /* and the stored text is, too */
    ck_assert(!check(PGA_DIRECTION_DOWN, &plan));
    ck_assert_ptr_nonnull(strstr(err.message, "is missing"));
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
}
END_TEST

START_TEST(many_changed_scripts)
{
    struct pga_plan plan;

    for (int i = 2; i <= 30; i++) {
        pga_build_file(&b, pga_format(&b.mem, "%d-a.up.sql", i), "SELECT 1;");
        pga_build_file(&b, pga_format(&b.mem, "%d-a.down.sql", i), "SELECT 1;");
    }
    arrange();
    for (int i = 2; i <= 30; i++)
        pga_build_file(&b, pga_format(&b.mem, "%d-a.up.sql", i), "SELECT 2;");
    ck_assert(!check(PGA_DIRECTION_UP, &plan));
    ck_assert_str_eq(err.message, "29 scripts changed after they were applied; nothing was run");
    ck_assert_ptr_nonnull(strstr(err.detail, "21-a.up.sql\nand 9 more\n--- journal\n"));
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("difference");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, small_texts);
    tcase_add_test(tcase, context);
    tcase_add_test(tcase, line_numbers);
    tcase_add_test(tcase, nothing_is_invented);
    tcase_add_test(tcase, a_long_difference_is_cut);
    tcase_add_test(tcase, very_long_texts);
    tcase_add_test(tcase, a_small_change_of_a_long_text);
    tcase_add_test(tcase, a_changed_script_is_shown);
    tcase_add_test(tcase, a_file_that_is_gone);
    tcase_add_test(tcase, many_changed_scripts);
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
