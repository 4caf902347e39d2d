/*
 * engine/unit_run.c: a step in progress whose statements run one by one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/unit_run.h"

#include <strings.h>

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

bool
pga_unit_run_send(struct pga_unit_run *p, size_t index, enum pga_fate *fate, struct pga_error *err)
{
    struct pga_sending sending = {.runner = p->runner,
                                  .mem = p->mem,
                                  .script = p->script,
                                  .statements = &p->units.statements,
                                  .index = index};
    bool fine = pga_sending_run(&sending, err);

    if (fate != NULL)
        *fate = sending.fate;
    return fine;
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

bool
pga_unit_run_settings(struct pga_unit_run *p, size_t before, struct pga_error *err)
{
    const struct pga_statement *items = p->units.statements.items;
    size_t first = before;

    while (first > 0 && !is_discard_all(&items[first - 1]))
        first--;
    for (size_t i = first; i < before; i++) {
        bool over = !is_setting(&items[i]);

        for (size_t later = i + 1; later < before && !over; later++)
            over = is_setting(&items[later]) && is_overridden(&items[i], &items[later]);
        if (!over && !pga_unit_run_send(p, i, NULL, err))
            return false;
    }
    return true;
}

bool
pga_unit_run_session(struct pga_unit_run *p, size_t index, int64_t lock_timeout_ms,
                     struct pga_error *err)
{
    struct pga_session_head head = pga_step_session(p->runner, p->script, NULL);
    struct pga_buf sql = pga_buf_on(p->mem);

    (void)pga_session_reset_sql(&sql, p->runner->driver);
    pga_buf_appendf(&sql, "SET lock_timeout = %lld; SET statement_timeout = %lld;",
                    (long long)lock_timeout_ms, (long long)head.statement_timeout_ms);
    return pga_session_restore(p->runner->journal, err) &&
           pga_driver_run(p->runner->driver, pga_buf_str(&sql), err) &&
           pga_unit_run_settings(p, index, err);
}

bool
pga_unit_run_record(struct pga_unit_run *p, const struct pga_unfinished *row, struct pga_error *err)
{
    if (!pga_unfinished_update(p->runner->journal, &p->row, row, err))
        return false;
    p->row = *row;
    return true;
}
