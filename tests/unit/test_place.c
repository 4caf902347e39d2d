/*
 * tests/unit/test_place.c: engine/place.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/place.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/compiler.h"

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

/* ---- a script, and what a server says about it ---- */

static struct pga_script_text script;
static struct pga_statements statements;
static struct pga_results results;

/* As if the server had the script between two statements of pgalter's own, which send nothing. */
static struct pga_sent
send_script(const char *text)
{
    static struct pga_span span;
    struct pga_error ignored = {0};
    struct pga_sent sent = {.script = &script, .statements = &statements, .results = &results};

    results = (struct pga_results){0};
    ck_assert(
        pga_script_parse(&mem, "dir/1-a.up.sql", PGA_PART_UP, pga_str_of(text), &script, &ignored));
    ck_assert(pga_statements_parse(&mem, script.file, script.text, true, &statements, &ignored));
    span = (struct pga_span){.message_offset = 4, .len = script.text.len};
    sent.map = (struct pga_span_map){&span, 1, 1};
    sent.message = pga_str_of(pga_format(&mem, "own %s own", script.text.data));
    sent.end = statements.count;
    return sent;
}

static void
answer(size_t count)
{
    while (results.count < count)
        (void)pga_driver_add_result(&results, &mem, "SELECT 1");
}

static struct pga_server_message *
say(const char *sqlstate, const char *context, const char *query, int64_t internal_position)
{
    struct pga_server_message said = {.sqlstate = sqlstate,
                                      .message = "the server said no",
                                      .context = context,
                                      .internal_query = query,
                                      .internal_position = internal_position};

    return pga_driver_keep(&mem, &said);
}

/* Fail with that error and say where; line 0: not in the script. */
static void
fails_at(const struct pga_sent *sent, const struct pga_server_message *said, int line, int column)
{
    memset(&err, 0, sizeof(err));
    (void)pga_driver_fail(said, &err);
    results.error = said;
    ck_assert(pga_place_failure(&mem, sent, &err) == (line > 0));
    ck_assert_str_eq(err.place.file, "dir/1-a.up.sql");
    ck_assert_int_eq(err.place.line, line);
    ck_assert_int_eq(err.place.column, column);
}

#define NOTHING say("22012", "", "", 0)

/* The connection ended: of the script only its file is known. */
START_TEST(nothing_was_said)
{
    struct pga_sent sent = send_script("SELECT 1;");

    memset(&err, 0, sizeof(err));
    (void)pga_fail(&err, PGA_ERR_LOST, "it is gone");
    ck_assert(!pga_place_failure(&mem, &sent, &err));
    ck_assert_str_eq(err.place.file, "dir/1-a.up.sql");
    ck_assert_int_eq(err.place.line, 0);
}
END_TEST

/* Lines are the file's, columns characters. */
START_TEST(a_position)
{
    struct pga_sent sent = send_script("-- pgalter:allow rule because\r\n"
                                       "SELECT 1;\r\n"
                                       "  SELECT '\xC3\xA4',\r\n"
                                       "    nothing;\r\n");
    struct pga_server_message *said = NOTHING;

    said->position = 5 + 10 + 11; /* "',": behind "own ", the first line, 11 characters */
    fails_at(&sent, said, 3, 12);
    ck_assert_str_eq(err.place.text, "  SELECT '\xC3\xA4',");
}
END_TEST

START_TEST(a_statement)
{
    struct pga_sent sent = send_script("SELECT 1;\n  SELECT 2,\n   3;\nSELECT 4;");

    fails_at(&sent, NOTHING, 1, 0);
    answer(1);
    fails_at(&sent, NOTHING, 2, 0);
    (void)pga_driver_add_result(&results, &mem, ""); /* of a rule */
    fails_at(&sent, NOTHING, 2, 0);
    answer(4);
    fails_at(&sent, NOTHING, 0, 0); /* behind the last one */
    sent.head = 2;
    fails_at(&sent, NOTHING, 2, 0);
    sent.head = 10;
    fails_at(&sent, NOTHING, 0, 0); /* in the head */
    ck_assert_str_eq(err.message, "the server said no");
    ck_assert_str_eq(err.sqlstate, "22012");
}
END_TEST

#define BLOCK(line) "PL/pgSQL function inline_code_block line " line " at X"

static const struct {
    const char *script, *context, *query;
    int64_t position;
    int line, column;
} bodies[] = {
    /* Of a DO block the context names the line, counted from its opening quote. */
    {"SELECT 1; DO $$\nBEGIN\n RAISE EXCEPTION 'x';\nEND $$;", BLOCK("3"), "", 0, 3, 0},
    {"SELECT 1; DO LANGUAGE plpgsql $a$\n\n\nBEGIN x; END $a$;", BLOCK("4"), "", 0, 4, 0},
    {"SELECT 1; DO 'BEGIN\n''x'';\n z; END';", BLOCK("3"), "", 0, 3, 0},
    {"SELECT 1; DO $$x$$;", "PL/pgSQL-Funktion inline_code_block Zeile 1 bei X", "", 0, 1, 0},
    {"SELECT 1;\nDO $$x$$;", BLOCK("7"), "", 0, 2, 0}, /* there is no such line */
    {"SELECT 1;\nDO $$x$$;", "PL/pgSQL function inline_code_block", "", 0, 2, 0},
    /* The outermost block is the script's. */
    {"SELECT 1; DO $$\n\nx\n$$;", BLOCK("1") "\nSQL statement \"DO ...\"\n" BLOCK("3"), "", 0, 3,
     0},
    /* The query that failed stands in that line, with blanks for INTO's targets, and SELECT for PERFORM. */
    {"SELECT 1; DO $$\n a := 1;\n SELECT x FROM t;$$;", BLOCK("3"), "SELECT x FROM t", 8, 3, 9},
    {"SELECT 1; DO $$\n SELECT x INTO a FROM t;$$;", BLOCK("2"), "SELECT x        FROM t", 8, 2, 9},
    {"SELECT 1; DO $$\n PERFORM x(1);$$;", BLOCK("2"), "SELECT x(1)", 8, 2, 10},
    {"SELECT 1; DO $$\n a :=\n  x + 1;$$;", BLOCK("2"), "x + 1", 1, 3, 3},
    {"SELECT 1; DO '\n IF \xC3\xA4 = ''a'' OR x';", BLOCK("2"), "\xC3\xA4 = 'a' OR x", 12, 2, 18},
    /* One that was put together does not; nor does the same one behind the statement's end. */
    {"SELECT 1; DO $$\n EXECUTE 'SELECT ' || 'x';\n SELECT x; $$;", BLOCK("2"), "SELECT x", 8, 2,
     0},
    /* A body that the server could not find in the message. */
    {"SELECT 1;\nCREATE FUNCTION f() AS $$\n wrong $$;", "", "\n wrong ", 3, 3, 2},
    {"SELECT 1;\nCREATE FUNCTION f() AS '\n ''a'' wrong ';", "", "\n 'a' wrong ", 7, 3, 8},
    {"SELECT 1;\nCREATE FUNCTION f() AS E'\\n wrong';", "", "\n wrong", 3, 2, 0},
    {"SELECT 1;\nCREATE FUNCTION f() AS 'a'\n'b';", "", "ab", 2, 2, 0},
    /* A function that was made before: what it runs is not in the script. */
    {"SELECT 1;\nSELECT f('x');", "PL/pgSQL function f(text) line 9 at X", "SELECT y", 8, 2, 0},
};

START_TEST(a_body)
{
    struct pga_sent sent = send_script(bodies[_i].script);

    answer(1);
    fails_at(&sent, say("42703", bodies[_i].context, bodies[_i].query, bodies[_i].position),
             bodies[_i].line, bodies[_i].column);
    /* Where the place says nothing about what is wrong in the query, the query is shown. */
    ck_assert_int_eq(err.inner.line > 0, bodies[_i].position > 0 && bodies[_i].column == 0);
}
END_TEST

START_TEST(a_query_that_was_built)
{
    struct pga_sent sent = send_script("DO $$ EXECUTE f(); $$;");

    fails_at(&sent, say("42703", BLOCK("1"), "SELECT\n \xE6\x97\xA5, x", 12), 1, 0);
    ck_assert_str_eq(err.inner.file, "");
    ck_assert_int_eq(err.inner.line, 2);
    ck_assert_int_eq(err.inner.column, 5);
    ck_assert_int_eq(err.inner.caret, 4);
    ck_assert_str_eq(err.inner.text, " \xE6\x97\xA5, x");
    sent.in_bytes = true;
    fails_at(&sent, say("42703", BLOCK("1"), "SELECT\n \xE6\x97\xA5, x", 14), 1, 0);
    ck_assert_int_eq(err.inner.column, 5);
}
END_TEST

static const struct {
    const char *options, *rows, *context;
    int line; /* of the file, the COPY in 1 */
} rows[] = {
    {"", "1\n2\n3\n", "COPY t, line 3, column n: \"3\"", 4},
    {"", "1\n2\n3\n", "COPY t2, Zeile 1, Spalte n: \"2\"", 2},
    {"", "1\n2\n", "PL/pgSQL function g() line 9\nCOPY t, line 2: \"2\"", 3},
    {"", "a\\\nb\n2\n", "COPY t, line 2, column n", 4}, /* a row of two lines counts once */
    {"", "a\\\\\n2\n", "COPY t, line 2, column n", 3},
    {"", "1\n2\n", "COPY t, line 9", 1}, /* there is no such row */
    {"", "1\n2\n", "COPY t", 1},
    {"", "1\n2\n", "", 1},
    {"(FORMAT csv)", "1,\"a\nb\"\nx,y\n", "COPY t, line 2, column n", 4}, /* not in the first row */
    {"(FORMAT csv)", "1,a\n2,\"b\nb\"\nx,y\n", "COPY t, line 4, column n", 5},
    {"(FORMAT csv)", "1,a\nx,\"b\nb\"\n2,y\n", "COPY t, line 3, column n", 3}, /* its first line */
    {"(FORMAT 'csv')", "1,\"a\"\"\nb\"\nx,y\n", "COPY t, line 2, column n", 4},
    {"CSV QUOTE AS ''''", "1,'a\nb'\nx,\"\n", "COPY t, line 2, column n", 4},
};

START_TEST(a_row)
{
    struct pga_sent sent = send_script(pga_format(&mem, "COPY t FROM STDIN %s;\n%s\\.\nSELECT 1;",
                                                  rows[_i].options, rows[_i].rows));

    fails_at(&sent, say("22P02", rows[_i].context, "", 0), rows[_i].line, 0);
}
END_TEST

START_TEST(a_character_that_the_database_lacks)
{
    struct pga_sent sent = send_script("SELECT 1;\nSELECT 'a\xE2\x82\xAC';");
    struct pga_server_message *said = say("22P05", "", "", 0);

    said->message = "character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\" has no "
                    "equivalent in encoding \"LATIN1\"";
    fails_at(&sent, said, 2, 10);
    said->message = "character with byte sequence 0xe2 0x82 0xad in encoding \"UTF8\"";
    fails_at(&sent, said, 0, 0);
    said->message = "no such byte as 0x";
    fails_at(&sent, said, 0, 0);
    answer(1); /* converted by a function of a statement: its own line */
    said->message = "character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\"";
    fails_at(&sent, said, 2, 0);
}
END_TEST

START_TEST(secrets)
{
    struct pga_sent sent = send_script("ALTER ROLE b PASSWORD 'hunter2';\n"
                                       "SELECT 'plain';\n"
                                       "COPY users (name, password) FROM STDIN;\nbob\tx\n\\.\n");
    struct pga_server_message said = {.sqlstate = "42601",
                                      .message = "at 'x1' or \"bob\" or hunter2",
                                      .detail = "Key (name)=(x2) with hunter2",
                                      .hint = "no hunter2, no 'x3'",
                                      .context = "SQL \"hunter2\" 'x4'"};

    fails_at(&sent, pga_driver_keep(&mem, &said), 1, 0);
    ck_assert_str_eq(err.message, "at '****' or \"bob\" or ****");
    ck_assert_str_eq(err.detail, "Key (****) with ****");
    ck_assert_str_eq(err.hint, "no ****, no '****'");
    ck_assert_str_eq(err.context, "SQL \"****\" '****'");
    ck_assert_str_eq(err.place.text, "ALTER ROLE b PASSWORD ****;");
    answer(1);
    fails_at(&sent, pga_driver_keep(&mem, &said), 2, 0);
    ck_assert_str_eq(err.message, "at 'x1' or \"bob\" or ****");
    ck_assert_str_eq(err.detail, "Key (name)=(x2) with ****");
    ck_assert_str_eq(err.place.text, "SELECT 'plain';");
    answer(2);
    said.context = "COPY users, line 1, column name: \"bob\"";
    fails_at(&sent, pga_driver_keep(&mem, &said), 4, 0);
    ck_assert_str_eq(err.message, "at '****' or \"****\" or ****");
    ck_assert_str_eq(err.context, "COPY users, line 1, column name: \"****\"");
    ck_assert_str_eq(err.place.text, "****");
}
END_TEST

START_TEST(a_secret_in_a_query_that_was_built)
{
    struct pga_sent sent = send_script("DO $$ EXECUTE f('password', 'hunter2'); $$;");

    fails_at(&sent, say("42601", BLOCK("1"), "ALTER ROLE b PASSWORD 'x' y", 27), 1, 0);
    ck_assert_str_eq(err.inner.text, "ALTER ROLE b PASSWORD **** y");
    ck_assert_int_eq(err.inner.caret, 27);
    fails_at(&sent, say("42601", BLOCK("1"), "g(hunter2) y", 12), 1, 0);
    ck_assert_str_eq(err.inner.text, "g(****) y");
    ck_assert_int_eq(err.inner.caret, -1);
}
END_TEST

static int
notice_line(const struct pga_sent *sent, const char *context, bool is_ahead)
{
    struct pga_server_message *said = say("00000", context, "", 0);
    struct pga_place place;

    said->is_ahead = is_ahead;
    pga_place_notice(&mem, sent, said, &place);
    ck_assert_str_eq(place.file, "dir/1-a.up.sql");
    return place.line;
}

START_TEST(a_notice)
{
    struct pga_sent sent = send_script("CREATE TABLE a;\nSELECT f();\nDROP TABLE b;\n"
                                       "SELECT f();\nDO $$\nx $$;\nSELECT f();");

    ck_assert_int_eq(notice_line(&sent, "", false), 1);
    ck_assert_int_eq(notice_line(&sent, "", true), 2); /* its result is there, but not read */
    answer(1);
    ck_assert_int_eq(notice_line(&sent, "function f", false), 2);
    ck_assert_int_eq(notice_line(&sent, "function f", true), 2); /* amid its rows */
    ck_assert_int_eq(notice_line(&sent, "", true), 3);
    answer(3);
    ck_assert_int_eq(notice_line(&sent, BLOCK("2"), true), 6);
    answer(4);
    ck_assert_int_eq(notice_line(&sent, BLOCK("2"), false), 6);
    ck_assert_int_eq(notice_line(&sent, "function f", true), 7);
    answer(6);
    ck_assert_int_eq(notice_line(&sent, "", false), 0);
    sent.head = 7;
    ck_assert_int_eq(notice_line(&sent, "", true), 1);
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
    tcase_add_test(tcase, nothing_was_said);
    tcase_add_test(tcase, a_position);
    tcase_add_test(tcase, a_statement);
    tcase_add_loop_test(tcase, a_body, 0, (int)PGA_COUNT_OF(bodies));
    tcase_add_test(tcase, a_query_that_was_built);
    tcase_add_loop_test(tcase, a_row, 0, (int)PGA_COUNT_OF(rows));
    tcase_add_test(tcase, a_character_that_the_database_lacks);
    tcase_add_test(tcase, secrets);
    tcase_add_test(tcase, a_secret_in_a_query_that_was_built);
    tcase_add_test(tcase, a_notice);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
