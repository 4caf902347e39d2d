/*
 * cli/progress.c: how far a command is, for whoever asks with SIGUSR1, and who blocks it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/progress.h"

#include <stdio.h>

#include "base/interrupt.h"
#include "cli/command.h"
#include "cli/events.h"
#include "engine/place.h"
#include "engine/watch.h"

void
pga_progress_note(struct pga_context *ctx, const struct pga_event_report *report)
{
    struct pga_how_far *progress = &ctx->progress;
    struct pga_status_line *line = &ctx->status_line;

    progress->holder_pid = report->happening == PGA_HAPPENING_LOCK_WAIT ? report->holder->pid : 0;
    progress->next_try_ms = 0;
    if (report->happening == PGA_HAPPENING_STEP_RETRIED)
        progress->next_try_ms = pga_clock_now_ms(pga_clock_system()) + report->duration_ms;
    line->blocker[0] = '\0';
    if (report->happening != PGA_HAPPENING_BLOCKED)
        return;
    if (report->blockers->items[0].pid == 0)
        (void)snprintf(line->blocker, sizeof(line->blocker), ", waits for a prepared transaction");
    else
        (void)snprintf(line->blocker, sizeof(line->blocker), ", waits for process %lld",
                       (long long)report->blockers->items[0].pid);
}

void
pga_progress_tell_blocked(struct pga_context *ctx, const struct pga_event_report *report)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    pga_log_write(&ctx->log, PGA_LOG_INFO, "%s waits for %s", report->step->id,
                  pga_blockers_format(&mem, report->blockers));
    pga_log_line(&ctx->log, PGA_LOG_INFO, "hint", pga_blockers_remedy(&mem, report->blockers));
}

/* Where the server is in a script: what has come back tells. */
static const char *
find_place(struct pga_arena *mem, const struct pga_sent *sent)
{
    struct pga_server_message nothing = *pga_driver_keep(mem, &(struct pga_server_message){0});
    struct pga_place place;

    pga_place_notice(mem, sent, &nothing, &place);
    if (place.line == 0 && sent->end > sent->first) { /* not even pgalter's own have come back */
        struct pga_error first = {0};

        (void)pga_script_place(&first, sent->script, sent->statements->items[sent->first].offset);
        place = first.place;
    }
    place.column = 0;
    return pga_place_format(mem, &place);
}

/*
 * The results of a message with several statements arrive when the server's buffer is full (FACTS 9), so the server may be
 * further than is known.
 */
static void
append_step(struct pga_buf *buf, struct pga_context *ctx, const char *place, int64_t now)
{
    const struct pga_status_line *step = &ctx->status_line;
    const struct pga_sent *sent = ctx->runner.sent;
    const struct pga_watch *watch = &ctx->runner.watch;

    pga_buf_appendf(buf, "alteration \"%s\" (%zu of %zu) for %s", step->id, step->number,
                    step->count, pga_format_duration_ms(buf->mem, now - step->started_ms));
    if (sent != NULL)
        pga_buf_appendf(buf, ", %s %s", sent->end - sent->first > 1 ? "at or behind" : "at", place);
    if (ctx->told.attempt > 1)
        pga_buf_appendf(buf, ", try %d", ctx->told.attempt);
    if (sent == NULL && ctx->progress.next_try_ms > now)
        pga_buf_appendf(buf, " begins in %s",
                        pga_format_duration_ms(buf->mem, ctx->progress.next_try_ms - now));
    if (sent != NULL ? watch->is_waiting : watch->found.count > 0)
        pga_buf_appendf(buf, "; it %s for %s", sent != NULL ? "waits" : "last waited",
                        pga_blockers_format(buf->mem, &watch->found));
}

/* Whoever asks wants to know, also with --quiet. */
static void
answer(void *context)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_context *ctx = context;
    struct pga_log log = ctx->log;
    struct pga_buf buf = pga_buf_on(&mem);
    const char *place = "";
    int64_t now;

    pga_watch_look(&ctx->runner);
    now = pga_clock_now_ms(pga_clock_system());
    if (ctx->runner.sent != NULL)
        place = find_place(&mem, ctx->runner.sent);
    pga_buf_appendf(&buf, "%s since %s: ", ctx->command->name,
                    pga_format_duration_ms(&mem, now - ctx->started_ms));
    if (ctx->status_line.id != NULL)
        append_step(&buf, ctx, place, now);
    else if (ctx->progress.holder_pid != 0)
        pga_buf_appendf(&buf, "waiting for the runner lock, which process %lld holds",
                        (long long)ctx->progress.holder_pid);
    else if (ctx->driver == NULL && (ctx->command->needs & PGA_NEEDS_SERVER) != 0)
        pga_buf_append_c(&buf, "not connected yet");
    else
        pga_buf_append_c(&buf, "no alteration runs");
    log.level = PGA_LOG_INFO;
    if (log.json)
        pga_event_progress(ctx, &log, place, buf.data);
    else
        pga_log_write(&log, PGA_LOG_INFO, "%s", buf.data);
}

void
pga_progress_attach(struct pga_context *ctx)
{
    pga_interrupt_on_question(answer, ctx);
}

void
pga_progress_tick(void *context)
{
    struct pga_context *ctx = context;

    pga_watch_tick(&ctx->runner);
    pga_status_line_tick(&ctx->status_line);
}
