/*
 * tests/helpers/fake_private.h: what the files of the fake server share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_FAKE_PRIVATE_H
#define PGA_TESTS_FAKE_PRIVATE_H

#include <stdbool.h>

#include "tests/helpers/fake_server.h"

/* One statement of a message. */
struct pga_fake_work {
    void *session;
    int pid; /* of the session */
    struct pga_fake_server *server;
    struct pga_arena *mem;     /* of the message */
    struct pga_str text;       /* of the statement */
    struct pga_result *result; /* its answer */
    const char *sqlstate;      /* set when it fails */
    const char *message;
};

bool pga_fake_contains(const struct pga_fake_work *w, const char *text);
bool pga_fake_starts(const struct pga_fake_work *w, const char *word);

/* The statement fails. */
void pga_fake_deny(struct pga_fake_work *w, const char *sqlstate, const char *message);

/* Add a row to the statement's answer, or, with NULL, only say how many columns it has. */
void pga_fake_answer(struct pga_fake_work *w, const char *const *values, size_t count);

/* A SELECT about the processes behind sessions. */
bool pga_fake_is_about_backend(const struct pga_fake_work *w);
void pga_fake_select_backend(struct pga_fake_work *w);

/* A SELECT for which the test wrote an answer down; false: it did not. */
bool pga_fake_select_given(struct pga_fake_work *w);

/* A look at what a statement left in the catalogs: relation 16384, the indexes
   that were built, and an INVALID one. */
void pga_fake_select_trace(struct pga_fake_work *w);

/* A SELECT, and anything that is neither one nor a setting nor about transactions. */
void pga_fake_select(struct pga_fake_work *w);
void pga_fake_change(struct pga_fake_work *w);

/* What a shared session asks for (journal/settings.is_shared); false: it is something else. */
bool pga_fake_select_shared(struct pga_fake_work *w);

#endif
