/*
 * drivers/local/place.c: where the state and the socket of a private cluster are.
 *
 * The state lies in the project, where it is found again and goes away with it, whenever the user
 * that the cluster runs as can work there; otherwise in that user's (or the system's) state
 * directory, under a digest of the project's path.  A place that holds data wins over one that
 * doesn't, so a project that becomes writable or read-only keeps its cluster.  Nothing is created
 * here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/digest.h"

enum fitness { UNUSABLE, USABLE, IN_USE };

/* The first hexadecimal digits of the digest of the project's path. */
static char *
project_digest(const struct pga_local *local, size_t digits)
{
    struct pga_digest digest = pga_digest_of(pga_str_of(local->cluster->project_dir));

    return pga_strndup(local->mem, pga_digest_format(local->mem, &digest), digits);
}

/* A comma would make two hosts of the path in libpq's parameter "host". */
static bool
socket_fits(const char *dir)
{
    return strlen(dir) + strlen("/" PGA_LOCAL_SOCKET) <
               sizeof(((struct sockaddr_un *)0)->sun_path) &&
           strchr(dir, ',') == NULL;
}

/*
 * A directory of the user's own for things that live as long as the login; only the user itself can
 * have it.
 */
static const char *
runtime_dir(const struct pga_local *local)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    struct stat status;

    if (local->own.assumed || dir == NULL || dir[0] != '/' || stat(dir, &status) != 0 ||
        !S_ISDIR(status.st_mode) || status.st_uid != local->cluster->uid)
        return "/tmp";
    return dir;
}

static const char *
choose_socket_dir(const struct pga_local *local)
{
    const struct pga_cluster *cluster = local->cluster;
    const char *dir = pga_format(local->mem, "%s/socket", cluster->state_dir);
    const char *name;

    if (socket_fits(dir))
        return dir;
    name = pga_format(local->mem, "pgalter-%ld-%s", (long)cluster->uid, project_digest(local, 12));
    dir = pga_format(local->mem, "%s/%s", runtime_dir(local), name);
    return socket_fits(dir) ? dir : pga_format(local->mem, "/tmp/%s", name);
}

/* NULL when neither the environment nor the user database says where the user's state belongs. */
static const char *
state_home(struct pga_local *local)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    const struct passwd *entry;

    if (local->own.assumed)
        return NULL;
    if (state != NULL && state[0] == '/')
        return state;
    if (home == NULL || home[0] != '/') {
        entry = getpwuid(local->cluster->uid);
        home = entry == NULL ? NULL : entry->pw_dir;
    }
    return home == NULL || home[0] != '/' ? NULL : pga_format(local->mem, "%s/.local/state", home);
}

bool
pga_place_use(struct pga_local *local, enum pga_place_kind place, struct pga_error *err)
{
    struct pga_cluster *cluster = local->cluster;
    const char *home = state_home(local);

    if (place == PGA_PLACE_PROJECT)
        cluster->state_dir = pga_format(local->mem, "%s/.pgalter/local", cluster->project_dir);
    else if (local->own.assumed)
        cluster->state_dir =
            pga_format(local->mem, "/var/lib/pgalter/local/%s", project_digest(local, 32));
    else if (home != NULL)
        cluster->state_dir =
            pga_format(local->mem, "%s/pgalter/%s", home, project_digest(local, 32));
    else {
        (void)pga_fail(err, PGA_ERR_USAGE, "there is no place for the private cluster of \"%s\"",
                       cluster->project_dir);
        return pga_error_hint(err, "Make that directory writable, or set XDG_STATE_HOME to a "
                                   "directory of your own.");
    }
    local->place = place;
    cluster->data_dir = pga_format(local->mem, "%s/data", cluster->state_dir);
    cluster->log_file = pga_format(local->mem, "%s/log", cluster->state_dir);
    cluster->socket_dir = choose_socket_dir(local);
    return true;
}

/* Whether this user, if need be with root's help, could make something in an existing directory. */
static bool
can_make_in(const struct pga_local *local, const char *dir)
{
    bool can_write = faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0;

    return can_write || (local->own.assumed && errno != EROFS &&
                         faccessat(AT_FDCWD, dir, X_OK, AT_EACCESS) == 0);
}

/* Whether the state directory in the project can be used, or made in the outer one. */
static enum fitness
judge_state_dir(const struct pga_local *local, const char *outer, const char *inner)
{
    struct stat status;

    if (lstat(inner, &status) != 0)
        return errno == ENOENT && can_make_in(local, outer) ? USABLE : UNUSABLE;
    if (!S_ISDIR(status.st_mode))
        return UNUSABLE;
    if (status.st_uid == 0 && local->own.assumed)
        return USABLE; /* another command of root's is about to give it to the user */
    if (status.st_uid != local->cluster->uid)
        return UNUSABLE;
    return faccessat(AT_FDCWD, inner, W_OK | X_OK, AT_EACCESS) == 0 ? IN_USE : UNUSABLE;
}

/*
 * Whether the state can live in the project.  What stands there already must be the user's own (or
 * root's, for the outer directory): whoever owned it could otherwise put other data under the
 * cluster.
 */
static enum fitness
judge_project(const struct pga_local *local)
{
    const struct pga_cluster *cluster = local->cluster;
    const char *outer = pga_format(local->mem, "%s/.pgalter", cluster->project_dir);
    const char *inner = pga_format(local->mem, "%s/local", outer);
    struct stat status;

    if (strlen(inner) > PGA_LOCAL_PATH_MAX)
        return UNUSABLE;
    if (lstat(outer, &status) != 0)
        return errno == ENOENT && can_make_in(local, cluster->project_dir) ? USABLE : UNUSABLE;
    if (!S_ISDIR(status.st_mode) || (status.st_uid != cluster->uid && status.st_uid != 0))
        return UNUSABLE;
    return judge_state_dir(local, outer, inner);
}

static bool
choose_state_dir(struct pga_local *local, struct pga_error *err)
{
    struct pga_error ignored = {0};
    enum fitness project = judge_project(local);
    bool elsewhere = pga_place_use(local, PGA_PLACE_ELSEWHERE, &ignored);

    if (project == IN_USE)
        return pga_place_use(local, PGA_PLACE_PROJECT, err);
    if (elsewhere && faccessat(AT_FDCWD, local->cluster->state_dir, X_OK, AT_EACCESS) == 0)
        return true;
    return pga_place_use(local, project == USABLE ? PGA_PLACE_PROJECT : PGA_PLACE_ELSEWHERE, err);
}

/* The server keeps paths in line-oriented files. */
static bool
has_control_character(const char *path)
{
    for (; *path != '\0'; path++)
        if ((unsigned char)*path < 0x20 || *path == 0x7f)
            return true;
    return false;
}

bool
pga_place_find(struct pga_local *local, struct pga_error *err)
{
    struct pga_cluster *cluster = local->cluster;
    const char *given = local->settings->project_dir;
    char path[PATH_MAX];
    struct stat status;

    if (realpath(given == NULL ? "." : given, path) == NULL || stat(path, &status) != 0)
        return pga_fail(err, PGA_ERR_USAGE, "cannot open the project directory \"%s\": %s",
                        given == NULL ? "." : given, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return pga_fail(err, PGA_ERR_USAGE, "the project \"%s\" is not a directory", path);
    if (has_control_character(path))
        return pga_fail(err, PGA_ERR_USAGE,
                        "the path of the project directory has a control character");
    cluster->project_dir = pga_strdup(local->mem, path);
    return pga_identity_choose(local, status.st_uid, err) && pga_identity_assume(local, err) &&
           choose_state_dir(local, err);
}
