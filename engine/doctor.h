/*
 * engine/doctor.h: is this installation, connection, role, lock and journal healthy?
 *
 * Facts are gathered first, as far as they can be had: what the program knows of itself by whoever calls, what the server
 * and the journal say by pga_doctor_read().  Then each row of doctor_checks.def looks at them and gives one finding; the
 * checks are pure, so that what no test can bring about on a server can be tested too.  Nothing is written and no lock is
 * taken; own SQL looks at catalogs, and the journal's tables are read only once they can be trusted (STEP 2).
 *
 *     struct pga_doctor doctor = {.mem = mem, ...};
 *
 *     if (doctor.connect_error.code == PGA_OK && !pga_doctor_read(&doctor, journal, err))
 *         return false;
 *     pga_doctor_examine(&doctor, &findings);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_DOCTOR_H
#define PGA_ENGINE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alterations/alteration.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/error.h"
#include "drivers/connection.h"
#include "journal/examine.h"
#include "journal/journal.h"
#include "journal/lock.h"
#include "journal/unfinished.h"

enum pga_verdict {
    PGA_VERDICT_OK,
    PGA_VERDICT_ATTENTION,
    PGA_VERDICT_FAILED,
    PGA_VERDICT_NOT_CHECKED,
    PGA_VERDICT_COUNT,
};

/* "ok", "attention", "failed", "not checked". */
const char *pga_verdict_name(enum pga_verdict verdict);

enum pga_next_kind {
    PGA_NEXT_COMMAND, /* for a shell */
    PGA_NEXT_SQL,     /* a statement, without its semicolon */
    PGA_NEXT_ADVICE,  /* a sentence */
};

/* What to do about a finding. */
struct pga_next {
    enum pga_next_kind kind;
    const char *text;
    const char *role;     /* that may run the statement; NULL: any */
    const char *database; /* in which it must run; NULL: this one */
};

struct pga_finding {
    const char *group, *check; /* as doctor_checks.def names them */
    enum pga_verdict verdict;
    const char *text;
    const char **details; /* one of several things found, each */
    size_t detail_count, detail_capacity;
    struct pga_next *next;
    size_t next_count, next_capacity;
};

struct pga_findings {
    struct pga_finding *items; /* one for each check, in the order of the table */
    size_t count;
    size_t by_verdict[PGA_VERDICT_COUNT];
};

/* The questions that pga_doctor_read() asks the server: doctor_<name>.sql. */
enum pga_probe {
    PGA_PROBE_SERVER,
    PGA_PROBE_RIGHTS,
    PGA_PROBE_SETTINGS,
    PGA_PROBE_SESSIONS,
    PGA_PROBE_PREPARED,
    PGA_PROBE_INDEXES,
    PGA_PROBE_TRIGGERS,
    PGA_PROBE_JOURNAL,
    PGA_PROBE_COUNT,
};

struct pga_doctor_answer {
    bool is_there;           /* the question was asked and answered */
    struct pga_error error;  /* why not; PGA_OK: it was not asked */
    struct pga_result table; /* its columns have the names that the .sql gives them */
};

/* A value of the configuration that was set somewhere, with secrets masked. */
struct pga_doctor_value {
    const char *name, *text, *origin;
};

/* A fact about the journal that could be had, or why it couldn't. */
struct pga_doctor {
    struct pga_arena *mem;

    /* The program and its libraries. */
    const char *pgalter, *libpq, *libcrypto, *libyaml, *libjansson, *platform;
    int libpq_major;

    /* The configuration. */
    const char *config_file; /* NULL: none was read */
    const char *environment; /* NULL: none */
    struct pga_error config_error;
    const struct pga_doctor_value *values;
    size_t value_count;
    const char *const *strays; /* variables that mean nothing, each with what may have been meant */
    size_t stray_count;

    /* The directory of alterations. */
    const struct pga_alterations *alterations; /* NULL: it could not be looked at */
    bool has_dir;
    struct pga_error dir_error;
    int64_t now_s; /* on this machine's clock, when the directory was read */

    const char *server_programs; /* where a private cluster's are; NULL: none are installed */

    /* The connection. */
    bool was_tried;                 /* to connect */
    struct pga_error connect_error; /* PGA_ERR_LOST: it could be made, and then broke */
    int64_t connect_ms;
    struct pga_connection connection;
    int64_t lock_wait_ms; /* how long a deploy would wait for the runner lock */

    /* The server: filled by pga_doctor_read(). */
    int server_version; /* as libpq numbers it */
    int backend_pid;    /* as it was said at start-up */
    struct pga_doctor_answer answers[PGA_PROBE_COUNT];
    int64_t before_s, after_s; /* this machine's clock around the server's */

    /* The journal: filled by pga_doctor_read(). */
    const struct pga_journal *journal; /* NULL: the server was not asked */
    /* Each error is PGA_ERR_LOST where the connection broke before the question. */
    struct pga_error open_error; /* it can't be trusted, read or understood */
    struct pga_error load_error; /* its chain or its rows are not what they must be */
    struct pga_error lock_error;
    struct pga_lock_holder holder;
    struct pga_error unfinished_error;
    struct pga_unfinished *unfinished;
    bool *unfinished_lives; /* whether a session of the run that began it is still there */
    size_t unfinished_count;
    struct pga_error examine_error;
    struct pga_journal_examination examination;
};

/*
 * Ask the server and the journal everything, in read-only transactions with limits.  What can't be answered is noted and
 * no error; a connection that breaks becomes connect_error.  Errors: PGA_ERR_INTERRUPTED.
 */
bool pga_doctor_read(struct pga_doctor *doctor, struct pga_journal *journal,
                     const struct pga_clock *clock, struct pga_error *err) PGA_MUST_CHECK;

/* Look at the facts. */
void pga_doctor_examine(const struct pga_doctor *doctor, struct pga_findings *out);

/* Seconds that the server's clock is ahead (negative: behind), given this machine's before and after asking. */
int64_t pga_doctor_clock_ahead_s(int64_t before_s, int64_t after_s, int64_t server_s);

/*
 * Seconds since 1970 of an alteration's timestamp: ten digits are those, 13 have milliseconds, 14 are a date and time in
 * UTC.  -1 for any other, which says nothing of a clock.
 */
int64_t pga_doctor_timestamp_s(const char *timestamp);

#endif
