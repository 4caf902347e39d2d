/*
 * cli/hide.h: the command line of this process, as others see it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_HIDE_H
#define PGA_CLI_HIDE_H

#include "cli/context.h"

/*
 * Copy the words onto ctx->mem and mask the passwords in the originals, which every user of the machine can read (ps, /proc).
 * Returns the copies.  Until it is called they stand there: a password is better given in a file.
 */
char **pga_arguments_hide(struct pga_context *ctx, int argc, char **argv);

#endif
