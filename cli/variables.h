/*
 * cli/variables.h: variables of the environment that look like pgalter's and are not.
 *
 * A name that was misspelled counts for nothing, and the command would go to another database or directory than was meant.
 * Values are never looked at: they may be secrets.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_VARIABLES_H
#define PGA_CLI_VARIABLES_H

#include <stddef.h>

#include "base/arena.h"

#define PGA_UNKNOWN_VARIABLES_MAX 10 /* that are told */

struct pga_unknown_variable {
    const char *name;
    const char *nearest; /* that there is; NULL: none is near */
};

/* Those that begin with PGALTER_ and mean nothing; returns how many of PGA_UNKNOWN_VARIABLES_MAX were filled in. */
size_t pga_variables_unknown(struct pga_arena *mem, struct pga_unknown_variable *out);

#endif
