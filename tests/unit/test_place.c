/*
 * tests/unit/test_place.c: engine/place.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/place.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static struct pga_arena mem;
static struct pga_error err;

static void
setup(void)
{
    mem = (struct pga_arena){0};
    memset(&err, 0, sizeof(err));
    (void)pga_fail(&err, PGA_ERR_SQL, "the server said no");
}

static void
teardown(void)
{
    pga_arena_release(&mem);
}

/* "own" and "script" texts in turn; the message is all of them. */
#define OWN_1    "h\xC3\xA4ss "             /* 5 characters, 6 bytes */
#define SCRIPT_1 "SELECT '\xE2\x82\xAC' x;" /* 13 characters, 15 bytes */
#define OWN_2    " -- \xF0\x9F\x90\x98\n"   /* 6 characters, 9 bytes */
#define SCRIPT_2 "DROP t;"
#define OWN_3    "COMMIT;"

static struct pga_span_map
spans(void)
{
    struct pga_span_map map = {0};
    struct pga_span one = {
        .message_offset = sizeof(OWN_1) - 1, .len = sizeof(SCRIPT_1) - 1, .script_offset = 100};
    struct pga_span two = {.message_offset = sizeof(OWN_1 SCRIPT_1 OWN_2) - 1,
                           .len = sizeof(SCRIPT_2) - 1,
                           .script_offset = 200};

    pga_span_add(&mem, &map, &one);
    pga_span_add(&mem, &map, &two);
    return map;
}

static const struct pga_str message = PGA_STR(OWN_1 SCRIPT_1 OWN_2 SCRIPT_2 OWN_3);

#define NOWHERE SIZE_MAX

static size_t
find(int64_t position, bool in_bytes)
{
    struct pga_span_map map = spans();
    size_t offset = 0;

    return pga_span_find(&map, message, position, in_bytes, &offset) ? offset : NOWHERE;
}

START_TEST(positions_in_characters)
{
    ck_assert_uint_eq(find(0, false), NOWHERE);
    ck_assert_uint_eq(find(-1, false), NOWHERE);
    ck_assert_uint_eq(find(1, false), NOWHERE);
    ck_assert_uint_eq(find(5, false), NOWHERE);
    ck_assert_uint_eq(find(6, false), 100);  /* S */
    ck_assert_uint_eq(find(14, false), 108); /* the euro sign */
    ck_assert_uint_eq(find(15, false), 111); /* the quote behind it */
    ck_assert_uint_eq(find(18, false), 114); /* ; */
    ck_assert_uint_eq(find(19, false), 115); /* the end of the piece: "at end of input" */
    ck_assert_uint_eq(find(20, false), NOWHERE);
    ck_assert_uint_eq(find(24, false), NOWHERE);
    ck_assert_uint_eq(find(25, false), 200);
    ck_assert_uint_eq(find(31, false), 206);
    ck_assert_uint_eq(find(33, false), NOWHERE);
    ck_assert_uint_eq(find(1000, false), NOWHERE);
    ck_assert_uint_eq(find(INT64_MAX, false), NOWHERE);
}
END_TEST

START_TEST(positions_in_bytes)
{
    ck_assert_uint_eq(find(6, true), NOWHERE);
    ck_assert_uint_eq(find(7, true), 100);
    ck_assert_uint_eq(find(15, true), 108);
    ck_assert_uint_eq(find(18, true), 111);
    ck_assert_uint_eq(find(31, true), 200);
    ck_assert_uint_eq(find(1000, true), NOWHERE);
    ck_assert_uint_eq(find(INT64_MAX, true), NOWHERE);
}
END_TEST

static void
make_script(struct pga_script_text *script, struct pga_statements *statements)
{
    struct pga_error ignored = {0};

    ck_assert(pga_script_parse(&mem, "dir/1-a.up.sql", PGA_PART_UP,
                               pga_str_of("-- pgalter:allow rule because\n"
                                          "SELECT 1;\n"
                                          "  SELECT '\xC3\xA4',\n"
                                          "    nothing;\n"),
                               script, &ignored));
    ck_assert(pga_statements_parse(&mem, script->file, script->text, true, statements, &ignored));
}

/* Lines are the file's, columns characters. */
START_TEST(a_known_offset)
{
    struct pga_script_text script;
    struct pga_statements statements;

    make_script(&script, &statements);
    ck_assert(!pga_place_fill(&err, &script, &statements, true,
                              (size_t)(strstr(script.text.data, "',") - script.text.data), 0));
    ck_assert_str_eq(err.place.file, "dir/1-a.up.sql");
    ck_assert_int_eq(err.place.line, 3);
    ck_assert_int_eq(err.place.column, 12);
    ck_assert_str_eq(err.place.text, "  SELECT '\xC3\xA4',");
}
END_TEST

START_TEST(a_known_statement)
{
    struct pga_script_text script;
    struct pga_statements statements;

    make_script(&script, &statements);
    ck_assert(!pga_place_fill(&err, &script, &statements, false, 0, 1));
    ck_assert_str_eq(err.place.file, "dir/1-a.up.sql");
    ck_assert_int_eq(err.place.line, 3);
    ck_assert_int_eq(err.place.column, 0);
}
END_TEST

START_TEST(only_the_file)
{
    struct pga_script_text script;
    struct pga_statements statements;

    make_script(&script, &statements);
    ck_assert(!pga_place_fill(&err, &script, &statements, false, 0, SIZE_MAX));
    ck_assert_str_eq(err.place.file, "dir/1-a.up.sql");
    ck_assert_int_eq(err.place.line, 0);
    ck_assert(!pga_place_fill(&err, &script, &statements, false, 0, 2)); /* behind the last one */
    ck_assert_int_eq(err.place.line, 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("place");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, positions_in_characters);
    tcase_add_test(tcase, positions_in_bytes);
    tcase_add_test(tcase, a_known_offset);
    tcase_add_test(tcase, a_known_statement);
    tcase_add_test(tcase, only_the_file);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
