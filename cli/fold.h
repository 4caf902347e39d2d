/*
 * cli/fold.h: text for people, folded to the width of a terminal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_FOLD_H
#define PGA_CLI_FOLD_H

#include "cli/context.h"

/* Print words folded to 80 columns and end the line.  Every further line is indented; the first goes on in column `at`. */
void pga_print_folded(struct pga_context *ctx, const char *text, size_t indent, size_t at);

#endif
