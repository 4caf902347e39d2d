/*
 * cli/observe.c: telling people what a run is doing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/observe.h"

#include <string.h>

#include "cli/steps.h"

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
                  (long long)holder->pid, holder->application, holder->user, holder->address,
                  holder->since, holder->query);
}

static void
observe(void *context, const struct pga_event_report *report)
{
    struct pga_context *ctx = context;
    const struct pga_log *log = &ctx->log;

    switch (report->happening) {
    case PGA_HAPPENING_PLANNED:
        tell_plan(ctx, report->plan);
        break;
    case PGA_HAPPENING_LOCK_WAIT:
        tell_lock_wait(ctx, report);
        break;
    case PGA_HAPPENING_LOCK_RETAKEN:
        pga_log_write(log, PGA_LOG_WARNING,
                      "a script had dropped the runner lock; it was taken again");
        break;
    case PGA_HAPPENING_STEP_STARTED:
        pga_log_write(log, PGA_LOG_DETAIL, "%s begins", report->step->id);
        break;
    case PGA_HAPPENING_STEP_RETRIED:
        pga_log_write(log, PGA_LOG_WARNING, "%s: %s; rolled back, trying again in %s",
                      report->step->id, report->error->message,
                      pga_format_duration_ms(ctx->mem, report->duration_ms));
        break;
    case PGA_HAPPENING_STEP_RESUMED:
        pga_log_write(log, PGA_LOG_INFO, "%s was interrupted before; going on where it stopped",
                      report->step->id);
        break;
    case PGA_HAPPENING_STEP_DONE:
        tell_step(ctx, report);
        break;
    }
}

/* What the server says while a script runs; its severity decides whether people see it without --verbose. */
static void
observe_notice(void *context, const struct pga_server_message *notice)
{
    struct pga_context *ctx = context;
    const struct pga_step *step = ctx->runner.current;
    bool is_warning = strcmp(notice->severity, "WARNING") == 0;
    bool is_minor = strcmp(notice->severity, "DEBUG") == 0 || strcmp(notice->severity, "LOG") == 0;
    enum pga_log_level level = is_warning ? PGA_LOG_WARNING
                               : is_minor ? PGA_LOG_DEBUG
                                          : PGA_LOG_INFO;

    pga_log_write(&ctx->log, level, "%s%sserver: %s%s", step == NULL ? "" : step->id,
                  step == NULL ? "" : ": ",
                  is_warning ? "" : pga_format(ctx->mem, "%s: ", notice->severity),
                  notice->message);
}

void
pga_observe_attach(struct pga_context *ctx)
{
    ctx->runner.observe = observe;
    ctx->runner.observe_ctx = ctx;
    ctx->driver->notice = observe_notice;
    ctx->driver->notice_ctx = ctx;
}
