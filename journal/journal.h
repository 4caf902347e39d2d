/*
 * journal/journal.h: what a database has had.
 *
 * The journal lives in a schema of its own and is a log: `history` holds every change of state, each row naming the
 * hash of the row before it; `journal` holds one row for each alteration that is applied now; `scripts` their
 * texts; `unfinished` what is in progress outside a transaction; `attempts` what failed.  STEP 1 has the tables.
 *
 * Invariants: a row of `history` is only ever added, as head + 1, by a statement that fails unless the head is
 * the one that was read (compare-and-append); the rows of `journal` are what replaying `history` gives.
 * Nothing here prints or reads the environment, and nothing in the journal is believed before its catalog
 * entries have been looked at (trust.c) and its chain has been verified (chain.c).
 *
 * Files: schema names and settings here and in sql.c; trust.c and read.c read; chain.c hashes and replays;
 * append.c builds the statements of a change; create.c creates and upgrades; lock.c; unfinished.c; attempts.c.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_JOURNAL_H
#define PGA_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/map.h"
#include "drivers/driver.h"

#define PGA_JOURNAL_SCHEMA       "pgalter"
#define PGA_JOURNAL_FORMAT_MAJOR 1

/*
 * How many scripts an alteration can have: up, down, before-up, before-down, in this order everywhere in the
 * journal.
 */
#define PGA_SCRIPT_COUNT 4

/* Their names as columns: "up", "down", "before_up", "before_down". */
const char *pga_script_column(size_t script);

enum pga_event {
#define PGA_EVENT_KIND(constant, name, meaning) PGA_EVENT_##constant,
#include "journal/events.def"
#undef PGA_EVENT_KIND
    PGA_EVENT_COUNT
};

const char *pga_event_name(enum pga_event event);
bool pga_event_parse(const char *name, enum pga_event *out) PGA_MUST_CHECK;

/* An alteration as the journal knows it: what `journal` holds and what `history` records. */
struct pga_applied {
    const char *id;
    const char *version; /* "1.0.0", "next" or "" */
    const char *timestamp, *slug;
    const char *phase;      /* "expand" or "contract" */
    const char *directives; /* canonical; "" for none */
    struct pga_digest digests[PGA_SCRIPT_COUNT];
    bool has_part[PGA_SCRIPT_COUNT];
    int64_t seq;            /* of the history row that applied it: the order of application */
    const char *run;        /* that applied it */
    const char *applied_at; /* RFC 3339, UTC; not hashed */
    int64_t duration_ms;    /* not hashed */
};

/* A row of `history`. */
struct pga_history_row {
    int64_t seq;
    struct pga_digest prev, hash;
    enum pga_event event;
    struct pga_applied
        subject; /* id NULL for created and upgraded; seq, applied_at, duration unused */
    struct pga_digest state; /* over all that is applied after this row */
    const char *run, *who, *engine;
    const char *because; /* NULL: nobody was asked */
    const char *at;      /* RFC 3339, UTC; not hashed */
};

/* The end of the log: what the next row is appended to. */
struct pga_head {
    int64_t seq;
    struct pga_digest hash;
    struct pga_digest state;
};

enum pga_journal_presence {
    PGA_JOURNAL_ABSENT, /* no schema of that name */
    PGA_JOURNAL_EMPTY,  /* the schema is there, ours, and empty: an administrator made it for us */
    PGA_JOURNAL_PRESENT,
};

struct pga_journal_settings {
    const char *schema; /* NULL: PGA_JOURNAL_SCHEMA */
    const char *owner;  /* a role besides the current one that may own the journal; NULL: none */
    const char *run;    /* UUID of this run */
    const char *who;    /* who runs: "user@host" */
    const char *engine; /* pgalter's version */
    /*
     * The session is a pooler's, which other clients use too: nothing may stay in it behind a transaction, neither a
     * lock nor a setting, and nothing that others left in it may reach a script (STEP 4).
     */
    bool is_shared;
    const char *role; /* shared: to act as; NULL: as one logs in */
    const char
        *application; /* shared: application_name while a transaction runs; NULL: "pgalter" */
};

/* A server process: its number, and when it began, since numbers are given out again; `began` NULL: not known. */
struct pga_backend {
    int64_t pid;
    const char *began;
};

struct pga_lock_wait;

struct pga_journal {
    struct pga_driver *driver;
    struct pga_arena *mem; /* for all that is read */
    struct pga_journal_settings settings;
    const char *schema_sql;     /* the schema's name quoted as an identifier */
    const char *schema_literal; /* and as a literal */
    int64_t lock_key;

    struct pga_backend backend; /* of this session, as it was when the runner lock was asked for */

    bool is_pooled;                        /* the session goes through a connection pooler */
    const char *role_sql;                  /* settings.role quoted as an identifier, or NULL */
    const struct pga_lock_wait *lock_wait; /* shared: how long a change waits for another runner */
    bool standard_strings; /* standard_conforming_strings as the session began with it */
    /* As the session began with it, but for `off`, which would not make anything durable (STEP 8). */
    const char *synchronous_commit;

    enum pga_journal_presence presence;
    int format_major, format_minor;
    bool
        has_unfinished; /* a step was in progress, or had been interrupted, when the head was read */
    struct pga_head head;
    bool has_head; /* it has been read, so the journal can only have grown since */

    bool is_loaded;               /* what follows has been read and verified */
    struct pga_history_row *rows; /* the whole history, by seq */
    size_t row_count;
    struct pga_applied **applied; /* by seq */
    size_t applied_count, applied_capacity;
    struct pga_map by_id; /* id -> struct pga_applied */
};

/* Who is about to change the journal's state, and how.  One of before and after may be NULL. */
struct pga_change {
    enum pga_event event;
    const struct pga_applied *before; /* as it is applied now */
    const struct pga_applied *after;  /* as it will be */
    const struct pga_applied *about;  /* where both are NULL: the alteration whose record ends */
    const char *because;
};

/* Prepare the struct; talks to nobody.  `mem` must outlive the journal. */
void pga_journal_init(struct pga_journal *journal, struct pga_driver *driver, struct pga_arena *mem,
                      const struct pga_journal_settings *settings);

/* Note what the session began with.  To be called again after a reconnect. */
void pga_journal_begin_session(struct pga_journal *journal);

/*
 * Look whether the journal is there and can be trusted, and read its head and format: one round trip.
 * Errors: PGA_ERR_JOURNAL (can't be trusted, with every reason in the detail; newer major format),
 * PGA_ERR_DENIED (no right to read it, with the GRANT), and those of the driver.
 */
bool pga_journal_open(struct pga_journal *journal, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Read history and applied alterations, verify the hash chain and that replaying the one gives the other, and set the
 * head: one round trip.  An absent journal loads as empty.  Errors: PGA_ERR_JOURNAL (tampered: names the row).
 */
bool pga_journal_load(struct pga_journal *journal, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Say of an error that was just set that the journal contradicts itself, and what to do: nobody who reads this at night
 * shall mend rows by hand.  Returns false.
 */
bool pga_journal_damaged(const struct pga_journal *journal, struct pga_error *err);

/* The applied alteration with that id, or NULL.  The journal must be loaded. */
struct pga_applied *pga_journal_find(const struct pga_journal *journal, const char *id);

/*
 * Read stored scripts by digest and check each text against its digest.  texts[i] belongs to digests[i].
 * Errors: PGA_ERR_JOURNAL (a text is missing or is not what its digest says).
 */
bool pga_journal_texts(struct pga_journal *journal, const struct pga_digest *digests, size_t count,
                       struct pga_arena *mem, struct pga_str *texts, struct pga_error *err)
    PGA_MUST_CHECK;

/*
 * Create the schema's tables and row 0.  Another runner that was faster is no error: read again.
 * Errors: PGA_ERR_DENIED with the grant that is missing, and those of the driver.
 */
bool pga_journal_create(struct pga_journal *journal, struct pga_error *err) PGA_MUST_CHECK;

/* Whether the journal's format has fewer columns or tables than this pgalter writes. */
bool pga_journal_is_outdated(const struct pga_journal *journal);

/* One upgrade of the format: what a minor version added. */
struct pga_journal_upgrade {
    int minor;       /* the format after it */
    const char *sql; /* a template as pga_sql_expand() takes it */
};

/*
 * Bring the format up to date, one transaction a minor version, each recorded as `upgraded`.  The caller holds
 * the runner lock.  `upgrades` NULL: the ones that this pgalter knows.
 */
bool pga_journal_upgrade(struct pga_journal *journal, const struct pga_journal_upgrade *upgrades,
                         size_t count, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Who acts in this session and in which database, quoted as they stand in SQL: for hints that name a GRANT.  Where the
 * server doesn't say, words that somebody has to replace.  On `mem`.
 */
struct pga_journal_names {
    const char *role, *database;
};
struct pga_journal_names pga_journal_names(struct pga_journal *journal, struct pga_arena *mem);

/*
 * Run one SELECT in a read-only transaction that begins like all of pgalter's own, whatever a script has left in the
 * session.  Errors: those of the driver; the transaction is rolled back.
 */
bool pga_journal_select(struct pga_journal *journal, struct pga_str select, struct pga_arena *mem,
                        struct pga_result *out, struct pga_error *err) PGA_MUST_CHECK;

/* ---- chain.c: pure ---- */

/* The row that a change appends to `head`: everything but `at`. */
void pga_history_build(const struct pga_journal *journal, const struct pga_head *head,
                       const struct pga_change *change, struct pga_history_row *out);

/* The hash of a row over every column but `at` and itself. */
struct pga_digest pga_history_hash(const struct pga_history_row *row);

/* What one applied alteration adds to the state: over its id, version and digests. */
struct pga_digest pga_applied_digest(const struct pga_applied *applied);

/* The head after a row. */
struct pga_head pga_history_head(const struct pga_history_row *row);

/*
 * Verify the chain, replay it, and compare the result with the rows of `journal`.  Fills journal->applied and by_id.
 */
bool pga_chain_verify(struct pga_journal *journal, struct pga_applied *rows, size_t count,
                      struct pga_error *err) PGA_MUST_CHECK;

/* Take a row that has been committed into what is loaded. */
void pga_journal_advance(struct pga_journal *journal, const struct pga_history_row *row,
                         const struct pga_change *change);

/*
 * Whether the row that was the head is still there as it was read.  Errors: PGA_ERR_JOURNAL when it is not: the
 * journal was exchanged.
 */
bool pga_journal_check_same(struct pga_journal *journal, struct pga_error *err) PGA_MUST_CHECK;

/* ---- append.c: SQL text of a change ---- */

/*
 * Append the INSERT of a row to a message.  With `guard` its prev is read from the row before it and must be the hash
 * that was read (STEP 3): 23505 overtaken, 23502 another journal.
 */
void pga_append_sql(struct pga_buf *buf, const struct pga_journal *journal,
                    const struct pga_history_row *row, bool guard);

/* Texts that a change stores: one per part, empty data for none. */
struct pga_texts {
    struct pga_str part[PGA_SCRIPT_COUNT];
};

/* Append the statements of the tail: scripts and journal row, by event.  `texts` NULL: none are new. */
void pga_append_tail_sql(struct pga_buf *buf, const struct pga_journal *journal,
                         const struct pga_history_row *row, const struct pga_change *change,
                         const struct pga_texts *texts);

/*
 * Append what stands between a script and its journal row: deferred constraints checked as the script's own
 * role, then the role it began with, then synchronous_commit, which the script may have lowered (STEP 4).
 */
void pga_tail_reset_sql(struct pga_buf *buf, const struct pga_journal *journal,
                        const char *synchronous_commit);

/*
 * Append a statement that fails when the transaction has done more to the journal than append the row `seq`: in the tail of
 * a script that may have.  The journal must be loaded.
 */
void pga_untouched_sql(struct pga_buf *buf, const struct pga_journal *journal, int64_t seq);

/* Whether an error is that statement's. */
bool pga_untouched_failed(const struct pga_error *err);

/* Make *err, whatever it was, PGA_ERR_JOURNAL: this is not the journal that was read.  Returns false. */
bool pga_journal_fail_replaced(const struct pga_journal *journal, struct pga_error *err);

/*
 * Say in pgalter's words what an error at the append's place means: PGA_ERR_JOURNAL for another journal or none,
 * PGA_ERR_LOCKED for a faster run.  Other errors are left as they are.  Returns false.
 */
bool pga_append_failure(const struct pga_journal *journal, struct pga_error *err);

/*
 * Make a change that runs no script, in a transaction of its own.  A head that moved is PGA_ERR_LOCKED.
 */
bool pga_journal_commit(struct pga_journal *journal, const struct pga_change *change,
                        const struct pga_texts *texts, struct pga_error *err) PGA_MUST_CHECK;

/*
 * The same with the row of `unfinished` that the alteration has: at the end of a non-transactional step, where it must
 * be this run's `own` (PGA_ERR_LOST otherwise), or when somebody says what became of an interrupted one.
 */
bool pga_journal_finish(struct pga_journal *journal, const struct pga_change *change,
                        const struct pga_texts *texts, bool own, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
