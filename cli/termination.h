/*
 * cli/termination.h: the last words of a run, for whoever looks at a container that has ended.
 *
 * One JSON object of at most PGA_TERMINATION_MAX bytes, which is what Kubernetes keeps of /dev/termination-log:
 * code, reason, alteration, sqlstate, message, hint.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_TERMINATION_H
#define PGA_CLI_TERMINATION_H

#include "cli/context.h"

#define PGA_TERMINATION_MAX  4096
#define PGA_TERMINATION_FILE "/dev/termination-log"

/*
 * The object for an exit with `status`: its texts are cut, between characters, until it fits, and what is left of it is
 * still JSON.  On ctx->mem.
 */
const char *pga_termination_format(struct pga_context *ctx, int status);

/*
 * Write it to `file`, or when that is NULL to PGA_TERMINATION_FILE if it is there.  Where that can't be done, nothing happens and
 * nothing is said: the exit status matters more.
 */
void pga_termination_write(struct pga_context *ctx, const char *file, int status);

#endif
