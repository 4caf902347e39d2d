/*
 * tests/helpers/fake_server.h: a server that knows the journal's tables, for tests of whole runs.
 *
 * It reads what pgalter sends as far as pgalter's own statements go: it keeps the rows of the journal, obeys
 * compare-and-append, rolls back, and hands out the runner lock.  A script's statements it only notes.  Where the
 * scripted server (drivers/script) answers what a test wrote down, this one can be run against again and again, with
 * the connection lost at each call in turn.  That real servers behave so is for the tests that start one.
 *
 *     struct pga_fake_server server;
 *     pga_fake_server_init(&server);
 *     PGA_AUTO(pga_driver_close) struct pga_driver *driver = pga_fake_session_open(&server);
 *     ...
 *     pga_fake_server_release(&server);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_FAKE_SERVER_H
#define PGA_TESTS_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/driver.h"

enum pga_fake_table_name {
    PGA_FAKE_HISTORY,
    PGA_FAKE_JOURNAL,
    PGA_FAKE_SCRIPTS,
    PGA_FAKE_UNFINISHED,
    PGA_FAKE_ATTEMPTS,
    PGA_FAKE_EFFECTS, /* the statements of scripts, one a row */
    PGA_FAKE_TABLES,
};

struct pga_fake_table {
    const char *const **rows; /* each with the table's columns; never changed in place */
    size_t count, capacity;
};

struct pga_fake_state {
    bool has_schema, has_tables;
    struct pga_fake_table tables[PGA_FAKE_TABLES];
};

/* An error that a statement gets. */
struct pga_fake_failure {
    const char *contains; /* in the statement's text */
    const char *sqlstate, *message;
    int times;      /* how often; then it passes */
    const char *at; /* the error's position is that of this text in the message; NULL: none */
    bool lose;      /* as a FATAL: the connection ends */
};

/* What a SELECT gets that contains this text. */
struct pga_fake_answer {
    const char *contains;
    size_t columns, rows;
    const char *const *values;
};

struct pga_fake_server;
typedef void pga_fake_hook_fn(struct pga_fake_server *server, void *ctx);

struct pga_fake_server {
    struct pga_arena mem;
    struct pga_fake_state state; /* committed, but for what the open transaction does */
    const void *lock_holder;     /* a session, or anything else for a foreign one */
    const char *untrusted;       /* a finding: the trust check fails; NULL: none */
    const char *done_when;       /* what a query of a script answers */
    const char *invalid_index;   /* the OID of one on every table, named "i"; NULL: there is none */
    const struct pga_fake_answer *answers; /* the first that fits counts */
    size_t answer_count;
    bool strings_off;     /* standard_conforming_strings of every session */
    const char *live_run; /* a run whose session lives although it has no lock; NULL: none */
    int next_pid;
    const char *idle_holder; /* the pid of the lock's holder, which is idle; NULL: nobody is */
    int stays;               /* so many looks find a lost session's process alive */
    int standby_for;         /* so many reconnections come to a standby */
    int away_for;            /* so many reconnections find no server */
    int pooled_pid;          /* of the backend behind a pooler; 0: there is none */
    const char *
        unclean; /* what other clients left in the session, as journal/unclean.sql says it; NULL: nothing */
    bool lock_is_step;    /* the holder's lock ends with its transaction */
    size_t lock_refusals; /* how often it was refused to a step, or seen held */

    size_t calls;     /* messages and reconnections of all sessions */
    size_t lose_at;   /* the Nth call loses the connection; 0: none */
    bool lose_behind; /* after the server has done all of it, instead of before */
    size_t hook_at;   /* once before the Nth call, or the next one outside a transaction: */
    pga_fake_hook_fn *hook;
    void *hook_ctx;

    struct pga_fake_failure *failures;
    size_t failure_count;
};

/* A server with an empty database. */
void pga_fake_server_init(struct pga_fake_server *server);
void pga_fake_server_release(struct pga_fake_server *server);

struct pga_driver *pga_fake_session_open(struct pga_fake_server *server);

/* All messages of a session, each ending in a line feed. */
const char *pga_fake_session_log(struct pga_driver *d);

/* The value of a column, by its name; NULL is SQL's NULL. */
const char *pga_fake_value(const struct pga_fake_server *server, enum pga_fake_table_name table,
                           size_t row, const char *column);

/* How many statements of scripts contain this text, and took effect. */
size_t pga_fake_effects(const struct pga_fake_server *server, const char *contains);

#endif
