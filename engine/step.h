/*
 * engine/step.h: the text of a step.  Pure: no server.
 *
 * A transactional step is head, append, script, airbag, tail, journal row and COMMIT (STEP 4).  It travels as
 * one message, or, for a script that changes how text is read, as a head, one message a statement, and a tail.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_STEP_H
#define PGA_ENGINE_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "alterations/script.h"
#include "base/str.h"
#include "engine/place.h"
#include "engine/plan.h"
#include "journal/journal.h"
#include "journal/session.h"

/* What surrounds the script of one step. */
struct pga_step_frame {
    const struct pga_journal *journal;
    const struct pga_history_row *row;
    const struct pga_change *change;
    const struct pga_texts *texts; /* to store; NULL: none */
    struct pga_session_head head;
    const char *synchronous_commit; /* of the session, quoted for SQL */
    bool finishes;                  /* a row of `unfinished` goes with the append */
    bool is_guarded;                /* the script may reach the journal (engine/guard.h) */
};

/* Results by place: which statement of the message an answer belongs to. */
struct pga_step_counts {
    size_t lock;   /* index of the lock's result in a shared session; otherwise as append */
    size_t append; /* index of the append's result */
    size_t script; /* index of the script's first */
};

/* Append BEGIN up to and including the append; returns where results will stand. */
struct pga_step_counts pga_step_head_sql(struct pga_buf *buf, const struct pga_step_frame *frame);

/* Append the pieces of a script, mapped, and the airbag. */
void pga_step_script_sql(struct pga_buf *buf, const struct pga_script_text *script,
                         const struct pga_prepared *prepared, struct pga_span_map *map);

/* Append everything behind the script; its last two results are whether the runner lock is held, and COMMIT's. */
void pga_step_tail_sql(struct pga_buf *buf, const struct pga_step_frame *frame);

/*
 * Append the airbag: a comment when all is well; where a quote, comment or dollar quote is still open, a syntax
 * error, so that nothing of the message runs (STEP 5).
 */
void pga_airbag_sql(struct pga_buf *buf, const struct pga_statements *statements);

#endif
