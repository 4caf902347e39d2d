/*
 * engine/run.c: running the steps of a plan, and the runner lock around them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/run.h"

#include <string.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "base/mask.h"
#include "engine/advice.h"
#include "engine/shared.h"
#include "engine/source.h"
#include "engine/statements.h"
#include "engine/transaction.h"
#include "journal/attempts.h"
#include "journal/unfinished.h"

void
pga_runner_report(struct pga_runner *runner, const struct pga_event_report *report)
{
    if (runner->observe != NULL)
        runner->observe(runner->observe_ctx, report);
}

void
pga_runner_sent(struct pga_runner *runner, const struct pga_sent *sent)
{
    runner->sent = sent;
    if (sent != NULL)
        runner->sent_ms = pga_clock_now_ms(runner->clock);
}

static void
report_lock_wait(void *ctx, const struct pga_lock_holder *holder, int64_t waited_ms)
{
    pga_runner_report(ctx, &(struct pga_event_report){.happening = PGA_HAPPENING_LOCK_WAIT,
                                                      .holder = holder,
                                                      .duration_ms = waited_ms});
}

/* The session is idle between two tries, so it can be recorded at once. */
static void
report_stolen(void *ctx, const struct pga_lock_holder *holder)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_runner *runner = ctx;
    struct pga_attempt attempt = {
        .direction = "",
        .code = pga_code_name(PGA_ERR_LOCKED),
        .sqlstate = "",
        .message = pga_format(&mem,
                              "process %lld held the runner lock and was idle for longer than %s; "
                              "this run ended its session",
                              (long long)holder->pid,
                              pga_format_duration_ms(&mem, runner->settings.steal_after_ms)),
        .detail = pga_format(&mem, "Application \"%s\", user \"%s\", from %s, connected since %s.",
                             holder->application, holder->user, holder->address, holder->since),
        .place = "",
    };

    pga_attempt_record(runner->journal, &attempt);
    pga_runner_report(runner, &(struct pga_event_report){.happening = PGA_HAPPENING_LOCK_STOLEN,
                                                         .holder = holder});
}

static bool
same_head(const struct pga_head *a, const struct pga_head *b)
{
    return a->seq == b->seq && pga_digest_equal(&a->hash, &b->hash);
}

/* A session's lock and settings stay behind on whatever backend the pooler gave us last (FACTS 4). */
static bool
fail_pooled(struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE,
                   "this connection goes through a pooler; nothing was changed");
    (void)pga_error_identify(err, PGA_ID_POOLER);
    return pga_error_hint(
        err,
        "Connect to the server itself: use the address and port of PostgreSQL, not "
        "the pooler's. Where there is no way to it: the same command with --pooler transaction.");
}

/* A standby gives the runner lock to anybody: it would only be found out by the first statement that writes. */
static bool
is_standby(struct pga_driver *driver)
{
    const char *standby = pga_driver_parameter(driver, "in_hot_standby");

    return standby != NULL && strcmp(standby, "on") == 0;
}

bool
pga_runner_lock(struct pga_runner *runner, bool *out_moved, struct pga_error *err)
{
    enum pga_journal_presence presence = runner->journal->presence;
    struct pga_head head = runner->journal->head;

    if (runner->journal->is_pooled && !runner->journal->settings.is_shared)
        return fail_pooled(err);
    runner->lock_wait = (struct pga_lock_wait){
        .clock = runner->clock,
        .timeout_ms = pga_deadline_cut_ms(runner, runner->settings.lock_wait_ms),
        .steal_after_ms = runner->settings.steal_after_ms,
        .report = report_lock_wait,
        .stolen = report_stolen,
        .ctx = runner};
    runner->journal->lock_wait = &runner->lock_wait;
    if (is_standby(runner->driver)) {
        (void)pga_fail(err, PGA_ERR_READ_ONLY,
                       "the server is a standby, which takes no writes; nothing was changed");
        return pga_advise_standby(err);
    }
    if (!pga_journal_lock_take(runner->journal, &runner->lock_wait, err)) {
        if (err->code != PGA_ERR_LOCKED ||
            runner->lock_wait.timeout_ms == runner->settings.lock_wait_ms)
            return false;
        return pga_error_hint(err, "Nothing was changed before the deadline. Run the same command "
                                   "again, or with a longer --deadline.");
    }
    runner->has_lock = true;
    if (presence != PGA_JOURNAL_PRESENT) {
        /* Another runner may have made the journal while this one waited. */
        if (!pga_journal_open(runner->journal, err))
            return false;
        *out_moved = runner->journal->presence == PGA_JOURNAL_PRESENT;
        return true;
    }
    *out_moved = !same_head(&runner->journal->head, &head);
    if (!pga_journal_is_outdated(runner->journal))
        return true;
    /* GCOVR_EXCL_START: the first format has no upgrade yet; tests/contract/journal_upgrade.c makes some */
    *out_moved = true;
    return pga_journal_upgrade(runner->journal, NULL, 0, err);
    /* GCOVR_EXCL_STOP */
}

bool
pga_runner_keep_lock(struct pga_runner *runner, struct pga_error *err)
{
    bool moved = false;

    if (runner->has_lock)
        return true;
    if (!pga_runner_lock(runner, &moved, err))
        return false;
    pga_runner_report(runner, &(struct pga_event_report){.happening = PGA_HAPPENING_LOCK_RETAKEN,
                                                         .step = runner->current});
    if (!moved)
        return true;
    (void)pga_fail(err, PGA_ERR_LOST,
                   "another run changed the journal while this one had lost the runner lock");
    (void)pga_error_identify(err, PGA_ID_LOCK_LOST);
    return pga_error_hint(err, "What is done is recorded. Run the same command again.");
}

void
pga_runner_unlock(struct pga_runner *runner)
{
    if (runner->has_lock)
        pga_journal_lock_release(runner->journal);
    runner->has_lock = false;
}

static const struct pga_unfinished *
find_unfinished(const struct pga_unfinished *rows, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (pga_same(rows[i].id, id))
            return &rows[i];
    return NULL;
}

static bool
run_rename(struct pga_runner *runner, const struct pga_step *step, struct pga_step_outcome *outcome,
           struct pga_error *err)
{
    struct pga_applied after;
    struct pga_texts texts = {0};
    struct pga_change change = pga_step_change(step, &after, &texts);

    if (pga_journal_commit(runner->journal, &change, NULL, err))
        return true;
    if (err->code != PGA_ERR_LOCKED)
        return false;
    memset(err, 0, sizeof(*err));
    outcome->is_overtaken = true;
    return pga_journal_open(runner->journal, err);
}

static bool
run_step(struct pga_runner *runner, const struct pga_step *step, const struct pga_source *source,
         const struct pga_unfinished *found, struct pga_step_outcome *outcome,
         struct pga_error *err)
{
    if (step->kind == PGA_STEP_RENAME)
        return run_rename(runner, step, outcome, err);
    if (found != NULL || source->before != NULL || pga_script_is_outside(source->main))
        return pga_statements_run(runner, step, source, found, outcome, err);
    return pga_transaction_run(runner, step, source, false, outcome, err);
}

/* New sessions begin with other settings: end this one, so that the outcome doesn't depend on where a run ends. */
static bool
begin_anew(struct pga_runner *runner, struct pga_step_outcome *outcome, struct pga_error *err)
{
    struct pga_head head = runner->journal->head;

    (void)PGA_FAULT(session_ended);
    runner->has_lock = false;
    if (!pga_driver_reconnect(runner->driver, err))
        return false;
    pga_journal_begin_session(runner->journal);
    (void)PGA_FAULT(session_begun);
    if (!pga_journal_open(runner->journal, err) ||
        !pga_runner_lock(runner, &outcome->is_overtaken, err))
        return false;
    outcome->is_overtaken = !same_head(&runner->journal->head, &head);
    return true;
}

/* `id` NULL: the run as a whole. */
static void
record_failure(struct pga_runner *runner, const char *id, bool is_down, const struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_attempt attempt = {
        .id = id,
        .direction = is_down ? "down" : "up",
        .code = pga_code_name(err->code),
        .sqlstate = err->sqlstate,
        .message = pga_mask_text(&mem, err->message),
        .detail = pga_mask_text(&mem, err->detail),
        .place = pga_place_format(&mem, &err->place),
    };

    pga_attempt_record(runner->journal, &attempt);
    runner->has_recorded = true;
}

void
pga_runner_record(struct pga_runner *runner, enum pga_direction direction,
                  const struct pga_error *err)
{
    if (!runner->has_recorded && runner->journal->is_loaded && err->code != PGA_ERR_USAGE)
        record_failure(runner, NULL, direction == PGA_DIRECTION_DOWN, err);
}

bool
pga_run_check_unfinished(struct pga_runner *runner, struct pga_arena *mem,
                         const struct pga_plan *plan, struct pga_error *err)
{
    struct pga_unfinished *rows;
    size_t count, left = 0;

    if (!runner->journal->has_unfinished)
        return true;
    if (!pga_unfinished_load(runner->journal, mem, &rows, &count, err))
        return false;
    /* What a living run has in hand is not left over; the runner lock keeps us apart. */
    for (size_t i = 0; i < count; i++) {
        bool alive;

        if (!pga_unfinished_is_alive(runner->journal, &rows[i], &alive, err))
            return false;
        if (!alive)
            rows[left++] = rows[i];
    }
    return pga_plan_check_unfinished(plan, rows, left, err);
}

/* What the loop over the steps works with. */
struct steps {
    const struct pga_plan *plan;
    const struct pga_source *sources;
    const struct pga_unfinished *unfinished;
    size_t unfinished_count;
    struct pga_run_result *result;
};

/* Note in the run's first plan what this run did; later plans are parts of it, in the same order. */
static void
mark_done(struct pga_run_result *result, const struct pga_step *step)
{
    result->done++;
    result->ran += step->kind != PGA_STEP_RENAME;
    for (size_t n = 0; n < result->plan.count; n++) {
        size_t at = (result->marked + n) % result->plan.count;

        if (!pga_same(result->plan.steps[at].id, step->id))
            continue;
        result->plan.steps[at].is_done = true;
        result->marked = at + 1;
        return;
    }
}

/* The server that answers after a failover lacks the end of the history: what it lacks isn't done. */
static void
take_back_marks(const struct pga_runner *runner, struct pga_run_result *result)
{
    for (size_t i = 0; i < result->plan.count; i++) {
        struct pga_step *step = &result->plan.steps[i];
        const struct pga_applied *applied = pga_journal_find(runner->journal, step->id);
        bool is_there = step->kind == PGA_STEP_REVERT ? applied == NULL
                        : step->kind == PGA_STEP_APPLY
                            ? applied != NULL
                            : applied != NULL && pga_same(applied->version, step->version);

        if (!step->is_done || is_there)
            continue;
        step->is_done = false;
        result->done--;
        result->ran -= step->kind != PGA_STEP_RENAME;
    }
}

/*
 * Of a step that failed: find out what became of it if its session was lost.  True when it was committed, the error
 * then standing for the run that can't go on.
 */
static bool
was_committed(struct pga_runner *runner, const struct steps *steps, const struct pga_step *step,
              struct pga_error *err)
{
    struct pga_run_result *result = steps->result;

    result->outcome = pga_outcome_settle(runner, step, err);
    result->lost = result->outcome == PGA_OUTCOME_NONE ? NULL : step;
    if (result->outcome == PGA_OUTCOME_BEHIND)
        take_back_marks(runner, result);
    return result->outcome == PGA_OUTCOME_COMMITTED;
}

/*
 * A session that was lost ends the run, also where the step turns out to be committed: unless nothing is left to do,
 * which is success.
 */
static bool
run_one(struct pga_runner *runner, const struct steps *steps, size_t index,
        struct pga_step_outcome *outcome, struct pga_error *err)
{
    const struct pga_step *step = &steps->plan->steps[index];
    int64_t started = pga_clock_now_ms(runner->clock);
    bool is_last = index + 1 == steps->plan->count;
    bool fine, committed;

    runner->current = step;
    pga_runner_report(runner, &(struct pga_event_report){.happening = PGA_HAPPENING_STEP_STARTED,
                                                         .plan = steps->plan,
                                                         .step = step,
                                                         .index = index});
    fine = pga_runner_keep_lock(runner, err) &&
           run_step(runner, step, &steps->sources[index],
                    find_unfinished(steps->unfinished, steps->unfinished_count, step->id), outcome,
                    err);
    pga_watch_end(runner);
    committed = fine || was_committed(runner, steps, step, err);
    if (!fine && !(committed && is_last))
        record_failure(runner, step->id, step->kind == PGA_STEP_REVERT, err);
    if (!committed)
        return false;
    (void)PGA_FAULT(step_done);
    if (outcome->is_overtaken)
        return true;
    mark_done(steps->result, step);
    pga_runner_report(runner, &(struct pga_event_report){
                                  .happening = PGA_HAPPENING_STEP_DONE,
                                  .plan = steps->plan,
                                  .step = step,
                                  .index = index,
                                  .duration_ms = pga_clock_now_ms(runner->clock) - started});
    (void)PGA_FAULT(step_reported);
    if (!fine && is_last)
        memset(err, 0, sizeof(*err));
    return fine || is_last;
}

bool
pga_run_steps(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
              const struct pga_source *sources, struct pga_run_result *result,
              struct pga_error *err)
{
    struct steps steps = {.plan = plan, .sources = sources, .result = result};
    struct pga_unfinished *unfinished;

    if (!pga_unfinished_load(runner->journal, mem, &unfinished, &steps.unfinished_count, err) ||
        !pga_plan_check_unfinished(plan, unfinished, steps.unfinished_count, err) ||
        !pga_shared_check_unfinished(runner, plan, unfinished, steps.unfinished_count, err) ||
        !pga_deadline_load(runner, mem, err))
        return false;
    steps.unfinished = unfinished;
    result->is_overtaken = false;
    for (size_t i = 0; i < plan->count; i++) {
        struct pga_step_outcome outcome = {0};

        if (!pga_interrupt_check(err) || !pga_deadline_check(runner, &plan->steps[i], err) ||
            !run_one(runner, &steps, i, &outcome, err))
            return false;
        if (outcome.is_overtaken) {
            result->is_overtaken = true;
            return true;
        }
        if (i + 1 == plan->count)
            break;
        if (outcome.alters_settings && !begin_anew(runner, &outcome, err))
            return false;
        if (outcome.is_overtaken) {
            result->is_overtaken = true;
            return true;
        }
    }
    return true;
}
