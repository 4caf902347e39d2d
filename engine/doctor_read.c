/*
 * engine/doctor_read.c: what the server and the journal say.
 *
 * Each question is a message and a transaction of its own, so that one that can't be answered costs no other; in a
 * database that is in trouble this is the normal case.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor.h"

#include "base/interrupt.h"
#include "engine/doctor_indexes.sql.h"
#include "engine/doctor_journal.sql.h"
#include "engine/doctor_prepared.sql.h"
#include "engine/doctor_rights.sql.h"
#include "engine/doctor_server.sql.h"
#include "engine/doctor_sessions.sql.h"
#include "engine/doctor_settings.sql.h"
#include "engine/doctor_triggers.sql.h"
#include "journal/session.h"
#include "journal/sql.h"

#define STATEMENT_TIMEOUT_MS 5000
#define MESSAGE_TIMEOUT_MS   15000 /* where even the statement's own timeout does not come */
#define ANSWER_AT            6     /* behind BEGIN, the three resets and the two timeouts */

static const char *const questions[PGA_PROBE_COUNT] = {
    [PGA_PROBE_SERVER] = pga_text_doctor_server_sql,
    [PGA_PROBE_RIGHTS] = pga_text_doctor_rights_sql,
    [PGA_PROBE_SETTINGS] = pga_text_doctor_settings_sql,
    [PGA_PROBE_SESSIONS] = pga_text_doctor_sessions_sql,
    [PGA_PROBE_PREPARED] = pga_text_doctor_prepared_sql,
    [PGA_PROBE_INDEXES] = pga_text_doctor_indexes_sql,
    [PGA_PROBE_TRIGGERS] = pga_text_doctor_triggers_sql,
    [PGA_PROBE_JOURNAL] = pga_text_doctor_journal_sql,
};

/* Whether there is sense in asking more: the session stands, and nobody wants it to stop. */
static bool
goes_on(const struct pga_error *error)
{
    return error->code != PGA_ERR_INTERRUPTED && error->code != PGA_ERR_LOST;
}

static void
question_sql(struct pga_buf *sql, const struct pga_journal *journal, enum pga_probe probe)
{
    struct pga_sql_values values = {.mem = sql->mem};

    pga_buf_append_c(sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n");
    (void)pga_session_read_sql(sql);
    pga_buf_appendf(sql, "SET LOCAL lock_timeout = %d;\nSET LOCAL statement_timeout = %d;\n",
                    STATEMENT_TIMEOUT_MS, STATEMENT_TIMEOUT_MS);
    pga_sql_raw(&values, "schema", journal->schema_literal);
    pga_sql_expand(sql, questions[probe], &values);
    pga_buf_append_c(sql, "COMMIT;");
}

static bool
ask(struct pga_doctor *doctor, struct pga_journal *journal, enum pga_probe probe)
{
    struct pga_doctor_answer *answer = &doctor->answers[probe];
    struct pga_buf sql = pga_buf_on(doctor->mem);
    struct pga_message message = {.keep_rows = true, .timeout_ms = MESSAGE_TIMEOUT_MS};
    struct pga_results results = {0};

    question_sql(&sql, journal, probe);
    message.sql = pga_buf_str(&sql);
    if (!pga_driver_query(journal->driver, &message, doctor->mem, &results, &answer->error)) {
        pga_session_rollback(journal->driver);
        return goes_on(&answer->error);
    }
    if (results.count != ANSWER_AT + 2) {
        (void)pga_fail(&answer->error, PGA_ERR_UNEXPECTED,
                       "the server gave %zu answers to %d statements", results.count,
                       ANSWER_AT + 2);
        return true;
    }
    answer->table = results.items[ANSWER_AT];
    answer->is_there = true;
    return true;
}

static bool
ask_all(struct pga_doctor *doctor, struct pga_journal *journal, const struct pga_clock *clock)
{
    for (int probe = 0; probe < PGA_PROBE_COUNT; probe++) {
        bool is_first = probe == PGA_PROBE_SERVER;

        if (is_first)
            doctor->before_s = clock->unix_s(clock->ctx);
        if (!ask(doctor, journal, (enum pga_probe)probe))
            return false;
        if (is_first)
            doctor->after_s = clock->unix_s(clock->ctx);
    }
    return true;
}

/* The steps in progress outside a transaction, and whether the runs that began them still live. */
static void
read_unfinished(struct pga_doctor *doctor, struct pga_journal *journal)
{
    struct pga_error *err = &doctor->unfinished_error;

    if (!pga_unfinished_load(journal, doctor->mem, &doctor->unfinished, &doctor->unfinished_count,
                             err))
        return;
    doctor->unfinished_lives = pga_new_array(doctor->mem, bool, doctor->unfinished_count);
    for (size_t i = 0; i < doctor->unfinished_count; i++)
        if (!pga_unfinished_is_alive(journal, &doctor->unfinished[i], &doctor->unfinished_lives[i],
                                     err))
            return;
}

static bool
read_journal(struct pga_doctor *doctor, struct pga_journal *journal)
{
    if (!pga_journal_lock_find_holder(journal, doctor->mem, &doctor->holder, &doctor->lock_error) &&
        !goes_on(&doctor->lock_error))
        return false;
    if (!pga_journal_open(journal, &doctor->open_error))
        return goes_on(&doctor->open_error);
    if (journal->presence != PGA_JOURNAL_PRESENT)
        return true;
    if (!pga_journal_load(journal, &doctor->load_error) && !goes_on(&doctor->load_error))
        return false;
    read_unfinished(doctor, journal);
    if (!goes_on(&doctor->unfinished_error))
        return false;
    return pga_journal_examine(journal, doctor->mem, &doctor->examination,
                               &doctor->examine_error) ||
           goes_on(&doctor->examine_error);
}

bool
pga_doctor_read(struct pga_doctor *doctor, struct pga_journal *journal,
                const struct pga_clock *clock, struct pga_error *err)
{
    doctor->journal = journal;
    doctor->server_version = pga_driver_server_version(journal->driver);
    doctor->backend_pid = pga_driver_backend_pid(journal->driver);
    if (ask_all(doctor, journal, clock))
        (void)read_journal(doctor, journal);
    return pga_interrupt_check(err);
}
