/*
 * drivers/pq/patience.c: which failures to connect pass by themselves, and how long to wait for it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <time.h>
#include <unistd.h>

#define PAUSE_FIRST_MS 250
#define PAUSE_MAX_MS   5000
#define DATABASE_TRIES                                                                             \
    3 /* a name that is wrong stays wrong, but an operator may just be making the database */

/* A secret that somebody typed or exported stays what it is; one in a file may be exchanged any moment. */
static bool
may_secret_change(const struct pga_pq *pq)
{
    if (pq->settings.reread != NULL)
        return true;
    if (pga_pq_find(&pq->effective, "password") == NULL)
        return pga_pq_passfile_exists(pq);
    return pga_pq_find(&pq->given, "password") == NULL &&
           pga_pq_find(&pq->effective, "service") != NULL;
}

/* The server or libpq speaks of the password, and of nothing else that is wrong with the login. */
static bool
is_about_password(const struct pga_error *err)
{
    return pga_same(err->sqlstate, "28P01") || err->sqlstate[0] == '\0';
}

bool
pga_pq_patience_is_due(const struct pga_pq *pq, struct pga_pq_patience *patience,
                       const struct pga_error *err)
{
    if (err->code == PGA_ERR_NO_SERVER || err->code == PGA_ERR_READ_ONLY)
        return true;
    if (err->id == PGA_ID_NO_DATABASE)
        return ++patience->no_database < DATABASE_TRIES;
    return err->id == PGA_ID_LOGIN && is_about_password(err) && may_secret_change(pq);
}

/* By chance between half of it and all, so that many clients don't come back at the same moment. */
static int64_t
jittered(int64_t pause_ms)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return pause_ms / 2 + (now.tv_nsec / 1000 + (int64_t)getpid() * 7919) % (pause_ms / 2 + 1);
}

int64_t
pga_pq_patience_pause_ms(struct pga_pq_patience *patience)
{
    int64_t next = patience->pause_ms == 0 ? PAUSE_FIRST_MS : 2 * patience->pause_ms;

    patience->pause_ms = next < PAUSE_MAX_MS ? next : PAUSE_MAX_MS;
    return jittered(patience->pause_ms);
}
