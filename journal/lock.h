/*
 * journal/lock.h: the runner lock.
 *
 * It spares a second runner the work and keeps non-transactional steps apart; correctness rests on
 * compare-and-append alone.  An advisory lock of the session, polled and never waited for in the server: a blocked
 * pg_advisory_lock() holds a snapshot and deadlocks with CREATE INDEX CONCURRENTLY (FACTS 1).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_LOCK_H
#define PGA_JOURNAL_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "journal/journal.h"

/* Who holds the lock.  Fields are "" where the server shows nothing. */
struct pga_lock_holder {
    int64_t pid;
    const char *application, *user, *address, *since, *query;
};

/* Told of a holder whose idle session was ended; what is on its arena lives as long as the call. */
typedef void pga_lock_steal_fn(void *ctx, const struct pga_lock_holder *holder);

typedef void pga_lock_wait_fn(void *ctx, const struct pga_lock_holder *holder, int64_t waited_ms);

struct pga_lock_wait {
    const struct pga_clock *clock;
    int64_t timeout_ms;
    int64_t steal_after_ms; /* end a holder that has been idle for so long; 0: never */
    pga_lock_wait_fn
        *report; /* called when waiting begins and then about every 15 s; may be NULL */
    pga_lock_steal_fn *stolen; /* with steal_after_ms */
    void *ctx;
};

/*
 * Take the lock and read the head in a later statement of the same transaction, so that the head is not older than the
 * lock (STEP 6).  With steal_after_ms a session of pgalter's that holds it and runs no statement for so long is ended:
 * its client is frozen or cut off, and what it had open is rolled back.  Errors: PGA_ERR_LOCKED naming the holder, PGA_ERR_INTERRUPTED, and those of the driver.
 */
bool pga_journal_lock_take(struct pga_journal *journal, const struct pga_lock_wait *wait,
                           struct pga_error *err) PGA_MUST_CHECK;

/*
 * In a shared session nobody can hold a lock between transactions: there taking it only waits until nobody has it and
 * reads the head, and each transaction that changes something takes it for itself, if it is free then.
 *
 * Append the statement that takes it until the end of the transaction; returns how many statements this is, which is 0
 * in a session of one's own.  Where another has the lock it fails: pga_journal_lock_is_busy().
 */
size_t pga_journal_lock_step_sql(struct pga_buf *buf, const struct pga_journal *journal);
bool pga_journal_lock_is_busy(const struct pga_error *err);

/*
 * Behind such a failure, which it clears: wait as journal->lock_wait says.  *out_moved: the journal is not as it was.
 * Errors: as pga_journal_lock_take().
 */
bool pga_journal_lock_wait(struct pga_journal *journal, bool *out_moved, struct pga_error *err)
    PGA_MUST_CHECK;

/* Whether this session holds the lock now. */
bool pga_journal_lock_is_held(struct pga_journal *journal, bool *out, struct pga_error *err)
    PGA_MUST_CHECK;

/* Append a SELECT that gives a row if this session holds the lock and none if it doesn't. */
void pga_journal_lock_held_sql(struct pga_buf *buf, const struct pga_journal *journal);

/* Give it back; one that is lost already is fine.  A failure is dropped: the session's end does the same. */
void pga_journal_lock_release(struct pga_journal *journal);

/* Who holds it; pid 0: nobody. */
bool pga_journal_lock_find_holder(struct pga_journal *journal, struct pga_arena *mem,
                                  struct pga_lock_holder *out, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
