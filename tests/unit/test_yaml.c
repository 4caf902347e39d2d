/*
 * tests/unit/test_yaml.c: base/yaml.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/clock.h"
#include "base/file.h"

static struct pga_arena mem;

static void
tear_down(void)
{
    pga_arena_release(&mem);
}

static struct pga_yaml *
parse(const char *text)
{
    struct pga_error err = {0};
    struct pga_yaml *root = pga_yaml_parse(&mem, "f.yaml", pga_str_of(text), &err);

    ck_assert_msg(root != NULL, "%s: %s", text, err.message);
    return root;
}

static struct pga_error
refused(struct pga_str text)
{
    struct pga_error err = {0};

    ck_assert_ptr_null(pga_yaml_parse(&mem, "f.yaml", text, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_str_eq(err.place.file, "f.yaml");
    return err;
}

START_TEST(a_tree)
{
    const struct pga_yaml *root = parse("alterations: db\n"
                                        "wait: 30s # a comment\n"
                                        "list:\n"
                                        "  - one\n"
                                        "  - [two, 'three']\n"
                                        "nested:\n"
                                        "  \"inner\": ~\n"
                                        "  block: |\n"
                                        "    a\n"
                                        "    b\n");
    const struct pga_yaml *node, *list = pga_yaml_find(root, "list");

    ck_assert_int_eq(root->kind, PGA_YAML_MAPPING);
    ck_assert_ptr_null(root->key);
    ck_assert_str_eq(root->first->key, "alterations");
    ck_assert_str_eq(root->first->next->key, "wait");
    node = pga_yaml_find(root, "wait");
    ck_assert_int_eq(node->kind, PGA_YAML_SCALAR);
    ck_assert_str_eq(node->scalar, "30s");
    ck_assert(!node->quoted);
    ck_assert_int_eq(node->key_line, 2);
    ck_assert_int_eq(node->key_column, 1);
    ck_assert_int_eq(node->line, 2);
    ck_assert_int_eq(node->column, 7);

    ck_assert_int_eq(list->kind, PGA_YAML_SEQUENCE);
    ck_assert_ptr_null(list->scalar);
    ck_assert_str_eq(list->first->scalar, "one");
    ck_assert_ptr_null(list->first->key);
    node = list->first->next;
    ck_assert_int_eq(node->kind, PGA_YAML_SEQUENCE);
    ck_assert_str_eq(node->first->scalar, "two");
    ck_assert(node->first->next->quoted);
    ck_assert_ptr_null(node->next);
    ck_assert_int_eq(node->first->next->line, 5);
    ck_assert_int_eq(node->first->next->column, 11);

    node = pga_yaml_find(pga_yaml_find(root, "nested"), "inner");
    ck_assert_str_eq(node->scalar, "~");
    ck_assert(!node->quoted);
    ck_assert_str_eq(node->next->scalar, "a\nb\n");
    ck_assert(node->next->quoted);
}
END_TEST

START_TEST(find_may_miss)
{
    const struct pga_yaml *root = parse("a: {b: 1}\nl: [a]\n");

    ck_assert_ptr_null(pga_yaml_find(root, "b"));
    ck_assert_ptr_null(pga_yaml_find(root, "A"));
    ck_assert_ptr_null(pga_yaml_find(pga_yaml_find(root, "l"), "a"));
    ck_assert_str_eq(pga_yaml_find(pga_yaml_find(root, "a"), "b")->scalar, "1");
}
END_TEST

START_TEST(nothing_is_an_empty_mapping)
{
    static const char *const texts[] = {
        NULL, "", "\n\n", "# only a comment\n", "---\n", "--- \n...\n", "\xEF\xBB\xBF"};

    for (size_t i = 0; i < PGA_COUNT_OF(texts); i++) {
        const struct pga_yaml *root = parse(texts[i]);

        ck_assert_int_eq(root->kind, PGA_YAML_MAPPING);
        ck_assert_ptr_null(root->first);
        ck_assert_ptr_null(root->scalar);
        ck_assert_int_ge(root->line, 1);
    }
    ck_assert_int_eq(parse("''")->kind, PGA_YAML_SCALAR); /* an empty text is something */
    ck_assert_int_eq(parse("[]")->kind, PGA_YAML_SEQUENCE);
}
END_TEST

START_TEST(encodings_and_line_ends)
{
    const struct pga_yaml *root = parse("\xEF\xBB\xBF"
                                        "a: \xC3\xA9\r\nb: \"\\u20AC\"\r\n");

    ck_assert_str_eq(root->first->key, "a");
    ck_assert_int_eq(root->first->key_column, 1);
    ck_assert_str_eq(pga_yaml_find(root, "a")->scalar, "\xC3\xA9");
    ck_assert_str_eq(pga_yaml_find(root, "b")->scalar, "\xE2\x82\xAC");
    ck_assert_int_eq(pga_yaml_find(root, "b")->line, 2);
}
END_TEST

static const struct refusal {
    const char *text;
    int line, column;
    const char *shown, *message;
} refusals[] = {
    /* what YAML has and a configuration doesn't need */
    {"a: &x 1\n", 1, 4, "a: &x 1", "the YAML anchor \"&x\" is not allowed here"},
    {"&k a: 1\n", 1, 1, "&k a: 1", "the YAML anchor \"&k\" is not allowed here"},
    {"a: &x {b: 1}\n", 1, 4, "a: &x {b: 1}", "the YAML anchor \"&x\" is not allowed here"},
    {"a: 1\nb: *x\n", 2, 4, "b: *x", "the YAML alias \"*x\" is not allowed here"},
    {"b:\n  <<: *base\n", 2, 7, "  <<: *base", "the YAML alias \"*base\" is not allowed here"},
    {"a: !!int 1\n", 1, 4, "a: !!int 1",
     "the YAML tag \"tag:yaml.org,2002:int\" is not allowed here"},
    {"a: !x [1]\n", 1, 4, "a: !x [1]", "the YAML tag \"!x\" is not allowed here"},
    {"!!map {a: 1}\n", 1, 1, "!!map {a: 1}",
     "the YAML tag \"tag:yaml.org,2002:map\" is not allowed here"},
    {"%TAG ! tag:x,1:\n--- {}\n", 1, 1,
     "%TAG ! tag:x,1:", "the directive \"%TAG\" is not allowed here"},
    {"a: 1\n---\nb: 2\n", 2, 1, "---", "more than one YAML document in one file"},
    {"? [a]\n: 1\n", 1, 3, "? [a]", "a key must be a simple text, not a sequence"},
    {"? {a: 1}\n: 1\n", 1, 3, "? {a: 1}", "a key must be a simple text, not a mapping"},
    {"a: \"x\\0y\"\n", 1, 4, "a: \"x\\0y\"", "a value must not contain the character NUL"},
    {"\"k\\0\": 1\n", 1, 1, "\"k\\0\": 1", "a value must not contain the character NUL"},
    /* keys that stand twice */
    {"a: 1\nb: 2\na: 3\n", 3, 1, "a: 3", "the key \"a\" stands twice"},
    {"a: 1\n\"a\": 2\n", 2, 1, "\"a\": 2", "the key \"a\" stands twice"},
    {"x:\n  - {k: 1, j: 2, k: 3}\n", 2, 18, "  - {k: 1, j: 2, k: 3}", "the key \"k\" stands twice"},
    {"\xC3\xA9: {\xC3\xA9: 1, \xC3\xA9: 2}\n", 1, 11, "\xC3\xA9: {\xC3\xA9: 1, \xC3\xA9: 2}",
     "the key \"\xC3\xA9\" stands twice"},
    /* what libyaml finds */
    {"a: [1, 2\n", 2, 1, "",
     "invalid YAML: did not find expected ',' or ']' while parsing a flow sequence"},
    {"a: b: c\n", 1, 5, "a: b: c", "invalid YAML: mapping values are not allowed in this context"},
    {"a:\n\t- b\n", 2, 1, " - b",
     "invalid YAML: found character that cannot start any token while scanning for the next token"},
    {"a: 'x\n", 2, 1, "",
     "invalid YAML: found unexpected end of stream while scanning a quoted scalar"},
    /* at the end of the last line, not in one behind it */
    {"a: 1\nbcd", 2, 4, "bcd",
     "invalid YAML: could not find expected ':' while scanning a simple key"},
    {"a: [", 1, 5, "a: [",
     "invalid YAML: did not find expected node content while parsing a flow node"},
    {"%YAML 9.9\n---\na: 1\n", 1, 1, "%YAML 9.9", "invalid YAML: found incompatible YAML document"},
    /* bytes */
    {"a: 1\nb: x\xFFy\n", 2, 5, "b: x?y", "invalid YAML: this is not UTF-8"},
    {"\xFF\xFE"
     "a",
     1, 1, "??a", "invalid YAML: this is not UTF-8"},
    {"a: \xC3\xA9\nbc: \xC3\xA9\x01\n", 2, 6, "bc: \xC3\xA9 ",
     "invalid YAML: control characters are not allowed"},
    {"\x1B", 1, 1, " ", "invalid YAML: control characters are not allowed"},
};

START_TEST(refusals_have_a_place)
{
    const struct refusal *row = &refusals[_i];
    struct pga_error err = refused(pga_str_of(row->text));

    ck_assert_str_eq(err.message, row->message);
    ck_assert_msg(err.place.line == row->line && err.place.column == row->column, "%s: %d:%d",
                  row->text, err.place.line, err.place.column);
    ck_assert_str_eq(err.place.text, row->shown);
    ck_assert_int_eq(err.id, PGA_ID_CONFIGURATION);
    ck_assert_str_ne(err.hint, "");
}
END_TEST

START_TEST(refusals_say_what_to_do)
{
    struct pga_error err = refused(PGA_STR("a: 1\nb: 2\na: 3\n"));

    ck_assert_str_eq(err.hint, "Remove this one or the one in line 1.");
    err = refused(PGA_STR("b: *x\n"));
    ck_assert_str_ne(err.hint, "");
    err = refused(PGA_STR("a: [1,\n  2\n"));
    ck_assert_str_eq(err.detail, "What is not complete begins in line 1, column 4.");
}
END_TEST

START_TEST(places_count_every_line_break)
{
    struct pga_error err =
        refused(PGA_STR("# a\r# b\r\n# c\xC2\x85# d\xE2\x80\xA8# e\xE2\x80\xA9x: *y\n"));

    ck_assert_int_eq(err.place.line, 6);
    ck_assert_str_eq(err.place.text, "x: *y");
    err = refused(PGA_STR("# a\r# b\r\n# c\xC2\x85# d\xE2\x80\xA8# e\xE2\x80\xA9x: \x02\n"));
    ck_assert_int_eq(err.place.line, 6);
    ck_assert_int_eq(err.place.column, 4);
}
END_TEST

/* Each level would stand nine times in the one before it: three billion texts out of 400 bytes. */
START_TEST(alias_bombs_do_not_go_off)
{
    struct pga_buf buf = pga_buf_on(&mem);
    size_t before;
    struct pga_error err;

    pga_buf_append_c(&buf, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++)
        pga_buf_appendf(&buf, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n",
                        i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    before = mem.total_bytes;
    err = refused(pga_buf_str(&buf));
    ck_assert_int_eq(err.place.line, 1);
    ck_assert_uint_lt(mem.total_bytes - before, 10000);
}
END_TEST

static struct pga_str
repeated(const char *piece, size_t count, const char *end)
{
    struct pga_buf buf = pga_buf_on(&mem);

    for (size_t i = 0; i < count; i++)
        pga_buf_append_c(&buf, piece);
    pga_buf_append_c(&buf, end);
    return pga_buf_str(&buf);
}

START_TEST(depth_has_a_limit)
{
    struct pga_error err = {0};
    struct pga_buf nested = pga_buf_on(&mem);

    pga_buf_append(&nested, repeated("[", PGA_YAML_DEPTH_MAX, ""));
    pga_buf_append(&nested, repeated("]", PGA_YAML_DEPTH_MAX, ""));
    ck_assert_msg(pga_yaml_parse(&mem, "f", pga_buf_str(&nested), &err) != NULL, "%s", err.message);
    err = refused(repeated("[", PGA_YAML_DEPTH_MAX + 1, ""));
    ck_assert_str_eq(err.message, "nested deeper than 32 levels");
    ck_assert_int_eq(err.place.column, PGA_YAML_DEPTH_MAX + 1);
    err = refused(repeated("{a: ", PGA_YAML_DEPTH_MAX + 1, ""));
    ck_assert_str_eq(err.message, "nested deeper than 32 levels");
    err = refused(repeated("- ", PGA_YAML_DEPTH_MAX + 1, "x"));
    ck_assert_str_eq(err.message, "nested deeper than 32 levels");
    err = refused(repeated("- ", PGA_FILE_CONFIG_MAX / 2, "")); /* as deep as a file can be */
    ck_assert_str_eq(err.message, "nested deeper than 32 levels");
    err = refused(repeated("[", PGA_FILE_CONFIG_MAX, ""));
    ck_assert_str_eq(err.message, "nested deeper than 32 levels");
}
END_TEST

START_TEST(size_has_a_limit)
{
    struct pga_error err = {0};
    struct pga_str text = repeated("#", PGA_FILE_CONFIG_MAX, "");

    ck_assert_ptr_nonnull(pga_yaml_parse(&mem, "f", text, &err));
    err = refused(repeated("#", PGA_FILE_CONFIG_MAX + 1, ""));
    ck_assert_str_eq(err.message, "the YAML file has 1048577 bytes, the limit is 1048576");
    ck_assert_int_eq(err.place.line, 0);
}
END_TEST

START_TEST(values_have_a_limit)
{
    struct pga_error err = {0};
    struct pga_str text = repeated("- a\n", PGA_YAML_NODES_MAX - 1, "");

    ck_assert_ptr_nonnull(pga_yaml_parse(&mem, "f", text, &err));
    err = refused(repeated("- a\n", PGA_YAML_NODES_MAX, ""));
    ck_assert_str_eq(err.message, "more than 100000 values in one YAML file");
    ck_assert_int_eq(err.place.line, PGA_YAML_NODES_MAX);
}
END_TEST

/* Many keys cost n log n, not n times n. */
START_TEST(many_keys_are_quick)
{
    const struct pga_clock *clock = pga_clock_system();
    int64_t start = pga_clock_now_ms(clock);
    struct pga_buf buf = pga_buf_on(&mem);
    struct pga_error err = {0};

    for (int i = 0; i < 49000; i++)
        pga_buf_appendf(&buf, "aaaaaaaa%05d: 1\n", i);
    ck_assert_msg(pga_yaml_parse(&mem, "f", pga_buf_str(&buf), &err) != NULL, "%s", err.message);
    pga_buf_append_c(&buf, "aaaaaaaa00017: 2\n");
    err = refused(pga_buf_str(&buf));
    ck_assert_str_eq(err.message, "the key \"aaaaaaaa00017\" stands twice");
    ck_assert_str_eq(err.hint, "Remove this one or the one in line 18.");
    ck_assert_int_lt(pga_clock_now_ms(clock) - start, 20000);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("yaml");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, tear_down);
    tcase_add_test(tcase, a_tree);
    tcase_add_test(tcase, find_may_miss);
    tcase_add_test(tcase, nothing_is_an_empty_mapping);
    tcase_add_test(tcase, encodings_and_line_ends);
    tcase_add_loop_test(tcase, refusals_have_a_place, 0, (int)PGA_COUNT_OF(refusals));
    tcase_add_test(tcase, refusals_say_what_to_do);
    tcase_add_test(tcase, places_count_every_line_break);
    tcase_add_test(tcase, alias_bombs_do_not_go_off);
    tcase_add_test(tcase, depth_has_a_limit);
    tcase_add_test(tcase, size_has_a_limit);
    tcase_add_test(tcase, values_have_a_limit);
    tcase_add_test(tcase, many_keys_are_quick);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
