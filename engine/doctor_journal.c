/*
 * engine/doctor_journal.c: checks of the runner lock and of the journal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor_check.h"

#include <ctype.h>
#include <string.h>

#define BECAUSE     "--because \"what you found\""
#define CLOCK_OFF_S 5

/* A question that the server answered badly; one that it was not asked says so and no more. */
static void
say_failure(const struct pga_doctor *doctor, struct pga_finding *out, const struct pga_error *error)
{
    if (error->code == PGA_ERR_LOST)
        pga_finding_say(doctor, out, PGA_VERDICT_NOT_CHECKED, "the connection was lost");
    else
        pga_finding_say_error(doctor, out, PGA_VERDICT_FAILED, error);
}

void
pga_check_lock(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const struct pga_lock_holder *holder = &doctor->holder;

    if (doctor->lock_error.code != PGA_OK) {
        pga_finding_say(doctor, out, PGA_VERDICT_NOT_CHECKED, "%s", doctor->lock_error.message);
        return;
    }
    if (holder->pid == 0) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "nobody holds it");
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                    "process %lld holds it: a deploy would wait for %s and then end with 73",
                    (long long)holder->pid,
                    pga_format_duration_ms(doctor->mem, doctor->lock_wait_ms));
    pga_finding_detail(doctor, out, "user \"%s\" from %s, application \"%s\", connected since %s",
                       holder->user, holder->address, holder->application, holder->since);
    if (holder->query[0] != '\0')
        pga_finding_detail(doctor, out, "it runs: %s", holder->query);
    if (!pga_str_starts(pga_str_of(holder->application), "pgalter/"))
        pga_finding_detail(doctor, out, "it does not call itself pgalter");
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                     "Let it finish. If it is stuck, end it; what it has not committed is rolled "
                     "back:");
    pga_finding_sql(doctor, out, NULL, NULL,
                    pga_format(doctor->mem, "SELECT pg_catalog.pg_terminate_backend(%lld)",
                               (long long)holder->pid));
}

/* Who owns the schema, "" where nobody told. */
static const char *
owner_of(const struct pga_doctor *doctor)
{
    return pga_answer_text(doctor, PGA_PROBE_JOURNAL, 0, "owner");
}

/* Its tables can't be read because somebody has locked them: nothing is known about the journal itself. */
static void
say_locked(const struct pga_doctor *doctor, struct pga_finding *out)
{
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                    "somebody holds a lock on its tables, so it can't be read");
    pga_finding_sql(
        doctor, out, NULL, NULL,
        pga_format(doctor->mem,
                   "SELECT DISTINCT l.pid, a.usename, a.application_name, a.state FROM "
                   "pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN "
                   "pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN "
                   "pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE n.nspname = %s AND "
                   "l.granted AND l.mode = 'AccessExclusiveLock'",
                   doctor->journal->schema_literal));
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE, "Let it end, and ask again: pgalter doctor");
}

static void
say_untrusted(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const char *owner = owner_of(doctor);

    if (doctor->open_error.code == PGA_ERR_DENIED) {
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "the role may not read it");
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE, "The grants stand under \"role\".");
        return;
    }
    if (doctor->open_error.code == PGA_ERR_CONTENTION) {
        say_locked(doctor, out);
        return;
    }
    say_failure(doctor, out, &doctor->open_error);
    if (doctor->open_error.code == PGA_ERR_LOST)
        return;
    if (owner[0] == '\0' || doctor->journal->settings.owner != NULL ||
        pga_same(owner, pga_answer_text(doctor, PGA_PROBE_SERVER, 0, "current_user_name")))
        return;
    /* As its owner rather than trusting its owner: then what waits in it has that one's rights only. */
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE, "Only if \"%s\" rightly owns it:", owner);
    pga_finding_next(doctor, out, PGA_NEXT_COMMAND, "pgalter doctor --%s %s",
                     pga_answer_is_true(doctor, PGA_PROBE_JOURNAL, 0, "can_act") ? "role" : "owner",
                     pga_shell_word(doctor->mem, owner));
}

void
pga_check_trust(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const struct pga_journal *journal = doctor->journal;

    if (doctor->open_error.code != PGA_OK) {
        say_untrusted(doctor, out);
        return;
    }
    if (journal->presence == PGA_JOURNAL_ABSENT) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK,
                        "none yet: the first \"pgalter deploy\" makes it");
        return;
    }
    if (journal->presence == PGA_JOURNAL_EMPTY) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK,
                        "the schema \"%s\" is empty: the first \"pgalter deploy\" fills it",
                        journal->settings.schema);
        return;
    }
    pga_finding_say(
        doctor, out, PGA_VERDICT_OK,
        "schema \"%s\" of \"%s\", format %d.%d, %s; nobody else can have put code in it",
        journal->settings.schema, owner_of(doctor), journal->format_major, journal->format_minor,
        pga_answer_text(doctor, PGA_PROBE_JOURNAL, 0, "size"));
    /* GCOVR_EXCL_START: the first format has no upgrade yet */
    if (pga_journal_is_outdated(journal))
        pga_finding_detail(doctor, out, "the next \"pgalter deploy\" brings its format up to date");
    /* GCOVR_EXCL_STOP */
}

/* Seconds since 1970 of a time as the journal writes it, "2026-01-31T12:00:00.000Z"; -1 for any other. */
static int64_t
time_of(const char *at)
{
    char compact[15] = "";
    size_t len = 0;

    for (; *at != '\0' && len < 14; at++)
        if (isdigit((unsigned char)*at))
            compact[len++] = *at;
    return pga_doctor_timestamp_s(compact);
}

void
pga_check_history(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const struct pga_journal *journal = doctor->journal;
    int64_t now_s = pga_answer_int(doctor, PGA_PROBE_SERVER, 0, "clock_s"), ahead;

    if (doctor->load_error.code != PGA_OK) {
        say_failure(doctor, out, &doctor->load_error);
        if (doctor->load_error.code != PGA_ERR_LOST && doctor->load_error.hint[0] == '\0')
            pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                             "Find out who changed it; then restore the schema \"%s\" from a "
                             "backup. Nothing runs until it agrees with itself.",
                             journal->settings.schema);
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_OK,
                    "its %s hold together, and agree with the %s that %s applied",
                    pga_doctor_count(doctor, journal->row_count, "row", "rows"),
                    pga_doctor_count(doctor, journal->applied_count, "alteration", "alterations"),
                    journal->applied_count == 1 ? "is" : "are");
    pga_finding_detail(doctor, out, "head %lld, to be kept elsewhere: %s",
                       (long long)journal->head.seq,
                       pga_digest_format(doctor->mem, &journal->head.hash));
    if (journal->row_count == 0 || now_s == 0)
        return;
    ahead = time_of(journal->rows[journal->row_count - 1].at) - now_s;
    if (ahead <= CLOCK_OFF_S)
        return;
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                    "its last row is dated %s in the future: the server's clock was set back",
                    pga_doctor_age(doctor, ahead));
    pga_finding_next(doctor, out, PGA_NEXT_SQL, "SELECT pg_catalog.clock_timestamp()");
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                     "Set the server's clock. The order of the history does not depend on it.");
}

void
pga_check_stored(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const struct pga_journal_examination *found = &doctor->examination;

    if (doctor->examine_error.code == PGA_ERR_DENIED) {
        pga_finding_say(doctor, out, PGA_VERDICT_NOT_CHECKED,
                        "the role may not read them, which only those who deploy have to");
    } else if (doctor->examine_error.code != PGA_OK) {
        say_failure(doctor, out, &doctor->examine_error);
    } else if (found->damaged_count == 0) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "%lld stored, each as its digest says",
                        (long long)found->script_count);
    } else {
        pga_finding_say(doctor, out, PGA_VERDICT_FAILED,
                        "%lld of %lld stored ones are not what their digests say",
                        (long long)found->damaged_count, (long long)found->script_count);
        pga_finding_detail(doctor, out, "one of them: %s",
                           found->first_damaged == NULL ? "?" : found->first_damaged);
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                         "Restore these rows of %s.scripts from a backup; a rollback that needs "
                         "one of them is refused.",
                         doctor->journal->schema_sql);
    }
}

static void
add_unfinished(const struct pga_doctor *doctor, struct pga_finding *out,
               const struct pga_unfinished *row)
{
    const char *id = pga_shell_word(doctor->mem, row->id);

    pga_finding_detail(doctor, out, "\"%s\" (%s): statement %lld %s, since %s, by %s", row->id,
                       row->is_down ? "down" : "up", (long long)row->unit + 1,
                       row->progress == PGA_PROGRESS_STARTED ? "was started" : "comes next",
                       row->started_at, row->who);
    pga_finding_next(doctor, out, PGA_NEXT_COMMAND, "pgalter %s",
                     row->is_down ? "rollback --steps 1" : "deploy");
    if (row->progress != PGA_PROGRESS_STARTED)
        return;
    pga_finding_next(
        doctor, out, PGA_NEXT_ADVICE,
        "It goes on where it stopped, unless it can't tell whether that statement took "
        "effect (exit code 67). Then look, and say that all of it did, or none:");
    pga_finding_next(doctor, out, PGA_NEXT_COMMAND, "pgalter %s %s " BECAUSE,
                     row->is_down ? "forget" : "mark", id);
    pga_finding_next(doctor, out, PGA_NEXT_COMMAND, "pgalter %s %s " BECAUSE,
                     row->is_down ? "mark" : "forget", id);
}

void
pga_check_unfinished(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t dead = 0, count = doctor->unfinished_count;

    if (doctor->unfinished_error.code != PGA_OK) {
        say_failure(doctor, out, &doctor->unfinished_error);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (doctor->unfinished_lives[i])
            continue;
        dead++;
        add_unfinished(doctor, out, &doctor->unfinished[i]);
    }
    if (dead > 0)
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "%s in the middle",
                        pga_doctor_count(doctor, dead, "step stopped", "steps stopped"));
    else if (count > 0)
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "%s in progress just now",
                        pga_doctor_count(doctor, count, "step is", "steps are"));
    else
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "no step stopped in the middle");
}

void
pga_check_access(const struct pga_doctor *doctor, struct pga_finding *out)
{
    if (pga_answer_rows(doctor, PGA_PROBE_JOURNAL) == 0) {
        pga_finding_say(doctor, out, PGA_VERDICT_NOT_CHECKED, "there is no journal yet");
        return;
    }
    if (!pga_answer_is_true(doctor, PGA_PROBE_JOURNAL, 0, "is_public")) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "PUBLIC has none");
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "PUBLIC has privileges on it");
    pga_finding_sql(doctor, out, owner_of(doctor), NULL,
                    pga_answer_text(doctor, PGA_PROBE_JOURNAL, 0, "statement"));
}
