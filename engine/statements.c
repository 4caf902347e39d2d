/*
 * engine/statements.c: running statements one by one, outside a transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/statements.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "drivers/sqlstate.h"
#include "engine/advice.h"
#include "engine/invalid_indexes.sql.h"
#include "engine/retry.h"
#include "engine/statement_send.h"
#include "engine/unit_run.h"
#include "journal/session.h"

bool
pga_unit_run_load(struct pga_unit_run *p, const struct pga_script_text *script,
                  struct pga_error *err)
{
    p->script = script;
    p->row.script = script->part;
    p->row.digest = script->digest;
    if (!pga_script_units(p->mem, script, p->runner->journal->standard_strings, &p->units, err))
        return false;
    for (size_t i = 0; i < p->units.statements.count; i++)
        p->alters_settings |= p->units.statements.items[i].kind == PGA_STATEMENT_ALTER_SETTINGS;
    return true;
}

/* ---- one statement ---- */

static bool
send_statement(struct pga_unit_run *p, size_t index, struct pga_error *err)
{
    return pga_statement_send(p->runner, p->mem, p->script, &p->units.statements, index, err);
}

static bool
is_setting(const struct pga_statement *statement)
{
    return (statement->kind == PGA_STATEMENT_SESSION_STATE ||
            statement->kind == PGA_STATEMENT_SET_LEXICAL) &&
           (pga_str_equal_nocase(statement->first, "set") ||
            pga_str_equal_nocase(statement->first, "reset")) &&
           !pga_str_equal_nocase(statement->second, "local");
}

/* Whether what one setting did is over once the other, later one has run: same name, or all of them. */
static bool
is_overridden(const struct pga_statement *setting, const struct pga_statement *later)
{
    const char *name = later->second.data;

    if (pga_str_equal_nocase(later->second, "all"))
        return true;
    return setting->second.len == later->second.len && name != NULL &&
           strncasecmp(setting->second.data, name, later->second.len) == 0 &&
           !pga_str_equal_nocase(later->second, "session");
}

static bool
is_discard_all(const struct pga_statement *statement)
{
    return pga_str_equal_nocase(statement->first, "discard") &&
           pga_str_equal_nocase(statement->second, "all");
}

/* Repeat the script's settings from before a statement, as far as it has not discarded them. */
static bool
send_settings(struct pga_unit_run *p, size_t before, struct pga_error *err)
{
    const struct pga_statement *items = p->units.statements.items;
    size_t first = before;

    while (first > 0 && !is_discard_all(&items[first - 1]))
        first--;
    for (size_t i = first; i < before; i++) {
        bool over = !is_setting(&items[i]);

        for (size_t later = i + 1; later < before && !over; later++)
            over = is_setting(&items[later]) && is_overridden(&items[i], &items[later]);
        if (!over && !send_statement(p, i, err))
            return false;
    }
    return true;
}

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
    if (!run_message(p, &first, err) || !send_settings(p, unit->first, err))
        return false;
    for (size_t i = 0; i < unit->count; i++)
        if (!send_statement(p, unit->first + i, err))
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

/* A timeout would leave an INVALID index behind, and dropping that would time out too (STEP 7). */
static void
session_timeouts(struct pga_buf *buf, const struct pga_session_head *head,
                 const struct pga_statement *statement)
{
    int64_t lock_timeout = statement->concurrently ? 0 : head->lock_timeout_ms;

    pga_buf_appendf(buf, "SET lock_timeout = %lld; SET statement_timeout = %lld;",
                    (long long)lock_timeout, (long long)head->statement_timeout_ms);
}

/* The indexes that are INVALID and not being built: their OIDs, and the statements that drop them. */
static bool
load_invalid(struct pga_unit_run *p, struct pga_result *out, struct pga_error *err)
{
    return pga_journal_select(p->runner->journal, pga_str_of(pga_text_invalid_indexes_sql), p->mem,
                              out, err) &&
           pga_session_check_answer(out, 4, err);
}

static bool
note_indexes(struct pga_unit_run *p, struct pga_unfinished *row, struct pga_error *err)
{
    struct pga_buf list = pga_buf_on(p->mem);
    struct pga_result found;

    if (!load_invalid(p, &found, err))
        return false;
    for (size_t i = 0; i < found.row_count; i++)
        pga_buf_appendf(&list, "%s%s", i == 0 ? "" : " ", pga_result_value(&found, i, 0));
    row->indexes = list.data;
    return true;
}

static bool
has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at += len)
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static bool
is_name_byte(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || ((unsigned char)c & 0x80) != 0;
}

/* Whether the text has the name in it as a whole word, whatever its case. */
static bool
mentions(struct pga_str text, const char *name)
{
    size_t len = strlen(name);

    for (size_t at = 0; at + len <= text.len; at++)
        if (strncasecmp(text.data + at, name, len) == 0 &&
            (at == 0 || !is_name_byte(text.data[at - 1])) &&
            (at + len == text.len || !is_name_byte(text.data[at + len])))
            return true;
    return false;
}

/*
 * Drop what a failed statement left behind: indexes that are INVALID now and were not before it (STEP 7).  Another
 * session's build may have failed at the same moment; what the statement does not mention is not ours.
 */
static bool
drop_carcasses(struct pga_unit_run *p, const struct pga_statement *statement)
{
    struct pga_str text = pga_str_slice(p->script->text, statement->offset, statement->len);
    struct pga_error ignored = {0};
    struct pga_result found;
    bool fine = load_invalid(p, &found, &ignored);

    for (size_t i = 0; fine && i < found.row_count; i++) {
        if (has_word(p->row.indexes, pga_result_value(&found, i, 0)) ||
            (!mentions(text, pga_result_value(&found, i, 2)) &&
             !mentions(text, pga_result_value(&found, i, 3))))
            continue;
        fine =
            pga_driver_run(p->runner->driver, pga_str_of(pga_result_value(&found, i, 1)), &ignored);
    }
    return fine;
}

/*
 * The server said no.  A statement that is all or nothing can be started again by a later run.  A procedure that
 * commits by itself may have done a part, and stays in doubt.
 */
static void
give_back(struct pga_unit_run *p, const struct pga_statement *statement)
{
    struct pga_unfinished back = p->row;
    struct pga_error ignored = {0};

    if (statement->kind == PGA_STATEMENT_CALL) {
        p->in_doubt = true;
        return;
    }
    if (statement->concurrently && !drop_carcasses(p, statement)) {
        p->in_doubt = true;
        return;
    }
    back.progress = PGA_PROGRESS_NEXT;
    if (pga_unfinished_update(p->runner->journal, &p->row, &back, &ignored))
        p->row = back;
}

/* A statement that can't share a transaction: `started` before it, the record that it is done after it. */
static bool
run_apart(struct pga_unit_run *p, const struct pga_unit *unit, struct pga_error *err)
{
    struct pga_session_head head = pga_step_session(p->runner, p->script, NULL);
    struct pga_unfinished started = p->row;
    struct pga_buf settings = pga_buf_on(p->mem);

    started.progress = PGA_PROGRESS_STARTED;
    if (p->units.statements.items[unit->first].concurrently && !note_indexes(p, &started, err))
        return false;
    if (!pga_unfinished_update(p->runner->journal, &p->row, &started, err))
        return false;
    p->row = started;
    (void)PGA_FAULT(statement_started);
    (void)pga_session_reset_sql(&settings, p->runner->driver);
    session_timeouts(&settings, &head, &p->units.statements.items[unit->first]);
    if (!run_message(p, &settings, err) || !send_settings(p, unit->first, err) ||
        !send_statement(p, unit->first, err)) {
        pga_session_rollback(p->runner->driver);
        if (err->code == PGA_ERR_SQL)
            give_back(p, &p->units.statements.items[unit->first]);
        return false;
    }
    (void)PGA_FAULT(statement_done);
    started.progress = PGA_PROGRESS_NEXT;
    started.unit++;
    if (!pga_unfinished_update(p->runner->journal, &p->row, &started, err))
        return false;
    p->row = started;
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
        if (unit->transactional ? run_together(p, unit, err) : run_apart(p, unit, err))
            return true;
        pga_session_rollback(p->runner->driver);
        if (p->in_doubt || !pga_retry_wait(&retry, err))
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
