/*
 * journal/sql.h: filling in the .sql templates beside this file.
 *
 * In a template @name@ stands for a piece of SQL text: an identifier that the driver has quoted, a literal, or a
 * number.  Nothing else is replaced, and a name that is not given is a bug.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_SQL_H
#define PGA_JOURNAL_SQL_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/str.h"

#define PGA_SQL_VALUES_MAX 32

struct pga_sql_value {
    const char *name;
    const char *text;
};

/* The values of one template, on an arena. */
struct pga_sql_values {
    struct pga_arena *mem;
    struct pga_sql_value items[PGA_SQL_VALUES_MAX];
    size_t count;
};

void pga_sql_raw(struct pga_sql_values *values, const char *name, const char *sql); /* as it is */
void pga_sql_text(struct pga_sql_values *values, const char *name,
                  const char *text); /* E'...'; NULL: NULL */
void pga_sql_int(struct pga_sql_values *values, const char *name, int64_t number);
void pga_sql_digest(struct pga_sql_values *values, const char *name,
                    const struct pga_digest *digest);

/* Append the template with its values filled in. */
void pga_sql_expand(struct pga_buf *buf, const char *sql, const struct pga_sql_values *values);

#endif
