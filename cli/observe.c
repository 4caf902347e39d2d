/*
 * cli/observe.c: telling people what a run is doing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/observe.h"

#include <string.h>

#include "base/mask.h"
#include "cli/events.h"
#include "cli/progress.h"
#include "cli/steps.h"
#include "engine/place.h"

#define NOTICES_MAX 100  /* of one try of a step */
#define NOTICE_SIZE 4000 /* bytes of each text of one that are shown, as much as of an error's */

/* "Found 2 alterations to deploy": scripts and people wait for these words. */
static void
tell_plan(struct pga_context *ctx, const struct pga_plan *plan)
{
    pga_print(ctx, "Found %s to deploy\n", pga_count(ctx->mem, plan->run_count, "alteration"));
    if (plan->count > plan->run_count)
        pga_print(ctx, "%s to rename in the journal\n",
                  pga_count(ctx->mem, plan->count - plan->run_count, "alteration"));
    if (plan->late_count > 0)
        pga_log_write(
            &ctx->log, PGA_LOG_WARNING, "%s: a younger one is applied already",
            pga_format(ctx->mem, "%s late", pga_count(ctx->mem, plan->late_count, "alteration")));
    (void)fflush(stdout);
}

static void
tell_step(struct pga_context *ctx, const struct pga_event_report *report)
{
    const char *count = pga_format(ctx->mem, "%zu", report->plan->count);
    const char *at =
        pga_format(ctx->mem, "[%*zu/%s]", (int)strlen(count), report->index + 1, count);

    pga_print(ctx, "%s %s  %s\n", pga_paint(ctx, PGA_DIM, at), pga_step_line(ctx, report->step),
              pga_paint(ctx, PGA_DIM, pga_format_duration_ms(ctx->mem, report->duration_ms)));
    (void)fflush(stdout);
}

/* The holder that was seen last, and whether its session was ended, as "lock_wait" of the document. */
static void
note_holder(struct pga_context *ctx, const struct pga_lock_holder *holder, bool stolen)
{
    struct pga_json *wait, *object;

    if (ctx->json == NULL)
        return;
    wait = pga_json_set(ctx->json, "lock_wait", pga_json_object());
    object = pga_json_set(wait, "holder", pga_json_object());
    pga_json_set_int(object, "pid", holder->pid);
    pga_json_set_text(object, "application", holder->application);
    pga_json_set_text(object, "user", holder->user);
    pga_json_set_text(object, "address", holder->address);
    pga_json_set_text(object, "since", holder->since);
    pga_json_set_text(object, "runs", pga_mask_text(ctx->mem, holder->query));
    pga_json_set_bool(wait, "stolen", stolen);
}

static void
tell_lock_wait(struct pga_context *ctx, const struct pga_event_report *report)
{
    const struct pga_lock_holder *holder = report->holder;

    if (holder->pid == 0)
        return;
    pga_log_write(&ctx->log, PGA_LOG_INFO,
                  "another runner holds the lock, waiting: process %lld, application \"%s\", user "
                  "\"%s\", from %s, "
                  "connected since %s; it runs: %s",
                  (long long)holder->pid, pga_shown(ctx, holder->application),
                  pga_shown(ctx, holder->user), pga_shown(ctx, holder->address), holder->since,
                  pga_mask_text(ctx->mem, holder->query));
}

/* What a script raises without end must not bury the messages about it. */
static void
tell_left_out(struct pga_context *ctx)
{
    if (ctx->notices.left_out > 0)
        pga_log_write(
            &ctx->log, PGA_LOG_INFO,
            "%zu more messages of the server were left out; with SET client_min_messages = "
            "warning in the script it sends fewer",
            ctx->notices.left_out);
    ctx->notices = (struct pga_notices){0};
}

void
pga_observe_end(struct pga_context *ctx)
{
    pga_status_line_end(&ctx->status_line);
    tell_left_out(ctx);
}

/* What stands on stdout, and what else belongs to both kinds of log. */
static void
tell_always(struct pga_context *ctx, const struct pga_event_report *report)
{
    switch (report->happening) {
    case PGA_HAPPENING_PLANNED:
        tell_plan(ctx, report->plan);
        break;
    case PGA_HAPPENING_LOCK_WAIT:
        if (report->holder->pid != 0)
            note_holder(ctx, report->holder, false);
        break;
    case PGA_HAPPENING_LOCK_STOLEN:
        note_holder(ctx, report->holder, true);
        break;
    case PGA_HAPPENING_SESSION_LOST:
        pga_observe_end(ctx);
        break;
    case PGA_HAPPENING_STEP_STARTED:
        pga_status_line_begin(&ctx->status_line, report->step->id, report->index + 1,
                              report->plan->count);
        break;
    case PGA_HAPPENING_STEP_RETRIED:
        tell_left_out(ctx);
        break;
    case PGA_HAPPENING_STEP_DONE:
        pga_observe_end(ctx);
        tell_step(ctx, report);
        break;
    case PGA_HAPPENING_LOCK_RETAKEN:
    case PGA_HAPPENING_STEP_WAITS:
    case PGA_HAPPENING_BLOCKED:
    case PGA_HAPPENING_STEP_RESUMED:
        break;
    }
}

/* The log for people; that for machines has events of its own for all of these. */
static void
tell_people(struct pga_context *ctx, const struct pga_event_report *report)
{
    const struct pga_log *log = &ctx->log;

    switch (report->happening) {
    case PGA_HAPPENING_LOCK_WAIT:
        tell_lock_wait(ctx, report);
        break;
    case PGA_HAPPENING_LOCK_STOLEN:
        pga_log_write(log, PGA_LOG_WARNING,
                      "ended the idle session that held the runner lock: process %lld, application "
                      "\"%s\", user \"%s\", from %s, connected since %s",
                      (long long)report->holder->pid, pga_shown(ctx, report->holder->application),
                      pga_shown(ctx, report->holder->user), pga_shown(ctx, report->holder->address),
                      report->holder->since);
        break;
    case PGA_HAPPENING_SESSION_LOST:
        pga_log_write(log, PGA_LOG_WARNING, "%s; finding out what was committed",
                      pga_shown(ctx, report->error->message));
        break;
    case PGA_HAPPENING_LOCK_RETAKEN:
        pga_log_write(log, PGA_LOG_WARNING,
                      "a script had dropped the runner lock; it was taken again");
        break;
    case PGA_HAPPENING_BLOCKED:
        pga_progress_tell_blocked(ctx, report);
        break;
    case PGA_HAPPENING_STEP_STARTED:
        pga_log_write(log, PGA_LOG_DETAIL, "%s begins", report->step->id);
        break;
    case PGA_HAPPENING_STEP_RETRIED:
        pga_log_write(log, PGA_LOG_WARNING, "%s: %s; rolled back, trying again in %s",
                      report->step->id, report->error->message,
                      pga_format_duration_ms(ctx->mem, report->duration_ms));
        break;
    case PGA_HAPPENING_STEP_WAITS:
        pga_log_write(log, PGA_LOG_INFO, "%s was interrupted before; waiting: %s", report->step->id,
                      pga_shown(ctx, report->note));
        break;
    case PGA_HAPPENING_STEP_RESUMED:
        pga_log_write(log, PGA_LOG_INFO, "%s was interrupted before; going on where it stopped%s%s",
                      report->step->id, report->note == NULL ? "" : ": ",
                      report->note == NULL ? "" : pga_shown(ctx, report->note));
        break;
    case PGA_HAPPENING_PLANNED:
    case PGA_HAPPENING_STEP_DONE:
        break;
    }
}

static void
observe(void *context, const struct pga_event_report *report)
{
    struct pga_context *ctx = context;

    pga_event_happened(ctx, report);
    pga_progress_note(ctx, report);
    tell_always(ctx, report);
    if (!ctx->log.json)
        tell_people(ctx, report);
}

static enum pga_log_level
notice_level(const struct pga_server_message *notice)
{
    if (strcmp(notice->severity, "WARNING") == 0)
        return PGA_LOG_WARNING;
    if (strncmp(notice->severity, "DEBUG", strlen("DEBUG")) == 0)
        return PGA_LOG_DEBUG;
    return strcmp(notice->severity, "LOG") == 0 ? PGA_LOG_DETAIL : PGA_LOG_INFO;
}

/* "file:4" of the script that runs, or its id, or "" for what pgalter itself runs. */
static const char *
notice_place(struct pga_context *ctx, struct pga_arena *mem,
             const struct pga_server_message *notice)
{
    const struct pga_step *step = ctx->runner.current;
    struct pga_place place;

    if (step == NULL)
        return "";
    if (ctx->runner.sent == NULL)
        return step->id;
    pga_place_notice(mem, ctx->runner.sent, notice, &place);
    return place.line == 0 ? pga_format(mem, "%s", place.file)
                           : pga_format(mem, "%s:%d", place.file, place.line);
}

/* What is shown of a notice's text.  It is cut behind the masking, which must see the whole of a password. */
static const char *
notice_text(struct pga_arena *mem, const char *text)
{
    size_t len = strlen(text);
    bool is_cut = len > 2 * (size_t)NOTICE_SIZE;
    const char *clean =
        pga_mask_text(mem, is_cut ? pga_strndup(mem, text, 2 * (size_t)NOTICE_SIZE) : text);

    len = strlen(clean);
    if (len <= NOTICE_SIZE && !is_cut)
        return clean;
    len = pga_utf8_cut((struct pga_str){clean, len}, NOTICE_SIZE);
    return pga_format(mem, "%.*s...", (int)len, clean);
}

static void
tell_notice(struct pga_context *ctx, struct pga_arena *mem, enum pga_log_level level,
            const struct pga_server_message *shown, const char *place)
{
    const char *severity = level == PGA_LOG_WARNING ? "" : pga_format(mem, "%s: ", shown->severity);

    if (ctx->log.json) {
        pga_event_notice(ctx, level, shown, place);
        return;
    }
    pga_log_write(&ctx->log, level, "%s%sserver: %s%s", place, place[0] == '\0' ? "" : ": ",
                  severity, shown->message);
    pga_log_line(&ctx->log, level, "detail", shown->detail);
    pga_log_line(&ctx->log, level, "hint", shown->hint);
}

/* What the server says while a script runs. */
static void
observe_notice(void *context, const struct pga_server_message *notice)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_context *ctx = context;
    enum pga_log_level level = notice_level(notice);
    struct pga_server_message shown = *notice;

    if (level > ctx->log.level)
        return;
    if (ctx->notices.shown == NOTICES_MAX) {
        ctx->notices.left_out++;
        return;
    }
    ctx->notices.shown++;
    shown.message = notice_text(&mem, notice->message);
    shown.detail = notice_text(&mem, notice->detail);
    shown.hint = notice_text(&mem, notice->hint);
    tell_notice(ctx, &mem, level, &shown, notice_place(ctx, &mem, notice));
}

void
pga_observe_attach(struct pga_context *ctx)
{
    ctx->runner.observe = observe;
    ctx->runner.observe_ctx = ctx;
    ctx->driver->notice = observe_notice;
    ctx->driver->notice_ctx = ctx;
    ctx->driver->tick = pga_progress_tick;
    ctx->driver->tick_ctx = ctx;
}
