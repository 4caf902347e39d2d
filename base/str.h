/*
 * base/str.h: views into text, growing buffers, and the numbers and durations that people write.
 *
 * A struct pga_str neither owns its bytes nor ends in NUL.  A struct pga_buf grows on an arena and
 * is always NUL-terminated.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_STR_H
#define PGA_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"

struct pga_str {
    const char *data;
    size_t len; /* bytes */
};

#define PGA_STR(literal) ((struct pga_str){(literal), sizeof(literal) - 1})

/* For printf's "%.*s". */
#define PGA_STR_ARG(s) (int)(s).len, (s).data

struct pga_str pga_str_of(const char *text);                               /* NULL is empty */
struct pga_str pga_str_slice(struct pga_str s, size_t offset, size_t len); /* clamped to s */
bool pga_str_equal(struct pga_str a, struct pga_str b);
bool pga_str_equal_c(struct pga_str a, const char *b);
bool pga_str_equal_nocase(struct pga_str a, const char *b); /* ASCII */
bool pga_str_starts(struct pga_str s, const char *prefix);
bool pga_str_ends(struct pga_str s, const char *suffix);
struct pga_str pga_str_trim(struct pga_str s); /* blanks, tabs, CR, LF at both ends */
char *pga_str_dup(struct pga_arena *mem, struct pga_str s);

/* Whether two C strings are equal; NULL equals only NULL. */
bool pga_same(const char *a, const char *b);

/*
 * Parse a decimal integer that fills `s` whole and lies in min..max.  No blanks, no plus sign.
 * False when it is anything else; *out is then untouched.
 */
bool pga_parse_int(struct pga_str s, int64_t min, int64_t max, int64_t *out) PGA_MUST_CHECK;

/*
 * Parse a duration: an integer with the unit us, ms, s, min, m, h or d, as PostgreSQL writes them
 * ("m" is a minute here too); "0" needs no unit.  Result in milliseconds, rounded up; at most
 * 2^31-1 as the server allows.
 */
bool pga_parse_duration_ms(struct pga_str s, int64_t *out_ms) PGA_MUST_CHECK;

/* "850 ms", "12 s", "3 min 5 s": for people. */
char *pga_format_duration_ms(struct pga_arena *mem, int64_t ms);

/* Levenshtein distance, whatever the case; of words over 63 bytes the beginnings are compared. */
size_t pga_edit_distance(const char *a, const char *b);

/*
 * The candidate nearest to `word` by edit distance, or NULL when none is near enough to be meant.
 * For "did you mean ...?".
 */
const char *pga_nearest(const char *word, const char *const *candidates, size_t count);

/* Length in bytes of the valid UTF-8 prefix; equals s.len when all of it is valid. */
size_t pga_utf8_valid_prefix(struct pga_str s);

/*
 * How many of the first `max` bytes to keep, so that a character that doesn't fit is left out whole.  Bytes that are no UTF-8
 * count as characters.
 */
size_t pga_utf8_cut(struct pga_str s, size_t max);

/* A copy in which each byte that is no part of a UTF-8 character is written as \xff. */
char *pga_utf8_clean(struct pga_arena *mem, const char *text);

/* Number of characters of UTF-8 text (continuation bytes aren't counted). */
size_t pga_utf8_length(struct pga_str s);

/*
 * Byte offset of the character with the 0-based index `chars`; s.len when it lies behind the end.
 */
size_t pga_utf8_offset(struct pga_str s, size_t chars);

struct pga_buf {
    struct pga_arena *mem;
    char *data; /* NUL-terminated; "" before the first append */
    size_t len;
    size_t capacity;
};

struct pga_buf pga_buf_on(struct pga_arena *mem);
void pga_buf_append(struct pga_buf *buf, struct pga_str text);
void pga_buf_append_c(struct pga_buf *buf, const char *text);
void pga_buf_append_char(struct pga_buf *buf, char c);
void pga_buf_appendf(struct pga_buf *buf, const char *fmt, ...) PGA_PRINTF(2, 3);
struct pga_str pga_buf_str(const struct pga_buf *buf);

/*
 * Append text as a PostgreSQL literal E'...' with ' and \ doubled: it reads the same under every
 * standard_conforming_strings (STEP 1).  NULL data appends NULL.
 */
void pga_buf_append_literal(struct pga_buf *buf, struct pga_str text);

/* A word as a shell takes it: as it is, or in '...'. */
const char *pga_shell_word(struct pga_arena *mem, const char *word);

/*
 * Append text so that it can't drive a terminal or forge a line: control characters but for the
 * tab, line breaks included, become \n, \r, \x1b or \u009b, and bytes that aren't UTF-8 \xff.
 * Whatever comes from a file, a server or the environment goes this way before a person sees it.
 */
void pga_buf_append_printable(struct pga_buf *buf, struct pga_str text);

#endif
