/*
 * drivers/sqlstate.c: what a SQLSTATE means for what pgalter does next.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/sqlstate.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"

/* A prefix of two characters is a whole class.  The first row that fits decides. */
static const struct {
    const char *prefix;
    enum pga_sqlstate_class meaning;
} rows[] = {
    {"55P03", PGA_SQLSTATE_CONTENTION}, {"40P01", PGA_SQLSTATE_CONTENTION},
    {"40001", PGA_SQLSTATE_CONTENTION}, {"23505", PGA_SQLSTATE_DUPLICATE},
    {"28", PGA_SQLSTATE_DENIED},        {"42501", PGA_SQLSTATE_DENIED},
    {"3D000", PGA_SQLSTATE_DENIED},     {"25006", PGA_SQLSTATE_READ_ONLY},
    {"57P03", PGA_SQLSTATE_STARTING},   {"53300", PGA_SQLSTATE_STARTING},
    {"53", PGA_SQLSTATE_SCARCE},        {"58", PGA_SQLSTATE_SCARCE},
    {"08", PGA_SQLSTATE_GONE},          {"57P01", PGA_SQLSTATE_GONE},
    {"57P02", PGA_SQLSTATE_GONE},       {"57P05", PGA_SQLSTATE_GONE},
    {"57014", PGA_SQLSTATE_CANCELLED},  {"42P01", PGA_SQLSTATE_ABSENT},
    {"3F000", PGA_SQLSTATE_ABSENT},
};

enum pga_sqlstate_class
pga_sqlstate_class(const char *sqlstate)
{
    if (sqlstate == NULL || strlen(sqlstate) != 5)
        return PGA_SQLSTATE_OTHER;
    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        if (strncmp(sqlstate, rows[i].prefix, strlen(rows[i].prefix)) == 0)
            return rows[i].meaning;
    return PGA_SQLSTATE_OTHER;
}
