/*
 * journal/append.c: the statements of a change of state.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/journal.h"

#include <string.h>

#include "base/fault.h"
#include "drivers/sqlstate.h"
#include "journal/lock.h"
#include "journal/session.h"
#include "journal/sql.h"
#include "journal/unfinished.h"

#include "journal/add.sql.h"
#include "journal/append.sql.h"
#include "journal/change.sql.h"
#include "journal/prev.sql.h"
#include "journal/remove.sql.h"
#include "journal/script.sql.h"
#include "journal/script_check.sql.h"
#include "journal/tail.sql.h"

#define APPEND_LOCK_TIMEOUT_MS 2000

/* The columns that `history` and `journal` share. */
static void
subject_values(struct pga_sql_values *values, const struct pga_applied *subject)
{
    pga_sql_text(values, "id", subject->id);
    pga_sql_text(values, "version", subject->version);
    pga_sql_text(values, "phase", subject->phase);
    pga_sql_text(values, "directives", subject->directives);
    for (size_t i = 0; i < PGA_SCRIPT_COUNT; i++)
        pga_sql_digest(values, pga_script_column(i),
                       subject->has_part[i] ? &subject->digests[i] : NULL);
}

static void
row_values(struct pga_sql_values *values, const struct pga_journal *journal,
           const struct pga_history_row *row)
{
    pga_sql_raw(values, "journal", journal->schema_sql);
    pga_sql_int(values, "seq", row->seq);
    subject_values(values, &row->subject);
    pga_sql_text(values, "run", row->run);
}

/* The hash of the row with that number, as the database has it; NULL unless it is the one that was read. */
static char *
prev_sql(struct pga_arena *mem, const struct pga_journal *journal, int64_t seq,
         const struct pga_digest *hash)
{
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf buf = pga_buf_on(mem);

    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_int(&values, "last", seq);
    pga_sql_digest(&values, "prev", hash);
    pga_sql_expand(&buf, pga_text_prev_sql, &values);
    return buf.data;
}

bool
pga_journal_check_same(struct pga_journal *journal, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_result result;
    const char *sql = pga_format(&mem, "SELECT %s",
                                 prev_sql(&mem, journal, journal->head.seq, &journal->head.hash));

    if (!pga_journal_select(journal, pga_str_of(sql), &mem, &result, err))
        return pga_session_fail(journal->driver, err, "looking at the journal again");
    if (result.row_count == 1 && result.column_count == 1 &&
        pga_result_value(&result, 0, 0) != NULL)
        return true;
    return pga_journal_fail_replaced(journal, err);
}

void
pga_append_sql(struct pga_buf *buf, const struct pga_journal *journal,
               const struct pga_history_row *row, bool guard)
{
    struct pga_sql_values values = {.mem = buf->mem};

    row_values(&values, journal, row);
    if (guard) {
        pga_sql_raw(&values, "prev", prev_sql(buf->mem, journal, row->seq - 1, &row->prev));
    } else {
        pga_sql_digest(&values, "prev", &row->prev);
    }
    pga_sql_digest(&values, "hash", &row->hash);
    pga_sql_text(&values, "event", pga_event_name(row->event));
    pga_sql_digest(&values, "state", &row->state);
    pga_sql_text(&values, "who", row->who);
    pga_sql_text(&values, "engine", row->engine);
    pga_sql_text(&values, "because", row->because);
    pga_sql_expand(buf, pga_text_append_sql, &values);
}

static void
append_scripts(struct pga_buf *buf, const struct pga_journal *journal,
               const struct pga_applied *after, const struct pga_texts *texts)
{
    const char *encoding = pga_driver_parameter(journal->driver, "server_encoding");
    bool converts =
        encoding != NULL && !pga_same(encoding, "UTF8") && !pga_same(encoding, "SQL_ASCII");

    for (size_t i = 0; i < PGA_SCRIPT_COUNT; i++) {
        struct pga_sql_values values = {.mem = buf->mem};
        struct pga_buf literal = pga_buf_on(buf->mem);

        if (!after->has_part[i] || texts->part[i].data == NULL)
            continue;
        pga_buf_append_literal(&literal, texts->part[i]);
        pga_sql_raw(&values, "journal", journal->schema_sql);
        pga_sql_digest(&values, "digest", &after->digests[i]);
        pga_sql_raw(&values, "text", literal.data);
        pga_sql_expand(buf, pga_text_script_sql, &values);
        if (converts)
            pga_sql_expand(buf, pga_text_script_check_sql, &values);
    }
}

void
pga_append_tail_sql(struct pga_buf *buf, const struct pga_journal *journal,
                    const struct pga_history_row *row, const struct pga_change *change,
                    const struct pga_texts *texts)
{
    struct pga_sql_values values = {.mem = buf->mem};
    const char *sql = change->after == NULL    ? pga_text_remove_sql
                      : change->before == NULL ? pga_text_add_sql
                                               : pga_text_change_sql;

    if (change->before == NULL && change->after == NULL)
        return;
    if (texts != NULL && change->after != NULL)
        append_scripts(buf, journal, change->after, texts);
    row_values(&values, journal, row);
    pga_sql_text(&values, "timestamp", row->subject.timestamp);
    pga_sql_text(&values, "slug", row->subject.slug);
    pga_sql_expand(buf, sql, &values);
}

void
pga_tail_reset_sql(struct pga_buf *buf, const struct pga_journal *journal,
                   const char *synchronous_commit)
{
    struct pga_sql_values values = {.mem = buf->mem};
    struct pga_buf user = pga_buf_on(buf->mem);

    (void)pga_session_user_sql(&user, journal);
    pga_sql_raw(&values, "user", user.data);
    pga_sql_raw(&values, "synchronous_commit", synchronous_commit);
    pga_sql_expand(buf, pga_text_tail_sql, &values);
}

bool
pga_journal_fail_replaced(const struct pga_journal *journal, struct pga_error *err)
{
    memset(err, 0, sizeof(*err));
    (void)pga_fail(err, PGA_ERR_JOURNAL,
                   "the journal in the schema \"%s\" is not the one that was read",
                   journal->settings.schema);
    (void)pga_error_identify(err, PGA_ID_JOURNAL_MOVED);
    return pga_error_hint(
        err, "It was dropped, restored or made anew while this ran. Look at \"pgalter status\", "
             "then run the same command again.");
}

static bool
fail_overtaken(struct pga_error *err)
{
    memset(err, 0, sizeof(*err));
    (void)pga_fail(err, PGA_ERR_LOCKED, "another run changed the journal at the same moment");
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    return pga_error_hint(err, "Nothing of this step was done. Run the same command again.");
}

bool
pga_append_failure(const struct pga_journal *journal, struct pga_error *err)
{
    if (strcmp(err->sqlstate, "23502") == 0 ||
        pga_sqlstate_class(err->sqlstate) == PGA_SQLSTATE_ABSENT)
        return pga_journal_fail_replaced(journal, err);
    return strcmp(err->sqlstate, "23505") == 0 ? fail_overtaken(err) : false;
}

enum record { RECORD_NONE, RECORD_OWN, RECORD_ANY };

/* Wait until no other runner has the lock; what it did meanwhile is another's change at the same moment. */
static bool
wait_for_turn(struct pga_journal *journal, bool *again, struct pga_error *err)
{
    bool moved = false;

    if (!pga_journal_lock_wait(journal, &moved, err))
        return false;
    *again = !moved;
    return moved ? fail_overtaken(err) : true;
}

/*
 * The transaction of a change that runs no script, and the row of `unfinished` that goes with it.  *again: another
 * runner had the lock, nothing was done.
 */
static bool
commit_once(struct pga_journal *journal, const struct pga_change *change,
            const struct pga_texts *texts, enum record record, bool *again, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_session_head head = {.lock_timeout_ms = APPEND_LOCK_TIMEOUT_MS};
    struct pga_history_row row;
    struct pga_buf sql = pga_buf_on(&mem);

    pga_history_build(journal, &journal->head, change, &row);
    (void)pga_session_head_sql(&sql, journal, &head);
    (void)pga_journal_lock_step_sql(&sql, journal);
    pga_append_sql(&sql, journal, &row, true);
    if (record != RECORD_NONE)
        pga_unfinished_delete_sql(&sql, journal, row.subject.id, record == RECORD_OWN);
    pga_append_tail_sql(&sql, journal, &row, change, texts);
    pga_buf_append_c(&sql, "COMMIT;");
    if (!pga_session_restore(journal, err))
        return false;
    if (!pga_driver_run_own(journal->driver, pga_buf_str(&sql), err)) {
        if (pga_journal_lock_is_busy(err)) {
            pga_session_rollback(journal->driver);
            return wait_for_turn(journal, again, err);
        }
        (void)pga_append_failure(journal, err);
        if (record == RECORD_OWN)
            (void)pga_unfinished_failure(journal, row.subject.id, err);
        return pga_session_fail(
            journal->driver, err,
            pga_format(&mem, "recording \"%s\"", pga_event_name(change->event)));
    }
    (void)PGA_FAULT(change_recorded);
    pga_journal_advance(journal, &row, change);
    return true;
}

static bool
commit_change(struct pga_journal *journal, const struct pga_change *change,
              const struct pga_texts *texts, enum record record, struct pga_error *err)
{
    bool again;

    do {
        again = false;
        if (!commit_once(journal, change, texts, record, &again, err))
            return false;
    } while (again);
    return true;
}

bool
pga_journal_commit(struct pga_journal *journal, const struct pga_change *change,
                   const struct pga_texts *texts, struct pga_error *err)
{
    return commit_change(journal, change, texts, RECORD_NONE, err);
}

bool
pga_journal_finish(struct pga_journal *journal, const struct pga_change *change,
                   const struct pga_texts *texts, bool own, struct pga_error *err)
{
    return commit_change(journal, change, texts, own ? RECORD_OWN : RECORD_ANY, err);
}
