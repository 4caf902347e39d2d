/*
 * engine/resume.c: a step in whose middle another run ended.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/unit_run.h"

#include <string.h>

#include "base/interrupt.h"
#include "engine/trace.h"

const char *
pga_unit_run_undone(const struct pga_unit_run *p)
{
    return p->step->kind == PGA_STEP_REVERT ? "mark" : "forget";
}

static bool
fail_half_done(const struct pga_unit_run *p, struct pga_error *err)
{
    const struct pga_statement *statement =
        &p->units.statements.items[p->units.items[p->row.unit].first];

    (void)pga_fail(err, PGA_ERR_HALF_DONE,
                   "half done: a run ended while the statement in line %d ran",
                   pga_script_file_line(p->script, statement->line));
    (void)pga_error_identify(err, PGA_ID_HALF_DONE);
    (void)pga_script_place(err, p->script, statement->offset);
    (void)pga_error_detail(
        err,
        "Run %s by %s started the statement and never learned what became of it. Look at the "
        "database: did it take effect?",
        p->row.run, p->row.who);
    return pga_error_hint(
        err,
        "If all of the script took effect: pgalter %s %s --because TEXT. If none of it did, or "
        "after undoing it: pgalter %s %s --because TEXT, then the same command again.",
        p->step->kind == PGA_STEP_REVERT ? "forget" : "mark", p->step->id, pga_unit_run_undone(p),
        p->step->id);
}

/* Whether the `done-when` query says that the statement that was started took effect. */
static bool
ask_done_when(struct pga_unit_run *p, bool *done, struct pga_error *err)
{
    struct pga_result result;
    char message[sizeof(err->message)];

    if (pga_journal_select(p->runner->journal, pga_str_of(p->script->directives.done_when), p->mem,
                           &result, err)) {
        *done = result.row_count == 1 && result.column_count == 1 &&
                pga_same(pga_result_value(&result, 0, 0), "t");
        return true;
    }
    if (err->code != PGA_ERR_SQL)
        return false;
    /* The directive belongs to the text, which can't change now: somebody has to look. */
    memcpy(message, err->message, sizeof(message));
    memset(err, 0, sizeof(*err));
    (void)fail_half_done(p, err);
    return pga_error_detail(err, "Its done-when query can't tell: %s.", message);
}

/* Tell that somebody else's work is waited for. */
static void
report_wait(struct pga_unit_run *p, const char *note)
{
    pga_runner_report(p->runner, &(struct pga_event_report){.happening = PGA_HAPPENING_STEP_WAITS,
                                                            .step = p->step,
                                                            .note = note});
}

static bool
fail_built(const struct pga_unit_run *p, const struct pga_trace *trace, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_LOCKED, "process %s is still building an index of it",
                   trace->builder);
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    (void)pga_script_place(err, p->script,
                           p->units.statements.items[p->units.items[p->row.unit].first].offset);
    return pga_error_hint(err, "Nothing was changed. When it has ended, run the same command "
                               "again; its result decides.");
}

/* What the catalogs say, once nobody is at it any more. */
static bool
look_at_trace(struct pga_unit_run *p, struct pga_trace *out, struct pga_error *err)
{
    const struct pga_clock *clock = p->runner->clock;
    int64_t started = pga_clock_now_ms(clock);
    bool told = false;

    for (;;) {
        if (!pga_trace_read(p, p->units.items[p->row.unit].first, out, err))
            return false;
        if (out->verdict != PGA_VERDICT_WAIT)
            return true;
        if (!told)
            report_wait(p, pga_format(p->mem, "process %s builds the index", out->builder));
        told = true;
        if (pga_clock_now_ms(clock) - started > p->runner->settings.lock_wait_ms)
            return fail_built(p, out, err);
        pga_clock_sleep_ms(clock, PGA_CLAIM_POLL_MS);
        if (!pga_interrupt_check(err))
            return false;
    }
}

/* Where no catalog tells, the script's own query does, if it has one. */
static bool
settle_doubt(struct pga_unit_run *p, struct pga_trace *trace, struct pga_error *err)
{
    bool done = false;

    if (trace->verdict != PGA_VERDICT_DOUBT)
        return true;
    if (p->script->directives.done_when == NULL)
        return fail_half_done(p, err);
    if (!ask_done_when(p, &done, err))
        return false;
    *trace = (struct pga_trace){
        .verdict = done ? PGA_VERDICT_DONE : PGA_VERDICT_AGAIN,
        .note = done ? "done-when says that the statement took effect"
                     : "done-when says that it did not take effect; the statement runs again",
    };
    return true;
}

/* Clear away what the statement left, and write down what is next. */
static bool
resolve_started(struct pga_unit_run *p, const struct pga_trace *trace, struct pga_error *err)
{
    struct pga_unfinished decided = p->row;

    if (!pga_trace_mend(p, p->units.items[p->row.unit].first, trace, 0, err))
        return false;
    decided.progress = PGA_PROGRESS_NEXT;
    decided.unit += trace->verdict == PGA_VERDICT_DONE ? 1 : 0;
    return pga_unit_run_record(p, &decided, err);
}

static bool
fail_other_text(const struct pga_unit_run *p, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_JOURNAL, "\"%s\" changed since a run ended in its middle",
                   p->script->file);
    (void)pga_error_identify(err, PGA_ID_CHANGED);
    (void)pga_error_detail(err, "%lld of its statements are done.", (long long)p->row.unit);
    return pga_error_hint(
        err,
        "Put the text back and run the same command again; or undo what was done, then: pgalter "
        "%s %s --because TEXT",
        pga_unit_run_undone(p), p->step->id);
}

/*
 * Whether the run that a record names is still at it, although this one has the runner lock: then its claim stands.
 * Waits for its end as long as one waits for a runner; after that the journal is another, and the plan too.
 */
static bool
wait_for_claim(struct pga_unit_run *p, const struct pga_unfinished *found, bool *out_waited,
               struct pga_error *err)
{
    const struct pga_clock *clock = p->runner->clock;
    int64_t started = pga_clock_now_ms(clock);
    bool alive = true;

    *out_waited = false;
    for (;;) {
        if (!pga_unfinished_is_alive(p->runner->journal, found, &alive, err))
            return false;
        if (!alive)
            return true;
        if (!*out_waited)
            report_wait(p, pga_format(p->mem, "the session of run %s still works", found->run));
        *out_waited = true;
        pga_runner_unlock(p->runner); /* the other one may need it to go on */
        if (pga_clock_now_ms(clock) - started > p->runner->settings.lock_wait_ms ||
            pga_deadline_left_ms(p->runner) == 0)
            break;
        pga_clock_sleep_ms(clock, PGA_CLAIM_POLL_MS);
        if (!pga_interrupt_check(err))
            return false;
    }
    (void)pga_fail(err, PGA_ERR_LOCKED, "run %s by %s is still at work on it", found->run,
                   found->who);
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    return pga_error_hint(err,
                          "Nothing was changed. Run the same command again when it has ended.");
}

/* Make the record this run's own; a run that still lived would stop at its next statement. */
static bool
take_over(struct pga_unit_run *p, const struct pga_unfinished *found, struct pga_error *err)
{
    p->row = *found;
    p->row.run = p->runner->journal->settings.run;
    p->row.who = p->runner->journal->settings.who;
    return pga_unfinished_update(p->runner->journal, found, &p->row, err);
}

/* Whether the record's last statement was started by a run that never learned what became of it. */
static bool
is_in_doubt(const struct pga_unit_run *p)
{
    return p->row.progress == PGA_PROGRESS_STARTED && (size_t)p->row.unit < p->units.count;
}

/* The record must be of this very text, which can still be gone on with. */
static bool
check_record(const struct pga_unit_run *p, const struct pga_unfinished *found,
             struct pga_error *err)
{
    if ((size_t)p->script->part != found->script ||
        !pga_digest_equal(&found->digest, &p->script->digest))
        return fail_other_text(p, err);
    if ((size_t)found->unit > p->units.count) {
        (void)pga_fail(
            err, PGA_ERR_JOURNAL,
            "the journal was tampered with: its record of \"%s\" is behind the script's end",
            found->id);
        (void)pga_error_identify(err, PGA_ID_JOURNAL_DAMAGED);
        return pga_error_hint(err, "Somebody wrote to the journal's table \"unfinished\". Look at "
                                   "the journal: pgalter doctor");
    }
    return true;
}

bool
pga_unit_run_take_up(struct pga_unit_run *p, const struct pga_source *source,
                     const struct pga_unfinished *found, struct pga_step_outcome *outcome,
                     struct pga_error *err)
{
    bool in_before = source->before != NULL && (size_t)source->before->part == found->script;
    const struct pga_script_text *script = in_before ? source->before : source->main;
    struct pga_trace trace = {0};

    if (!wait_for_claim(p, found, &outcome->is_overtaken, err))
        return false;
    if (outcome->is_overtaken)
        return true;
    if (!pga_unit_run_load(p, script, err))
        return false;
    p->row = *found;
    if (!check_record(p, found, err) ||
        (is_in_doubt(p) && (!look_at_trace(p, &trace, err) || !settle_doubt(p, &trace, err))) ||
        !take_over(p, found, err))
        return false;
    pga_runner_report(p->runner, &(struct pga_event_report){.happening = PGA_HAPPENING_STEP_RESUMED,
                                                            .step = p->step,
                                                            .note = trace.note});
    return !is_in_doubt(p) || resolve_started(p, &trace, err);
}
