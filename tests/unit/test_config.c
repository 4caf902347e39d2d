/*
 * tests/unit/test_config.c: cli/config.h, and what it makes of cli/options.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct pga_arena mem;
static struct pga_error err;
static struct pga_config config;

static void
set_up(void)
{
    memset(&err, 0, sizeof(err));
}

static void
tear_down(void)
{
    pga_arena_release(&mem);
}

static void
parse(const char *text)
{
    ck_assert_msg(pga_config_parse(&mem, "db/pgalter.yaml", pga_str_of(text), &config, &err), "%s",
                  err.message);
    ck_assert_int_eq(err.code, PGA_OK);
}

/* The options once `name`, typed, has been chosen; NULL: none. */
static bool
apply(const char *name, struct pga_options *options)
{
    memset(options, 0, sizeof(*options));
    if (name != NULL)
        options->values[PGA_OPTION_ENV] =
            (struct pga_option_value){.text = name, .origin = PGA_ORIGIN_COMMAND_LINE};
    return pga_config_apply(&config, options, &err);
}

static const char *
origin(const struct pga_options *options, enum pga_option_id id)
{
    return pga_option_origin(&mem, options, id);
}

#define THREE                                                                                      \
    "alterations: scripts\n"                                                                       \
    "lock_wait: 10s\n"                                                                             \
    "retries: \"5\"\n"                                                                             \
    "environments:\n"                                                                              \
    "  staging:\n"                                                                                 \
    "    lock_wait: 0\n"                                                                           \
    "    database_file: secrets/staging\n"                                                         \
    "  production: {database: 'dbname=app', alterations: /srv/scripts}\n"                          \
    "  same.as-top_1: {}\n"

START_TEST(without_environment_the_top_level_counts)
{
    struct pga_options options;

    parse(THREE);
    ck_assert(apply(NULL, &options));
    ck_assert_str_eq(options.values[PGA_OPTION_DIR].text, "db/scripts");
    ck_assert_str_eq(origin(&options, PGA_OPTION_DIR), "db/pgalter.yaml:1:14");
    ck_assert_int_eq(pga_option_duration_ms(&options, PGA_OPTION_LOCK_WAIT, 1), 10000);
    ck_assert_int_eq(pga_option_int(&options, PGA_OPTION_RETRIES, 1), 5);
    ck_assert_ptr_null(options.values[PGA_OPTION_DB].text);
    ck_assert_ptr_null(options.values[PGA_OPTION_DB_FILE].text);
    ck_assert_str_eq(origin(&options, PGA_OPTION_DB), "default");
    ck_assert_ptr_null(options.environment);
    ck_assert_uint_eq(config.count, 3);
}
END_TEST

START_TEST(an_environment_counts_before_the_top_level)
{
    struct pga_options options;

    parse(THREE);
    ck_assert(apply("staging", &options));
    ck_assert_str_eq(options.values[PGA_OPTION_DIR].text, "db/scripts");
    ck_assert_int_eq(pga_option_duration_ms(&options, PGA_OPTION_LOCK_WAIT, 1), 0);
    ck_assert_str_eq(origin(&options, PGA_OPTION_LOCK_WAIT),
                     "db/pgalter.yaml:6:16 (environment staging)");
    ck_assert_str_eq(options.values[PGA_OPTION_DB_FILE].text, "db/secrets/staging");
    ck_assert_str_eq(options.environment, "staging");
    ck_assert_str_eq(origin(&options, PGA_OPTION_ENV), "--env");
    ck_assert(apply("production", &options));
    ck_assert_str_eq(options.values[PGA_OPTION_DIR].text, "/srv/scripts");
    ck_assert_str_eq(origin(&options, PGA_OPTION_DB),
                     "db/pgalter.yaml:8:26 (environment production)");
    ck_assert_int_eq(pga_option_duration_ms(&options, PGA_OPTION_LOCK_WAIT, 1), 10000);
    ck_assert(apply("same.as-top_1", &options));
    ck_assert_str_eq(options.values[PGA_OPTION_DIR].text, "db/scripts");
}
END_TEST

START_TEST(what_was_typed_or_is_a_variable_counts_before_the_file)
{
    struct pga_options options = {0};

    parse(THREE);
    options.values[PGA_OPTION_ENV] = (struct pga_option_value){
        .text = "staging", .origin = PGA_ORIGIN_VARIABLE, .variable = "PGALTER_ENV"};
    options.values[PGA_OPTION_LOCK_WAIT] =
        (struct pga_option_value){.text = "1s", .origin = PGA_ORIGIN_COMMAND_LINE};
    options.values[PGA_OPTION_RETRIES] = (struct pga_option_value){
        .text = "7", .origin = PGA_ORIGIN_VARIABLE, .variable = "PGALTER_RETRIES"};
    ck_assert(pga_config_apply(&config, &options, &err));
    ck_assert_int_eq(pga_option_duration_ms(&options, PGA_OPTION_LOCK_WAIT, 1), 1000);
    ck_assert_str_eq(origin(&options, PGA_OPTION_LOCK_WAIT), "--lock-wait");
    ck_assert_int_eq(pga_option_int(&options, PGA_OPTION_RETRIES, 1), 7);
    ck_assert_str_eq(origin(&options, PGA_OPTION_RETRIES), "environment variable PGALTER_RETRIES");
    options.values[PGA_OPTION_DB_FILE].path = "held";
    ck_assert_str_eq(origin(&options, PGA_OPTION_DB_FILE),
                     "file \"held\", named by db/pgalter.yaml:7:20 (environment staging)");
}
END_TEST

START_TEST(an_unknown_environment_is_refused_with_the_nearest)
{
    struct pga_options options;

    parse(THREE);
    ck_assert(!apply("stagin", &options));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(err.id, PGA_ID_UNKNOWN_ENVIRONMENT);
    ck_assert_str_eq(err.message, "there is no such environment: \"--env\" is \"stagin\"");
    ck_assert_str_eq(err.hint, "Did you mean \"staging\"? The environments are: staging, "
                               "production, same.as-top_1.");
    ck_assert_int_eq(err.place.line, 4);
    ck_assert_int_eq(err.place.column, 1);
    memset(&err, 0, sizeof(err));
    ck_assert(!apply("Xq", &options));
    ck_assert_str_eq(err.hint, "The environments are: staging, production, same.as-top_1.");
    memset(&err, 0, sizeof(err));
    parse("schema: a\n");
    ck_assert(!apply("staging", &options));
    ck_assert_ptr_nonnull(strstr(err.hint, "The file has none."));
    ck_assert_ptr_null(pga_config_find(&config, "staging"));
}
END_TEST

static const struct {
    const char *text;
    int line, column;
    enum pga_error_id id;
    const char *message, *hint;
} bad[] = {
    /* keys */
    {"lock-wait: 5s\n", 1, 1, PGA_ID_UNKNOWN_KEY, "unknown key \"lock-wait\"", "\"lock_wait\"?"},
    {"schema: a\ncompletely: b\n", 2, 1, PGA_ID_UNKNOWN_KEY, "unknown key \"completely\"",
     "database, "},
    {"environment: a\n", 1, 1, PGA_ID_UNKNOWN_KEY, "unknown key \"environment\"",
     "\"environments\"?"},
    {"environments:\n  a:\n    shema: b\n", 3, 5, PGA_ID_UNKNOWN_KEY, "unknown key \"shema\"",
     "\"schema\"?"},
    {"environments:\n  a:\n    environments: {}\n", 3, 5, PGA_ID_UNKNOWN_KEY,
     "unknown key \"environments\"", "The keys are"},
    {"{host=h password=S3kret: x}\n", 1, 2, PGA_ID_UNKNOWN_KEY, "unknown key", "The keys are"},
    {"? [a]\n: b\n", 1, 3, PGA_ID_CONFIGURATION, "a key must be a simple text", ""},
    {"schema: a\nowner: b\nschema: a\n", 3, 1, PGA_ID_CONFIGURATION,
     "the key \"schema\" stands twice", "line 1"},
    {"environments:\n  a: {}\n  a: {}\n", 3, 3, PGA_ID_CONFIGURATION, "the key stands twice",
     "line 2"},
    /* kinds of values */
    {"schema:\n", 1, 8, PGA_ID_VALUE, "\"schema\" has no value", "remove the key"},
    {"schema: ~\n", 1, 9, PGA_ID_VALUE, "\"schema\" has no value", "remove the key"},
    {"schema: null\n", 1, 9, PGA_ID_VALUE, "\"schema\" has no value", "remove the key"},
    {"schema: ''\n", 1, 9, PGA_ID_VALUE, "\"schema\" has no value", "remove the key"},
    {"lock_wait:\n", 1, 11, PGA_ID_VALUE, "\"lock_wait\" has no value", "remove the key"},
    {"schema: yes\n", 1, 9, PGA_ID_VALUE, "is a truth value where a text is wanted", "in quotes"},
    {"role: Off\n", 1, 7, PGA_ID_VALUE, "is a truth value where a text is wanted", "in quotes"},
    {"schema: 12\n", 1, 9, PGA_ID_VALUE, "is a number where a text is wanted", "in quotes"},
    {"database: -1.5e3\n", 1, 11, PGA_ID_VALUE, "is a number where a text is wanted", "in quotes"},
    {"alterations: 2026-11-22\n", 1, 14, PGA_ID_VALUE, "is a number where a text", "in quotes"},
    {"alterations: [a, b]\n", 1, 14, PGA_ID_VALUE, "\"alterations\" must be one value",
     "alterations: DIR"},
    {"database:\n  host: a\n", 2, 3, PGA_ID_VALUE, "\"database\" must be one value", "URL"},
    {"role: |\n  a\n", 1, 7, PGA_ID_VALUE, "has a line break or another control", "one line"},
    {"role: \"a\\tb\"\n", 1, 7, PGA_ID_VALUE, "has a line break or another control", "one line"},
    {"role: \"a\\Nb\"\n", 1, 7, PGA_ID_VALUE, "has a line break or another control", "one line"},
    {"role: \"a\\Lb\"\n", 1, 7, PGA_ID_VALUE, "has a line break or another control", "one line"},
    {"role: \"a\\Pb\"\n", 1, 7, PGA_ID_VALUE, "has a line break or another control", "one line"},
    {"role: \"a\\x7fb\"\n", 1, 7, PGA_ID_VALUE, "has a line break or another control", "one line"},
    /* values */
    {"lock_wait: 30\n", 1, 12, PGA_ID_VALUE, "\"lock_wait\" is \"30\"", "such as 500ms"},
    {"wait: true\n", 1, 7, PGA_ID_VALUE, "\"wait\" is \"true\"", "such as 500ms"},
    {"statement_timeout: 1.5s\n", 1, 20, PGA_ID_VALUE, "is \"1.5s\"", "such as 500ms"},
    {"statement_timeout: -1s\n", 1, 20, PGA_ID_VALUE, "is \"-1s\"", "such as 500ms"},
    {"lock_timeout: 0\n", 1, 15, PGA_ID_VALUE, "is \"0\"", "would wait for ever"},
    {"environments: {a: {lock_timeout: 0s}}\n", 1, 34, PGA_ID_VALUE, "is \"0s\"", "for ever"},
    {"retries: many\n", 1, 10, PGA_ID_VALUE, "is \"many\"", "from 0 to 1000"},
    {"retries: 1001\n", 1, 10, PGA_ID_VALUE, "is \"1001\"", "from 0 to 1000"},
    {"retries: 5s\n", 1, 10, PGA_ID_VALUE, "is \"5s\"", "from 0 to 1000"},
    {"schema: pg_x\n", 1, 9, PGA_ID_VALUE, "is \"pg_x\"", "can't be the journal's schema"},
    {"schema: information_schema\n", 1, 9, PGA_ID_VALUE, "is \"inf", "can't be the journal's"},
    {"role: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 1, 7,
     PGA_ID_VALUE, "is \"aaa", "1 to 63 bytes"},
    {"database: a\nretries: 1\ndatabase_file: b\n", 3, 16, PGA_ID_WHICH_DATABASE,
     "both name the database", "line 1"},
    {"environments:\n  a:\n    database_file: b\n    database: a\n", 3, 20, PGA_ID_WHICH_DATABASE,
     "both name the database", "line 4"},
    /* environments */
    {"environments: [a]\n", 1, 15, PGA_ID_CONFIGURATION, "must be names with keys", "Indent"},
    {"environments:\n", 1, 14, PGA_ID_CONFIGURATION, "must be names with keys", "Indent"},
    {"environments:\n  a:\n", 2, 5, PGA_ID_CONFIGURATION, "the environment \"a\" must be keys",
     "{}"},
    {"environments:\n  a: b\n", 2, 6, PGA_ID_CONFIGURATION, "the environment \"a\" must be keys",
     "{}"},
    {"environments:\n  a b: {}\n", 2, 3, PGA_ID_CONFIGURATION, "can't be an environment's name",
     "1 to 63"},
    {"environments:\n  '': {}\n", 2, 3, PGA_ID_CONFIGURATION, "can't be an environment's name",
     "1 to 63"},
    {"environments:\n  $(reboot): {}\n", 2, 3, PGA_ID_CONFIGURATION,
     "can't be an environment's name", "1 to 63"},
    /* the document */
    {"- a\n", 1, 1, PGA_ID_CONFIGURATION, "the configuration must be keys and values", "lines"},
    {"postgres://u:S3kret@h/x\n", 1, 1, PGA_ID_CONFIGURATION, "must be keys and values", "lines"},
    {"schema: {\n", 2, 1, PGA_ID_CONFIGURATION, "invalid YAML", ""},
    {"schema: a\n owner: b\n", 2, 7, PGA_ID_CONFIGURATION, "invalid YAML", ""},
    {"\tschema: a\n", 1, 1, PGA_ID_CONFIGURATION, "invalid YAML", ""},
    {"schema: a\n---\nschema: b\n", 2, 1, PGA_ID_CONFIGURATION, "more than one YAML document", ""},
    {"schema: &x a\nowner: *x\n", 1, 9, PGA_ID_CONFIGURATION, "the YAML anchor is not allowed here",
     "Write the value out"},
    {"owner: *x\n", 1, 8, PGA_ID_CONFIGURATION, "alias", "Write the value out"},
    {"schema: !!str a\n", 1, 9, PGA_ID_CONFIGURATION, "tag", "Leave the tag out"},
    {"schema: !x a\n", 1, 9, PGA_ID_CONFIGURATION, "the YAML tag is not allowed",
     "Leave the tag out"},
    {"<<: {schema: a}\n", 1, 1, PGA_ID_UNKNOWN_KEY, "unknown key \"<<\"",
     "merge keys are not supported"},
    {"schema: a\nowner: \xff\n", 2, 8, PGA_ID_CONFIGURATION, "not UTF-8", ""},
    {"schema: \"a\\0b\"\n", 1, 9, PGA_ID_CONFIGURATION, "the character NUL", ""},
};

START_TEST(what_is_wrong_has_its_place)
{
    struct pga_str text = pga_str_of(bad[_i].text);

    ck_assert_msg(!pga_config_parse(&mem, "f.yaml", text, &config, &err), "%s", text.data);
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_str_eq(pga_error_id_name(err.id), pga_error_id_name(bad[_i].id));
    ck_assert_msg(strstr(err.message, bad[_i].message) != NULL, "%s: %s", text.data, err.message);
    ck_assert_msg(err.hint[0] != '\0' && strstr(err.hint, bad[_i].hint) != NULL, "%s: %s",
                  text.data, err.hint);
    ck_assert_str_eq(err.place.file, "f.yaml");
    ck_assert_msg(err.place.line == bad[_i].line && err.place.column == bad[_i].column, "%s: %d:%d",
                  text.data, err.place.line, err.place.column);
    ck_assert_str_eq(err.place.text, "");
    ck_assert_ptr_null(strstr(err.message, "S3kret"));
}
END_TEST

START_TEST(quotes_make_a_text_of_anything)
{
    struct pga_options options;

    parse("schema: \"12\"\nowner: 'no'\nrole: 'null'\nalterations: \"2026-11-22\"\n");
    ck_assert(apply(NULL, &options));
    ck_assert_str_eq(options.values[PGA_OPTION_SCHEMA].text, "12");
    ck_assert_str_eq(options.values[PGA_OPTION_OWNER].text, "no");
    ck_assert_str_eq(options.values[PGA_OPTION_ROLE].text, "null");
    ck_assert_str_eq(options.values[PGA_OPTION_DIR].text, "db/2026-11-22");
    parse("role: nobody\nowner: \xC3\xA9t\xC3\xA9\nschema: ${HOME}\n");
    ck_assert(apply(NULL, &options));
    ck_assert_str_eq(options.values[PGA_OPTION_SCHEMA].text, "${HOME}"); /* nothing is expanded */
    parse("");
    ck_assert(apply(NULL, &options));
}
END_TEST

START_TEST(too_many_environments_are_refused)
{
    struct pga_buf text = pga_buf_on(&mem);

    pga_buf_append_c(&text, "environments:\n");
    for (int i = 0; i < PGA_CONFIG_ENVIRONMENTS_MAX; i++)
        pga_buf_appendf(&text, "  e%d: {}\n", i);
    parse(text.data);
    ck_assert_uint_eq(config.count, PGA_CONFIG_ENVIRONMENTS_MAX);
    pga_buf_append_c(&text, "  last: {}\n");
    ck_assert(!pga_config_parse(&mem, "f.yaml", pga_buf_str(&text), &config, &err));
    ck_assert_int_eq(err.id, PGA_ID_TOO_LARGE);
    ck_assert_int_eq(err.place.line, 2);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("config");
    TCase *tcase = tcase_create("config");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, without_environment_the_top_level_counts);
    tcase_add_test(tcase, an_environment_counts_before_the_top_level);
    tcase_add_test(tcase, what_was_typed_or_is_a_variable_counts_before_the_file);
    tcase_add_test(tcase, an_unknown_environment_is_refused_with_the_nearest);
    tcase_add_loop_test(tcase, what_is_wrong_has_its_place, 0, (int)PGA_COUNT_OF(bad));
    tcase_add_test(tcase, quotes_make_a_text_of_anything);
    tcase_add_test(tcase, too_many_environments_are_refused);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
