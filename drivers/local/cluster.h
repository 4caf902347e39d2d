/*
 * drivers/local/cluster.h: the private cluster, a PostgreSQL server that pgalter starts for itself.
 *
 * One per project directory, from the binaries that are installed; it listens on a Unix socket in a
 * directory with mode 0700 and nowhere else, and outlives the command that started it.  Several can
 * run at once.  Nothing here needs to be stopped cleanly: a server that died, or whose postmaster
 * was killed, is started again over its data.  What was committed survives all that: fsync and
 * synchronous_commit are PostgreSQL's defaults.
 *
 * The state lies in <project>/.pgalter/local, or, where the cluster's user can't work there, in
 * /var/lib/pgalter/local/<digest> (root) or ${XDG_STATE_HOME:-~/.local/state}/pgalter/<digest>
 * (anybody else).  When root asks, the cluster runs as the owner of the project directory, else as
 * `postgres`, else as `nobody`; its directories have mode 0700, so root and that user can connect,
 * as the one superuser, without a password.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_LOCAL_CLUSTER_H
#define PGA_DRIVERS_LOCAL_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"

#define PGA_CLUSTER_DATABASE "dev" /* the database that exists after the first start */

enum pga_cluster_state {
    PGA_CLUSTER_ABSENT,  /* never started, or reset */
    PGA_CLUSTER_STOPPED, /* has data, no server */
    PGA_CLUSTER_RUNNING,
};

struct pga_cluster {
    const char *project_dir; /* absolute, symbolic links resolved */
    const char *state_dir;   /* holds data/, log, the lock; mode 0700 */
    const char *data_dir;
    const char *socket_dir; /* its socket's path fits into 107 bytes; port 5432 */
    const char *log_file;
    const char *bin_dir; /* of the server's binaries; NULL until a command needed them */
    const char *user;    /* the superuser of the cluster: "postgres" */
    uid_t uid;           /* the system user it runs as, and its group */
    gid_t gid;
    enum pga_cluster_state state;
    pid_t pid; /* of the postmaster while running; otherwise 0 */
};

struct pga_cluster_settings {
    const char *project_dir; /* NULL: the current directory */
    const char *bin_dir;     /* PGALTER_PG_BINDIR; NULL: look for the newest installed */
    int64_t timeout_ms;      /* for starting and stopping; 0: 60 s */
};

/*
 * Find out where the private cluster of a project is and whether it runs.  Creates nothing.
 * Errors: PGA_ERR_USAGE.
 */
bool pga_cluster_find(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                      struct pga_cluster *out, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Make it run: initdb where there is no data, then start where no server runs, then create the
 * database where it is missing.  A running one is left alone.  Two at once for one project: one
 * starts, both succeed.
 * Errors: PGA_ERR_USAGE (no binaries, binaries of another major version than the data: each says
 * what to do), PGA_ERR_NO_SERVER (it did not come up: with the end of its log),
 * PGA_ERR_INTERRUPTED.
 */
bool pga_cluster_start(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                       struct pga_cluster *out, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Stop it: fast shutdown, after the timeout immediate, then by force.  One that does not run is
 * fine.
 * Errors: PGA_ERR_USAGE, PGA_ERR_NO_SERVER, PGA_ERR_INTERRUPTED.
 */
bool pga_cluster_stop(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                      struct pga_cluster *out, struct pga_error *err) PGA_MUST_CHECK;

/* Stop it and remove its data, and nothing but what pga_cluster_start() made.  Errors: as above. */
bool pga_cluster_reset(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                       struct pga_cluster *out, struct pga_error *err) PGA_MUST_CHECK;

/*
 * "host=... port=... dbname=... user=..." and "postgresql://..." for it; `database` NULL:
 * PGA_CLUSTER_DATABASE.
 */
char *pga_cluster_conninfo(struct pga_arena *mem, const struct pga_cluster *cluster,
                           const char *database);
char *pga_cluster_url(struct pga_arena *mem, const struct pga_cluster *cluster,
                      const char *database);

/*
 * A program of the server's distribution, e.g. "psql": the one in PGALTER_PG_BINDIR, beside the
 * server's, or on PATH.  NULL and PGA_ERR_USAGE when there is none, with the package to install.
 */
char *pga_cluster_program(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                          const char *name, struct pga_error *err) PGA_MUST_CHECK;

#endif
