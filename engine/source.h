/*
 * engine/source.h: the scripts that a step runs, from the file or from the journal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_SOURCE_H
#define PGA_ENGINE_SOURCE_H

#include <stdbool.h>

#include "alterations/script.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "engine/runner.h"

/* What the journal's texts are called where a file's name would stand. */
#define PGA_STORED_PREFIX "journal:"

/* The two scripts of one step. */
struct pga_source {
    const struct pga_script_text *before; /* runs first, outside a transaction; NULL: none */
    const struct pga_script_text *main;   /* up or down; NULL for a rename */
};

/*
 * Find the scripts of every step, reading the journal's texts in one round trip, and check that each can be run:
 * statements, wrappers, what may travel.  sources[i] belongs to plan->steps[i].  Nothing has been changed when this
 * fails.  Errors: PGA_ERR_USAGE with place, PGA_ERR_JOURNAL.
 */
bool pga_sources_load(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
                      struct pga_source **out, struct pga_error *err) PGA_MUST_CHECK;

/* Whether a script of this part runs statement by statement outside a transaction. */
bool pga_script_is_outside(const struct pga_script_text *script);

#endif
