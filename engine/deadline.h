/*
 * engine/deadline.h: the time by which a run must have ended.
 *
 * A deadline counts from the start of the process.  Scripts get the time up to it but for a reserve, which is for rolling
 * back, recording and saying so: a tenth of the whole, 5 s at most.
 *
 *   before each step  it must be possible in what is left, as far as the history knows how long it takes
 *   during a step     statement_timeout, and a limit of the client's own for the message, are what is left
 *   waits             for the server, the runner lock and the next try don't go beyond it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_DEADLINE_H
#define PGA_ENGINE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/map.h"

struct pga_runner;
struct pga_step;

struct pga_deadline {
    int64_t end_ms;      /* of the scripts, on the runner's clock; 0: there is no deadline */
    int64_t reserve_ms;  /* from there to the deadline itself */
    struct pga_map took; /* how long applying took before, by id: int64_t, ms */
};

/* The deadline `total_ms` after `started_ms`; total 0: none. */
struct pga_deadline pga_deadline_after(int64_t started_ms, int64_t total_ms);

/* What is left for scripts and waits, never below 0; INT64_MAX without a deadline. */
int64_t pga_deadline_left_ms(const struct pga_runner *runner);

/* The timeout of a wait, or what is left if that is less. */
int64_t pga_deadline_cut_ms(const struct pga_runner *runner, int64_t timeout_ms);

/* The same for a statement_timeout, where 0 is none; and how long a message with such statements may take, 0: any time. */
int64_t pga_deadline_statement_ms(const struct pga_runner *runner, int64_t timeout_ms);
int64_t pga_deadline_message_ms(const struct pga_runner *runner);

/*
 * Read how long alterations took to apply before on this database, if there is a deadline: from one's row in the history
 * to the next of the same run, where both were transactions, for then a row is written when its step begins.  Of several times the
 * shortest counts; of what was never applied, or only as the last of a run, nothing is known.
 * Errors: those of the journal.
 */
bool pga_deadline_load(struct pga_runner *runner, struct pga_arena *mem, struct pga_error *err)
    PGA_MUST_CHECK;

/* Whether a step may begin.  Errors: PGA_ERR_DEADLINE. */
bool pga_deadline_check(const struct pga_runner *runner, const struct pga_step *step,
                        struct pga_error *err) PGA_MUST_CHECK;

/*
 * After a failure: whether the deadline is what stopped the step.  Then *err becomes PGA_ERR_DEADLINE, with what it was
 * before in its message.
 */
bool pga_deadline_explains(const struct pga_runner *runner, struct pga_error *err);

/* Make *err one that says what the deadline prevented, `what`.  Returns false. */
bool pga_deadline_fail(struct pga_error *err, const char *what);

#endif
