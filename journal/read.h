/*
 * journal/read.h: reading the journal; shared by the files of this folder.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_READ_H
#define PGA_JOURNAL_READ_H

#include "journal/journal.h"
#include "journal/session.h"
#include "journal/sql.h"

/* Where the answers to what is read begin: after BEGIN, the resets, the timeout and the check. */
#define PGA_READS_AT 6

/* Append the statement that fails unless the journal can be trusted and otherwise says whether it is there. */
void pga_presence_sql(struct pga_buf *buf, const struct pga_journal *journal);

/* Append the SELECT of the head. */
void pga_head_sql(struct pga_buf *buf, const struct pga_journal *journal);

/* Take the answers of the two, the first of one row with three columns.  pga_presence_parse() says whether there is a journal to read. */
bool pga_presence_parse(struct pga_journal *journal, const struct pga_result *result);
bool pga_head_parse(struct pga_journal *journal, const struct pga_result *result,
                    struct pga_error *err) PGA_MUST_CHECK;

/*
 * Look whether the journal can be trusted and run the statements of `reads` after it, all in one message and
 * one snapshot.  The answers to `reads`, which are `count` statements, begin at results->items[PGA_READS_AT].  Without a journal they are not there,
 * journal->presence says so, and it is no error.
 */
bool pga_journal_read(struct pga_journal *journal, struct pga_str reads, size_t count,
                      struct pga_arena *mem, struct pga_results *results, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
