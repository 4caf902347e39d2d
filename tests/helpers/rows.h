/*
 * tests/helpers/rows.h: a journal made in memory as the answers of a server to whoever loads it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_ROWS_H
#define PGA_TESTS_ROWS_H

#include "tests/helpers/build.h"

#define PGA_ROWS_MAX    64
#define PGA_COLUMNS_MAX 18

/* One answer: texts, row by row. */
struct pga_rows {
    const char *cells[PGA_ROWS_MAX * PGA_COLUMNS_MAX];
    size_t count, columns;
};

enum pga_rows_of { PGA_ROWS_HEAD, PGA_ROWS_HISTORY, PGA_ROWS_APPLIED, PGA_ROWS_KINDS };

/* The answers to the reads of a journal of at most PGA_ROWS_MAX rows. */
void pga_rows_fill(struct pga_build *b, struct pga_rows out[PGA_ROWS_KINDS]);

bool pga_rows_equal(const struct pga_rows *a, const struct pga_rows *b);

/* Whether two rows say the same, but for what no hash covers: times and durations. */
bool pga_rows_same_history(const struct pga_history_row *a, const struct pga_history_row *b);
bool pga_rows_same_applied(const struct pga_rows *a, const struct pga_rows *b);

/* Load a journal from a server that answers with these rows. */
bool pga_rows_load(struct pga_build *b, const struct pga_rows rows[PGA_ROWS_KINDS],
                   struct pga_journal *journal, struct pga_error *err);

#endif
