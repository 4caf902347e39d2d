/*
 * engine/apart.c: a statement that can't share a transaction with the record that it is done.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/unit_run.h"

#include "base/fault.h"
#include "base/interrupt.h"
#include "engine/statement_send.h"
#include "engine/trace.h"
#include "journal/session.h"

#define HURRY_MS 3000 /* for clearing away, when somebody waits for the end of the run */

/* Write down that the statement begins, and what it will be known by. */
static bool
record_start(struct pga_unit_run *p, size_t index, struct pga_error *err)
{
    struct pga_unfinished started = p->row;

    started.progress = PGA_PROGRESS_STARTED;
    if (pga_trace_has_rule(p, index) && !pga_unit_run_session(p, index, 0, err))
        return false;
    return pga_trace_note(p, index, &started.indexes, err) && pga_unit_run_record(p, &started, err);
}

/* `done`: it took effect; otherwise the next run sends it again. */
static bool
record_end(struct pga_unit_run *p, bool done, struct pga_error *err)
{
    struct pga_unfinished ended = p->row;

    ended.progress = PGA_PROGRESS_NEXT;
    ended.unit += done ? 1 : 0;
    return pga_unit_run_record(p, &ended, err);
}

/* Clear away what a refused statement left.  False: it is still there, or who knows. */
static bool
clear_away(struct pga_unit_run *p, size_t index, int64_t timeout_ms)
{
    struct pga_error ignored = {0};
    struct pga_trace trace;

    /* A partition that waits to be detached is finished by the next run: it locks the partition against everybody. */
    return pga_trace_read(p, index, &trace, &ignored) && trace.verdict != PGA_VERDICT_WAIT &&
           trace.finalize == NULL && pga_trace_mend(p, index, &trace, timeout_ms, &ignored);
}

/*
 * The server said no.  A statement that is all or nothing can be started again by a later run, once what it left is
 * cleared away.  A procedure that commits by itself may have done a part, and stays in doubt.  Where clearing away
 * does not succeed the record stays as it is, and the next run decides by it.
 */
static void
give_back(struct pga_unit_run *p, size_t index, bool hurry)
{
    int64_t timeout_ms = hurry ? HURRY_MS : p->runner->settings.lock_wait_ms;
    int64_t limit_ms = pga_deadline_message_ms(p->runner);
    struct pga_error ignored = {0};

    if (limit_ms > 0 && limit_ms < timeout_ms)
        timeout_ms = limit_ms;
    if (p->units.statements.items[index].kind == PGA_STATEMENT_CALL)
        p->in_doubt = true;
    else
        p->is_left = !clear_away(p, index, timeout_ms < 1 ? HURRY_MS : timeout_ms) ||
                     !record_end(p, false, &ignored);
}

/* After a failure: what the server's last word means for the record. */
static void
settle(struct pga_unit_run *p, size_t index, enum pga_fate fate, const struct pga_error *err)
{
    struct pga_error ignored = {0};

    pga_session_rollback(p->runner->driver);
    if (fate == PGA_FATE_DONE)
        (void)!record_end(p, true, &ignored);
    else if (fate == PGA_FATE_REFUSED)
        give_back(p, index, err->code != PGA_ERR_SQL);
    else if (pga_driver_transaction(p->runner->driver) != PGA_TRANSACTION_LOST)
        (void)!record_end(p, false, &ignored); /* it was not sent */
}

bool
pga_unit_run_apart(struct pga_unit_run *p, const struct pga_unit *unit, struct pga_error *err)
{
    struct pga_session_head head = pga_step_session(p->runner, p->script, NULL);
    size_t index = unit->first;
    bool concurrently = p->units.statements.items[index].concurrently;
    enum pga_fate fate = PGA_FATE_UNSENT;

    if (!record_start(p, index, err))
        return false;
    (void)PGA_FAULT(statement_started);
    /* A timeout would leave an INVALID index behind, and dropping that would time out too (STEP 7). */
    if (!pga_unit_run_session(p, index, concurrently ? 0 : head.lock_timeout_ms, err) ||
        !pga_interrupt_check(err) || !pga_unit_run_send(p, index, &fate, err)) {
        settle(p, index, fate, err);
        return false;
    }
    if (!pga_trace_check_built(p, index, err)) {
        settle(p, index, PGA_FATE_REFUSED, err);
        return false;
    }
    (void)PGA_FAULT(statement_done);
    return record_end(p, true, err);
}
