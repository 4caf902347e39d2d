/*
 * tests/contract/pq_waiting.c: what is tried again, for how long, and with which secret.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/interrupt.h"
#include "tests/contract/pq_world.h"
#include "tests/helpers/server.h"
#include "tests/helpers/temp.h"

/* What a session's settings are told and ask for. */
static struct told {
    int waits;
    const char *first,
        *later; /* the connection string: at the first tries, and from the `turn`th on */
    int tries, turn;
} told;

static void
hear_waiting(void *ctx, const struct pga_error *why, int64_t left_ms)
{
    ck_assert_ptr_eq(ctx, &told);
    ck_assert_str_ne(why->message, "");
    ck_assert_int_gt(left_ms, 0);
    told.waits++;
}

static const char *
read_again(void *ctx, struct pga_arena *mem)
{
    ck_assert_ptr_eq(ctx, &told);
    return pga_strdup(mem, ++told.tries < told.turn ? told.first : told.later);
}

START_TEST(waiting_ends)
{
    struct pga_pq_settings settings = {.conninfo = "host=/nowhere user=postgres",
                                       .wait_ms = 700,
                                       .waiting = hear_waiting,
                                       .ctx = &told};
    int64_t start = pga_pq_now_ms();

    ck_assert_int_eq(pga_test_refusal(&settings).code, PGA_ERR_NO_SERVER);
    ck_assert_int_ge(pga_pq_now_ms() - start, 700);
    ck_assert_int_lt(pga_pq_now_ms() - start, 3000);
    ck_assert_int_ge(told.waits, 1);
}
END_TEST

START_TEST(waiting_is_rewarded)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *plain = pga_test_open_plain();
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;
    struct pga_pq_settings settings = {
        .conninfo = pga_test_conninfo(&mem, "user=full dbname=postgres"), .wait_ms = 20000};
    int64_t start = pga_pq_now_ms();
    pid_t child;

    pga_test_run(plain, "CREATE ROLE \"full\" LOGIN CONNECTION LIMIT 0");
    child = fork();
    if (child == 0) {
        PGA_AUTO(pga_driver_close)
        struct pga_driver *other = pga_test_open_plain();

        pga_test_pause(600);
        pga_test_run(other, "ALTER ROLE \"full\" CONNECTION LIMIT -1");
        _exit(0);
    }
    d = pga_test_open(&settings);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_str_eq(pga_test_value(d, "SELECT 1", &mem), "1");
    ck_assert_int_ge(pga_pq_now_ms() - start, 500);
}
END_TEST

START_TEST(missing_database_is_tried_three_times)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {.conninfo =
                                           pga_test_conninfo(&mem, "user=postgres dbname=nowhere"),
                                       .wait_ms = 20000,
                                       .waiting = hear_waiting,
                                       .ctx = &told};
    int64_t start = pga_pq_now_ms();

    ck_assert_int_eq(pga_test_refusal(&settings).id, PGA_ID_NO_DATABASE);
    ck_assert_int_eq(told.waits, 2);
    ck_assert_int_lt(pga_pq_now_ms() - start, 5000);
}
END_TEST

START_TEST(typed_password_stays_wrong)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq_settings settings = {
        .conninfo =
            pga_test_conninfo(&mem, "user=needs_password dbname=postgres password=wrong-word"),
        .wait_ms = 20000,
        .waiting = hear_waiting,
        .ctx = &told};

    ck_assert_int_eq(pga_test_refusal(&settings).id, PGA_ID_LOGIN);
    ck_assert_int_eq(told.waits, 0);
}
END_TEST

START_TEST(secret_is_read_again)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;
    struct pga_pq_settings settings = {
        .wait_ms = 20000, .reread = read_again, .waiting = hear_waiting, .ctx = &told};
    struct pga_error err = {0};

    /* The one in between is being written, or something else altogether: the one before counts. */
    told.first = pga_test_conninfo(&mem, "user=needs_password dbname=postgres password=wrong-word");
    told.later =
        pga_test_conninfo(&mem, "user=needs_password dbname=postgres password='open sesame'");
    told.turn = 3;
    settings.conninfo = told.first;
    if (_i == 1)
        told.first = "host=";
    d = pga_test_open(&settings);
    ck_assert_int_eq(told.waits, 2);
    ck_assert_int_eq(told.tries, 3);
    ck_assert(pga_driver_reconnect(d, &err));
    ck_assert_int_eq(told.tries, 4);
}
END_TEST

static void
write_passfile(struct pga_arena *mem, const char *dir, const char *name, const char *password,
               mode_t mode)
{
    char *path = pga_temp_write(
        mem, dir, name, pga_format(mem, "# a comment\r\n*:*:*:needs_password:%s\r\n", password),
        SIZE_MAX);

    ck_assert_int_eq(chmod(path, mode), 0);
}

/* A mounted Secret, whose symbolic link is exchanged as the kubelet does it. */
START_TEST(password_file_is_read_again)
{
    static const struct {
        mode_t before, after;
    } modes[] = {{0600, 0600}, {0440, 0440}, {0600, 0440}, {0666, 0640}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;
    char *dir = pga_temp_directory(&mem);
    struct pga_pq_settings settings = {.wait_ms = 20000, .waiting = hear_waiting, .ctx = &told};
    pid_t child;

    if (getuid() != 0 && modes[_i].after != 0600) {
        pga_temp_remove(dir);
        return; /* only root's files may be readable by a group */
    }
    write_passfile(&mem, dir, "old", "wrong", modes[_i].before);
    write_passfile(&mem, dir, "new", "open sesame", modes[_i].after);
    ck_assert_int_eq(symlink("old", pga_format(&mem, "%s/link", dir)), 0);
    ck_assert_int_eq(symlink("new", pga_format(&mem, "%s/next", dir)), 0);
    settings.conninfo =
        pga_format(&mem, "%s passfile=%s/link",
                   pga_test_conninfo(&mem, "user=needs_password dbname=postgres"), dir);
    child = fork();
    if (child == 0) {
        pga_test_pause(700);
        _exit(rename(pga_format(&mem, "%s/next", dir), pga_format(&mem, "%s/link", dir)) != 0);
    }
    d = pga_test_open(&settings);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_str_eq(pga_test_value(d, "SELECT 1", &mem), "1");
    ck_assert_int_ge(told.waits, 1);
    pga_temp_remove(dir);
}
END_TEST

START_TEST(password_file_of_everybody_is_refused)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *dir = pga_temp_directory(&mem);
    struct pga_error err;

    write_passfile(&mem, dir, "pass", "open sesame", 0644);
    err = pga_test_refusal_of(
        pga_format(&mem, "%s passfile=%s/pass",
                   pga_test_conninfo(&mem, "user=needs_password dbname=postgres"), dir));
    ck_assert_int_eq(err.id, PGA_ID_LOGIN);
    ck_assert_ptr_nonnull(strstr(err.hint, pga_format(&mem, "\"chmod 0600 %s/pass\"", dir)));
    pga_temp_remove(dir);
}
END_TEST

START_TEST(who_is_asked_to_stop_waits_no_more)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port, fd = pga_test_listen(&port);
    struct pga_pq_settings settings = {
        .conninfo = pga_format(&mem, "host=127.0.0.1 port=%d user=postgres", port),
        .wait_ms = 60000,
    };
    int64_t start = pga_pq_now_ms();

    pga_test_catch_signals();
    pga_interrupt_raise(SIGTERM);
    ck_assert_int_eq(pga_test_refusal(&settings).code, PGA_ERR_NO_SERVER);
    ck_assert_int_lt(pga_pq_now_ms() - start, 10000);
    (void)close(fd);
}
END_TEST

static void
set_up(void)
{
    memset(&told, 0, sizeof(told));
}

int
main(void)
{
    Suite *suite = suite_create("waiting for a server");
    TCase *tcase = tcase_create("core");

    (void)pga_test_server_start();
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, waiting_ends);
    tcase_add_test(tcase, waiting_is_rewarded);
    tcase_add_test(tcase, missing_database_is_tried_three_times);
    tcase_add_test(tcase, typed_password_stays_wrong);
    tcase_add_loop_test(tcase, secret_is_read_again, 0, 2);
    tcase_add_loop_test(tcase, password_file_is_read_again, 0, 4);
    tcase_add_test(tcase, password_file_of_everybody_is_refused);
    tcase_add_test(tcase, who_is_asked_to_stop_waits_no_more);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return pga_test_run_suite(suite);
}
