/*
 * engine/trace.h: what a statement that runs outside a transaction left in the catalogs.
 *
 * Before such a statement begins, pga_trace_note() writes down which objects it is about and what indexes there are, so
 * that later only what is new counts as its own.  When nobody learned what became of it, pga_trace_read()
 * looks at the same objects again and says what is so (STEP 7): it took effect, it can be sent once more, perhaps
 * after something was cleared away, or nobody can tell.
 *
 *     pga_trace_read(p, index, &trace, err) && pga_trace_mend(p, index, &trace, 0, err)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_TRACE_H
#define PGA_ENGINE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "engine/unit_run.h"

enum pga_verdict {
    PGA_VERDICT_DOUBT, /* no catalog tells */
    PGA_VERDICT_AGAIN, /* it did not take effect, or it is harmless: send it once more */
    PGA_VERDICT_DONE,  /* it took effect */
    PGA_VERDICT_WAIT,  /* somebody is still at it */
};

/* Something that was left behind. */
struct pga_carcass {
    const char *name; /* qualified and quoted */
    bool is_toast;    /* an index of a TOAST table, which only a superuser reaches */
};

struct pga_trace {
    enum pga_verdict verdict;
    const char *note;              /* what was found and what is done about it, for people */
    struct pga_carcass *carcasses; /* INVALID indexes to drop */
    size_t carcass_count;
    const char *finalize; /* the statement that ends a pending DETACH PARTITION, or NULL */
    const char *builder;  /* WAIT: the process that builds */
};

/*
 * What the record keeps about the statement with that index before it starts: the OIDs of what it is about, with an @
 * before each, then those of the indexes there are.  Must be called with the script's settings in effect, which end here.
 * "": nothing is known.  Errors: those of the driver.
 */
bool pga_trace_note(struct pga_unit_run *p, size_t index, const char **out, struct pga_error *err)
    PGA_MUST_CHECK;

/* What became of the statement that p->row says was started.  Errors: those of the driver. */
bool pga_trace_read(struct pga_unit_run *p, size_t index, struct pga_trace *out,
                    struct pga_error *err) PGA_MUST_CHECK;

/*
 * Clear away what was left, each for at most `timeout_ms` (0: no limit), with the script's settings and so with its
 * role.  An index of a TOAST table that may not be dropped is left.
 * Errors: PGA_ERR_DENIED, PGA_ERR_CONTENTION, PGA_ERR_DEADLINE, and those of the driver.
 */
bool pga_trace_mend(struct pga_unit_run *p, size_t index, const struct pga_trace *trace,
                    int64_t timeout_ms, struct pga_error *err) PGA_MUST_CHECK;

/*
 * After CREATE INDEX ... IF NOT EXISTS: whether the index that was there before is INVALID, and so none (FACTS 12).
 * Errors: PGA_ERR_SQL with place and hint when it is; those of the driver.
 */
bool pga_trace_check_built(struct pga_unit_run *p, size_t index, struct pga_error *err)
    PGA_MUST_CHECK;

/* Whether a catalog, or its being harmless, tells more about the statement than its own answer does. */
bool pga_trace_has_rule(struct pga_unit_run *p, size_t index);

#endif
