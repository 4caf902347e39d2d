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

/* Claim a step, in a transaction of its own that fails when the history has moved on.  Errors: PGA_ERR_LOCKED when another run has claimed it. */
bool pga_unfinished_claim(struct pga_journal *journal, const struct pga_unfinished *row,
                          struct pga_error *err) PGA_MUST_CHECK;

/*
 * Append the UPDATE that records progress, for the transaction of the statement itself.  It fails with 22012 unless
 * the record is still as `was` has it: a run that lost its claim must not go on (DESIGN 1.2).
 */
void pga_unfinished_update_sql(struct pga_buf *buf, const struct pga_journal *journal,
                               const struct pga_unfinished *was, const struct pga_unfinished *row);

/*
 * The same in a transaction of its own; also how a run takes up a record that it found, whose run is then another.
 * Errors: PGA_ERR_LOST when another run has taken the record over.
 */
bool pga_unfinished_update(struct pga_journal *journal, const struct pga_unfinished *was,
                           const struct pga_unfinished *row, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Append the DELETE.  With `own` it fails with 22012 unless the record is this run's; without, it is for people who
 * say what became of a record.
 */
void pga_unfinished_delete_sql(struct pga_buf *buf, const struct pga_journal *journal,
                               const char *id, bool own);

/* The same in a transaction of its own.  Errors: PGA_ERR_LOST with `own` as above. */
bool pga_unfinished_delete(struct pga_journal *journal, const char *id, bool own,
                           struct pga_error *err) PGA_MUST_CHECK;

/*
 * Say what 22012 means where one of the statements above was sent: PGA_ERR_LOST, or
 * PGA_ERR_JOURNAL when the whole journal is another.  Rolls back.  Other errors are left as they are.
 * Returns false.
 */
bool pga_unfinished_failure(struct pga_journal *journal, const char *id, struct pga_error *err);

/* Whether a session of the run that a record names is still there. */
bool pga_unfinished_is_alive(struct pga_journal *journal, const struct pga_unfinished *row,
                             bool *out, struct pga_error *err) PGA_MUST_CHECK;

#endif
