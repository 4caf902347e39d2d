/*
 * engine/outcome.c: what became of a step whose session was lost.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/outcome.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "journal/backend.h"
#include "journal/unfinished.h"

#define PAUSE_FIRST_MS 250
#define PAUSE_LAST_MS  2000
#define LOOK_PAUSE_MS  50
#define LOOKS_MAX                                                                                  \
    300 /* 15 s: a process that was told to end needs milliseconds, unless it is stuck */

/* What is known from before the loss, and what has been found since. */
struct settling {
    struct pga_runner *runner;
    const struct pga_step *step;
    struct pga_backend old;
    struct pga_head head; /* the end of the history as this run had it */
    bool has_head;
    struct pga_digest first; /* hash of row 0, which is the journal's identity */
    bool has_first;
    bool made_it; /* this run wrote row 0 */
    int signals;
    bool is_back; /* there is a session that can be asked */
    bool stays;   /* the old process did not end */
    enum pga_outcome outcome;
};

static const struct {
    const char *name;   /* in JSON */
    const char *said;   /* behind what was lost */
    const char *advice; /* the hint */
} words[] = {
    [PGA_OUTCOME_NONE] = {0},
    [PGA_OUTCOME_COMMITTED] = {"committed", "the step was committed",
                               "Nothing has to be repaired. Run the same command again: it goes on "
                               "behind this step."},
    [PGA_OUTCOME_ROLLED_BACK] = {"rolled-back", "the step was not committed: it was rolled back",
                                 "Nothing has to be repaired. Run the same command again: it goes "
                                 "on with this step."},
    [PGA_OUTCOME_OVERTAKEN] = {"overtaken",
                               "the step was not committed by this run: another one has done it "
                               "meanwhile",
                               "Nothing was done twice. Run the same command again: it goes on "
                               "from what the journal says."},
    [PGA_OUTCOME_UNFINISHED] = {"unfinished",
                                "the step is not finished: what is done of it is recorded",
                                "Run the same command again: it goes on where the record says."},
    [PGA_OUTCOME_BEHIND] = {"behind",
                            "the server that answers now lacks steps that had been committed",
                            "A failover lost the end of the history, and what belongs to it. Run "
                            "the same command again: it applies what is missing."},
    [PGA_OUTCOME_UNKNOWN] = {"unknown", "whether the step was committed is not known yet",
                             "It is committed or rolled back, never half, and the journal says "
                             "which. Run the same command again once the server answers: it goes "
                             "on from there."},
};

const char *
pga_outcome_name(enum pga_outcome outcome)
{
    return words[outcome].name;
}

/* A standby gives no answer that lasts: it is behind, or about to be promoted. */
static bool
reach(struct settling *s, struct pga_error *err)
{
    struct pga_driver *driver = s->runner->driver;
    const char *standby;

    if (!s->is_back || pga_driver_transaction(driver) == PGA_TRANSACTION_LOST) {
        if (!pga_driver_reconnect(driver, err))
            return false;
        pga_journal_begin_session(s->runner->journal);
    }
    standby = pga_driver_parameter(driver, "in_hot_standby");
    s->is_back = !pga_same(standby, "on");
    return s->is_back || pga_fail(err, PGA_ERR_READ_ONLY, "the server that answers is a standby");
}

/* End the old process and see it gone: while it lives it may still commit. */
static bool
see_off(struct settling *s, struct pga_error *err)
{
    struct pga_journal *journal = s->runner->journal;
    bool asked, lives = true;

    if (!pga_backend_end(journal, &s->old, &asked, err)) {
        if (err->code != PGA_ERR_SQL)
            return false;
        memset(err, 0, sizeof(*err)); /* this role may not: it can still end by itself */
    }
    for (int i = 0; i < LOOKS_MAX && pga_interrupt_count() == s->signals; i++) {
        if (!pga_backend_lives(journal, &s->old, i == 0 ? 0 : LOOK_PAUSE_MS, &lives, err))
            return false;
        if (!lives)
            return true;
    }
    s->stays = true;
    return pga_fail(err, PGA_ERR_LOCKED, "process %lld of the lost session still lives",
                    (long long)s->old.pid);
}

static bool
is_unfinished(struct pga_journal *journal, const char *id, bool *out, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_unfinished *rows;
    size_t count;

    *out = false;
    if (!journal->has_unfinished)
        return true;
    if (!pga_unfinished_load(journal, &mem, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        *out |= pga_same(rows[i].id, id);
    return true;
}

/*
 * Whether the history goes on from where this run had it.  A journal that is not the same one is an error, and so is none;
 * unless this run had made it, so that a failover may have lost that, too.
 */
static bool
has_grown(const struct settling *s, bool *out, struct pga_error *err)
{
    const struct pga_journal *journal = s->runner->journal;

    *out = !s->has_head || ((uint64_t)s->head.seq < journal->row_count &&
                            pga_digest_equal(&journal->rows[s->head.seq].hash, &s->head.hash));
    if (*out || !s->has_first ||
        (journal->row_count == 0 ? s->made_it
                                 : pga_digest_equal(&journal->rows[0].hash, &s->first)))
        return true;
    return pga_journal_fail_replaced(journal, err);
}

/* Whether this run has a row for the step behind where it had the history. */
static bool
has_own_row(const struct settling *s)
{
    const struct pga_journal *journal = s->runner->journal;

    for (size_t i = s->has_head ? (size_t)s->head.seq + 1 : 0; i < journal->row_count; i++)
        if (pga_same(journal->rows[i].run, journal->settings.run) &&
            pga_same(journal->rows[i].subject.id, s->step->id))
            return true;
    return false;
}

/* Whether the step's alteration is as the step would make it. */
static bool
is_as_wanted(const struct settling *s)
{
    const struct pga_applied *applied = pga_journal_find(s->runner->journal, s->step->id);

    switch (s->step->kind) {
    case PGA_STEP_REVERT:
        return applied == NULL;
    case PGA_STEP_RENAME:
        return applied != NULL && pga_same(applied->version, s->step->version);
    default:
        return applied != NULL;
    }
}

/* Read the journal, and what it says about the step. */
static bool
judge(struct settling *s, struct pga_error *err)
{
    struct pga_journal *journal = s->runner->journal;
    bool has_record, grown;

    /* What was read before may be gone with a failover, which is for has_grown() to say. */
    journal->has_head = journal->is_loaded = false;
    if (!pga_journal_load(journal, err) || !has_grown(s, &grown, err))
        return false;
    if (!grown) {
        s->outcome = PGA_OUTCOME_BEHIND;
        return true;
    }
    if (s->step == NULL)
        return true;
    if (!is_unfinished(journal, s->step->id, &has_record, err))
        return false;
    s->outcome = has_own_row(s)    ? PGA_OUTCOME_COMMITTED
                 : has_record      ? PGA_OUTCOME_UNFINISHED
                 : is_as_wanted(s) ? PGA_OUTCOME_OVERTAKEN
                                   : PGA_OUTCOME_ROLLED_BACK;
    return true;
}

/* Whether the world may be better in a moment. */
static bool
is_passing(const struct pga_error *err)
{
    return err->code == PGA_ERR_NO_SERVER || err->code == PGA_ERR_READ_ONLY ||
           err->code == PGA_ERR_LOST || err->code == PGA_ERR_DEADLINE;
}

static bool
try_to_settle(struct settling *s, struct pga_error *err)
{
    return reach(s, err) && see_off(s, err) && judge(s, err);
}

/* Try until it is known, or the time is up, or a signal comes.  With a signal that came before: once. */
static bool
settle(struct settling *s, struct pga_error *err)
{
    const struct pga_clock *clock = s->runner->clock;
    int64_t pause = PAUSE_FIRST_MS,
            wait_ms = s->signals == 0
                          ? pga_deadline_cut_ms(s->runner, s->runner->settings.reconnect_ms)
                          : 0;
    int64_t end = pga_clock_now_ms(clock) + wait_ms;

    for (;;) {
        memset(err, 0, sizeof(*err));
        if (try_to_settle(s, err))
            return true;
        if (!is_passing(err) || pga_clock_now_ms(clock) >= end)
            return false;
        pga_clock_sleep_ms(clock, pause);
        if (pga_interrupt_count() != s->signals)
            return false;
        pause = 2 * pause < PAUSE_LAST_MS ? 2 * pause : PAUSE_LAST_MS;
    }
}

/* Message and hint say what was found. */
static enum pga_outcome
say(enum pga_outcome outcome, struct pga_error *err)
{
    size_t len = strlen(err->message);

    if (words[outcome].said == NULL)
        return outcome;
    (void)snprintf(err->message + len, sizeof(err->message) - len, "; %s", words[outcome].said);
    (void)pga_error_hint(err, "%s", words[outcome].advice);
    return outcome;
}

/* It could not be found out: say why, in the words of what failed. */
static enum pga_outcome
say_unknown(const struct settling *s, const struct pga_error *failure, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *before = pga_strdup(&mem, err->detail);

    if (pga_interrupt_count() != s->signals) {
        memset(err, 0, sizeof(*err));
        (void)!pga_interrupt_check(err);
    }
    if (failure->code == PGA_ERR_JOURNAL) {
        *err = *failure;
        return PGA_OUTCOME_UNKNOWN;
    }
    (void)pga_error_detail(err, "%s%sAfterwards: %s.", before, before[0] == '\0' ? "" : "\n",
                           failure->message);
    if (s->step == NULL)
        return PGA_OUTCOME_UNKNOWN;
    (void)say(PGA_OUTCOME_UNKNOWN, err);
    if (s->stays)
        (void)pga_error_hint(
            err,
            "Process %lld on the server was told to end and has not. Once it is gone the journal "
            "says what became of the step: run the same command again then.",
            (long long)s->old.pid);
    return PGA_OUTCOME_UNKNOWN;
}

enum pga_outcome
pga_outcome_settle(struct pga_runner *runner, const struct pga_step *step, struct pga_error *err)
{
    struct pga_journal *journal = runner->journal;
    struct settling s = {.runner = runner,
                         .step = step,
                         .old = journal->backend,
                         .head = journal->head,
                         .has_head = journal->has_head,
                         .has_first = journal->is_loaded && journal->row_count > 0,
                         .signals = pga_interrupt_count()};
    struct pga_error failure = {0};

    if (pga_driver_transaction(runner->driver) != PGA_TRANSACTION_LOST)
        return PGA_OUTCOME_NONE;
    runner->has_lock = false;
    if (s.old.began == NULL || journal->is_pooled || s.signals > 1) {
        if (err->hint[0] == '\0')
            (void)pga_error_hint(err,
                                 "What was committed is recorded. Run the same command again.");
        return PGA_OUTCOME_NONE;
    }
    if (s.has_first) {
        s.first = journal->rows[0].hash;
        s.made_it = pga_same(journal->rows[0].run, journal->settings.run);
    }
    pga_runner_report(runner, &(struct pga_event_report){.happening = PGA_HAPPENING_SESSION_LOST,
                                                         .step = step,
                                                         .error = err});
    (void)PGA_FAULT(session_lost);
    if (!settle(&s, &failure))
        return say_unknown(&s, &failure, err);
    (void)PGA_FAULT(session_settled);
    return say(s.outcome, err);
}
