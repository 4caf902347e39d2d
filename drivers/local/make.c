/*
 * drivers/local/make.c: making and removing the directories of a private cluster.
 *
 * Each directory is reached from the descriptor of the one above it and never through a symbolic
 * link.  Where the user that the cluster runs as may not write, in a project of root's or under
 * /var/lib, root makes the directory and gives it away while it is still empty.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define IGNORE_ALL     "*\n" /* what .gitignore says */
#define TRIES          20

static bool
fail_make(const struct pga_local *local, const char *what, struct pga_error *err)
{
    int why = errno;

    (void)pga_fail(err, PGA_ERR_USAGE, "cannot make \"%s\" for the private cluster: %s", what,
                   strerror(why));
    if (why == ENOSPC || why == EDQUOT)
        return pga_error_hint(err, "Free some space there, then run the same command again.");
    return pga_error_hint(err, "User \"%s\" needs to write there.",
                          local->system_user == NULL ? "?" : local->system_user);
}

/*
 * Make and open a directory below an open one.  Errors stay in errno.  Its mode is set, whatever
 * the umask says, when it is new.
 */
static int
make_below(int parent, const char *name, mode_t mode, bool *out_new)
{
    bool is_new = mkdirat(parent, name, mode) == 0;
    int fd;

    if (!is_new && errno != EEXIST)
        return -1;
    fd = openat(parent, name, OPEN_DIRECTORY);
    if (fd >= 0 && is_new && fchmod(fd, mode) != 0 && errno != EPERM)
        pga_close(&fd); /* EPERM: a file system without modes; whoever needs the mode looks at it */
    *out_new = is_new;
    return fd;
}

/*
 * Whether an open directory belongs to this user and nobody else can get in, after trying to make
 * it so.
 */
static bool
is_private(int fd, uid_t uid)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || status.st_uid != uid)
        return false;
    if ((status.st_mode & 0777) == 0700)
        return true;
    return fchmod(fd, 0700) == 0 && fstat(fd, &status) == 0 && (status.st_mode & 0777) == 0700;
}

/* Whether an open directory holds nothing, or nothing but a file of that name. */
static bool
is_empty_but_for(int fd, const char *name)
{
    int copy = openat(fd, ".", OPEN_DIRECTORY);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    bool empty = dir != NULL;

    while (empty && (entry = readdir(dir)) != NULL)
        empty = pga_same(entry->d_name, ".") || pga_same(entry->d_name, "..") ||
                pga_same(entry->d_name, name);
    if (dir != NULL)
        (void)closedir(dir);
    else
        pga_close(&copy);
    return empty;
}

/*
 * As root: give the user an empty directory of root's, which this command or another has just made,
 * or one that was killed then.
 */
static bool
give_away(int fd, const struct pga_cluster *cluster)
{
    struct stat status;

    if (geteuid() == cluster->uid || fstat(fd, &status) != 0 || status.st_uid != geteuid())
        return true;
    if (is_empty_but_for(fd, NULL) && fchown(fd, cluster->uid, cluster->gid) == 0)
        return true;
    return fstat(fd, &status) == 0 && status.st_uid == cluster->uid; /* another was faster */
}

/*
 * The innermost directory: the user's own, with mode 0700.  A new one that can't be that is removed
 * again.
 */
static bool
make_private(struct pga_local *local, int parent, const char *name, bool *out_shared)
{
    const struct pga_cluster *cluster = local->cluster;
    PGA_AUTO(pga_close)
    int fd = -1;
    bool is_new = false;

    fd = make_below(parent, name, 0700, &is_new);
    if (fd < 0)
        return false;
    if (!give_away(fd, cluster))
        return false;
    if (is_private(fd, cluster->uid))
        return true;
    *out_shared = true;
    if (is_new)
        (void)unlinkat(parent, name, AT_REMOVEDIR);
    errno = is_new ? ENOTSUP : EACCES;
    return false;
}

/* So that no version control picks the data up. */
static void
write_ignore_file(int outer)
{
    PGA_AUTO(pga_close)
    int fd =
        openat(outer, ".gitignore", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd >= 0 && write(fd, IGNORE_ALL, strlen(IGNORE_ALL)) < 0)
        (void)unlinkat(outer, ".gitignore", 0);
}

/* <project>/.pgalter/local, made with the rights that the process has now. */
static bool
make_in_project(struct pga_local *local, bool *out_shared)
{
    const struct pga_cluster *cluster = local->cluster;
    PGA_AUTO(pga_close)
    int project = open(cluster->project_dir, OPEN_DIRECTORY);
    PGA_AUTO(pga_close)
    int outer = -1;
    struct stat status;
    bool is_new = false;

    if (project < 0)
        return false;
    outer = make_below(project, ".pgalter", 0755, &is_new);
    if (outer < 0 || fstat(outer, &status) != 0)
        return false;
    if (status.st_uid != cluster->uid && status.st_uid != 0) {
        errno = EACCES; /* somebody made it since place.c looked */
        return false;
    }
    if (is_new)
        write_ignore_file(outer);
    return make_private(local, outer, "local", out_shared);
}

/* The state directory elsewhere, with its parents, which only root or the user can have made. */
static bool
make_elsewhere(struct pga_local *local, bool *out_shared)
{
    char *path = pga_strdup(local->mem, local->cluster->state_dir);
    char *last = strrchr(path, '/');
    bool as_root = geteuid() == 0;
    PGA_AUTO(pga_close)
    int parent = -1;

    for (char *slash = path; slash != last;) {
        slash = strchr(slash + 1, '/');
        *slash = '\0';
        if (mkdir(path, as_root ? 0755 : 0700) == 0 && as_root && chmod(path, 0755) != 0)
            return false; /* whatever root's umask is, the user has to get through */
        if (slash != last)
            *slash = '/';
    }
    parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return parent >= 0 && make_private(local, parent, last + 1, out_shared);
}

typedef bool (*maker)(struct pga_local *local, bool *out_shared);

/* Once more as root, for a place where the user may not write. */
static bool
make_as_root(struct pga_local *local, maker make, bool *out_shared)
{
    struct pga_error failed = {0};
    bool made;
    int why;

    if (!local->own.assumed)
        return false;
    pga_identity_restore(local);
    made = make(local, out_shared);
    why = errno;
    if (!pga_identity_assume(local, &failed))
        pga_bug("%s", failed.message);
    errno = why;
    return made;
}

bool
pga_place_make(struct pga_local *local, struct pga_error *err)
{
    maker make = local->place == PGA_PLACE_PROJECT ? make_in_project : make_elsewhere;
    bool shared = false, made = false;

    errno = ENOENT;
    for (int i = 0; !made && errno == ENOENT && i < TRIES; i++) /* a reset may come between */
        made = make(local, &shared) || make_as_root(local, make, &shared);
    if (made)
        return true;
    if (local->place == PGA_PLACE_ELSEWHERE || !shared || errno != ENOTSUP)
        return fail_make(local, local->cluster->state_dir, err);
    /* A file system that knows no modes: there the server would refuse its data. */
    return pga_place_use(local, PGA_PLACE_ELSEWHERE, err) && pga_place_make(local, err);
}

/*
 * A name in /tmp can be taken by anybody, so what stands there is looked at before it is trusted.
 */
bool
pga_place_make_socket_dir(const struct pga_local *local, struct pga_error *err)
{
    const struct pga_cluster *cluster = local->cluster;
    PGA_AUTO(pga_close)
    int fd = -1;

    if (mkdir(cluster->socket_dir, 0700) != 0 && errno != EEXIST)
        return fail_make(local, cluster->socket_dir, err);
    fd = open(cluster->socket_dir, OPEN_DIRECTORY);
    if (fd >= 0 && is_private(fd, cluster->uid))
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE,
                   "the directory \"%s\" for the socket belongs to somebody else",
                   cluster->socket_dir);
    return pga_error_hint(err, "Have it removed, or set XDG_RUNTIME_DIR to a short directory of "
                               "your own.");
}

/* Whether a directory holds nothing but the .gitignore that write_ignore_file() made. */
static bool
holds_only_ignore_file(int dir_fd)
{
    PGA_AUTO(pga_close)
    int fd = openat(dir_fd, ".gitignore", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char text[sizeof(IGNORE_ALL) + 1];

    return fd >= 0 && read(fd, text, sizeof(text)) == (ssize_t)strlen(IGNORE_ALL) &&
           memcmp(text, IGNORE_ALL, strlen(IGNORE_ALL)) == 0 &&
           is_empty_but_for(dir_fd, ".gitignore");
}

static bool
unmake_in_project(struct pga_local *local, bool *out_shared PGA_UNUSED)
{
    PGA_AUTO(pga_close)
    int project = open(local->cluster->project_dir, OPEN_DIRECTORY);
    PGA_AUTO(pga_close)
    int outer = openat(project, ".pgalter", OPEN_DIRECTORY);

    if (outer < 0 || (unlinkat(outer, "local", AT_REMOVEDIR) != 0 && errno != ENOENT))
        return false;
    if (!holds_only_ignore_file(outer))
        return true;
    return unlinkat(outer, ".gitignore", 0) == 0 &&
           unlinkat(project, ".pgalter", AT_REMOVEDIR) == 0;
}

static bool
unmake_elsewhere(struct pga_local *local, bool *out_shared PGA_UNUSED)
{
    return rmdir(local->cluster->state_dir) == 0;
}

void
pga_place_unmake(struct pga_local *local)
{
    maker unmake = local->place == PGA_PLACE_PROJECT ? unmake_in_project : unmake_elsewhere;
    bool unused = false;

    if (!unmake(local, &unused))
        (void)make_as_root(local, unmake, &unused);
}
