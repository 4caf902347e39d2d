/*
 * journal/unfinished.h: steps in progress outside a transaction.
 *
 * A non-transactional step is claimed before its first statement and its progress is recorded after each; the row
 * goes with the append that finishes the step.  A row that is found at the start of a run is the trace of a
 * run that ended in the middle (STEP 7).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_UNFINISHED_H
#define PGA_JOURNAL_UNFINISHED_H

#include <stdbool.h>
#include <stddef.h>

#include "journal/journal.h"

enum pga_progress {
    PGA_PROGRESS_NEXT,    /* the statement `unit` has not been started */
    PGA_PROGRESS_STARTED, /* it was sent on its own; whether it took effect is unknown */
};

struct pga_unfinished {
    const char *id;
    bool is_down;
    const char *run, *who;
    size_t script;            /* the script in progress, as in pga_script_column() */
    struct pga_digest digest; /* of that script */
    int64_t unit;             /* 0-based, within the script */
    enum pga_progress progress;
    const char *
        indexes; /* OIDs of the indexes there were before the statement, blank-separated; "" unknown */
    const char *started_at, *updated_at;
};

/* All rows, by id. */
bool pga_unfinished_load(struct pga_journal *journal, struct pga_arena *mem,
                         struct pga_unfinished **out, size_t *out_count, struct pga_error *err)
    PGA_MUST_CHECK;

/* Claim a step, in a transaction of its own.  Errors: PGA_ERR_LOCKED when another run has claimed it. */
bool pga_unfinished_claim(struct pga_journal *journal, const struct pga_unfinished *row,
                          struct pga_error *err) PGA_MUST_CHECK;

/* Append the UPDATE that records progress, for the transaction of the statement itself. */
void pga_unfinished_update_sql(struct pga_buf *buf, const struct pga_journal *journal,
                               const struct pga_unfinished *row);

/* The same in a transaction of its own. */
bool pga_unfinished_update(struct pga_journal *journal, const struct pga_unfinished *row,
                           struct pga_error *err) PGA_MUST_CHECK;

/* Append the DELETE, for the transaction that appends to history. */
void pga_unfinished_delete_sql(struct pga_buf *buf, const struct pga_journal *journal,
                               const char *id);

/* The same in a transaction of its own. */
bool pga_unfinished_delete(struct pga_journal *journal, const char *id, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
