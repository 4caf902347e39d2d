/*
 * tests/unit/test_cause.c: why a connection could not be made, from what libpq said.
 *
 * Texts as libpq 13 to 18 and pgbouncer print them; what a server of our own can be made to say is in
 * tests/contract/pq_connect.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#define AT     "connection to server at \"db\" (10.0.0.1), port 5432 failed: "
#define DB     "host=db user=app dbname=shop "
#define RETRY  PGA_ERR_NO_SERVER, PGA_ID_NO_SERVER
#define DENIED PGA_ERR_DENIED
#define USAGE  PGA_ERR_USAGE, PGA_ID_CONNECTION_STRING

static const struct {
    const char *conninfo, *said;
    enum pga_code code;
    enum pga_error_id id;
    const char *hint; /* a piece of it */
} rows[] = {
    /* who one is */
    {DB "password=x",
     AT "FATAL:  28P01: password authentication failed for user \"app\"\n"
        "LOCATION:  auth_failed, auth.c:338\n",
     DENIED, PGA_ID_LOGIN,
     "came from the connection string. Try the right one with \"psql -W -h db -U app -d shop\""},
    {DB, AT "FATAL:  28P01: Passwort-Authentifizierung fehlgeschlagen\n", DENIED, PGA_ID_LOGIN,
     "came from the password file"},
    {DB, AT "fe_sendauth: no password supplied\n", DENIED, PGA_ID_LOGIN, "Set PGPASSWORD"},
    {DB,
     AT
     "FATAL:  28000: no pg_hba.conf entry for host \"10.0.0.9\", user \"app\", database \"shop\", "
     "no encryption\n",
     DENIED, PGA_ID_LOGIN, "\"host shop app ADDRESS scram-sha-256\""},
    {DB,
     AT "FATAL:  28000: pg_hba.conf rejects connection for host \"10.0.0.9\", user \"app\", "
        "database \"shop\", SSL off\n",
     DENIED, PGA_ID_LOGIN, "add sslmode=require"},
    {DB, AT "FATAL:  28000: role \"app\" does not exist\n", DENIED, PGA_ID_LOGIN,
     "CREATE ROLE \"app\" LOGIN;"},
    {"host=db dbname=shop", AT "FATAL:  28000: role \"root\" does not exist\n", DENIED,
     PGA_ID_LOGIN, "No user was named"},
    {"host=db user='a\"b'", AT "FATAL:  28000: role \"a\"b\" is not permitted to log in\n", DENIED,
     PGA_ID_LOGIN, "ALTER ROLE \"a\"\"b\" LOGIN;"},
    {"user=app",
     "connection to server on socket \"/run/.s.PGSQL.5432\" failed: FATAL:  28000: Peer "
     "authentication failed for user \"app\"\n",
     DENIED, PGA_ID_LOGIN, "run pgalter as \"app\""},
    {DB, AT "FATAL:  28000: accesso rifiutato\n", DENIED, PGA_ID_LOGIN, "Check user, password"},
    /* the database */
    {DB, AT "FATAL:  3D000: database \"shop\" does not exist\n", DENIED, PGA_ID_NO_DATABASE,
     "Create it with \"createdb -h db -U app shop\""},
    {"host=/run/pg port=5433 user=\"o'x\" dbname='my shop'", "FATAL:  3D000: x\n", DENIED,
     PGA_ID_NO_DATABASE, "createdb -h /run/pg -p 5433 -U '\"o'\\''x\"' 'my shop'\""},
    {"host=db user=app", AT "FATAL:  3D000: database \"app\" does not exist\n", DENIED,
     PGA_ID_NO_DATABASE, "No database was named, so it is that of the user's name."},
    {DB,
     AT
     "FATAL:  42501: permission denied for database \"shop\"\nDETAIL:  User does not have CONNECT "
     "privilege.\n",
     DENIED, PGA_ID_PERMISSION, "GRANT CONNECT ON DATABASE \"shop\" TO \"app\";"},
    {DB, AT "FATAL:  55000: database \"shop\" is not currently accepting connections\n", DENIED,
     PGA_ID_PERMISSION, "ALTER DATABASE \"shop\" ALLOW_CONNECTIONS true;"},
    /* the server */
    {DB, AT "FATAL:  53300: sorry, too many clients already\n", RETRY, "All connections are taken"},
    {DB, AT "FATAL:  57P03: the database system is starting up\n", RETRY, "starting or stopping"},
    {DB,
     AT
     "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n",
     RETRY, "pg_isready -h db\""},
    {"host=db port=5433", AT "timeout expired\n", RETRY, "pg_isready -h db -p 5433\""},
    {"host=a,b", AT "Connection refused\n" AT "Connection refused\n", RETRY,
     "Are the servers running?"},
    {"",
     "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: No such file or directory\n",
     RETRY, "No database was named"},
    {DB, "could not translate host name \"db\" to address: Name or service not known\n", RETRY,
     "No such name is known"},
    {DB, AT "received invalid response to SSL negotiation: H\n", RETRY, "Another program"},
    {DB, AT "expected authentication request from server, but received H\n", RETRY,
     "Another program"},
    {DB "target_session_attrs=standby", AT "server is not in hot standby mode\n", RETRY,
     "target_session_attrs=standby"},
    {DB, AT "session is read-only\n", PGA_ERR_READ_ONLY, PGA_ID_READ_ONLY, "Name the primary"},
    {DB, AT "FATAL:  25006: x\n", PGA_ERR_READ_ONLY, PGA_ID_READ_ONLY, "Name the primary"},
    {DB, "", RETRY, "pg_isready"},
    {DB, AT "FATAL:  58P01: could not access file \"nope\": No such file or directory\n",
     PGA_ERR_NO_SERVER, PGA_ID_NONE, "ALTER DATABASE \"shop\" RESET session_preload_libraries;"},
    {DB, AT "FATAL:  XX000: x\n", PGA_ERR_NO_SERVER, PGA_ID_NONE,
     "The server answered and refused the session"},
    {DB "requirepeer=x", AT "requirepeer specifies \"x\", but actual peer user name is \"y\"\n",
     USAGE, "requirepeer=x wants another"},
    /* what was asked for */
    {DB "sslmode=require", AT "server does not support SSL, but SSL was required\n", USAGE,
     "sslmode=require needs TLS"},
    {DB, AT "server does not support SSL, but SSL was required\n", USAGE,
     "PGSSLMODE or the service file needs TLS"},
    {DB "sslmode=verify-full", AT "SSL error: certificate verify failed\n", USAGE, "sslrootcert"},
    {DB, AT "server certificate for \"x\" does not match host name \"db\"\n", USAGE,
     "the name in the"},
    {DB, AT "root certificate file \"/x/root.crt\" does not exist\n", USAGE, "sslrootcert"},
    {DB, AT "private key file \"/x\" has group or world access\n", USAGE,
     "Correct the connection string"},
    {DB, AT "channel binding required, but server authenticated client without channel binding\n",
     USAGE, "leave out channel_binding"},
    {DB, AT "server doesn't support GSSAPI encryption, but it was required\n", USAGE, "gssencmode"},
    {DB "options=--bogus", AT "FATAL:  42601: --bogus requires a value\n", USAGE,
     "\"options\" in the connection string"},
    {DB "options=-cx=1", AT "FATAL:  42704: unrecognized configuration parameter \"x\"\n", USAGE,
     "\"options\" in the connection string"},
    {DB, AT "FATAL:  22023: invalid value for parameter \"x\": \"1\"\n", USAGE,
     "Correct the settings"},
    {DB "options=-clog_statement=all",
     AT "FATAL:  42501: permission denied to set parameter \"log_statement\"\n", DENIED,
     PGA_ID_PERMISSION, "\"options\" in the connection string"},
    {DB, "definition of service \"x\" not found\n", USAGE, "Define [...]"},
    {DB, "could not match 3 port numbers to 2 hosts\n", USAGE, "Correct the connection string"},
    {DB, "invalid sslmode value: \"x\"\n", USAGE, "Correct the connection string"},
    /* a pooler */
    {DB, AT "FATAL:  08P01: unsupported startup parameter: statement_timeout\n", PGA_ERR_USAGE,
     PGA_ID_POOLER, "no start-up options."},
    {DB, AT "FATAL:  08P01: no such database: shop\n", DENIED, PGA_ID_NO_DATABASE,
     "pooler's config"},
    {DB, AT "FATAL:  no such user: app\n", DENIED, PGA_ID_LOGIN, "Check user"},
    {DB, AT "FATAL:  08P01: server login failed: FATAL database \"shop\" does not exist\n", DENIED,
     PGA_ID_LOGIN, "Check user"},
    {DB, AT "FATAL:  08P01: password authentication failed\n", DENIED, PGA_ID_LOGIN,
     "password file"},
    /* of several answers the one that somebody can do something about */
    {"host=db,dc user=app dbname=shop",
     AT "Connection refused\n" AT "FATAL:  3D000: database \"shop\" does not exist\n" AT
        "session is read-only\n",
     DENIED, PGA_ID_NO_DATABASE, "createdb -h db,dc"},
};

START_TEST(each_has_its_remedy)
{
    struct pga_pq pq = {.settings = {.conninfo = rows[_i].conninfo}};
    struct pga_error err = {0}, none = {0};

    ck_assert_msg(pga_pq_read_conninfo(&pq, &none), "%s: %s", rows[_i].conninfo, none.message);
    ck_assert(!pga_pq_fail_connect(&pq, rows[_i].said, false, &err));
    ck_assert_msg(err.code == rows[_i].code, "%s: %s", rows[_i].said, pga_code_name(err.code));
    ck_assert_msg(err.id == rows[_i].id, "%s: %s", rows[_i].said, pga_error_id_name(err.id));
    ck_assert_msg(strstr(err.hint, rows[_i].hint) != NULL, "%s: %s", rows[_i].said, err.hint);
    ck_assert_ptr_null(strstr(err.message, "LOCATION"));
    pga_arena_release(&pq.mem);
}
END_TEST

START_TEST(variables_are_named)
{
    struct pga_pq pq = {.settings = {.conninfo = DB}};
    struct pga_error err = {0};

    ck_assert_int_eq(setenv("PGOPTIONS", "--bogus", 1), 0);
    ck_assert_int_eq(setenv("PGPASSWORD", "x", 1), 0);
    ck_assert(pga_pq_read_conninfo(&pq, &err));
    ck_assert(
        !pga_pq_fail_connect(&pq, AT "FATAL:  42601: --bogus requires a value\n", false, &err));
    ck_assert_int_eq(err.id, PGA_ID_VALUE);
    ck_assert_ptr_nonnull(strstr(err.hint, "\"unset PGOPTIONS\""));
    memset(&err, 0, sizeof(err));
    ck_assert(!pga_pq_fail_connect(&pq, AT "FATAL:  28P01: no\n", false, &err));
    ck_assert_ptr_nonnull(strstr(err.hint, "came from PGPASSWORD or the service file"));
    pga_arena_release(&pq.mem);
}
END_TEST

/* libpq tries again without what it asked for first, and then says all of it. */
START_TEST(what_is_repeated_is_said_once)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_error err = {0};
    const char *line = AT "FATAL:  42704: unrecognized configuration parameter \"foo\"\n";
    struct pga_pq pq = {.settings = {.conninfo = DB}};

    ck_assert(pga_pq_read_conninfo(&pq, &err));
    ck_assert(!pga_pq_fail_connect(&pq, pga_format(&mem, "%s%s", line, line), false, &err));
    ck_assert_str_eq(err.detail, "");
    memset(&err, 0, sizeof(err));
    ck_assert(!pga_pq_fail_connect(&pq, pga_format(&mem, "%sat b: no\n%sat b: no\n", line, line),
                                   false, &err));
    ck_assert_ptr_nonnull(strstr(err.detail, "\"foo\"\nat b: no"));
    ck_assert_str_eq(strstr(err.detail, "at b: no"), "at b: no");
    pga_arena_release(&pq.mem);
}
END_TEST

START_TEST(a_role_is_granted)
{
    struct pga_pq pq = {.settings = {.conninfo = DB, .role = "owner"}};
    struct pga_error err = {0};

    ck_assert(pga_pq_read_conninfo(&pq, &err));
    ck_assert(!pga_pq_fail_connect(
        &pq, AT "FATAL:  42501: permission denied to set role \"owner\"\n", false, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "GRANT \"owner\" TO \"app\";"));
    memset(&err, 0, sizeof(err));
    ck_assert(!pga_pq_fail_connect(&pq, AT "FATAL:  22023: role \"owner\" does not exist\n", false,
                                   &err));
    ck_assert_int_eq(err.id, PGA_ID_PERMISSION);
    ck_assert_ptr_nonnull(strstr(err.hint, "CREATE ROLE \"owner\"; GRANT \"owner\" TO \"app\";"));
    pga_arena_release(&pq.mem);
}
END_TEST

static void
forget_variables(void)
{
    static const char *const names[] = {"PGHOST",     "PGPORT",    "PGDATABASE", "PGUSER",
                                        "PGPASSWORD", "PGSERVICE", "PGOPTIONS",  "PGHOSTADDR"};

    for (size_t i = 0; i < PGA_COUNT_OF(names); i++)
        ck_assert_int_eq(unsetenv(names[i]), 0);
}

int
main(void)
{
    Suite *suite = suite_create("cause");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, forget_variables, NULL);
    tcase_add_loop_test(tcase, each_has_its_remedy, 0, PGA_COUNT_OF(rows));
    tcase_add_test(tcase, what_is_repeated_is_said_once);
    tcase_add_test(tcase, variables_are_named);
    tcase_add_test(tcase, a_role_is_granted);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
