/*
 * engine/statements.h: running a step whose statements run one by one, outside a transaction.
 *
 * For before-scripts and scripts with `transaction none`.  The step is claimed in `unfinished` before its first
 * statement; a statement that can run in a transaction commits together with the record that it is done, the
 * others have `started` and `done` apart (STEP 7).  A script's SET and RESET are repeated before each later statement,
 * because pgalter's own transactions in between begin by resetting the session, and so that a run that resumes
 * finds the same settings.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_STATEMENTS_H
#define PGA_ENGINE_STATEMENTS_H

#include <stdbool.h>

#include "engine/runner.h"
#include "engine/source.h"
#include "engine/transaction.h"
#include "journal/unfinished.h"

/*
 * Run the before-script, then the main script, resuming at `found` when a run before this one ended in the middle
 * (NULL: it didn't).
 * Errors: PGA_ERR_HALF_DONE (whether the last statement took effect is unknown and no `done-when` tells), PGA_ERR_SQL
 * with place, and those of the driver.
 */
bool pga_statements_run(struct pga_runner *runner, const struct pga_step *step,
                        const struct pga_source *source, const struct pga_unfinished *found,
                        struct pga_step_outcome *outcome, struct pga_error *err) PGA_MUST_CHECK;

#endif
