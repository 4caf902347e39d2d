/*
 * drivers/pq/pq.c: a session through libpq.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <assert.h>
#include <string.h>

static struct pga_pq *
pq_of(struct pga_driver *d)
{
    return (struct pga_pq *)d;
}

void
pga_pq_hang_up(struct pga_pq *pq)
{
    pga_pq_cancel_forget(pq->last_cancel);
    pq->last_cancel = NULL;
    PQfinish(pq->conn);
    pq->conn = NULL;
}

static enum pga_transaction
pq_transaction(struct pga_driver *d)
{
    switch (PQtransactionStatus(pq_of(d)->conn)) {
    case PQTRANS_IDLE:
        return PGA_TRANSACTION_IDLE;
    case PQTRANS_INTRANS:
        return PGA_TRANSACTION_OPEN;
    case PQTRANS_INERROR:
        return PGA_TRANSACTION_FAILED;
    default:
        return PGA_TRANSACTION_LOST;
    }
}

static const char *
pq_parameter(struct pga_driver *d, const char *name)
{
    return PQparameterStatus(pq_of(d)->conn, name);
}

static int
pq_backend_pid(struct pga_driver *d)
{
    return pq_of(d)->backend_pid;
}

static int
pq_server_version(struct pga_driver *d)
{
    return pq_of(d)->server_version;
}

/*
 * libpq refuses a name that is not valid in the session's encoding; the server then does the same.
 */
static char *
pq_quote_identifier(struct pga_driver *d, struct pga_arena *mem, const char *name)
{
    PGconn *conn = pq_of(d)->conn;
    char *quoted = conn == NULL ? NULL : PQescapeIdentifier(conn, name, strlen(name));
    char *copy = quoted == NULL ? pga_driver_quote_plainly(mem, name) : pga_strdup(mem, quoted);

    PQfreemem(quoted);
    return copy;
}

static const char *
pq_describe(struct pga_driver *d)
{
    return pq_of(d)->where;
}

static size_t
pq_fence_sql(struct pga_driver *d, struct pga_buf *buf)
{
    return pga_pq_fence_sql(pq_of(d), buf);
}

static bool
pq_reconnect(struct pga_driver *d, struct pga_error *err)
{
    pga_pq_hang_up(pq_of(d));
    return pga_pq_connect(pq_of(d), err);
}

static void
pq_close(struct pga_driver *d)
{
    struct pga_arena mem = pq_of(d)->mem;

    pga_pq_hang_up(pq_of(d));
    pga_arena_release(&mem);
}

static const struct pga_driver_ops pq_ops = {
    .query = pga_pq_query,
    .transaction = pq_transaction,
    .parameter = pq_parameter,
    .backend_pid = pq_backend_pid,
    .server_version = pq_server_version,
    .quote_identifier = pq_quote_identifier,
    .describe = pq_describe,
    .fence_sql = pq_fence_sql,
    .reconnect = pq_reconnect,
    .close = pq_close,
};

/* A driver without a session, for the settings. */
static struct pga_pq *
make_driver(const struct pga_pq_settings *settings, const struct pga_pq_fence *fences,
            size_t fence_count)
{
    struct pga_arena mem = {0};
    struct pga_pq *pq = pga_new(&mem, struct pga_pq);

    assert(fence_count <= PGA_PQ_FENCES_MAX);
    pq->mem = mem;
    pq->base = (struct pga_driver){
        .ops = &pq_ops, .notice = settings->notice, .notice_ctx = settings->notice_ctx};
    pq->settings = *settings;
    pq->settings.conninfo =
        settings->conninfo == NULL ? "" : pga_strdup(&pq->mem, settings->conninfo);
    pq->settings.application_name = pga_strdup(&pq->mem, settings->application_name);
    if (settings->role != NULL && settings->role[0] != '\0')
        pq->settings.role = pga_strdup(&pq->mem, settings->role);
    else
        pq->settings.role = NULL;
    pq->fences = fences;
    pq->fence_count = settings->is_shared ? 0 : fence_count;
    pq->where = "the database";
    return pq;
}

struct pga_driver *
pga_pq_open_fenced(const struct pga_pq_settings *settings, const struct pga_pq_fence *fences,
                   size_t fence_count, struct pga_error *err)
{
    struct pga_pq *pq = make_driver(settings, fences, fence_count);
    struct pga_driver *d = &pq->base;

    if (!pga_pq_read_conninfo(pq, err) || !pga_pq_connect(pq, err))
        pga_driver_close(&d);
    return d;
}

struct pga_driver *
pga_pq_open(const struct pga_pq_settings *settings, struct pga_error *err)
{
    return pga_pq_open_fenced(settings, pga_pq_fences, pga_pq_fence_count, err);
}

struct pga_driver *
pga_pq_open_beside(struct pga_driver *first, const char *application_name, int64_t timeout_ms,
                   struct pga_error *err)
{
    struct pga_pq *beside = pq_of(first), *pq;
    const char *address = PQhostaddr(beside->conn);
    struct pga_pq_settings settings = {.conninfo = beside->settings.conninfo,
                                       .application_name = application_name,
                                       .connect_timeout_ms = timeout_ms};
    struct pga_driver *d;

    if (PQstatus(beside->conn) != CONNECTION_OK) {
        (void)pga_driver_fail_lost(beside->where, NULL, "", err);
        return NULL;
    }
    pq = make_driver(&settings, beside->fences, beside->fence_count);
    d = &pq->base;
    /* Of several hosts the other session may have reached any; and a name may lead elsewhere by now. */
    pq->pinned.host = pga_strdup(&pq->mem, PQhost(beside->conn));
    pq->pinned.port = pga_strdup(&pq->mem, PQport(beside->conn));
    if (address != NULL && address[0] != '\0')
        pq->pinned.hostaddr = pga_strdup(&pq->mem, address);
    if (!pga_pq_read_conninfo(pq, err) || !pga_pq_connect(pq, err))
        pga_driver_close(&d);
    return d;
}
