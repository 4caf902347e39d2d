/*
 * cli/repeat.h: commands in messages, with the options that were typed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_REPEAT_H
#define PGA_CLI_REPEAT_H

#include "cli/context.h"

/*
 * A message in which each "pgalter <command>" has the options behind it that were typed on the command line and say which
 * database, directory and role are meant, so that it can be typed as it stands in the same environment.  A connection
 * string with a password in it becomes the word URL.  On the command's arena.
 */
const char *pga_repeat_options(struct pga_context *ctx, const char *message);

#endif
