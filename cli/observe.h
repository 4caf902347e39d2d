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

#endif
