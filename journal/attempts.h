/*
 * journal/attempts.h: failures, refusals and waits.
 *
 * They stand beside the history, take no number of it and block nobody (STEP 1): a run whose pod is gone can
 * still be asked why it failed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_ATTEMPTS_H
#define PGA_JOURNAL_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "journal/journal.h"

struct pga_attempt {
    const char *run, *who;
    const char *id;        /* NULL: the run as a whole */
    const char *direction; /* "up", "down" or "" */
    const char *code;      /* pga_code_name() */
    const char *sqlstate;  /* "" when no server said it */
    const char *message, *detail, *place;
    const char *at; /* RFC 3339, UTC; set when read */
};

/*
 * Record a failure in a transaction of its own.  Best effort: without a journal, or when it fails, nothing
 * happens, because the failure that is being recorded matters more.
 */
void pga_attempt_record(struct pga_journal *journal, const struct pga_attempt *attempt);

/* The latest `limit` of them, newest first. */
bool pga_attempts_load(struct pga_journal *journal, struct pga_arena *mem, size_t limit,
                       struct pga_attempt **out, size_t *out_count, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
