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
    struct pga_prepared prepared;
    struct pga_step_frame frame;
    struct pga_step_counts counts;
    bool at_append; /* the failure was the append's, not the script's */
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
    char server_hint[sizeof(err->hint)];
    const char *gap;

    if (err->code == PGA_ERR_LOST && err->hint[0] == '\0')
        (void)pga_error_hint(
            err, "Whether this step was committed is for the journal to say: run the same command "
                 "again, it goes on from where the journal stands.");
    if (err->code != PGA_ERR_SQL)
        return pga_error_while(err, "alteration \"%s\"", step->id);
    memcpy(server_hint, err->hint, sizeof(server_hint));
    gap = server_hint[0] == '\0' ? "" : "\n";
    (void)pga_error_while(err, "alteration \"%s\" failed", step->id);
    if (is_stored)
        return pga_error_hint(
            err,
            "%s%sIts transaction was rolled back; steps before it stay. To run another text: "
            "correct the file, then: pgalter accept %s --because TEXT",
            server_hint, gap, step->id);
    return pga_error_hint(
        err,
        "%s%sIts transaction was rolled back; steps before it stay. Correct the script, then run "
        "the same command again.",
        server_hint, gap);
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
    if (outcome->is_overtaken)
        return true;
    return pga_journal_lock_is_held(journal, &runner->has_lock, err) &&
           pga_runner_keep_lock(runner, err);
}

/* Results with a tag before the error: a rule can add results without one (STEP 5). */
static size_t
tagged(const struct pga_results *results)
{
    size_t count = 0;

    for (size_t i = 0; i < results->count; i++)
        count += results->items[i].tag[0] != '\0';
    return count;
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

/* Say where in the script the failure of a whole message stands. */
static void
place_failure(struct attempt *attempt, const struct pga_results *results,
              const struct pga_span_map *map, struct pga_str message, struct pga_error *err)
{
    size_t done = tagged(results), offset = 0;
    size_t tail = attempt->counts.script + attempt->prepared.end - attempt->prepared.first;
    int64_t position = results->error == NULL ? 0 : results->error->position;
    bool found = pga_span_find(map, message, position,
                               pga_positions_in_bytes(attempt->runner->driver), &offset);

    attempt->at_append = !found && done == attempt->counts.append;
    (void)pga_place_fill(err, attempt->script, &attempt->prepared.statements, found, offset,
                         done >= attempt->counts.script
                             ? attempt->prepared.first + done - attempt->counts.script
                             : SIZE_MAX);
    if (done >= tail)
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
    struct pga_buf sql = pga_buf_on(attempt->mem);
    struct pga_span_map map = {0};
    struct pga_results results = {0};
    struct pga_message message = {.copies = attempt->prepared.copies,
                                  .copy_count = attempt->prepared.copy_count};

    name_message(&sql, attempt);
    attempt->counts = pga_step_head_sql(&sql, &attempt->frame);
    pga_step_script_sql(&sql, attempt->script, &attempt->prepared, &map);
    pga_step_tail_sql(&sql, &attempt->frame);
    message.sql = pga_buf_str(&sql);
    if (!pga_session_restore(attempt->runner->journal, err))
        return false;
    if (send_last(attempt, &message, &results, err))
        return true;
    if (err->code == PGA_ERR_SQL)
        place_failure(attempt, &results, &map, message.sql, err);
    return false;
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
    struct pga_message message = {0};

    attempt->counts = pga_step_head_sql(&head, &attempt->frame);
    message.sql = pga_buf_str(&head);
    if (!pga_session_restore(attempt->runner->journal, err))
        return false;
    if (!pga_driver_query(driver, &message, attempt->mem, &head_results, err)) {
        attempt->at_append = tagged(&head_results) == attempt->counts.append;
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
        name_tail(attempt, tagged(&tail_results), err);
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

    if (waited_ms < runner->settings.lock_wait_ms) {
        pga_clock_sleep_ms(runner->clock, APPEND_PAUSE_MS);
        return pga_interrupt_check(err);
    }
    (void)pga_fail(err, PGA_ERR_LOCKED,
                   "another session keeps the journal's next row to itself (waited %s)",
                   pga_format_duration_ms(&mem, waited_ms));
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
    struct attempt attempt = {.runner = runner, .script = source->main};
    struct pga_retry retry;
    int64_t started = pga_clock_now_ms(runner->clock);

    if (!pga_script_prepare(&mem, source->main, runner->journal->standard_strings,
                            &attempt.prepared, err))
        return false;
    pga_retry_init(&retry, runner, source->main->directives.retries);
    for (;;) {
        bool again = false;

        pga_history_build(runner->journal, &runner->journal->head, &change, &row);
        attempt.at_append = false;
        attempt.frame = (struct pga_step_frame){
            .journal = runner->journal,
            .row = &row,
            .change = &change,
            .texts = &texts,
            .head = pga_step_session(runner, source->main, &attempt.prepared.modes),
            .synchronous_commit = runner->journal->synchronous_commit,
            .finishes = finishes,
        };
        if (try_step(&attempt, outcome, &again, err) && !again)
            break;
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
