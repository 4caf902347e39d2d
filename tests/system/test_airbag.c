/*
 * tests/system/test_airbag.c: scripts glued into one message, read by a real server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/step.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "alterations/lexer.h"
#include "drivers/pq/pq.h"
#include "tests/helpers/server.h"

#define RANDOM_CASES  4000
#define RANDOM_PIECES 7

static const char *conninfo;
static struct pga_arena mem;
static struct pga_driver *driver;

static void
open_with(const char *options)
{
    struct pga_pq_settings settings = {.conninfo =
                                           pga_format(&mem, "%s options='%s'", conninfo, options)};
    struct pga_error err = {0};

    driver = pga_pq_open(&settings, &err);
    ck_assert_msg(driver != NULL, "%s", err.message);
}

static void
open_session(void)
{
    open_with("");
}

static void
close_session(void)
{
    pga_driver_close(&driver);
    pga_arena_release(&mem);
}

/* Everything that looks like a dollar tag, as the airbag wants it. */
static struct pga_statements
tags_of(struct pga_str text)
{
    struct pga_statements out = {0};

    for (size_t at = 0; at < text.len; at++) {
        size_t len = pga_lexer_dollar_delimiter(text, at);

        if (len <= 2)
            continue;
        out.dollar_tags = pga_grow(&mem, out.dollar_tags, out.dollar_tag_count,
                                   &out.dollar_tag_capacity, sizeof(*out.dollar_tags));
        out.dollar_tags[out.dollar_tag_count++] = pga_str_slice(text, at + 1, len - 2);
    }
    return out;
}

static void
add_step(struct pga_buf *sql, const char *text, bool guarded)
{
    struct pga_statements tags = tags_of(pga_str_of(text));
    struct pga_session_head head = {0};
    struct pga_journal journal = {.driver = driver};

    if (guarded)
        (void)pga_session_head_sql(sql, &journal, &head);
    else
        pga_buf_append_c(sql, "START TRANSACTION;");
    pga_buf_append_c(sql, text);
    if (guarded)
        pga_airbag_sql(sql, &tags);
    else
        pga_buf_append_c(sql, "\n;");
    pga_buf_append_c(sql, "SET CONSTRAINTS ALL IMMEDIATE; COMMIT;\n");
}

/* Send the text; "" or the SQLSTATE of its failure. */
static const char *
send_text(struct pga_buf *sql)
{
    struct pga_error err = {0}, ignored = {0};

    if (pga_driver_run(driver, pga_buf_str(sql), &err))
        return "";
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    if (pga_driver_transaction(driver) != PGA_TRANSACTION_IDLE)
        ck_assert(pga_driver_run(driver, PGA_STR("ROLLBACK"), &ignored));
    return pga_strdup(&mem, err.sqlstate);
}

/* A message of one or two scripts; `*ran` says whether any of it ran. */
static const char *
send_steps(const char *first, const char *second, bool guarded, bool *ran)
{
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_error err = {0};
    struct pga_result found;
    const char *state;

    pga_buf_append_c(&sql, "BEGIN; CREATE TABLE canary (); COMMIT;\n");
    add_step(&sql, first, guarded);
    if (second != NULL)
        add_step(&sql, second, guarded);
    state = send_text(&sql);
    ck_assert(pga_driver_rows(driver, PGA_STR("SELECT to_regclass('canary')"), &mem, &found, &err));
    *ran = pga_result_value(&found, 0, 0) != NULL;
    ck_assert(pga_driver_run(driver, PGA_STR("DROP TABLE IF EXISTS canary"), &err));
    return state;
}

static const struct {
    const char *first, *second;
    bool is_joined; /* without the airbag the two would run as one */
} open_constructs[] = {
    {"SELECT 'open", "closed'", true},
    {"SELECT 'open\\", "closed'", true},
    {"SELECT E'open", "closed'", true},
    {"SELECT E'open\\", "closed'", true},
    {"SELECT E'open\\\\", "closed'", true},
    {"SELECT U&'open", "closed'", true},
    {"SELECT n'open", "closed'", true},
    {"SELECT b'1", "1'", false},
    {"SELECT x'1", "1'", false},
    {"SELECT 'a'\n'open", "closed'", true},
    {"SELECT 1 AS \"open", "closed\"", true},
    {"SELECT 1 AS \"open\\", "closed\"", true},
    {"SELECT 1 AS U&\"open", "closed\"", true},
    {"SELECT 1; /* open", "closed */ SELECT 1", true},
    {"SELECT 1; /* /* open", "closed */ */ SELECT 1", true},
    {"SELECT 1; /* /* /* open */", "closed */ */ SELECT 1", true},
    {"SELECT 1; /* /* /* /* open", "*/ */ */ */ SELECT 1", true},
    {"SELECT 1; /* /* /* /* open", "*/ */ */ SELECT 1", false},
    {"SELECT 1; /* /* /* /* open", "*/ */ SELECT 1", false},
    {"SELECT 1; /* /* /* /* open", "*/ SELECT 1", false},
    {"SELECT 1; /* ' \" $$ open", "closed */ SELECT 1", true},
    {"SELECT 1; /* open -- ", "closed */ SELECT 1", true},
    {"SELECT $$open", "closed$$", true},
    {"SELECT $$open $tag$ x $tag$", "closed$$", true},
    {"SELECT $tag$open", "closed$tag$", true},
    {"SELECT $tag$open $$ x $$ $other$", "closed$tag$", true},
    {"SELECT $\xC3\xBC$open", "closed$\xC3\xBC$", true},
    {"SELECT $a$b$a$, $b$open", "closed$b$", true},
    {"SELECT $a$x$b$a$, $b$open", "closed$b$", true},
    {"SELECT (1 +", "1)", false},
    {"CREATE RULE r AS ON INSERT TO pg_catalog.pg_class DO INSTEAD (SELECT 1;", "SELECT 2)", false},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1;", "END", false},
};

START_TEST(test_what_is_open_ends_in_a_syntax_error)
{
    const char *first = open_constructs[_i].first, *second = open_constructs[_i].second;
    bool ran = true;

    ck_assert_str_eq(send_steps(first, second, true, &ran), "42601");
    ck_assert_msg(!ran, "ran: %s", first);
    ck_assert_str_eq(send_steps(first, NULL, true, &ran), "42601");
    ck_assert_msg(!ran, "ran: %s", first);
}
END_TEST

START_TEST(test_without_it_the_next_script_would_close_what_is_open)
{
    bool ran = false;

    if (!open_constructs[_i].is_joined)
        return;
    ck_assert_str_eq(send_steps(open_constructs[_i].first, open_constructs[_i].second, false, &ran),
                     "");
    ck_assert(ran);
}
END_TEST

static const char *const closed[] = {
    "",
    "SELECT 1",
    "SELECT 1;",
    ";;",
    "SELECT 1 -- comment",
    "SELECT 1; -- it's \"open\" /* $$",
    "/* a /* b /* c /* d */ */ */ */",
    "SELECT 'a\\'",
    "SELECT E'a\\'', $$'$$, $tag$ $$ $tag$, $o$ \\ $o$",
    "SELECT 1 AS \"a\\\"\"b\"",
    "SELECT $\xC3\xBC$x$\xC3\xBC$",
};

START_TEST(test_it_is_a_comment_when_all_is_well)
{
    bool ran = false;

    for (size_t i = 0; i < PGA_COUNT_OF(closed); i++) {
        ck_assert_str_eq(send_steps(closed[_i], closed[i], true, &ran), "");
        ck_assert(ran);
    }
}
END_TEST

/* ---- at random ---- */

static const char *const pieces[] = {
    "SELECT 1;", "SELECT 1", "SELECT '", "'",    "''",     ";",         "--",
    "\n",        "/*",       "*/",       "$$",   "$a$",    "SELECT $$", "\"",
    "E'",        "\\",       " ",        "x",    " AS ",   "U&'",       "SELECT $b$",
    "$b$",       "\\'",      "/* '",     "' */", "AS \"x", "\xC3\xA4",  "SELECT 1 AS x",
};

static uint64_t seed;

static size_t
random_below(size_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % limit;
}

static const char *
random_text(void)
{
    struct pga_buf text = pga_buf_on(&mem);

    for (size_t left = 1 + random_below(RANDOM_PIECES); left > 0; left--)
        pga_buf_append_c(&text, pieces[random_below(PGA_COUNT_OF(pieces))]);
    return text.data;
}

/* Whether the server takes a script by itself: nothing is open at its end. */
static bool
is_whole(const char *text)
{
    bool ran;

    return send_steps(text, NULL, false, &ran)[0] == '\0';
}

START_TEST(test_no_two_scripts_are_taken_that_are_not_each_whole)
{
    size_t both = 0, dangerous = 0;
    bool ran;

    seed = 20260101u + (uint64_t)_i;
    if (_i == 1) {
        pga_driver_close(&driver);
        open_with("-c standard_conforming_strings=off -c escape_string_warning=off");
    }
    for (int n = 0; n < RANDOM_CASES; n++) {
        const char *first = random_text(), *second = random_text();

        if (send_steps(first, second, true, &ran)[0] == '\0') {
            both++;
            ck_assert_msg(is_whole(first) && is_whole(second), "seed %d, case %d: <%s> <%s>", _i, n,
                          first, second);
        } else if (send_steps(first, second, false, &ran)[0] == '\0' && !is_whole(first)) {
            dangerous++;
        }
        pga_arena_release(&mem);
    }
    /* The test is worth something only if there were both. */
    ck_assert_uint_gt(both, 10);
    ck_assert_uint_gt(dangerous, 10);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("airbag");
    TCase *tcase = tcase_create("server");
    SRunner *runner;
    int failed;

    conninfo = pga_test_server_start();
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_session, close_session);
    tcase_add_loop_test(tcase, test_what_is_open_ends_in_a_syntax_error, 0,
                        (int)PGA_COUNT_OF(open_constructs));
    tcase_add_loop_test(tcase, test_without_it_the_next_script_would_close_what_is_open, 0,
                        (int)PGA_COUNT_OF(open_constructs));
    tcase_add_loop_test(tcase, test_it_is_a_comment_when_all_is_well, 0, (int)PGA_COUNT_OF(closed));
    tcase_add_loop_test(tcase, test_no_two_scripts_are_taken_that_are_not_each_whole, 0, 2);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
