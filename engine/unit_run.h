/*
 * engine/unit_run.h: a step in progress whose statements run one by one; shared by statements.c, apart.c, trace.c and
 * resume.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_UNIT_RUN_H
#define PGA_ENGINE_UNIT_RUN_H

#include <stdbool.h>

#include "alterations/script.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "engine/runner.h"
#include "engine/source.h"
#include "engine/statement_send.h"
#include "engine/transaction.h"
#include "journal/unfinished.h"

#define PGA_CLAIM_POLL_MS 200 /* between two looks at a record that another run has in hand */

struct pga_unit_run {
    struct pga_runner *runner;
    struct pga_arena *mem;
    const struct pga_step *step;
    const struct pga_script_text *script; /* the script in progress */
    struct pga_units units;               /* of it */
    struct pga_unfinished row;            /* as it stands in the journal */
    bool alters_settings;                 /* new sessions begin differently now */
    bool in_doubt; /* the statement that failed may have done a part of its work */
    bool is_left;  /* what the failed statement left is still there; the next run clears it away */
    bool in_transaction; /* the statements are done, the main script runs as one transaction */
};

/* Make a script the one in progress.  Errors: as pga_script_units(). */
bool pga_unit_run_load(struct pga_unit_run *p, const struct pga_script_text *script,
                       struct pga_error *err) PGA_MUST_CHECK;

/* Send the statement with that index; *fate (may be NULL) is what became of it.  Errors: as pga_statement_send(). */
bool pga_unit_run_send(struct pga_unit_run *p, size_t index, enum pga_fate *fate,
                       struct pga_error *err) PGA_MUST_CHECK;

/*
 * Make the session one in which the statement with that index can run by itself: as it began, with these timeouts, and with
 * the script's settings from before the statement.
 */
bool pga_unit_run_session(struct pga_unit_run *p, size_t index, int64_t lock_timeout_ms,
                          struct pga_error *err) PGA_MUST_CHECK;

/* Repeat the script's settings from before a statement, as far as it has not discarded them. */
bool pga_unit_run_settings(struct pga_unit_run *p, size_t before, struct pga_error *err)
    PGA_MUST_CHECK;

/* Write the record down and keep it as p->row.  Errors: as pga_unfinished_update(). */
bool pga_unit_run_record(struct pga_unit_run *p, const struct pga_unfinished *row,
                         struct pga_error *err) PGA_MUST_CHECK;

/*
 * Run a unit whose statement can't share a transaction: `started` before it, the record that it is done after it.  When
 * the server refuses it, what it left is cleared away and the record put back, as far as that can be done in time.
 * Errors: those of the statement, with place, and of the driver; p->in_doubt, p->is_left.
 */
bool pga_unit_run_apart(struct pga_unit_run *p, const struct pga_unit *unit, struct pga_error *err)
    PGA_MUST_CHECK;

/*
 * Take up the step where another run left it, once that one has ended.  outcome->is_overtaken: it had not, and what it
 * did meanwhile is unknown, so plan again.
 * Errors: PGA_ERR_HALF_DONE, PGA_ERR_JOURNAL (another text; another journal), PGA_ERR_LOCKED, PGA_ERR_LOST, and those
 * of the driver.
 */
bool pga_unit_run_take_up(struct pga_unit_run *p, const struct pga_source *source,
                          const struct pga_unfinished *found, struct pga_step_outcome *outcome,
                          struct pga_error *err) PGA_MUST_CHECK;

/* The command that says: none of it took effect.  A revert leaves the alteration applied then. */
const char *pga_unit_run_undone(const struct pga_unit_run *p);

#endif
