/*
 * tests/unit/test_clock.c: base/clock.h and base/interrupt.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "base/interrupt.h"

#define LONG_MS 30000 /* a sleep that must not last */

static void
install(void)
{
    struct pga_error err = {0};

    ck_assert_msg(pga_interrupt_install(&err), "%s", err.message);
}

static bool
is_readable(void)
{
    struct pollfd wake = {.fd = pga_interrupt_fd(), .events = POLLIN};

    return poll(&wake, 1, 0) == 1;
}

/* Send a signal to this process after a while, from a child. */
static pid_t
signal_later(int number, int ms)
{
    pid_t self = getpid(), child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)poll(NULL, 0, ms);
        (void)kill(self, number);
        _exit(0);
    }
    return child;
}

START_TEST(monotonic_never_goes_back)
{
    const struct pga_clock *clock = pga_clock_system();
    int64_t before = pga_clock_now_ms(clock);

    for (int i = 0; i < 1000; i++) {
        int64_t now = pga_clock_now_ms(clock);

        ck_assert_int_ge(now, before);
        before = now;
    }
}
END_TEST

START_TEST(calendar_is_the_systems)
{
    const struct pga_clock *clock = pga_clock_system();
    time_t before = time(NULL);
    int64_t now = clock->unix_s(clock->ctx);

    ck_assert_int_ge(now, before - 1); /* time() may lag by a tick */
    ck_assert_int_le(now, before + 5);
}
END_TEST

START_TEST(sleep_lasts)
{
    const struct pga_clock *clock = pga_clock_system();
    int64_t start = pga_clock_now_ms(clock);

    pga_clock_sleep_ms(clock, 30);
    ck_assert_int_ge(pga_clock_now_ms(clock) - start, 30);
    start = pga_clock_now_ms(clock);
    pga_clock_sleep_ms(clock, 0);
    pga_clock_sleep_ms(clock, -5);
    pga_clock_sleep_ms(clock, INT64_MIN);
    ck_assert_int_lt(pga_clock_now_ms(clock) - start, 1000);
}
END_TEST

static void
ignore_it(int number PGA_UNUSED)
{
}

START_TEST(other_signals_do_not_shorten_a_sleep)
{
    const struct pga_clock *clock = pga_clock_system();
    struct sigaction other = {.sa_handler = ignore_it};
    int64_t start;
    pid_t child;

    install();
    ck_assert_int_eq(sigaction(SIGUSR1, &other, NULL), 0);
    start = pga_clock_now_ms(clock);
    child = signal_later(SIGUSR1, 20);
    pga_clock_sleep_ms(clock, 150);
    ck_assert_int_ge(pga_clock_now_ms(clock) - start, 150);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(an_interrupt_ends_a_sleep)
{
    const struct pga_clock *clock = pga_clock_system();
    int64_t start = pga_clock_now_ms(clock);
    pid_t child;

    install();
    child = signal_later(SIGTERM, 30);
    pga_clock_sleep_ms(clock, INT64_MAX); /* for ever */
    ck_assert_int_lt(pga_clock_now_ms(clock) - start, LONG_MS);
    ck_assert_int_eq(pga_interrupt_signal(), SIGTERM);
    pga_clock_sleep_ms(clock, LONG_MS); /* and every one after it */
    ck_assert_int_lt(pga_clock_now_ms(clock) - start, LONG_MS);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

/* A signal can come just before poll(), or to another thread: only the descriptor ends the wait then. */
START_TEST(the_descriptor_ends_a_sleep)
{
    const struct pga_clock *clock = pga_clock_system();
    int64_t start = pga_clock_now_ms(clock);
    pid_t child;

    install();
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)poll(NULL, 0, 30);
        pga_interrupt_raise(
            SIGTERM); /* into the pipe that both have; no signal interrupts anything */
        _exit(0);
    }
    pga_clock_sleep_ms(clock, LONG_MS);
    ck_assert_int_lt(pga_clock_now_ms(clock) - start, LONG_MS);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(an_interrupt_counts_without_installation)
{
    const struct pga_clock *clock = pga_clock_system();
    int64_t start = pga_clock_now_ms(clock);

    ck_assert_int_eq(pga_interrupt_fd(), -1);
    pga_interrupt_raise(SIGINT);
    pga_clock_sleep_ms(clock, LONG_MS);
    ck_assert_int_lt(pga_clock_now_ms(clock) - start, LONG_MS);
    pga_interrupt_clear();
    ck_assert_int_eq(pga_interrupt_signal(), 0);
}
END_TEST

START_TEST(the_first_signal_is_kept)
{
    struct pga_error err = {0};

    install();
    ck_assert_int_eq(pga_interrupt_signal(), 0);
    ck_assert_int_eq(pga_interrupt_count(), 0);
    ck_assert(pga_interrupt_check(&err));
    ck_assert_int_eq(err.code, PGA_OK);
    ck_assert(!is_readable());

    ck_assert_int_eq(raise(SIGINT), 0);
    ck_assert(is_readable());
    ck_assert_int_eq(pga_interrupt_count(), 1);
    ck_assert_int_eq(raise(SIGTERM), 0);
    ck_assert_int_eq(pga_interrupt_signal(), SIGINT);
    ck_assert_int_eq(pga_interrupt_count(), 2);
    ck_assert(!pga_interrupt_check(&err));
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
    ck_assert_int_eq(err.signal, SIGINT);
    ck_assert_str_eq(err.message, "stopped by SIGINT");
    ck_assert_int_eq(pga_error_exit_status(&err), 130);
}
END_TEST

START_TEST(clear_forgets)
{
    struct pga_error err = {0};

    install();
    for (int i = 0; i < 70000; i++) /* more than a pipe holds: the handler must not block */
        pga_interrupt_raise(SIGTERM);
    ck_assert_int_gt(pga_interrupt_count(), 1);
    ck_assert(!pga_interrupt_check(&err));
    ck_assert_str_eq(err.message, "stopped by SIGTERM");
    ck_assert_int_eq(pga_error_exit_status(&err), 143);
    pga_interrupt_clear();
    ck_assert(!is_readable());
    ck_assert_int_eq(pga_interrupt_signal(), 0);
    ck_assert_int_eq(pga_interrupt_count(), 0);
    err.code = PGA_OK;
    ck_assert(pga_interrupt_check(&err));
    pga_interrupt_raise(SIGUSR2);
    ck_assert(is_readable());
    ck_assert(!pga_interrupt_check(&err));
    ck_assert_str_eq(err.message, "stopped by a signal");
}
END_TEST

static int answers;

static void
count_answer(void *ctx)
{
    answers++;
    ck_assert_ptr_eq(ctx, &answers);
    pga_interrupt_raise(
        SIGUSR1); /* who answers may be asked again, and does not begin anew within */
    pga_interrupt_serve();
}

START_TEST(a_question_is_answered_and_stops_nothing)
{
    const struct pga_clock *clock = pga_clock_system();
    struct pga_error err = {0};
    int64_t start;
    pid_t child;

    install();
    answers = 0;
    ck_assert_int_eq(raise(SIGUSR1), 0); /* nobody answers yet */
    pga_interrupt_serve();
    ck_assert(!is_readable());
    ck_assert(pga_interrupt_check(&err));
    pga_interrupt_on_question(count_answer, &answers);
    pga_interrupt_serve();
    ck_assert_int_eq(answers, 1);
    pga_interrupt_serve(); /* the one that came meanwhile */
    ck_assert_int_eq(answers, 2);
    pga_interrupt_on_question(NULL, NULL);
    pga_interrupt_serve();
    ck_assert_int_eq(answers, 2);
    pga_interrupt_clear();
    pga_interrupt_on_question(count_answer, &answers);
    start = pga_clock_now_ms(clock);
    child = signal_later(SIGUSR1, 20);
    pga_clock_sleep_ms(clock, 300);
    ck_assert_int_ge(pga_clock_now_ms(clock) - start, 300);
    ck_assert_int_ge(answers, 3);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(a_hangup_stops_and_never_hurries)
{
    struct pga_error err = {0};

    install();
    ck_assert_int_eq(raise(SIGHUP), 0);
    ck_assert_int_eq(raise(SIGHUP), 0); /* the terminal sends one, and its shell another */
    ck_assert_int_eq(pga_interrupt_count(), 1);
    ck_assert(!pga_interrupt_check(&err));
    ck_assert_str_eq(err.message, "stopped by SIGHUP");
    ck_assert_int_eq(pga_error_exit_status(&err), 129);
    ck_assert_int_eq(raise(SIGINT), 0);
    ck_assert_int_eq(pga_interrupt_count(), 2);
    ck_assert_int_eq(pga_interrupt_signal(), SIGHUP);
}
END_TEST

START_TEST(an_ignored_hangup_stays_ignored)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, now;

    (void)sigemptyset(&ignore.sa_mask);
    ck_assert_int_eq(sigaction(SIGHUP, &ignore, NULL), 0);
    install();
    ck_assert_int_eq(sigaction(SIGHUP, NULL, &now), 0);
    ck_assert(now.sa_handler == SIG_IGN);
}
END_TEST

START_TEST(the_handler_keeps_errno)
{
    install();
    for (int i = 0; i < 70000; i++) { /* at last the pipe is full and its write fails */
        errno = EDOM;
        pga_interrupt_raise(SIGINT);
        ck_assert_int_eq(errno, EDOM);
    }
}
END_TEST

START_TEST(a_wait_is_not_restarted)
{
    int fds[2];
    char byte;
    pid_t child;

    install();
    ck_assert_int_eq(pipe(fds), 0);
    child = signal_later(SIGINT, 30);
    ck_assert_int_eq(read(fds[0], &byte, 1), -1); /* nobody ever writes */
    ck_assert_int_eq(errno, EINTR);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(a_closed_pipe_is_no_death)
{
    int fds[2];

    install();
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(close(fds[0]), 0);
    ck_assert_int_eq(write(fds[1], "x", 1), -1);
    ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(children_do_not_inherit_the_pipe)
{
    int fd;

    install();
    fd = pga_interrupt_fd();
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    install(); /* again: the same pipe */
    ck_assert_int_eq(pga_interrupt_fd(), fd);
}
END_TEST

START_TEST(installing_can_fail)
{
    struct rlimit usual, none;
    struct pga_error err = {0};

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = usual;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert(!pga_interrupt_install(&err));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
    ck_assert_ptr_nonnull(strstr(err.message, strerror(EMFILE)));
    ck_assert_int_eq(pga_interrupt_fd(), -1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, monotonic_never_goes_back);
    tcase_add_test(tcase, calendar_is_the_systems);
    tcase_add_test(tcase, sleep_lasts);
    tcase_add_test(tcase, other_signals_do_not_shorten_a_sleep);
    tcase_add_test(tcase, an_interrupt_ends_a_sleep);
    tcase_add_test(tcase, the_descriptor_ends_a_sleep);
    tcase_add_test(tcase, an_interrupt_counts_without_installation);
    tcase_add_test(tcase, the_first_signal_is_kept);
    tcase_add_test(tcase, clear_forgets);
    tcase_add_test(tcase, a_question_is_answered_and_stops_nothing);
    tcase_add_test(tcase, a_hangup_stops_and_never_hurries);
    tcase_add_test(tcase, an_ignored_hangup_stays_ignored);
    tcase_add_test(tcase, the_handler_keeps_errno);
    tcase_add_test(tcase, a_wait_is_not_restarted);
    tcase_add_test(tcase, a_closed_pipe_is_no_death);
    tcase_add_test(tcase, children_do_not_inherit_the_pipe);
    tcase_add_test(tcase, installing_can_fail);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
