/*
 * engine/outcome.h: what became of a step whose session was lost.
 *
 * A lost connection leaves open whether the step in flight was committed.  So the old server process is ended and seen
 * to be gone before the journal is read again; then the journal says for certain (STEP 8, docs/decisions).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_OUTCOME_H
#define PGA_ENGINE_OUTCOME_H

#include "engine/runner.h"

enum pga_outcome {
    PGA_OUTCOME_NONE,        /* the session was not lost, or nothing could have been in flight */
    PGA_OUTCOME_COMMITTED,   /* by this run */
    PGA_OUTCOME_ROLLED_BACK, /* and nobody has done it since */
    PGA_OUTCOME_OVERTAKEN,   /* not committed by this run; another one has done it since */
    PGA_OUTCOME_UNFINISHED, /* outside a transaction: a part is done, and `unfinished` says which */
    PGA_OUTCOME_BEHIND,  /* a failover: the server that answers now lacks what had been committed */
    PGA_OUTCOME_UNKNOWN, /* no server answered, or the old process did not end, in time */
};

/* As it stands in JSON: "committed", "rolled-back" ...; NULL for PGA_OUTCOME_NONE. */
const char *pga_outcome_name(enum pga_outcome outcome);

/*
 * After a failure with a lost session: reconnect, waiting up to settings.reconnect_ms while servers start, are promoted
 * or are gone; end the old server process and wait until it is gone; read the journal.  `step` is the one in flight;
 * NULL: none was, so that only the session is taken up again.
 *
 * The error stays, with what was found added to message and hint.  The session is usable afterwards, without the
 * runner lock, unless the outcome is unknown.  After a second signal nothing is tried.
 */
enum pga_outcome pga_outcome_settle(struct pga_runner *runner, const struct pga_step *step,
                                    struct pga_error *err);

#endif
