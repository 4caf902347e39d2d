/*
 * cli/terminal.h: what stands at the other end of a descriptor.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_TERMINAL_H
#define PGA_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a terminal is there that can go back and wipe what it shows: TERM is set, and not "dumb". */
bool pga_terminal_can_wipe(int fd);

/* Its columns and lines now; 80 and 24 when it does not say. */
size_t pga_terminal_columns(int fd);
size_t pga_terminal_lines(int fd);

#endif
