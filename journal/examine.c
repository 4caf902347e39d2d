/*
 * journal/examine.c: looking over the stored scripts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/examine.h"

#include <string.h>

#include "journal/examine.sql.h"
#include "journal/read.h"

static bool
take_answer(const struct pga_result *result, struct pga_arena *mem,
            struct pga_journal_examination *out, struct pga_error *err)
{
    if (!pga_session_check_answer(result, 3, err))
        return false;
    if (result->row_count != 1 ||
        !pga_parse_int(pga_str_of(pga_result_value(result, 0, 0)), 0, INT64_MAX,
                       &out->script_count) ||
        !pga_parse_int(pga_str_of(pga_result_value(result, 0, 1)), 0, INT64_MAX,
                       &out->damaged_count))
        return pga_fail(err, PGA_ERR_UNEXPECTED,
                        "the server does not say how many scripts the journal stores");
    out->first_damaged = pga_strdup(mem, pga_result_value(result, 0, 2));
    return true;
}

bool
pga_journal_examine(struct pga_journal *journal, struct pga_arena *mem,
                    struct pga_journal_examination *out, struct pga_error *err)
{
    struct pga_sql_values values = {.mem = mem};
    struct pga_results results = {0};
    struct pga_buf reads = pga_buf_on(mem);

    memset(out, 0, sizeof(*out));
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_expand(&reads, pga_text_examine_sql, &values);
    if (!pga_journal_read(journal, pga_buf_str(&reads), 1, mem, &results, err))
        return false;
    if (journal->presence != PGA_JOURNAL_PRESENT) {
        (void)pga_fail(err, PGA_ERR_JOURNAL, "the journal is gone");
        return pga_error_identify(err, PGA_ID_JOURNAL_MOVED);
    }
    return take_answer(&results.items[PGA_READS_AT], mem, out, err);
}
