/*
 * journal/unfinished.c: steps in progress outside a transaction.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/unfinished.h"

#include <string.h>

#include "base/fault.h"
#include "journal/claim_guard.sql.h"
#include "journal/read.h"
#include "journal/run_alive.sql.h"
#include "journal/unfinished_claim.sql.h"
#include "journal/unfinished_delete.sql.h"
#include "journal/unfinished_end.sql.h"
#include "journal/unfinished_load.sql.h"
#include "journal/unfinished_update.sql.h"

#define LOCK_TIMEOUT_MS 2000

static const char *
progress_name(enum pga_progress progress)
{
    return progress == PGA_PROGRESS_STARTED ? "started" : "next";
}

static void
row_values(struct pga_sql_values *values, const struct pga_journal *journal,
           const struct pga_unfinished *row)
{
    pga_sql_raw(values, "journal", journal->schema_sql);
    pga_sql_text(values, "id", row->id);
    pga_sql_text(values, "direction", row->is_down ? "down" : "up");
    pga_sql_text(values, "run", journal->settings.run);
    pga_sql_text(values, "who", journal->settings.who);
    pga_sql_text(values, "part", pga_script_column(row->script));
    pga_sql_digest(values, "digest", &row->digest);
    pga_sql_int(values, "statement", row->unit);
    pga_sql_text(values, "progress", progress_name(row->progress));
    pga_sql_text(values, "indexes", row->indexes == NULL ? "" : row->indexes);
}

/* Run `sql` in a transaction of its own, which starts like all of them (STEP 1). */
static bool
run_alone(struct pga_journal *journal, struct pga_str sql, const char *doing, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_session_head head = {.lock_timeout_ms = LOCK_TIMEOUT_MS};
    struct pga_buf message = pga_buf_on(&mem);

    (void)pga_session_head_sql(&message, journal, &head);
    pga_buf_append(&message, sql);
    pga_buf_append_c(&message, "COMMIT;");
    if (pga_session_restore(journal, err) &&
        pga_driver_run_own(journal->driver, pga_buf_str(&message), err))
        return true;
    return pga_session_fail(journal->driver, err, doing);
}

void
pga_unfinished_update_sql(struct pga_buf *buf, const struct pga_journal *journal,
                          const struct pga_unfinished *was, const struct pga_unfinished *row)
{
    struct pga_sql_values values = {.mem = buf->mem};

    row_values(&values, journal, row);
    pga_sql_text(&values, "was_run", was->run);
    pga_sql_text(&values, "was_part", pga_script_column(was->script));
    pga_sql_int(&values, "was_statement", was->unit);
    pga_sql_text(&values, "was_progress", progress_name(was->progress));
    pga_sql_expand(buf, pga_text_unfinished_update_sql, &values);
}

void
pga_unfinished_delete_sql(struct pga_buf *buf, const struct pga_journal *journal, const char *id,
                          bool own)
{
    struct pga_sql_values values = {.mem = buf->mem};

    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_text(&values, "id", id);
    pga_sql_text(&values, "run", journal->settings.run);
    pga_sql_expand(buf, own ? pga_text_unfinished_end_sql : pga_text_unfinished_delete_sql,
                   &values);
}

bool
pga_unfinished_claim(struct pga_journal *journal, const struct pga_unfinished *row,
                     struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_sql_values values = {.mem = &mem};
    struct pga_buf sql = pga_buf_on(&mem);

    row_values(&values, journal, row);
    pga_sql_int(&values, "seq", journal->head.seq);
    pga_sql_digest(&values, "hash", &journal->head.hash);
    pga_sql_expand(&sql, pga_text_unfinished_claim_sql, &values);
    pga_sql_expand(&sql, pga_text_claim_guard_sql, &values);
    if (run_alone(journal, pga_buf_str(&sql), "claiming the step", err)) {
        (void)PGA_FAULT(step_claimed);
        return true;
    }
    if (strcmp(err->sqlstate, "23505") != 0 && strcmp(err->sqlstate, "22012") != 0)
        return false;
    memset(err, 0, sizeof(*err));
    (void)pga_fail(err, PGA_ERR_LOCKED, "another run was faster with \"%s\"", row->id);
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    return pga_error_hint(err, "Nothing of this step was done. Run the same command again.");
}

/* 22012 is how the .sql files say that the record is not this run's any more. */
bool
pga_unfinished_failure(struct pga_journal *journal, const char *id, struct pga_error *err)
{
    if (strcmp(err->sqlstate, "22012") != 0)
        return false;
    pga_session_rollback(journal->driver);
    memset(err, 0, sizeof(*err));
    if (!pga_journal_check_same(journal, err))
        return false;
    (void)pga_fail(err, PGA_ERR_LOST, "another run has taken \"%s\" over", id);
    (void)pga_error_identify(err, PGA_ID_LOCK_LOST);
    return pga_error_hint(err, "What this run did since then was rolled back. \"pgalter status\" "
                               "shows how far the other one is.");
}

bool
pga_unfinished_update(struct pga_journal *journal, const struct pga_unfinished *was,
                      const struct pga_unfinished *row, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf sql = pga_buf_on(&mem);

    pga_unfinished_update_sql(&sql, journal, was, row);
    if (!run_alone(journal, pga_buf_str(&sql), "recording progress", err))
        return pga_unfinished_failure(journal, row->id, err);
    (void)PGA_FAULT(progress_recorded);
    return true;
}

bool
pga_unfinished_delete(struct pga_journal *journal, const char *id, bool own, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf sql = pga_buf_on(&mem);

    pga_unfinished_delete_sql(&sql, journal, id, own);
    if (!run_alone(journal, pga_buf_str(&sql), "removing the record of an unfinished step", err))
        return pga_unfinished_failure(journal, id, err);
    (void)PGA_FAULT(claim_dropped);
    return true;
}

bool
pga_unfinished_is_alive(struct pga_journal *journal, const struct pga_unfinished *row, bool *out,
                        struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_sql_values values = {.mem = &mem};
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_result result;

    pga_sql_text(&values, "run", row->run);
    pga_sql_expand(&sql, pga_text_run_alive_sql, &values);
    if (!pga_journal_select(journal, pga_buf_str(&sql), &mem, &result, err))
        return pga_session_fail(journal->driver, err, "looking for the run of an unfinished step");
    *out = result.row_count > 0;
    return true;
}

static bool
parse_script(const char *name, size_t *out)
{
    for (size_t i = 0; i < PGA_SCRIPT_COUNT; i++) {
        if (!pga_same(name, pga_script_column(i)))
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* One of two words; *out is whether it is the second. */
static bool
parse_choice(const char *text, const char *first, const char *second, bool *out)
{
    *out = pga_same(text, second);
    return *out || pga_same(text, first);
}

/* The columns as unfinished_load.sql selects them. */
static const char *const columns[] = {"id",      "direction",  "run",       "who",
                                      "part",    "digest",     "statement", "progress",
                                      "indexes", "started_at", "updated_at"};

/* NULL, or the column that pgalter never wrote so. */
static const char *
parse_row(const struct pga_result *result, size_t i, struct pga_unfinished *row)
{
    const char *text[PGA_COUNT_OF(columns)] = {0};
    bool is_next;

    for (size_t c = 0; c < PGA_COUNT_OF(text); c++) {
        text[c] = pga_result_value(result, i, c);
        if (text[c] == NULL)
            return columns[c];
    }
    row->id = text[0];
    row->run = text[2];
    row->who = text[3];
    row->indexes = text[8];
    row->started_at = text[9];
    row->updated_at = text[10];
    if (!parse_choice(text[1], "up", "down", &row->is_down))
        return columns[1];
    if (!parse_script(text[4], &row->script))
        return columns[4];
    if (!pga_digest_parse(pga_str_of(text[5]), &row->digest))
        return columns[5];
    if (!pga_parse_int(pga_str_of(text[6]), 0, INT32_MAX, &row->unit))
        return columns[6];
    if (!parse_choice(text[7], "started", "next", &is_next))
        return columns[7];
    row->progress = is_next ? PGA_PROGRESS_NEXT : PGA_PROGRESS_STARTED;
    return NULL;
}

static bool
fail_malformed(const struct pga_journal *journal, const struct pga_result *result, size_t row,
               const char *column, struct pga_error *err)
{
    const char *id = pga_result_value(result, row, 0);

    (void)pga_fail(
        err, PGA_ERR_JOURNAL,
        "the journal was tampered with: the row of \"%s\" in its table \"unfinished\" is "
        "malformed",
        id == NULL ? "" : id);
    (void)pga_error_detail(err, "Its column \"%s\" has no value, or one that pgalter never writes.",
                           column);
    return pga_journal_damaged(journal, err);
}

bool
pga_unfinished_load(struct pga_journal *journal, struct pga_arena *mem, struct pga_unfinished **out,
                    size_t *out_count, struct pga_error *err)
{
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_result result;

    *out = NULL;
    *out_count = 0;
    if (journal->presence != PGA_JOURNAL_PRESENT)
        return true;
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_expand(&sql, pga_text_unfinished_load_sql, &values);
    if (!pga_journal_select(journal, pga_buf_str(&sql), mem, &result, err))
        return pga_session_fail(journal->driver, err, "reading the unfinished steps");
    if (!pga_session_check_answer(&result, 11, err))
        return false;
    *out = pga_new_array(mem, struct pga_unfinished, result.row_count);
    *out_count = result.row_count;
    for (size_t i = 0; i < result.row_count; i++) {
        const char *wrong = parse_row(&result, i, &(*out)[i]);

        if (wrong != NULL)
            return fail_malformed(journal, &result, i, wrong, err);
    }
    return true;
}
