/*
 * engine/watch.h: who blocks the statement that waits for a lock.
 *
 * The session that waits can't ask.  So when a script's message has taken a moment, a second session is opened beside it,
 * which asks for pg_blocking_pids() (manual, 9.26) and is closed when the step has ended.  It runs one statement at a time
 * by the simple protocol and never leaves a transaction open: a CREATE INDEX CONCURRENTLY must not wait for it (FACTS 1, 2).
 *
 * Nothing depends on it: what it can't find out is not reported.  It looks while the first session waits, and holds that up
 * for about two seconds at most.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_WATCH_H
#define PGA_ENGINE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "drivers/driver.h"

struct pga_runner;

#define PGA_BLOCKERS_MAX 5 /* that are named */

/* Texts are "" where the server shows nothing.  Each is one line without control characters. */
struct pga_blocker {
    int64_t pid;             /* 0: a prepared transaction, which no process has */
    const char *application; /* the name of a prepared transaction */
    const char *user, *address;
    const char *since;  /* the beginning of its transaction, RFC 3339 */
    int64_t age_ms;     /* of its transaction */
    const char *state;  /* as in pg_stat_activity; "prepared" */
    const char *query;  /* masked and cut: what it runs, or ran last */
    const char *kind;   /* backend_type: "client backend", "autovacuum worker" ... */
    const char *remedy; /* the SQL that ends it */
    bool is_idle;       /* idle in a transaction, or prepared: it may never end by itself */
};

struct pga_blockers {
    const char *waits_for; /* "AccessExclusiveLock on \"a\"" */
    struct pga_blocker items[PGA_BLOCKERS_MAX];
    size_t count;
    size_t total; /* how many there are */
};

/* Opens a session to the server of another one. */
typedef struct pga_driver *pga_open_beside_fn(struct pga_driver *first, struct pga_error *err);

struct pga_watch {
    pga_open_beside_fn *open;  /* NULL: nobody looks */
    struct pga_driver *driver; /* the second session; NULL: none is open */
    struct pga_arena mem;      /* of `found` */
    struct pga_blockers found; /* by the last look that found somebody, in this step */
    bool is_waiting;           /* that was the last look */
    bool is_looking;
    int64_t next_ms;   /* no look before this */
    int64_t report_ms; /* the same blockers are not reported again before this */
    uint64_t reported; /* which these were */
};

/*
 * Look, when the message that is on its way has taken long enough, and report PGA_HAPPENING_BLOCKED when somebody blocks it: at
 * once, when the blockers change, and again every 15 s.  For the tick of the first session.
 */
void pga_watch_tick(struct pga_runner *runner);

/* Look now, if a script's message is on its way; for whoever asks how far things are. */
void pga_watch_look(struct pga_runner *runner);

/* The step has ended: close the second session and forget who blocked. */
void pga_watch_end(struct pga_runner *runner);

/* Put the last blockers into the detail of an error, and into its hint how to end those that may never end. */
void pga_watch_explain(const struct pga_runner *runner, struct pga_error *err);

/* A blocker in one line: who it is, since when, and what it runs. */
const char *pga_blocker_format(struct pga_arena *mem, const struct pga_blocker *blocker);

/* All of them, and what they keep it from: "AccessExclusiveLock on \"a\"; in its way: ...". */
const char *pga_blockers_format(struct pga_arena *mem, const struct pga_blockers *blockers);

/* How to end those that are idle, as a sentence; NULL: none is. */
const char *pga_blockers_remedy(struct pga_arena *mem, const struct pga_blockers *blockers);

#endif
