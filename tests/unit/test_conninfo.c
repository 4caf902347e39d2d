/*
 * tests/unit/test_conninfo.c: connection strings of every form that libpq takes, and what is said of the others.
 *
 * No connection is tried: what is malformed is refused before.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

/* In strings that are refused: a password, or what may be a piece of one. */
#define SECRET "hunTer2"

static struct pga_pq pq;
static struct pga_error err;

static void
set_up(void)
{
    static const char *const variables[] = {"PGHOST",     "PGPORT",    "PGDATABASE", "PGUSER",
                                            "PGPASSWORD", "PGSERVICE", "PGOPTIONS",  "PGHOSTADDR"};

    for (size_t i = 0; i < PGA_COUNT_OF(variables); i++)
        ck_assert_int_eq(unsetenv(variables[i]), 0);
    ck_assert_int_eq(setenv("PGSYSCONFDIR", "/nonexistent", 1), 0);
    ck_assert_int_eq(setenv("HOME", "/nonexistent", 1), 0);
}

static bool
read_conninfo(const char *text)
{
    pga_arena_release(&pq.mem);
    memset(&pq, 0, sizeof(pq));
    memset(&err, 0, sizeof(err));
    pq.settings.conninfo = text;
    return pga_pq_read_conninfo(&pq, &err);
}

/* What was given, as "keyword=value|", in libpq's order. */
static const char *
given(void)
{
    struct pga_buf out = pga_buf_on(&pq.mem);

    for (size_t i = 0; i < pq.given.count; i++)
        pga_buf_appendf(&out, "%s%s=%s", i == 0 ? "" : "|", pq.given.items[i].keyword,
                        pq.given.items[i].value);
    return out.data;
}

static const struct {
    const char *text, *given;
} accepted[] = {
    /* URLs, part by part */
    {"postgresql://", ""},
    {"postgres://", ""},
    {"postgresql://h", "host=h"},
    {"postgresql://h:5433", "host=h|port=5433"},
    {"postgresql://h:", "host=h"},
    {"postgresql://:5433", "port=5433"},
    {"postgresql://h/", "host=h"},
    {"postgresql:///d", "dbname=d"},
    {"postgresql://u@h/d", "user=u|dbname=d|host=h"},
    {"postgresql://u@", "user=u"},
    {"postgresql://@h", "host=h"},
    {"postgresql://:@h", "host=h"},
    {"postgresql://u:@h", "user=u|host=h"},
    {"postgresql://:p@h", "password=p|host=h"},
    {"postgresql://u:p@h:1/d", "user=u|password=p|dbname=d|host=h|port=1"},
    {"postgresql://u:p:w@h", "user=u|password=p:w|host=h"},
    {"postgresql://u:p#w@h", "user=u|password=p#w|host=h"},
    {"postgresql://u:p?w@h", "user=u|password=p?w|host=h"},
    {"postgresql://u:p%40%2f%3A%3f%23%25@h", "user=u|password=p@/:?#%|host=h"},
    {"postgresql://%75%40x@%68/%64", "user=u@x|dbname=d|host=h"},
    {"postgresql://[::1]", "host=::1"},
    {"postgresql://[::1]:5433/d", "dbname=d|host=::1|port=5433"},
    {"postgresql://u:p@[fe80::1%25eth0]/d", "user=u|password=p|dbname=d|host=fe80::1%eth0"},
    {"postgresql://a,b/d", "dbname=d|host=a,b|port=,"},
    {"postgresql://a:1,b:2,[::1]:3/d", "dbname=d|host=a,b,::1|port=1,2,3"},
    {"postgresql://a:1,b,c:/d", "dbname=d|host=a,b,c|port=1,,"},
    {"postgresql://%2Frun%2Fpostgresql/d", "dbname=d|host=/run/postgresql"},
    {"postgresql:///d?host=/run/postgresql&port=5433", "dbname=d|host=/run/postgresql|port=5433"},
    {"postgresql:///d?host=%40abstract", "dbname=d|host=@abstract"},
    {"postgresql://h?sslmode=require", "host=h|sslmode=require"},
    {"postgresql://h/?", "host=h"},
    {"postgresql://h/d?user=u&", "user=u|dbname=d|host=h"},
    {"postgresql://h/d?password=p%26q", "password=p&q|dbname=d|host=h"},
    {"postgresql://h/d?us%65r=u", "user=u|dbname=d|host=h"},
    {"postgresql://h/d?options=-csearch_path%3Da%20-cwork_mem%3D1MB",
     "dbname=d|host=h|options=-csearch_path=a -cwork_mem=1MB"},
    {"postgresql://h/d?application_name=a@b", "dbname=d|host=h|application_name=a@b"},
    {"postgresql://h/d?ssl=true", "dbname=d|host=h|sslmode=require"},
    {"postgresql://h/a/b", "dbname=a/b|host=h"},
    {"postgresql://h/a%3Fb", "dbname=a?b|host=h"},
    /* what surrounds one */
    {"postgresql://u:p@h/d\n", "user=u|password=p|dbname=d|host=h"},
    {"  postgresql://h/d\r\n", "dbname=d|host=h"},
    /* keyword=value pairs */
    {"host=h", "host=h"},
    {"host = h dbname\t=\td", "dbname=d|host=h"},
    {" host=h\ndbname=d\n", "dbname=d|host=h"},
    {"host=h host=i", "host=i"},
    {"host=", "host="},
    {"host='' dbname='my shop'", "dbname=my shop|host="},
    {"password='it\\'s \\\\' host=h", "password=it's \\|host=h"},
    {"password=it\\'s\\ \\\\ host=h", "password=it's \\|host=h"},
    {"password='p'host=h", "password=p|host=h"},
    {"password=p=w&x host=h", "password=p=w&x|host=h"},
    {"password=p@w/:?# host=h", "password=p@w/:?#|host=h"},
    {"host=a,b port=1,2", "host=a,b|port=1,2"},
    {"host=a,b port=1", "host=a,b|port=1"},
    {"host=/run/postgresql", "host=/run/postgresql"},
    {"host=@abstract", "host=@abstract"},
    {"hostaddr=::1", "hostaddr=::1"},
    {"passfile=/run/secrets/pgpass user=u", "user=u|passfile=/run/secrets/pgpass"},
    {"options='-c search_path=a'", "options=-c search_path=a"},
};

START_TEST(every_form_is_taken)
{
    ck_assert_msg(read_conninfo(accepted[_i].text), "%s: %s", accepted[_i].text, err.message);
    ck_assert_str_eq(given(), accepted[_i].given);
}
END_TEST

#define S SECRET
static const struct {
    const char *text, *message, *hint; /* pieces */
} refused[] = {
    /* what it is at all */
    {" ", "it is blank", "postgresql://user@host"},
    {S, "neither a URL nor keyword=value", "dbname=..."},
    {"u:" S "@h/d", "neither a URL nor keyword=value", "postgresql://user@host"},
    {"\"postgresql://u:" S "@h/d\"", "begins with a quote", "Leave out the quotes"},
    {"'host=h'", "begins with a quote", "Leave out the quotes"},
    {"DATABASE_URL=postgres://u:" S "@h/d", "a word stands before its URL",
     "Leave out what stands"},
    {"export X=postgres://u:" S "@h/d", "a word stands before its URL", "Leave out what stands"},
    {"psql postgresql://u:" S "@h/d", "a word stands before its URL", "Leave out what stands"},
    {"dbname=postgresql://u:" S "@h/d", "there is a URL in its dbname", "whole connection string"},
    {"host=http://h", "there is a URL in its host", "whole connection string"},
    {"postgresql://h/http://x", "there is a URL in its dbname", "whole connection string"},
    {"jdbc:postgresql://h/d?user=u&password=" S, "begins with \"jdbc:\"", "Leave out \"jdbc:\""},
    {"postgresql+psycopg://u:" S "@h/d", "a driver's name", "Leave out the \"+\""},
    {"postgres+asyncpg://u:" S "@h/d", "a driver's name", "Leave out the \"+\""},
    {"mysql://u:" S "@h/d", "begins with \"mysql://\"", "postgresql://user@host"},
    {"https://h/d", "begins with \"https://\"", "postgresql://user@host"},
    {"prisma+postgres://x/?api_key=" S, "begins with \"prisma+postgres://\"", "PostgreSQL itself"},
    {"pgsql://u:" S "@h/d", "before its \"://\" is not postgresql", "postgresql://user@host"},
    {"POSTGRES://u:" S "@h/d", "before its \"://\" is not postgresql", "in small letters"},
    {"postgresql:/u:" S "@h/d", "is not followed by \"//\"", "postgresql://user@host"},
    {"postgres:u:" S "@h/d", "is not followed by \"//\"", "postgresql://user@host"},
    /* bytes */
    {"postgresql://u:" S "\x01@h/d", "a control character (%01) in its password", "%01"},
    {"postgresql://u@h/d\x7F", "a control character (%7F) in its database", "%7F"},
    {"postgresql://u:a\n" S "@h/d", "a control character (%0A) in its password", "%0A"},
    {"host=h password=" S "\x1B[A", "a control character (%1B) in it", "Take it out"},
    {"postgresql://u:my " S "@h/d", "a blank in its password", "%20"},
    {"postgresql://h /d", "a blank in its host", "%20"},
    {"postgresql://h/d?application_name=a b", "a blank in its parameters", "%20"},
    /* characters of a password */
    {"postgresql://u:a@" S "@h/d", "its password seems to have an \"@\"", "@ is %40"},
    {"postgresql://u:a/" S "@h/d", "its password seems to have a \"/\"", "/ is %2F"},
    {"postgresql://u:12/" S "@h/d", "its password seems to have a \"/\"", "/ is %2F"},
    {"postgresql://a/" S "@h/d", "its user seems to have a \"/\"", "/ is %2F"},
    {"postgresql://a@b@h/d", "its user seems to have an \"@\"", "@ is %40"},
    {"postgresql://u:" S "%@h/d", "a \"%\" in its password", "%25"},
    {"postgresql://u:" S "%4@h/d", "a \"%\" in its password", "%25"},
    {"postgresql://u:" S "%zz@h/d", "a \"%\" in its password", "%25"},
    {"postgresql://u:" S "%00@h/d", "a %00 in its password", "Take it out"},
    {"postgresql://u%@h/d", "a \"%\" in its user", "%25"},
    {"postgresql://h%/d", "a \"%\" in its host", "%25"},
    {"postgresql://h/d%4", "a \"%\" in its database", "%25"},
    {"postgresql://h/d?password=" S "%", "a \"%\" in its parameters", "%25"},
    {"postgresql://h/d?%zz=1", "a \"%\" in its parameters", "%25"},
    /* hosts and ports */
    {"postgresql://u:" S "/d", "behind the \":\" of its host is not a port", "before the host"},
    {"postgresql://h:54x2/d", "behind the \":\" of its host is not a port", "a number"},
    {"postgresql://h:0/d", "its port 0 is not one of 1 to 65535", "5432"},
    {"postgresql://a:1,b:65536/d", "its port 65536 is not one of 1 to 65535", "5432"},
    {"postgresql://h:1:2/d", "behind the \":\" of its host is not a port", "a number"},
    {"postgresql://h:-1/d", "behind the \":\" of its host is not a port", "a number"},
    {"host=h port=abc", "the value of \"port\" is not a number", "5432"},
    {"host=h port=99999", "its port 99999 is not", "65535"},
    {"host=h connect_timeout=soon", "connect_timeout is not a number", "PGCONNECT_TIMEOUT"},
    {"postgresql://[::1/d", "is never closed", "[::1]"},
    {"postgresql://[]/d", "no IPv6 address between", "[::1]"},
    {"postgresql://[::1]x/d", "something else than a port follows", "[::1]"},
    {"postgresql://[::1,h:2/d?port=1]:5/e", "more than an IPv6 address", "[::1]"},
    {"host=a@b", "its host holds an unexpected character", "host=..."},
    /* parameters */
    {"postgresql://h/d?sslmod=require", "no parameter \"sslmod\"", "Did you mean \"sslmode\"?"},
    {"postgresql://h/d?frobnicate=1", "no parameter \"frobnicate\"", "the usual ones"},
    {"postgresql://h/d?schema=public", "no parameter \"schema\"", "options=-csearch_path%3D..."},
    {"postgresql://h/d?currentSchema=x", "no parameter \"currentSchema\"", "search_path"},
    {"postgresql://h/d?pgbouncer=true", "no parameter \"pgbouncer\"", "Leave it out"},
    {"postgresql://h/d?connection_limit=1", "no parameter \"connection_limit\"", "Leave it out"},
    {"postgresql://h/d?ssl=on", "no parameter \"ssl\"", "Write sslmode instead"},
    {"postgresql://h/d?=1", "no keyword before it", "host, port"},
    {"postgresql://h/d?sslmode", "its first parameter has no \"=\"", "keyword=value with &"},
    {"postgresql://h/d?user=u&&port=1", "its parameter behind \"user\" has no \"=\"", "& between"},
    {"postgresql://h/d?password=a&" S, "its parameter behind \"password\" has no \"=\"", "%26"},
    {"postgresql://h/d?password=a&" S "=b", "behind the value of \"password\"", "& is %26"},
    {"postgresql://h/d?password=" S "=", "its parameter \"password\" has an \"=\"", "= is %3D"},
    {"postgresql://h/d?options=-c a=b", "a blank in its parameters", "%20"},
    {"postgresql://h/d?options=-ca=b", "its parameter \"options\" has an \"=\"", "= is %3D"},
    {"postgresql://h/d?" S "=@x", "its first keyword is none", "%26"},
    /* pairs */
    {"hots=h", "no parameter \"hots\"", "Did you mean \"host\"?"},
    {"host=h Port=1", "no parameter \"Port\"", "Did you mean \"port\"?"},
    {"host=h database=d", "no parameter \"database\"", "Write dbname instead"},
    {"host=h pwd=" S, "no parameter \"pwd\"", "Write password instead"},
    {"password=a " S "=b", "behind the value of \"password\"", "single quotes"},
    {"=h", "no keyword before it", "host, port"},
    {"host=h dbname", "a word without \"=\" stands behind the value of \"host\"", "single quotes"},
    {"host=h password=a " S, "a word without \"=\" stands behind the value of \"password\"",
     "quotes"},
    {"password='" S, "the quoted value of \"password\" has no end", "Close it"},
    {"dbname='a\\'", "the quoted value of \"dbname\" has no end", "Close it"},
    {"x='" S, "a quoted value in it has no end", "Close it"},
    {"host=h,dbname d", "a word without \"=\" stands behind the value of \"host\"",
     "single quotes"},
};

START_TEST(every_mistake_is_named)
{
    ck_assert_msg(!read_conninfo(refused[_i].text), "%s: taken", refused[_i].text);
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(err.id, PGA_ID_CONNECTION_STRING);
    ck_assert_msg(strstr(err.message, refused[_i].message) != NULL, "%s: %s", refused[_i].text,
                  err.message);
    ck_assert_msg(strstr(err.hint, refused[_i].hint) != NULL, "%s: %s", refused[_i].text, err.hint);
    ck_assert_ptr_null(strstr(err.message, SECRET));
    ck_assert_ptr_null(strstr(err.hint, SECRET));
    ck_assert_str_eq(err.detail, "");
}
END_TEST

START_TEST(size_has_a_limit)
{
    char *text = pga_new_array(&pq.mem, char, PGA_PQ_CONNINFO_MAX + 2);

    memset(text, 'a', PGA_PQ_CONNINFO_MAX + 1);
    memcpy(text, "dbname=", 7);
    text = strdup(text);
    ck_assert(!read_conninfo(text));
    ck_assert_ptr_nonnull(strstr(err.message, "it has more than 65536 bytes"));
    ck_assert_int_eq(err.id, PGA_ID_CONNECTION_STRING);
    text[PGA_PQ_CONNINFO_MAX] = '\0';
    ck_assert(read_conninfo(text));
    free(text);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("conninfo");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_loop_test(tcase, every_form_is_taken, 0, PGA_COUNT_OF(accepted));
    tcase_add_loop_test(tcase, every_mistake_is_named, 0, PGA_COUNT_OF(refused));
    tcase_add_test(tcase, size_has_a_limit);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
