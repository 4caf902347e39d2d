/*
 * journal/session.h: what every transaction of pgalter begins with.
 *
 * A committed script may have left anything in the session: another role, another search_path, read-only
 * transactions, cursors, prepared statements.  The head leads back to how the session began (STEP 4).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_SESSION_H
#define PGA_JOURNAL_SESSION_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"
#include "drivers/driver.h"
#include "journal/journal.h"

struct pga_session_head {
    struct pga_str isolation; /* empty: READ COMMITTED */
    bool deferrable;
    int64_t lock_timeout_ms;      /* SET LOCAL; 0: no limit */
    int64_t statement_timeout_ms; /* SET LOCAL; 0: no limit */
};

/*
 * Append BEGIN, the resets and the SET LOCALs; returns how many statements these are.  In a shared session all of it
 * ends with the transaction, and the last statement before the SET LOCALs fails where others left something that could
 * change what a script means: see pga_session_is_unclean().
 */
size_t pga_session_head_sql(struct pga_buf *buf, const struct pga_journal *journal,
                            const struct pga_session_head *head);

/*
 * Append what leads back to the role that the session began with, or, in a shared session, to the one that was asked
 * for, until the end of the transaction; returns how many statements these are.
 */
size_t pga_session_user_sql(struct pga_buf *buf, const struct pga_journal *journal);

/*
 * Append the resets alone, for a statement that runs outside a transaction, and what they would undo of the session's
 * fences; returns how many statements these are.
 */
size_t pga_session_reset_sql(struct pga_buf *buf, struct pga_driver *driver);

/*
 * Append the resets that a transaction of pgalter's own needs that only reads: role and settings.  The others can't
 * run on a standby.  Returns how many they are, which is always the same.  The transaction should end in ROLLBACK:
 * nothing of it then stays in the session.
 */
size_t pga_session_read_sql(struct pga_buf *buf, const struct pga_journal *journal);

/*
 * Put standard_conforming_strings and client_encoding back where a script changed them: the server reads the
 * next message with them (STEP 5).  No round trip unless something changed.  In a shared session nothing is put
 * back; its head then fails instead.
 */
bool pga_session_restore(struct pga_journal *journal, struct pga_error *err) PGA_MUST_CHECK;

/* standard_conforming_strings as the server has it now. */
bool pga_session_standard_strings(struct pga_driver *driver);

/*
 * Say what a failure of pgalter's own SQL means: a server's error becomes PGA_ERR_READ_ONLY, PGA_ERR_DENIED,
 * PGA_ERR_CONTENTION, PGA_ERR_JOURNAL or PGA_ERR_UNEXPECTED, since no alteration is at fault; "<doing>: " goes before it.
 * Rolls back if a transaction is open.  Returns false.
 */
bool pga_session_fail(struct pga_driver *driver, struct pga_error *err, const char *doing);

/* Whether the head of a transaction found that other clients had left something in the shared session. */
bool pga_session_is_unclean(const struct pga_error *err);

/* Make such an error PGA_ERR_USAGE, saying what it was and what to do.  Returns false. */
bool pga_session_fail_unclean(struct pga_error *err);

/*
 * Whether an answer to a query of pgalter's own has the columns that were asked for: what comes from a server is looked
 * at before it is read.  Errors: PGA_ERR_UNEXPECTED.
 */
bool pga_session_check_answer(const struct pga_result *result, size_t columns,
                              struct pga_error *err) PGA_MUST_CHECK;

/* Roll back if a transaction is open; a failure here hides nothing and is dropped. */
void pga_session_rollback(struct pga_driver *driver);

#endif
