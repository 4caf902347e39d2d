/*
 * tests/unit/test_json.c: base/json.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static struct pga_json *
parse(const char *text)
{
    struct pga_error err = {0};
    struct pga_json *root = pga_json_parse(pga_str_of(text), &err);

    ck_assert_msg(root != NULL, "%s: %s", text, err.message);
    return root;
}

START_TEST(building_keeps_the_order)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_json_release)
    struct pga_json *doc = pga_json_object();
    struct pga_json *list, *inner;

    pga_json_set_int(doc, "zebra", INT64_MIN);
    pga_json_set_text(doc, "apple", "text \"quoted\" \\ \n");
    pga_json_set_bool(doc, "mango", true);
    pga_json_set_bool(doc, "banana", false);
    pga_json_set_null(doc, "none");
    pga_json_set_text(doc, "nothing", NULL);
    list = pga_json_set(doc, "list", pga_json_array());
    pga_json_add_text(list, "one");
    pga_json_add_text(list, NULL);
    inner = pga_json_add(list, pga_json_object());
    pga_json_set_int(inner, "n", 1);
    ck_assert_str_eq(
        pga_json_format(&mem, doc, false),
        "{\"zebra\":-9223372036854775808,\"apple\":\"text \\\"quoted\\\" \\\\ \\n\",\"mango\":true,"
        "\"banana\":false,\"none\":null,\"nothing\":null,\"list\":[\"one\",null,{\"n\":1}]}");
}
END_TEST

START_TEST(pretty_is_indented_by_two)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_json_release)
    struct pga_json *doc = pga_json_object();

    pga_json_add_text(pga_json_set(doc, "b", pga_json_array()), "x");
    pga_json_set_int(doc, "a", 1);
    ck_assert_str_eq(pga_json_format(&mem, doc, true),
                     "{\n  \"b\": [\n    \"x\"\n  ],\n  \"a\": 1\n}");
}
END_TEST

START_TEST(setting_again_replaces)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_json_release)
    struct pga_json *doc = pga_json_object();

    pga_json_set_int(doc, "a", 1);
    pga_json_set_int(doc, "b", 2);
    pga_json_set_text(doc, "a", "three");
    ck_assert_str_eq(pga_json_format(&mem, doc, false), "{\"a\":\"three\",\"b\":2}");
}
END_TEST

START_TEST(text_that_is_not_utf8_is_mended)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_json_release)
    struct pga_json *doc = pga_json_object();

    pga_json_set_text(doc, "a", "caf\xE9");
    pga_json_set_text(doc, "b", "\xFF\xFEx\xC3");
    pga_json_set_text(doc, "k\xE9y", "\xED\xA0\x80");
    pga_json_set_text(doc, "good", "\xC3\xA9\xF0\x9F\x90\x98");
    ck_assert_str_eq(pga_json_format(&mem, doc, false),
                     "{\"a\":\"caf\xEF\xBF\xBD\",\"b\":\"\xEF\xBF\xBD\xEF\xBF\xBDx\xEF\xBF\xBD\","
                     "\"k\xEF\xBF\xBDy\":\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\",\"good\":"
                     "\"\xC3\xA9\xF0\x9F\x90\x98\"}");
}
END_TEST

START_TEST(no_control_character_survives)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_json_release)
    struct pga_json *doc = pga_json_array();
    struct pga_error err = {0};
    struct pga_json *again;
    const char *text;

    pga_json_add_text(doc, "\033[2J\x01");
    pga_json_add_text(doc, "\x7F");
    pga_json_add_text(doc, "a\xC2\x9B"
                           "31m\xC2\x85\xC2\xA0");
    text = pga_json_format(&mem, doc, false);
    ck_assert_str_eq(text, "[\"\\u001B[2J\\u0001\",\"\\u007f\",\"a\\u009b31m\\u0085\xC2\xA0\"]");
    again = pga_json_parse(pga_str_of(text), &err);
    ck_assert_str_eq(pga_json_text(pga_json_at(again, 2)), "a\xC2\x9B"
                                                           "31m\xC2\x85\xC2\xA0");
    pga_json_release(&again);
    ck_assert_ptr_null(again);
    pga_json_release(&again); /* of nothing */
}
END_TEST

START_TEST(reading)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *doc = parse(" {\"t\": \"x\", \"n\": -5, \"b\": true, \"f\": false, \"r\": "
                                 "1.5, \"l\": [1, 2, 3], \"z\": null}\n");
    const struct pga_json *list = pga_json_find(doc, "l");

    ck_assert_str_eq(pga_json_text(pga_json_find(doc, "t")), "x");
    ck_assert_int_eq(pga_json_int(pga_json_find(doc, "n"), 7), -5);
    ck_assert(pga_json_bool(pga_json_find(doc, "b"), false));
    ck_assert(!pga_json_bool(pga_json_find(doc, "f"), true));
    ck_assert_uint_eq(pga_json_count(list), 3);
    ck_assert_int_eq(pga_json_int(pga_json_at(list, 2), 0), 3);
    /* what is missing or of another type */
    ck_assert_ptr_null(pga_json_find(doc, "missing"));
    ck_assert_ptr_null(pga_json_find(list, "t"));
    ck_assert_ptr_null(pga_json_find(NULL, "t"));
    ck_assert_ptr_null(pga_json_text(NULL));
    ck_assert_ptr_null(pga_json_text(pga_json_find(doc, "n")));
    ck_assert_ptr_null(pga_json_text(pga_json_find(doc, "z")));
    ck_assert_int_eq(pga_json_int(NULL, 7), 7);
    ck_assert_int_eq(pga_json_int(pga_json_find(doc, "t"), 7), 7);
    ck_assert_int_eq(pga_json_int(pga_json_find(doc, "r"), 7), 7);
    ck_assert(pga_json_bool(pga_json_find(doc, "n"), true));
    ck_assert(!pga_json_bool(NULL, false));
    ck_assert_uint_eq(pga_json_count(NULL), 0);
    ck_assert_uint_eq(pga_json_count(doc), 0);
    ck_assert_ptr_null(pga_json_at(list, 3));
    ck_assert_ptr_null(pga_json_at(NULL, 0));
}
END_TEST

static const struct {
    const char *text;
    int line, column;
    const char *shown;
} malformed[] = {
    {"", 1, 1, ""},
    {"   ", 1, 3, "   "},
    {"5", 1, 1, "5"},
    {"[1, 2", 1, 5, "[1, 2"},
    {"[1, 2]\n]", 2, 1, "]"},
    {"{\n  \"a\": 1,\n  \"b\": x\n}", 3, 8, "  \"b\": x"},
    {"{\n  \"\xC3\xA9\": \xE2\x82\xAC\n}", 2, 8, "  \"\xC3\xA9\": \xE2\x82\xAC"},
    {"{\"a\": 1, \"a\": 2}", 1, 12, "{\"a\": 1, \"a\": 2}"},
    {"[\"\\u0000\"]", 1, 9, "[\"\\u0000\"]"},
    {"[99999999999999999999]", 1, 21, "[99999999999999999999]"},
    {"[\"\xFF\"]", 1, 3, "[\"?\"]"},
    {"[\"a\nb\"]", 1, 3, "[\"a"},
};

START_TEST(malformed_text_has_a_place)
{
    for (size_t i = 0; i < PGA_COUNT_OF(malformed); i++) {
        struct pga_error err = {0};

        ck_assert_ptr_null(pga_json_parse(pga_str_of(malformed[i].text), &err));
        ck_assert_int_eq(err.code, PGA_ERR_USAGE);
        ck_assert(pga_str_starts(pga_str_of(err.message), "invalid JSON: "));
        ck_assert_msg(err.place.line == malformed[i].line &&
                          err.place.column == malformed[i].column,
                      "row %zu: %d:%d %s", i, err.place.line, err.place.column, err.message);
        ck_assert_str_eq(err.place.text, malformed[i].shown);
    }
}
END_TEST

START_TEST(depth_has_a_limit)
{
    char text[2 * PGA_JSON_DEPTH_MAX + 32];
    struct pga_error err = {0};
    struct pga_json *root;

    memset(text, '[', PGA_JSON_DEPTH_MAX);
    memset(text + PGA_JSON_DEPTH_MAX, ']', PGA_JSON_DEPTH_MAX);
    root = pga_json_parse((struct pga_str){text, (size_t)2 * PGA_JSON_DEPTH_MAX}, &err);
    ck_assert_ptr_nonnull(root);
    pga_json_release(&root);

    memset(text, '[', PGA_JSON_DEPTH_MAX + 1);
    ck_assert_ptr_null(pga_json_parse((struct pga_str){text, PGA_JSON_DEPTH_MAX + 1}, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "deeper than 64"));
    ck_assert_int_eq(err.place.line, 1);
    ck_assert_int_eq(err.place.column, PGA_JSON_DEPTH_MAX + 1);
}
END_TEST

START_TEST(brackets_in_texts_are_no_depth)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf buf = pga_buf_on(&mem);
    struct pga_error err = {0};
    struct pga_json *root;

    pga_buf_append_c(&buf, "[\"\\\"");
    for (int i = 0; i < 1000; i++)
        pga_buf_append_c(&buf, "[{\\\\");
    pga_buf_append_c(&buf, "\", [], {}");
    for (int i = 0; i < 1000; i++)
        pga_buf_append_c(&buf, ", [{}]");
    pga_buf_append_c(&buf, "]");
    root = pga_json_parse(pga_buf_str(&buf), &err);
    ck_assert_msg(root != NULL, "%s", err.message);
    ck_assert_uint_eq(pga_json_count(root), 1003);
    pga_json_release(&root);
}
END_TEST

START_TEST(a_million_brackets_are_no_harm)
{
    char *text = malloc(1000000);
    struct pga_error err = {0};

    ck_assert_ptr_nonnull(text);
    memset(text, '{', 1000000);
    ck_assert_ptr_null(pga_json_parse((struct pga_str){text, 1000000}, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "deeper"));
    free(text);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, building_keeps_the_order);
    tcase_add_test(tcase, pretty_is_indented_by_two);
    tcase_add_test(tcase, setting_again_replaces);
    tcase_add_test(tcase, text_that_is_not_utf8_is_mended);
    tcase_add_test(tcase, no_control_character_survives);
    tcase_add_test(tcase, reading);
    tcase_add_test(tcase, malformed_text_has_a_place);
    tcase_add_test(tcase, depth_has_a_limit);
    tcase_add_test(tcase, brackets_in_texts_are_no_depth);
    tcase_add_test(tcase, a_million_brackets_are_no_harm);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
