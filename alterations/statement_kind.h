/*
 * alterations/statement_kind.h: what one statement means to a runner.
 *
 * Looks at words and their order only, as far as the grammar makes that certain, and at calls of a few functions.
 * What a function, a DO block or a procedure does inside stays unseen.  In doubt a statement is taken for what
 * costs more and harms nothing: sent alone, not shared with other work.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_STATEMENT_KIND_H
#define PGA_ALTERATIONS_STATEMENT_KIND_H

#include <stdbool.h>

#include "alterations/statement.h"
#include "base/str.h"

/* What a statement does to standard_conforming_strings, and so to how the text behind it is read. */
enum pga_strings_effect {
    PGA_STRINGS_KEPT,
    PGA_STRINGS_ON,
    PGA_STRINGS_OFF,
    PGA_STRINGS_INITIAL, /* as the session began */
    PGA_STRINGS_UNKNOWN,
};

/*
 * Fill kind, concurrently, modes, first and second of a statement from its text.
 * Source: PostgreSQL manual, part VI (reference), "transaction block", versions 13 to 18.
 */
enum pga_strings_effect pga_statement_classify(struct pga_str text, bool standard_strings,
                                               struct pga_statement *statement);

#endif
