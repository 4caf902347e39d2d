/*
 * drivers/local/local_private.h: what the files of drivers/local share.
 *
 * A command on the private cluster is one struct pga_local from pga_local_open() to
 * pga_local_close().  Between the two the process has the effective identity of the user that the
 * cluster runs as.  When root started pgalter, everything in a directory that this user controls is
 * thereby done with this user's rights, and no symbolic link or race there can lead root anywhere. 
 * Only the directories that this user can't make are made as root, in make.c, relative to open
 * descriptors.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_LOCAL_PRIVATE_H
#define PGA_DRIVERS_LOCAL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "drivers/local/cluster.h"

#define PGA_LOCAL_PORT       "5432" /* only a part of the socket's name */
#define PGA_LOCAL_SOCKET     ".s.PGSQL." PGA_LOCAL_PORT
#define PGA_LOCAL_MAJOR_MIN  13
#define PGA_LOCAL_PATH_MAX   800 /* of the state directory; the server cuts paths at 1023 bytes */
#define PGA_LOCAL_LOG_MAX    (10 << 20)
#define PGA_LOCAL_OUTPUT_MAX 65536 /* of a program whose output is read */

/*
 * Where the state can live.  A project whose cluster has data in one place never moves to the
 * other.
 */
enum pga_place_kind {
    PGA_PLACE_PROJECT,
    PGA_PLACE_ELSEWHERE,
};

/* The effective identity to go back to. */
struct pga_identity {
    bool assumed;
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    int group_count;
};

struct pga_local {
    struct pga_arena *mem;
    const struct pga_cluster_settings *settings;
    struct pga_cluster *cluster;
    const char *system_user; /* the name of cluster->uid; NULL when it has none */
    struct pga_identity own;
    enum pga_place_kind place;
    int64_t timeout_ms;
    int64_t deadline_ms; /* of the command, on the monotonic clock */
    int lock_fd;         /* -1 until pga_lock_take() */
    int data_fd;         /* -1 until pga_server_clear(): the lock that the server inherits */
    int64_t log_start;   /* size of the log when the command began to write there */
};

/* identity.c: acting as another user */

/*
 * Choose the user that the cluster of a directory with this owner runs as: fills uid, gid and
 * system_user.
 */
bool pga_identity_choose(struct pga_local *local, uid_t owner, struct pga_error *err)
    PGA_MUST_CHECK;

/* Become that user, as far as the effective ids go; nothing to do unless root asks. */
bool pga_identity_assume(struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Become the caller again.  Ends the process when that fails, as it must not go on as the wrong
 * user.
 */
void pga_identity_restore(struct pga_local *local);

/* In a forked child: give up the way back for good. */
bool pga_identity_drop(void) PGA_MUST_CHECK;

/* place.c: where the state and the socket are; creates nothing */

bool pga_place_find(struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Take this place: fills the paths that depend on it.  False when the environment doesn't say where
 * it is.
 */
bool pga_place_use(struct pga_local *local, enum pga_place_kind place, struct pga_error *err)
    PGA_MUST_CHECK;

/* make.c: the directories of the state and of the socket */

/* Make the state directory where it is missing, and check that nobody else can get in. */
bool pga_place_make(struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/* The same for the directory of the socket; the lock is held. */
bool pga_place_make_socket_dir(const struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/* Remove them, as far as they are empty. */
void pga_place_unmake(struct pga_local *local);

/* files.c: the lock, small files, removing trees */

/*
 * Wait for the project's lock until the deadline; pga_lock_release() or the end of the process
 * gives it up.
 */
bool pga_lock_take(struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;
void pga_lock_release(struct pga_local *local);

/* The text of a small regular file, at most 8 KB of it; NULL when it can't be read. */
char *pga_small_file(struct pga_arena *mem, const char *path);

/* Remove a file or a directory with everything in it.  Follows no symbolic link; absent is fine. */
bool pga_tree_remove(const char *path, struct pga_error *err) PGA_MUST_CHECK;

/* Remove what an interrupted command left half made or half removed. */
bool pga_tree_remove_leftovers(struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/* serverlog.c: the log of the server and of the programs that prepare it */

/*
 * Open it for appending, turned over when it has become too large.  The descriptor is the caller's.
 */
bool pga_serverlog_open(struct pga_local *local, int *out_fd, struct pga_error *err) PGA_MUST_CHECK;

/* What was written until now has nothing to do with what follows. */
void pga_serverlog_mark(struct pga_local *local, int fd);

/* What was written there since the mark: the last lines, safe to show. */
char *pga_serverlog_tail(const struct pga_local *local);

/* Add the last lines of the log and what to do about them to an error.  Returns false. */
bool pga_serverlog_explain(const struct pga_local *local, struct pga_error *err);

/* process.c: programs as child processes, never through a shell */

struct pga_process {
    const char *const *argv; /* argv[0] is the path */
    const char *directory;   /* to work in */
    const char *input;       /* for stdin, at most 4 KB; NULL: none */
    int log_fd;              /* takes stderr, and stdout unless it is read; -1: /dev/null */
    int keep_fd;             /* one further descriptor that the child shall hold; -1: none */
};

/* Start it in a session of its own, with nothing of the environment but what it needs. */
bool pga_process_start(struct pga_local *local, const struct pga_process *what, int out_fd,
                       pid_t *out_pid, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Run it to its end.  `out_text` receives what it wrote to stdout; NULL: that goes to the log.  It
 * is killed at the deadline and when a stop is asked for.  Errors: PGA_ERR_NO_SERVER, also for an
 * exit status but 0; PGA_ERR_INTERRUPTED.
 */
bool pga_process_run(struct pga_local *local, const struct pga_process *what, char **out_text,
                     struct pga_error *err) PGA_MUST_CHECK;

/* Sleep a little, at most a tenth of a second.  False when a stop was asked for. */
bool pga_pause(int ms, struct pga_error *err) PGA_MUST_CHECK;

void pga_close(int *fd); /* for PGA_AUTO; -1 is fine */

/* binaries.c: where PostgreSQL's programs are */

/*
 * Find the server's programs of this major version (0: any, the first found) and fill
 * cluster->bin_dir.  Errors: PGA_ERR_USAGE: none, or none that suits.
 */
bool pga_binaries_find(struct pga_local *local, int major, struct pga_error *err) PGA_MUST_CHECK;

/* data.c: the data directory of a server that doesn't run */

/* The major version that made the data; 0 when there is none. */
bool pga_data_version(const struct pga_local *local, int *out_major, struct pga_error *err)
    PGA_MUST_CHECK;

/* Make the data and the database in it; what is visible as data_dir is always complete. */
bool pga_data_create(struct pga_local *local, int log_fd, struct pga_error *err) PGA_MUST_CHECK;

/* Make the database PGA_CLUSTER_DATABASE in existing data when somebody dropped it. */
bool pga_data_ensure_database(struct pga_local *local, int log_fd, struct pga_error *err)
    PGA_MUST_CHECK;

/* server.c: the postmaster */

/*
 * Find out what runs: fills state, pid and socket_dir.  Says whether a running server accepts
 * connections.
 */
bool pga_server_inspect(struct pga_local *local);

/*
 * Wait until a server that is starting is ready, or one that is stopping is gone, or it is clear
 * that none runs.
 */
bool pga_server_settle(struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/* End the processes that a killed postmaster left behind. */
bool pga_server_end_orphans(const struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/* The same, and remove what would keep a new one from starting, lock the data. */
bool pga_server_clear(struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/* Start the postmaster over the data and wait until it is ready. */
bool pga_server_launch(struct pga_local *local, int log_fd, struct pga_error *err) PGA_MUST_CHECK;

/* Stop the one that pga_server_inspect() found, and wait until it is gone. */
bool pga_server_stop(struct pga_local *local, struct pga_error *err) PGA_MUST_CHECK;

/* Whether somebody listens on the socket in that directory. */
bool pga_server_accepts(struct pga_arena *mem, const char *socket_dir);

#endif
