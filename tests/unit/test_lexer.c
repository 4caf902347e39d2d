/*
 * tests/unit/test_lexer.c: alterations/lexer.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/lexer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/arena.h"

static struct pga_arena mem;

static void
release(void)
{
    pga_arena_release(&mem);
}

/*
 * Tokens as text: a letter for each kind, and "!" behind one that the end left open.  s string, d dollar quote,
 * q quoted name, w word, 1 number, p parameter, o operator, - and * comments, _ blanks; the others as themselves.
 */
static const char *
shape_of(struct pga_str text, bool standard_strings)
{
    static const char letters[] = {
        [PGA_TOKEN_SPACE] = '_',         [PGA_TOKEN_LINE_COMMENT] = '-',
        [PGA_TOKEN_BLOCK_COMMENT] = '*', [PGA_TOKEN_WORD] = 'w',
        [PGA_TOKEN_QUOTED_NAME] = 'q',   [PGA_TOKEN_STRING] = 's',
        [PGA_TOKEN_DOLLAR_STRING] = 'd', [PGA_TOKEN_NUMBER] = '1',
        [PGA_TOKEN_PARAMETER] = 'p',     [PGA_TOKEN_OPEN] = '(',
        [PGA_TOKEN_CLOSE] = ')',         [PGA_TOKEN_SEMICOLON] = ';',
        [PGA_TOKEN_BACKSLASH] = '\\',    [PGA_TOKEN_OTHER] = 'o',
    };
    struct pga_lexer lexer;
    struct pga_token token;
    struct pga_buf shape = pga_buf_on(&mem);
    size_t at = 0;

    pga_lexer_init(&lexer, text, standard_strings);
    while (pga_lexer_next(&lexer, &token)) {
        ck_assert_uint_eq(token.offset, at);
        ck_assert_uint_gt(token.len, 0);
        at += token.len;
        ck_assert_uint_le(at, text.len);
        pga_buf_append_char(&shape, letters[token.kind]);
        if (token.unterminated)
            pga_buf_append_char(&shape, '!');
    }
    ck_assert_uint_eq(at, text.len);
    return shape.data;
}

static const struct {
    const char *text, *shape;
    const char *old_shape; /* with standard_conforming_strings off; NULL: the same */
} shapes[] = {
    {"", "", NULL},
    {"SELECT 1;", "w_1;", NULL},
    {"a,b.c", "wowow", NULL},
    /* strings */
    {"'a'", "s", NULL},
    {"''", "s", NULL},
    {"'a''b'", "s", NULL},
    {"'a' 'b'", "s_s", NULL},
    {"'a\nb;'", "s", NULL},
    {"'a\\'", "s", "s!"},
    {"'a\\' c'", "s_ws!", "s"},
    {"'a\\'';'", "s", "s;s!"},
    {"'a\\\\'", "s", NULL},
    {"'a", "s!", NULL},
    {"'", "s!", NULL},
    {"'''", "s!", NULL},
    {"E'a\\'b'", "s", NULL},
    {"e'a\\\\'", "s", NULL},
    {"E'a''b'", "s", NULL},
    {"E'a\\", "s!", NULL},
    {"E'a\\'", "s!", NULL},
    {"E 'a\\'", "w_s", "w_s!"},
    {"fE'a\\'", "ws", "ws!"},
    {"1E'a\\''", "1s", NULL},
    {"B'10'", "s", NULL},
    {"b'10\\'", "s", NULL},
    {"X'1F'", "s", NULL},
    {"x'1F\\'", "s", NULL},
    {"B'1''0'", "ss", NULL},
    {"B'1''\\'", "ss", "ss!"},
    {"N'a\\'", "s", "s!"},
    {"n'a''b'", "s", NULL},
    {"U&'d\\0061t'", "s", NULL},
    {"u&'a\\'", "s", NULL},
    {"U&'a''b'", "s", NULL},
    {"U&'a' UESCAPE '!'", "s_w_s", NULL},
    {"U& 'a'", "wo_s", NULL},
    {"U&x", "wow", NULL},
    {"cU&'a\\'", "wos", "wos!"},
    /* continuation */
    {"'a'\n'b'", "s", NULL},
    {"'a' \t\n \n 'b'", "s", NULL},
    {"'a'\r'b'", "s", NULL},
    {"'a'\t'b'", "s_s", NULL},
    {"E'a'\n'\\''", "s", NULL},
    {"E'a'\n'\\'", "s!", NULL},
    {"E'a' '\\'", "s_s", "s_s!"},
    {"E'a'\n E'\\''", "s_s", NULL},
    {"'a' -- c\n'b'", "s", NULL},
    {"'a'\n-- c\n -- d\r 'b'", "s", NULL},
    {"'a'\n-- c'b'", "s_-", NULL},
    {"'a' --\n x", "s_-_w", NULL},
    {"'a' /* c */\n'b'", "s_*_s", NULL},
    {"'a'\n/* c */ 'b'", "s_*_s", NULL},
    {"B'1'\n'\\'", "s", NULL},
    {"U&'a'\n'\\'", "s", NULL},
    {"'a'\n'b", "s!", NULL},
    {"'a'\n\"b\"", "s_q", NULL},
    {"'a'\v\n'b'", "s", NULL},
    {"$$a$$\n'b'", "d_s", NULL},
    {"\"a\"\n\"b\"", "q_q", NULL},
    /* names */
    {"\"a\"", "q", NULL},
    {"\"a\"\"b\"", "q", NULL},
    {"\"a;'--\"", "q", NULL},
    {"\"a\\\"", "q", NULL},
    {"\"a", "q!", NULL},
    {"U&\"d\\0061t\"", "q", NULL},
    {"u&\"a\"\"b\"", "q", NULL},
    {"U&\"a", "q!", NULL},
    {"a$b", "w", NULL},
    {"_a1", "w", NULL},
    {"\xC3\xA9t\xC3\xA9", "w", NULL},
    {"\xC2\xA0", "w", NULL},
    /* dollar quotes */
    {"$$a$$", "d", NULL},
    {"$$$$", "d", NULL},
    {"$$", "d!", NULL},
    {"$$a$", "d!", NULL},
    {"$$$", "d!", NULL},
    {"$a$ $b$ $$ ' $a$", "d", NULL},
    {"$a$$b$a$", "d", NULL},
    {"$a$ $A$", "d!", NULL},
    {"$a$b$aa$c$a$", "d", NULL},
    {"$a$x$a$a$", "dw", NULL},
    {"$_1$a$_1$", "d", NULL},
    {"$\xC3\xA9$;$\xC3\xA9$", "d", NULL},
    {"$1$a$", "pd!", NULL},
    {"$1a$", "pw", NULL},
    {"a$b$c$b$", "w", NULL},
    {"1$a$b$a$", "1d", NULL},
    {")$a$b$a$", ")d", NULL},
    {"$a b$", "ow_w", NULL},
    {"$a-$", "owoo", NULL},
    {"$", "o", NULL},
    {"$ $", "o_o", NULL},
    {"$a", "ow", NULL},
    {"$12", "p", NULL},
    /* comments */
    {"-- a", "-", NULL},
    {"-- a\nb", "-_w", NULL},
    {"-- a\rb", "-_w", NULL},
    {"-- '\n'a'", "-_s", NULL},
    {"-- /*\n1", "-_1", NULL},
    {"--", "-", NULL},
    {"/* a */", "*", NULL},
    {"/**/", "*", NULL},
    {"/*/", "*!", NULL},
    {"/***/", "*", NULL},
    {"/* /* */ */ a", "*_w", NULL},
    {"/* /* */ a", "*!", NULL},
    {"/*/**/*/", "*", NULL},
    {"/*/*/**/*/*/", "*", NULL},
    {"/* ' */ 'a'", "*_s", NULL},
    {"/* -- */ a", "*_w", NULL},
    {"/* \n */", "*", NULL},
    {"/* a", "*!", NULL},
    {"*/ a", "o_w", NULL},
    /* operators */
    {"a-b", "wow", NULL},
    {"a - -1", "w_o_o1", NULL},
    {"a--b", "w-", NULL},
    {"a+--b", "wo-", NULL},
    {"a*--b\nc", "wo-_w", NULL},
    {"a@/* */b", "wo*w", NULL},
    {"a*/*b*/c", "wo*w", NULL},
    {"a<=b", "wow", NULL},
    {"a->>'b'", "wos", NULL},
    {"a@-b", "wow", NULL},
    {"a/b", "wow", NULL},
    {"a::b", "woow", NULL},
    {":'a'", "os", NULL},
    {":E'\\''", "os", NULL},
    {":a$b$c$b$", "ow", NULL},
    {"[1:2]", "o1o1o", NULL},
    /* numbers */
    {"1.5e10", "1", NULL},
    {"1.5e+10", "1", NULL},
    {"1e-3", "1", NULL},
    {"1.", "1", NULL},
    {".5", "1", NULL},
    {"1..10", "1o1", NULL},
    {"..5", "o1", NULL},
    {"1.5.5", "11", NULL},
    {"123abc", "1w", NULL},
    {"1e", "1w", NULL},
    {"1e+", "1wo", NULL},
    {"1e+'a'", "1wos", NULL},
    {"1e5$\xC3\xA9$;$\xC3\xA9$", "1d", NULL},
    {"0x1F", "1w", NULL},
    {"0x'1F\\'", "1s", NULL},
    {"1_000", "1w", NULL},
    {"1_000$a$", "1w", NULL},
    {"a.5", "w1", NULL},
    {"1.e'\\''", "1s", NULL},
    /* punctuation and strange bytes */
    {"();", "();", NULL},
    {"\\d t", "\\w_w", NULL},
    {"'a\\d'", "s", NULL},
    {"\x01", "o", NULL},
    {" \t\r\n\f\v", "_", NULL},
};

START_TEST(text_has_this_shape)
{
    struct pga_str text = pga_str_of(shapes[_i].text);
    const char *old = shapes[_i].old_shape;

    ck_assert_str_eq(shape_of(text, true), shapes[_i].shape);
    ck_assert_str_eq(shape_of(text, false), old == NULL ? shapes[_i].shape : old);
}
END_TEST

START_TEST(nul_is_an_ordinary_byte)
{
    ck_assert_str_eq(shape_of((struct pga_str){"a\0b", 3}, true), "wow");
    ck_assert_str_eq(shape_of((struct pga_str){"'\0'", 3}, true), "s");
    ck_assert_str_eq(shape_of((struct pga_str){NULL, 0}, true), "");
}
END_TEST

START_TEST(lines_are_counted)
{
    struct pga_lexer lexer;
    struct pga_token token;
    struct pga_str text = PGA_STR("a\n'b\n\nc'\r/*\n*/ $$\n$$ z");
    static const int lines[] = {1, 1, 2, 4, 4, 5, 5, 6, 6};
    size_t i = 0;

    pga_lexer_init(&lexer, text, true);
    for (; pga_lexer_next(&lexer, &token); i++)
        ck_assert_int_eq(token.line, lines[i]);
    ck_assert_uint_eq(i, PGA_COUNT_OF(lines));
}
END_TEST

START_TEST(depth_of_comments)
{
    static const struct {
        const char *text;
        int depth;
    } rows[] = {
        {"-- /*", 0}, {"/* */", 1},       {"/* /* */ */", 2},  {"/*/*/**/*//**/*/", 3},
        {"'/*'", 0},  {"/* /* /* /*", 4}, {"/*/**//**/*/", 2},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        struct pga_lexer lexer;
        struct pga_token token;

        pga_lexer_init(&lexer, pga_str_of(rows[i].text), true);
        ck_assert(pga_lexer_next(&lexer, &token));
        ck_assert_int_eq(token.depth, rows[i].depth);
    }
}
END_TEST

START_TEST(keywords_have_no_case_and_no_quotes)
{
    struct pga_str text = PGA_STR("BeGin \"begin\" begins");
    struct pga_lexer lexer;
    struct pga_token token;

    pga_lexer_init(&lexer, text, true);
    ck_assert(pga_lexer_next_significant(&lexer, &token));
    ck_assert(pga_token_is(text, &token, "begin"));
    ck_assert(pga_lexer_next_significant(&lexer, &token));
    ck_assert(!pga_token_is(text, &token, "begin"));
    ck_assert(pga_lexer_next_significant(&lexer, &token));
    ck_assert(!pga_token_is(text, &token, "begin"));
    ck_assert(!pga_lexer_next_significant(&lexer, &token));
}
END_TEST

START_TEST(delimiters_of_dollar_quotes)
{
    static const struct {
        const char *text;
        size_t offset, len;
    } rows[] = {
        {"$$", 0, 2}, {"$a$", 0, 3}, {"$a1_$x", 0, 5}, {"x$a$", 1, 3}, {"$1$", 0, 0},  {"$a", 0, 0},
        {"$", 0, 0},  {"a", 0, 0},   {"$a$", 2, 0},    {"$a$", 9, 0},  {"$a-$", 0, 0},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_uint_eq(pga_lexer_dollar_delimiter(pga_str_of(rows[i].text), rows[i].offset),
                          rows[i].len);
}
END_TEST

START_TEST(places)
{
    static const struct {
        const char *text;
        size_t offset;
        int line, column;
        const char *line_text;
    } rows[] = {
        {"", 0, 1, 1, ""},
        {"", 9, 1, 1, ""},
        {"abc", 1, 1, 2, "abc"},
        {"abc\n", 4, 2, 1, ""},
        {"abc\ndef\n", 3, 1, 4, "abc"},
        {"abc\ndef\n", 4, 2, 1, "def"},
        {"abc\ndef", 99, 2, 4, "def"},
        {"\xC3\xA9t\xC3\xA9 x", 5, 1, 4, "\xC3\xA9t\xC3\xA9 x"},
        {"a\rb\nc", 2, 1, 3, "a\rb"},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        int line, column;
        struct pga_str text;

        pga_text_locate(pga_str_of(rows[i].text), rows[i].offset, &line, &column, &text);
        ck_assert_int_eq(line, rows[i].line);
        ck_assert_int_eq(column, rows[i].column);
        ck_assert_str_eq(pga_strndup(&mem, text.data, text.len), rows[i].line_text);
    }
}
END_TEST

/* A small generator whose numbers are the same everywhere. */
static uint32_t
next_number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

START_TEST(tokens_make_up_any_text)
{
    static const char *const pieces[] = {
        "'",  "''",       "\\",   "E'", "B'", "U&'", "U&\"", "\"", "$$", "$a$",
        "$a", "$1",       "a",    "1",  ".",  "e",   "--",   "-",  "/*", "*/",
        "/",  "*",        "+",    "(",  ")",  ";",   "\n",   "\r", " ",  "\t",
        "$",  "\xC3\xA9", "\xFF", "x'", "N'", "\f",  "=",    "@",  "::", "begin",
    };
    uint32_t state = (uint32_t)_i + 1;

    for (int round = 0; round < 200; round++) {
        struct pga_buf text = pga_buf_on(&mem);
        uint32_t count = next_number(&state) % 24;

        for (uint32_t i = 0; i < count; i++)
            pga_buf_append_c(&text, pieces[next_number(&state) % PGA_COUNT_OF(pieces)]);
        (void)shape_of(pga_buf_str(&text), true);
        (void)shape_of(pga_buf_str(&text), false);
    }
}
END_TEST

/* 1 MB of each takes a fraction of a second, or minutes if any step looks back or ahead too far. */
static const char *const hostile[] = {
    "(",  "/*", "'",  "$a$", "$a",  "\"", "--", "E'\\", "''\n",  "'' --\n", "*", "-",   "$",  "$$",
    "\n", "1.", "1e", "U&",  "/*/", "*/", ";",  "\\",   "'a'\n", "a$",      ".", "B''", "\r",
};

START_TEST(hostile_texts_take_linear_time)
{
    const size_t size = (size_t)1 << 20;
    struct pga_buf text = pga_buf_on(&mem);
    struct pga_lexer lexer;
    struct pga_token token;
    size_t sum = 0;

    while (text.len < size)
        pga_buf_append_c(&text, hostile[_i]);
    pga_lexer_init(&lexer, pga_buf_str(&text), true);
    while (pga_lexer_next(&lexer, &token))
        sum += token.len;
    ck_assert_uint_eq(sum, text.len);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("lexer");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, release);
    tcase_add_loop_test(tcase, text_has_this_shape, 0, (int)PGA_COUNT_OF(shapes));
    tcase_add_test(tcase, nul_is_an_ordinary_byte);
    tcase_add_test(tcase, lines_are_counted);
    tcase_add_test(tcase, depth_of_comments);
    tcase_add_test(tcase, keywords_have_no_case_and_no_quotes);
    tcase_add_test(tcase, delimiters_of_dollar_quotes);
    tcase_add_test(tcase, places);
    tcase_add_loop_test(tcase, tokens_make_up_any_text, 0, 20);
    tcase_add_loop_test(tcase, hostile_texts_take_linear_time, 0, (int)PGA_COUNT_OF(hostile));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
