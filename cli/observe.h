/*
 * cli/observe.h: telling people what a run is doing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_OBSERVE_H
#define PGA_CLI_OBSERVE_H

#include "cli/context.h"

/* Make the runner report to the log and stdout, and the driver's notices to the log. */
void pga_observe_attach(struct pga_context *ctx);

/* The step that ran has ended, well or not: wipe its line, say how many of its notices were left out. */
void pga_observe_end(struct pga_context *ctx);

#endif
