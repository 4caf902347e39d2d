/*
 * drivers/pq/pq_private.h: what the files of this folder share, and what its own tests may look at.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_PQ_PRIVATE_H
#define PGA_DRIVERS_PQ_PRIVATE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "drivers/pq/pq.h"

#define PGA_PQ_CONNECT_TIMEOUT_MS 10000
#define PGA_PQ_WAITING_TIMEOUT_MS 5000          /* the same, for each of many tries */
#define PGA_PQ_STOPPING_MS        3000          /* to connect once more after a signal */
#define PGA_PQ_CONNINFO_MAX       65536         /* bytes of a connection string */
#define PGA_PQ_BLANKS             " \t\r\n\v\f" /* between keyword=value pairs */
#define PGA_PQ_FENCES_MAX         8
#define PGA_PQ_CANCEL_MS          3000 /* for one request to cancel */
#define PGA_PQ_CANCEL_AGAIN_MS    1000 /* a request that came too early did nothing: ask again */
#define PGA_PQ_DRAIN_MS           5000 /* for what is left of a message after the first request */
#define PGA_PQ_NO_PASSFILE        "/nonexistent/pgpass" /* libpq passes over what is not there */

/* One of libpq's connection parameters. */
struct pga_pq_pair {
    const char *keyword, *value;
};

struct pga_pq_pairs {
    struct pga_pq_pair *items;
    size_t count, capacity;
};

/*
 * A server setting that ends the session of a client that died (FACTS 3).  A server may refuse it.
 */
struct pga_pq_fence {
    const char *name, *value;
    int since; /* the major version of a server that knows it first */
};

/* Comma-separated lists as libpq has them; NULL: libpq's default. */
struct pga_pq_hosts {
    const char *host, *hostaddr, *port;
};

struct pga_pq {
    struct pga_driver base;
    struct pga_arena mem; /* holds this struct too */
    struct pga_pq_settings settings;
    const struct pga_pq_fence *fences;
    size_t fence_count;
    bool refused[PGA_PQ_FENCES_MAX]; /* fences that are not sent any more */
    bool was_set
        [PGA_PQ_FENCES_MAX];   /* fences that could not be start-up options, set in the session */
    bool options_refused;      /* the server refused start-up options as such */
    struct pga_pq_pairs given; /* what the conninfo says */
    struct pga_pq_pairs effective; /* with service file, environment and libpq's defaults */
    struct pga_pq_hosts pinned;    /* the one server to connect to; without a port: any of theirs */
    const char *passfile;          /* the password file that is named; NULL: none, or not needed */
    PGconn *conn;                  /* NULL while there is no session */
    void *last_cancel;             /* to cancel what it runs when it breaks; may be NULL */
    const char *where;
    bool by_row; /* the rows of the message that is on its way are read one by one */
    int backend_pid, server_version; /* of the last session */
};

/* pq.c */

/* pga_pq_open() with other fences than the usual ones; for tests. */
struct pga_driver *pga_pq_open_fenced(const struct pga_pq_settings *settings,
                                      const struct pga_pq_fence *fences, size_t fence_count,
                                      struct pga_error *err);

/* Close the session; the driver stays. */
void pga_pq_hang_up(struct pga_pq *pq);

/* conninfo.c */

/* Read the settings' conninfo into pq->given and pq->effective.  Errors: PGA_ERR_USAGE. */
bool pga_pq_read_conninfo(struct pga_pq *pq, struct pga_error *err);

/*
 * The same again where the string may have changed since (settings.reread).  One that can't be understood is as good as an
 * unchanged one: it is being written.
 */
void pga_pq_reread_conninfo(struct pga_pq *pq);

/* The value of a parameter, or NULL where it is missing or empty. */
const char *pga_pq_find(const struct pga_pq_pairs *pairs, const char *keyword);

void pga_pq_add(struct pga_pq_pairs *pairs, struct pga_arena *mem, const char *keyword,
                const char *value);

/* "database ... on ... as user ...", from the session or, without one, from the parameters. */
const char *pga_pq_where(const struct pga_pq *pq, struct pga_arena *mem);

struct pga_pq_hosts pga_pq_all_hosts(const struct pga_pq *pq);

/* How many hosts there are, at least 1, and one of them: a name, address or directory ("" is the default one). */
size_t pga_pq_host_count(const struct pga_pq_hosts *hosts);
void pga_pq_host_at(const struct pga_pq_hosts *hosts, size_t index, struct pga_arena *mem,
                    const char **host, const char **port);

/*
 * Take the host that `conn` is trying off the lists.  False when it is the only one, or isn't
 * found.
 */
bool pga_pq_drop_host(struct pga_pq_hosts *hosts, struct pga_arena *mem, PGconn *conn);

/* passfile.c */

bool pga_pq_passfile_exists(const struct pga_pq *pq);

/* Whether libpq would pass over the named password file because others than its owner may read it. */
bool pga_pq_passfile_is_ignored(const struct pga_pq *pq);

/* Whether it may be read all the same: root's, and only its group may read it too. */
bool pga_pq_passfile_is_trusted(const struct pga_pq *pq);

/* The password in it for these hosts; NULL: none, or not one for all of them. */
const char *pga_pq_passfile_find(const struct pga_pq *pq, const struct pga_pq_hosts *hosts,
                                 struct pga_arena *mem);

/* mask.c */

bool pga_pq_is_secret(const char *keyword);

/* Whether a parsed conninfo looks as if a part of a password had been taken for something else. */
bool pga_pq_is_suspicious(const char *conninfo, const struct pga_pq_pairs *pairs);

/* Where the userinfo of a URI begins; NULL when this is no URI. */
const char *pga_pq_uri_rest(const char *conninfo);

/* Text from a URI, with its %XX made bytes; what isn't %XX stays. */
char *pga_pq_decode(struct pga_arena *mem, struct pga_str text);

/* `text` with the session's secrets replaced. */
const char *pga_pq_scrub(const struct pga_pq *pq, struct pga_arena *mem, const char *text);

/* malformed.c: PGA_ERR_USAGE with what is wrong where, and without a word that may be of a password */

/* Begin to say it: the hint is still to come.  Returns false. */
bool pga_pq_malformed(struct pga_error *err, const char *fmt, ...) PGA_PRINTF(2, 3);

/* What libpq need not be asked about: length, control characters, blanks in a URI, how it begins. */
bool pga_pq_check_form(const char *text, struct pga_error *err) PGA_MUST_CHECK;

/* Say why libpq refuses a string.  Returns false. */
bool pga_pq_explain(const char *text, struct pga_error *err);

/* What libpq takes but nobody meant: pieces of a password elsewhere, no port, a URL in a value. */
bool pga_pq_check_meaning(const char *text, const struct pga_pq_pairs *pairs, struct pga_error *err)
    PGA_MUST_CHECK;

/*
 * Say that libpq has no such parameter, and which may have been meant.  `behind` is the one before it (NULL: none);
 * hidden ones may be pieces of a password.  Returns false.
 */
bool pga_pq_fail_keyword(const char *keyword, const char *behind, bool is_hidden,
                         struct pga_error *err);

/* Whether the loaded libpq has a parameter of that name. */
bool pga_pq_is_parameter(const char *keyword);

/* malformed_uri.c */

/* The same for a URI, of which `rest` is what pga_pq_uri_rest() gives. */
bool pga_pq_check_uri(const char *rest, struct pga_error *err) PGA_MUST_CHECK;
bool pga_pq_explain_uri(const char *rest, struct pga_error *err);

/* What the byte at `at` of a URI belongs to: "user", "password", "host", "database" or "parameters". */
const char *pga_pq_uri_part(const char *text, const char *at);

/* connect.c */

/* Open pq->conn, waiting as long as the settings say.  Errors: as pga_pq_open(). */
bool pga_pq_connect(struct pga_pq *pq, struct pga_error *err);

/* fence.c */

extern const struct pga_pq_fence pga_pq_fences[];
extern const size_t pga_pq_fence_count;

/* Append the fences as start-up options, each followed by a blank. */
void pga_pq_fence_options(const struct pga_pq *pq, struct pga_buf *out);

/*
 * Whether a connection failed for a fence, or for start-up options as such, so that it makes sense to try again with
 * fewer of them.  Never without the role or the user's own.
 */
bool pga_pq_fence_refused(struct pga_pq *pq, const struct pga_error *err);

/* Forget what was refused. */
void pga_pq_fence_forget(struct pga_pq *pq);

/* Set them in the session where they could not be start-up options.  Nothing depends on their success. */
void pga_pq_fence_set(struct pga_pq *pq);

/* Append what sets them again where they were set in the session; returns the number of statements. */
size_t pga_pq_fence_sql(const struct pga_pq *pq, struct pga_buf *buf);

/* patience.c */

/* What is remembered from one try to connect to the next. */
struct pga_pq_patience {
    int64_t pause_ms; /* the last one; 0: none yet */
    int no_database;  /* tries that failed because there is no such database */
};

/* Whether trying again can help with what a try failed of. */
bool pga_pq_patience_is_due(const struct pga_pq *pq, struct pga_pq_patience *patience,
                            const struct pga_error *err);

/* How long to wait before the next try. */
int64_t pga_pq_patience_pause_ms(struct pga_pq_patience *patience);

/* version.c */

/* Refuse the session's server when it is older than pgalter knows.  Errors: PGA_ERR_USAGE. */
bool pga_pq_check_server(const struct pga_pq *pq, struct pga_error *err) PGA_MUST_CHECK;

/* cause.c */

/* What somebody can do about a failed connection, and what the program shall. */
struct pga_pq_cause {
    enum pga_code code;
    enum pga_error_id id;
    bool (*hint)(const struct pga_pq *pq, struct pga_error *err); /* sets it and returns false */
};

/* The cause behind one line of libpq's; `sqlstate` is "" where the line has none.  Never NULL. */
const struct pga_pq_cause *pga_pq_cause_find(const struct pga_pq *pq, const char *sqlstate,
                                             const char *line);

/* failure.c */

/*
 * Make *err of what libpq said (several lines) about a connection that it could not make.  Returns
 * false.
 */
bool pga_pq_fail_connect(const struct pga_pq *pq, const char *text, bool needs_password,
                         struct pga_error *err);

/* wait.c */

enum pga_pq_event { PGA_PQ_READY, PGA_PQ_TIMEOUT, PGA_PQ_SIGNALLED };

struct pga_pq_watch {
    int64_t deadline_ms;        /* on the monotonic clock; INT64_MAX: none */
    int signals_seen;           /* signals up to this many don't end the wait */
    struct pga_driver *ticking; /* whose tick is due now and then; NULL: nobody's */
};

int64_t pga_pq_now_ms(void);

/* Wait until one of at most two descriptors is ready; one of -1 is passed over. */
enum pga_pq_event pga_pq_wait(struct pollfd *fds, size_t count, const struct pga_pq_watch *watch);

/* result.c */

void pga_pq_read_message(const PGresult *res, struct pga_server_message *out);
void pga_pq_receive_notice(void *arg, const PGresult *res);

/* Add a statement's result; `rows_dropped` rows of it had come before and were not kept. */
void pga_pq_add_result(struct pga_results *results, struct pga_arena *mem, PGresult *res,
                       const struct pga_message *message, size_t rows_dropped);

/* query.c */

bool pga_pq_query(struct pga_driver *d, const struct pga_message *message, struct pga_arena *mem,
                  struct pga_results *results, struct pga_error *err);

/* cancel.c */

/* A request to cancel what a session runs, on its way.  All zero but fd -1: none. */
struct pga_pq_cancel {
    int fd; /* poll it for `events`, then call pga_pq_cancel_advance(); -1: none is on its way */
    short events;
    void *handle;
};

/*
 * Note what a request to cancel will need, or NULL: once a connection has broken libpq doesn't say any more.  It is
 * forgotten, or taken by the start of a request; NULL is fine for both.
 */
void *pga_pq_cancel_prepare(PGconn *conn);
void pga_pq_cancel_forget(void *request);

void pga_pq_cancel_start(struct pga_pq_cancel *cancel, void *request);
void pga_pq_cancel_advance(struct pga_pq_cancel *cancel);

/* Let go of a request that is still on its way; it may yet arrive. */
void pga_pq_cancel_close(struct pga_pq_cancel *cancel);

#endif
