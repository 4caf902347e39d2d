/*
 * tests/unit/test_script.c: normalising scripts, alterations/script.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/script.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#define ALLOW "-- pgalter:allow drop-column nobody reads it\n"

static struct pga_arena mem;

static void
release(void)
{
    pga_arena_release(&mem);
}

static struct pga_script_text
parsed(struct pga_str bytes)
{
    struct pga_script_text script;
    struct pga_error err = {0};

    ck_assert_msg(pga_script_parse(&mem, "x.up.sql", PGA_PART_UP, bytes, &script, &err),
                  "line %d: %s", err.place.line, err.message);
    ck_assert_int_eq(err.code, PGA_OK);
    ck_assert_int_eq(script.text.data[script.text.len], '\0');
    return script;
}

static const struct {
    const char *bytes, *text;
    bool empty;
} rows[] = {
    {"", "", true},
    {"\n\n", "", true},
    {" \t\r\n\f\v\n", "", true},
    {"\xEF\xBB\xBF", "", true},
    {"SELECT 1;", "SELECT 1;\n", false},
    {"SELECT 1;\n", "SELECT 1;\n", false},
    {"SELECT 1; \t\n \n\t\n", "SELECT 1; \t\n", false},
    {"\n\nSELECT 1;\n", "\n\nSELECT 1;\n", false},
    {"\xEF\xBB\xBFSELECT 1;\n", "SELECT 1;\n", false},
    {"SELECT '\xEF\xBB\xBF';\n", "SELECT '\xEF\xBB\xBF';\n", false},
    {"SELECT\r\n1;\r\n", "SELECT\n1;\n", false},
    {"SELECT\r\r\n1;", "SELECT\n1;\n", false},
    {"SELECT\r1;\r\n", "SELECT\r1;\n", false},
    {"SELECT 1; -- a\r", "SELECT 1; -- a\n", false},
    {"SELECT 1;\r \r\n", "SELECT 1;\n", false},
    {"SELECT 'a\r\nb';", "SELECT 'a\nb';\n", false},
    {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x98", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x98\n", false},
    {"-- a\n/* b */ ;;", "-- a\n/* b */ ;;\n", true},
    {"/* b", "/* b\n", false},
    {";'", ";'\n", false},
    /* allow lines */
    {ALLOW, "", true},
    {ALLOW "SELECT 1;\n", "SELECT 1;\n", false},
    {"-- pgalter:allow drop-column x", "", true},
    {"/*\n-- pgalter:allow drop-column x */ -- y\nSELECT 1;\n",
     "/*\n-- pgalter:allow drop-column x */ -- y\nSELECT 1;\n", false},
    {"-- a\n" ALLOW "\n" ALLOW ALLOW "-- b\n" ALLOW "SELECT 1;\n", "-- a\n\n-- b\nSELECT 1;\n",
     false},
    {"/* a\n */\n  " ALLOW "SELECT 1;\n", "/* a\n */\nSELECT 1;\n", false},
    {"-- pgalter:phase contract\r\n-- pgalter:allow drop-column x\r\nSELECT 1;\r\n",
     "-- pgalter:phase contract\nSELECT 1;\n", false},
    {"/*\n" ALLOW "*/ SELECT 1;\n", "/*\n" ALLOW "*/ SELECT 1;\n", false},
    {"\xEF\xBB\xBF" ALLOW "SELECT 1;", "SELECT 1;\n", false},
    {"SELECT '\n" ALLOW "';\n", "SELECT '\n" ALLOW "';\n", false},
    {"COPY t FROM STDIN;\n" ALLOW "\\.\n", "COPY t FROM STDIN;\n" ALLOW "\\.\n", false},
};

START_TEST(text_is_normalised)
{
    struct pga_script_text script = parsed(pga_str_of(rows[_i].bytes)), again;
    struct pga_digest digest = pga_digest_of(pga_str_of(rows[_i].text));

    ck_assert_str_eq(script.text.data, rows[_i].text);
    ck_assert_uint_eq(script.text.len, strlen(rows[_i].text));
    ck_assert_int_eq(script.empty, rows[_i].empty);
    ck_assert(pga_digest_equal(&script.digest, &digest));
    again = parsed(script.text);
    ck_assert_str_eq(again.text.data, rows[_i].text);
    ck_assert_uint_eq(again.removed_line_count, 0);
}
END_TEST

#define BYTES(literal)                                                                             \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static const struct {
    struct pga_str bytes;
    int line, column;
    const char *message;
} refusals[] = {
    {BYTES("\xFF\xFES\0"), 1, 1, "script in UTF-16"},
    {BYTES("\xFE\xFF\0S"), 1, 1, "script in UTF-16"},
    {BYTES("\xFF\xFE\0\0S\0\0\0"), 1, 1, "script in UTF-32"},
    {BYTES("\0\0\xFE\xFF\0\0\0S"), 1, 1, "script in UTF-32"},
    {BYTES("S\0E\0"), 1, 1, "script in UTF-16LE"},
    {BYTES("\0S\0E"), 1, 1, "script in UTF-16BE"},
    {BYTES("SELECT 1;\nSELECT '\0';\n"), 2, 9, "NUL byte"},
    {BYTES("-- a\n\nSELECT '\xC3\xA9\xE9';\n"), 3, 10, "byte 0xe9 is not UTF-8"},
    {BYTES("\x80"), 1, 1, "byte 0x80 is not UTF-8"},
    {BYTES("SELECT '\xC0\x80'"), 1, 9, "byte 0xc0 is not UTF-8"},
    {BYTES("SELECT '\xED\xA0\x80'"), 1, 9, "byte 0xed is not UTF-8"},
    {BYTES("\xEF\xBB\xBF\xEF\xBB\xBFSELECT 1"), 1, 1, "byte order mark in the middle"},
    {BYTES("-- a\n\xEF\xBB\xBFSELECT 1"), 2, 1, "byte order mark in the middle"},
    {BYTES("\n-- pgalter:nonsense x\nSELECT 1"), 2, 12, "nonsense"},
    {BYTES("-- pgalter:allow drop-column x\rDROP TABLE t;\n"), 1, 1, "line of its own"},
};

START_TEST(bytes_are_refused)
{
    struct pga_script_text script;
    struct pga_error err = {0};

    ck_assert(!pga_script_parse(&mem, "x.up.sql", PGA_PART_UP, refusals[_i].bytes, &script, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_msg(strstr(err.message, refusals[_i].message) != NULL, "%s", err.message);
    ck_assert_str_eq(err.place.file, "x.up.sql");
    ck_assert_int_eq(err.place.line, refusals[_i].line);
    ck_assert_int_eq(err.place.column, refusals[_i].column);
    ck_assert_uint_eq(pga_utf8_valid_prefix(pga_str_of(err.place.text)), strlen(err.place.text));
}
END_TEST

START_TEST(size_is_bounded)
{
    size_t len = ((size_t)16 << 20) + 1;
    struct pga_str bytes = {memset(pga_alloc(&mem, len, 1), ' ', len), len};
    struct pga_script_text script;
    struct pga_error err = {0};

    ck_assert(!pga_script_parse(&mem, "x.up.sql", PGA_PART_UP, bytes, &script, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "16777217"));
    bytes.len--;
    script = parsed(bytes);
    ck_assert(script.empty);
}
END_TEST

START_TEST(places_are_those_of_the_file)
{
    /*           1       2      3       4      5      6 */
    const char *file = ALLOW "-- a\n" ALLOW ALLOW "-- b\n\xC3\xA9  x;\n";
    struct pga_script_text script = parsed(pga_str_of(file));
    static const int lines[] = {2, 5, 6, 7};
    struct pga_error err = {0};

    ck_assert_uint_eq(script.removed_line_count, 3);
    ck_assert_uint_eq(script.directives.allow_count, 3);
    ck_assert_int_eq(script.directives.allows[2].line, 4);
    for (size_t i = 0; i < PGA_COUNT_OF(lines); i++)
        ck_assert_int_eq(pga_script_file_line(&script, (int)i + 1), lines[i]);
    (void)pga_fail(&err, PGA_ERR_SQL, "x");
    ck_assert(!pga_script_place(&err, &script,
                                (size_t)(strchr(script.text.data, 'x') - script.text.data)));
    ck_assert_str_eq(err.place.file, "x.up.sql");
    ck_assert_int_eq(err.place.line, 6);
    ck_assert_int_eq(err.place.column, 4);
    ck_assert_str_eq(err.place.text, "\xC3\xA9  x;");
}
END_TEST

START_TEST(errors_of_statements_name_the_files_line)
{
    struct pga_script_text script = parsed(pga_str_of("-- a\n" ALLOW ALLOW "\n\\d\n"));
    struct pga_prepared prepared;
    struct pga_error err = {0};

    ck_assert(!pga_script_prepare(&mem, &script, true, &prepared, &err));
    ck_assert_int_eq(err.place.line, 5);
    ck_assert_str_eq(err.place.text, "\\d");
}
END_TEST

START_TEST(directives_are_read)
{
    struct pga_script_text script =
        parsed(pga_str_of(ALLOW "-- pgalter:transaction none\r\nSELECT 1;\n"));

    ck_assert(script.directives.no_transaction);
    ck_assert_str_eq(script.directives.canonical, "transaction none\n");
    ck_assert_int_eq(script.part, PGA_PART_UP);
}
END_TEST

static uint32_t
next_number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A journal keeps the normalised text: reading it from there must give the same digest. */
START_TEST(normalising_again_changes_nothing)
{
    static const char *const pieces[] = {
        "\r",
        "\n",
        "\r\n",
        " ",
        "\t",
        "-- ",
        ALLOW,
        "\xEF\xBB\xBF",
        "x",
        ";",
        "/*",
        "*/",
        "'",
        "-- pgalter:allow drop-column x\r",
        "\t-- pgalter:allow drop-column x\n",
    };
    uint32_t state = (uint32_t)_i + 1;

    for (int round = 0; round < 300; round++) {
        struct pga_buf bytes = pga_buf_on(&mem);
        struct pga_script_text script, again;
        struct pga_error err = {0};
        uint32_t count = next_number(&state) % 12;

        for (uint32_t i = 0; i < count; i++)
            pga_buf_append_c(&bytes, pieces[next_number(&state) % PGA_COUNT_OF(pieces)]);
        if (!pga_script_parse(&mem, "x.up.sql", PGA_PART_UP, pga_buf_str(&bytes), &script, &err))
            continue;
        again = parsed(script.text);
        ck_assert_str_eq(again.text.data, script.text.data);
        ck_assert_int_eq(again.empty, script.empty);
        if (script.text.len > 0)
            ck_assert(pga_str_ends(script.text, "\n") && !pga_str_ends(script.text, "\n\n"));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("script");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, release);
    tcase_add_loop_test(tcase, text_is_normalised, 0, (int)PGA_COUNT_OF(rows));
    tcase_add_loop_test(tcase, bytes_are_refused, 0, (int)PGA_COUNT_OF(refusals));
    tcase_add_test(tcase, size_is_bounded);
    tcase_add_test(tcase, places_are_those_of_the_file);
    tcase_add_test(tcase, errors_of_statements_name_the_files_line);
    tcase_add_test(tcase, directives_are_read);
    tcase_add_loop_test(tcase, normalising_again_changes_nothing, 0, 20);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
