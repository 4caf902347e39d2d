/*
 * engine/transaction.c: running a step whose script is one transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/transaction.h"

#include <string.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "drivers/sqlstate.h"
#include "engine/advice.h"
#include "engine/guard.h"
#include "engine/place.h"
#include "engine/retry.h"
#include "engine/statement_send.h"
#include "engine/step.h"
#include "journal/unfinished.h"

#define APPEND_PAUSE_MS 100

/* One try of one step. */
struct attempt {
    struct pga_runner *runner;
    struct pga_arena *mem; /* of this try */
    const struct pga_script_text *script;
    const struct pga_alteration *alteration; /* whose texts go into the journal; NULL: none do */
    struct pga_prepared prepared;
    struct pga_step_frame frame;
    struct pga_step_counts counts;
    bool at_append; /* the failure was the append's, not the script's */
    size_t guarded; /* where in the script stands what may reach the journal */
    bool is_busy;   /* another runner has the lock, which each step takes for itself here */
};

struct pga_change
pga_step_change(const struct pga_step *step, struct pga_applied *after, struct pga_texts *texts)
{
    struct pga_change change = {.event = PGA_EVENT_REVERTED, .before = step->applied};

    if (step->kind == PGA_STEP_REVERT)
        return change;
    if (step->kind == PGA_STEP_RENAME) {
        *after = *step->applied;
        after->version = step->version;
        change.event = PGA_EVENT_RENAMED;
    } else {
        pga_applied_of(step->alteration, after);
        for (size_t i = 0; i < PGA_PART_COUNT; i++)
            if (step->alteration->parts[i] != NULL)
                texts->part[i] = step->alteration->parts[i]->text;
        change.event = PGA_EVENT_APPLIED;
        change.before = NULL;
    }
    change.after = after;
    return change;
}

struct pga_session_head
pga_step_session(const struct pga_runner *runner, const struct pga_script_text *script,
                 const struct pga_modes *modes)
{
    const struct pga_directives *directives = &script->directives;
    struct pga_session_head head = {.lock_timeout_ms = runner->settings.lock_timeout_ms,
                                    .statement_timeout_ms = runner->settings.statement_timeout_ms};

    if (directives->lock_timeout_ms >= 0)
        head.lock_timeout_ms = directives->lock_timeout_ms;
    if (directives->statement_timeout_ms >= 0)
        head.statement_timeout_ms = directives->statement_timeout_ms;
    head.statement_timeout_ms = pga_deadline_statement_ms(runner, head.statement_timeout_ms);
    if (modes != NULL) {
        head.isolation = modes->isolation;
        head.deferrable = modes->deferrable;
    }
    return head;
}

bool
pga_script_failed(const struct pga_step *step, struct pga_error *err)
{
    bool is_stored = strncmp(err->place.file, PGA_STORED_PREFIX, strlen(PGA_STORED_PREFIX)) == 0;

    if (pga_advise_scarce(step, err))
        return false;
    (void)pga_advise_id(err);
    if (err->code != PGA_ERR_SQL)
        return pga_error_while(err, "alteration \"%s\"", step->id);
    (void)pga_error_while(err, "alteration \"%s\" failed", step->id);
    if (is_stored)
        return pga_advise(
            step, err,
            "Its transaction was rolled back; steps before it stay. To run another text: "
            "correct the file, then: pgalter accept %s --because TEXT",
            step->id);
    return pga_advise(
        step, err,
        "Its transaction was rolled back; steps before it stay. Correct the script, then run "
        "the same command again.");
}

/* 23505, 55P03, 40P01 and 40001 say that another transaction has the same row in hand (STEP 3). */
static bool
is_conflict(const char *sqlstate)
{
    return pga_sqlstate_class(sqlstate) == PGA_SQLSTATE_DUPLICATE ||
           pga_sqlstate_class(sqlstate) == PGA_SQLSTATE_CONTENTION;
}

bool
pga_append_conflict(struct pga_runner *runner, struct pga_step_outcome *outcome,
                    struct pga_error *err)
{
    struct pga_journal *journal = runner->journal;
    struct pga_head mine = journal->head;

    if (!is_conflict(err->sqlstate)) {
        (void)pga_append_failure(journal, err);
        return err->code == PGA_ERR_JOURNAL
                   ? false
                   : pga_session_fail(journal->driver, err, "appending to the journal's history");
    }
    memset(err, 0, sizeof(*err));
    if (!pga_journal_open(journal, err))
        return false;
    outcome->is_overtaken =
        journal->head.seq != mine.seq || !pga_digest_equal(&journal->head.hash, &mine.hash);
    if (outcome->is_overtaken || journal->settings.is_shared)
        return true;
    return pga_journal_lock_is_held(journal, &runner->has_lock, err) &&
           pga_runner_keep_lock(runner, err);
}

/* The script took effect and must not stay: with the next command the journal would be one that nobody can trust. */
static void
fail_touched(const struct attempt *attempt, struct pga_error *err)
{
    memset(err, 0, sizeof(*err));
    (void)pga_fail(err, PGA_ERR_SQL,
                   "the script writes to the journal's tables, changes them or gives them away");
    (void)pga_error_identify(err, PGA_ID_SQL);
    (void)pga_script_place(err, attempt->script, attempt->guarded);
    (void)pga_error_detail(err,
                           "Schema \"%s\" is pgalter's own; mark, accept and forget change what is "
                           "recorded there.",
                           attempt->runner->journal->settings.schema);
}

/*
 * Say what failed behind the last statement of the script.  22012 is how the .sql files of the journal say that a row
 * is not there (journal/add.sql), 23502 that the journal was exchanged since the append.
 */
static void
name_tail(const struct attempt *attempt, size_t done, struct pga_error *err)
{
    if (done == 0) {
        (void)pga_error_while(err, "its deferred constraints");
        return;
    }
    if (strcmp(err->sqlstate, "23502") == 0) {
        (void)pga_append_failure(attempt->runner->journal, err);
        return;
    }
    if (attempt->frame.is_guarded && pga_untouched_failed(err)) {
        fail_touched(attempt, err);
        return;
    }
    if (strcmp(err->sqlstate, "22012") == 0 && attempt->frame.finishes) {
        (void)pga_unfinished_failure(attempt->runner->journal, attempt->frame.row->subject.id, err);
        return;
    }
    if (strcmp(err->sqlstate, "22012") == 0) {
        (void)pga_error_detail(
            err, "A trigger or rule that the script made keeps the alteration's row out of the "
                 "journal, or the database's encoding changes a character of its scripts.");
    }
    (void)pga_error_while(err, "recording it");
}

/*
 * A character that the database's encoding lacks: the server did not even read the message.  It stands in this script or
 * in another one of the alteration, whose texts go into the journal.
 */
static void
name_character(struct attempt *attempt, const struct pga_results *results, struct pga_error *err)
{
    const struct pga_script_text *script = attempt->script;
    size_t offset;
    bool found = pga_place_characters(results->error->message, script->text, &offset);

    for (size_t i = 0; !found && attempt->alteration != NULL && i < PGA_PART_COUNT; i++) {
        script = attempt->alteration->parts[i];
        found =
            script != NULL && pga_place_characters(results->error->message, script->text, &offset);
    }
    if (found)
        (void)pga_script_place(err, script, offset);
    (void)pga_error_detail(
        err,
        "The database's encoding is %s. Every text of the alteration must be possible in it, "
        "comments and the other scripts too: the journal keeps them.",
        pga_driver_parameter(attempt->runner->driver, "server_encoding"));
    (void)pga_error_hint(err, "Write the text without this character.");
}

/* What can fail in the head in a shared session.  False: something else did. */
static bool
name_shared(struct attempt *attempt, size_t done, struct pga_error *err)
{
    attempt->is_busy = done == attempt->counts.lock && pga_journal_lock_is_busy(err);
    if (pga_session_is_unclean(err))
        return !pga_session_fail_unclean(err);
    return attempt->is_busy;
}

/* Say where the failure of a whole message stands: before, in or behind the script. */
static void
place_failure(struct attempt *attempt, const struct pga_sent *sent, struct pga_error *err)
{
    size_t done = pga_results_tagged(sent->results);
    size_t tail = sent->head + sent->end - sent->first;
    bool found;

    if (sent->results->error == NULL)
        return;
    found = pga_place_failure(attempt->mem, sent, err);
    attempt->at_append = !found && done == attempt->counts.append;
    if (!found && done < attempt->counts.append && name_shared(attempt, done, err))
        return;
    if (done == 0 && pga_place_is_about_characters(sent->results->error))
        name_character(attempt, sent->results, err);
    else if (done == 0 && strcmp(err->sqlstate, PGA_SQLSTATE_STANDBY) == 0)
        (void)pga_advise_standby(err);
    else if (!found && done < sent->head)
        (void)pga_error_while(err, "pgalter's own statements before its script");
    else if (done >= tail)
        name_tail(attempt, done - tail, err);
}

/*
 * Send a message that ends with the tail.  Of a failed transaction the tag of COMMIT is ROLLBACK, without an error
 * (STEP 4); and once it is COMMIT the step is done, even when a signal comes or the connection ends right behind it.
 * The script may have dropped the runner lock.
 */
static bool
send_last(struct attempt *attempt, const struct pga_message *message, struct pga_results *results,
          struct pga_error *err)
{
    bool fine = pga_driver_query(attempt->runner->driver, message, attempt->mem, results, err);
    size_t count = results->count;

    if (count < 2 || strcmp(results->items[count - 1].tag, "COMMIT") != 0)
        return fine && pga_fail(err, PGA_ERR_SQL,
                                "the transaction was not committed: the server answered \"%s\"",
                                count < 2 ? "" : results->items[count - 1].tag);
    if (!fine)
        memset(err, 0, sizeof(*err));
    if (results->items[count - 2].row_count == 0 && !PGA_FAULT(runner_lock))
        attempt->runner->has_lock = false;
    return true;
}

/* The server shows the beginning of what runs to whoever waits for it, or looks at its sessions. */
static void
name_message(struct pga_buf *sql, const struct attempt *attempt)
{
    const struct pga_history_row *row = attempt->frame.row;

    pga_buf_appendf(sql, "-- pgalter: %s %s\n",
                    row->event == PGA_EVENT_REVERTED ? "revert" : "apply",
                    pga_printable(attempt->mem, pga_str_of(row->subject.id)));
}

/* Send head, script and tail as one message. */
static bool
send_whole(struct attempt *attempt, struct pga_error *err)
{
    const struct pga_prepared *prepared = &attempt->prepared;
    struct pga_buf sql = pga_buf_on(attempt->mem);
    struct pga_results results = {0};
    struct pga_message message = {.copies = prepared->copies,
                                  .copy_count = prepared->copy_count,
                                  .timeout_ms = pga_deadline_message_ms(attempt->runner)};
    struct pga_sent sent = {.script = attempt->script,
                            .statements = &prepared->statements,
                            .first = prepared->first,
                            .end = prepared->end,
                            .in_bytes = pga_positions_in_bytes(attempt->runner->driver),
                            .results = &results};
    bool fine;

    name_message(&sql, attempt);
    attempt->counts = pga_step_head_sql(&sql, &attempt->frame);
    pga_step_script_sql(&sql, attempt->script, prepared, &sent.map);
    pga_step_tail_sql(&sql, &attempt->frame);
    sent.head = attempt->counts.script;
    sent.message = message.sql = pga_buf_str(&sql);
    if (!pga_session_restore(attempt->runner->journal, err))
        return false;
    pga_runner_sent(attempt->runner, &sent);
    fine = send_last(attempt, &message, &results, err);
    pga_runner_sent(attempt->runner, NULL);
    if (!fine && err->code == PGA_ERR_SQL)
        place_failure(attempt, &sent, err);
    return fine;
}

/*
 * A script that changes standard_conforming_strings or client_encoding travels statement by statement: the server
 * reads a message whole with the settings from before it.
 */
static bool
send_apart(struct attempt *attempt, struct pga_error *err)
{
    struct pga_driver *driver = attempt->runner->driver;
    struct pga_buf head = pga_buf_on(attempt->mem), tail = pga_buf_on(attempt->mem);
    struct pga_results head_results = {0}, tail_results = {0};
    struct pga_message message = {.timeout_ms = pga_deadline_message_ms(attempt->runner)};

    attempt->counts = pga_step_head_sql(&head, &attempt->frame);
    message.sql = pga_buf_str(&head);
    if (!pga_session_restore(attempt->runner->journal, err))
        return false;
    if (!pga_driver_query(driver, &message, attempt->mem, &head_results, err)) {
        attempt->at_append = pga_results_tagged(&head_results) == attempt->counts.append;
        return false;
    }
    for (size_t i = attempt->prepared.first; i < attempt->prepared.end; i++)
        if (!pga_statement_send(attempt->runner, attempt->mem, attempt->script,
                                &attempt->prepared.statements, i, err))
            return false;
    pga_step_tail_sql(&tail, &attempt->frame);
    message.sql = pga_buf_str(&tail);
    if (!pga_session_restore(attempt->runner->journal, err))
        return false;
    if (send_last(attempt, &message, &tail_results, err))
        return true;
    if (err->code == PGA_ERR_SQL)
        name_tail(attempt, pga_results_tagged(&tail_results), err);
    return false;
}

/* Send the step; what its messages need lives as long as one try. */
static bool
send_step(struct attempt *attempt, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    bool sent;

    attempt->mem = &mem;
    sent = attempt->prepared.alone ? send_apart(attempt, err) : send_whole(attempt, err);
    attempt->mem = NULL;
    return sent;
}

/* One try.  *again: nothing was done, the journal stands where it stood, try once more. */
static bool
try_step(struct attempt *attempt, struct pga_step_outcome *outcome, bool *again,
         struct pga_error *err)
{
    if (send_step(attempt, err))
        return true;
    pga_session_rollback(attempt->runner->driver);
    if (attempt->is_busy) {
        if (!pga_journal_lock_wait(attempt->runner->journal, &outcome->is_overtaken, err))
            return false;
        *again = !outcome->is_overtaken;
        return true;
    }
    if (!attempt->at_append || err->code != PGA_ERR_SQL)
        return false;
    /* Waiting for another's append, or losing to it, is no fault of the script (STEP 3). */
    if (!pga_append_conflict(attempt->runner, outcome, err))
        return false;
    *again = !outcome->is_overtaken;
    return true;
}

/* Before the next try of an append that met another's: as long as one waits for a runner at most. */
static bool
wait_for_append(const struct pga_runner *runner, int64_t waited_ms, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    if (waited_ms < runner->settings.lock_wait_ms && pga_deadline_left_ms(runner) > 0) {
        pga_clock_sleep_ms(runner->clock, APPEND_PAUSE_MS);
        return pga_interrupt_check(err);
    }
    (void)pga_fail(err, PGA_ERR_LOCKED,
                   "another session keeps the journal's next row to itself (waited %s)",
                   pga_format_duration_ms(&mem, waited_ms));
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    return pga_error_hint(
        err,
        "Nothing of this step was done. A run without the runner lock, or a prepared transaction "
        "in pg_prepared_xacts, holds it; end that, then run the same command again.");
}

bool
pga_transaction_run(struct pga_runner *runner, const struct pga_step *step,
                    const struct pga_source *source, bool finishes,
                    struct pga_step_outcome *outcome, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_applied after;
    struct pga_texts texts = {0};
    struct pga_change change = pga_step_change(step, &after, &texts);
    struct pga_history_row row;
    struct attempt attempt = {
        .runner = runner,
        .script = source->main,
        .alteration = step->kind == PGA_STEP_APPLY ? step->alteration : NULL,
    };
    struct pga_retry retry;
    int64_t started = pga_clock_now_ms(runner->clock);
    bool is_guarded;

    if (!pga_script_prepare(&mem, source->main, runner->journal->standard_strings,
                            &attempt.prepared, err))
        return false;
    is_guarded = pga_guard_find(source->main->text, runner->journal->standard_strings,
                                runner->journal->settings.schema, &attempt.guarded);
    pga_retry_init(&retry, runner, source->main->directives.retries);
    for (;;) {
        bool again = false;

        pga_history_build(runner->journal, &runner->journal->head, &change, &row);
        attempt.at_append = attempt.is_busy = false;
        attempt.frame = (struct pga_step_frame){
            .journal = runner->journal,
            .row = &row,
            .change = &change,
            .texts = &texts,
            .head = pga_step_session(runner, source->main, &attempt.prepared.modes),
            .synchronous_commit = runner->journal->synchronous_commit,
            .finishes = finishes,
            .is_guarded = is_guarded,
        };
        if (try_step(&attempt, outcome, &again, err) && !again)
            break;
        if (again && attempt.is_busy)
            continue;
        if (again ? !wait_for_append(runner, pga_clock_now_ms(runner->clock) - started, err)
                  : !pga_retry_wait(&retry, err))
            return pga_script_failed(step, err);
    }
    if (outcome->is_overtaken)
        return true;
    outcome->alters_settings |= attempt.prepared.alters_settings;
    pga_journal_advance(runner->journal, &row, &change);
    return true;
}
