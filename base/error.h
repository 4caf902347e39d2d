/*
 * base/error.h: the one way in which a function says that it failed.
 *
 * Law: a function that fails fills *err exactly once and returns false or NULL; one that succeeds
 * leaves it alone; only cli/ prints.  The struct has a fixed size and lives on the stack of the
 * command, so that running out of memory can be reported too; text that is too long is cut and ends
 * in "...".
 *
 *     struct pga_error err = {0};
 *     if (!pga_file_read(mem, path, &text, &err))
 *         return pga_error_while(&err, "alteration \"%s\"", id);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_ERROR_H
#define PGA_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct pga_arena;

/* What a caller can decide upon.  PGA_OK is 0, so that {0} is "no error". */
enum pga_code {
    PGA_OK = 0,
#define PGA_ERROR(code, status, name, retry, meaning) PGA_##code,
#include "base/error.def"
#undef PGA_ERROR
};

/* What exactly went wrong; PGA_ID_NONE where the code says all there is. */
enum pga_error_id {
    PGA_ID_NONE = 0,
#define PGA_ERROR_ID(constant, id, code, meaning) PGA_ID_##constant,
#include "base/error_id.def"
#undef PGA_ERROR_ID
    PGA_ID_COUNT
};

/* Where in a file the cause stands.  All zero when there is no such place. */
struct pga_place {
    char file[512]; /* path as the user knows it; "" when unknown */
    int line;       /* 1-based; 0 when unknown */
    int column;     /* 1-based, in characters; 0 when unknown */
    char text[320]; /* that line, cut around the column, control characters made blanks, or "" */
    int caret;      /* 0-based, in characters of `text`; meaningful when column > 0; -1: none */
};

struct pga_error {
    enum pga_code code;
    enum pga_error_id id;
    int signal;         /* for PGA_ERR_INTERRUPTED: which; otherwise 0 */
    char sqlstate[6];   /* "" unless a server said it */
    char message[512];  /* one line, no capital, no full stop */
    char detail[4096];  /* "" or whole sentences, or a difference; may have several lines */
    char hint[768];     /* "" or what to do next, with the exact command */
    char context[1024]; /* "" or the server's CONTEXT */
    struct pga_place place;
    struct pga_place inner; /* without a file: in a query that a script built and ran */
    const char *src_file;   /* shown with --debug only */
    int src_line;
};

/* Fill *err and return false, so that a failing function can end with `return pga_fail(...)`. */
#define pga_fail(err, code, ...) pga_error_set((err), (code), __FILE__, __LINE__, __VA_ARGS__)

/*
 * What pga_fail() calls.  *err must be empty: an error reported twice is a bug and asserts.  Text
 * that does not fit is cut between characters.
 */
bool pga_error_set(struct pga_error *err, enum pga_code code, const char *src_file, int src_line,
                   const char *fmt, ...) PGA_PRINTF(5, 6);

/* Say what exactly it is, after pga_fail(), replacing what was said before.  Returns false. */
bool pga_error_identify(struct pga_error *err, enum pga_error_id id);

/* Put "<doing>: " before the message.  Returns false. */
bool pga_error_while(struct pga_error *err, const char *doing, ...) PGA_PRINTF(2, 3);

/* Set the hint, replacing one that is there.  Returns false. */
bool pga_error_hint(struct pga_error *err, const char *fmt, ...) PGA_PRINTF(2, 3);

/* Set the detail, replacing one that is there.  Returns false. */
bool pga_error_detail(struct pga_error *err, const char *fmt, ...) PGA_PRINTF(2, 3);

/* Set the server's context, replacing one that is there.  Returns false. */
bool pga_error_context(struct pga_error *err, const char *fmt, ...) PGA_PRINTF(2, 3);

/*
 * Say where the cause stands: file, 1-based line and column (0: unknown) and the text of that line
 * (NULL: unknown; `text_len` bytes, need not end in NUL; a line break at its end is left out).
 * `file` NULL is unknown.  Long lines are cut around the column.  Returns false.
 */
bool pga_error_place(struct pga_error *err, const char *file, int line, int column,
                     const char *text, size_t text_len);

/* "file:line:column", as much of it as is known; "" without a file. */
const char *pga_place_format(struct pga_arena *mem, const struct pga_place *place);

/* Exit status of a code (DESIGN 7); for PGA_ERR_INTERRUPTED 128 + signal.  PGA_OK is 0. */
int pga_error_exit_status(const struct pga_error *err);

/* The code's stable name as it stands in JSON ("usage", "locked", ...); "ok" for PGA_OK. */
const char *pga_code_name(enum pga_code code);

/* An id as it stands in JSON ("same-timestamp", ...) and its meaning in a few words; "" for PGA_ID_NONE. */
const char *pga_error_id_name(enum pga_error_id id);
const char *pga_error_id_meaning(enum pga_error_id id);

/* The word that `pgalter help` explains this error by: its id, or without one the exit status. */
const char *pga_error_topic(const struct pga_error *err);

/*
 * Have a bug told by `tell` instead of on stderr, once: a second one, while the first is being told, goes there.  NULL: as it was.
 */
void pga_bug_listen(void (*tell)(const char *message));

/* What is to be done about a bug. */
#define PGA_BUG_HINT                                                                               \
    "this is an error in pgalter itself; please report it with the command line and the output "   \
    "of \"pgalter doctor --report\""

/* Report a broken invariant of pgalter itself on stderr and end at once with status 70. */
#define pga_bug(...) pga_bug_at(__FILE__, __LINE__, __VA_ARGS__)
PGA_NORETURN void pga_bug_at(const char *src_file, int src_line, const char *fmt, ...)
    PGA_PRINTF(3, 4);

#endif
