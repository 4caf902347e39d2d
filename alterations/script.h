/*
 * alterations/script.h: one script, from the bytes of a file to what can be sent.
 *
 * Normalising gives the text that is digested, stored and sent: BOM, `allow` lines and trailing blank lines
 * removed, CRLF (also CRCRLF) turned into LF; a lone CR stays.  It ends in one LF unless it is empty, and normalising
 * it again changes nothing.  Preparing finds what pgalter must know before it sends: the statements, an outer
 * BEGIN ... COMMIT that is taken off, transaction modes that move into the runner's BEGIN, COPY data that
 * travels apart, and everything that STEP 4 and 5 refuse.  The stored text of a journal passes through the same
 * preparation as a file's.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_SCRIPT_H
#define PGA_ALTERATIONS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "alterations/directive.h"
#include "alterations/statement.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/str.h"

/* How deep comments may nest: as many levels as the airbag closes (STEP 5). */
#define PGA_COMMENT_DEPTH_MAX 4

/* A normalised script as a file or the journal holds it. */
struct pga_script_text {
    const char *file; /* where it came from, for messages: a path, or "journal:<id>.down.sql" */
    enum pga_part part;
    struct pga_str text; /* normalised; NUL-terminated */
    struct pga_digest digest;
    struct pga_directives directives;
    bool empty; /* no statement: comments, blanks and lone semicolons only */
    /* 1-based numbers of the file's `allow` lines, ascending.  The blank ones at the end don't count. */
    const int *removed_lines;
    size_t removed_line_count;
};

/* A piece of the text that is sent as it is. */
struct pga_piece {
    size_t offset, len;
};

/* What is sent for a script that runs in one transaction. */
struct pga_prepared {
    struct pga_statements statements;
    size_t first, end; /* in statements.items: those that are sent; not wrapper and hoisted modes */
    struct pga_piece *pieces; /* in order; wrapper, hoisted modes and COPY data are between them */
    size_t piece_count, piece_capacity;
    struct pga_str *copies; /* the data of each COPY IN, in order */
    size_t copy_count, copy_capacity;
    struct pga_modes modes; /* for the runner's BEGIN: isolation and deferrable, nothing else */
    bool alone;             /* sets a lexical setting: must be sent statement by statement */
    bool alters_settings;   /* has ALTER DATABASE|ROLE ... SET: reconnect afterwards (STEP 4) */
    bool session_state;     /* not possible behind a transaction pooler */
    int deepest_comment;
};

/*
 * Normalise a file's bytes, digest them and read the directives.  `file` is kept, not copied.
 * Errors: PGA_ERR_USAGE naming the file: UTF-16, NUL, invalid UTF-8 (with line), malformed directives.
 */
bool pga_script_parse(struct pga_arena *mem, const char *file, enum pga_part part,
                      struct pga_str bytes, struct pga_script_text *out, struct pga_error *err)
    PGA_MUST_CHECK;

/*
 * Prepare a script that runs in one transaction.
 * Errors: PGA_ERR_USAGE with place and hint: transaction control in the middle, READ ONLY or SNAPSHOT modes,
 * COMMIT AND CHAIN, PREPARE TRANSACTION, COMMIT/ROLLBACK PREPARED, a statement that needs `transaction none`,
 * SET TRANSACTION behind another statement, COPY TO STDOUT, comments nested deeper than PGA_COMMENT_DEPTH_MAX, and
 * all of pga_statements_parse().
 */
bool pga_script_prepare(struct pga_arena *mem, const struct pga_script_text *script,
                        bool standard_strings, struct pga_prepared *out, struct pga_error *err)
    PGA_MUST_CHECK;

/* A run of statements of a non-transactional script. */
struct pga_unit {
    size_t first, count; /* in statements.items */
    /* Commits together with its progress record.  Of OUTSIDE, EITHER, CALL, END_PREPARED started and done are apart. */
    bool transactional;
    bool wrapped; /* the script's own BEGIN ... COMMIT stood around it; not part of first..count */
    struct pga_modes modes; /* of that BEGIN and a SET TRANSACTION behind it; not part either */
};

struct pga_units {
    struct pga_statements statements;
    struct pga_unit *items;
    size_t count, capacity;
};

/*
 * Prepare a script whose statements run one by one: a before-script, or one with `transaction none`.
 * BEGIN ... COMMIT inside it is one unit, or none when nothing stands between.  Errors: as pga_script_prepare() but
 * for what needs no transaction; a BEGIN or COMMIT without the other; outside a pair also SAVEPOINT and SET
 * TRANSACTION, which would have no effect.
 */
bool pga_script_units(struct pga_arena *mem, const struct pga_script_text *script,
                      bool standard_strings, struct pga_units *out, struct pga_error *err)
    PGA_MUST_CHECK;

/* Line of the file for a line of the normalised text. */
int pga_script_file_line(const struct pga_script_text *script, int line);

/* Fill the place of *err from a byte offset of the normalised text.  Returns false. */
bool pga_script_place(struct pga_error *err, const struct pga_script_text *script, size_t offset);

#endif
