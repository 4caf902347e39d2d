/*
 * cli/manual.h: the manual page, from the tables of commands, options and exit codes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_MANUAL_H
#define PGA_CLI_MANUAL_H

#include "cli/context.h"

/* Print pgalter(1) in the man macros. */
void pga_manual_print(struct pga_context *ctx);

#endif
