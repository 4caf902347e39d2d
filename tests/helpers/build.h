/*
 * tests/helpers/build.h: alterations and journals made in memory, for tests of what needs no server.
 *
 *     struct pga_build b;
 *     pga_build_init(&b);
 *     pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
 *     pga_build_apply(&b, "1-users");
 *     ...
 *     pga_build_release(&b);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_BUILD_H
#define PGA_TESTS_BUILD_H

#include <stddef.h>

#include "alterations/alteration.h"
#include "drivers/script/script.h"
#include "engine/plan.h"
#include "journal/journal.h"

struct pga_build {
    struct pga_arena mem;
    struct pga_driver *driver; /* a scripted server that nobody may ask anything */
    struct pga_alterations alterations;
    struct pga_journal journal; /* as a run holds it in memory: loaded, advanced by each change */

    /* What would be in the database. */
    struct pga_history_row *history;
    size_t history_count, history_capacity;
    struct pga_applied *table; /* the rows of `journal`, by seq */
    size_t table_count, table_capacity;
};

/* No alterations, and a journal with row 0 only. */
void pga_build_init(struct pga_build *b);
void pga_build_release(struct pga_build *b);

/* Add a script by its file name; the up script of an alteration comes first.  Again: another text. */
void pga_build_file(struct pga_build *b, const char *name, const char *text);

/* Forget the files, as an older image does. */
void pga_build_no_files(struct pga_build *b);

/* Append a change to the history, change the table, and advance the journal in memory. */
void pga_build_change(struct pga_build *b, const struct pga_change *change);

/* The alteration of that id, which must have a file, is applied. */
void pga_build_apply(struct pga_build *b, const char *id);
void pga_build_apply_all(struct pga_build *b);

/* The alteration of that id is taken back. */
void pga_build_revert(struct pga_build *b, const char *id);

/* Make the changes that running a plan would make. */
void pga_build_run(struct pga_build *b, const struct pga_plan *plan);

/*
 * What a new run would read: copies of history and table, verified into *out.  Both may be changed in between:
 * pga_build_copy() and then pga_chain_verify(out, rows, b->table_count, err).
 */
struct pga_applied *pga_build_copy(struct pga_build *b, struct pga_journal *out);

/* The journal of a run over a scripted server that really answers. */
void pga_build_journal(struct pga_build *b, struct pga_journal *journal, struct pga_driver *driver);

#endif
