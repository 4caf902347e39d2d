/*
 * cli/events.c: what happens in a run, as lines of the JSON log.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/events.h"

#include "base/mask.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/steps.h"
#include "cli/version.h"
#include "engine/watch.h"

const char *
pga_event_reason(const struct pga_error *err)
{
    return err->id != PGA_ID_NONE ? pga_error_id_name(err->id) : pga_code_name(err->code);
}

/* A text that is there: a field that says nothing is left out. */
static void
set_text(struct pga_json *fields, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        pga_json_set_text(fields, key, text);
}

static const char *
phase_of(const struct pga_step *step)
{
    if (step->alteration != NULL)
        return pga_phase_name(pga_alteration_phase(step->alteration));
    return step->applied != NULL ? step->applied->phase : NULL;
}

/* Which step it is, if one runs. */
static void
set_step(const struct pga_told *told, struct pga_json *fields)
{
    const struct pga_step *step = told->step;

    if (step == NULL)
        return;
    pga_json_set_text(fields, "alteration", step->id);
    pga_json_set_text(fields, "direction", step->kind == PGA_STEP_REVERT ? "down" : "up");
    set_text(fields, "version", step->version);
    set_text(fields, "phase", phase_of(step));
    pga_json_set_int(fields, "index", (int64_t)told->index);
    pga_json_set_int(fields, "count", (int64_t)told->count);
    pga_json_set_int(fields, "attempt", told->attempt);
}

static void
set_error(const struct pga_error *err, struct pga_json *fields)
{
    pga_json_set_text(fields, "reason", pga_event_reason(err));
    set_text(fields, "sqlstate", err->sqlstate);
}

static int64_t
elapsed_ms(const struct pga_context *ctx)
{
    return pga_clock_now_ms(pga_clock_system()) - ctx->told.started_ms;
}

void
pga_event_run_started(struct pga_context *ctx, const char *run)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *fields = pga_json_object();
    bool changes = (ctx->command->needs & PGA_CHANGES) != 0;

    ctx->log.run = run;
    ctx->told.has_started = true;
    ctx->told.level = changes ? PGA_LOG_INFO : PGA_LOG_DETAIL;
    ctx->told.started_ms = pga_clock_now_ms(pga_clock_system());
    pga_json_set_text(fields, "command", ctx->command->name);
    pga_json_set_text(fields, "engine", PGA_VERSION);
    pga_log_event(&ctx->log, ctx->told.level, PGA_LOG_EVENT_RUN_STARTED, fields, NULL);
}

void
pga_event_run_done(struct pga_context *ctx, int status)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *fields = pga_json_object();

    if (!ctx->told.has_started)
        return;
    pga_json_set_text(fields, "command", ctx->command->name);
    pga_json_set_int(fields, "code", status);
    pga_json_set_int(fields, "ms", elapsed_ms(ctx));
    pga_log_event(&ctx->log, ctx->told.level, PGA_LOG_EVENT_RUN_DONE, fields, NULL);
}

void
pga_event_server_wait(struct pga_context *ctx, const struct pga_error *why, int64_t left_ms)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *fields = pga_json_object();

    set_error(why, fields);
    pga_json_set_int(fields, "ms", left_ms);
    pga_log_event(&ctx->log, PGA_LOG_INFO, PGA_LOG_EVENT_SERVER_WAIT, fields,
                  pga_mask_text(ctx->mem, why->message));
}

static void
add_blocker(struct pga_json *blockers, const struct pga_lock_holder *holder)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_json *blocker = pga_json_add(blockers, pga_json_object());

    pga_json_set_int(blocker, "pid", holder->pid);
    set_text(blocker, "application", holder->application);
    set_text(blocker, "user", holder->user);
    set_text(blocker, "address", holder->address);
    set_text(blocker, "since", holder->since);
    set_text(blocker, "query", pga_mask_text(&mem, holder->query));
}

/* Who keeps the step waiting. */
static void
set_blockers(struct pga_json *fields, const struct pga_blockers *found)
{
    struct pga_json *blockers = pga_json_set(fields, "blockers", pga_json_array());

    pga_json_set_text(fields, "waits_for", found->waits_for);
    for (size_t i = 0; i < found->count; i++) {
        const struct pga_blocker *item = &found->items[i];
        struct pga_json *blocker = pga_json_add(blockers, pga_json_object());

        if (item->pid != 0)
            pga_json_set_int(blocker, "pid", item->pid);
        set_text(blocker, item->pid != 0 ? "application" : "prepared", item->application);
        set_text(blocker, "user", item->user);
        set_text(blocker, "address", item->address);
        set_text(blocker, "since", item->since);
        set_text(blocker, "state", item->state);
        set_text(blocker, "query", item->query);
        pga_json_set_int(blocker, "ms", item->age_ms);
    }
}

void
pga_event_progress(struct pga_context *ctx, const struct pga_log *log, const char *place,
                   const char *message)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *fields = pga_json_object();
    const struct pga_blockers *found = &ctx->runner.watch.found;

    set_step(&ctx->told, fields);
    pga_json_set_int(fields, "ms", pga_clock_now_ms(pga_clock_system()) - ctx->started_ms);
    set_text(fields, "place", place);
    if (found->count > 0 && (ctx->runner.sent == NULL || ctx->runner.watch.is_waiting))
        set_blockers(fields, found);
    pga_log_event(log, PGA_LOG_INFO, PGA_LOG_EVENT_PROGRESS, fields, message);
}

static void
tell_blocked(struct pga_context *ctx, struct pga_json *fields,
             const struct pga_event_report *report)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    pga_json_set_int(fields, "ms", report->duration_ms);
    set_blockers(fields, report->blockers);
    set_text(fields, "hint", pga_blockers_remedy(&mem, report->blockers));
    pga_log_event(&ctx->log, PGA_LOG_INFO, PGA_LOG_EVENT_BLOCKED, fields,
                  pga_format(&mem, "waits for %s", pga_blockers_format(&mem, report->blockers)));
}

static void
tell_planned(struct pga_context *ctx, struct pga_json *fields, const struct pga_plan *plan)
{
    const char *direction = plan->direction == PGA_DIRECTION_DOWN ? "down" : "up";

    pga_json_set_text(fields, "direction", direction);
    pga_json_set_int(fields, "count", (int64_t)plan->count);
    pga_log_event(&ctx->log, PGA_LOG_INFO, PGA_LOG_EVENT_PLANNED, fields, NULL);
}

/* Note which step runs, before its first line. */
static void
note_step(struct pga_told *told, const struct pga_event_report *report)
{
    if (report->happening == PGA_HAPPENING_STEP_STARTED) {
        told->step = report->step;
        told->index = report->index + 1;
        told->count = report->plan->count;
        told->attempt = 1;
    }
}

void
pga_event_happened(struct pga_context *ctx, const struct pga_event_report *report)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *fields = pga_json_object();
    const struct pga_log *log = &ctx->log;
    struct pga_told *told = &ctx->told;

    note_step(told, report);
    set_step(told, fields);
    switch (report->happening) {
    case PGA_HAPPENING_PLANNED:
        tell_planned(ctx, fields, report->plan);
        break;
    case PGA_HAPPENING_LOCK_WAIT:
        pga_json_set_int(fields, "ms", report->duration_ms);
        if (report->holder->pid != 0)
            add_blocker(pga_json_set(fields, "blockers", pga_json_array()), report->holder);
        pga_log_event(log, PGA_LOG_INFO, PGA_LOG_EVENT_LOCK_WAIT, fields, NULL);
        break;
    case PGA_HAPPENING_LOCK_STOLEN:
        add_blocker(pga_json_set(fields, "blockers", pga_json_array()), report->holder);
        pga_log_event(log, PGA_LOG_WARNING, PGA_LOG_EVENT_LOCK_STOLEN, fields, NULL);
        break;
    case PGA_HAPPENING_SESSION_LOST:
        set_error(report->error, fields);
        pga_log_event(log, PGA_LOG_WARNING, PGA_LOG_EVENT_SESSION_LOST, fields,
                      pga_mask_text(ctx->mem, report->error->message));
        break;
    case PGA_HAPPENING_LOCK_RETAKEN:
        pga_log_event(log, PGA_LOG_WARNING, PGA_LOG_EVENT_LOCK_RETAKEN, fields, NULL);
        break;
    case PGA_HAPPENING_BLOCKED:
        tell_blocked(ctx, fields, report);
        break;
    case PGA_HAPPENING_STEP_STARTED:
        pga_log_event(log, PGA_LOG_INFO, PGA_LOG_EVENT_STEP_STARTED, fields, NULL);
        break;
    case PGA_HAPPENING_STEP_RETRIED:
        told->attempt++;
        set_error(report->error, fields);
        pga_json_set_int(fields, "ms", report->duration_ms);
        pga_log_event(log, PGA_LOG_WARNING, PGA_LOG_EVENT_STEP_RETRIED, fields,
                      pga_mask_text(ctx->mem, report->error->message));
        break;
    case PGA_HAPPENING_STEP_WAITS:
        pga_log_event(log, PGA_LOG_INFO, PGA_LOG_EVENT_STEP_WAITS, fields, report->note);
        break;
    case PGA_HAPPENING_STEP_RESUMED:
        pga_log_event(log, PGA_LOG_INFO, PGA_LOG_EVENT_STEP_RESUMED, fields, report->note);
        break;
    case PGA_HAPPENING_STEP_DONE:
        pga_json_set_int(fields, "ms", report->duration_ms);
        pga_log_event(log, PGA_LOG_INFO, PGA_LOG_EVENT_STEP_DONE, fields, NULL);
        told->step = NULL;
        break;
    }
}

void
pga_event_notice(struct pga_context *ctx, enum pga_log_level level,
                 const struct pga_server_message *notice, const char *place)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *fields = pga_json_object();

    set_step(&ctx->told, fields);
    set_text(fields, "severity", notice->severity);
    set_text(fields, "sqlstate", notice->sqlstate);
    set_text(fields, "place", place);
    set_text(fields, "detail", notice->detail);
    set_text(fields, "hint", notice->hint);
    pga_log_event(&ctx->log, level, PGA_LOG_EVENT_NOTICE, fields, notice->message);
}

void
pga_event_failed(struct pga_context *ctx)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *fields = pga_json_object();
    const struct pga_error *err = ctx->failure;

    set_step(&ctx->told, fields);
    pga_json_set_int(fields, "code", pga_error_exit_status(err));
    set_error(err, fields);
    set_text(fields, "place", pga_place_format(ctx->mem, &err->place));
    set_text(fields, "text", err->place.text);
    set_text(fields, "detail", err->detail);
    set_text(fields, "context", err->context);
    set_text(fields, "hint", ctx->failure_hint);
    if (ctx->log.level >= PGA_LOG_DEBUG)
        set_text(fields, "source", pga_format(ctx->mem, "%s:%d", err->src_file, err->src_line));
    pga_log_event(&ctx->log, PGA_LOG_ERROR, PGA_LOG_EVENT_FAILED, fields, err->message);
}
