/*
 * drivers/pq/cancel.c: asking the server, over a second connection, to cancel what a session runs.
 *
 * libpq can do that without blocking from version 17 on.  Before, its only call blocks, for minutes
 * when the network is dead, so it runs in a thread that nobody waits for longer than he likes.
 *
 * Source: PostgreSQL manual, libpq, "Canceling Queries in Progress".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#ifdef LIBPQ_HAS_ASYNC_CANCEL

/* Where the request stands: ended, or waiting for its socket. */
static void
settle(struct pga_pq_cancel *cancel, PostgresPollingStatusType status)
{
    if (status == PGRES_POLLING_OK || status == PGRES_POLLING_FAILED) {
        pga_pq_cancel_close(cancel);
        return;
    }
    cancel->fd = PQcancelSocket(cancel->handle);
    cancel->events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
}

void *
pga_pq_cancel_prepare(PGconn *conn)
{
    return PQcancelCreate(conn);
}

void
pga_pq_cancel_forget(void *request)
{
    PQcancelFinish(request);
}

void
pga_pq_cancel_start(struct pga_pq_cancel *cancel, void *request)
{
    cancel->fd = -1;
    cancel->handle = request;
    if (cancel->handle == NULL)
        return;
    settle(cancel,
           PQcancelStart(cancel->handle) == 1 ? PGRES_POLLING_WRITING : PGRES_POLLING_FAILED);
}

void
pga_pq_cancel_advance(struct pga_pq_cancel *cancel)
{
    settle(cancel, PQcancelPoll(cancel->handle));
}

void
pga_pq_cancel_close(struct pga_pq_cancel *cancel)
{
    if (cancel->handle != NULL)
        PQcancelFinish(cancel->handle);
    cancel->handle = NULL;
    cancel->fd = -1;
}

#else

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* What the thread needs; it lives on its own arena, which the thread releases. */
struct job {
    struct pga_arena mem;
    PGcancel *request;
    int end_fd; /* closed when the request has ended: whoever polls the other end sees it */
};

static void
end_job(struct job *job)
{
    struct pga_arena mem = job->mem;

    PQfreeCancel(job->request);
    (void)close(job->end_fd);
    pga_arena_release(&mem);
}

static void *
run_job(void *arg)
{
    struct job *job = arg;
    char refusal[256];

    (void)PQcancel(job->request, refusal, sizeof(refusal));
    end_job(job);
    return NULL;
}

/* Signals are for the main thread: this one is created with all of them blocked. */
static bool
start_thread(struct job *job)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    bool started;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&thread, &attributes, run_job, job) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return started;
}

void *
pga_pq_cancel_prepare(PGconn *conn)
{
    return PQgetCancel(conn);
}

void
pga_pq_cancel_forget(void *request)
{
    PQfreeCancel(request);
}

void
pga_pq_cancel_start(struct pga_pq_cancel *cancel, void *request)
{
    struct pga_arena mem = {0};
    struct job *job;
    int fds[2];

    cancel->fd = -1;
    if (request == NULL)
        return;
    if (pipe(fds) != 0) {
        PQfreeCancel(request);
        return;
    }
    (void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
    job = pga_new(&mem, struct job);
    *job = (struct job){.mem = mem, .request = request, .end_fd = fds[1]};
    cancel->fd = fds[0];
    cancel->events = POLLIN;
    if (!start_thread(job)) {
        end_job(job);
        pga_pq_cancel_close(cancel);
    }
}

void
pga_pq_cancel_advance(struct pga_pq_cancel *cancel)
{
    pga_pq_cancel_close(cancel); /* its descriptor becomes ready only at the end */
}

void
pga_pq_cancel_close(struct pga_pq_cancel *cancel)
{
    if (cancel->fd >= 0)
        (void)close(cancel->fd);
    cancel->fd = -1;
}

#endif
