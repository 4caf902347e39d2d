/*
 * engine/retry.h: trying a step again after a lock timeout, a deadlock or a serialization failure.
 *
 * Always the whole step, never a part of it, and with pauses that differ from runner to runner, so that the
 * application's queries pass in between (FACTS 13).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_RETRY_H
#define PGA_ENGINE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/runner.h"

struct pga_retry {
    struct pga_runner *runner;
    int64_t left;
    int64_t tried;
};

/* A step's budget: its directive or the run's default. */
void pga_retry_init(struct pga_retry *retry, struct pga_runner *runner, int64_t directive);

/*
 * After a failure: wait and return true when the step shall be tried again, with *err cleared.  Otherwise false
 * with *err as it was, or PGA_ERR_CONTENTION when the budget is used up, PGA_ERR_DEADLINE when the
 * deadline is what stopped it or leaves no time for another try (both name who was in the way), or PGA_ERR_INTERRUPTED.
 */
bool pga_retry_wait(struct pga_retry *retry, struct pga_error *err);

#endif
