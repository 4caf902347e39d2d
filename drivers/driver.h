/*
 * drivers/driver.h: a session with a PostgreSQL server, as the rest of pgalter sees it.
 *
 * One session speaks the simple query protocol only: a message may hold many statements, its
 * results come in order, and no snapshot outlives a statement (FACTS 2, 6).  There is one for libpq
 * (drivers/pq) and a scripted server for tests (drivers/script); tests/contract holds what both
 * must do.
 *
 * Every wait has a deadline or ends when a signal comes (base/interrupt.h): the running statement
 * is then cancelled through a second connection, what is left of the message is drained, and the
 * call fails with PGA_ERR_INTERRUPTED or PGA_ERR_DEADLINE; pga_driver_transaction() tells what is
 * left of the session.  A second signal closes the socket at once.  A signal that had come before
 * the call began does not stop it, so that the caller can still roll back and record: it looks with
 * pga_interrupt_check() before it begins anything new.
 *
 *     PGA_AUTO(pga_driver_close) struct pga_driver *driver = NULL;
 *     struct pga_message message = {.sql = PGA_STR("SELECT 1"), .keep_rows = true};
 *     struct pga_results results = {0};
 *     if (!pga_driver_query(driver, &message, mem, &results, err))
 *         return false;
 *     puts(pga_result_value(&results.items[0], 0, 0));
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_DRIVER_H
#define PGA_DRIVERS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_RESULT_ROWS_MAX 1000000 /* rows that pgalter's own queries may return in one message */

/* How long a message of pgalter's own may go unanswered: longer than the limits that such messages set at the server. */
#define PGA_ANSWER_MS 75000

/* The servers that pgalter is tested with.  Older ones are refused, newer ones are not. */
#define PGA_SERVER_MAJOR_OLDEST 13
#define PGA_SERVER_MAJOR_NEWEST 18

/* What the server says about the session's transaction after the last message. */
enum pga_transaction {
    PGA_TRANSACTION_IDLE,   /* none is open */
    PGA_TRANSACTION_OPEN,   /* one is open and well */
    PGA_TRANSACTION_FAILED, /* one is open and can only be rolled back */
    PGA_TRANSACTION_LOST,   /* the connection is gone or in an unknown state */
};

struct pga_message {
    struct pga_str sql;           /* one or more statements; no NUL */
    const struct pga_str *copies; /* the data of each COPY ... FROM STDIN in `sql`, in order */
    size_t copy_count;
    bool keep_rows;     /* copy rows into the results; otherwise count and drop them as they come */
    int64_t timeout_ms; /* 0: no limit of its own */
    int64_t answer_ms;  /* likewise; a server that takes longer counts as lost */
    bool
        is_dispensable; /* when its time is up, or a signal comes, the session is thrown away at once, without a word */
};

/* The result of one statement. */
struct pga_result {
    const char *tag; /* the command tag, e.g. "INSERT 0 1"; "" where a rule replaced it */
    size_t row_count;
    size_t column_count;
    const char *const *names;  /* column names; only with keep_rows */
    const char *const *values; /* row by row; NULL is SQL's NULL; only with keep_rows */
};

/* Every field of an ErrorResponse or NoticeResponse; "" where the server sent none. */
struct pga_server_message {
    const char *severity; /* not localised: ERROR, FATAL, WARNING, NOTICE ... */
    const char *sqlstate;
    const char *message, *detail, *hint, *context;
    const char *schema, *table, *column, *datatype, *constraint;
    const char *internal_query;
    /* 1-based, in characters of the message (bytes where the database is SQL_ASCII); 0: none */
    int64_t position;
    int64_t internal_position; /* the same in internal_query */
    /* Of a notice: it came behind the result of a statement, or amid its rows, that is not among the results yet. */
    bool is_ahead;
};

/* What came back for one message: the results before an error, and that error. */
struct pga_results {
    struct pga_result *items;
    size_t count, capacity;
    const struct pga_server_message *error; /* NULL when the server reported none */
    bool copied_out;                        /* a COPY ... TO STDOUT ran; its data was dropped */
};

typedef void pga_notice_fn(void *ctx, const struct pga_server_message *notice);

/* Called several times a second while the session waits for the server. */
typedef void pga_tick_fn(void *ctx);

struct pga_driver;

/* What an implementation provides.  The comments are at the functions below. */
struct pga_driver_ops {
    bool (*query)(struct pga_driver *d, const struct pga_message *message, struct pga_arena *mem,
                  struct pga_results *results, struct pga_error *err);
    enum pga_transaction (*transaction)(struct pga_driver *d);
    const char *(*parameter)(struct pga_driver *d, const char *name);
    int (*backend_pid)(struct pga_driver *d);
    int (*server_version)(struct pga_driver *d);
    char *(*quote_identifier)(struct pga_driver *d, struct pga_arena *mem, const char *name);
    const char *(*describe)(struct pga_driver *d);
    size_t (*fence_sql)(struct pga_driver *d, struct pga_buf *buf);
    bool (*reconnect)(struct pga_driver *d, struct pga_error *err);
    void (*close)(struct pga_driver *d);
};

/* The first member of each implementation's own struct. */
struct pga_driver {
    const struct pga_driver_ops *ops;
    pga_notice_fn *notice; /* may be NULL */
    void *notice_ctx;
    pga_tick_fn *tick; /* may be NULL */
    void *tick_ctx;
};

/*
 * Send one message and read all of its answer.
 *
 * `results` must be {0}; it is filled on `mem` also on failure, up to the statement that failed, so
 * that the caller can tell which one that was.  An error leaves an open transaction failed: the
 * caller rolls it back. A COPY ... FROM STDIN without data in message->copies gets an empty one;
 * data that no COPY asked for is an error.
 *
 * Errors: PGA_ERR_SQL (the server refused a statement; sqlstate, detail, hint and context are
 * filled, place is not), PGA_ERR_LOST (the connection ended, or was given up because no answer came
 * within answer_ms and none to a request to cancel; what was committed is unknown),
 * PGA_ERR_INTERRUPTED, PGA_ERR_DEADLINE, PGA_ERR_USAGE (NUL in the text), PGA_ERR_UNEXPECTED (data
 * without a COPY, too many rows).
 */
bool pga_driver_query(struct pga_driver *d, const struct pga_message *message,
                      struct pga_arena *mem, struct pga_results *results, struct pga_error *err)
    PGA_MUST_CHECK;

/* The same for text without rows of interest: runs it and drops the results. */
bool pga_driver_run(struct pga_driver *d, struct pga_str sql, struct pga_error *err) PGA_MUST_CHECK;

/*
 * The same for a message of pgalter's own, which is short: a server that does not answer within PGA_ANSWER_MS counts as
 * lost.  Not for what may have to wait, such as an index build or deferred constraints.
 */
bool pga_driver_run_own(struct pga_driver *d, struct pga_str sql, struct pga_error *err)
    PGA_MUST_CHECK;

/* The same for one result whose rows are wanted: the last of the message. */
bool pga_driver_rows(struct pga_driver *d, struct pga_str sql, struct pga_arena *mem,
                     struct pga_result *out, struct pga_error *err) PGA_MUST_CHECK;

enum pga_transaction pga_driver_transaction(struct pga_driver *d);

/* A parameter that the server reports (ParameterStatus), such as "client_encoding", or NULL. */
const char *pga_driver_parameter(struct pga_driver *d, const char *name);

/*
 * The process id that the server gave at start-up, also after the session was lost.  A pooler's
 * differs from pg_backend_pid() (FACTS 4).
 */
int pga_driver_backend_pid(struct pga_driver *d);

/* As libpq numbers it: 150018 is 15.18. */
int pga_driver_server_version(struct pga_driver *d);

/* An identifier quoted for SQL text, by libpq for the session's encoding. */
char *pga_driver_quote_identifier(struct pga_driver *d, struct pga_arena *mem, const char *name);

/* Where the session goes, for people: "database \"app\" on db.example:5432 as user \"u\"". */
const char *pga_driver_describe(struct pga_driver *d);

/*
 * Append what has to be set again behind a RESET ALL, so that the server still ends the session of a client that died
 * (FACTS 3): at most one statement.  Returns how many; mostly 0, since start-up options survive a reset.
 */
size_t pga_driver_fence_sql(struct pga_driver *d, struct pga_buf *buf);

/* Close the session and open a new one with the same settings. Errors: as opening. */
bool pga_driver_reconnect(struct pga_driver *d, struct pga_error *err) PGA_MUST_CHECK;

/* Close and set to NULL; NULL is fine. */
void pga_driver_close(struct pga_driver **d);

/* NULL where the value is NULL. Row and column must exist. */
const char *pga_result_value(const struct pga_result *result, size_t row, size_t column);

/* Tell whoever wants to know that the session is still waiting. For implementations. */
void pga_driver_tick(struct pga_driver *d);

/* Pass a notice to whoever listens. For implementations. */
void pga_driver_report(struct pga_driver *d, const struct pga_server_message *notice);

/* A copy on `mem` in which every missing (NULL) text is "". For implementations. */
struct pga_server_message *pga_driver_keep(struct pga_arena *mem,
                                           const struct pga_server_message *message);

/* One more result at the end, all zero but for the tag. For implementations. */
struct pga_result *pga_driver_add_result(struct pga_results *results, struct pga_arena *mem,
                                         const char *tag);

/*
 * False and PGA_ERR_UNEXPECTED when COPY statements took fewer data than the message has. For
 * implementations.
 */
bool pga_driver_check_copies(const struct pga_message *message, size_t taken,
                             struct pga_error *err);

/* An identifier in double quotes, those within doubled. For implementations. */
char *pga_driver_quote_plainly(struct pga_arena *mem, const char *name);

/* Make *err of a server's error. Returns false. For implementations. */
bool pga_driver_fail(const struct pga_server_message *error, struct pga_error *err);

/*
 * Make *err PGA_ERR_LOST: the connection to `where` (as described) is gone; `why` is what is known
 * of it, or "". `error` is the server's last word, or NULL. Returns false. For implementations.
 */
bool pga_driver_fail_lost(const char *where, const struct pga_server_message *error,
                          const char *why, struct pga_error *err);

/* The same for a server that stayed silent for answer_ms. */
bool pga_driver_fail_silent(const char *where, int64_t answer_ms, struct pga_error *err);

#endif
