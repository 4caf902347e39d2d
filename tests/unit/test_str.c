/*
 * tests/unit/test_str.c: base/str.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static void
assert_str(struct pga_str s, const char *expected)
{
    ck_assert_uint_eq(s.len, strlen(expected));
    ck_assert(s.len == 0 || memcmp(s.data, expected, s.len) == 0);
}

START_TEST(slice_is_clamped)
{
    struct pga_str s = PGA_STR("abcdef");

    assert_str(pga_str_slice(s, 2, 2), "cd");
    assert_str(pga_str_slice(s, 4, SIZE_MAX), "ef");
    assert_str(pga_str_slice(s, 6, 1), "");
    assert_str(pga_str_slice(s, SIZE_MAX, SIZE_MAX), "");
    assert_str(pga_str_slice((struct pga_str){NULL, 0}, 1, 1), "");
}
END_TEST

START_TEST(comparing)
{
    struct pga_str none = pga_str_of(NULL);

    ck_assert(pga_str_equal(PGA_STR("a\0b"), (struct pga_str){"a\0b", 3}));
    ck_assert(!pga_str_equal(PGA_STR("ab"), PGA_STR("ac")));
    ck_assert(!pga_str_equal(PGA_STR("ab"), PGA_STR("abc")));
    ck_assert(pga_str_equal(none, PGA_STR("")));
    ck_assert(pga_str_equal_c(none, NULL));
    ck_assert(pga_str_equal_c(PGA_STR("x"), "x"));
    ck_assert(pga_str_equal_nocase(PGA_STR("BeGiN"), "bEgIn"));
    ck_assert(!pga_str_equal_nocase(PGA_STR("begin"), "begins"));
    ck_assert(!pga_str_equal_nocase(PGA_STR("[egin"), "{egin")); /* 32 apart, but no letters */
    ck_assert(pga_str_starts(PGA_STR("abc"), "ab"));
    ck_assert(!pga_str_starts(PGA_STR("ab"), "abc"));
    ck_assert(!pga_str_starts(PGA_STR("xbc"), "ab"));
    ck_assert(pga_str_ends(PGA_STR("a.sql"), ".sql"));
    ck_assert(!pga_str_ends(PGA_STR("a.sqr"), ".sql"));
    ck_assert(!pga_str_ends(PGA_STR("sql"), ".sql"));
    ck_assert(pga_str_starts(none, "") && pga_str_ends(none, ""));
    ck_assert(!pga_str_starts(none, "a") && !pga_str_ends(none, "a"));
    ck_assert(pga_same("a", "a") && !pga_same("a", "b"));
    ck_assert(pga_same(NULL, NULL) && !pga_same(NULL, "") && !pga_same("", NULL));
}
END_TEST

START_TEST(trim_and_dup)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    assert_str(pga_str_trim(PGA_STR(" \t\r\n a b \n")), "a b");
    assert_str(pga_str_trim(PGA_STR(" \n ")), "");
    assert_str(pga_str_trim(pga_str_of(NULL)), "");
    assert_str(pga_str_trim(PGA_STR("\va\f")), "\va\f");
    ck_assert_str_eq(pga_str_dup(&mem, (struct pga_str){"abcdef", 3}), "abc");
    ck_assert_str_eq(pga_str_dup(&mem, pga_str_of(NULL)), "");
}
END_TEST

static const struct {
    const char *text;
    int64_t min, max;
    bool good;
    int64_t value;
} integers[] = {
    {"0", 0, 9, true, 0},
    {"-0", -1, 1, true, 0},
    {"007", 0, 9, true, 7},
    {"10", 0, 9, false, 0},
    {"-1", 0, 9, false, 0},
    {"-1", -1, 9, true, -1},
    {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
    {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
    {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
    {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
    {"99999999999999999999999", INT64_MIN, INT64_MAX, false, 0},
    {"", INT64_MIN, INT64_MAX, false, 0},
    {"-", INT64_MIN, INT64_MAX, false, 0},
    {"+1", INT64_MIN, INT64_MAX, false, 0},
    {" 1", INT64_MIN, INT64_MAX, false, 0},
    {"1 ", INT64_MIN, INT64_MAX, false, 0},
    {"1a", INT64_MIN, INT64_MAX, false, 0},
    {"0x1", INT64_MIN, INT64_MAX, false, 0},
    {"1/", INT64_MIN, INT64_MAX, false, 0},
    {"1:", INT64_MIN, INT64_MAX, false, 0},
};

START_TEST(parse_int)
{
    for (size_t i = 0; i < PGA_COUNT_OF(integers); i++) {
        int64_t value = 4711;

        ck_assert_msg(pga_parse_int(pga_str_of(integers[i].text), integers[i].min, integers[i].max,
                                    &value) == integers[i].good,
                      "%s", integers[i].text);
        ck_assert_int_eq(value, integers[i].good ? integers[i].value : 4711);
    }
}
END_TEST

static const struct {
    const char *text;
    int64_t ms; /* -1: refused */
} durations[] = {
    {"0", 0},
    {"0s", 0},
    {"1us", 1},
    {"1000us", 1},
    {"1001us", 2},
    {"850ms", 850},
    {"2s", 2000},
    {"1min", 60000},
    {"3m", 180000},
    {"2h", 7200000},
    {"24d", 2073600000},
    {"25d", -1},
    {"2147483647ms", 2147483647},
    {"2147483648ms", -1},
    {"9223372036854775807d", -1},
    {"9223372036854775807us", -1},
    {"5", -1},
    {"-5s", -1},
    {"1.5s", -1},
    {"s", -1},
    {"", -1},
    {"1 s", -1},
    {"1S", -1},
    {"1sec", -1},
};

START_TEST(parse_duration)
{
    for (size_t i = 0; i < PGA_COUNT_OF(durations); i++) {
        int64_t ms = -1;

        ck_assert_msg(pga_parse_duration_ms(pga_str_of(durations[i].text), &ms) ==
                          (durations[i].ms >= 0),
                      "%s", durations[i].text);
        ck_assert_int_eq(ms, durations[i].ms);
    }
}
END_TEST

static const struct {
    int64_t ms;
    const char *text;
} spoken[] = {
    {0, "0 ms"},
    {999, "999 ms"},
    {1000, "1.0 s"},
    {9999, "9.9 s"},
    {10000, "10 s"},
    {59999, "59 s"},
    {60000, "1 min 0 s"},
    {185000, "3 min 5 s"},
    {3599999, "59 min 59 s"},
    {3600000, "1 h 0 min"},
    {90000000, "25 h 0 min"},
};

START_TEST(format_duration)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    for (size_t i = 0; i < PGA_COUNT_OF(spoken); i++)
        ck_assert_str_eq(pga_format_duration_ms(&mem, spoken[i].ms), spoken[i].text);
}
END_TEST

START_TEST(nearest)
{
    static const char *const words[] = {"deploy", "rollback", "plan", "status", "list", "show"};
    char longer[200];

    ck_assert_str_eq(pga_nearest("dpeloy", words, PGA_COUNT_OF(words)), "deploy");
    ck_assert_str_eq(pga_nearest("DEPLOY", words, PGA_COUNT_OF(words)), "deploy");
    ck_assert_str_eq(pga_nearest("statsu", words, PGA_COUNT_OF(words)), "status");
    ck_assert_str_eq(pga_nearest("lists", words, PGA_COUNT_OF(words)), "list");
    ck_assert_str_eq(pga_nearest("list", words, PGA_COUNT_OF(words)), "list");
    ck_assert_ptr_null(pga_nearest("fingerprint", words, PGA_COUNT_OF(words)));
    ck_assert_ptr_null(pga_nearest("x", words, PGA_COUNT_OF(words)));
    ck_assert_ptr_null(pga_nearest("", words, PGA_COUNT_OF(words)));
    ck_assert_ptr_null(pga_nearest("deploy", words, 0));
    memset(longer, 'z', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    ck_assert_ptr_null(pga_nearest(longer, words, PGA_COUNT_OF(words)));
}
END_TEST

static const struct {
    const char *bytes;
    size_t len, valid;
} utf8[] = {
    {"", 0, 0},
    {"abc", 3, 3},
    {"a\0b", 3, 3},
    {"\x7F", 1, 1},
    {"\x80", 1, 0},
    {"\xC2\x80", 2, 2},
    {"\xC2", 1, 0},
    {"\xC2"
     "a",
     2, 0},
    {"\xC0\x80", 2, 0}, /* overlong NUL */
    {"\xC1\xBF", 2, 0}, /* overlong U+007F */
    {"\xDF\xBF", 2, 2},
    {"\xE0\x9F\xBF", 3, 0}, /* overlong U+07FF */
    {"\xE0\xA0\x80", 3, 3},
    {"\xED\x9F\xBF", 3, 3}, /* U+D7FF */
    {"\xED\xA0\x80", 3, 0}, /* a surrogate */
    {"\xEF\xBF\xBF", 3, 3},
    {"\xE2\x82", 2, 0},
    {"\xE2\x82"
     "a",
     3, 0},
    {"\xF0\x8F\xBF\xBF", 4, 0}, /* overlong U+FFFF */
    {"\xF0\x90\x80\x80", 4, 4},
    {"\xF4\x8F\xBF\xBF", 4, 4}, /* U+10FFFF */
    {"\xF4\x90\x80\x80", 4, 0}, /* beyond it */
    {"\xF5\x80\x80\x80", 4, 0},
    {"\xFF", 1, 0},
    {"ab\xC3\xA9\xFFz", 6, 4},
};

START_TEST(utf8_valid_prefix)
{
    for (size_t i = 0; i < PGA_COUNT_OF(utf8); i++) {
        /* a copy of exactly these bytes, so that reading behind them is seen */
        char *copy = malloc(utf8[i].len + (utf8[i].len == 0));
        size_t valid;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, utf8[i].bytes, utf8[i].len);
        valid = pga_utf8_valid_prefix((struct pga_str){copy, utf8[i].len});
        free(copy);
        ck_assert_msg(valid == utf8[i].valid, "row %zu: %zu", i, valid);
    }
}
END_TEST

START_TEST(utf8_cut)
{
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of(""), 0), 0);
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("abc"), 3), 3);
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("abc"), 2), 2);
    /* U+00E9, U+20AC and U+1F600 stay whole or go whole. */
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("a\xC3\xA9"), 3), 3);
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("a\xC3\xA9"), 2), 1);
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("a\xE2\x82\xAC"), 3), 1);
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("a\xF0\x9F\x98\x80"), 4), 1);
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("\xF0\x9F\x98\x80"), 3), 0);
    /* What is no UTF-8 is cut anywhere. */
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("\xFF\xFF\xFF"), 2), 2);
    ck_assert_uint_eq(pga_utf8_cut(pga_str_of("\x80\x80\x80\x80\x80\x80"), 5), 5);
}
END_TEST

START_TEST(utf8_length_and_offset)
{
    struct pga_str s = PGA_STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x98z");

    ck_assert_uint_eq(pga_utf8_length(s), 5);
    ck_assert_uint_eq(pga_utf8_length(pga_str_of(NULL)), 0);
    ck_assert_uint_eq(pga_utf8_offset(s, 0), 0);
    ck_assert_uint_eq(pga_utf8_offset(s, 1), 1);
    ck_assert_uint_eq(pga_utf8_offset(s, 2), 3);
    ck_assert_uint_eq(pga_utf8_offset(s, 3), 6);
    ck_assert_uint_eq(pga_utf8_offset(s, 4), 10);
    ck_assert_uint_eq(pga_utf8_offset(s, 5), 11);
    ck_assert_uint_eq(pga_utf8_offset(s, 99), 11);
}
END_TEST

START_TEST(buffer_grows)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf buf = pga_buf_on(&mem);

    ck_assert_str_eq(buf.data, "");
    pga_buf_append(&buf, pga_str_of(NULL));
    pga_buf_append_c(&buf, NULL);
    pga_buf_appendf(&buf, "%s", "");
    ck_assert_str_eq(buf.data, "");
    for (int i = 0; i < 1000; i++) {
        pga_buf_append_char(&buf, 'a');
        pga_buf_append_c(&buf, "bc");
        pga_buf_appendf(&buf, "%03d", i);
        ck_assert_uint_eq(strlen(buf.data), buf.len);
    }
    ck_assert_uint_eq(pga_buf_str(&buf).len, 6000);
    ck_assert_int_eq(memcmp(buf.data + 5994, "abc999", 7), 0);
    pga_buf_append(&buf, pga_buf_str(&buf)); /* its own text */
    ck_assert_uint_eq(buf.len, 12000);
    ck_assert_int_eq(memcmp(buf.data, buf.data + 6000, 6000), 0);
    pga_buf_append(&buf, PGA_STR("\0x"));
    ck_assert_uint_eq(buf.len, 12002);
}
END_TEST

static const char *
literal(struct pga_arena *mem, struct pga_str text)
{
    struct pga_buf buf = pga_buf_on(mem);

    pga_buf_append_literal(&buf, text);
    return buf.data;
}

START_TEST(literal_doubles_quotes_and_backslashes)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    ck_assert_str_eq(literal(&mem, pga_str_of(NULL)), "NULL");
    ck_assert_str_eq(literal(&mem, PGA_STR("")), "E''");
    ck_assert_str_eq(literal(&mem, PGA_STR("plain")), "E'plain'");
    ck_assert_str_eq(literal(&mem, PGA_STR("it's")), "E'it''s'");
    ck_assert_str_eq(literal(&mem, PGA_STR("\\d+")), "E'\\\\d+'");
    ck_assert_str_eq(literal(&mem, PGA_STR("'")), "E''''");
    ck_assert_str_eq(literal(&mem, PGA_STR("\\")), "E'\\\\'");
    ck_assert_str_eq(literal(&mem, PGA_STR("\\'")), "E'\\\\'''");
    ck_assert_str_eq(literal(&mem, PGA_STR("'\\''")), "E'''\\\\'''''");
    ck_assert_str_eq(literal(&mem, PGA_STR("'; DROP TABLE t; --")), "E'''; DROP TABLE t; --'");
    ck_assert_str_eq(literal(&mem, (struct pga_str){"a'b'c", 3}), "E'a''b'");
}
END_TEST

static const char *
printable(struct pga_arena *mem, struct pga_str text)
{
    struct pga_buf buf = pga_buf_on(mem);

    pga_buf_append_printable(&buf, text);
    return buf.data;
}

START_TEST(clean_shows_bytes_of_other_encodings)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    ck_assert_str_eq(pga_utf8_clean(&mem, ""), "");
    ck_assert_str_eq(pga_utf8_clean(&mem, "a\nb\xC3\xBC"), "a\nb\xC3\xBC");
    ck_assert_str_eq(pga_utf8_clean(&mem, "f\xFCr \xC3"), "f\\xfcr \\xc3");
    ck_assert_str_eq(pga_utf8_clean(&mem, "\xED\xA0\x80!"), "\\xed\\xa0\\x80!");
}
END_TEST

START_TEST(printable_can_not_drive_a_terminal)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    /* What turns the direction of text, beside what doesn't. */
    ck_assert_str_eq(printable(&mem, PGA_STR("a\xE2\x80\xAE"
                                             "b\xE2\x81\xA6"
                                             "c\xD8\x9C")),
                     "a\\u202eb\\u2066c\\u061c");
    ck_assert_str_eq(printable(&mem, PGA_STR("\xE2\x80\x93\xE2\x81\xA5\xD8\x9B")),
                     "\xE2\x80\x93\xE2\x81\xA5\xD8\x9B");
    ck_assert_str_eq(printable(&mem, PGA_STR("")), "");
    ck_assert_str_eq(printable(&mem, pga_str_of(NULL)), "");
    ck_assert_str_eq(printable(&mem, PGA_STR("a\tb \xC3\xA9\xF0\x9F\x90\x98~")),
                     "a\tb \xC3\xA9\xF0\x9F\x90\x98~");
    ck_assert_str_eq(printable(&mem, PGA_STR("\033[2J\a\0")), "\\x1b[2J\\x07\\x00");
    ck_assert_str_eq(printable(&mem, PGA_STR("a\r\nb")), "a\\r\\nb");
    ck_assert_str_eq(printable(&mem, PGA_STR("\x7F")), "\\x7f");
    ck_assert_str_eq(printable(&mem, PGA_STR("\xC2\x9B"
                                             "31m\xC2\xA0")),
                     "\\u009b31m\xC2\xA0");
    ck_assert_str_eq(printable(&mem, PGA_STR("\x9B"
                                             "31m\xC3")),
                     "\\x9b31m\\xc3");
}
END_TEST

START_TEST(words_for_a_shell)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    ck_assert_str_eq(pga_shell_word(&mem, "1714984800-add_invites"), "1714984800-add_invites");
    ck_assert_str_eq(pga_shell_word(&mem, "postgresql://u@h:5432/d,%20+.="),
                     "postgresql://u@h:5432/d,%20+.=");
    ck_assert_str_eq(pga_shell_word(&mem, ""), "''");
    ck_assert_str_eq(pga_shell_word(&mem, "a b"), "'a b'");
    ck_assert_str_eq(pga_shell_word(&mem, "$(x)"), "'$(x)'");
    ck_assert_str_eq(pga_shell_word(&mem, "~"), "'~'");
    ck_assert_str_eq(pga_shell_word(&mem, "a\nb"), "'a\nb'");
    ck_assert_str_eq(pga_shell_word(&mem, "a'b"), "'a'\\''b'");
    ck_assert_str_eq(pga_shell_word(&mem, "\xc3\xa4"), "'\xc3\xa4'");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("str");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, slice_is_clamped);
    tcase_add_test(tcase, comparing);
    tcase_add_test(tcase, trim_and_dup);
    tcase_add_test(tcase, parse_int);
    tcase_add_test(tcase, parse_duration);
    tcase_add_test(tcase, format_duration);
    tcase_add_test(tcase, nearest);
    tcase_add_test(tcase, utf8_valid_prefix);
    tcase_add_test(tcase, utf8_cut);
    tcase_add_test(tcase, utf8_length_and_offset);
    tcase_add_test(tcase, buffer_grows);
    tcase_add_test(tcase, literal_doubles_quotes_and_backslashes);
    tcase_add_test(tcase, clean_shows_bytes_of_other_encodings);
    tcase_add_test(tcase, printable_can_not_drive_a_terminal);
    tcase_add_test(tcase, words_for_a_shell);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
