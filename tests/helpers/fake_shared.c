/*
 * tests/helpers/fake_shared.c: what the fake server answers in a session that a pooler shares.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/fake_private.h"

/* The lock of a step, which ends with its transaction. */
static void
take_step_lock(struct pga_fake_work *w)
{
    if (w->server->lock_holder != NULL) {
        w->server->lock_refusals++;
        pga_fake_deny(w, "22P02", "invalid input syntax for type integer: \"pgalter: busy: 77\"");
        return;
    }
    w->server->lock_holder = w->session;
    w->server->lock_is_step = true;
    pga_fake_answer(w, (const char *const[]){"0"}, 1);
}

bool
pga_fake_select_shared(struct pga_fake_work *w)
{
    bool is_free = w->server->lock_holder == NULL;

    if (pga_fake_contains(w, "pg_try_advisory_xact_lock")) {
        take_step_lock(w);
    } else if (pga_fake_starts(w, "SELECT NOT EXISTS (SELECT\n")) {
        w->server->lock_refusals += !is_free;
        pga_fake_answer(w, (const char *const[]){is_free ? "t" : "f"}, 1);
    } else if (pga_fake_contains(w, "pg_my_temp_schema") && w->server->unclean != NULL) {
        pga_fake_deny(w, "22P02", w->server->unclean);
    } else if (pga_fake_contains(w, "pg_my_temp_schema") ||
               pga_fake_contains(w, "pg_catalog.pg_settings") ||
               pga_fake_contains(w, "AS untouched")) {
        pga_fake_answer(w, (const char *const[]){"0"}, 1);
    } else {
        return false;
    }
    return true;
}
