/*
 * tests/contract/pq_driver.c: what only libpq's driver can do: stop, wait, keep secrets.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "base/interrupt.h"
#include "tests/helpers/server.h"

static const char *conninfo;

static void
pause_ms(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

static struct pga_driver *
open_with(const struct pga_pq_settings *settings)
{
    struct pga_error err = {0};
    struct pga_driver *d = pga_pq_open(settings, &err);

    ck_assert_msg(d != NULL, "%s", err.message);
    ck_assert_int_eq(err.code, PGA_OK);
    return d;
}

static struct pga_driver *
open_plain(void)
{
    struct pga_pq_settings settings = {.conninfo = conninfo};

    return open_with(&settings);
}

/* The one value of a query. */
static const char *
value_of(struct pga_driver *d, const char *sql, struct pga_arena *mem)
{
    struct pga_result result = {0};
    struct pga_error err = {0};

    ck_assert_msg(pga_driver_rows(d, pga_str_of(sql), mem, &result, &err), "%s: %s", sql,
                  err.message);
    ck_assert_uint_eq(result.row_count, 1);
    return pga_result_value(&result, 0, 0);
}

static void
run(struct pga_driver *d, const char *sql)
{
    struct pga_error err = {0};

    ck_assert_msg(pga_driver_run(d, pga_str_of(sql), &err), "%s: %s", sql, err.message);
}

/* A session that can't be opened, and why. */
static struct pga_error
refusal(const struct pga_pq_settings *settings)
{
    struct pga_error err = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_pq_open(settings, &err);

    ck_assert_ptr_null(d);
    ck_assert_int_ne(err.code, PGA_OK);
    ck_assert_str_ne(err.message, "");
    ck_assert_str_ne(err.hint, "");
    ck_assert_ptr_null(strchr(err.message, '\n'));
    ck_assert_ptr_null(strstr(err.detail, "LOCATION"));
    return err;
}

static struct pga_error
refusal_of(const char *info)
{
    struct pga_pq_settings settings = {.conninfo = info};

    return refusal(&settings);
}

static const char *
with(struct pga_arena *mem, const char *more)
{
    return pga_format(mem, "host=%s port=5432 %s", pga_test_server_directory(), more);
}

/*
 * A child that does something to this process or its server later; it is gone when the test ends.
 */
static pid_t
later(int64_t after_ms, int signal, int again_ms)
{
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child > 0)
        return child;
    pause_ms(after_ms);
    (void)kill(getppid(), signal);
    if (again_ms > 0) {
        pause_ms(again_ms);
        (void)kill(getppid(), signal);
    }
    _exit(0);
}

static void
install_interrupt(void)
{
    struct pga_error err = {0};

    ck_assert(pga_interrupt_install(&err));
    pga_interrupt_clear();
}

static bool
is_running(struct pga_driver *d, const char *what, struct pga_arena *mem)
{
    const char *sql = pga_format(mem,
                                 "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                                 " AND query LIKE '%%%s%%' AND pid <> pg_backend_pid()",
                                 what);

    return strcmp(value_of(d, sql, mem), "0") != 0;
}

/* --- stopping --- */

START_TEST(signal_cancels_what_runs)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    struct pga_message message = {
        .sql = PGA_STR("SELECT 1; SELECT pg_sleep(60) /* cancelled */; SELECT 2")};
    struct pga_results results = {0};
    struct pga_error err = {0}, again = {0};
    int64_t start = pga_pq_now_ms();
    pid_t killer;

    install_interrupt();
    killer = later(300, SIGTERM, 0);
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    ck_assert_msg(err.code == PGA_ERR_INTERRUPTED, "%s", err.message);
    ck_assert_int_eq(err.signal, SIGTERM);
    ck_assert_int_eq(pga_error_exit_status(&err), 143);
    ck_assert_int_lt(pga_pq_now_ms() - start, 5000);
    ck_assert_uint_eq(results.count, 1);
    ck_assert_str_eq(results.error->sqlstate, "57014");
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
    /* cleaning up goes on although the request to stop stands */
    ck_assert_str_eq(value_of(d, "SELECT 7", &mem), "7");
    ck_assert(!is_running(d, "cancelled", &mem));
    ck_assert(!pga_interrupt_check(&again));
}
END_TEST

START_TEST(second_signal_hangs_up_at_once)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    /* A statement that takes no notice of being cancelled. */
    struct pga_message message = {
        .sql = PGA_STR("DO $$BEGIN LOOP BEGIN PERFORM pg_sleep(60);"
                       " EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END$$"),
    };
    struct pga_results results = {0};
    struct pga_error err = {0}, later_err = {0};
    int64_t start = pga_pq_now_ms();
    pid_t killer;

    install_interrupt();
    killer = later(300, SIGINT, 500);
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(err.signal, SIGINT);
    ck_assert_int_lt(pga_pq_now_ms() - start, 3000);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_LOST);
    ck_assert(pga_driver_reconnect(d, &later_err));
    run(d, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO %'");
}
END_TEST

START_TEST(time_is_up)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    struct pga_message message = {.sql = PGA_STR("BEGIN; SELECT pg_sleep(60)"), .timeout_ms = 300};
    struct pga_results results = {0};
    struct pga_error err = {0};
    int64_t start = pga_pq_now_ms();

    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_msg(err.code == PGA_ERR_DEADLINE, "%s", err.message);
    ck_assert_ptr_nonnull(strstr(err.message, "300 ms"));
    ck_assert_int_ge(pga_pq_now_ms() - start, 300);
    ck_assert_int_lt(pga_pq_now_ms() - start, 5000);
    ck_assert_uint_eq(results.count, 1);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_FAILED);
    run(d, "ROLLBACK");
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
}
END_TEST

START_TEST(copy_in_is_stopped_too)
{
    /* The trigger sleeps for each row, so the data is all sent long before the COPY ends. */
    static const struct pga_str copies[] = {{"1\n2\n3\n", 6}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    struct pga_message message = {
        .sql = PGA_STR("CREATE TEMP TABLE slow (x int CHECK (pg_sleep(30) IS NOT NULL)); COPY slow "
                       "FROM STDIN"),
        .copies = copies,
        .copy_count = 1,
        .timeout_ms = 300,
    };
    struct pga_results results = {0};
    struct pga_error err = {0};
    int64_t start = pga_pq_now_ms();

    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DEADLINE);
    ck_assert_int_lt(pga_pq_now_ms() - start, 5000);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
}
END_TEST

START_TEST(late_request_hits_no_later_statement)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();

    for (int i = 0; i < 60; i++) {
        struct pga_message message = {
            .sql = pga_str_of(pga_format(&mem, "SELECT pg_sleep(0.00%d)", 1 + i % 9)),
            .timeout_ms = 1 + i % 7,
        };
        struct pga_results results = {0};
        struct pga_error err = {0};

        if (!pga_driver_query(d, &message, &mem, &results, &err))
            ck_assert_msg(err.code == PGA_ERR_DEADLINE, "%s", err.message);
        run(d, "SELECT pg_sleep(0.002)");
    }
}
END_TEST

/* --- losing the server --- */

START_TEST(backend_is_terminated_by_another)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    struct pga_message message = {.sql = PGA_STR("SELECT pg_sleep(60)")};
    struct pga_results results = {0};
    struct pga_error err = {0};
    pid_t child = fork();

    if (child == 0) {
        PGA_AUTO(pga_driver_close)
        struct pga_driver *other = open_plain();

        pause_ms(300);
        run(other, pga_format(&mem, "SELECT pg_terminate_backend(%d)", pga_driver_backend_pid(d)));
        _exit(0);
    }
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_msg(err.code == PGA_ERR_LOST, "%s", err.message);
    ck_assert_str_eq(err.sqlstate, "57P01");
    ck_assert_ptr_nonnull(strstr(err.detail, "terminating connection"));
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_LOST);
}
END_TEST

START_TEST(backend_is_killed)
{
    static const struct pga_str copies[] = {{"1\n", 2}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    PGA_AUTO(pga_driver_close)
    struct pga_driver *other = open_plain();
    struct pga_message message = {.sql = PGA_STR("CREATE TEMP TABLE t (x int); COPY t FROM STDIN"),
                                  .copies = copies,
                                  .copy_count = 1};
    struct pga_results results = {0};
    struct pga_error err = {0};

    run(other, pga_format(&mem, "SELECT pg_terminate_backend(%d)", pga_driver_backend_pid(d)));
    pause_ms(200);
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_msg(err.code == PGA_ERR_LOST, "%s", err.message);
    ck_assert_str_ne(err.detail, "");
    ck_assert_ptr_null(results.items);
}
END_TEST

/* --- size --- */

START_TEST(dropped_rows_need_no_memory)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    struct pga_message message = {
        .sql = PGA_STR("SELECT repeat('x', 10000) FROM generate_series(1, 5000);"
                       "COPY (SELECT repeat('x', 10000) FROM generate_series(1, 1000)) TO STDOUT"),
    };
    struct pga_results results = {0};
    struct pga_error err = {0};
    struct rusage before, after;

    ck_assert_int_eq(getrusage(RUSAGE_SELF, &before), 0);
    ck_assert(pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &after), 0);
    ck_assert_uint_eq(results.items[0].row_count, 5000);
    ck_assert_str_eq(results.items[0].tag, "SELECT 5000");
    ck_assert_uint_lt(mem.total_bytes, 4096);
#ifndef PGA_SANITIZE /* AddressSanitizer keeps freed memory for a while */
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 8 * 1024); /* kB */
#endif
}
END_TEST

START_TEST(large_messages_and_copies_travel)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    struct pga_buf sql = pga_buf_on(&mem), data = pga_buf_on(&mem);
    struct pga_message message = {.copy_count = 1, .keep_rows = true};
    struct pga_results results = {0};
    struct pga_error err = {0};
    struct pga_str copies[1];

    pga_buf_append_c(
        &sql,
        "CREATE TEMP TABLE big (x text); COPY big FROM STDIN; SELECT sum(length(x)) FROM big;");
    for (int i = 0; i < 2000; i++)
        pga_buf_appendf(&sql, "DO $$BEGIN RAISE NOTICE '%0500d'; END$$;", i);
    for (int i = 0; i < 10000; i++)
        pga_buf_appendf(&data, "%01000d\n", i);
    copies[0] = pga_buf_str(&data);
    message.sql = pga_buf_str(&sql);
    message.copies = copies;
    ck_assert_msg(pga_driver_query(d, &message, &mem, &results, &err), "%s", err.message);
    ck_assert_uint_eq(results.count, 2003);
    ck_assert_str_eq(results.items[1].tag, "COPY 10000");
    ck_assert_str_eq(pga_result_value(&results.items[2], 0, 0), "10000000");
}
END_TEST

START_TEST(too_many_rows_are_refused)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();
    struct pga_result result;
    struct pga_error err = {0};

    ck_assert(!pga_driver_rows(d, PGA_STR("SELECT FROM generate_series(1, 1000001)"), &mem, &result,
                               &err));
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
    ck_assert_str_eq(value_of(d, "SELECT 1", &mem), "1");
}
END_TEST

/* --- the session's settings --- */

START_TEST(session_is_set_up)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {
        .conninfo = pga_format(
            &mem, "%s client_encoding=LATIN1 options='-c work_mem=5MB -c DateStyle=ISO,\\\\ YMD'",
            conninfo),
        .application_name = "pgalter/0 run=1",
        .role = "odd \"role\\",
    };
    PGA_AUTO(pga_driver_close)
    struct pga_driver *plain = open_plain();
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;

    run(plain, "DROP ROLE IF EXISTS \"odd \"\"role\\\"; CREATE ROLE \"odd \"\"role\\\"");
    d = open_with(&settings);
    ck_assert_str_eq(value_of(d, "SHOW client_encoding", &mem), "UTF8");
    ck_assert_str_eq(value_of(d, "SHOW application_name", &mem), "pgalter/0 run=1");
    ck_assert_str_eq(value_of(d, "SHOW work_mem", &mem), "5MB");
    ck_assert_str_eq(value_of(d, "SHOW DateStyle", &mem), "ISO, YMD");
    ck_assert_str_eq(value_of(d, "SELECT current_user", &mem), "odd \"role\\");
    ck_assert_str_eq(value_of(d, "SHOW idle_in_transaction_session_timeout", &mem), "1min");
    if (pga_driver_server_version(d) >= 140000)
        ck_assert_str_eq(value_of(d, "SHOW client_connection_check_interval", &mem), "2s");
    /* start-up options are what RESET leads back to */
    run(d, "RESET ROLE; SET work_mem = '7MB'; RESET ALL");
    ck_assert_str_eq(value_of(d, "SELECT current_user", &mem), "odd \"role\\");
    ck_assert_str_eq(value_of(d, "SHOW work_mem", &mem), "5MB");
    ck_assert_str_eq(value_of(d, "SHOW idle_in_transaction_session_timeout", &mem), "1min");
}
END_TEST

START_TEST(users_own_settings_win)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {
        .conninfo =
            pga_format(&mem, "%s options='-c idle_in_transaction_session_timeout=7s'", conninfo),
    };
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_with(&settings);
    PGA_AUTO(pga_driver_close)
    struct pga_driver *from_environment = NULL;

    ck_assert_str_eq(value_of(d, "SHOW idle_in_transaction_session_timeout", &mem), "7s");
    ck_assert_int_eq(
        setenv("PGOPTIONS", "--idle-in-transaction-session-timeout=9s -cwork_mem=3MB", 1), 0);
    from_environment = open_plain();
    ck_assert_str_eq(value_of(from_environment, "SHOW idle_in_transaction_session_timeout", &mem),
                     "9s");
    ck_assert_str_eq(value_of(from_environment, "SHOW work_mem", &mem), "3MB");
}
END_TEST

START_TEST(unknown_fence_is_left_out)
{
    static const struct pga_pq_fence fences[] = {
        {"idle_in_transaction_session_timeout", "61s"},
        {"no_such_setting", "1"},
        {"statement_timeout", "not a duration"},
        {"tcp_keepalives_idle", "9"},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {.conninfo = conninfo, .role = "pg_monitor"};
    struct pga_error err = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_pq_open_fenced(&settings, fences, PGA_COUNT_OF(fences), &err);

    ck_assert_msg(d != NULL, "%s", err.message);
    ck_assert_str_eq(value_of(d, "SHOW idle_in_transaction_session_timeout", &mem), "61s");
    ck_assert_str_eq(value_of(d, "SHOW statement_timeout", &mem), "0");
    ck_assert_str_eq(value_of(d, "SELECT current_user", &mem), "pg_monitor");
}
END_TEST

START_TEST(users_own_mistake_is_not_left_out)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_error err =
        refusal_of(pga_format(&mem, "%s options='-c no_such_setting=1'", conninfo));

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
    struct pga_driver *plain = open_plain();
    struct pga_pq_settings settings = {
        .conninfo = with(&mem, "user=postgres dbname=noisy"), .notice = hear, .notice_ctx = &heard};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;
    struct pga_error err = {0};

    run(plain, "CREATE DATABASE noisy");
    /* A setting of the database that has become impossible is a warning for each session. */
    run(plain, "ALTER DATABASE noisy SET default_tablespace = 'no_such_space'");
    d = open_with(&settings);
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
    struct pga_driver *d = open_plain();

    ck_assert_str_eq(pga_driver_describe(d),
                     pga_format(&mem, "database \"postgres\" on %s:5432 as user \"postgres\"",
                                pga_test_server_directory()));
}
END_TEST

/* --- failing to connect --- */

START_TEST(failures_have_the_right_code)
{
    static const struct {
        const char *more; /* behind host and port of the server */
        const char *role;
        enum pga_code code;
        const char *sqlstate;
        const char *hint; /* must be a part of it */
    } rows[] = {
        {"user=postgres dbname=nowhere", NULL, PGA_ERR_DENIED, "3D000",
         "createdb -U postgres nowhere"},
        {"user=nobody_here dbname=postgres", NULL, PGA_ERR_DENIED, "28000", "pg_hba.conf"},
        {"user=needs_password dbname=postgres", NULL, PGA_ERR_DENIED, "", "PGPASSWORD"},
        {"user=needs_password dbname=postgres password=wrong-word", NULL, PGA_ERR_DENIED, "28P01",
         "password"},
        {"user=limited dbname=postgres", NULL, PGA_ERR_NO_SERVER, "53300",
         "All connections are taken"},
        {"user=postgres dbname=postgres", "no_role", PGA_ERR_USAGE, "22023", "role \"no_role\""},
        {"user=needs_password dbname=postgres password='open sesame'", "postgres", PGA_ERR_DENIED,
         "42501", "GRANT"},
        {"user=postgres port=5439", NULL, PGA_ERR_NO_SERVER, "", "pg_isready -h /"},
        {"user=postgres port=99999", NULL, PGA_ERR_USAGE, "", "--db"},
        {"user=postgres sslmode=perhaps", NULL, PGA_ERR_USAGE, "", "--db"},
        {"user=postgres host=127.0.0.1 port=1", NULL, PGA_ERR_NO_SERVER, "",
         "pg_isready -h 127.0.0.1 -p 1"},
        {"user=postgres host=no-such-host.invalid", NULL, PGA_ERR_NO_SERVER, "", "--wait"},
        {"service=no_such_service", NULL, PGA_ERR_USAGE, "", "service"},
        {"host=a,b port=1,2,3", NULL, PGA_ERR_USAGE, "", "--db"},
        {"host=/nowhere,/nowhere_else user=postgres", NULL, PGA_ERR_NO_SERVER, "", "--wait"},
        {"target_session_attrs=standby user=postgres", NULL, PGA_ERR_NO_SERVER, "", "--wait"},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {.conninfo = with(&mem, rows[_i].more),
                                       .role = rows[_i].role};
    struct pga_error err = refusal(&settings);

    ck_assert_uint_eq(PGA_COUNT_OF(rows), 16);
    ck_assert_msg(err.code == rows[_i].code, "%s: %s: %s", rows[_i].more, pga_code_name(err.code),
                  err.message);
    ck_assert_str_eq(err.sqlstate, rows[_i].sqlstate);
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
    struct pga_error err = refusal_of("host=/nowhere,/nowhere_else user=postgres");

    ck_assert_ptr_nonnull(strstr(err.message, "/nowhere/"));
    ck_assert_ptr_nonnull(strstr(err.detail, "/nowhere/"));
    ck_assert_ptr_nonnull(strstr(err.detail, "/nowhere_else/"));
    err = refusal_of(pga_format(&mem, "host=/nowhere,%s port=5432 user=postgres dbname=nope",
                                pga_test_server_directory()));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED); /* the answer that one can do something about */
    ck_assert_str_eq(err.sqlstate, "3D000");
    ck_assert_ptr_nonnull(strstr(err.detail, "database \"nope\""));
}
END_TEST

START_TEST(read_only_server_is_told_apart)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *plain = open_plain();
    struct pga_error err;

    run(plain, "CREATE DATABASE reading; ");
    run(plain, "ALTER DATABASE reading SET default_transaction_read_only = on");
    err = refusal_of(with(&mem, "user=postgres dbname=reading target_session_attrs=read-write"));
    ck_assert_int_eq(err.code, PGA_ERR_READ_ONLY);
}
END_TEST

/* A socket that takes connections and never says a word. */
static int
listen_silently(int *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

START_TEST(silent_host_has_a_deadline)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port, fd = listen_silently(&port);
    struct pga_pq_settings settings = {
        .conninfo = pga_format(&mem, "host=127.0.0.1 port=%d user=postgres", port),
        .connect_timeout_ms = 300,
    };
    int64_t start = pga_pq_now_ms();
    struct pga_error err = refusal(&settings);

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
    int port, fd = listen_silently(&port);
    struct pga_pq_settings settings = {
        .conninfo = pga_format(
            &mem, "host=127.0.0.1,127.0.0.1,%s port=1,%d,5432 user=postgres dbname=postgres",
            pga_test_server_directory(), port),
        .connect_timeout_ms = 300,
    };
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_with(&settings);

    ck_assert_str_eq(value_of(d, "SELECT 1", &mem), "1");
    (void)close(fd);
}
END_TEST

START_TEST(signal_ends_connecting)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port, fd = listen_silently(&port);
    struct pga_pq_settings settings = {
        .conninfo = _i == 0 ? pga_format(&mem, "host=127.0.0.1 port=%d user=postgres", port)
                            : "host=/nowhere user=postgres",
        .wait_ms = 60000,
    };
    struct pga_error err = {0};
    int64_t start = pga_pq_now_ms();
    pid_t killer;

    install_interrupt();
    killer = later(500, SIGINT, 0);
    ck_assert_ptr_null(pga_pq_open(&settings, &err));
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(err.signal, SIGINT);
    ck_assert_int_lt(pga_pq_now_ms() - start, 2000);
    (void)close(fd);
}
END_TEST

START_TEST(waiting_ends)
{
    struct pga_pq_settings settings = {.conninfo = "host=/nowhere user=postgres", .wait_ms = 700};
    int64_t start = pga_pq_now_ms();

    ck_assert_int_eq(refusal(&settings).code, PGA_ERR_NO_SERVER);
    ck_assert_int_ge(pga_pq_now_ms() - start, 700);
    ck_assert_int_lt(pga_pq_now_ms() - start, 3000);
}
END_TEST

START_TEST(waiting_is_rewarded)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *plain = open_plain();
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;
    struct pga_pq_settings settings = {.conninfo = with(&mem, "user=limited dbname=postgres"),
                                       .wait_ms = 20000};
    int64_t start = pga_pq_now_ms();
    pid_t child = fork();

    if (child == 0) {
        PGA_AUTO(pga_driver_close)
        struct pga_driver *other = open_plain();

        pause_ms(600);
        run(other, "ALTER ROLE limited CONNECTION LIMIT -1");
        _exit(0);
    }
    d = open_with(&settings);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_ge(pga_pq_now_ms() - start, 500);
    pga_driver_close(&d);
    run(plain, "ALTER ROLE limited CONNECTION LIMIT 0");
}
END_TEST

START_TEST(waiting_is_for_servers_only)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {.conninfo = with(&mem, "user=postgres dbname=nowhere"),
                                       .wait_ms = 20000};
    int64_t start = pga_pq_now_ms();

    ck_assert_int_eq(refusal(&settings).code, PGA_ERR_DENIED);
    ck_assert_int_lt(pga_pq_now_ms() - start, 2000);
}
END_TEST

/* --- a pooler that takes no start-up options --- */

enum pooler { POOLER_HIDES_PID, POOLER_SHOWS_PID };

/* The first occurrence of a piece of bytes, or NULL. */
static char *
find_bytes(char *bytes, size_t len, const char *piece, size_t piece_len)
{
    for (size_t i = 0; i + piece_len <= len; i++)
        if (memcmp(bytes + i, piece, piece_len) == 0)
            return bytes + i;
    return NULL;
}

/* Pass on what one side sends; false when it has ended. */
static bool
pass_on(int from, int to, enum pooler kind)
{
    char bytes[8192], *key;
    ssize_t got = read(from, bytes, sizeof(bytes));

    if (got <= 0)
        return false;
    key = find_bytes(bytes, (size_t)got, "K\0\0\0\014", 5); /* BackendKeyData */
    if (key != NULL && kind == POOLER_HIDES_PID)
        key[8] = (char)(key[8] ^ 1);
    return write(to, bytes, (size_t)got) == got;
}

static void
serve(int client, enum pooler kind)
{
    static const char fatal[] =
        "E\0\0\0\073SFATAL\0C08P01\0Munsupported startup parameter: options\0";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    char packet[4096];
    ssize_t got = read(client, packet, sizeof(packet));
    struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432",
                   pga_test_server_directory());
    if (got <= 0 || connect(server, (struct sockaddr *)&address, sizeof(address)) != 0)
        return;
    if (find_bytes(packet, (size_t)got, "options", sizeof("options")) != NULL) {
        (void)!write(client, fatal, sizeof(fatal));
        return;
    }
    if (write(server, packet, (size_t)got) != got)
        return;
    while (poll(fds, 2, 20000) > 0)
        for (int i = 0; i < 2; i++)
            if (fds[i].revents != 0 && !pass_on(fds[i].fd, fds[1 - i].fd, kind))
                return;
}

/*
 * A process that passes connections on to the server and refuses start-up options, as pgbouncer
 * does.
 */
static pid_t
start_pooler(enum pooler kind, int *out_port)
{
    int fd = listen_silently(out_port);
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child != 0) {
        (void)close(fd);
        return child;
    }
    for (int i = 0; i < 10; i++) {
        int client = accept(fd, NULL, NULL);

        serve(client, kind);
        (void)close(client);
    }
    _exit(0);
}

static void
stop_pooler(pid_t pooler)
{
    ck_assert_int_eq(kill(pooler, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pooler, NULL, 0), pooler);
}

START_TEST(refused_options_are_set_later)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port;
    pid_t pooler = start_pooler((enum pooler)_i, &port);
    struct pga_pq_settings settings = {
        .conninfo =
            pga_format(&mem,
                       "host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable"
                       " gssencmode=disable",
                       port),
    };
    struct pga_driver *d = open_with(&settings);
    const char *timeout = value_of(d, "SHOW idle_in_transaction_session_timeout", &mem);

    /* Through a pooler, whose pid is another, a SET would stay for whoever comes next. */
    ck_assert_str_eq(timeout, _i == POOLER_SHOWS_PID ? "1min" : "0");
    pga_driver_close(&d);
    stop_pooler(pooler);
}
END_TEST

START_TEST(role_is_never_left_out)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port;
    pid_t pooler = start_pooler(POOLER_SHOWS_PID, &port);
    struct pga_pq_settings settings = {
        .conninfo =
            pga_format(&mem,
                       "host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable"
                       " gssencmode=disable",
                       port),
        .role = "pg_monitor",
    };
    struct pga_error err = refusal(&settings);

    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_str_eq(err.sqlstate, "08P01");
    ck_assert_ptr_nonnull(strstr(err.hint, "--role"));
    stop_pooler(pooler);
}
END_TEST

/* --- secrets --- */

START_TEST(masks)
{
    static const struct {
        const char *text, *masked;
    } rows[] = {
        {"", ""},
        {"postgresql://u:secret@h:5432/db", "postgresql://u:****@h:5432/db"},
        {"postgres://u:secret@h/db?sslmode=require", "postgres://u:****@h/db?sslmode=require"},
        {"postgresql://u@h/db", "postgresql://u@h/db"},
        {"postgresql://u:@h/db", "postgresql://u:****@h/db"},
        {"postgresql://:secret@h/db", "postgresql://:****@h/db"},
        {"postgresql://h/db", "postgresql://h/db"},
        {"postgresql:///db?host=/run&user=u", "postgresql:///db?host=/run&user=u"},
        {"postgresql://u:se%40cr%2Fet@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:se:cret@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:se?cret@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:secret@h1:1,h2:2,h3/db", "postgresql://u:****@h1:1,h2:2,h3/db"},
        {"postgresql://u@h/db?password=secret&port=1", "postgresql://u@h/db?password=****&port=1"},
        {"postgresql://u@h/db?port=1&p%61ssword=secret",
         "postgresql://u@h/db?port=1&p%61ssword=****"},
        {"postgresql://u@h/db?sslpassword=secret", "postgresql://u@h/db?sslpassword=****"},
        {"postgresql://u:a@h/db?password=b", "postgresql://u:****@h/db?password=****"},
        {"postgresql://[::1]:5432/db?user=u", "postgresql://[::1]:5432/db?user=u"},
        {"host=h password=secret", "password=**** host=h"},
        {"password = 'se cr\\'et' host=h", "password=**** host=h"},
        {"host=h password=''", "password=**** host=h"},
        {"host='a b' dbname='c\\'d\\\\'", "dbname='c\\'d\\\\' host='a b'"},
        {"host=h", "host=h"},
        /* malformed, or a password with characters that it must not have */
        {"secret", "****"},
        {"host=h password=se cret", "****"},
        {"host=h password='secret", "****"},
        {"host=h pasword=secret", "****"},
        {"postgresql://u:secr%et@h/db", "****"},
        {"postgresql://u:se/cret@h/db", "****"},
        {"postgresql://u:1234/cret@h/db", "****"},
        {"postgresql://u:se@cret@h/db", "****"},
        {"postgresql://u:12/s?host=ecret@h/db", "****"},
        {"postgresql://u:p@ss?user=cret@h/db", "****"},
        {"postgresql://u:secret@h/db?pasword=x", "****"},
        {"postgresql://u:secret@[::1/db", "****"},
        {"host=ss@h user=u", "****"},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_str_eq(pga_pq_mask(&mem, rows[i].text), rows[i].masked);
    ck_assert_str_eq(pga_pq_mask(&mem, NULL), "");
}
END_TEST

static uint32_t
next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/*
 * A random password of printable ASCII, and the same as it must stand in a URI and in key=value
 * pairs.
 */
static void
make_password(uint32_t *state, char *raw, struct pga_buf *uri, struct pga_buf *pair)
{
    size_t len = 6 + next_random(state) % 10;

    for (size_t i = 0; i < len; i++) {
        raw[i] = (char)(' ' + next_random(state) % 95);
        pga_buf_appendf(
            uri,
            next_random(state) % 2 == 0 || strchr("%@/:?&#=[] ", raw[i]) != NULL ? "%%%02X" : "%c",
            (unsigned)raw[i]);
        pga_buf_appendf(pair, raw[i] == '\'' || raw[i] == '\\' ? "\\%c" : "%c", raw[i]);
    }
    raw[len] = '\0';
}

START_TEST(no_password_survives_masking)
{
    uint32_t state = 20240517;

    for (int i = 0; i < 20000; i++) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena mem = {0};
        struct pga_buf uri = pga_buf_on(&mem), pair = pga_buf_on(&mem);
        char raw[32];
        const char *masked;

        make_password(&state, raw, &uri, &pair);
        /* well written: the result doesn't depend on the password at all */
        masked = pga_pq_mask(
            &mem, pga_format(&mem, "postgresql://ab:%s@h:1,i:2/z?password=%s", uri.data, uri.data));
        ck_assert_str_eq(masked, "postgresql://ab:****@h:1,i:2/z?password=****");
        masked = pga_pq_mask(&mem, pga_format(&mem, "host=h password='%s' user=u", pair.data));
        ck_assert_str_eq(masked, "user=u password=**** host=h");
        /* badly written: it isn't in the result, nor is half of it */
        masked = pga_pq_mask(&mem, pga_format(&mem, "postgresql://0:%s@1/2", raw));
        ck_assert_msg(strstr(masked, raw) == NULL, "%s in %s", raw, masked);
        ck_assert_msg(strstr(masked, raw + strlen(raw) / 2) == NULL, "%s in %s", raw, masked);
    }
}
END_TEST

START_TEST(no_error_holds_a_password)
{
    static const char *const rows[] = {
        "postgresql://u:Xsecret@/nowhere/db",
        "postgresql://u:Xsecret@127.0.0.1:1/db",
        "postgresql://u:se/Xsecret@127.0.0.1:1/db",
        "postgresql://u:12/Xsecret@127.0.0.1:1/db",
        "postgresql://u:se?Xsecret@h/db?x",
        "postgresql://u:%Xsecret@127.0.0.1:1/db",
        "postgresql://u:@Xsecret@127.0.0.1:1/db",
        "postgresql://u:p@127.0.0.1:1/db?Xsecret",
        "postgresql://u:p@127.0.0.1:1/db?password=Xsecret=",
        "postgresql://u:p@127.0.0.1:1/db?Xsecret=1",
        "postgresql://127.0.0.1:Xsecret@h/db",
        "host=127.0.0.1 port=1 password=Xsecret",
        "host=127.0.0.1 port=1 password=Xsecret oops",
        "host=127.0.0.1 port=1 password=a Xsecret=1",
        "host=127.0.0.1 port=1 password='Xsecret",
        "host=127.0.0.1 port=1 password=a Xsecret",
        "Xsecret",
    };
    struct pga_error err = refusal_of(rows[_i]);

    ck_assert_uint_eq(PGA_COUNT_OF(rows), 17);
    ck_assert_msg(err.code == PGA_ERR_USAGE || err.code == PGA_ERR_NO_SERVER, "%s", err.message);
    ck_assert_msg(strstr(err.message, "Xsecret") == NULL, "%s", err.message);
    ck_assert_msg(strstr(err.detail, "Xsecret") == NULL, "%s", err.detail);
    ck_assert_msg(strstr(err.hint, "Xsecret") == NULL, "%s", err.hint);
}
END_TEST

START_TEST(libpqs_text_is_scrubbed)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq pq = {0};

    pga_pq_add(&pq.effective, &mem, "user", "postgres");
    pga_pq_add(&pq.effective, &mem, "password", "hunter22");
    pga_pq_add(&pq.effective, &mem, "sslpassword", "postgres");
    ck_assert_str_eq(pga_pq_scrub(&pq, &mem, "a hunter22b, hunter22 for user \"postgres\"\n"),
                     "a ****b, **** for user \"postgres\"");
}
END_TEST

static void
make_limited_role(void)
{
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_plain();

    run(d, "CREATE ROLE limited LOGIN CONNECTION LIMIT 0");
}

static void
add_connecting(Suite *suite)
{
    TCase *tcase = tcase_create("connecting");

    tcase_add_unchecked_fixture(tcase, make_limited_role, NULL);
    tcase_add_test(tcase, session_is_set_up);
    tcase_add_test(tcase, users_own_settings_win);
    tcase_add_test(tcase, unknown_fence_is_left_out);
    tcase_add_test(tcase, users_own_mistake_is_not_left_out);
    tcase_add_test(tcase, notices_of_connecting_are_heard);
    tcase_add_test(tcase, description_names_the_place);
    tcase_add_loop_test(tcase, failures_have_the_right_code, 0, 16);
    tcase_add_test(tcase, each_host_is_reported);
    tcase_add_test(tcase, read_only_server_is_told_apart);
    tcase_add_test(tcase, silent_host_has_a_deadline);
    tcase_add_test(tcase, silent_host_does_not_hide_the_next);
    tcase_add_loop_test(tcase, signal_ends_connecting, 0, 2);
    tcase_add_test(tcase, waiting_ends);
    tcase_add_test(tcase, waiting_is_rewarded);
    tcase_add_test(tcase, waiting_is_for_servers_only);
    tcase_add_loop_test(tcase, refused_options_are_set_later, 0, 2);
    tcase_add_test(tcase, role_is_never_left_out);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
}

static void
add_running(Suite *suite)
{
    TCase *tcase = tcase_create("running");

    tcase_add_test(tcase, signal_cancels_what_runs);
    tcase_add_test(tcase, second_signal_hangs_up_at_once);
    tcase_add_test(tcase, time_is_up);
    tcase_add_test(tcase, copy_in_is_stopped_too);
    tcase_add_test(tcase, late_request_hits_no_later_statement);
    tcase_add_test(tcase, backend_is_terminated_by_another);
    tcase_add_test(tcase, backend_is_killed);
    tcase_add_test(tcase, dropped_rows_need_no_memory);
    tcase_add_test(tcase, large_messages_and_copies_travel);
    tcase_add_test(tcase, too_many_rows_are_refused);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
}

static void
add_secrets(Suite *suite)
{
    TCase *tcase = tcase_create("secrets");

    tcase_add_test(tcase, masks);
    tcase_add_test(tcase, no_password_survives_masking);
    tcase_add_loop_test(tcase, no_error_holds_a_password, 0, 17);
    tcase_add_test(tcase, libpqs_text_is_scrubbed);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
}

int
main(void)
{
    Suite *suite = suite_create("libpq's driver");
    SRunner *runner;
    int failed;

    conninfo = pga_test_server_start();
    add_connecting(suite);
    add_running(suite);
    add_secrets(suite);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
