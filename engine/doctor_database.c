/*
 * engine/doctor_database.c: checks of the database and of what goes on in it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor_check.h"

static const char *
text(const struct pga_doctor *doctor, enum pga_probe probe, size_t row, const char *column)
{
    return pga_answer_text(doctor, probe, row, column);
}

void
pga_check_encoding(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const char *encoding = text(doctor, PGA_PROBE_SERVER, 0, "encoding");

    if (pga_same(encoding, "UTF8")) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "UTF8, collation \"%s\"",
                        text(doctor, PGA_PROBE_SERVER, 0, "collation_name"));
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "%s instead of UTF8", encoding);
    pga_finding_detail(doctor, out, "%s",
                       pga_same(encoding, "SQL_ASCII")
                           ? "nothing checks what is stored: any program may write any bytes"
                           : "a script with characters that it lacks fails");
    pga_finding_next(doctor, out, PGA_NEXT_COMMAND, "createdb -T template0 -E UTF8 %s_utf8",
                     pga_shell_word(doctor->mem, text(doctor, PGA_PROBE_SERVER, 0, "database")));
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                     "Dump this database, restore it there, and let the two change names; the "
                     "journal comes along. Until then keep scripts to ASCII.");
}

/* Timeouts of role and database don't reach scripts: a run sets its own. */
static bool
is_overridden(const char *name)
{
    return pga_same(name, "lock_timeout") || pga_same(name, "statement_timeout");
}

void
pga_check_settings(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t rows = pga_answer_rows(doctor, PGA_PROBE_SETTINGS), felt = 0;

    for (size_t i = 0; i < rows; i++) {
        const char *name = text(doctor, PGA_PROBE_SETTINGS, i, "name");
        const char *statement = text(doctor, PGA_PROBE_SETTINGS, i, "statement");

        pga_finding_detail(doctor, out, "%s = %s%s", name,
                           text(doctor, PGA_PROBE_SETTINGS, i, "value"),
                           is_overridden(name) ? ": pgalter sets its own for scripts" : "");
        if (is_overridden(name))
            continue;
        felt++;
        if (statement[0] != '\0')
            pga_finding_sql(doctor, out, NULL, NULL, statement);
        else
            pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                             "Take %s out of the server's configuration, of the connection string "
                             "and of PGOPTIONS.",
                             name);
    }
    if (felt > 0)
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "a deploy would feel %s",
                        pga_doctor_count(doctor, felt, "of them", "of them"));
    else
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "none that a deploy would feel");
}

void
pga_check_triggers(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t rows = pga_answer_rows(doctor, PGA_PROBE_TRIGGERS);

    pga_finding_say(doctor, out, rows == 0 ? PGA_VERDICT_OK : PGA_VERDICT_ATTENTION,
                    rows == 0 ? "none" : "%s during a deploy",
                    pga_doctor_count(doctor, rows, "runs", "run"));
    for (size_t i = 0; i < rows; i++) {
        pga_finding_detail(doctor, out, "\"%s\" runs %s on %s",
                           text(doctor, PGA_PROBE_TRIGGERS, i, "trigger_name"),
                           text(doctor, PGA_PROBE_TRIGGERS, i, "function_name"),
                           text(doctor, PGA_PROBE_TRIGGERS, i, "event"));
        pga_finding_sql(doctor, out, text(doctor, PGA_PROBE_TRIGGERS, i, "owner"), NULL,
                        text(doctor, PGA_PROBE_TRIGGERS, i, "statement"));
    }
    if (rows > 0)
        pga_finding_next(
            doctor, out, PGA_NEXT_ADVICE,
            "Disable it only if a deploy failed in it, and enable it again afterwards.");
}

void
pga_check_indexes(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t rows = pga_answer_rows(doctor, PGA_PROBE_INDEXES);

    pga_finding_say(doctor, out, rows == 0 ? PGA_VERDICT_OK : PGA_VERDICT_ATTENTION,
                    rows == 0 ? "all are valid" : "%s INVALID: no query uses it, every write pays",
                    pga_doctor_count(doctor, rows, "index is", "indexes are"));
    for (size_t i = 0; i < rows; i++) {
        const char *reindex = text(doctor, PGA_PROBE_INDEXES, i, "reindex_statement");
        const char *owner = text(doctor, PGA_PROBE_INDEXES, i, "owner");

        pga_finding_detail(doctor, out, "%s on %s",
                           text(doctor, PGA_PROBE_INDEXES, i, "index_name"),
                           text(doctor, PGA_PROBE_INDEXES, i, "table_name"));
        if (reindex[0] != '\0')
            pga_finding_sql(doctor, out, owner, NULL, reindex);
        pga_finding_sql(doctor, out, owner, NULL,
                        text(doctor, PGA_PROBE_INDEXES, i, "drop_statement"));
    }
    if (rows > 0)
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                         "Of REINDEX and DROP choose one; drop what a REINDEX left behind.");
}

void
pga_check_prepared(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t rows = pga_answer_rows(doctor, PGA_PROBE_PREPARED);

    pga_finding_say(doctor, out, rows == 0 ? PGA_VERDICT_OK : PGA_VERDICT_ATTENTION,
                    rows == 0 ? "none is older than a minute" : "%s older than a minute",
                    pga_doctor_count(doctor, rows, "is", "are"));
    for (size_t i = 0; i < rows; i++) {
        const char *owner = text(doctor, PGA_PROBE_PREPARED, i, "owner");
        const char *database = text(doctor, PGA_PROBE_PREPARED, i, "database");
        const char *elsewhere = pga_same(database, doctor->connection.database) ? NULL : database;

        pga_finding_detail(
            doctor, out, "\"%s\" of \"%s\" in database \"%s\", since %s",
            text(doctor, PGA_PROBE_PREPARED, i, "gid"), owner, database,
            pga_doctor_age(doctor, pga_answer_int(doctor, PGA_PROBE_PREPARED, i, "age_s")));
        pga_finding_sql(doctor, out, owner, elsewhere,
                        text(doctor, PGA_PROBE_PREPARED, i, "commit_statement"));
        pga_finding_sql(doctor, out, owner, elsewhere,
                        text(doctor, PGA_PROBE_PREPARED, i, "rollback_statement"));
    }
    if (rows > 0)
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                         "Of COMMIT and ROLLBACK choose the one that its transaction manager "
                         "decided; until then its locks stay.");
}

static void
add_session(const struct pga_doctor *doctor, struct pga_finding *out, size_t row)
{
    int64_t relations = pga_answer_int(doctor, PGA_PROBE_SESSIONS, row, "relations");

    pga_finding_detail(
        doctor, out,
        "process %s, user \"%s\", application \"%s\": %s, in a transaction since %s, %s",
        text(doctor, PGA_PROBE_SESSIONS, row, "pid"),
        text(doctor, PGA_PROBE_SESSIONS, row, "user_name"),
        text(doctor, PGA_PROBE_SESSIONS, row, "application"),
        text(doctor, PGA_PROBE_SESSIONS, row, "state"),
        pga_doctor_age(doctor, pga_answer_int(doctor, PGA_PROBE_SESSIONS, row, "age_s")),
        relations == 0
            ? "with no lock on a table"
            : pga_format(doctor->mem, "with locks on %s",
                         pga_doctor_count(doctor, (size_t)relations, "relation", "relations")));
    pga_finding_sql(doctor, out, NULL, NULL,
                    pga_format(doctor->mem, "SELECT pg_catalog.pg_terminate_backend(%s)",
                               text(doctor, PGA_PROBE_SESSIONS, row, "pid")));
}

void
pga_check_sessions(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t rows = pga_answer_rows(doctor, PGA_PROBE_SESSIONS);

    if (rows > 0) {
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                        "%s: an ALTER of what it holds would wait, CREATE INDEX CONCURRENTLY too",
                        pga_doctor_count(doctor, rows, "session has one", "sessions have one"));
        for (size_t i = 0; i < rows; i++)
            add_session(doctor, out, i);
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                         "Let them end by themselves if they can; what is terminated is rolled "
                         "back.");
        return;
    }
    if (pga_answer_is_true(doctor, PGA_PROBE_SERVER, 0, "sees_sessions")) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "none in this database");
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_NOT_CHECKED,
                    "the role sees only what its own sessions do");
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE, "A superuser can let it see all:");
    pga_finding_sql(
        doctor, out, NULL, NULL,
        pga_format(doctor->mem, "GRANT pg_read_all_stats TO %s",
                   pga_driver_quote_plainly(
                       doctor->mem, text(doctor, PGA_PROBE_SERVER, 0, "current_user_name"))));
}
