/*
 * alterations/statement.h: the statements of a script, and what each means to a runner.
 *
 * A statement ends at a semicolon outside quotes, parentheses and BEGIN ATOMIC bodies, as it does for the server.
 * psql guesses where such a body ends by counting CASE and END, and can thereby be made to swallow a COMMIT that
 * follows; here a body is BEGIN ATOMIC in a CREATE FUNCTION or PROCEDURE up to the END that stands where a
 * statement would begin, which is what the grammar says.  The rows of COPY ... FROM STDIN begin on the next line,
 * reach up to a line that is only \. and belong to the statement.
 *
 * A statement that sets standard_conforming_strings changes how the text behind it is read, as it does on a server
 * that gets the statements one by one.  Where its new value can't be known, a plain string with a backslash in it
 * is refused.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_STATEMENT_H
#define PGA_ALTERATIONS_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_STATEMENTS_MAX (1u << 20) /* statements of one script */

/* What a runner has to know about a statement; everything else is ORDINARY. */
enum pga_statement_kind {
    PGA_STATEMENT_ORDINARY,
    PGA_STATEMENT_BEGIN,        /* BEGIN, START TRANSACTION */
    PGA_STATEMENT_COMMIT,       /* COMMIT, END */
    PGA_STATEMENT_COMMIT_CHAIN, /* COMMIT/ROLLBACK ... AND CHAIN */
    PGA_STATEMENT_ROLLBACK,     /* ROLLBACK, ABORT; not ROLLBACK TO */
    PGA_STATEMENT_SAVEPOINT,    /* SAVEPOINT, RELEASE, ROLLBACK TO */
    PGA_STATEMENT_PREPARE_TRANSACTION,
    PGA_STATEMENT_END_PREPARED,    /* COMMIT PREPARED, ROLLBACK PREPARED */
    PGA_STATEMENT_SET_TRANSACTION, /* SET TRANSACTION ...; not SET SESSION CHARACTERISTICS */

    /* Sets standard_conforming_strings or client_encoding, SET NAMES included. */
    PGA_STATEMENT_SET_LEXICAL,
    PGA_STATEMENT_COPY_IN,  /* COPY ... FROM STDIN */
    PGA_STATEMENT_COPY_OUT, /* COPY ... TO STDOUT */

    /* Can't run in a transaction block: CONCURRENTLY, VACUUM, CREATE DATABASE, ... */
    PGA_STATEMENT_OUTSIDE,
    /* Can't for some objects (partitioned, with a slot): CLUSTER t, REINDEX TABLE, DROP SUBSCRIPTION, ... */
    PGA_STATEMENT_EITHER,
    PGA_STATEMENT_CALL, /* CALL and DO: may commit by themselves when outside a transaction */

    /* ALTER DATABASE|ROLE|USER ... SET|RESET: changes what new sessions start with. */
    PGA_STATEMENT_ALTER_SETTINGS,
    /* Leaves state in the session: SET (not LOCAL), PREPARE, LISTEN, temporary objects, ... */
    PGA_STATEMENT_SESSION_STATE,
};

/* Transaction modes that BEGIN, START TRANSACTION or SET TRANSACTION name. */
struct pga_modes {
    struct pga_str isolation; /* empty, or one of PostgreSQL's four levels in capitals */
    bool deferrable;
    bool read_only; /* also when READ WRITE follows: what can't be hoisted */
    bool snapshot;
    bool malformed; /* something else stands there */
};

struct pga_statement {
    enum pga_statement_kind kind;
    size_t offset, len; /* bytes, from its first token to its semicolon inclusive, without data */
    int line;           /* 1-based, of its first token */
    bool has_semicolon;
    bool standard_strings; /* standard_conforming_strings as it was read with */
    bool strings_matter;   /* has a plain string with a backslash: another value may move its end */
    bool concurrently;  /* OUTSIDE because of CONCURRENTLY: not bounded by lock_timeout (STEP 7) */
    size_t data_offset; /* COPY_IN: where the rows begin; otherwise 0 */
    size_t data_len;    /* without the closing \. line */
    size_t end;         /* where the next may begin: after the data's closing line */
    struct pga_modes modes;       /* BEGIN, COMMIT, SET_TRANSACTION */
    struct pga_str first, second; /* its first two words, for messages; may be empty */
};

struct pga_statements {
    struct pga_statement *items;
    size_t count, capacity;
    int deepest_comment;   /* how deep its block comments nest */
    size_t deepest_offset; /* of the first that nests so deep */
    /* Whatever looks like a non-empty $tag$ outside COPY data, without the $, sorted.  It is for the airbag, so it
       counts also where it is none: in a string, behind a letter. */
    struct pga_str *dollar_tags;
    size_t dollar_tag_count, dollar_tag_capacity;
};

/*
 * Split a script.  `file` is only for messages.
 * Errors: PGA_ERR_USAGE with place: an unterminated quote, comment, dollar quote, parenthesis, BEGIN ATOMIC body or
 * COPY data (line of its start), text between COPY ... FROM STDIN; and its data, a psql meta-command (with a hint),
 * more than PGA_STATEMENTS_MAX statements.
 */
bool pga_statements_parse(struct pga_arena *mem, const char *file, struct pga_str text,
                          bool standard_strings, struct pga_statements *out, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
