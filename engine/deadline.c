/*
 * engine/deadline.c: the time by which a run must have ended.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/deadline.h"

#include <string.h>

#include "drivers/sqlstate.h"
#include "engine/durations.sql.h"
#include "engine/runner.h"
#include "journal/read.h"
#include "journal/session.h"
#include "journal/sql.h"

#define RESERVE_MAX_MS    5000
#define SQLSTATE_CANCELED "57014" /* by statement_timeout, or by somebody */

struct pga_deadline
pga_deadline_after(int64_t started_ms, int64_t total_ms)
{
    int64_t reserve = total_ms / 10 < RESERVE_MAX_MS ? total_ms / 10 : RESERVE_MAX_MS;

    if (total_ms <= 0)
        return (struct pga_deadline){0};
    return (struct pga_deadline){.end_ms = started_ms + total_ms - reserve, .reserve_ms = reserve};
}

int64_t
pga_deadline_left_ms(const struct pga_runner *runner)
{
    int64_t end = runner->settings.deadline.end_ms, now;

    if (end == 0)
        return INT64_MAX;
    now = pga_clock_now_ms(runner->clock);
    return now < end ? end - now : 0;
}

int64_t
pga_deadline_cut_ms(const struct pga_runner *runner, int64_t timeout_ms)
{
    int64_t left = pga_deadline_left_ms(runner);

    return timeout_ms < left ? timeout_ms : left;
}

int64_t
pga_deadline_statement_ms(const struct pga_runner *runner, int64_t timeout_ms)
{
    int64_t left = pga_deadline_left_ms(runner);

    if (left == INT64_MAX || (timeout_ms > 0 && timeout_ms < left))
        return timeout_ms;
    return left > 0 ? left : 1;
}

/*
 * The server's limit is for each statement, this one for all that a message holds.  It comes a little later, so that a single
 * statement ends by the server's, which leaves no doubt about it.
 */
int64_t
pga_deadline_message_ms(const struct pga_runner *runner)
{
    int64_t left = pga_deadline_left_ms(runner);

    return left == INT64_MAX ? 0 : left + 1 + runner->settings.deadline.reserve_ms / 2;
}

bool
pga_deadline_load(struct pga_runner *runner, struct pga_arena *mem, struct pga_error *err)
{
    struct pga_deadline *deadline = &runner->settings.deadline;
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_result result;

    if (deadline->end_ms == 0)
        return true;
    pga_sql_raw(&values, "journal", runner->journal->schema_sql);
    pga_sql_expand(&sql, pga_text_durations_sql, &values);
    if (!pga_journal_select(runner->journal, pga_buf_str(&sql), mem, &result, err))
        return pga_session_fail(runner->driver, err, "reading how long alterations took");
    if (!pga_session_check_answer(&result, 2, err))
        return false;
    deadline->took = pga_map_on(mem);
    for (size_t i = 0; i < result.row_count; i++) {
        int64_t *took = pga_new(mem, int64_t);

        if (pga_parse_int(pga_str_of(pga_result_value(&result, i, 1)), 0, INT64_MAX, took))
            (void)pga_map_put(&deadline->took, pga_result_value(&result, i, 0), took);
    }
    return true;
}

bool
pga_deadline_fail(struct pga_error *err, const char *what)
{
    err->code = PGA_ERR_DEADLINE;
    (void)pga_error_identify(err, PGA_ID_DEADLINE);
    (void)pga_error_while(err, "%s", what);
    return pga_error_hint(err,
                          "What was done before is committed and recorded. Run the same command "
                          "again: it goes on there; a longer --deadline gives it more time.");
}

bool
pga_deadline_check(const struct pga_runner *runner, const struct pga_step *step,
                   struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int64_t left = pga_deadline_left_ms(runner);
    const int64_t *took = step->kind == PGA_STEP_APPLY
                              ? pga_map_find(&runner->settings.deadline.took, step->id)
                              : NULL;

    if (left > 0 && (took == NULL || *took <= left))
        return true;
    if (left == 0 || took == NULL)
        (void)pga_fail(err, PGA_ERR_DEADLINE, "no time is left for alteration \"%s\"", step->id);
    else
        (void)pga_fail(err, PGA_ERR_DEADLINE,
                       "alteration \"%s\" took %s before, and only %s is left", step->id,
                       pga_format_duration_ms(&mem, *took), pga_format_duration_ms(&mem, left));
    return pga_deadline_fail(err, "the deadline");
}

bool
pga_deadline_explains(const struct pga_runner *runner, struct pga_error *err)
{
    bool is_limit = err->code == PGA_ERR_DEADLINE ||
                    (err->code == PGA_ERR_SQL &&
                     (strcmp(err->sqlstate, SQLSTATE_CANCELED) == 0 ||
                      pga_sqlstate_class(err->sqlstate) == PGA_SQLSTATE_CONTENTION));

    if (!is_limit || pga_deadline_left_ms(runner) > 0)
        return false;
    (void)pga_deadline_fail(err, "the deadline left no more time");
    return true;
}
