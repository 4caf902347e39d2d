/*
 * alterations/directive.h: the comment lines that tell pgalter how to run a script.
 *
 *     -- pgalter:<key> <value>
 *
 * They stand before the first statement, each on a line of its own; blanks around "pgalter:" don't matter.  An
 * unknown key, a key in the wrong script, a key twice (but for `allow` and `needs`) and a malformed value are errors
 * with their line, and so is a directive in any other place or nearly one (directive_near.h): none is silently without effect.  DESIGN 4 has the
 * table.  Beyond it: before-scripts never run in a transaction, so `transaction` is refused there; `lock_timeout 0`
 * and `done-when` are only for scripts that run without one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_DIRECTIVE_H
#define PGA_ALTERATIONS_DIRECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alterations/name.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_RETRIES_MAX 1000

enum pga_phase { PGA_PHASE_EXPAND, PGA_PHASE_CONTRACT };

const char *pga_phase_name(enum pga_phase phase);
bool pga_phase_parse(struct pga_str text, enum pga_phase *out) PGA_MUST_CHECK;

struct pga_allow {
    const char *rule, *reason;
    int line;
};

/* The values of one script's directives. */
struct pga_directives {
    bool no_transaction;          /* transaction none */
    int64_t lock_timeout_ms;      /* -1: the default */
    int64_t statement_timeout_ms; /* -1: the default */
    int64_t retries;              /* -1: the configuration's */
    enum pga_phase phase;
    const char *breaks;       /* a version constraint; NULL: none */
    const char *irreversible; /* the reason; NULL: not so */
    const char *done_when;    /* a query; NULL: none */
    const char *backfill;     /* its settings as written (backfill.h); NULL: none */
    const char **needs;       /* ids */
    size_t need_count, need_capacity;
    struct pga_allow *allows;
    size_t allow_count, allow_capacity;
    const char
        *canonical; /* "key value\n" for each line but `allow`, in the order of the file: what the
                              journal keeps */
};

/*
 * Read the directives of a script.  `file` and `part` are for messages and for which keys are allowed.
 * `text` is the file's or the normalised text; a BOM and CRLF may stand in it.
 * Errors: PGA_ERR_USAGE with place; the nearest key is named.
 */
bool pga_directives_parse(struct pga_arena *mem, const char *file, enum pga_part part,
                          struct pga_str text, struct pga_directives *out, struct pga_error *err)
    PGA_MUST_CHECK;

/* Whether the line at `line_text` (without its end) is an `allow` directive, which is not part of the digest. */
bool pga_directive_is_allow(struct pga_str line_text);

#endif
