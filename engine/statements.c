/*
 * engine/statements.c: running statements one by one, outside a transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/statements.h"

#include <string.h>

#include "base/interrupt.h"
#include "drivers/sqlstate.h"
#include "engine/advice.h"
#include "engine/retry.h"
#include "engine/unit_run.h"
#include "journal/session.h"

/* ---- one unit ---- */

static bool
run_message(struct pga_unit_run *p, const struct pga_buf *sql, struct pga_error *err)
{
    return pga_session_restore(p->runner->journal, err) &&
           pga_driver_run(p->runner->driver, pga_buf_str(sql), err);
}

/* Statements and the record that they are done, in one transaction. */
static bool
run_together(struct pga_unit_run *p, const struct pga_unit *unit, struct pga_error *err)
{
    struct pga_session_head head = pga_step_session(p->runner, p->script, &unit->modes);
    struct pga_unfinished done = p->row;
    struct pga_buf first = pga_buf_on(p->mem), last = pga_buf_on(p->mem);

    (void)pga_session_head_sql(&first, p->runner->journal, &head);
    if (!run_message(p, &first, err) || !pga_unit_run_settings(p, unit->first, err))
        return false;
    for (size_t i = 0; i < unit->count; i++)
        if (!pga_unit_run_send(p, unit->first + i, NULL, err))
            return false;
    done.unit++;
    pga_tail_reset_sql(&last, p->runner->journal, p->runner->journal->synchronous_commit);
    pga_unfinished_update_sql(&last, p->runner->journal, &p->row, &done);
    pga_buf_append_c(&last, "COMMIT;");
    if (!run_message(p, &last, err))
        return pga_unfinished_failure(p->runner->journal, p->step->id, err);
    p->row = done;
    return true;
}

static bool
run_unit(struct pga_unit_run *p, const struct pga_unit *unit, struct pga_error *err)
{
    struct pga_retry retry;

    pga_retry_init(&retry, p->runner, p->script->directives.retries);
    for (;;) {
        bool held = false;

        if (!pga_interrupt_check(err) || !pga_journal_lock_is_held(p->runner->journal, &held, err))
            return false;
        p->runner->has_lock = held;
        if (!pga_runner_keep_lock(p->runner, err))
            return false;
        if (unit->transactional ? run_together(p, unit, err) : pga_unit_run_apart(p, unit, err))
            return true;
        pga_session_rollback(p->runner->driver);
        if (p->is_left && pga_deadline_explains(p->runner, err))
            return false;
        if (p->in_doubt || p->is_left || !pga_retry_wait(&retry, err))
            return false;
    }
}

static bool
claim(struct pga_unit_run *p, const struct pga_source *source, struct pga_step_outcome *outcome,
      struct pga_error *err)
{
    if (!pga_unit_run_load(p, source->before != NULL ? source->before : source->main, err))
        return false;
    p->row.id = p->step->id;
    p->row.is_down = p->step->kind == PGA_STEP_REVERT;
    p->row.run = p->runner->journal->settings.run;
    p->row.who = p->runner->journal->settings.who;
    if (pga_unfinished_claim(p->runner->journal, &p->row, err))
        return true;
    if (err->code != PGA_ERR_LOCKED)
        return false;
    /* Another run has just claimed it: the next plan finds its record. */
    memset(err, 0, sizeof(*err));
    outcome->is_overtaken = true;
    pga_clock_sleep_ms(p->runner->clock, PGA_CLAIM_POLL_MS);
    return pga_interrupt_check(err);
}

/* ---- the whole step ---- */

/* Run what is left of the script in progress. */
static bool
run_script(struct pga_unit_run *p, struct pga_error *err)
{
    while ((size_t)p->row.unit < p->units.count)
        if (!run_unit(p, &p->units.items[p->row.unit], err))
            return false;
    return true;
}

/* Append to the history and drop the record: the step is done. */
static bool
finish(struct pga_unit_run *p, struct pga_step_outcome *outcome, struct pga_error *err)
{
    struct pga_journal *journal = p->runner->journal;
    struct pga_applied after;
    struct pga_texts texts = {0};
    struct pga_change change = pga_step_change(p->step, &after, &texts);

    if (!pga_journal_finish(journal, &change, &texts, true, err)) {
        if (err->code != PGA_ERR_LOCKED)
            return false;
        /* What the script did stays; the record says that only the append is left, and the next plan does it. */
        memset(err, 0, sizeof(*err));
        outcome->is_overtaken = true;
    }
    return true;
}

/* Whether nothing of the step has been done. */
static bool
is_untouched(const struct pga_unit_run *p, const struct pga_source *source)
{
    const struct pga_script_text *first = source->before != NULL ? source->before : source->main;

    return p->script == first && p->row.unit == 0 && p->row.progress == PGA_PROGRESS_NEXT;
}

/* Leave no record of a step of which nothing has been done. */
static void
drop_claim(struct pga_unit_run *p, const struct pga_source *source)
{
    struct pga_error ignored = {0};

    if (is_untouched(p, source) &&
        pga_driver_transaction(p->runner->driver) == PGA_TRANSACTION_IDLE)
        (void)!pga_unfinished_delete(p->runner->journal, p->step->id, true, &ignored);
}

static bool
run_all(struct pga_unit_run *p, const struct pga_source *source, struct pga_step_outcome *outcome,
        struct pga_error *err)
{
    struct pga_unfinished before;

    if (!run_script(p, err))
        return false;
    before = p->row;
    if (p->script == source->before) {
        if (!pga_script_is_outside(source->main)) {
            p->in_transaction = true;
            return pga_transaction_run(p->runner, p->step, source, true, outcome, err);
        }
        if (!pga_unit_run_load(p, source->main, err))
            return false;
        p->row.unit = 0;
        if (!pga_unfinished_update(p->runner->journal, &before, &p->row, err) ||
            !run_script(p, err))
            return false;
    }
    return finish(p, outcome, err);
}

/* After a failure: what of the step is done, and what to do next. */
static bool
say_what_stays(const struct pga_unit_run *p, const struct pga_source *source, struct pga_error *err)
{
    const char *id = p->step->id;

    if (!p->in_doubt && pga_advise_scarce(p->step, err))
        return false;
    (void)pga_advise_id(err);
    if (err->code != PGA_ERR_SQL && err->code != PGA_ERR_CONTENTION)
        return pga_error_while(err, "alteration \"%s\"", id);
    (void)pga_error_while(err, "alteration \"%s\" failed", id);
    if (p->is_left) {
        if (pga_sqlstate_class(err->sqlstate) == PGA_SQLSTATE_CONTENTION)
            err->code = PGA_ERR_CONTENTION;
        return pga_advise(p->step, err,
                          "What the statement left behind, such as an INVALID index, could not be "
                          "cleared away at once. The next run does that first: correct what was "
                          "wrong, then run the same command again.");
    }
    if (p->in_doubt) {
        err->code = PGA_ERR_HALF_DONE;
        (void)pga_error_identify(err, PGA_ID_HALF_DONE);
        return pga_advise(
            p->step, err,
            "It runs outside a transaction and may have done a part. Look at the database. If "
            "all of it took effect: pgalter %s %s --because TEXT. After undoing the part: "
            "pgalter %s %s --because TEXT, then the same command again.",
            p->step->kind == PGA_STEP_REVERT ? "forget" : "mark", id, pga_unit_run_undone(p), id);
    }
    if (is_untouched(p, source))
        return pga_advise(
            p->step, err,
            "Its first statement failed, so nothing of it is done. Correct the script, then run "
            "the same command again.");
    if (p->row.unit == 0)
        return pga_advise(
            p->step, err,
            "Its before-script is done and stays. Correct the database so that the statement can "
            "succeed, then run the same command again: it goes on there.");
    return pga_advise(
        p->step, err,
        "%lld of its statements outside a transaction are done and stay. Correct the database so "
        "that the statement can succeed, then run the same command again: it goes on there.",
        (long long)p->row.unit);
}

bool
pga_statements_run(struct pga_runner *runner, const struct pga_step *step,
                   const struct pga_source *source, const struct pga_unfinished *found,
                   struct pga_step_outcome *outcome, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_unit_run p = {.runner = runner, .mem = &mem, .step = step};

    if (found != NULL ? !pga_unit_run_take_up(&p, source, found, outcome, err)
                      : !claim(&p, source, outcome, err)) {
        (void)pga_advise_id(err);
        return pga_error_while(err, "alteration \"%s\"", step->id);
    }
    if (outcome->is_overtaken)
        return true;
    if (run_all(&p, source, outcome, err)) {
        outcome->alters_settings |= p.alters_settings;
        return true;
    }
    if (p.in_transaction)
        return false; /* it has said so itself, and the record says that the statements before it are done */
    drop_claim(&p, source);
    return say_what_stays(&p, source, err);
}
