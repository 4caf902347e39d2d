/*
 * drivers/pq/version.c: which libpq this runs with, and which servers it is for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

char *
pga_pq_version(struct pga_arena *mem)
{
    int number = PQlibVersion();

    return pga_format(mem, "%d.%d", number / 10000, number % 10000);
}

/* As PostgreSQL numbers its versions: 12.9 is 120009, 9.6.24 was 90624. */
static const char *
format_version(struct pga_arena *mem, int number)
{
    if (number >= 100000)
        return pga_format(mem, "%d.%d", number / 10000, number % 10000);
    return pga_format(mem, "%d.%d.%d", number / 10000, number / 100 % 100, number % 100);
}

bool
pga_pq_check_server(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    /* 0: a pooler may keep the version back. */
    if (pq->server_version == 0 || pq->server_version / 10000 >= PGA_SERVER_MAJOR_OLDEST)
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "the server is PostgreSQL %s, too old for pgalter",
                   format_version(&mem, pq->server_version));
    (void)pga_error_identify(err, PGA_ID_SERVER_VERSION);
    (void)pga_error_detail(err, "The connection is to %s.", pq->where);
    return pga_error_hint(err,
                          "Nothing was done there. It must be PostgreSQL %d or newer; %d to %d are "
                          "tested. Upgrade it, or name another server with --db or "
                          "PGALTER_DATABASE_URL.",
                          PGA_SERVER_MAJOR_OLDEST, PGA_SERVER_MAJOR_OLDEST,
                          PGA_SERVER_MAJOR_NEWEST);
}
