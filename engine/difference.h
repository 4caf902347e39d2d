/*
 * engine/difference.h: how two texts of one script differ.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_DIFFERENCE_H
#define PGA_ENGINE_DIFFERENCE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"
#include "engine/plan.h"
#include "engine/runner.h"

/*
 * The lines that differ, in unified form with three lines of context: "-" stands before a line of `old`, "+" before
 * one of `new`.  At most `max_lines` lines, then how many were left out.  Only the first thousand lines between the
 * first and the last difference are compared.
 */
char *pga_difference_format(struct pga_arena *mem, struct pga_str old_text, struct pga_str new_text,
                            size_t max_lines);

/*
 * Refuse a plan over scripts that changed after they were applied, naming all and showing the first difference.  A
 * rollback may go on when the user said whose text to take.  Errors: PGA_ERR_JOURNAL.
 */
bool pga_difference_check(struct pga_runner *runner, struct pga_arena *mem,
                          const struct pga_plan *plan, struct pga_error *err) PGA_MUST_CHECK;

/* The difference between the journal's text of a script and the file's; either may be missing. */
bool pga_difference_of(struct pga_runner *runner, struct pga_arena *mem,
                       const struct pga_changed_script *changed, char **out, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
