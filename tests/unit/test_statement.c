/*
 * tests/unit/test_statement.c: alterations/statement.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/statement.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

static struct pga_arena mem;

static void
release(void)
{
    pga_arena_release(&mem);
}

static struct pga_statements
parsed(const char *text)
{
    struct pga_statements statements;
    struct pga_error err = {0};

    ck_assert_msg(pga_statements_parse(&mem, "x.sql", pga_str_of(text), true, &statements, &err),
                  "line %d: %s: %s", err.place.line, err.message, text);
    ck_assert_int_eq(err.code, PGA_OK);
    return statements;
}

/* How a text is split: each statement's text, "|" between them, and what COPY's rows are in braces. */
static const char *
split(const char *text)
{
    struct pga_statements statements = parsed(text);
    struct pga_str all = pga_str_of(text);
    struct pga_buf out = pga_buf_on(&mem);

    for (size_t i = 0; i < statements.count; i++) {
        const struct pga_statement *s = &statements.items[i];

        if (i > 0)
            pga_buf_append_char(&out, '|');
        pga_buf_append(&out, pga_str_slice(all, s->offset, s->len));
        if (s->kind == PGA_STATEMENT_COPY_IN)
            pga_buf_appendf(&out, "{%.*s}", (int)s->data_len, text + s->data_offset);
        ck_assert_int_eq(s->has_semicolon, text[s->offset + s->len - 1] == ';');
    }
    return out.data;
}

static const struct {
    const char *text, *parts;
} splits[] = {
    {"", ""},
    {"  \n", ""},
    {"-- only a comment", ""},
    {"/* a */ ; ;; -- b\n;", ""},
    {"SELECT 1", "SELECT 1"},
    {"SELECT 1;", "SELECT 1;"},
    {" SELECT 1 ; -- a\n SELECT 2 -- b\n", "SELECT 1 ;|SELECT 2"},
    {"SELECT 1;;SELECT 2;", "SELECT 1;|SELECT 2;"},
    {"/* a; */ SELECT ';', \";\", $$;$$, $a$;$a$, E'\\';' -- ;\n;",
     "SELECT ';', \";\", $$;$$, $a$;$a$, E'\\';' -- ;\n;"},
    {"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
     "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);|SELECT 3"},
    {"SELECT (1)); SELECT 2", "SELECT (1));|SELECT 2"},
    {"SELECT ')' || (1); SELECT 2", "SELECT ')' || (1);|SELECT 2"},
    /* bodies of routines */
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3",
     "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;|SELECT 3"},
    {"create or replace procedure p() begin /* c */ atomic end; commit",
     "create or replace procedure p() begin /* c */ atomic end;|commit"},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; END; SELECT 3",
     "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; END;|SELECT 3"},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT 1 AS case; END; COMMIT;",
     "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT 1 AS case; "
     "END;|COMMIT;"},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 case; ; END; COMMIT;",
     "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 case; ; END;|COMMIT;"},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT begin FROM t; END; COMMIT;",
     "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT begin FROM t; END;|COMMIT;"},
    {"CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS $$SELECT 1$$; COMMIT;",
     "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS $$SELECT 1$$;|COMMIT;"},
    {"CREATE FUNCTION begin(begin atomic) RETURNS begin LANGUAGE sql AS 'x'; COMMIT;",
     "CREATE FUNCTION begin(begin atomic) RETURNS begin LANGUAGE sql AS 'x';|COMMIT;"},
    {"CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC SELECT 1; END; COMMIT;",
     "CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC SELECT 1; END;|COMMIT;"},
    {"CREATE FUNCTION \"begin\" atomic; COMMIT;", "CREATE FUNCTION \"begin\" atomic;|COMMIT;"},
    {"CREATE TABLE function (a int); BEGIN ATOMIC; COMMIT;",
     "CREATE TABLE function (a int);|BEGIN ATOMIC;|COMMIT;"},
    {"CREATE VIEW v AS SELECT begin atomic; COMMIT;",
     "CREATE VIEW v AS SELECT begin atomic;|COMMIT;"},
    {"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END COMMIT; COMMIT;",
     "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END COMMIT;|COMMIT;"},
    /* COPY */
    {"COPY t FROM STDIN;\n1\t2\n\\.\nSELECT 1;", "COPY t FROM STDIN;{1\t2\n}|SELECT 1;"},
    {"copy \"from\".t (a, b) from stdin with (format csv);\n'\n\\.\n",
     "copy \"from\".t (a, b) from stdin with (format csv);{'\n}"},
    {"copy t (a,b) from stdin csv header;\n\\.", "copy t (a,b) from stdin csv header;{}"},
    {"COPY t FROM /* c */ STDIN ; -- rows\n;\n\\.x\n\\.\n",
     "COPY t FROM /* c */ STDIN ;{;\n\\.x\n}"},
    {"COPY t FROM STDIN; \t\n1\n\\.\nCOPY u FROM STDIN;\n2\n\\.\n",
     "COPY t FROM STDIN;{1\n}|COPY u FROM STDIN;{2\n}"},
    {"COPY t FROM STDOUT;\n1\n\\.\n", "COPY t FROM STDOUT;{1\n}"},
    {"COPY s.from FROM STDIN;\n1\n\\.\n", "COPY s.from FROM STDIN;{1\n}"},
    {"COPY s.to FROM STDIN WHERE a > 1;\n1\n\\.\n", "COPY s.to FROM STDIN WHERE a > 1;{1\n}"},
    {"COPY BINARY t FROM STDIN;\n\\.\n", "COPY BINARY t FROM STDIN;{}"},
    {"COPY t FROM 'file'; SELECT 1", "COPY t FROM 'file';|SELECT 1"},
    {"COPY t FROM PROGRAM 'stdin'; SELECT 1", "COPY t FROM PROGRAM 'stdin';|SELECT 1"},
    {"COPY \"stdin\" FROM 'from stdin'; SELECT 1", "COPY \"stdin\" FROM 'from stdin';|SELECT 1"},
    {"COPY (SELECT a FROM stdin) TO STDOUT; SELECT 1",
     "COPY (SELECT a FROM stdin) TO STDOUT;|SELECT 1"},
    {"COPY t TO 'f' WITH (FORMAT csv); SELECT 1", "COPY t TO 'f' WITH (FORMAT csv);|SELECT 1"},
    /* the server's setting */
    {"SET standard_conforming_strings = off; SELECT '\\';'; SELECT 1",
     "SET standard_conforming_strings = off;|SELECT '\\';';|SELECT 1"},
    {"SET standard_conforming_strings TO 'off'; SET \"Standard_Conforming_Strings\" = TRUE;"
     "SELECT '\\'; SELECT 1",
     "SET standard_conforming_strings TO 'off';|SET \"Standard_Conforming_Strings\" = TRUE;|"
     "SELECT '\\';|SELECT 1"},
    {"SET standard_conforming_strings=0; RESET standard_conforming_strings; SELECT '\\'; SELECT 1",
     "SET standard_conforming_strings=0;|RESET standard_conforming_strings;|SELECT '\\';|SELECT 1"},
    {"SET standard_conforming_strings=no; RESET ALL; SELECT '\\'; SELECT 1",
     "SET standard_conforming_strings=no;|RESET ALL;|SELECT '\\';|SELECT 1"},
    {"SET standard_conforming_strings=f; SET standard_conforming_strings TO DEFAULT; SELECT '\\'; "
     "S",
     "SET standard_conforming_strings=f;|SET standard_conforming_strings TO DEFAULT;|"
     "SELECT '\\';|S"},
    {"SELECT set_config('standard_conforming_strings', x, false); SELECT 'a', E'\\''",
     "SELECT set_config('standard_conforming_strings', x, false);|SELECT 'a', E'\\''"},
};

START_TEST(text_is_split_so)
{
    ck_assert_str_eq(split(splits[_i].text), splits[_i].parts);
}
END_TEST

static const struct {
    const char *text;
    int line, column;
    const char *message, *hint, *id;
} refusals[] = {
    {"SELECT 1;\nSELECT 'a;\n", 2, 8, "unterminated quoted string", "close it with '",
     "unterminated"},
    {"SELECT E'a\\'", 1, 8, "unterminated quoted string", "", "unterminated"},
    {"SELECT \"a", 1, 8, "unterminated quoted name", "\"", "unterminated"},
    {"\n\n  $a$ $$ $b$", 3, 3, "unterminated dollar-quoted string", "close it with $a$",
     "unterminated"},
    {"$$ $a$", 1, 1, "unterminated dollar-quoted string", "close it with $$", "unterminated"},
    {"SELECT 1; /* /* */ SELECT 2;", 1, 11, "unterminated comment", "*/", "unterminated"},
    {"SELECT 1;\nSELECT (2, (3);\nSELECT 4;\n", 2, 8, "\"(\" without its \")\"", "close",
     "unterminated"},
    {"CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC SELECT 1 END;\nSELECT 2;", 2, 1,
     "\"BEGIN ATOMIC\" without its \"END\"", "END;", "unterminated"},
    /* COPY */
    {"SELECT 1;\n  COPY t FROM STDIN;\n1\n2\n", 2, 3, "don't end", "\\.", "copy-rows"},
    {"COPY t FROM STDIN", 1, 1, "don't end", "\\.", "copy-rows"},
    {"COPY t FROM STDIN; SELECT 1;\n1\n\\.\n", 1, 20, "text between", "next line", "copy-rows"},
    {"COPY t FROM STDIN; /* a */\n1\n\\.\n", 1, 20, "text between", "next line", "copy-rows"},
    {"COPY t FROM STDIN; -- a\rSELECT 1;\n1\n\\.\n", 1, 25, "text between", "next line",
     "copy-rows"},
    {"COPY t FROM STDIN;\n1\n\\. \n", 1, 1, "don't end", "\\.", "copy-rows"},
    /* psql */
    {"\\restrict abc\nSELECT 1;\n", 1, 1, "\"\\restrict\" is a command of psql", "pg_dump",
     "meta-command"},
    {"SELECT 1;\n\\unrestrict abc\n", 2, 1, "\"\\unrestrict\" is a command", "pg_dump",
     "meta-command"},
    {"\\connect db", 1, 1, "\"\\connect\"", "database that it is connected to", "meta-command"},
    {"\\c db", 1, 1, "\"\\c\"", "database that it is connected to", "meta-command"},
    {"\\copy t from 'x'", 1, 1, "\"\\copy\"", "COPY ... FROM STDIN", "meta-command"},
    {"\\i other.sql", 1, 1, "\"\\i\"", "one file per script", "meta-command"},
    {"SELECT 1 \\gexec\n", 1, 10, "\"\\gexec\"", "semicolon", "meta-command"},
    {"SELECT $1 \\bind 1 \\g\n", 1, 11, "\"\\bind\"", "semicolon", "meta-command"},
    {"SELECT 1\\; SELECT 2;", 1, 9, "\"\\;\"", "without the backslash", "meta-command"},
    {"\\set x 1", 1, 1, "\"\\set\"", "variables", "meta-command"},
    {"\\.\n", 1, 1, "\"\\.\"", "COPY", "meta-command"},
    {"\\timing", 1, 1, "\"\\timing\"", "Only psql", "meta-command"},
    {"SELECT 1; \\", 1, 11, "\"\\\" is a command", "Only psql", "meta-command"},
    {"\\\x1b[31m", 1, 1, "\"\\\" is a command", "Only psql", "meta-command"},
    {"COPY t FROM 'f';\n1\n\\.\n", 3, 1, "\"\\.\"", "COPY", "meta-command"},
    /* strings that can't be read for certain */
    {"SELECT set_config('standard_conforming_strings', x, false);\nSELECT 'a\\b'", 2, 8,
     "depends on standard_conforming_strings", "E'...'", "session-state"},
    {"SELECT set_config(a, b, false);\nSELECT '\\'; COMMIT; --'", 2, 8,
     "depends on standard_conforming_strings", "E'...'", "session-state"},
    {"SET LOCAL standard_conforming_strings = off; SELECT N'\\'", 1, 53,
     "depends on standard_conforming_strings", "E'...'", "session-state"},
    {"SET standard_conforming_strings = E'o\\x66f'; SELECT '\\'", 1, 53, "depends on", "",
     "session-state"},
    {"SET standard_conforming_strings = maybe; SELECT '\\'", 1, 49, "depends on", "",
     "session-state"},
    {"SET standard_conforming_strings FROM CURRENT; SELECT '\\'", 1, 54, "depends on", "",
     "session-state"},
    {"SAVEPOINT a; SET standard_conforming_strings = off; ROLLBACK TO a; SELECT '\\''", 1, 75,
     "depends on", "", "session-state"},
    {"UPDATE pg_settings SET setting = 'off'; SELECT '\\'", 1, 48, "depends on", "",
     "session-state"},
};

START_TEST(script_is_refused)
{
    struct pga_statements statements;
    struct pga_error err = {0};
    bool split_up =
        pga_statements_parse(&mem, "x.sql", pga_str_of(refusals[_i].text), true, &statements, &err);

    ck_assert(!split_up);
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_msg(strstr(err.message, refusals[_i].message) != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.hint, refusals[_i].hint) != NULL, "%s", err.hint);
    ck_assert_str_eq(err.place.file, "x.sql");
    ck_assert_int_eq(err.place.line, refusals[_i].line);
    ck_assert_int_eq(err.place.column, refusals[_i].column);
    ck_assert_str_eq(pga_error_id_name(err.id), refusals[_i].id);
}
END_TEST

START_TEST(setting_of_the_server_counts)
{
    struct pga_statements statements;
    struct pga_error err = {0};
    struct pga_str text = PGA_STR("SELECT '\\'; COMMIT; --'; SELECT 1");

    ck_assert(pga_statements_parse(&mem, "x.sql", text, true, &statements, &err));
    ck_assert_uint_eq(statements.count, 2);
    ck_assert_int_eq(statements.items[1].kind, PGA_STATEMENT_COMMIT);
    ck_assert(pga_statements_parse(&mem, "x.sql", text, false, &statements, &err));
    ck_assert_uint_eq(statements.count, 2);
    ck_assert_int_eq(statements.items[1].kind, PGA_STATEMENT_ORDINARY);
}
END_TEST

START_TEST(backslashes_in_plain_strings_are_marked)
{
    struct pga_statements statements =
        parsed("SELECT '\\x'; SELECT E'\\x', B'\\'; SELECT $$\\$$, 'x'; "
               "SET standard_conforming_strings = off; SELECT n'\\'';");
    static const bool marked[] = {true, false, false, false, true};

    ck_assert_uint_eq(statements.count, PGA_COUNT_OF(marked));
    for (size_t i = 0; i < statements.count; i++) {
        ck_assert_int_eq(statements.items[i].strings_matter, marked[i]);
        ck_assert_int_eq(statements.items[i].standard_strings, i < 4);
    }
}
END_TEST

START_TEST(places_of_statements)
{
    const char *text = "-- a\n\n  COPY t\nFROM STDIN;\n1\n2\n\\.\n/* b */ CREATE\nINDEX i";
    struct pga_statements statements = parsed(text);
    const struct pga_statement *copy = &statements.items[0], *create = &statements.items[1];

    ck_assert_uint_eq(statements.count, 2);
    ck_assert_int_eq(copy->line, 3);
    ck_assert_uint_eq(copy->end, (size_t)(strstr(text, "/* b") - text));
    ck_assert_uint_eq(copy->data_offset, (size_t)(strstr(text, "1\n2") - text));
    ck_assert_uint_eq(copy->data_len, 4);
    ck_assert(pga_str_equal_c(copy->first, "COPY"));
    ck_assert(pga_str_equal_c(copy->second, "t"));
    ck_assert_int_eq(create->line, 8);
    ck_assert(pga_str_equal_c(create->first, "CREATE"));
    ck_assert(pga_str_equal_c(create->second, "INDEX"));
    ck_assert_uint_eq(create->data_offset, 0);
    ck_assert_uint_eq(create->end, strlen(text));
}
END_TEST

START_TEST(what_the_airbag_must_close)
{
    const char *text =
        "SELECT $b$ $c$ $b$, '$a$', x$d$e, $$ $$; -- $b$f$\n/* /* $ */ */\n"
        "COPY t FROM STDIN; -- $y$\n$no$\n\\.\nSELECT $ab$$ab$, /* /**/ */ $\xC3\xA9$$\xC3\xA9$";
    struct pga_statements statements = parsed(text);
    static const char *const tags[] = {"a", "ab", "b", "c", "d", "f", "y", "\xC3\xA9"};

    ck_assert_int_eq(statements.deepest_comment, 2);
    ck_assert_uint_eq(statements.deepest_offset, (size_t)(strstr(text, "/*") - text));
    ck_assert_uint_eq(statements.dollar_tag_count, PGA_COUNT_OF(tags));
    for (size_t i = 0; i < PGA_COUNT_OF(tags); i++)
        ck_assert(pga_str_equal_c(statements.dollar_tags[i], tags[i]));
    statements = parsed("SELECT 1");
    ck_assert_int_eq(statements.deepest_comment, 0);
    ck_assert_uint_eq(statements.dollar_tag_count, 0);
}
END_TEST

START_TEST(number_of_statements_is_bounded)
{
    size_t len = 2 * (size_t)(PGA_STATEMENTS_MAX + 1);
    char *text = pga_alloc(&mem, len, 1);
    struct pga_statements statements;
    struct pga_error err = {0};

    for (size_t i = 0; i < len; i++)
        text[i] = i % 2 == 0 ? 'a' : ';';
    ck_assert(
        !pga_statements_parse(&mem, "x.sql", (struct pga_str){text, len}, true, &statements, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(err.place.column, 2 * PGA_STATEMENTS_MAX + 1);
    ck_assert_int_eq(err.id, PGA_ID_TOO_LARGE);
    ck_assert(pga_statements_parse(&mem, "x.sql", (struct pga_str){text, len - 2}, true,
                                   &statements, &(struct pga_error){0}));
    ck_assert_uint_eq(statements.count, PGA_STATEMENTS_MAX);
}
END_TEST

static uint32_t
next_number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Whatever is accepted: statements follow each other, and only blanks, comments, semicolons and rows are between. */
START_TEST(statements_dont_overlap)
{
    static const char *const pieces[] = {
        "SELECT 1",
        ";",
        ";",
        ";\n",
        "'",
        "\"",
        "$$",
        "$a$",
        "--",
        "\n",
        "/*",
        "*/",
        "(",
        ")",
        "COPY t FROM STDIN;\n",
        "\\.\n",
        "BEGIN",
        "ATOMIC",
        "END",
        "CREATE FUNCTION f()",
        " ",
        "SET standard_conforming_strings = off;",
        "\\",
        "E'",
        "COMMIT",
        "set_config(",
        "'a'",
        ",",
        "REINDEX (CONCURRENTLY",
        "ALTER ROLE",
        "CLUSTER",
        "RESET ALL;",
        "U&\"",
        "\r",
        ".",
        "=",
    };
    uint32_t state = (uint32_t)_i + 1;

    for (int round = 0; round < 300; round++) {
        struct pga_buf text = pga_buf_on(&mem);
        struct pga_statements statements;
        struct pga_error err = {0};
        uint32_t count = next_number(&state) % 16;
        size_t end = 0;

        for (uint32_t i = 0; i < count; i++)
            pga_buf_append_c(&text, pieces[next_number(&state) % PGA_COUNT_OF(pieces)]);
        if (!pga_statements_parse(&mem, "x.sql", pga_buf_str(&text), true, &statements, &err)) {
            ck_assert_int_eq(err.code, PGA_ERR_USAGE);
            ck_assert_int_gt(err.place.line, 0);
            ck_assert_str_ne(err.hint, "");
            continue;
        }
        for (size_t i = 0; i < statements.count; i++) {
            const struct pga_statement *s = &statements.items[i];

            ck_assert_uint_ge(s->offset, end);
            ck_assert_uint_gt(s->len, 0);
            ck_assert_uint_le(s->offset + s->len, s->end);
            ck_assert_uint_le(s->end, text.len);
            if (s->data_offset > 0)
                ck_assert_uint_gt(s->data_offset, s->offset + s->len);
            end = s->end;
        }
    }
}
END_TEST

static const char *const hostile[] = {
    "(",
    "/*",
    "'",
    "$a$",
    "$a",
    ";",
    "a ",
    "a;",
    "COPY t FROM STDIN;\n",
    "COPY t FROM STDIN;\n\\.\n",
    "COPY ",
    "REINDEX (concurrently ",
    "REINDEX (concurrently) table t;",
    "concurrently ",
    "CREATE FUNCTION BEGIN ATOMIC ;",
    "set_config(",
    "set_config('a', true) ",
    "CREATE SUBSCRIPTION create_slot ",
    "DECLARE c WITH ",
    "CREATE TEMP ON COMMIT ",
    "SET LOCAL standard_conforming_strings = on;",
    "U&\"a\" ",
    "''\n",
    "$a1$ $b$ $c_$ ",
    "BEGIN NOT DEFERRABLE,",
    "\\",
    "-- a\n",
    "into temp ",
    ") ",
};

START_TEST(hostile_texts_take_linear_time)
{
    const size_t size = (size_t)1 << 20;
    struct pga_buf text = pga_buf_on(&mem);
    struct pga_statements statements;
    struct pga_error err = {0};

    while (text.len < size)
        pga_buf_append_c(&text, hostile[_i]);
    if (!pga_statements_parse(&mem, "x.sql", pga_buf_str(&text), true, &statements, &err))
        ck_assert_int_eq(err.code, PGA_ERR_USAGE);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("statement");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, release);
    tcase_add_loop_test(tcase, text_is_split_so, 0, (int)PGA_COUNT_OF(splits));
    tcase_add_loop_test(tcase, script_is_refused, 0, (int)PGA_COUNT_OF(refusals));
    tcase_add_test(tcase, setting_of_the_server_counts);
    tcase_add_test(tcase, backslashes_in_plain_strings_are_marked);
    tcase_add_test(tcase, places_of_statements);
    tcase_add_test(tcase, what_the_airbag_must_close);
    tcase_add_test(tcase, number_of_statements_is_bounded);
    tcase_add_loop_test(tcase, statements_dont_overlap, 0, 20);
    tcase_add_loop_test(tcase, hostile_texts_take_linear_time, 0, (int)PGA_COUNT_OF(hostile));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
