/*
 * tests/contract/pq_query.c: what only libpq's driver can be asked: to stop, to lose, to carry much.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/interrupt.h"
#include "tests/contract/pq_world.h"
#include "tests/helpers/server.h"

static bool
is_running(struct pga_driver *d, const char *what, struct pga_arena *mem)
{
    const char *sql = pga_format(mem,
                                 "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                                 " AND query LIKE '%%%s%%' AND pid <> pg_backend_pid()",
                                 what);

    return strcmp(pga_test_value(d, sql, mem), "0") != 0;
}

START_TEST(signal_cancels_what_runs)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
    struct pga_message message = {
        .sql = PGA_STR("SELECT 1; SELECT pg_sleep(60) /* cancelled */; SELECT 2")};
    struct pga_results results = {0};
    struct pga_error err = {0}, again = {0};
    int64_t start = pga_pq_now_ms();
    pid_t killer;

    pga_test_catch_signals();
    killer = pga_test_signal_later(300, SIGTERM, 0);
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
    ck_assert_str_eq(pga_test_value(d, "SELECT 7", &mem), "7");
    ck_assert(!is_running(d, "cancelled", &mem));
    ck_assert(!pga_interrupt_check(&again));
}
END_TEST

START_TEST(second_signal_hangs_up_at_once)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
    /* A statement that takes no notice of being cancelled. */
    struct pga_message message = {
        .sql = PGA_STR("DO $$BEGIN LOOP BEGIN PERFORM pg_sleep(60);"
                       " EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END$$"),
    };
    struct pga_results results = {0};
    struct pga_error err = {0}, later_err = {0};
    int64_t start = pga_pq_now_ms();
    pid_t killer;

    pga_test_catch_signals();
    killer = pga_test_signal_later(300, SIGINT, 500);
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(err.signal, SIGINT);
    ck_assert_int_lt(pga_pq_now_ms() - start, 3000);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_LOST);
    ck_assert(pga_driver_reconnect(d, &later_err));
    pga_test_run(d,
                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO %'");
}
END_TEST

START_TEST(time_is_up)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
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
    pga_test_run(d, "ROLLBACK");
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
}
END_TEST

START_TEST(silence_is_a_lost_server)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
    struct pga_message message = {.sql = PGA_STR("BEGIN; SELECT pg_sleep(60)"),
                                  .timeout_ms = _i == 0 ? 0 : 60000,
                                  .answer_ms = 300};
    struct pga_results results = {0};
    struct pga_error err = {0};
    int64_t start = pga_pq_now_ms();

    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_msg(err.code == PGA_ERR_LOST, "%s", err.message);
    ck_assert_int_eq(err.id, PGA_ID_CONNECTION_LOST);
    ck_assert_ptr_nonnull(strstr(err.message, "did not answer for 300 ms"));
    ck_assert_int_lt(pga_pq_now_ms() - start, 5000);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_LOST);
}
END_TEST

/* A commit that waits for a standby is done when it is cancelled, with a warning; other errors stay what they are. */
START_TEST(answer_to_a_cancel_is_an_answer)
{
    const char *const sql[] = {
        "DO $$BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END$$",
        "DO $$BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN PERFORM 1/0; END$$"};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
    struct pga_message message = {.sql = pga_str_of(sql[_i]), .answer_ms = 300};
    struct pga_results results = {0};
    struct pga_error err = {0};

    ck_assert(pga_driver_query(d, &message, &mem, &results, &err) == (_i == 0));
    ck_assert_str_eq(err.sqlstate, _i == 0 ? "" : "22012");
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
}
END_TEST

START_TEST(frozen_server_does_not_hold_a_signal)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
    struct pga_message message = {.sql = PGA_STR("SELECT pg_sleep(60)")};
    struct pga_results results = {0};
    struct pga_error err = {0};
    int64_t start = pga_pq_now_ms();
    pid_t killer, backend = pga_driver_backend_pid(d);

    pga_test_catch_signals();
    ck_assert_int_eq(kill(backend, SIGSTOP), 0);
    killer = pga_test_signal_later(300, SIGTERM, 0);
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    (void)kill(backend, SIGCONT);
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_int_lt(pga_pq_now_ms() - start, 10000);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_LOST);
}
END_TEST

START_TEST(copy_in_is_stopped_too)
{
    /* The server sleeps at the first row; the larger data is then still on its way. */
    const size_t size = _i == 0 ? 6 : 16 << 20;
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
    struct pga_message message = {
        .sql = PGA_STR("CREATE TEMP TABLE slow (x int CHECK (pg_sleep(30) IS NOT NULL)); COPY slow "
                       "FROM STDIN"),
        .copy_count = 1,
        .timeout_ms = 300,
    };
    struct pga_results results = {0};
    struct pga_error err = {0};
    int64_t start = pga_pq_now_ms();
    char *data = pga_new_array(&mem, char, size);
    struct pga_str copies[] = {{data, size}};

    for (size_t i = 0; i < size; i++)
        data[i] = i % 2 == 0 ? '1' : '\n';
    message.copies = copies;
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DEADLINE);
    ck_assert_str_eq(results.error->sqlstate, "57014");
    ck_assert_int_lt(pga_pq_now_ms() - start, 5000);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
}
END_TEST

START_TEST(late_request_hits_no_later_statement)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();

    for (int i = 0; i < 60; i++) {
        struct pga_message message = {
            .sql = pga_str_of(pga_format(&mem, "SELECT pg_sleep(0.00%d)", 1 + i % 9)),
            .timeout_ms = 1 + i % 7,
        };
        struct pga_results results = {0};
        struct pga_error err = {0};

        if (!pga_driver_query(d, &message, &mem, &results, &err))
            ck_assert_msg(err.code == PGA_ERR_DEADLINE, "%s", err.message);
        pga_test_run(d, "SELECT pg_sleep(0.002)");
    }
}
END_TEST

START_TEST(backend_is_terminated_by_another)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
    struct pga_message message = {.sql = PGA_STR("SELECT pg_sleep(60)")};
    struct pga_results results = {0};
    struct pga_error err = {0};
    pid_t child = fork();

    if (child == 0) {
        PGA_AUTO(pga_driver_close)
        struct pga_driver *other = pga_test_open_plain();

        pga_test_pause(300);
        pga_test_run(
            other, pga_format(&mem, "SELECT pg_terminate_backend(%d)", pga_driver_backend_pid(d)));
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
    struct pga_driver *d = pga_test_open_plain();
    PGA_AUTO(pga_driver_close)
    struct pga_driver *other = pga_test_open_plain();
    struct pga_message message = {.sql = PGA_STR("CREATE TEMP TABLE t (x int); COPY t FROM STDIN"),
                                  .copies = copies,
                                  .copy_count = 1};
    struct pga_results results = {0};
    struct pga_error err = {0};

    pga_test_run(other,
                 pga_format(&mem, "SELECT pg_terminate_backend(%d)", pga_driver_backend_pid(d)));
    pga_test_pause(200);
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_msg(err.code == PGA_ERR_LOST, "%s", err.message);
    ck_assert_str_ne(err.detail, "");
    ck_assert_ptr_null(results.items);
}
END_TEST

START_TEST(dropped_rows_need_no_memory)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
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
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 8192); /* kB */
#endif
}
END_TEST

START_TEST(large_messages_and_copies_travel)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_test_open_plain();
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
    struct pga_driver *d = pga_test_open_plain();
    struct pga_result result;
    struct pga_error err = {0};

    ck_assert(!pga_driver_rows(d, PGA_STR("SELECT FROM generate_series(1, 1000001)"), &mem, &result,
                               &err));
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
    ck_assert_str_eq(pga_test_value(d, "SELECT 1", &mem), "1");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("messages through libpq");
    TCase *tcase = tcase_create("core");

    (void)pga_test_server_start();
    tcase_add_test(tcase, signal_cancels_what_runs);
    tcase_add_test(tcase, second_signal_hangs_up_at_once);
    tcase_add_test(tcase, time_is_up);
    tcase_add_loop_test(tcase, silence_is_a_lost_server, 0, 2);
    tcase_add_loop_test(tcase, answer_to_a_cancel_is_an_answer, 0, 2);
    tcase_add_test(tcase, frozen_server_does_not_hold_a_signal);
    tcase_add_loop_test(tcase, copy_in_is_stopped_too, 0, 2);
    tcase_add_test(tcase, late_request_hits_no_later_statement);
    tcase_add_test(tcase, backend_is_terminated_by_another);
    tcase_add_test(tcase, backend_is_killed);
    tcase_add_test(tcase, dropped_rows_need_no_memory);
    tcase_add_test(tcase, large_messages_and_copies_travel);
    tcase_add_test(tcase, too_many_rows_are_refused);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return pga_test_run_suite(suite);
}
