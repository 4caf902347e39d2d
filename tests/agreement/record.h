/*
 * tests/agreement/record.h: what was sent to a server, or would be, as a file that two programs can be compared by.
 *
 * A record is a line with its kind and its length in bytes, its text, and a line end: "Q 8\nSELECT 1\n".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_AGREEMENT_RECORD_H
#define PGA_TESTS_AGREEMENT_RECORD_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_RECORD_MAX ((size_t)64 << 20) /* bytes of one record, and of a file of them */

enum pga_record_kind {
    PGA_RECORD_QUERY = 'Q', /* a statement */
    PGA_RECORD_ROWS = 'D',  /* what follows a COPY ... FROM STDIN */
};

struct pga_record {
    enum pga_record_kind kind;
    struct pga_str text;
};

/*
 * The normal form of a statement, which is empty when it has nothing but blanks and comments.  Without what psql keeps
 * to itself: blanks and comments before the first token, a semicolon and blanks at the end, empty lines.  Without the
 * CR before an LF, which pgalter takes away.
 */
struct pga_str pga_record_statement(struct pga_arena *mem, struct pga_str text);

/* The normal form of a COPY's rows: without the line \. behind them, which psql sends up to version 17. */
struct pga_str pga_record_rows(struct pga_str text);

/* Write a record in its normal form; an empty statement is none. */
bool pga_record_write(FILE *to, struct pga_record record, struct pga_error *err) PGA_MUST_CHECK;

/* Take the next record off a file's text; false at its end.  A text that is no record ends the program. */
bool pga_record_read(struct pga_str *rest, struct pga_record *out);

#endif
