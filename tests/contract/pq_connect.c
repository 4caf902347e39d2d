/*
 * tests/contract/pq_connect.c: opening a session through libpq, and failing to.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "tests/contract/pq_world.h"
#include "tests/helpers/server.h"

START_TEST(session_is_set_up)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {
        .conninfo = pga_format(
            &mem, "%s client_encoding=LATIN1 options='-c work_mem=5MB -c DateStyle=ISO,\\\\ YMD'",
            pga_test_server_start()),
        .application_name = "pgalter/0 run=1",
        .role = "odd \"role\\",
    };
    PGA_AUTO(pga_driver_close)
    struct pga_driver *plain = pga_test_open_plain();
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;

    pga_test_run(plain, "DROP ROLE IF EXISTS \"odd \"\"role\\\"; CREATE ROLE \"odd \"\"role\\\"");
    d = pga_test_open(&settings);
    ck_assert_str_eq(pga_test_value(d, "SHOW client_encoding", &mem), "UTF8");
    ck_assert_str_eq(pga_test_value(d, "SHOW application_name", &mem), "pgalter/0 run=1");
    ck_assert_str_eq(pga_test_value(d, "SHOW work_mem", &mem), "5MB");
    ck_assert_str_eq(pga_test_value(d, "SHOW DateStyle", &mem), "ISO, YMD");
    ck_assert_str_eq(pga_test_value(d, "SELECT current_user", &mem), "odd \"role\\");
    ck_assert_str_eq(pga_test_value(d, "SHOW idle_in_transaction_session_timeout", &mem), "1min");
    if (pga_driver_server_version(d) >= 140000) {
        ck_assert_str_eq(pga_test_value(d, "SHOW client_connection_check_interval", &mem), "2s");
        ck_assert_str_eq(pga_test_value(d, "SHOW idle_session_timeout", &mem), "1min");
    }
    /* start-up options are what RESET leads back to */
    pga_test_run(d, "RESET ROLE; SET work_mem = '7MB'; RESET ALL");
    ck_assert_str_eq(pga_test_value(d, "SELECT current_user", &mem), "odd \"role\\");
    ck_assert_str_eq(pga_test_value(d, "SHOW work_mem", &mem), "5MB");
    ck_assert_str_eq(pga_test_value(d, "SHOW idle_in_transaction_session_timeout", &mem), "1min");
}
END_TEST

/* What a server counts in its own kernel shows only over TCP. */
START_TEST(network_fences_are_options)
{
    static const struct {
        const char *name, *value;
    } rows[] = {{"tcp_keepalives_idle", "5"},
                {"tcp_keepalives_interval", "2"},
                {"tcp_keepalives_count", "3"},
                {"tcp_user_timeout", "10000"}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_str_eq(
            pga_test_value(d,
                           pga_format(&mem, "SELECT reset_val FROM pg_settings WHERE name = '%s'",
                                      rows[i].name),
                           &mem),
            rows[i].value);
}
END_TEST

START_TEST(users_own_settings_win)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {
        .conninfo = pga_format(&mem, "%s options='-c idle_in_transaction_session_timeout=7s'",
                               pga_test_server_start()),
    };
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open(&settings);
    PGA_AUTO(pga_driver_close)
    struct pga_driver *from_environment = NULL;

    ck_assert_str_eq(pga_test_value(d, "SHOW idle_in_transaction_session_timeout", &mem), "7s");
    ck_assert_int_eq(
        setenv("PGOPTIONS", "--idle-in-transaction-session-timeout=9s -cwork_mem=3MB", 1), 0);
    from_environment = pga_test_open_plain();
    ck_assert_str_eq(
        pga_test_value(from_environment, "SHOW idle_in_transaction_session_timeout", &mem), "9s");
    ck_assert_str_eq(pga_test_value(from_environment, "SHOW work_mem", &mem), "3MB");
}
END_TEST

START_TEST(unknown_fence_is_left_out)
{
    static const struct pga_pq_fence fences[] = {
        {"idle_in_transaction_session_timeout", "61s", 0},
        {"no_such_setting", "1", 0},
        {"statement_timeout", "not a duration", 0},
        {"tcp_keepalives_idle", "9", 0},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {.conninfo = pga_test_server_start(), .role = "pg_monitor"};
    struct pga_error err = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_pq_open_fenced(&settings, fences, PGA_COUNT_OF(fences), &err);

    ck_assert_msg(d != NULL, "%s", err.message);
    ck_assert_str_eq(pga_test_value(d, "SHOW idle_in_transaction_session_timeout", &mem), "61s");
    ck_assert_str_eq(pga_test_value(d, "SHOW statement_timeout", &mem), "0");
    ck_assert_str_eq(pga_test_value(d, "SELECT current_user", &mem), "pg_monitor");
}
END_TEST

START_TEST(users_own_mistake_is_not_left_out)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_error err = pga_test_refusal_of(
        pga_format(&mem, "%s options='-c no_such_setting=1'", pga_test_server_start()));

    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_str_eq(err.sqlstate, "42704");
    ck_assert_ptr_nonnull(strstr(err.message, "no_such_setting"));
}
END_TEST

static struct heard {
    int count;
    char last[128];
} heard;

static void
hear(void *ctx, const struct pga_server_message *notice)
{
    ck_assert_ptr_eq(ctx, &heard);
    heard.count++;
    (void)snprintf(heard.last, sizeof(heard.last), "%s", notice->message);
}

START_TEST(notices_of_connecting_are_heard)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *plain = pga_test_open_plain();
    struct pga_pq_settings settings = {.conninfo =
                                           pga_test_conninfo(&mem, "user=postgres dbname=noisy"),
                                       .notice = hear,
                                       .notice_ctx = &heard};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;
    struct pga_error err = {0};

    pga_test_run(plain, "CREATE DATABASE noisy");
    /* A setting of the database that has become impossible is a warning for each session. */
    pga_test_run(plain, "ALTER DATABASE noisy SET default_tablespace = 'no_such_space'");
    d = pga_test_open(&settings);
    ck_assert_int_eq(heard.count, 1);
    ck_assert_ptr_nonnull(strstr(heard.last, "default_tablespace"));
    ck_assert(pga_driver_reconnect(d, &err));
    ck_assert_int_eq(heard.count, 2);
}
END_TEST

START_TEST(description_names_the_place)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();

    ck_assert_str_eq(pga_driver_describe(d),
                     pga_format(&mem, "database \"postgres\" on %s:5432 as user \"postgres\"",
                                pga_test_server_directory()));
}
END_TEST

START_TEST(failures_have_the_right_code)
{
    static const struct {
        const char *more; /* behind host and port of the server */
        const char *role;
        enum pga_code code;
        const char *sqlstate;
        const char *hint; /* must be a part of it */
    } rows[] = {
        {"user=postgres dbname=nowhere", NULL, PGA_ERR_DENIED, "3D000", "-U postgres nowhere\""},
        {"user=nobody_here dbname=postgres", NULL, PGA_ERR_DENIED, "28000",
         "CREATE ROLE \"nobody_here\" LOGIN;"},
        {"user=no_login dbname=postgres", NULL, PGA_ERR_DENIED, "28000",
         "ALTER ROLE \"no_login\" LOGIN;"},
        {"user=outsider dbname=private", NULL, PGA_ERR_DENIED, "42501",
         "GRANT CONNECT ON DATABASE \"private\" TO \"outsider\";"},
        {"user=postgres dbname=closed", NULL, PGA_ERR_DENIED, "55000",
         "ALTER DATABASE \"closed\" ALLOW_CONNECTIONS true;"},
        {"user=postgres dbname=postgres options=--bogus", NULL, PGA_ERR_USAGE, "42601",
         "\"options\" in the connection string"},
        {"user=needs_password dbname=postgres", NULL, PGA_ERR_DENIED, "", "PGPASSWORD"},
        {"user=needs_password dbname=postgres password=wrong-word", NULL, PGA_ERR_DENIED, "28P01",
         "password"},
        {"user=limited dbname=postgres", NULL, PGA_ERR_NO_SERVER, "53300",
         "All connections are taken"},
        {"user=postgres dbname=postgres", "no_role", PGA_ERR_DENIED, "22023",
         "CREATE ROLE \"no_role\"; GRANT \"no_role\" TO \"postgres\";"},
        {"user=needs_password dbname=postgres password='open sesame'", "postgres", PGA_ERR_DENIED,
         "42501", "GRANT \"postgres\" TO \"needs_password\";"},
        {"user=postgres port=5439", NULL, PGA_ERR_NO_SERVER, "", "pg_isready -h /"},
        {"user=postgres port=99999", NULL, PGA_ERR_USAGE, "", "65535"},
        {"user=postgres sslmode=perhaps", NULL, PGA_ERR_USAGE, "", "--db"},
        {"user=postgres host=127.0.0.1 port=1", NULL, PGA_ERR_NO_SERVER, "",
         "pg_isready -h 127.0.0.1 -p 1"},
        {"user=postgres host=no-such-host.invalid", NULL, PGA_ERR_NO_SERVER, "", "--wait"},
        {"service=no_such_service", NULL, PGA_ERR_USAGE, "", "Define [no_such_service]"},
        {"host=a,b port=1,2,3", NULL, PGA_ERR_USAGE, "", "--db"},
        {"host=/nowhere,/nowhere_else user=postgres", NULL, PGA_ERR_NO_SERVER, "", "--wait"},
        {"target_session_attrs=standby user=postgres", NULL, PGA_ERR_NO_SERVER, "",
         "target_session_attrs=standby"},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {.conninfo = pga_test_conninfo(&mem, rows[_i].more),
                                       .role = rows[_i].role};
    struct pga_error err = pga_test_refusal(&settings);

    ck_assert_uint_eq(PGA_COUNT_OF(rows), 20);
    ck_assert_msg(err.code == rows[_i].code, "%s: %s: %s", rows[_i].more, pga_code_name(err.code),
                  err.message);
    ck_assert_str_eq(err.sqlstate, rows[_i].sqlstate);
    ck_assert_int_ne(err.id, PGA_ID_NONE);
    ck_assert_msg(strstr(err.hint, rows[_i].hint) != NULL, "%s: %s", rows[_i].more, err.hint);
    ck_assert_ptr_null(strstr(err.message, "FATAL:  28"));
    ck_assert_ptr_null(strstr(err.message, "wrong-word"));
    ck_assert_ptr_null(strstr(err.detail, "sesame"));
}
END_TEST

START_TEST(each_host_is_reported)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_error err = pga_test_refusal_of("host=/nowhere,/nowhere_else user=postgres");

    ck_assert_ptr_nonnull(strstr(err.message, "/nowhere/"));
    ck_assert_ptr_nonnull(strstr(err.detail, "/nowhere/"));
    ck_assert_ptr_nonnull(strstr(err.detail, "/nowhere_else/"));
    err = pga_test_refusal_of(pga_format(
        &mem, "host=/nowhere,%s port=5432 user=postgres dbname=nope", pga_test_server_directory()));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED); /* the answer that one can do something about */
    ck_assert_str_eq(err.sqlstate, "3D000");
    ck_assert_ptr_nonnull(strstr(err.message, "database \"nope\""));
    ck_assert_ptr_nonnull(strstr(err.detail, "/nowhere/"));
}
END_TEST

START_TEST(read_only_server_is_told_apart)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *plain = pga_test_open_plain();
    struct pga_error err;

    pga_test_run(plain, "CREATE DATABASE reading; ");
    pga_test_run(plain, "ALTER DATABASE reading SET default_transaction_read_only = on");
    err = pga_test_refusal_of(
        pga_test_conninfo(&mem, "user=postgres dbname=reading target_session_attrs=read-write"));
    ck_assert_int_eq(err.code, PGA_ERR_READ_ONLY);
}
END_TEST

START_TEST(silent_host_has_a_deadline)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port, fd = pga_test_listen(&port);
    struct pga_pq_settings settings = {
        .conninfo = pga_format(&mem, "host=127.0.0.1 port=%d user=postgres", port),
        .connect_timeout_ms = 300,
    };
    int64_t start = pga_pq_now_ms();
    struct pga_error err = pga_test_refusal(&settings);

    ck_assert_int_eq(err.code, PGA_ERR_NO_SERVER);
    ck_assert_ptr_nonnull(strstr(err.message, "no answer"));
    ck_assert_ptr_nonnull(strstr(err.message, "300 ms"));
    ck_assert_int_ge(pga_pq_now_ms() - start, 300);
    ck_assert_int_lt(pga_pq_now_ms() - start, 2000);
    (void)close(fd);
}
END_TEST

START_TEST(silent_host_does_not_hide_the_next)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port, fd = pga_test_listen(&port);
    struct pga_pq_settings settings = {
        .conninfo = pga_format(
            &mem, "host=127.0.0.1,127.0.0.1,%s port=1,%d,5432 user=postgres dbname=postgres",
            pga_test_server_directory(), port),
        .connect_timeout_ms = 300,
    };
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open(&settings);

    ck_assert_str_eq(pga_test_value(d, "SELECT 1", &mem), "1");
    (void)close(fd);
}
END_TEST

START_TEST(signal_ends_connecting)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port, fd = pga_test_listen(&port);
    struct pga_pq_settings settings = {
        .conninfo = _i == 0 ? pga_format(&mem, "host=127.0.0.1 port=%d user=postgres", port)
                            : "host=/nowhere user=postgres",
        .wait_ms = 60000,
    };
    struct pga_error err = {0};
    int64_t start = pga_pq_now_ms();
    pid_t killer;

    pga_test_catch_signals();
    killer = pga_test_signal_later(500, SIGINT, 0);
    ck_assert_ptr_null(pga_pq_open(&settings, &err));
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(err.signal, SIGINT);
    ck_assert_int_lt(pga_pq_now_ms() - start, 2000);
    (void)close(fd);
}
END_TEST

static void
make_what_refuses(void)
{
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();

    pga_test_run(d, "CREATE ROLE limited LOGIN CONNECTION LIMIT 0");
    pga_test_run(d, "CREATE ROLE no_login");
    pga_test_run(d, "CREATE ROLE outsider LOGIN");
    pga_test_run(d, "CREATE DATABASE private");
    pga_test_run(d, "REVOKE CONNECT ON DATABASE private FROM PUBLIC");
    pga_test_run(d, "CREATE DATABASE closed ALLOW_CONNECTIONS false");
}

int
main(void)
{
    Suite *suite = suite_create("connecting through libpq");
    TCase *tcase = tcase_create("core");

    (void)pga_test_server_start();
    tcase_add_unchecked_fixture(tcase, make_what_refuses, NULL);
    tcase_add_test(tcase, session_is_set_up);
    tcase_add_test(tcase, network_fences_are_options);
    tcase_add_test(tcase, users_own_settings_win);
    tcase_add_test(tcase, unknown_fence_is_left_out);
    tcase_add_test(tcase, users_own_mistake_is_not_left_out);
    tcase_add_test(tcase, notices_of_connecting_are_heard);
    tcase_add_test(tcase, description_names_the_place);
    tcase_add_loop_test(tcase, failures_have_the_right_code, 0, 20);
    tcase_add_test(tcase, each_host_is_reported);
    tcase_add_test(tcase, read_only_server_is_told_apart);
    tcase_add_test(tcase, silent_host_has_a_deadline);
    tcase_add_test(tcase, silent_host_does_not_hide_the_next);
    tcase_add_loop_test(tcase, signal_ends_connecting, 0, 2);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return pga_test_run_suite(suite);
}
