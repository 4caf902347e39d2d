/*
 * drivers/pq/connect.c: opening the connection: dead hosts, refused settings, starting servers.
 *
 * libpq resolves host names in a blocking call; everything else here ends at a deadline or when a
 * signal comes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <string.h>

#include "base/fault.h"
#include "base/interrupt.h"

#define ATTEMPT_MIN_MS 1000 /* even when the time to wait is almost up */

/* One call of pga_pq_connect(). */
struct attempt {
    struct pga_pq *pq;
    int signals_seen;
    int64_t wait_ms;
    int64_t end_ms; /* of the waiting */
};

static void
finish(PGconn **conn)
{
    PQfinish(*conn);
}

/*
 * A value inside `options`: blanks separate there, and a backslash takes the next character as it
 * is.
 */
static void
append_escaped(struct pga_buf *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (strchr(" \t\r\n\v\f\\", *value) != NULL)
            pga_buf_append_char(out, '\\');
        pga_buf_append_char(out, *value);
    }
}

/*
 * The server's start-up options.  The later one counts: the fences come first, so that the user's
 * own win, and the role last.
 */
static const char *
make_options(const struct pga_pq *pq, struct pga_arena *mem)
{
    const char *own = pga_pq_find(&pq->effective, "options");
    struct pga_buf out = pga_buf_on(mem);

    pga_pq_fence_options(pq, &out);
    pga_buf_append_c(&out, own == NULL ? "" : own);
    if (pq->settings.role != NULL) {
        pga_buf_append_c(&out, " -c role=");
        append_escaped(&out, pq->settings.role);
    }
    return out.data;
}

static void
add_unless_given(struct pga_pq_pairs *pairs, struct pga_arena *mem, const struct pga_pq *pq,
                 const char *keyword, const char *value)
{
    if (pga_pq_find(&pq->effective, keyword) == NULL)
        pga_pq_add(pairs, mem, keyword, value);
}

/* A password file that libpq would pass over, with a complaint on stderr. */
static void
add_passfile(struct pga_pq_pairs *pairs, struct pga_arena *mem, const struct pga_pq *pq,
             const struct pga_pq_hosts *hosts)
{
    const char *password;

    if (pga_pq_find(&pq->effective, "password") != NULL || !pga_pq_passfile_is_ignored(pq))
        return;
    password = pga_pq_passfile_is_trusted(pq) ? pga_pq_passfile_find(pq, hosts, mem) : NULL;
    if (password != NULL)
        pga_pq_add(pairs, mem, "password", password);
    pga_pq_add(pairs, mem, "passfile", PGA_PQ_NO_PASSFILE);
}

/*
 * A database may be read-only by default and still take what begins with READ WRITE (STEP 4), so a primary is asked for,
 * not read-write.  "any" is what libpq fills in; where a service file says so too, it is not heard.
 */
static void
add_primary(struct pga_pq_pairs *pairs, struct pga_arena *mem, const struct pga_pq *pq)
{
    const char *own = pga_pq_find(&pq->effective, "target_session_attrs");

    if (pq->settings.needs_primary && (own == NULL || pga_same(own, "any")) &&
        pga_pq_find(&pq->given, "target_session_attrs") == NULL)
        pga_pq_add(pairs, mem, "target_session_attrs", "primary");
}

/* The user's parameters and then ours, which override them. */
static struct pga_pq_pairs
make_pairs(const struct pga_pq *pq, const struct pga_pq_hosts *hosts, struct pga_arena *mem)
{
    struct pga_pq_pairs pairs = {0};
    const char *options = make_options(pq, mem);

    for (size_t i = 0; i < pq->given.count; i++)
        pga_pq_add(&pairs, mem, pq->given.items[i].keyword, pq->given.items[i].value);
    if (hosts->host != NULL)
        pga_pq_add(&pairs, mem, "host", hosts->host);
    if (hosts->hostaddr != NULL)
        pga_pq_add(&pairs, mem, "hostaddr", hosts->hostaddr);
    if (hosts->port != NULL)
        pga_pq_add(&pairs, mem, "port", hosts->port);
    if (options[0] != '\0')
        pga_pq_add(&pairs, mem, "options", options);
    if (pq->settings.application_name != NULL)
        pga_pq_add(&pairs, mem, "application_name", pq->settings.application_name);
    pga_pq_add(&pairs, mem, "client_encoding", "UTF8");
    add_unless_given(&pairs, mem, pq, "keepalives_idle", "5");
    add_unless_given(&pairs, mem, pq, "keepalives_interval", "2");
    add_unless_given(&pairs, mem, pq, "keepalives_count", "3");
    add_unless_given(&pairs, mem, pq, "tcp_user_timeout", "15000");
    add_primary(&pairs, mem, pq);
    add_passfile(&pairs, mem, pq, hosts);
    return pairs;
}

/* Begin to connect.  SQLSTATEs of connection failures are only in libpq's verbose messages. */
static PGconn *
start(struct pga_pq *pq, const struct pga_pq_hosts *hosts)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_pq_pairs pairs = make_pairs(pq, hosts, &scratch);
    const char **keywords = pga_new_array(&scratch, const char *, pairs.count + 1);
    const char **values = pga_new_array(&scratch, const char *, pairs.count + 1);
    PGconn *conn;

    for (size_t i = 0; i < pairs.count; i++) {
        keywords[i] = pairs.items[i].keyword;
        values[i] = pairs.items[i].value;
    }
    conn = PQconnectStartParams(keywords, values, 0);
    (void)PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    (void)PQsetNoticeReceiver(conn, pga_pq_receive_notice, pq);
    return conn;
}

static int64_t
host_timeout_ms(const struct attempt *a)
{
    const struct pga_pq *pq = a->pq;
    const char *own = pga_pq_find(&pq->effective, "connect_timeout");
    int64_t timeout = pq->settings.connect_timeout_ms, seconds = 0, left;

    if (timeout <= 0 && own != NULL && pga_parse_int(pga_str_of(own), 1, 3600, &seconds))
        timeout = seconds * 1000;
    if (timeout <= 0)
        timeout = a->wait_ms > 0 ? PGA_PQ_WAITING_TIMEOUT_MS : PGA_PQ_CONNECT_TIMEOUT_MS;
    if (a->signals_seen > 0 && timeout > PGA_PQ_STOPPING_MS)
        return PGA_PQ_STOPPING_MS;
    if (a->wait_ms <= 0)
        return timeout;
    left = a->end_ms - pga_pq_now_ms();
    left = left > ATTEMPT_MIN_MS ? left : ATTEMPT_MIN_MS;
    return timeout < left ? timeout : left;
}

/* Which host and address libpq is at, to see when it goes on to the next. */
static bool
has_moved(struct pga_buf *at, PGconn *conn)
{
    const char *host = PQhost(conn), *address = PQhostaddr(conn), *port = PQport(conn);
    struct pga_buf now = pga_buf_on(at->mem);
    bool moved;

    pga_buf_appendf(&now, "%s/%s/%s", host == NULL ? "" : host, address == NULL ? "" : address,
                    port == NULL ? "" : port);
    moved = !pga_str_equal(pga_buf_str(at), pga_buf_str(&now));
    *at = now;
    return moved;
}

/*
 * Go on until the session stands (READY), failed (also READY; PQstatus() tells), or the wait ended.
 */
static enum pga_pq_event
poll_connection(const struct attempt *a, PGconn *conn, int64_t timeout_ms)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_buf at = pga_buf_on(&scratch);
    struct pga_pq_watch watch = {.signals_seen = a->signals_seen};
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    while (PQstatus(conn) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
           status != PGRES_POLLING_FAILED) {
        struct pollfd fd = {.fd = PQsocket(conn),
                            .events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        enum pga_pq_event event;

        if (has_moved(&at, conn))
            watch.deadline_ms = pga_pq_now_ms() + timeout_ms;
        event = pga_pq_wait(&fd, 1, &watch);
        if (event != PGA_PQ_READY)
            return event;
        status = PQconnectPoll(conn);
    }
    return PGA_PQ_READY;
}

static void
take_over(struct pga_pq *pq, PGconn **conn)
{
    pq->conn = *conn;
    *conn = NULL;
    pq->last_cancel = pga_pq_cancel_prepare(pq->conn);
    (void)PQsetnonblocking(pq->conn, 1);
    (void)PQsetErrorVerbosity(pq->conn, PQERRORS_DEFAULT);
    pq->backend_pid = PQbackendPID(pq->conn);
    pq->server_version = PQserverVersion(pq->conn);
    pq->where = pga_pq_where(pq, &pq->mem);
}

/* libpq has mostly begun a line about the host already, and not ended it. */
static void
append_silence(struct pga_buf *said, PGconn *conn, int64_t timeout_ms)
{
    const char *host = PQhost(conn), *port = PQport(conn);

    if (said->len == 0 || said->data[said->len - 1] == '\n')
        pga_buf_appendf(said, "connection to server at \"%s\", port %s failed: ",
                        host == NULL ? "?" : host, port == NULL ? "?" : port);
    pga_buf_appendf(said, "no answer within %s\n", pga_format_duration_ms(said->mem, timeout_ms));
}

/*
 * Try all hosts once.  libpq goes on to the next host by itself after a refusal, but not after
 * silence; so a silent host is taken off the list.
 */
static bool
connect_hosts(const struct attempt *a, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_pq_hosts hosts = pga_pq_all_hosts(a->pq);
    struct pga_buf said = pga_buf_on(&scratch);

    for (;;) {
        PGA_AUTO(finish)
        PGconn *conn = start(a->pq, &hosts);
        int64_t timeout_ms = host_timeout_ms(a);
        enum pga_pq_event event = poll_connection(a, conn, timeout_ms);

        if (event == PGA_PQ_SIGNALLED)
            return pga_interrupt_check(err);
        if (event == PGA_PQ_READY && PQstatus(conn) == CONNECTION_OK) {
            take_over(a->pq, &conn);
            if (pga_pq_check_server(a->pq, err))
                return true;
            pga_pq_hang_up(a->pq);
            return false;
        }
        pga_buf_append_c(&said, PQerrorMessage(conn));
        if (event == PGA_PQ_TIMEOUT)
            append_silence(&said, conn, timeout_ms);
        if (event != PGA_PQ_TIMEOUT || !pga_pq_drop_host(&hosts, &scratch, conn))
            return pga_pq_fail_connect(a->pq, said.data, PQconnectionNeedsPassword(conn) == 1, err);
    }
}

/* One attempt, again with fewer options where some were refused. */
static bool
connect_once(const struct attempt *a, struct pga_error *err)
{
    struct pga_pq *pq = a->pq;

    pga_pq_reread_conninfo(pq);
    for (;;) {
        struct pga_error failure = {0};

        if (connect_hosts(a, &failure))
            break;
        if (!pga_pq_fence_refused(pq, &failure)) {
            /* It was not for the options, so the next attempt has them all again. */
            pga_pq_fence_forget(pq);
            *err = failure;
            return false;
        }
    }
    pga_pq_fence_set(pq);
    return true;
}

bool
pga_pq_connect(struct pga_pq *pq, struct pga_error *err)
{
    struct attempt a = {.pq = pq, .signals_seen = pga_interrupt_count()};
    struct pga_pq_patience patience = {0};

    /* Who is asked to stop may have to look once more, and must not wait for it. */
    a.wait_ms = a.signals_seen > 0 ? 0 : pq->settings.wait_ms;
    a.end_ms = pga_pq_now_ms() + a.wait_ms;
    for (;;) {
        struct pga_pq_watch watch = {.signals_seen = a.signals_seen};
        struct pga_error failure = {0};
        int64_t now;

        (void)PGA_FAULT(connecting);
        if (connect_once(&a, &failure)) {
            (void)PGA_FAULT(connected);
            return true;
        }
        now = pga_pq_now_ms();
        if (now >= a.end_ms || !pga_pq_patience_is_due(pq, &patience, &failure)) {
            *err = failure;
            return false;
        }
        if (pq->settings.waiting != NULL)
            pq->settings.waiting(pq->settings.ctx, &failure, a.end_ms - now);
        watch.deadline_ms = now + pga_pq_patience_pause_ms(&patience);
        watch.deadline_ms = watch.deadline_ms < a.end_ms ? watch.deadline_ms : a.end_ms;
        if (pga_pq_wait(NULL, 0, &watch) == PGA_PQ_SIGNALLED)
            return pga_interrupt_check(err);
    }
}
