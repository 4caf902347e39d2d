/*
 * engine/unit_run.h: a step in progress whose statements run one by one; shared by statements.c and resume.c.
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
    bool in_doubt;       /* the statement that failed may have done a part of its work */
    bool in_transaction; /* the statements are done, the main script runs as one transaction */
};

/* Make a script the one in progress.  Errors: as pga_script_units(). */
bool pga_unit_run_load(struct pga_unit_run *p, const struct pga_script_text *script,
                       struct pga_error *err) PGA_MUST_CHECK;

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
