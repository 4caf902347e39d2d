/*
 * tests/unit/test_mask.c: passwords in free text.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/mask.h"

#include <stdlib.h>

#include <check.h>

#include "base/str.h"

static const struct {
    const char *text, *masked;
} rows[] = {
    {"", ""},
    {"cannot read \"a\": it is a directory", "cannot read \"a\": it is a directory"},
    /* URLs */
    {"\"--db\" is \"postgresql://u:secr3t@h/db\"", "\"--db\" is \"postgresql://u:****@h/db\""},
    {"at postgres://u@h:5432/db.", "at postgres://u@h:5432/db."},
    {"at postgres://h:5432,i:5433/db", "at postgres://h:5432,i:5433/db"},
    {"(see http://localhost:8080), then", "(see http://localhost:8080), then"},
    {"at postgres://[::1]:5432/db", "at postgres://[::1]:5432/db"},
    {"postgres://u:@h", "postgres://u:@h"},
    {"postgres://:pw@h", "postgres://:****@h"},
    {"postgres://u:p:w@h", "postgres://u:****@h"},
    {"postgres://u:p@w@h", "postgres://u:****@h"},
    {"postgres://u:12/p@h:1/d", "postgres://u:****@h:1/d"},
    {"postgres://u:p\"w'x@h", "postgres://u:****@h"},
    {"postgres://u:pw/db is wrong", "postgres://u:**** is wrong"},
    {"\"postgres://u:pw\".", "\"postgres://u:****\"."},
    {"postgres://u:123456 and", "postgres://u:**** and"},
    {"a://u:x@h b://v:y@i", "a://u:****@h b://v:****@i"},
    {"cannot read \"/run/secrets/db-password\": No such file",
     "cannot read \"/run/secrets/db-password\": No such file"},
    {"{\"password\": Xy1z, \"pwd\": 1234}", "{\"password\": ****, \"pwd\": ****"},
    {"{\"password\":hunter}", "{\"password\":****"},
    {"\"postgresql+psycopg://\": no", "\"postgresql+psycopg://\": no"},
    /* words with values */
    {"host=h password=pw user=u", "host=h password=**** user=u"},
    {"password = 'p w\\' x' user=u", "password = **** user=u"},
    {"password='it''s' x", "password=**** x"},
    {"password='open end", "password=****"},
    {"password=a\\ b c", "password=**** c"},
    {"\"host=h password=pw\".", "\"host=h password=****\"."},
    {"postgres://h/d?password=pw&x=y", "postgres://h/d?password=****"},
    {"postgres://h/d?p%61ss%57ord=pw", "postgres://h/d?p%61ss%57ord=****"},
    {"password=$$a$$bc user=u", "password=**** user=u"},
    {"sslpassword=pw oauth_client_secret=s", "sslpassword=**** oauth_client_secret=****"},
    {"scram_client_key=k scram_server_key=k", "scram_client_key=**** scram_server_key=****"},
    {"PGPASSWORD=pw pgalter", "PGPASSWORD=**** pgalter"},
    {"  password: pw", "  password: ****"},
    {"{\"password\": \"a \\\" b\", \"x\": 1}", "{\"password\": ****, \"x\": 1}"},
    {"ALTER ROLE a PASSWORD 'p w';", "ALTER ROLE a PASSWORD ****;"},
    {"password authentication failed for user \"u\"",
     "password authentication failed for user \"u\""},
    {"no password supplied", "no password supplied"},
    {"password=", "password="},
    {"pass: Canary1, passwd=x passphrase: y", "pass: ****, passwd=**** passphrase: ****"},
    {"bypass: on, compass=n, pass 2 of 3", "bypass: on, compass=n, pass 2 of 3"},
    {"password => 'p w', password := x", "password => ****, password := ****"},
    {"password := 'p w', x", "password := ****, x"},
    /* only blanks between */
    {"password CANARYy", "password ****"},
    {"the password is hunter2.", "the password is ****."},
    {"set pwd to \"p w\" now", "set pwd to **** now"},
    {"PASSWORD E'p w' PASSWORD $x$p w$x$ PASSWORD U&'p w'",
     "PASSWORD **** PASSWORD **** PASSWORD ****"},
    {"(password text, password varchar(20), password int8)",
     "(password text, password varchar(20), password int8)"},
    {"PASSWORD NULL VALID UNTIL", "PASSWORD NULL VALID UNTIL"},
    {"column \"password\" of relation \"u1\"", "column \"password\" of relation \"u1\""},
    {"Put the password into the URL in PGALTER_DATABASE_URL.",
     "Put the password into the URL in PGALTER_DATABASE_URL."},
    {"PASSWORD E**** x", "PASSWORD E**** x"},
    /* rows */
    {"Failing row contains (1, a) b).", "Failing row contains (****)."},
    {"Failing row contains (1, a", "Failing row contains (****"},
    {"Partition key of the failing row contains (id) = (7).",
     "Partition key of the failing row contains (id) = (7)."},
    {"Key (id)=(7) already exists.", "Key (id)=(7) already exists."},
    {"Key (lower(password))=(a (b)) already exists.",
     "Key (lower(password))=(****) already exists."},
    {"Key (id, passwd)=(7, x) is not present in table \"t\".",
     "Key (id, passwd)=(****) is not present in table \"t\"."},
};

START_TEST(secrets_are_masked)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *masked = pga_mask_text(&mem, rows[_i].text);

    ck_assert_str_eq(masked, rows[_i].masked);
    ck_assert_str_eq(pga_mask_text(&mem, masked), masked);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("mask");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, secrets_are_masked, 0, PGA_COUNT_OF(rows));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
