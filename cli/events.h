/*
 * cli/events.h: what happens in a run, as lines of the JSON log.
 *
 * With --log-format text none of these writes anything: cli/observe.c and cli/error_report.c tell people.  The events are in
 * base/log_event.def; docs/guides/logs.md explains their fields.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_EVENTS_H
#define PGA_CLI_EVENTS_H

#include "cli/context.h"

/* The run with this UUID begins; from now on every line has it.  A command that only looks tells its beginning and end as details. */
void pga_event_run_started(struct pga_context *ctx, const char *run);

/* The last line of a run, with the exit status; nothing where none has started. */
void pga_event_run_done(struct pga_context *ctx, int status);

/* No server can be reached; it is tried again for `left_ms` at most. */
void pga_event_server_wait(struct pga_context *ctx, const struct pga_error *why, int64_t left_ms);

/* What the engine says of its run. */
void pga_event_happened(struct pga_context *ctx, const struct pga_event_report *report);

/* Somebody asked how far it is: `log` has the level that they need, `place` is "file:line" or "". */
void pga_event_progress(struct pga_context *ctx, const struct pga_log *log, const char *place,
                        const char *message);

/* What the server says: `notice` with its texts as they may be shown, and where ("file:line", or ""). */
void pga_event_notice(struct pga_context *ctx, enum pga_log_level level,
                      const struct pga_server_message *notice, const char *place);

/* The command fails with ctx->failure. */
void pga_event_failed(struct pga_context *ctx);

/* What `err` is called where programs branch on it: its id, or its code's name where the code says all there is. */
const char *pga_event_reason(const struct pga_error *err);

#endif
