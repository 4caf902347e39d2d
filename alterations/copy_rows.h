/*
 * alterations/copy_rows.h: the rows behind COPY ... FROM STDIN, as far as finding one needs it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_COPY_ROWS_H
#define PGA_ALTERATIONS_COPY_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* How the rows are written. */
struct pga_copy_format {
    bool is_csv;
    char quote;      /* of CSV */
    bool is_special; /* it has a quote or an escape of its own */
};

/* Read the format from a COPY's text; `standard_strings` as the text is read with. */
struct pga_copy_format pga_copy_format(struct pga_str statement, bool standard_strings);

/*
 * Length in bytes of the first row of `data`, with its line end.  *out_lines: how many lines the server counts for it.
 * It counts those in a quoted field, too, but not in the very first row, before it knows what a line ends in.
 */
size_t pga_copy_row_length(struct pga_str data, const struct pga_copy_format *format, bool is_first,
                           size_t *out_lines);

/* Whether the rows end within a quoted field; *out_offset: the row that it is in. */
bool pga_copy_is_open(struct pga_str data, const struct pga_copy_format *format,
                      size_t *out_offset);

#endif
