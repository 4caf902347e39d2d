/*
 * drivers/pq/pq.h: opening a session through libpq.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_PQ_H
#define PGA_DRIVERS_PQ_H

#include <stdint.h>

#include "drivers/connection.h"
#include "drivers/driver.h"

/*
 * Called before each try to connect: the conninfo as it is now, on `mem`, or NULL when that can't be told.  For secrets that
 * are exchanged while somebody waits.
 */
typedef const char *pga_pq_reread_fn(void *ctx, struct pga_arena *mem);

/* Called after a try that failed, when there will be another one: why, and how long tries go on. */
typedef void pga_pq_waiting_fn(void *ctx, const struct pga_error *why, int64_t left_ms);

struct pga_pq_settings {
    const char *conninfo; /* URI or key=value pairs; "" or NULL: PG* variables and defaults */
    const char *application_name; /* as it stands in pg_stat_activity */
    const char *role;             /* to act as, by a start-up option; NULL: as one logs in */
    bool is_shared; /* a pooler's session: no start-up options of ours, no settings that last */
    int64_t connect_timeout_ms; /* for each host; 0: as the conninfo says, else 10 s */
    int64_t wait_ms;            /* how long to go on trying, see below; 0: one attempt */
    bool needs_primary; /* a standby will not do, unless the conninfo has target_session_attrs */
    pga_pq_reread_fn *reread;   /* may be NULL: the conninfo never changes */
    pga_pq_waiting_fn *waiting; /* may be NULL */
    void *ctx;                  /* of these two */
    pga_notice_fn *notice;      /* becomes driver->notice before the first attempt; may be NULL */
    void *notice_ctx;
};

/*
 * Open a session.  client_encoding is UTF8; the self-fencing settings (FACTS 3: keepalives and
 * tcp_user_timeout at both ends, client_connection_check_interval, idle timeouts) are start-up
 * options and are left out, and tried again without, where a server or pooler refuses them.  The
 * user's own in PGOPTIONS or `options` win.
 *
 * wait_ms is for what passes by itself: names that can't be resolved yet, connections that are
 * refused, cut or not answered, servers that start or are full, standbys where a primary is wanted.
 * A wrong password is tried again only while it comes from a file, a missing database three times.
 * Names are resolved and password files read again for each try.
 *
 * The driver and all that hangs on it belong to the caller, who closes it.  Errors: PGA_ERR_USAGE
 * (malformed conninfo, server older than PGA_SERVER_MAJOR_OLDEST), PGA_ERR_NO_SERVER, PGA_ERR_DENIED,
 * PGA_ERR_READ_ONLY, PGA_ERR_INTERRUPTED.
 * No message holds a password.
 */
struct pga_driver *pga_pq_open(const struct pga_pq_settings *settings, struct pga_error *err)
    PGA_MUST_CHECK;

/*
 * Open a second session to the very server that another one has reached, as the role that logs in, without waiting for a
 * server that doesn't answer at once.  Errors: as pga_pq_open(), PGA_ERR_LOST when the first one is gone.
 */
struct pga_driver *pga_pq_open_beside(struct pga_driver *first, const char *application_name,
                                      int64_t timeout_ms, struct pga_error *err) PGA_MUST_CHECK;

/*
 * A connection string with its passwords replaced by "****", for people.  Works on malformed
 * strings too: what can't be parsed is masked whole.
 */
char *pga_pq_mask(struct pga_arena *mem, const char *conninfo);

/* How the session reaches its server; texts go on `mem`.  All is empty once it was lost. */
void pga_pq_connection(struct pga_driver *d, struct pga_arena *mem, struct pga_connection *out);

/* The version of the libpq that is loaded, e.g. "15.18". */
char *pga_pq_version(struct pga_arena *mem);

#endif
