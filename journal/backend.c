/*
 * journal/backend.c: the server processes behind sessions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/backend.h"

#include "journal/backend_end.sql.h"
#include "journal/backend_lives.sql.h"
#include "journal/backend_own.sql.h"
#include "journal/backend_pause.sql.h"
#include "journal/session.h"
#include "journal/sql.h"

#define AS_LOGIN       "SET LOCAL ROLE NONE;\n"
#define ASK_TIMEOUT_MS 15000 /* a server that is stopping or dying may never answer */

void
pga_backend_own_sql(struct pga_buf *buf)
{
    pga_buf_append_c(buf, AS_LOGIN);
    pga_buf_append_c(buf, pga_text_backend_own_sql);
}

void
pga_backend_note(struct pga_journal *journal, const struct pga_result *result)
{
    const char *began = NULL;

    if (result->row_count == 1 && result->column_count == 1)
        began = pga_result_value(result, 0, 0);
    journal->backend = (struct pga_backend){.pid = pga_driver_backend_pid(journal->driver),
                                            .began = pga_strdup(journal->mem, began)};
}

bool
pga_backend_select(struct pga_journal *journal, struct pga_str select, struct pga_arena *mem,
                   struct pga_result *out, struct pga_error *err)
{
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_message message = {.keep_rows = true, .answer_ms = ASK_TIMEOUT_MS};
    struct pga_results results = {0};

    pga_buf_append_c(&sql, "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;\n");
    (void)pga_session_read_sql(&sql, journal);
    pga_buf_append_c(&sql, AS_LOGIN);
    pga_buf_append(&sql, select);
    pga_buf_append_c(&sql, "ROLLBACK;");
    message.sql = pga_buf_str(&sql);
    if (!pga_session_restore(journal, err) ||
        !pga_driver_query(journal->driver, &message, mem, &results, err)) {
        pga_session_rollback(journal->driver);
        return false;
    }
    if (results.count < 2)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "the server gave %zu answers to a question",
                        results.count);
    *out = results.items[results.count - 2];
    return true;
}

static void
append(struct pga_buf *buf, const char *sql, const struct pga_backend *backend)
{
    struct pga_sql_values values = {.mem = buf->mem};

    pga_sql_int(&values, "pid", backend->pid);
    pga_sql_text(&values, "began", backend->began);
    pga_sql_expand(buf, sql, &values);
}

bool
pga_backend_end(struct pga_journal *journal, const struct pga_backend *backend, bool *out_asked,
                struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_result result = {0};

    append(&sql, pga_text_backend_end_sql, backend);
    if (!pga_backend_select(journal, pga_buf_str(&sql), &mem, &result, err) ||
        !pga_session_check_answer(&result, 1, err))
        return false;
    *out_asked = result.row_count > 0 && pga_same(pga_result_value(&result, 0, 0), "t");
    return true;
}

bool
pga_backend_lives(struct pga_journal *journal, const struct pga_backend *backend, int64_t pause_ms,
                  bool *out, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_sql_values values = {.mem = &mem};
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_result result = {0};

    pga_sql_int(&values, "pause_ms", pause_ms);
    pga_sql_expand(&sql, pga_text_backend_pause_sql, &values);
    append(&sql, pga_text_backend_lives_sql, backend);
    if (!pga_backend_select(journal, pga_buf_str(&sql), &mem, &result, err))
        return false;
    *out = result.row_count > 0;
    return true;
}
