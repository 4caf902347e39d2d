/*
 * journal/lock.c: the runner lock.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/lock.h"

#include <string.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "drivers/sqlstate.h"
#include "journal/backend.h"
#include "journal/lock_free.sql.h"
#include "journal/lock_held.sql.h"
#include "journal/lock_holder.sql.h"
#include "journal/lock_idle.sql.h"
#include "journal/lock_release.sql.h"
#include "journal/lock_step.sql.h"
#include "journal/lock_try.sql.h"
#include "journal/read.h"
#include "journal/session.h"

#define POLL_FIRST_MS  50
#define POLL_LAST_MS   1000
#define REPORT_EACH_MS 15000
#define SQLSTATE_BUSY  "22P02" /* with these words in the message: lock_step.sql */
#define BUSY           "pgalter: busy: "

static void
key_values(struct pga_sql_values *values, const struct pga_journal *journal)
{
    pga_sql_int(values, "key", journal->lock_key);
    pga_sql_int(values, "high", (int64_t)((uint64_t)journal->lock_key >> 32));
    pga_sql_int(values, "low", (int64_t)((uint64_t)journal->lock_key & 0xFFFFFFFFu));
}

static struct pga_str
key_sql(struct pga_arena *mem, const struct pga_journal *journal, const char *sql)
{
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf buf = pga_buf_on(mem);

    key_values(&values, journal);
    pga_sql_expand(&buf, sql, &values);
    return pga_buf_str(&buf);
}

void
pga_journal_lock_held_sql(struct pga_buf *buf, const struct pga_journal *journal)
{
    pga_buf_append(buf, key_sql(buf->mem, journal, pga_text_lock_held_sql));
}

size_t
pga_journal_lock_step_sql(struct pga_buf *buf, const struct pga_journal *journal)
{
    if (!journal->settings.is_shared || PGA_FAULT(runner_lock))
        return 0;
    pga_buf_append(buf, key_sql(buf->mem, journal, pga_text_lock_step_sql));
    return 1;
}

bool
pga_journal_lock_is_busy(const struct pga_error *err)
{
    return strcmp(err->sqlstate, SQLSTATE_BUSY) == 0 && strstr(err->message, BUSY) != NULL;
}

bool
pga_journal_lock_wait(struct pga_journal *journal, bool *out_moved, struct pga_error *err)
{
    struct pga_head before = journal->head;

    memset(err, 0, sizeof(*err));
    if (!pga_journal_lock_take(journal, journal->lock_wait, err))
        return false;
    *out_moved =
        journal->head.seq != before.seq || !pga_digest_equal(&journal->head.hash, &before.hash);
    return true;
}

bool
pga_journal_lock_is_held(struct pga_journal *journal, bool *out, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_result result;

    if (PGA_FAULT(runner_lock)) {
        *out = true;
        return true;
    }
    if (!pga_journal_select(journal, key_sql(&mem, journal, pga_text_lock_held_sql), &mem, &result,
                            err))
        return pga_session_fail(journal->driver, err, "verifying the runner lock");
    *out = result.row_count > 0;
    return true;
}

bool
pga_journal_lock_find_holder(struct pga_journal *journal, struct pga_arena *mem,
                             struct pga_lock_holder *out, struct pga_error *err)
{
    struct pga_result result;
    const char *fields[5];

    memset(out, 0, sizeof(*out));
    out->application = out->user = out->address = out->since = out->query = "";
    if (!pga_journal_select(journal, key_sql(mem, journal, pga_text_lock_holder_sql), mem, &result,
                            err))
        return pga_session_fail(journal->driver, err, "looking for the holder of the runner lock");
    if (!pga_session_check_answer(&result, 6, err))
        return false;
    if (result.row_count == 0 ||
        !pga_parse_int(pga_str_of(pga_result_value(&result, 0, 0)), 1, INT32_MAX, &out->pid))
        return true;
    for (size_t i = 0; i < PGA_COUNT_OF(fields); i++) {
        const char *text = pga_result_value(&result, 0, i + 1);

        fields[i] = text == NULL ? "" : text;
    }
    out->application = fields[0];
    out->user = fields[1];
    out->address = fields[2];
    out->since = fields[3];
    out->query = fields[4];
    return true;
}

/*
 * One try.  Lock and head are separate statements of a READ COMMITTED transaction: in one statement, or under
 * REPEATABLE READ, the head could be older than the lock (STEP 6).
 */
static bool
try_once(struct pga_journal *journal, bool *taken, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_message message = {.keep_rows = true, .answer_ms = PGA_ANSWER_MS};
    struct pga_results results = {0};
    struct pga_buf sql = pga_buf_on(&mem);
    bool has_head = journal->presence == PGA_JOURNAL_PRESENT;
    bool is_shared = journal->settings.is_shared;
    size_t at;

    pga_buf_append_c(&sql, "BEGIN ISOLATION LEVEL READ COMMITTED;\n");
    at = 1 + pga_session_read_sql(&sql, journal);
    at += is_shared ? 0 : pga_driver_fence_sql(journal->driver, &sql);
    pga_buf_append(
        &sql, key_sql(&mem, journal, is_shared ? pga_text_lock_free_sql : pga_text_lock_try_sql));
    if (has_head)
        pga_head_sql(&sql, journal);
    pga_backend_own_sql(&sql);
    pga_buf_append_c(&sql, is_shared ? "ROLLBACK;" : "COMMIT;");
    message.sql = pga_buf_str(&sql);
    if (!pga_session_restore(journal, err))
        return false;
    if (!pga_driver_query(journal->driver, &message, &mem, &results, err)) {
        bool is_gone = pga_sqlstate_class(err->sqlstate) == PGA_SQLSTATE_ABSENT;

        (void)pga_session_fail(journal->driver, err, "taking the runner lock");
        return is_gone && pga_journal_fail_replaced(journal, err);
    }
    if (results.count != at + 2 + (has_head ? 1 : 0) + PGA_BACKEND_STATEMENTS ||
        results.items[at].row_count != 1)
        return pga_fail(err, PGA_ERR_UNEXPECTED,
                        "the server gave %zu answers when the runner lock was asked for",
                        results.count);
    *taken = pga_same(pga_result_value(&results.items[at], 0, 0), "t");
    pga_backend_note(journal, &results.items[results.count - 2]);
    if (!*taken || !has_head)
        return true;
    return pga_head_parse(journal, &results.items[at + 1], err);
}

static bool
fail_waiting(const struct pga_lock_holder *holder, const struct pga_lock_wait *wait,
             struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    (void)pga_fail(err, PGA_ERR_LOCKED, "another runner holds the lock (waited %s)",
                   pga_format_duration_ms(&mem, wait->timeout_ms));
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    if (holder->pid != 0)
        (void)pga_error_detail(
            err,
            "Process %lld, application \"%s\", user \"%s\", from %s, connected since %s. It "
            "runs: %s",
            (long long)holder->pid, holder->application, holder->user, holder->address,
            holder->since, holder->query);
    return pga_error_hint(
        err, "Nothing was changed. Run the same command again, or with a longer --lock-wait.");
}

/* Report at the beginning of the wait and then from time to time. */
static bool
report_wait(struct pga_journal *journal, const struct pga_lock_wait *wait, int64_t waited_ms,
            int64_t *next_report_ms, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_lock_holder holder;

    if (wait->report == NULL || waited_ms < *next_report_ms)
        return true;
    *next_report_ms = waited_ms + REPORT_EACH_MS;
    if (!pga_journal_lock_find_holder(journal, &mem, &holder, err))
        return false;
    wait->report(wait->ctx, &holder, waited_ms);
    return true;
}

/* The holder, if it is a session of pgalter's that has been idle for so long, and `known`, unless that is NULL. */
static bool
find_idle(struct pga_journal *journal, int64_t idle_ms, const struct pga_backend *known,
          struct pga_backend *out, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_sql_values values = {.mem = &mem};
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_result result;

    *out = (struct pga_backend){0};
    key_values(&values, journal);
    pga_sql_int(&values, "idle_ms", idle_ms);
    pga_sql_int(&values, "pid", known == NULL ? 0 : known->pid);
    pga_sql_text(&values, "began", known == NULL ? NULL : known->began);
    pga_sql_expand(&sql, pga_text_lock_idle_sql, &values);
    if (!pga_backend_select(journal, pga_buf_str(&sql), &mem, &result, err))
        return pga_session_fail(journal->driver, err, "looking at the holder of the runner lock");
    if (!pga_session_check_answer(&result, 2, err))
        return false;
    if (result.row_count > 0 && pga_result_value(&result, 0, 1) != NULL &&
        pga_parse_int(pga_str_of(pga_result_value(&result, 0, 0)), 1, INT32_MAX, &out->pid))
        out->began = pga_strdup(journal->mem, pga_result_value(&result, 0, 1));
    return true;
}

/*
 * End a holder that has been idle for as long as it takes, twice in a row the same one.  Where the role may not signal it
 * the wait goes on.
 */
static bool
steal(struct pga_journal *journal, const struct pga_lock_wait *wait, struct pga_backend *known,
      struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_backend before = *known;
    struct pga_lock_holder holder;
    struct pga_error refused = {0};
    bool asked = false;

    if (!find_idle(journal, wait->steal_after_ms, before.pid == 0 ? NULL : &before, known, err))
        return false;
    if (before.pid == 0 || known->pid == 0)
        return true;
    if (!pga_journal_lock_find_holder(journal, &mem, &holder, err))
        return false;
    if (!pga_backend_end(journal, known, &asked, &refused)) {
        if (refused.code == PGA_ERR_SQL)
            return true;
        *err = refused;
        return false;
    }
    (void)PGA_FAULT(lock_stolen);
    if (asked && holder.pid == known->pid)
        wait->stolen(wait->ctx, &holder);
    *known = (struct pga_backend){0};
    return true;
}

bool
pga_journal_lock_take(struct pga_journal *journal, const struct pga_lock_wait *wait,
                      struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int64_t started = pga_clock_now_ms(wait->clock), pause = POLL_FIRST_MS, next_report = 0;
    struct pga_lock_holder holder;
    struct pga_backend idle = {0};
    bool taken = false;

    for (;;) {
        int64_t waited;

        if (!try_once(journal, &taken, err))
            return false;
        if (taken || PGA_FAULT(runner_lock)) {
            (void)PGA_FAULT(lock_taken);
            return true;
        }
        waited = pga_clock_now_ms(wait->clock) - started;
        if (waited >= wait->timeout_ms)
            break;
        if (!report_wait(journal, wait, waited, &next_report, err))
            return false;
        if (wait->steal_after_ms > 0 && !steal(journal, wait, &idle, err))
            return false;
        if (pause > wait->timeout_ms - waited)
            pause = wait->timeout_ms - waited;
        (void)PGA_FAULT(lock_waited);
        pga_clock_sleep_ms(wait->clock, pause);
        if (!pga_interrupt_check(err))
            return false;
        /* Different runners wake at different moments because their processes began at different ones. */
        pause = pause * 3 / 2 + waited % 17;
        if (pause > POLL_LAST_MS)
            pause = POLL_LAST_MS;
    }
    if (!pga_journal_lock_find_holder(journal, &mem, &holder, err))
        return false;
    return fail_waiting(&holder, wait, err);
}

void
pga_journal_lock_release(struct pga_journal *journal)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_error ignored = {0};

    if (!journal->settings.is_shared &&
        pga_driver_transaction(journal->driver) == PGA_TRANSACTION_IDLE)
        (void)!pga_driver_run_own(journal->driver,
                                  key_sql(&mem, journal, pga_text_lock_release_sql), &ignored);
    (void)PGA_FAULT(lock_released);
}
