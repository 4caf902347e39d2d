/*
 * tests/agreement/understand.h: what a server would do with a statement, as far as psql can tell.
 *
 * Reads words on its own, and not with pgalter's lexer, which is what is being judged here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_AGREEMENT_UNDERSTAND_H
#define PGA_TESTS_AGREEMENT_UNDERSTAND_H

#include <stdbool.h>

#include "base/str.h"

struct pga_understanding {
    bool copy_in, copy_out; /* COPY ... FROM STDIN, COPY ... TO STDOUT */
    char transaction;       /* the status it leads to: 'I' none, 'T' inside one; 0: as before */
    char strings;           /* standard_conforming_strings: '1' on, '0' off; 0: as before */
};

struct pga_understanding pga_understand(struct pga_str statement);

#endif
