/*
 * tests/contract/pq_world.c: what the tests of libpq's driver share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/contract/pq_world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "tests/helpers/server.h"

void
pga_test_pause(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

struct pga_driver *
pga_test_open(const struct pga_pq_settings *settings)
{
    struct pga_error err = {0};
    struct pga_driver *d = pga_pq_open(settings, &err);

    ck_assert_msg(d != NULL, "%s", err.message);
    ck_assert_int_eq(err.code, PGA_OK);
    return d;
}

struct pga_driver *
pga_test_open_plain(void)
{
    struct pga_pq_settings settings = {.conninfo = pga_test_server_start()};

    return pga_test_open(&settings);
}

const char *
pga_test_value(struct pga_driver *d, const char *sql, struct pga_arena *mem)
{
    struct pga_result result = {0};
    struct pga_error err = {0};

    ck_assert_msg(pga_driver_rows(d, pga_str_of(sql), mem, &result, &err), "%s: %s", sql,
                  err.message);
    ck_assert_uint_eq(result.row_count, 1);
    return pga_result_value(&result, 0, 0);
}

void
pga_test_run(struct pga_driver *d, const char *sql)
{
    struct pga_error err = {0};

    ck_assert_msg(pga_driver_run(d, pga_str_of(sql), &err), "%s: %s", sql, err.message);
}

struct pga_error
pga_test_refusal(const struct pga_pq_settings *settings)
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

struct pga_error
pga_test_refusal_of(const char *conninfo)
{
    struct pga_pq_settings settings = {.conninfo = conninfo};

    return pga_test_refusal(&settings);
}

const char *
pga_test_conninfo(struct pga_arena *mem, const char *more)
{
    return pga_format(mem, "host=%s port=5432 %s", pga_test_server_directory(), more);
}

pid_t
pga_test_signal_later(int64_t after_ms, int signal, int64_t again_ms)
{
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child > 0)
        return child;
    pga_test_pause(after_ms);
    (void)kill(getppid(), signal);
    if (again_ms > 0) {
        pga_test_pause(again_ms);
        (void)kill(getppid(), signal);
    }
    _exit(0);
}

void
pga_test_catch_signals(void)
{
    struct pga_error err = {0};

    ck_assert(pga_interrupt_install(&err));
    pga_interrupt_clear();
}

int
pga_test_listen(int *out_port)
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

int
pga_test_run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
