/*
 * journal/create.c: the creation of the journal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/read.h"

#include <string.h>

#include "base/fault.h"
#include "drivers/sqlstate.h"
#include "journal/create.sql.h"
#include "journal/path.sql.h"
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

#define SQLSTATE_ON_PATH "22012" /* how path.sql says no */

/* Whether the error only says that another runner made the journal first (STEP 6). */
static bool
was_overtaken(const struct pga_error *err)
{
    return strcmp(err->sqlstate, "42P06") == 0 || strcmp(err->sqlstate, "42P07") == 0 ||
           strcmp(err->sqlstate, "42710") == 0 || strcmp(err->sqlstate, "23505") == 0;
}

static bool
fail_creating(struct pga_journal *journal, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_journal_names names;

    if (strcmp(err->sqlstate, SQLSTATE_ON_PATH) == 0) {
        pga_session_rollback(journal->driver);
        memset(err, 0, sizeof(*err));
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "the tables of your scripts would go into the journal's schema \"%s\"",
                       journal->settings.schema);
        (void)pga_error_identify(err, PGA_ID_JOURNAL_SCHEMA);
        (void)pga_error_detail(err,
                               "It is the first one on the role's search_path: by default that "
                               "is the schema named like the role.");
        return pga_error_hint(
            err,
            "Give the journal another schema, such as --schema pgalter_journal; or run once: "
            "ALTER ROLE %s SET search_path = public;",
            pga_journal_names(journal, &mem).role);
    }
    if (pga_sqlstate_class(err->sqlstate) != PGA_SQLSTATE_DENIED)
        return pga_session_fail(journal->driver, err, "creating the journal");
    (void)pga_session_fail(journal->driver, err, "creating the journal");
    names = pga_journal_names(journal, &mem);
    return pga_error_hint(
        err,
        "Let the database's owner run: GRANT CREATE ON DATABASE %s TO %s; or make "
        "an empty schema for it: CREATE SCHEMA %s AUTHORIZATION %s;",
        names.database, names.role, journal->schema_sql, names.role);
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
    (void)pga_session_head_sql(&sql, journal, &head);
    if (journal->presence == PGA_JOURNAL_ABSENT)
        pga_buf_appendf(&sql, "CREATE SCHEMA %s;\n", journal->schema_sql);
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_raw(&values, "schema", journal->schema_literal);
    pga_sql_expand(&sql, pga_text_path_sql, &values);
    pga_sql_expand(&sql, pga_text_create_sql, &values);
    pga_append_sql(&sql, journal, &row, false);
    pga_buf_append_c(&sql, "COMMIT;");
    if (!pga_driver_run_own(journal->driver, pga_buf_str(&sql), err)) {
        if (!was_overtaken(err))
            return fail_creating(journal, err);
        pga_session_rollback(journal->driver);
        memset(err, 0, sizeof(*err));
    }
    (void)PGA_FAULT(journal_created);
    if (!pga_journal_load(journal, err))
        return false;
    if (journal->presence != PGA_JOURNAL_PRESENT)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "the journal was created and is not there");
    return true;
}
