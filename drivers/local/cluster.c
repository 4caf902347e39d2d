/*
 * drivers/local/cluster.c: the commands on the private cluster.
 *
 * Each command finds out where the cluster is, takes its lock when it changes something, looks at
 * what really runs, and acts on that; no state is remembered between commands but what the server
 * itself keeps.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/cluster.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/local/local_private.h"

#define DEFAULT_TIMEOUT_MS 60000
/* The same for everybody, so a URL suits the team; and not the journal's name, which "$user" would find. */
#define SUPERUSER "postgres"

/* Begin a command: where the cluster is, as whom it runs, and whether it runs. */
static bool
open_local(struct pga_local *local, struct pga_error *err)
{
    struct pga_cluster *cluster = local->cluster;
    int64_t timeout_ms = local->settings->timeout_ms;

    *cluster = (struct pga_cluster){.user = SUPERUSER};
    local->timeout_ms = timeout_ms > 0 ? timeout_ms : DEFAULT_TIMEOUT_MS;
    local->deadline_ms = pga_clock_now_ms(pga_clock_system()) + local->timeout_ms;
    if (!pga_place_find(local, err))
        return false;
    (void)pga_server_inspect(local);
    return true;
}

static void
close_local(struct pga_local *local)
{
    pga_close(&local->data_fd); /* a server that was started holds its own */
    pga_lock_release(local);
    pga_identity_restore(local);
}

#define LOCAL(mem_, settings_, out_)                                                               \
    {                                                                                              \
        .mem = (mem_), .settings = (settings_), .cluster = (out_), .lock_fd = -1, .data_fd = -1    \
    }

/* What kind of failure a command ended with, unless it was said where it happened. */
static bool
identify(struct pga_error *err)
{
    if (err->id != PGA_ID_NONE)
        return false;
    if (err->code == PGA_ERR_USAGE)
        return pga_error_identify(err, PGA_ID_LOCAL_CLUSTER);
    if (err->code == PGA_ERR_NO_SERVER)
        return pga_error_identify(err, PGA_ID_LOCAL_NOT_RUNNING);
    return false;
}

bool
pga_cluster_find(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                 struct pga_cluster *out, struct pga_error *err)
{
    PGA_AUTO(close_local)
    struct pga_local local = LOCAL(mem, settings, out);

    return open_local(&local, err) || identify(err);
}

/* Prepare the data and start a server over it; none runs. */
static bool
start_server(struct pga_local *local, struct pga_error *err)
{
    PGA_AUTO(pga_close)
    int log_fd = -1;
    int major = 0;

    return pga_place_make_socket_dir(local, err) && pga_data_version(local, &major, err) &&
           pga_binaries_find(local, major, err) && pga_tree_remove_leftovers(local, err) &&
           pga_serverlog_open(local, &log_fd, err) &&
           (major != 0 || pga_data_create(local, log_fd, err)) && pga_server_clear(local, err) &&
           pga_data_ensure_database(local, log_fd, err) && pga_server_launch(local, log_fd, err);
}

static bool
start_locked(struct pga_local *local, struct pga_error *err)
{
    if (!pga_place_make(local, err) || !pga_lock_take(local, err) || !pga_server_settle(local, err))
        return false;
    if (local->cluster->state == PGA_CLUSTER_RUNNING) {
        if (pga_server_accepts(local->mem, local->cluster->socket_dir))
            return true;
        /* It was killed just now, or something cleaned its directory up: nobody gets in. */
        if (!pga_server_stop(local, err))
            return false;
    }
    return start_server(local, err);
}

bool
pga_cluster_start(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                  struct pga_cluster *out, struct pga_error *err)
{
    PGA_AUTO(close_local)
    struct pga_local local = LOCAL(mem, settings, out);

    return (open_local(&local, err) && start_locked(&local, err)) || identify(err);
}

/* Take the lock where there is something to lock, and stop what runs. */
static bool
stop_locked(struct pga_local *local, struct pga_error *err)
{
    struct stat status;

    if (stat(local->cluster->state_dir, &status) != 0)
        return true;
    if (!pga_lock_take(local, err))
        return false;
    (void)pga_server_inspect(local);
    if (local->cluster->state == PGA_CLUSTER_RUNNING && !pga_server_stop(local, err))
        return false;
    return pga_server_end_orphans(local, err);
}

bool
pga_cluster_stop(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                 struct pga_cluster *out, struct pga_error *err)
{
    PGA_AUTO(close_local)
    struct pga_local local = LOCAL(mem, settings, out);

    return (open_local(&local, err) && stop_locked(&local, err)) || identify(err);
}

/* The directory of the socket, which is never removed with whatever else is in it. */
static void
remove_socket_dir(const struct pga_cluster *cluster, struct pga_arena *mem)
{
    const char *socket = pga_format(mem, "%s/" PGA_LOCAL_SOCKET, cluster->socket_dir);

    (void)unlink(socket);
    (void)unlink(pga_format(mem, "%s.lock", socket));
    (void)rmdir(cluster->socket_dir);
}

/* Remove what a start made, the lock last. */
static bool
remove_state(struct pga_local *local, struct pga_error *err)
{
    static const char *const names[] = {"database", "log", "log.1", "lock"};
    const struct pga_cluster *cluster = local->cluster;
    const char *old = pga_format(local->mem, "%s/old-data", cluster->state_dir);

    if (!pga_tree_remove_leftovers(local, err))
        return false;
    /* Under another name first: half removed data must not look like data. */
    if (rename(cluster->data_dir, old) != 0 && errno != ENOENT)
        return pga_fail(err, PGA_ERR_USAGE, "cannot remove \"%s\": %s", cluster->data_dir,
                        strerror(errno));
    if (!pga_tree_remove(old, err))
        return false;
    for (size_t i = 0; i < PGA_COUNT_OF(names); i++)
        if (!pga_tree_remove(pga_format(local->mem, "%s/%s", cluster->state_dir, names[i]), err))
            return false;
    remove_socket_dir(cluster, local->mem);
    pga_place_unmake(local);
    return true;
}

static bool
reset_locked(struct pga_local *local, struct pga_error *err)
{
    struct stat status;

    if (!stop_locked(local, err))
        return false;
    if (stat(local->cluster->state_dir, &status) != 0)
        return true;
    /* Where the socket belongs, not where a server that somebody started by hand had it. */
    if (!pga_place_use(local, local->place, err))
        return false;
    if (local->cluster->state == PGA_CLUSTER_STOPPED && !pga_server_clear(local, err))
        return false;
    if (!remove_state(local, err))
        return false;
    (void)pga_server_inspect(local);
    return true;
}

bool
pga_cluster_reset(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                  struct pga_cluster *out, struct pga_error *err)
{
    PGA_AUTO(close_local)
    struct pga_local local = LOCAL(mem, settings, out);

    return (open_local(&local, err) && reset_locked(&local, err)) || identify(err);
}

/* A value of a conninfo string: quoted, with quotes and backslashes escaped. */
static void
append_value(struct pga_buf *buf, const char *name, const char *value)
{
    pga_buf_appendf(buf, "%s%s='", buf->len == 0 ? "" : " ", name);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            pga_buf_append_char(buf, '\\');
        pga_buf_append_char(buf, *value);
    }
    pga_buf_append_char(buf, '\'');
}

char *
pga_cluster_conninfo(struct pga_arena *mem, const struct pga_cluster *cluster, const char *database)
{
    struct pga_buf buf = pga_buf_on(mem);

    append_value(&buf, "host", cluster->socket_dir);
    append_value(&buf, "port", PGA_LOCAL_PORT); /* PGPORT may name another server's */
    append_value(&buf, "dbname", database == NULL ? PGA_CLUSTER_DATABASE : database);
    append_value(&buf, "user", cluster->user);
    return buf.data;
}

/*
 * Percent-encode what is not an unreserved character of RFC 3986; '/' may stand in a query as it
 * is.
 */
static void
append_encoded(struct pga_buf *buf, const char *text, const char *plain)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr(plain, c) != NULL)
            pga_buf_append_char(buf, (char)c);
        else
            pga_buf_appendf(buf, "%%%02X", c);
    }
}

char *
pga_cluster_url(struct pga_arena *mem, const struct pga_cluster *cluster, const char *database)
{
    struct pga_buf buf = pga_buf_on(mem);

    pga_buf_appendf(&buf, "postgresql://%s@/", cluster->user);
    append_encoded(&buf, database == NULL ? PGA_CLUSTER_DATABASE : database, "-._~");
    pga_buf_append_c(&buf, "?host=");
    append_encoded(&buf, cluster->socket_dir, "-._~/");
    pga_buf_append_c(&buf, "&port=" PGA_LOCAL_PORT);
    return buf.data;
}
