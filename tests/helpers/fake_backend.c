/*
 * tests/helpers/fake_backend.c: the processes of the fake server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/fake_private.h"

/* About the processes behind sessions: one's own, a lost one, the lock's holder. */
void
pga_fake_select_backend(struct pga_fake_work *w)
{
    struct pga_fake_server *server = w->server;

    if (pga_fake_contains(w, "AS took_ms")) { /* how long the runs of former backends took */
        pga_fake_answer(w, (const char *const[]){"0-never", "5"}, 2);
    } else if (pga_fake_contains(w, "a.state_change")) {
        pga_fake_answer(w, NULL, 2);
        if (server->idle_holder != NULL)
            pga_fake_answer(
                w, (const char *const[]){server->idle_holder, "2026-01-02 03:04:05.678901"}, 2);
    } else if (pga_fake_contains(w, "pg_backend_pid()")) {
        pga_fake_answer(w, (const char *const[]){"2026-01-02 03:04:05.678901"}, 1);
    } else if (pga_fake_contains(w, "pg_terminate_backend")) {
        pga_fake_answer(w, (const char *const[]){"t"}, 1);
        if (server->idle_holder != NULL)
            server->lock_holder = server->idle_holder = NULL;
    } else {
        pga_fake_answer(w, NULL, 1);
        if (server->stays-- > 0)
            pga_fake_answer(w, (const char *const[]){"4242"}, 1);
    }
}

bool
pga_fake_is_about_backend(const struct pga_fake_work *w)
{
    return pga_fake_contains(w, "pg_stat_get_activity") || pga_fake_contains(w, "a.state_change") ||
           pga_fake_contains(w, "AS took_ms");
}
