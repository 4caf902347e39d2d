/*
 * cli/progress.h: how far a command is, for whoever asks with SIGUSR1, and who blocks it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_PROGRESS_H
#define PGA_CLI_PROGRESS_H

#include "cli/context.h"

/* From now on answer SIGUSR1 with one event on stderr, whatever the level of the log. */
void pga_progress_attach(struct pga_context *ctx);

/* Keep in mind what a run reports. */
void pga_progress_note(struct pga_context *ctx, const struct pga_event_report *report);

/* Say who blocks the step that runs, and how to end what may never end by itself. */
void pga_progress_tell_blocked(struct pga_context *ctx, const struct pga_event_report *report);

/* What the session waits for was not there yet: draw the status line and look who blocks.  A pga_tick_fn. */
void pga_progress_tick(void *context);

#endif
