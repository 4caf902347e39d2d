/*
 * journal/examine.h: looking over the stored scripts, which otherwise are only read when one is to run.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_EXAMINE_H
#define PGA_JOURNAL_EXAMINE_H

#include "journal/journal.h"

struct pga_journal_examination {
    int64_t script_count;
    int64_t damaged_count;     /* of those, not what their digest says */
    const char *first_damaged; /* the digest of one of them, in hexadecimal; NULL: none */
};

/*
 * Have the server compare every stored text with its digest, after looking whether the journal can be trusted; one round
 * trip.  The journal must be there.  Errors: PGA_ERR_DENIED (readers have no right to the scripts), PGA_ERR_JOURNAL, and
 * those of the driver.
 */
bool pga_journal_examine(struct pga_journal *journal, struct pga_arena *mem,
                         struct pga_journal_examination *out, struct pga_error *err) PGA_MUST_CHECK;

#endif
