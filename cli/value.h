/*
 * cli/value.h: what the value of an option, a variable or a key may be.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_VALUE_H
#define PGA_CLI_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum pga_value_kind {
    PGA_VALUE_FLAG,   /* none */
    PGA_VALUE_TEXT,   /* any text */
    PGA_VALUE_SECRET, /* any text, which is never shown */
    PGA_VALUE_PATH,
    PGA_VALUE_DIRECTORY,
    PGA_VALUE_TIME,   /* of at least `min` ms */
    PGA_VALUE_NUMBER, /* a whole one from min to max */
    PGA_VALUE_CHOICE, /* one of the words of `choices` */
    PGA_VALUE_SCHEMA, /* the journal's */
    PGA_VALUE_ROLE,
    PGA_VALUE_ENVIRONMENT, /* a name in pgalter.yaml */
};

struct pga_value {
    enum pga_value_kind kind;
    int64_t min, max;
    const char *choices; /* with a blank between them; otherwise NULL */
};

/*
 * NULL when `text` is such a value; otherwise a hint about what it must be, in whole sentences, on `mem`.  What only the
 * server or the file system can tell is not looked at.
 */
const char *pga_value_check(struct pga_arena *mem, const struct pga_value *value, const char *text);

/*
 * Whether a connection string stands where such a value belongs: a slip that must be refused without showing it, as what is
 * no proper one can't be masked either.  Free text may be anything.
 */
bool pga_value_is_misplaced(const struct pga_value *value, const char *text);

#endif
