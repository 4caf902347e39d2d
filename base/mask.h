/*
 * base/mask.h: keeping passwords out of text that people see.
 *
 * For free text: messages, details, lines of a file.  It knows no library's grammar and rather masks too much: the
 * password of every URL, and the value behind every word such as password or secret, however it is quoted.  Where only
 * blanks stand between, it is a value if it doesn't look like a word of a sentence: "password authentication failed" stays.
 * Of what a server says of rows it masks "Failing row contains (...)", and "Key (password)=(...)".  A connection string by itself is for pga_pq_mask(), which knows what libpq makes of it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_MASK_H
#define PGA_BASE_MASK_H

#include <stdbool.h>

#include "base/arena.h"

/* What stands where a secret stood. */
#define PGA_MASK "****"

/*
 * A copy of text with its secrets replaced by PGA_MASK; at most twice as long.  Masking it again changes nothing.  What can't be
 * told apart from a port, such as "://name:1234", stays; a password without percent-encoding ends at the first blank.
 */
char *pga_mask_text(struct pga_arena *mem, const char *text);

/* The same in two parts, for whoever knows of other secrets in the text: set hidden[i] where byte i is one, and mask them. */
void pga_mask_mark(const char *text, bool *hidden);
char *pga_mask_marked(struct pga_arena *mem, const char *text, const bool *hidden);

#endif
