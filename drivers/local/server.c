/*
 * drivers/local/server.c: the postmaster of a private cluster.
 *
 * Whether it runs is not believed from postmaster.pid alone, since a pid can meanwhile be another
 * program's: the process must be a server that works in the data directory.  What keeps two servers
 * off one data directory for certain, also from two containers that don't see each other's
 * processes, is a lock on PG_VERSION: every process of the server inherits the descriptor, so it is
 * held until the last one is gone.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define POLL_MS      10
#define QUIT_MS      8000 /* an immediate shutdown kills its children after 5 s by itself */
#define KILL_MS      5000
#define ORPHAN_MS    2000 /* what a backend without a postmaster gets to end by itself */
#define MASTER_LINES 8

/*
 * What the postmaster writes about itself: miscadmin.h calls these lines the postmaster's lock
 * file.
 */
struct postmaster {
    pid_t pid;
    const char *socket_dir;
    bool ready;
};

static int64_t
now_ms(void)
{
    return pga_clock_now_ms(pga_clock_system());
}

/* What is read onto `mem` is needed for a moment only: a wait looks a hundred times a second. */
static bool
read_postmaster(const struct pga_cluster *cluster, struct pga_arena *mem, struct postmaster *out)
{
    const char *path = pga_format(mem, "%s/postmaster.pid", cluster->data_dir);
    struct pga_str text = pga_str_of(pga_small_file(mem, path));
    struct pga_str lines[MASTER_LINES] = {{"", 0}};
    int64_t pid;

    for (size_t i = 0; i < MASTER_LINES && text.len > 0; i++) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);

        lines[i] = pga_str_trim(pga_str_slice(text, 0, len));
        text = pga_str_slice(text, len + 1, text.len);
    }
    if (!pga_parse_int(lines[0], -INT32_MAX, INT32_MAX, &pid))
        return false;
    out->pid = (pid_t)(pid < 0 ? -pid : pid); /* negative: somebody's single-user server */
    out->socket_dir = pga_str_dup(mem, lines[4]);
    out->ready = pga_str_equal_c(lines[7], "ready") || pga_str_equal_c(lines[7], "standby");
    return out->pid > 1;
}

/*
 * Whether this process is a server in that directory.  A zombie has no working directory any more.
 */
static bool
works_in(struct pga_arena *mem, pid_t pid, const struct stat *data)
{
    struct stat cwd;
    const char *name;

    if (stat(pga_format(mem, "/proc/%ld/cwd", (long)pid), &cwd) != 0 ||
        cwd.st_dev != data->st_dev || cwd.st_ino != data->st_ino)
        return false;
    name = pga_small_file(mem, pga_format(mem, "/proc/%ld/comm", (long)pid));
    return name != NULL && strstr(name, "postgres") != NULL;
}

/*
 * Whether that process is a server over our data; without /proc, whether there is such a process at
 * all.
 */
static bool
is_server(const struct pga_cluster *cluster, struct pga_arena *mem, pid_t pid)
{
    struct stat status, data;

    (void)waitpid(pid, NULL, WNOHANG); /* when it is our own child, it must not stay a zombie */
    if (stat(cluster->data_dir, &data) != 0)
        return false;
    return stat("/proc/self/cwd", &status) == 0 ? works_in(mem, pid, &data) : kill(pid, 0) == 0;
}

bool
pga_server_accepts(struct pga_arena *mem, const char *socket_dir)
{
    const char *path = pga_format(mem, "%s/" PGA_LOCAL_SOCKET, socket_dir);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    PGA_AUTO(pga_close)
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
        return false;
    memcpy(address.sun_path, path, strlen(path));
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return false;
    /* A queue that is full is one that somebody serves. */
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
}

bool
pga_server_inspect(struct pga_local *local)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_cluster *cluster = local->cluster;
    const char *version = pga_format(&scratch, "%s/PG_VERSION", cluster->data_dir);
    struct postmaster master;
    struct stat status;

    cluster->state = lstat(version, &status) == 0 ? PGA_CLUSTER_STOPPED : PGA_CLUSTER_ABSENT;
    cluster->pid = 0;
    if (!read_postmaster(cluster, &scratch, &master) || !is_server(cluster, &scratch, master.pid))
        return false;
    cluster->state = PGA_CLUSTER_RUNNING;
    cluster->pid = master.pid;
    /* It may have been started with another environment; or the project has been renamed since. */
    if (!pga_same(cluster->socket_dir, master.socket_dir) &&
        pga_server_accepts(&scratch, master.socket_dir))
        cluster->socket_dir = pga_strdup(local->mem, master.socket_dir);
    return master.ready;
}

bool
pga_server_settle(struct pga_local *local, struct pga_error *err)
{
    while (!pga_server_inspect(local) && local->cluster->state == PGA_CLUSTER_RUNNING) {
        if (now_ms() >= local->deadline_ms) {
            (void)pga_fail(err, PGA_ERR_NO_SERVER,
                           "the server (pid %ld) of the private cluster got neither ready nor "
                           "ended within %s",
                           (long)local->cluster->pid,
                           pga_format_duration_ms(local->mem, local->timeout_ms));
            return pga_error_hint(err, "Stop it with: pgalter local stop");
        }
        if (!pga_pause(POLL_MS, err))
            return false;
    }
    return true;
}

/* Send a signal to every server process that works in the data directory; how many there are. */
static int
signal_all(const struct pga_local *local, int signal)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    struct stat data;
    int count = 0;

    if (stat(local->cluster->data_dir, &data) != 0)
        data.st_ino = 0;
    while (dir != NULL && data.st_ino != 0 && (entry = readdir(dir)) != NULL) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena scratch = {0};
        int64_t pid;

        if (pga_parse_int(pga_str_of(entry->d_name), 2, INT32_MAX, &pid) &&
            works_in(&scratch, (pid_t)pid, &data)) {
            count++;
            (void)kill((pid_t)pid, signal);
        }
    }
    if (dir != NULL)
        (void)closedir(dir);
    return count;
}

/*
 * End what a postmaster left behind that was killed.  A backend that is computing, or stopped, does
 * not notice it, and while it is attached to the old shared memory no new postmaster starts. 
 * Nothing that it committed is lost by this.
 */
bool
pga_server_end_orphans(const struct pga_local *local, struct pga_error *err)
{
    int64_t start = now_ms();
    int signal = SIGQUIT;
    int count;

    while ((count = signal_all(local, signal)) > 0) {
        int64_t waited = now_ms() - start;

        if (waited > ORPHAN_MS + KILL_MS)
            return pga_fail(
                err, PGA_ERR_NO_SERVER,
                "%d processes of an earlier server of the private cluster can't be ended", count);
        signal = waited > ORPHAN_MS ? SIGKILL : 0;
        if (!pga_pause(20, err))
            return false;
    }
    return true;
}

/* Take the lock that the server will inherit. */
static bool
lock_data(struct pga_local *local, struct pga_error *err)
{
    const char *path = pga_format(local->mem, "%s/PG_VERSION", local->cluster->data_dir);

    pga_close(&local->data_fd);
    local->data_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (local->data_fd < 0)
        return pga_fail(err, PGA_ERR_USAGE, "cannot open \"%s\": %s", path, strerror(errno));
    while (flock(local->data_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return true; /* a file system without locks: the server's own precautions have to do */
        if (now_ms() >= local->deadline_ms) {
            (void)pga_fail(
                err, PGA_ERR_NO_SERVER,
                "the data of the private cluster is in use by a process that can't be seen "
                "from here, as in another container");
            return pga_error_hint(err, "Stop it there, or look for it with: fuser -v '%s'", path);
        }
        if (!pga_pause(POLL_MS, err))
            return false;
    }
    return true;
}

bool
pga_server_clear(struct pga_local *local, struct pga_error *err)
{
    const struct pga_cluster *cluster = local->cluster;
    struct postmaster master;
    const char *socket = pga_format(local->mem, "%s/" PGA_LOCAL_SOCKET, cluster->socket_dir);

    if (!pga_server_end_orphans(local, err) || !lock_data(local, err))
        return false;
    (void)unlink(socket); /* both would only be in the way */
    (void)unlink(pga_format(local->mem, "%s.lock", socket));
    if (read_postmaster(cluster, local->mem, &master) && kill(master.pid, 0) == 0)
        /* Another program has that pid now, and the server would take it for a postmaster. */
        (void)unlink(pga_format(local->mem, "%s/postmaster.pid", cluster->data_dir));
    return true;
}

/* End a postmaster that we started and that is not wanted; with it go its children. */
static void
abandon(const struct pga_local *local, pid_t pid)
{
    struct pga_error ignored = {0};
    int64_t limit = now_ms() + QUIT_MS;

    (void)kill(pid, SIGQUIT);
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        (void)poll(NULL, 0, POLL_MS);
        if (now_ms() >= limit)
            (void)kill(pid, SIGKILL);
    }
    (void)!pga_server_end_orphans(local, &ignored);
}

static bool
await_ready(struct pga_local *local, pid_t pid, struct pga_error *err)
{
    struct postmaster master;
    int status;

    for (;;) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena scratch = {0};

        if (waitpid(pid, &status, WNOHANG) != 0) {
            (void)pga_fail(err, PGA_ERR_NO_SERVER, "the private cluster did not start");
            return pga_serverlog_explain(local, err);
        }
        if (read_postmaster(local->cluster, &scratch, &master) && master.pid == pid && master.ready)
            return true;
        if (now_ms() >= local->deadline_ms) {
            (void)pga_fail(err, PGA_ERR_NO_SERVER, "the private cluster did not start within %s",
                           pga_format_duration_ms(local->mem, local->timeout_ms));
            (void)pga_serverlog_explain(local, err);
            break;
        }
        if (!pga_pause(POLL_MS, err))
            break;
    }
    abandon(local, pid);
    return false;
}

/* A path as a list of one element in a setting: quoted, with quotes doubled. */
static char *
quote_element(struct pga_arena *mem, const char *path)
{
    struct pga_buf buf = pga_buf_on(mem);

    pga_buf_append_char(&buf, '"');
    for (; *path != '\0'; path++) {
        if (*path == '"')
            pga_buf_append_char(&buf, '"');
        pga_buf_append_char(&buf, *path);
    }
    pga_buf_append_char(&buf, '"');
    return buf.data;
}

bool
pga_server_launch(struct pga_local *local, int log_fd, struct pga_error *err)
{
    struct pga_cluster *cluster = local->cluster;
    const char *directories = pga_format(local->mem, "unix_socket_directories=%s",
                                         quote_element(local->mem, cluster->socket_dir));
    const char *port = pga_format(local->mem, "port=%s", PGA_LOCAL_PORT);
    /* Here and not in postgresql.conf, so that no edit of that file opens the cluster to others. */
    const char *const argv[] = {pga_format(local->mem, "%s/postgres", cluster->bin_dir),
                                "-D",
                                cluster->data_dir,
                                "-c",
                                "listen_addresses=",
                                "-c",
                                port,
                                "-c",
                                directories,
                                "-c",
                                "unix_socket_permissions=0700",
                                "-c",
                                "unix_socket_group=",
                                "-c",
                                "logging_collector=off",
                                "-c",
                                "log_destination=stderr",
                                "-c",
                                "cluster_name=pgalter",
                                NULL};
    const struct pga_process what = {.argv = argv,
                                     .directory = cluster->data_dir,
                                     .input = NULL,
                                     .log_fd = log_fd,
                                     .keep_fd = local->data_fd};
    pid_t pid;

    pga_serverlog_mark(local, log_fd);
    if (!pga_process_start(local, &what, -1, &pid, err))
        return false;
    if (!await_ready(local, pid, err))
        return false;
    (void)pga_server_inspect(local);
    return true;
}

/* Whether the postmaster itself is gone before that time; its file goes a little earlier. */
static bool
await_end(struct pga_local *local, pid_t pid, int64_t limit_ms, struct pga_error *err)
{
    for (;;) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena scratch = {0};

        if (!is_server(local->cluster, &scratch, pid)) {
            (void)pga_server_inspect(local);
            return true;
        }
        if (now_ms() >= limit_ms || !pga_pause(POLL_MS, err))
            return false;
    }
}

bool
pga_server_stop(struct pga_local *local, struct pga_error *err)
{
    pid_t pid = local->cluster->pid;
    const struct {
        int signal;
        int64_t wait_ms;
    } steps[] = {{SIGINT, local->deadline_ms - now_ms()}, {SIGQUIT, QUIT_MS}, {SIGKILL, KILL_MS}};

    for (size_t i = 0; i < PGA_COUNT_OF(steps); i++) {
        if (kill(pid, steps[i].signal) != 0 && errno != ESRCH)
            return pga_fail(err, PGA_ERR_NO_SERVER, "cannot stop the server (pid %ld): %s",
                            (long)pid, strerror(errno));
        if (await_end(local, pid, now_ms() + steps[i].wait_ms, err))
            return true;
        if (err->code != PGA_OK)
            return false;
    }
    return pga_fail(err, PGA_ERR_NO_SERVER,
                    "the server (pid %ld) of the private cluster does not end", (long)pid);
}
