/*
 * tests/unit/test_error.c: base/error.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/error.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/arena.h"
#include "base/str.h"

START_TEST(set_fills_and_answers_false)
{
    struct pga_error err = {0};

    ck_assert(!pga_fail(&err, PGA_ERR_USAGE, "no \"%s\" in line %d", "x", 7));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_str_eq(err.message, "no \"x\" in line 7");
    ck_assert_str_eq(err.src_file, __FILE__);
    ck_assert_int_gt(err.src_line, 0);
    ck_assert_str_eq(err.detail, "");
    ck_assert_str_eq(err.hint, "");
}
END_TEST

START_TEST(reported_twice_is_a_bug)
{
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_USAGE, "first");
    (void)pga_fail(&err, PGA_ERR_USAGE, "second");
}
END_TEST

START_TEST(while_puts_itself_in_front)
{
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_SQL, "table is gone");
    ck_assert(!pga_error_while(&err, "statement %d", 2));
    ck_assert(!pga_error_while(&err, "alteration \"%s\"", "17-a"));
    ck_assert_str_eq(err.message, "alteration \"17-a\": statement 2: table is gone");
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
}
END_TEST

START_TEST(hint_detail_and_context_replace)
{
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_USAGE, "m");
    ck_assert(!pga_error_hint(&err, "Run %s.", "this"));
    ck_assert(!pga_error_hint(&err, "Run %s.", "that"));
    ck_assert_str_eq(err.hint, "Run that.");
    ck_assert(!pga_error_detail(&err, "one"));
    ck_assert(!pga_error_detail(&err, "%s\ntwo", err.detail)); /* the old text may be an argument */
    ck_assert_str_eq(err.detail, "one\ntwo");
    ck_assert(!pga_error_context(&err, "line %d of function f()", 3));
    ck_assert_str_eq(err.context, "line 3 of function f()");
    ck_assert_str_eq(err.message, "m");
}
END_TEST

START_TEST(long_text_is_cut_between_characters)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    for (size_t shift = 0; shift < 8; shift++) {
        struct pga_error err = {0};
        struct pga_buf buf = pga_buf_on(&mem);

        for (size_t i = 0; i < shift; i++)
            pga_buf_append_char(&buf, '-');
        for (int i = 0; i < 3000; i++)
            pga_buf_append_c(&buf, "\xF0\x9F\x90\x98"); /* four bytes */
        (void)pga_fail(&err, PGA_ERR_USAGE, "%s", buf.data);
        (void)pga_error_detail(&err, "%s", buf.data);
        (void)pga_error_while(&err, "%s", buf.data);
        ck_assert_uint_gt(strlen(err.message), sizeof(err.message) - 8);
        ck_assert_uint_lt(strlen(err.message), sizeof(err.message));
        ck_assert(pga_str_ends(pga_str_of(err.message), "..."));
        ck_assert_uint_eq(pga_utf8_valid_prefix(pga_str_of(err.message)), strlen(err.message));
        ck_assert_uint_gt(strlen(err.detail), sizeof(err.detail) - 8);
        ck_assert(pga_str_ends(pga_str_of(err.detail), "..."));
        ck_assert_uint_eq(pga_utf8_valid_prefix(pga_str_of(err.detail)), strlen(err.detail));
    }
}
END_TEST

START_TEST(text_that_just_fits_is_whole)
{
    struct pga_error err = {0};
    char text[sizeof(err.message) + 1];

    memset(text, 'a', sizeof(text));
    text[sizeof(err.message) - 1] = '\0';
    (void)pga_fail(&err, PGA_ERR_USAGE, "%s", text);
    ck_assert_str_eq(err.message, text);

    err.code = PGA_OK;
    text[sizeof(err.message) - 1] = 'a';
    text[sizeof(err.message)] = '\0';
    (void)pga_fail(&err, PGA_ERR_USAGE, "%s", text);
    ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
    ck_assert_str_eq(err.message + sizeof(err.message) - 5, "a...");
}
END_TEST

static struct pga_place
place_of(const char *text, int column)
{
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_USAGE, "m");
    ck_assert(!pga_error_place(&err, "dir/a.sql", 3, column, text, strlen(text)));
    return err.place;
}

START_TEST(place_keeps_a_short_line)
{
    struct pga_place place = place_of("SELECT 1/0;\r\n", 9);

    ck_assert_str_eq(place.file, "dir/a.sql");
    ck_assert_int_eq(place.line, 3);
    ck_assert_int_eq(place.column, 9);
    ck_assert_str_eq(place.text, "SELECT 1/0;");
    ck_assert_int_eq(place.caret, 8);
}
END_TEST

START_TEST(place_counts_characters)
{
    struct pga_place place = place_of("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x98x", 4);

    ck_assert_str_eq(place.text, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x98x");
    ck_assert_int_eq(place.text[pga_utf8_offset(pga_str_of(place.text), (size_t)place.caret)], 'x');
}
END_TEST

START_TEST(place_makes_control_characters_blank)
{
    /* a tab, ESC, DEL, U+009B and a stray byte, each one column */
    struct pga_place place = place_of("a\tb\033c\177d\xC2\x9B"
                                      "e\xE9"
                                      "f",
                                      11);

    ck_assert_str_eq(place.text, "a b c d e?f");
    ck_assert_int_eq(place.text[place.caret], 'f');
}
END_TEST

START_TEST(place_cuts_around_the_column)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf buf = pga_buf_on(&mem);
    struct pga_place place;

    for (int i = 0; i < 500; i++)
        pga_buf_append_c(&buf, "\xC3\xA4");
    pga_buf_append_c(&buf, "X");
    for (int i = 0; i < 500; i++)
        pga_buf_append_c(&buf, "\xC3\xB6");
    place = place_of(buf.data, 501);
    ck_assert_int_eq(place.column, 501);
    ck_assert_int_eq(place.caret, 59);
    ck_assert_int_eq(place.text[pga_utf8_offset(pga_str_of(place.text), 59)], 'X');
    ck_assert_uint_gt(strlen(place.text), sizeof(place.text) - 4);
    ck_assert_uint_eq(pga_utf8_valid_prefix(pga_str_of(place.text)), strlen(place.text));
}
END_TEST

START_TEST(place_keeps_the_caret_at_the_line)
{
    struct pga_place place = place_of("abc", 400);

    ck_assert_int_eq(place.column, 400);
    ck_assert_str_eq(place.text, "abc");
    ck_assert_int_eq(place.caret, 3);
}
END_TEST

START_TEST(place_may_be_unknown)
{
    struct pga_error err = {0};
    char path[600];

    (void)pga_error_place(&err, NULL, 0, 0, NULL, 5);
    ck_assert_str_eq(err.place.file, "");
    ck_assert_str_eq(err.place.text, "");
    ck_assert_int_eq(err.place.caret, 0);
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    (void)pga_error_place(&err, path, 1, 0, "text", 2); /* not NUL-terminated for all it knows */
    ck_assert(pga_str_ends(pga_str_of(err.place.file), "p..."));
    ck_assert_str_eq(err.place.text, "te");
}
END_TEST

START_TEST(place_says_what_is_known)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_place place = {.line = 3, .column = 7};

    ck_assert_str_eq(pga_place_format(&mem, &place), "");
    (void)snprintf(place.file, sizeof(place.file), "a.up.sql");
    ck_assert_str_eq(pga_place_format(&mem, &place), "a.up.sql:3:7");
    place.column = 0;
    ck_assert_str_eq(pga_place_format(&mem, &place), "a.up.sql:3");
    place.line = 0;
    ck_assert_str_eq(pga_place_format(&mem, &place), "a.up.sql");
}
END_TEST

START_TEST(exit_status_and_name_follow_the_table)
{
    struct pga_error err = {0};

    ck_assert_int_eq(pga_error_exit_status(&err), 0);
    ck_assert_str_eq(pga_code_name(PGA_OK), "ok");
#define PGA_ERROR(row, status, name, retry, meaning)                                               \
    err.code = PGA_##row;                                                                          \
    ck_assert_int_eq(pga_error_exit_status(&err), status);                                         \
    ck_assert_str_eq(pga_code_name(PGA_##row), name);
#include "base/error.def"
#undef PGA_ERROR
    err.code = PGA_ERR_INTERRUPTED;
    err.signal = SIGTERM;
    ck_assert_int_eq(pga_error_exit_status(&err), 143);
    err.code = PGA_ERR_USAGE;
    ck_assert_int_eq(pga_error_exit_status(&err), 64);
}
END_TEST

START_TEST(the_topic_is_the_id_or_the_exit_status)
{
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_JOURNAL, "disagree");
    ck_assert_str_eq(pga_error_topic(&err), "66");
    ck_assert(!pga_error_identify(&err, PGA_ID_CHANGED));
    ck_assert_str_eq(pga_error_topic(&err), "changed");
    ck_assert_str_eq(pga_error_id_name(PGA_ID_NONE), "");
    for (int id = 1; id < PGA_ID_COUNT; id++) {
        ck_assert_str_ne(pga_error_id_name((enum pga_error_id)id), "");
        ck_assert_str_ne(pga_error_id_meaning((enum pga_error_id)id), "");
    }
}
END_TEST

START_TEST(bug_ends_with_its_own_status)
{
    pga_bug("the impossible %s", "happened");
}
END_TEST

static void
end_with_42(const char *message)
{
    bool has_place = strstr(message, "test_error.c:") != NULL;

    _Exit(has_place && strstr(message, ": the impossible happened") != NULL ? 42 : 1);
}

START_TEST(bug_is_told_by_who_listens)
{
    pga_bug_listen(end_with_42);
    pga_bug("the impossible %s", "happened");
}
END_TEST

static void
fail_again(const char *message)
{
    pga_bug("while telling: %s", message);
}

START_TEST(bug_within_a_bug_ends_too)
{
    pga_bug_listen(fail_again);
    pga_bug("the impossible %s", "happened");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("error");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, set_fills_and_answers_false);
    tcase_add_test_raise_signal(tcase, reported_twice_is_a_bug, SIGABRT);
    tcase_add_test(tcase, while_puts_itself_in_front);
    tcase_add_test(tcase, hint_detail_and_context_replace);
    tcase_add_test(tcase, long_text_is_cut_between_characters);
    tcase_add_test(tcase, text_that_just_fits_is_whole);
    tcase_add_test(tcase, place_keeps_a_short_line);
    tcase_add_test(tcase, place_counts_characters);
    tcase_add_test(tcase, place_makes_control_characters_blank);
    tcase_add_test(tcase, place_cuts_around_the_column);
    tcase_add_test(tcase, place_keeps_the_caret_at_the_line);
    tcase_add_test(tcase, place_may_be_unknown);
    tcase_add_test(tcase, place_says_what_is_known);
    tcase_add_test(tcase, exit_status_and_name_follow_the_table);
    tcase_add_test(tcase, the_topic_is_the_id_or_the_exit_status);
    tcase_add_exit_test(tcase, bug_ends_with_its_own_status, 70);
    tcase_add_exit_test(tcase, bug_is_told_by_who_listens, 42);
    tcase_add_exit_test(tcase, bug_within_a_bug_ends_too, 70);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
