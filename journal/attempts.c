/*
 * journal/attempts.c: failures, refusals and waits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/attempts.h"

#include "base/fault.h"
#include "journal/attempt_add.sql.h"
#include "journal/attempts_load.sql.h"
#include "journal/read.h"

/* What a server says in another encoding than the session began with may not be UTF-8, and would not be stored. */
static const char *
make_utf8(struct pga_arena *mem, const char *text)
{
    struct pga_str rest = pga_str_of(text);
    struct pga_buf out = pga_buf_on(mem);

    for (;;) {
        size_t valid = pga_utf8_valid_prefix(rest);

        pga_buf_append(&out, pga_str_slice(rest, 0, valid));
        if (valid == rest.len)
            return out.data;
        pga_buf_append_char(&out, '?');
        rest = pga_str_slice(rest, valid + 1, rest.len);
    }
}

void
pga_attempt_record(struct pga_journal *journal, const struct pga_attempt *attempt)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_session_head head = {.lock_timeout_ms = 1000, .statement_timeout_ms = 5000};
    struct pga_sql_values values = {.mem = &mem};
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_error ignored = {0};

    if (journal->presence != PGA_JOURNAL_PRESENT ||
        pga_driver_transaction(journal->driver) != PGA_TRANSACTION_IDLE)
        return;
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_text(&values, "run", journal->settings.run);
    pga_sql_text(&values, "who", journal->settings.who);
    pga_sql_text(&values, "id", attempt->id);
    pga_sql_text(&values, "direction", attempt->direction);
    pga_sql_text(&values, "code", attempt->code);
    pga_sql_text(&values, "sqlstate", attempt->sqlstate);
    pga_sql_text(&values, "message", make_utf8(&mem, attempt->message));
    pga_sql_text(&values, "detail", make_utf8(&mem, attempt->detail));
    pga_sql_text(&values, "place", attempt->place);
    (void)pga_session_head_sql(&sql, journal, &head);
    pga_sql_expand(&sql, pga_text_attempt_add_sql, &values);
    pga_buf_append_c(&sql, "COMMIT;");
    (void)PGA_FAULT(attempt_unrecorded);
    if (!pga_session_restore(journal, &ignored) ||
        !pga_driver_run_own(journal->driver, pga_buf_str(&sql), &ignored))
        pga_session_rollback(journal->driver);
    (void)PGA_FAULT(attempt_recorded);
}

/* Only the id may be NULL; but who knows what became of the table. */
static const char *
text_of(const struct pga_result *result, size_t row, size_t column)
{
    const char *text = pga_result_value(result, row, column);

    return text == NULL ? "" : text;
}

bool
pga_attempts_load(struct pga_journal *journal, struct pga_arena *mem, size_t limit,
                  struct pga_attempt **out, size_t *out_count, struct pga_error *err)
{
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_result result;

    *out = NULL;
    *out_count = 0;
    if (journal->presence != PGA_JOURNAL_PRESENT)
        return true;
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_int(&values, "limit", (int64_t)limit);
    pga_sql_expand(&sql, pga_text_attempts_load_sql, &values);
    if (!pga_journal_select(journal, pga_buf_str(&sql), mem, &result, err))
        return pga_session_fail(journal->driver, err, "reading the attempts");
    if (!pga_session_check_answer(&result, 10, err))
        return false;
    *out = pga_new_array(mem, struct pga_attempt, result.row_count);
    *out_count = result.row_count;
    for (size_t i = 0; i < result.row_count; i++)
        (*out)[i] = (struct pga_attempt){
            .run = text_of(&result, i, 0),
            .who = text_of(&result, i, 1),
            .id = pga_result_value(&result, i, 2),
            .direction = text_of(&result, i, 3),
            .code = text_of(&result, i, 4),
            .sqlstate = text_of(&result, i, 5),
            .message = text_of(&result, i, 6),
            .detail = text_of(&result, i, 7),
            .place = text_of(&result, i, 8),
            .at = text_of(&result, i, 9),
        };
    return true;
}
