/*
 * engine/doctor_read.c: what the server and the journal say.
 *
 * What is asked of the catalogs goes in one message; when something in it can't be answered, which in a database that is
 * in trouble is the normal case, each question goes by itself, so that it costs no other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor.h"

#include <string.h>

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

#define LOCK_TIMEOUT_MS      1000
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

/* What one message asks: some questions, one after the other, in one transaction. */
struct inquiry {
    enum pga_probe first;
    size_t count;
};

/* Forget what stands in an error, as what it is about is asked now. */
static struct pga_error *
begin(struct pga_error *error)
{
    memset(error, 0, sizeof(*error));
    return error;
}

/* Whether there is sense in asking more; a connection that broke is noted as such. */
static bool
keep_loss(struct pga_doctor *doctor, const struct pga_error *error)
{
    if (error->code == PGA_ERR_LOST)
        doctor->connect_error = *error;
    return goes_on(error);
}

static struct pga_str
inquiry_sql(const struct inquiry *inquiry, const struct pga_journal *journal, struct pga_arena *mem)
{
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_sql_values values = {.mem = mem};

    pga_buf_append_c(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n");
    (void)pga_session_read_sql(&sql, journal);
    pga_buf_appendf(&sql, "SET LOCAL lock_timeout = %d;\nSET LOCAL statement_timeout = %d;\n",
                    LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS);
    pga_sql_raw(&values, "schema", journal->schema_literal);
    for (size_t i = 0; i < inquiry->count; i++)
        pga_sql_expand(&sql, questions[inquiry->first + i], &values);
    pga_buf_append_c(&sql, "ROLLBACK;"); /* its resets too: behind a pooler they would stay */
    return pga_buf_str(&sql);
}

static bool
ask(struct pga_doctor *doctor, struct pga_journal *journal, const struct inquiry *inquiry,
    struct pga_error *err)
{
    struct pga_message message = {.keep_rows = true, .timeout_ms = MESSAGE_TIMEOUT_MS};
    struct pga_results results = {0};
    size_t want = ANSWER_AT + inquiry->count + 1;

    message.sql = inquiry_sql(inquiry, journal, doctor->mem);
    if (!pga_driver_query(journal->driver, &message, doctor->mem, &results, err)) {
        pga_session_rollback(journal->driver);
        return false;
    }
    if (results.count != want)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "the server gave %zu answers to %zu statements",
                        results.count, want);
    for (size_t i = 0; i < inquiry->count; i++) {
        doctor->answers[inquiry->first + i].table = results.items[ANSWER_AT + i];
        doctor->answers[inquiry->first + i].is_there = true;
    }
    return true;
}

/* All at once, which a healthy server answers in one round trip; otherwise each by itself. */
static bool
ask_all(struct pga_doctor *doctor, struct pga_journal *journal, const struct pga_clock *clock)
{
    struct inquiry all = {.count = PGA_PROBE_COUNT};
    struct pga_error failure = {0};

    doctor->before_s = clock->unix_s(clock->ctx);
    if (ask(doctor, journal, &all, &failure)) {
        doctor->after_s = clock->unix_s(clock->ctx);
        return true;
    }
    for (size_t i = 0; i < PGA_PROBE_COUNT && goes_on(&failure); i++) {
        struct inquiry one = {.first = (enum pga_probe)i, .count = 1};

        if (one.first == PGA_PROBE_SERVER)
            doctor->before_s = clock->unix_s(clock->ctx);
        if (!ask(doctor, journal, &one, begin(&failure)))
            doctor->answers[i].error = failure;
        if (one.first == PGA_PROBE_SERVER)
            doctor->after_s = clock->unix_s(clock->ctx);
    }
    return keep_loss(doctor, &failure);
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
    if (!pga_journal_lock_find_holder(journal, doctor->mem, &doctor->holder,
                                      begin(&doctor->lock_error)) &&
        !goes_on(&doctor->lock_error))
        return keep_loss(doctor, &doctor->lock_error);
    if (!pga_journal_open(journal, begin(&doctor->open_error)))
        return keep_loss(doctor, &doctor->open_error);
    if (journal->presence != PGA_JOURNAL_PRESENT)
        return true;
    if (!pga_journal_load(journal, begin(&doctor->load_error)) && !goes_on(&doctor->load_error))
        return keep_loss(doctor, &doctor->load_error);
    begin(&doctor->unfinished_error);
    read_unfinished(doctor, journal);
    if (!goes_on(&doctor->unfinished_error))
        return keep_loss(doctor, &doctor->unfinished_error);
    return pga_journal_examine(journal, doctor->mem, &doctor->examination,
                               begin(&doctor->examine_error)) ||
           keep_loss(doctor, &doctor->examine_error);
}

/* What has not been asked yet must not look like a good answer when the connection breaks. */
static void
begin_unasked(struct pga_doctor *doctor)
{
    struct pga_error *errors[] = {&doctor->lock_error, &doctor->open_error, &doctor->load_error,
                                  &doctor->unfinished_error, &doctor->examine_error};

    for (size_t i = 0; i < PGA_COUNT_OF(errors); i++)
        (void)pga_fail(errors[i], PGA_ERR_LOST, "the connection was lost before");
}

bool
pga_doctor_read(struct pga_doctor *doctor, struct pga_journal *journal,
                const struct pga_clock *clock, struct pga_error *err)
{
    doctor->journal = journal;
    doctor->server_version = pga_driver_server_version(journal->driver);
    doctor->backend_pid = pga_driver_backend_pid(journal->driver);
    begin_unasked(doctor);
    if (ask_all(doctor, journal, clock))
        (void)read_journal(doctor, journal);
    return pga_interrupt_check(err);
}
