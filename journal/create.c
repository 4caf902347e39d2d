/*
 * journal/create.c: the creation of the journal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/read.h"

#include <string.h>

#include "drivers/sqlstate.h"
#include "journal/create.sql.h"
#include "journal/upgrade.h"

/* Row 0: its hash covers the random run id, so a journal that is made again is another journal. */
static void
first_row(const struct pga_journal *journal, const char *format, struct pga_history_row *row)
{
    memset(row, 0, sizeof(*row));
    row->event = PGA_EVENT_CREATED;
    row->subject.version = format;
    row->run = journal->settings.run;
    row->who = journal->settings.who;
    row->engine = journal->settings.engine;
    row->hash = pga_history_hash(row);
}

/* Whether the error only says that another runner made the journal first (STEP 6). */
static bool
was_overtaken(const struct pga_error *err)
{
    return strcmp(err->sqlstate, "42P06") == 0 || strcmp(err->sqlstate, "42P07") == 0 ||
           strcmp(err->sqlstate, "42710") == 0 || strcmp(err->sqlstate, "23505") == 0;
}

static bool
fail_creating(const struct pga_journal *journal, struct pga_error *err)
{
    if (pga_sqlstate_class(err->sqlstate) != PGA_SQLSTATE_DENIED)
        return pga_session_fail(journal->driver, err, "creating the journal");
    (void)pga_session_fail(journal->driver, err, "creating the journal");
    return pga_error_hint(
        err,
        "Let the database's owner run: GRANT CREATE ON DATABASE your_database TO your_role; or "
        "make an empty schema for it: CREATE SCHEMA %s AUTHORIZATION your_role;",
        journal->schema_sql);
}

bool
pga_journal_create(struct pga_journal *journal, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_session_head head = {.lock_timeout_ms = 10000};
    struct pga_sql_values values = {.mem = &mem};
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_history_row row;

    first_row(journal, pga_format(&mem, "%d.%d", PGA_JOURNAL_FORMAT_MAJOR, 0), &row);
    (void)pga_session_head_sql(&sql, &head);
    if (journal->presence == PGA_JOURNAL_ABSENT)
        pga_buf_appendf(&sql, "CREATE SCHEMA %s;\n", journal->schema_sql);
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_expand(&sql, pga_text_create_sql, &values);
    pga_append_sql(&sql, journal, &row, false);
    pga_buf_append_c(&sql, "COMMIT;");
    if (!pga_driver_run(journal->driver, pga_buf_str(&sql), err)) {
        if (!was_overtaken(err))
            return fail_creating(journal, err);
        pga_session_rollback(journal->driver);
        memset(err, 0, sizeof(*err));
    }
    if (!pga_journal_load(journal, err))
        return false;
    if (journal->presence != PGA_JOURNAL_PRESENT)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "the journal was created and is not there");
    return true;
}
