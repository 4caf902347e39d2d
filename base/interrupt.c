/*
 * base/interrupt.c: a self-pipe, so that a wait in poll() sees a signal without a race.
 *
 * Nothing reads the pipe: once a stop has been asked for, it stays readable, and every later wait
 * ends too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t first_signal;
static volatile sig_atomic_t signal_count;
static volatile sig_atomic_t is_asked; /* SIGUSR1 has come and was not answered yet */
static pga_interrupt_answer_fn *answer_fn;
static void *answer_ctx;
static volatile sig_atomic_t read_fd = -1;
static volatile sig_atomic_t write_fd = -1;

/* The handler: nothing but stores and write(), which are async-signal-safe. */
static void
note_signal(int signal)
{
    int saved = errno; /* the interrupted code may be about to look at it */

    /* A terminal that goes away sends SIGHUP more than once, which is no impatience. */
    if (signal_count < 127 && (signal != SIGHUP || first_signal == 0))
        signal_count++;
    if (first_signal == 0)
        first_signal = signal;
    if (write_fd >= 0)
        (void)!write(write_fd, "", 1); /* a full pipe is readable enough */
    errno = saved;
}

static void
note_question(int signal PGA_UNUSED)
{
    is_asked = 1;
}

static bool
make_pipe(void)
{
    int fds[2];

    if (pipe(fds) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        int flags = fcntl(fds[i], F_GETFL);

        if (flags < 0 || fcntl(fds[i], F_SETFL, flags | O_NONBLOCK) != 0 ||
            fcntl(fds[i], F_SETFD, FD_CLOEXEC) != 0) {
            (void)close(fds[0]); /* GCOVR_EXCL_LINE: fcntl on a fresh pipe doesn't fail */
            (void)close(fds[1]); /* GCOVR_EXCL_LINE: the same */
            return false;        /* GCOVR_EXCL_LINE: the same */
        }
    }
    read_fd = fds[0];
    write_fd = fds[1];
    return true;
}

/* SIGHUP, unless nohup(1) or the like has decided that it must not stop anything. */
static bool
catch_hangup(const struct sigaction *catch)
{
    struct sigaction before;

    return sigaction(SIGHUP, NULL, &before) == 0 &&
           (before.sa_handler == SIG_IGN || sigaction(SIGHUP, catch, NULL) == 0);
}

bool
pga_interrupt_install(struct pga_error *err)
{
    struct sigaction catch = {.sa_handler = note_signal}; /* no SA_RESTART: a wait must end */
    struct sigaction ignore = {.sa_handler = SIG_IGN};    /* a closed pipe is an error of write() */
    /* A question must not make a read() or write() fail; poll() ends all the same. */
    struct sigaction ask = {.sa_handler = note_question, .sa_flags = SA_RESTART};

    if (read_fd < 0 && !make_pipe())
        return pga_fail(err, PGA_ERR_UNEXPECTED, "cannot make a pipe for signals: %s",
                        strerror(errno));
    (void)sigemptyset(&ignore.sa_mask);
    (void)sigemptyset(&ask.sa_mask);
    (void)sigemptyset(&catch.sa_mask);
    (void)sigaddset(&catch.sa_mask, SIGINT); /* the handlers don't interrupt each other */
    (void)sigaddset(&catch.sa_mask, SIGTERM);
    (void)sigaddset(&catch.sa_mask, SIGHUP);
    if (sigaction(SIGINT, &catch, NULL) != 0 || sigaction(SIGTERM, &catch, NULL) != 0 ||
        !catch_hangup(&catch) || sigaction(SIGPIPE, &ignore, NULL) != 0 ||
        sigaction(SIGUSR1, &ask, NULL) != 0)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "cannot catch signals: %s", /* GCOVR_EXCL_LINE */
                        strerror(errno)); /* GCOVR_EXCL_LINE: valid signals don't fail */
    return true;
}

int
pga_interrupt_signal(void)
{
    return first_signal;
}

int
pga_interrupt_count(void)
{
    return signal_count;
}

int
pga_interrupt_fd(void)
{
    return read_fd;
}

void
pga_interrupt_on_question(pga_interrupt_answer_fn *answer, void *ctx)
{
    answer_fn = answer;
    answer_ctx = ctx;
}

void
pga_interrupt_serve(void)
{
    pga_interrupt_answer_fn *answer = answer_fn;

    if (is_asked == 0 || answer == NULL)
        return;
    is_asked = 0;
    answer_fn = NULL; /* an answer that waits itself is not asked for another */
    answer(answer_ctx);
    answer_fn = answer;
}

void
pga_interrupt_raise(int signal)
{
    if (signal == SIGUSR1)
        note_question(signal);
    else
        note_signal(signal);
}

void
pga_interrupt_clear(void)
{
    char bytes[64];

    while (read_fd >= 0 && read(read_fd, bytes, sizeof(bytes)) > 0)
        ;
    first_signal = 0;
    signal_count = 0;
    is_asked = 0;
    answer_fn = NULL;
}

bool
pga_interrupt_check(struct pga_error *err)
{
    int signal = first_signal;

    if (signal == 0)
        return true;
    (void)pga_fail(err, PGA_ERR_INTERRUPTED, "stopped by %s",
                   signal == SIGINT    ? "SIGINT"
                   : signal == SIGTERM ? "SIGTERM"
                   : signal == SIGHUP  ? "SIGHUP"
                                       : "a signal");
    err->signal = signal;
    return false;
}
