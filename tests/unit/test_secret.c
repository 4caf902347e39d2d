/*
 * tests/unit/test_secret.c: alterations/secret.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/secret.h"

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

/* A script in which @ marks where the error stands, and its line as it is shown, ^ before the caret's character. */
static const struct {
    const char *script, *shown;
} lines[] = {
    {"SELECT 'plain', @wrong;", "SELECT 'plain', ^wrong;"},
    {"@ALTER ROLE bob PASSWORD 'hunter2';", "^ALTER ROLE bob PASSWORD ****;"},
    {"ALTER ROLE bob PASSWORD 'hunter2' @frum;", "ALTER ROLE bob PASSWORD **** ^frum;"},
    {"ALTER ROLE bob PASSWORD @'hunter2' x;", "ALTER ROLE bob PASSWORD ^**** x;"},
    {"ALTER ROLE bob PASSWORD 'hun@ter2' x;", "ALTER ROLE bob PASSWORD ^**** x;"},
    {"CREATE USER b ENCRYPTED PASSWORD E'h\\'2' @x", "CREATE USER b ENCRYPTED PASSWORD **** ^x"},
    {"CREATE USER b PASSWORD $$hunter2$$ @x", "CREATE USER b PASSWORD **** ^x"},
    {"CREATE USER b PASSWORD $x$hunter2$x$ @x", "CREATE USER b PASSWORD **** ^x"},
    {"CREATE USER b PASSWORD @\"hunter2\";", "CREATE USER b PASSWORD ^****;"},
    {"CREATE USER b PASSWORD @hunter2;", "CREATE USER b PASSWORD ^****;"},
    {"ALTER ROLE b PASSWORD @Hunter2;SELECT 1;", "ALTER ROLE b PASSWORD ^**** 1;"},
    {"alter user b password = @hunter2;", "alter user b password = ^****;"},
    {"ALTER ROLE b PASSWORD NULL @x;", "ALTER ROLE b PASSWORD NULL ^x;"},
    {"ALTER ROLE b PASSWORD\n@'hunter2'\n;", "^****"},
    {"ALTER ROLE b PASSWORD 'hun\nter2' @x", "**** ^x"},
    {"ALTER ROLE b PASSWORD 'one'; SELECT 'two', @wrong;",
     "ALTER ROLE b PASSWORD ****; SELECT 'two', ^wrong;"},
    {"SELECT 'two'; ALTER ROLE b PASSWORD '\xC3\xA4' @x;",
     "SELECT 'two'; ALTER ROLE b PASSWORD **** ^x;"},
    {"ALTER ROLE b PASSWORD @'hunter2", "ALTER ROLE b PASSWORD ^****"},
    {"CREATE SUBSCRIPTION s CONNECTION 'host=h password=p' @X",
     "CREATE SUBSCRIPTION s CONNECTION **** ^X"},
    {"CREATE USER MAPPING FOR b SERVER s OPTIONS (user 'b', @passwort 'p')",
     "CREATE USER MAPPING FOR b SERVER s OPTIONS (user ****, ^passwort ****)"},
    {"SELECT dblink_connect(@'host=h');", "SELECT dblink_connect(^****);"},
    {"SELECT f('host=h PASSWORD=p', @1);", "SELECT f(****, ^1);"},
    {"DO $$\nBEGIN\n  EXECUTE 'ALTER ROLE b PASSWORD ''p''' @x;\nEND $$;", "  EXECUTE **** ^x;"},
    {"DO $$\nBEGIN\n  PERFORM @wrong; -- no password\n  ALTER ROLE b PASSWORD 'p';\nEND $$;",
     "  PERFORM ^wrong; ****"},
    {"CREATE FUNCTION f() RETURNS int AS $$ SELECT 'password', @x $$;",
     "CREATE FUNCTION f() RETURNS int AS $$ SELECT ****, ^x $$;"},
    {"DO 'BEGIN ALTER ROLE b PASSWORD ''p''; END' @x;", "DO **** ^x;"},
    {"SELECT 1; -- the old secret was hunter2\nSELECT @x;", "SELECT ^x;"},
    {"SELECT @x; -- the old secret was hunter2", "SELECT ^x; ****"},
    {"COPY users (name, password) FROM STDIN;\nbob\t@hunter2\n\\.\nSELECT 'a';", "^****"},
    {"COPY users (name, password) FROM STDIN;\nbob\thunter2\n\\.\nSELECT 'a', @x;",
     "SELECT 'a', ^x;"},
    {"COPY users (name) FROM STDIN;\n@bob\n\\.\n-- word", "^bob"},
    {"CREATE TABLE u (password text);\nCOPY u FROM STDIN;\n@bob\n\\.", "^****"},
    {"SELECT 'it's'; ALTER ROLE b PASSWORD 'hunter2' @x;", "SELECT ****s****"},
    {"SELECT 1 AS \"x; INSERT INTO tokens VALUES ('hunter2'); @x", "SELECT 1 AS ^****"},
    {"INSERT INTO u (pass) VALUES ('x', @y);", "INSERT INTO u (pass) VALUES (****, ^y);"},
    {"INSERT INTO u (bypass, passes) VALUES ('x', @y);",
     "INSERT INTO u (bypass, passes) VALUES ('x', ^y);"},
    {"INSERT INTO tokens VALUES (1, 'abc') @x;", "INSERT INTO tokens VALUES (1, ****) ^x;"},
    {"ALTER ROLE b PASSWORD 'a\\'b' @x;", "ALTER ROLE b PASSWORD ****"},
};

START_TEST(a_line_of_a_script)
{
    const char *script = lines[_i].script, *want = lines[_i].shown;
    size_t offset = strcspn(script, "@"), caret = strcspn(want, "^");
    struct pga_str text =
        pga_str_of(pga_format(&mem, "%.*s%s", (int)offset, script, script + offset + 1));
    const char *shown =
        pga_format(&mem, "%.*s%s", (int)caret, want, want[caret] == '\0' ? "" : want + caret + 1);
    size_t start = offset;

    while (start > 0 && script[start - 1] != '\n')
        start--;
    ck_assert(!pga_secret_place(&err, "f.sql", 7, text, offset));
    ck_assert_str_eq(err.place.text, shown);
    ck_assert_int_eq(err.place.line, 7);
    ck_assert_int_eq(err.place.column,
                     1 + (int)pga_utf8_length(pga_str_slice(text, start, offset - start)));
    if (want[caret] != '\0')
        ck_assert_int_eq(err.place.caret, (int)caret);
}
END_TEST

/* What a server says about a script, what lies between `about`, and what is left of it. */
static const struct {
    const char *script, *about, *said, *want;
} texts[] = {
    {"SELECT 'plain';", "", "at \"plain\"", "at \"plain\""},
    {"ALTER ROLE b PASSWORD 'hunter2' 'x1';", "", "at or near \"'x1'\"", "at or near \"'****'\""},
    {"ALTER ROLE b PASSWORD 'hunter2';", "", "no hunter2 here, hunter2", "no **** here, ****"},
    {"ALTER ROLE b PASSWORD 'it''s me';", "", "said it's me", "said ****"},
    {"ALTER ROLE b PASSWORD 'it''s me';", "", "said it''s me", "said ****"},
    {"SELECT 'token1', 'token123';", "", "x token123 y", "x **** y"},
    {"SELECT 'token', 'a';", "", "a", "a"},
    {"", "''", "quoted 'a' and 'b' end", "quoted '****' end"},
    {"", "''", "open 'a", "open '****"},
    {"", "()", "Key (name)=(bob) is there", "Key (****) is there"},
    {"", "()", "Failing row contains (1, b", "Failing row contains (****"},
    {"", "()''", "(a) 'b'", "(****) '****'"},
    {"", "\"\"", "COPY t, line 1: \"a\"b\"", "COPY t, line 1: \"****\""},
    {"", "", "", ""},
    /* What comes behind a word of the script isn't in the script. */
    {"DO $$ EXECUTE 'ALTER ROLE b PASSWORD ' || p $$;", "", "\"ALTER ROLE b PASSWORD 'CANARY'\"",
     "\"ALTER ROLE b PASSWORD ****\""},
    {"DO $$ EXECUTE 'ALTER ROLE b PASSWORD ''' || p || '''' $$;", "",
     "\"ALTER ROLE b PASSWORD 'CANARY'\"", "\"ALTER ROLE b PASSWORD ****\""},
    {"DO $$ EXECUTE 'ALTER ROLE b PASSWORD' || ' ' || p $$;", "",
     "\"ALTER ROLE b PASSWORD 'CANARY'\"", "\"**** ****\""},
    {"SELECT f('password=' || p);", "", "in password=CANARY b", "in password=**** b"},
    {"SELECT 'it's'; ALTER ROLE b PASSWORD 'hunter2';", "", "near \"hunter2\"", "near \"****\""},
    {"ALTER ROLE b PASSWORD 'my password';", "", "no my password", "no ****"},
    {"ALTER ROLE b PASSWORD 'x1 password=a b';", "", "in x1 password=a b", "in ****"},
};

START_TEST(what_a_server_says)
{
    struct pga_secrets secrets;

    pga_secrets_find(&mem, pga_str_of(texts[_i].script), &secrets);
    ck_assert_str_eq(pga_secrets_scrub(&mem, &secrets, texts[_i].about, texts[_i].said),
                     texts[_i].want);
}
END_TEST

START_TEST(where_they_lie)
{
    struct pga_str text = PGA_STR("SELECT 'a'; ALTER ROLE b PASSWORD 'p';\n"
                                  "COPY t (password) FROM STDIN;\nrow\n\\.\n");
    struct pga_secrets secrets;
    bool is_row = true;

    pga_secrets_find(&mem, text, &secrets);
    ck_assert(!pga_secrets_lie_in(&secrets, 0, 11, NULL));
    ck_assert(pga_secrets_lie_in(&secrets, 12, 26, &is_row));
    ck_assert(!is_row);
    ck_assert(pga_secrets_lie_in(&secrets, 39, text.len - 39, &is_row));
    ck_assert(is_row);
    text = PGA_STR("COPY t (password) FROM STDIN (DELIMITER ',');\nrow\n\\.\n");
    pga_secrets_find(&mem, text, &secrets);
    ck_assert(pga_secrets_lie_in(&secrets, 0, text.len, &is_row));
    ck_assert(is_row);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("secret");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_line_of_a_script, 0, (int)PGA_COUNT_OF(lines));
    tcase_add_loop_test(tcase, what_a_server_says, 0, (int)PGA_COUNT_OF(texts));
    tcase_add_test(tcase, where_they_lie);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
