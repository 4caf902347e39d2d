/*
 * drivers/pq/version.c: which libpq this runs with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq.h"

#include <libpq-fe.h>

char *
pga_pq_version(struct pga_arena *mem)
{
    int number = PQlibVersion();

    return pga_format(mem, "%d.%d", number / 10000, number % 10000);
}
