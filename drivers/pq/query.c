/*
 * drivers/pq/query.c: one message and its whole answer.
 *
 * What waits is await(), and only that: it turns a deadline or a signal into a request to cancel
 * and goes on reading, so that the rest of this file just follows the protocol to the end of the
 * answer.  When the end can't be reached the session is thrown away.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <string.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "drivers/sqlstate.h"

#define COPY_CHUNK ((size_t)64 * 1024)

enum stop { STOP_NONE, STOP_DEADLINE, STOP_SILENCE, STOP_SIGNAL };

struct exchange {
    struct pga_pq *pq;
    const struct pga_message *message;
    struct pga_arena *mem;
    struct pga_results *results;
    struct pga_pq_watch watch;
    size_t rows; /* of the running statement, already dropped */
    size_t copies_taken;
    bool is_for_silence; /* it is answer_ms that ends first */
    enum stop stop;      /* why the server was asked to cancel */
    bool abandoned;      /* the answer will not be read to its end */
    int64_t drain_end_ms;
    struct pga_pq_cancel cancel;
};

static void
clear_result(PGresult **res)
{
    PQclear(*res);
}

static int64_t
sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * Ask for the end of what runs, and again from time to time: a request that came too early did
 * nothing.
 */
static void
ask_to_cancel(struct exchange *x)
{
    if (x->cancel.fd < 0)
        pga_pq_cancel_start(&x->cancel, pga_pq_cancel_prepare(x->pq->conn));
    x->watch.deadline_ms = sooner(x->drain_end_ms, pga_pq_now_ms() + PGA_PQ_CANCEL_AGAIN_MS);
}

static bool
give_up(struct exchange *x)
{
    x->abandoned = true;
    return false;
}

static bool
begin_stop(struct exchange *x, enum stop why)
{
    x->stop = why;
    x->drain_end_ms = pga_pq_now_ms() + PGA_PQ_DRAIN_MS;
    ask_to_cancel(x);
    return true;
}

/*
 * The first signal cancels, one that comes on top of another (here or in an earlier call) hangs up.
 */
static bool
stop_for_signal(struct exchange *x)
{
    int seen = x->watch.signals_seen;
    enum stop before = x->stop;

    x->watch.signals_seen = pga_interrupt_count();
    x->stop = STOP_SIGNAL;
    if (seen > 0 || x->watch.signals_seen > 1 || x->message->is_dispensable)
        return give_up(x);
    return before != STOP_NONE || begin_stop(x, STOP_SIGNAL);
}

static bool
stop_for_time(struct exchange *x)
{
    if (x->message->is_dispensable) {
        x->stop = STOP_DEADLINE;
        return give_up(x);
    }
    if (x->stop == STOP_NONE)
        return begin_stop(x, x->is_for_silence ? STOP_SILENCE : STOP_DEADLINE);
    if (pga_pq_now_ms() >= x->drain_end_ms)
        return give_up(x);
    ask_to_cancel(x);
    return true;
}

/* Wait for the session's socket and take what came.  False when there is no sense in going on. */
static bool
await(struct exchange *x, short events)
{
    struct pollfd fds[2] = {{.fd = PQsocket(x->pq->conn), .events = events},
                            {.fd = x->cancel.fd, .events = x->cancel.events}};

    switch (pga_pq_wait(fds, 2, &x->watch)) {
    case PGA_PQ_SIGNALLED:
        return stop_for_signal(x);
    case PGA_PQ_TIMEOUT:
        return stop_for_time(x);
    case PGA_PQ_READY:
        break;
    }
    if (fds[1].revents != 0)
        pga_pq_cancel_advance(&x->cancel);
    if ((fds[0].revents & ~POLLOUT) != 0)
        (void)PQconsumeInput(x->pq->conn); /* a failure shows in PQstatus() */
    return true;
}

/* The next result, or NULL at the end of the answer or when it is abandoned. */
static PGresult *
next_result(struct exchange *x)
{
    PGconn *conn = x->pq->conn;

    while (!x->abandoned && PQstatus(conn) != CONNECTION_BAD) {
        int unsent =
            PQflush(conn); /* after an error of writing the server's last words can still be read */

        if (!PQisBusy(conn))
            break;
        if (!await(x, unsent == 1 ? POLLIN | POLLOUT : POLLIN))
            break;
    }
    return x->abandoned ? NULL : PQgetResult(conn);
}

/*
 * Send all that libpq holds back, reading meanwhile: a server that reports something must not block
 * on us.
 */
static bool
flush(struct exchange *x)
{
    int unsent;

    while ((unsent = PQflush(x->pq->conn)) == 1)
        if (!await(x, POLLIN | POLLOUT))
            return false;
    return unsent == 0;
}

/*
 * A server that waits for data does not look at a request to cancel, so a COPY that shall stop is
 * made to fail.
 */
static void
end_copy(struct exchange *x)
{
    int queued;

    do {
        queued = PQputCopyEnd(x->pq->conn, x->stop == STOP_NONE ? NULL : "stopped by the client");
    } while (queued == 0 && flush(x));
    if (queued != 1)
        (void)give_up(x);
}

/* Answer a COPY ... FROM STDIN with the message's next data; none is an empty copy. */
static void
feed_copy(struct exchange *x)
{
    PGconn *conn = x->pq->conn;
    struct pga_str data = {0};
    size_t sent = 0;

    if (x->copies_taken < x->message->copy_count)
        data = x->message->copies[x->copies_taken++];
    while (sent < data.len && x->stop == STOP_NONE) {
        struct pga_str chunk = pga_str_slice(data, sent, COPY_CHUNK);
        int queued = PQputCopyData(conn, chunk.data, (int)chunk.len);

        if (queued < 0 || !flush(x)) {
            (void)give_up(x);
            return;
        }
        sent += queued == 1 ? chunk.len : 0;
    }
    end_copy(x);
}

/* Drop what a COPY ... TO STDOUT sends. */
static void
drain_copy(struct exchange *x)
{
    int len;

    x->results->copied_out = true;
    do {
        char *row = NULL;

        len = PQgetCopyData(x->pq->conn, &row, 1);
        PQfreemem(row);
    } while (len > 0 || (len == 0 && PQstatus(x->pq->conn) != CONNECTION_BAD && await(x, POLLIN)));
}

static void
take_error(struct exchange *x, const PGresult *res)
{
    struct pga_server_message error;

    pga_pq_read_message(res, &error);
    /* Without a SQLSTATE it is libpq that speaks, about the connection. */
    if (x->results->error == NULL && error.sqlstate[0] != '\0')
        x->results->error = pga_driver_keep(x->mem, &error);
}

static void
pass_answer_points(const struct pga_results *results)
{
    if (results->count == 1)
        (void)PGA_FAULT(step_answered);
    if (strcmp(results->items[results->count - 1].tag, "COMMIT") == 0)
        (void)PGA_FAULT(step_committed);
}

static void
take_result(struct exchange *x, PGresult *res)
{
    switch (PQresultStatus(res)) {
    case PGRES_SINGLE_TUPLE:
        x->rows++;
        break;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        pga_pq_add_result(x->results, x->mem, res, x->message, x->rows);
        x->rows = 0;
        if (!x->message->keep_rows)
            pass_answer_points(x->results);
        break;
    case PGRES_COPY_IN:
        feed_copy(x);
        break;
    case PGRES_COPY_OUT:
        drain_copy(x);
        break;
    case PGRES_FATAL_ERROR:
        take_error(x, res);
        break;
    case PGRES_EMPTY_QUERY:
        break;
    default: /* replication, pipelines: nothing that a session of ours can be in */
        x->abandoned = true;
    }
}

static void
read_answer(struct exchange *x)
{
    for (;;) {
        PGA_AUTO(clear_result)
        PGresult *res = next_result(x);

        if (res == NULL)
            return;
        take_result(x, res);
    }
}

/*
 * A request that is still on its way could hit a later statement: let it arrive, or throw the
 * session away.
 */
static void
end_cancel(struct exchange *x)
{
    x->watch.deadline_ms = pga_pq_now_ms() + PGA_PQ_CANCEL_MS;
    while (!x->abandoned && x->cancel.fd >= 0) {
        struct pollfd fd = {.fd = x->cancel.fd, .events = x->cancel.events};

        if (pga_pq_wait(&fd, 1, &x->watch) == PGA_PQ_READY)
            pga_pq_cancel_advance(&x->cancel);
        else
            x->abandoned = true;
    }
    if (x->cancel.fd >= 0)
        pga_pq_cancel_close(&x->cancel);
}

/* A script may LISTEN; what comes of it would pile up. */
static void
drop_notifications(PGconn *conn)
{
    PGnotify *notification;

    while ((notification = PQnotifies(conn)) != NULL)
        PQfreemem(notification);
}

static bool
fail_stopped(struct exchange *x, struct pga_error *err)
{
    if (x->stop == STOP_SIGNAL)
        (void)!pga_interrupt_check(err);
    else
        (void)pga_fail(err, PGA_ERR_DEADLINE,
                       "the server was still at work when the time was up (%s)",
                       pga_format_duration_ms(x->mem, x->message->timeout_ms));
    if (x->pq->conn == NULL)
        return pga_error_detail(
            err, "The connection was closed before the server had confirmed that it stopped.");
    if (x->results->error == NULL)
        return pga_error_detail(err, "The server had finished before the request to stop arrived.");
    return pga_error_detail(err, "The server said: %s", x->results->error->message);
}

/* Whether the answer that came behind the request to cancel is a whole one, or an error for another reason. */
static bool
was_answered(const struct exchange *x, bool lost)
{
    const struct pga_server_message *error = x->results->error;

    return !lost &&
           (error == NULL || pga_sqlstate_class(error->sqlstate) != PGA_SQLSTATE_CANCELLED);
}

/*
 * The connection broke, which the server may not know: it would run what is left of the message, and commit (STEP 8).
 * Nobody waits longer for this than for any other request to cancel.
 */
static void
cancel_behind(struct exchange *x)
{
    if (x->abandoned || x->results->error != NULL) /* after an error the rest is skipped */
        return;
    pga_pq_cancel_start(&x->cancel, x->pq->last_cancel);
    x->pq->last_cancel = NULL;
    end_cancel(x);
}

/* What the whole exchange came to. */
static bool
conclude(struct exchange *x, struct pga_error *err)
{
    struct pga_pq *pq = x->pq;
    bool lost = x->abandoned || PQstatus(pq->conn) == CONNECTION_BAD;
    const char *why = lost ? pga_pq_scrub(pq, x->mem, PQerrorMessage(pq->conn)) : "";
    bool silent = x->stop == STOP_SILENCE && !was_answered(x, lost);

    if (lost && !silent)
        cancel_behind(x);
    if (lost || silent)
        pga_pq_hang_up(pq);
    else
        drop_notifications(pq->conn);
    if (silent)
        return pga_driver_fail_silent(pq->where, x->message->answer_ms, err);
    if (x->stop == STOP_SIGNAL || x->stop == STOP_DEADLINE)
        return fail_stopped(x, err);
    if (lost)
        return pga_driver_fail_lost(pq->where, x->results->error, why, err);
    if (x->results->error != NULL)
        return pga_driver_fail(x->results->error, err);
    return pga_driver_check_copies(x->message, x->copies_taken, err);
}

/* libpq copies the text into its own buffer, so ours is released at once. */
static bool
send_text(struct pga_pq *pq, const struct pga_message *message)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};

    if (PQsendQuery(pq->conn, pga_str_dup(&scratch, message->sql)) != 1)
        return false;
    pq->by_row = !message->keep_rows && PQsetSingleRowMode(pq->conn) == 1;
    return message->keep_rows || pq->by_row;
}

/* Which of the message's two limits ends first. */
static void
limit(struct exchange *x)
{
    int64_t timeout = x->message->timeout_ms, answer = x->message->answer_ms;

    x->is_for_silence = answer > 0 && (timeout <= 0 || answer < timeout);
    if (timeout > 0 || answer > 0)
        x->watch.deadline_ms = pga_pq_now_ms() + (x->is_for_silence ? answer : timeout);
}

bool
pga_pq_query(struct pga_driver *d, const struct pga_message *message, struct pga_arena *mem,
             struct pga_results *results, struct pga_error *err)
{
    struct pga_pq *pq = (struct pga_pq *)d;
    struct exchange x = {
        .pq = pq,
        .message = message,
        .mem = mem,
        .results = results,
        .watch = {.deadline_ms = INT64_MAX, .signals_seen = pga_interrupt_count(), .ticking = d},
        .cancel = {.fd = -1},
    };

    if (pq->conn == NULL)
        return pga_driver_fail_lost(pq->where, NULL, "It was closed before this message.", err);
    limit(&x);
    if (!message->keep_rows)
        (void)PGA_FAULT(step_unsent);
    if (!send_text(pq, message))
        x.abandoned = true;
    else if (!message->keep_rows && flush(&x))
        (void)PGA_FAULT(step_sent);
    read_answer(&x);
    end_cancel(&x);
    return conclude(&x, err);
}
