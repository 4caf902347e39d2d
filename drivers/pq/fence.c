/*
 * drivers/pq/fence.c: the settings by which a server ends the session of a client that died, froze or lost its network.
 *
 * They are start-up options, so that RESET leads back to them.  What a server or pooler refuses is left out.
 *
 * Source: FACTS 3; PostgreSQL manual, "Connections and Authentication" and "Client Connection Defaults".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <string.h>

#include "drivers/pq/backend_pid.sql.h"

#define SET_TIMEOUT_MS 5000 /* for one of them */

/*
 * Any role may set them for itself.  Where tcp_user_timeout is set, the kernel ends a dead connection after that time and
 * not after the probes, so it is about as long as they take.  The first is none, but what RESET leads back to: a limit of the database's or the
 * role's would end pgalter's own statements until a run has set another.
 */
const struct pga_pq_fence pga_pq_fences[] = {
    {"statement_timeout", "0", 0},
    {"idle_in_transaction_session_timeout", "60s", 0},
    {"tcp_keepalives_idle", "5", 0},
    {"tcp_keepalives_interval", "2", 0},
    {"tcp_keepalives_count", "3", 0},
    {"tcp_user_timeout", "10s", 0},
    {"client_connection_check_interval", "2s", 14},
    {"idle_session_timeout", "60s", 14},
};
const size_t pga_pq_fence_count = PGA_COUNT_OF(pga_pq_fences);

void
pga_pq_fence_options(const struct pga_pq *pq, struct pga_buf *out)
{
    for (size_t i = 0; i < pq->fence_count; i++)
        if (!pq->refused[i] && !pq->options_refused)
            pga_buf_appendf(out, "-c %s=%s ", pq->fences[i].name, pq->fences[i].value);
}

void
pga_pq_fence_forget(struct pga_pq *pq)
{
    memset(pq->refused, 0, sizeof(pq->refused));
    pq->options_refused = false;
}

/*
 * Whether a server or pooler refused one of our fences by name; it is then not sent again, and neither are those that came
 * with the same version.
 */
static bool
note_by_name(struct pga_pq *pq, const struct pga_error *err)
{
    bool is_unknown = pga_same(err->sqlstate, "42704");

    for (size_t i = 0; i < pq->fence_count; i++) {
        if (pq->refused[i] || strstr(err->message, pq->fences[i].name) == NULL)
            continue;
        pq->refused[i] = true;
        for (size_t k = 0; is_unknown && k < pq->fence_count; k++)
            if (pq->fences[i].since > 0 && pq->fences[k].since >= pq->fences[i].since)
                pq->refused[k] = true;
        return true;
    }
    return false;
}

bool
pga_pq_fence_refused(struct pga_pq *pq, const struct pga_error *err)
{
    static const char *const by_name[] = {"42704", "42501", "22023", "55P02", "08P01", "0A000"};
    static const char *const altogether[] = {"08P01", "0A000"}; /* poolers' */

    if (pq->options_refused || pq->fence_count == 0)
        return false;
    for (size_t i = 0; i < PGA_COUNT_OF(by_name); i++)
        if (pga_same(err->sqlstate, by_name[i]) && note_by_name(pq, err))
            return true;
    for (size_t i = 0; i < PGA_COUNT_OF(altogether); i++)
        if (pga_same(err->sqlstate, altogether[i]))
            pq->options_refused = true;
    return pq->options_refused;
}

/* Whether the user's start-up options have a setting; "--idle-session-timeout=1" means it too. */
static bool
is_own(const struct pga_pq *pq, struct pga_arena *mem, const char *name)
{
    char *own = pga_strdup(mem, pga_pq_find(&pq->effective, "options"));

    for (char *at = own; at != NULL && *at != '\0'; at++)
        if (*at == '-')
            *at = '_';
    return own != NULL && strstr(own, name) != NULL;
}

/* Behind a pooler a setting would stay on a server's session that others use next (FACTS 4). */
static bool
is_direct(struct pga_pq *pq, struct pga_arena *mem)
{
    struct pga_message message = {
        .sql = {pga_text_backend_pid_sql, sizeof(pga_text_backend_pid_sql) - 1},
        .keep_rows = true,
        .timeout_ms = SET_TIMEOUT_MS,
    };
    struct pga_results results = {0};
    struct pga_error ignored = {0};

    return pga_driver_query(&pq->base, &message, mem, &results, &ignored) && results.count == 1 &&
           results.items[0].row_count == 1 &&
           pga_same(pga_result_value(&results.items[0], 0, 0),
                    pga_format(mem, "%d", pq->backend_pid));
}

void
pga_pq_fence_set(struct pga_pq *pq)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};

    memset(pq->was_set, 0, sizeof(pq->was_set));
    if (!pq->options_refused || !is_direct(pq, &scratch))
        return;
    for (size_t i = 0; i < pq->fence_count; i++) {
        const struct pga_pq_fence *fence = &pq->fences[i];
        struct pga_message message = {
            .sql = pga_str_of(pga_format(&scratch, "SET %s = '%s'", fence->name, fence->value)),
            .timeout_ms = SET_TIMEOUT_MS,
        };
        struct pga_results results = {0};
        struct pga_error unsettable = {0};

        if (!pq->refused[i] && !is_own(pq, &scratch, fence->name))
            pq->was_set[i] = pga_driver_query(&pq->base, &message, &scratch, &results, &unsettable);
    }
}

size_t
pga_pq_fence_sql(const struct pga_pq *pq, struct pga_buf *buf)
{
    const char *before = "SELECT ";

    for (size_t i = 0; i < pq->fence_count; i++) {
        if (!pq->was_set[i])
            continue;
        pga_buf_appendf(buf, "%spg_catalog.set_config('%s', '%s', false)", before,
                        pq->fences[i].name, pq->fences[i].value);
        before = ", ";
    }
    if (before[0] == 'S')
        return 0;
    pga_buf_append_c(buf, ";\n");
    return 1;
}
