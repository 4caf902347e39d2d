/*
 * engine/transaction.h: running a step whose script is one transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_TRANSACTION_H
#define PGA_ENGINE_TRANSACTION_H

#include <stdbool.h>

#include "engine/runner.h"
#include "engine/source.h"

/* What a step did besides succeeding or failing. */
struct pga_step_outcome {
    bool is_overtaken;    /* the journal has moved: nothing was done, plan again */
    bool alters_settings; /* new sessions begin differently: reconnect */
};

/*
 * Run it: journal rows and script in one transaction, tried again within its budget.  `finishes`: a row of
 * `unfinished` goes with it.  The journal's head and rows in memory follow.
 * Errors: PGA_ERR_SQL with place, PGA_ERR_CONTENTION, PGA_ERR_JOURNAL, PGA_ERR_LOCKED and those of the driver.
 */
bool pga_transaction_run(struct pga_runner *runner, const struct pga_step *step,
                         const struct pga_source *source, bool finishes,
                         struct pga_step_outcome *outcome, struct pga_error *err) PGA_MUST_CHECK;

/* The change of state that a step makes; `after` is storage for it. */
struct pga_change pga_step_change(const struct pga_step *step, struct pga_applied *after,
                                  struct pga_texts *texts);

/* Timeouts and modes for the transaction of a script. */
struct pga_session_head pga_step_session(const struct pga_runner *runner,
                                         const struct pga_script_text *script,
                                         const struct pga_modes *modes);

/*
 * An append that failed: PGA_OK in err and true when the journal stands where it stood, so that the step can be tried
 * again; is_overtaken and true when it has moved; false with an error otherwise.
 */
bool pga_append_conflict(struct pga_runner *runner, struct pga_step_outcome *outcome,
                         struct pga_error *err) PGA_MUST_CHECK;

/* Add to the error of a failed script what becomes of it and what to do next.  Returns false. */
bool pga_script_failed(const struct pga_step *step, struct pga_error *err);

#endif
