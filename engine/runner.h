/*
 * engine/runner.h: what a run works with, and how it tells what happens.
 *
 * The engine never prints and never reads the environment: it is given everything here, and says what happens
 * through the observer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_RUNNER_H
#define PGA_ENGINE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alterations/alteration.h"
#include "base/arena.h"
#include "base/clock.h"
#include "engine/deadline.h"
#include "engine/place.h"
#include "engine/plan.h"
#include "engine/watch.h"
#include "journal/journal.h"
#include "journal/lock.h"

#define PGA_LOCK_TIMEOUT_MS 2000  /* of a statement that waits for a lock, per attempt */
#define PGA_LOCK_WAIT_MS    60000 /* for the runner lock */
#define PGA_RECONNECT_MS                                                                           \
    60000 /* after the session was lost: longer than restarts and most failovers take */
#define PGA_RETRIES 10 /* of a step after lock timeouts and deadlocks */

enum pga_happening {
    PGA_HAPPENING_PLANNED,      /* plan is set: this will run */
    PGA_HAPPENING_LOCK_WAIT,    /* holder is set */
    PGA_HAPPENING_LOCK_STOLEN,  /* holder is set: its idle session was ended */
    PGA_HAPPENING_LOCK_RETAKEN, /* a script had dropped the runner lock */
    PGA_HAPPENING_SESSION_LOST, /* error; step, or NULL: what became of it is about to be found out */
    PGA_HAPPENING_BLOCKED,      /* step, blockers: it waits for a lock; duration_ms: since when */
    PGA_HAPPENING_STEP_STARTED, /* step, index */
    PGA_HAPPENING_STEP_RETRIED, /* step, error: after a lock timeout or deadlock; duration_ms until the next try */
    PGA_HAPPENING_STEP_WAITS, /* step, note: somebody is still at work on what a run before this one left */
    PGA_HAPPENING_STEP_RESUMED, /* step, note: a run before this one ended in its middle */
    PGA_HAPPENING_STEP_DONE,    /* step, index, duration_ms: committed */
};

struct pga_event_report {
    enum pga_happening happening;
    const struct pga_plan *plan;
    const struct pga_step *step;
    size_t index; /* 0-based among the plan's steps */
    int64_t duration_ms;
    const struct pga_lock_holder *holder;
    const struct pga_blockers *blockers;
    const struct pga_error *error;
    const char *note; /* what was found, and what is done about it; NULL: nothing is to be said */
};

typedef void pga_observe_fn(void *ctx, const struct pga_event_report *report);

struct pga_run_settings {
    struct pga_plan_settings plan;
    int64_t lock_wait_ms;         /* for the runner lock */
    int64_t steal_after_ms;       /* end a holder of it that has been idle for so long; 0: never */
    int64_t reconnect_ms;         /* how long to go on trying after the session was lost */
    int64_t lock_timeout_ms;      /* default of a script's statements */
    int64_t statement_timeout_ms; /* likewise; 0: none */
    int64_t retries;              /* default of a step */
    struct pga_deadline deadline;
};

struct pga_runner {
    struct pga_driver *driver;
    struct pga_journal *journal;
    const struct pga_alterations *alterations; /* may be empty, never NULL */
    const struct pga_clock *clock;
    struct pga_run_settings settings;
    pga_observe_fn *observe; /* may be NULL */
    void *observe_ctx;

    const struct pga_step *current; /* the step that runs; for notices */
    const struct pga_sent *sent;    /* the message of it that is on its way, or NULL; likewise */
    int64_t sent_ms;                /* when it was sent */
    struct pga_watch watch;
    bool has_lock; /* in a shared session: nobody had it when the run began */
    struct pga_lock_wait lock_wait;
    bool has_recorded; /* the failure of this run stands in `attempts` already */
};

/*
 * Record that the run failed before or between its steps: a refusal, or a lock that somebody else kept.  A journal
 * that was not verified is not written to, and mistakes in what was typed are not recorded.
 */
void pga_runner_record(struct pga_runner *runner, enum pga_direction direction,
                       const struct pga_error *err);

/* A script's message is on its way; NULL: it was answered. */
void pga_runner_sent(struct pga_runner *runner, const struct pga_sent *sent);

/* Tell the observer, if there is one. */
void pga_runner_report(struct pga_runner *runner, const struct pga_event_report *report);

/*
 * Take the runner lock, read the journal again if it moved meanwhile (*out_moved), and bring its format up to date.
 * Errors: PGA_ERR_LOCKED and those of the journal.
 */
bool pga_runner_lock(struct pga_runner *runner, bool *out_moved, struct pga_error *err)
    PGA_MUST_CHECK;

/* Take the lock again where a script has dropped it.  Errors: as pga_runner_lock(); PGA_ERR_LOST when the
 * journal has moved meanwhile. */
bool pga_runner_keep_lock(struct pga_runner *runner, struct pga_error *err) PGA_MUST_CHECK;

void pga_runner_unlock(struct pga_runner *runner);

#endif
