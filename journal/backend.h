/*
 * journal/backend.h: the server processes behind sessions: one's own, remembered, and one that shall end.
 *
 * A lost connection says nothing about the server process behind it, which may go on and commit.  Before the journal is
 * believed again that process must be gone (STEP 8).  Its number alone does not name it: numbers are given out again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_BACKEND_H
#define PGA_JOURNAL_BACKEND_H

#include "journal/journal.h"

#define PGA_BACKEND_STATEMENTS 2 /* that pga_backend_own_sql() appends */

/*
 * Append to a transaction, as its last statements, what asks for the session's own process.  They run as the role
 * that logged in: one that is acted as may not be shown its own session.
 */
void pga_backend_own_sql(struct pga_buf *buf);

/* Remember the answer in journal->backend; one that says nothing leaves it unknown. */
void pga_backend_note(struct pga_journal *journal, const struct pga_result *result);

/*
 * Ask a process to end.  *out_asked: there was one, and the role may.  PostgreSQL manual, 9.28.2.
 * Errors: those of the driver; PGA_ERR_SQL with 42501 where the role may not.
 */
bool pga_backend_end(struct pga_journal *journal, const struct pga_backend *backend,
                     bool *out_asked, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Whether it still lives; a process that has left pg_stat_activity has committed or rolled back before.  Waits for
 * `pause_ms` first, in the server, so that asking again and again costs little whatever signals came.
 */
bool pga_backend_lives(struct pga_journal *journal, const struct pga_backend *backend,
                       int64_t pause_ms, bool *out, struct pga_error *err) PGA_MUST_CHECK;

/* Run one SELECT as the role that logged in, which is what signals and hidden columns are decided by. */
bool pga_backend_select(struct pga_journal *journal, struct pga_str select, struct pga_arena *mem,
                        struct pga_result *out, struct pga_error *err) PGA_MUST_CHECK;

#endif
