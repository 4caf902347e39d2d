/*
 * engine/shared.h: what can't run in a session that a pooler shares among clients.
 *
 * There each transaction may get another session, and whatever outlives a transaction reaches other clients.  So only
 * scripts run that are one transaction and leave nothing behind it (STEP 4).  What functions do inside stays unseen,
 * but the body of a DO block is looked into.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_SHARED_H
#define PGA_ENGINE_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "engine/plan.h"
#include "engine/runner.h"
#include "engine/source.h"
#include "journal/unfinished.h"

/*
 * Refuse a plan with scripts that need a session of their own, naming all of them; true at once where the session is
 * one.  Errors: PGA_ERR_USAGE with the place of the first statement, and those of preparing a script.
 */
bool pga_shared_check(const struct pga_runner *runner, const struct pga_plan *plan,
                      const struct pga_source *sources, struct pga_error *err) PGA_MUST_CHECK;

/* The same for steps that an earlier run has left half done outside a transaction. */
bool pga_shared_check_unfinished(const struct pga_runner *runner, const struct pga_plan *plan,
                                 const struct pga_unfinished *rows, size_t count,
                                 struct pga_error *err) PGA_MUST_CHECK;

#endif
