/*
 * drivers/local/files.c: the lock of a private cluster, its small files, and removing trees.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/str.h"

#define SMALL_FILE_MAX 8192
#define TRIES          50 /* to have a directory that resets don't take away */
#define DEPTH_MAX      64 /* of a tree that is removed; a data directory has about 6 */

void
pga_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

bool
pga_pause(int ms, struct pga_error *err)
{
    (void)poll(NULL, 0, ms < 100 ? ms : 100);
    return pga_interrupt_check(err);
}

/*
 * Whether the open file is still the one of that name: a reset may have removed it while we waited.
 */
static bool
is_still_there(int fd, const char *path)
{
    struct stat opened, named;

    return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

static bool
fail_lock(const struct pga_local *local, const char *path, int why, struct pga_error *err)
{
    if (why != EWOULDBLOCK)
        return pga_fail(err, PGA_ERR_USAGE, "cannot lock \"%s\": %s", path, strerror(why));
    (void)pga_fail(err, PGA_ERR_NO_SERVER,
                   "another command on the private cluster did not end within %s",
                   pga_format_duration_ms(local->mem, local->timeout_ms));
    return pga_error_hint(err, "See who holds the lock with: fuser -v '%s'", path);
}

/* Open and lock the file: its descriptor, or -1 and why not; EWOULDBLOCK while it is held. */
static int
try_lock(const char *path, int *out_why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    *out_why = errno;
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        *out_why = errno == EINTR ? EWOULDBLOCK : errno;
    else if (is_still_there(fd, path))
        return fd;
    else
        *out_why = EWOULDBLOCK;
    (void)close(fd);
    return -1;
}

bool
pga_lock_take(struct pga_local *local, struct pga_error *err)
{
    const char *path = pga_format(local->mem, "%s/lock", local->cluster->state_dir);
    int why = 0, tries = 0;

    while ((local->lock_fd = try_lock(path, &why)) < 0) {
        bool late = pga_clock_now_ms(pga_clock_system()) >= local->deadline_ms;

        if ((why == ENOENT || why == EACCES) && tries++ < TRIES) { /* a reset came between */
            if (!pga_place_make(local, err))
                return false;
        } else if (why != EWOULDBLOCK || late) {
            return fail_lock(local, path, why, err);
        }
        if (!pga_pause(20, err))
            return false;
    }
    return true;
}

void
pga_lock_release(struct pga_local *local)
{
    pga_close(&local->lock_fd);
}

char *
pga_small_file(struct pga_arena *mem, const char *path)
{
    PGA_AUTO(pga_close)
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    char *text;
    ssize_t len;

    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    text = pga_alloc(mem, SMALL_FILE_MAX + 1, 1);
    len = read(fd, text, SMALL_FILE_MAX);
    return len < 0 ? NULL : text;
}

/* Errors stay in errno. */
static bool
remove_at(int parent, const char *name, int depth)
{
    const struct dirent *entry;
    bool empty = true;
    DIR *dir;
    int fd;

    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM) /* what Linux and POSIX say of a directory */
        return false;
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        pga_close(&fd);
        return false;
    }
    if (depth == DEPTH_MAX) {
        errno = ELOOP;
        empty = false;
    }
    while (empty && (entry = readdir(dir)) != NULL)
        if (!pga_same(entry->d_name, ".") && !pga_same(entry->d_name, ".."))
            empty = remove_at(dirfd(dir), entry->d_name, depth + 1);
    fd = errno;
    (void)closedir(dir);
    errno = fd;
    return empty && unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

bool
pga_tree_remove(const char *path, struct pga_error *err)
{
    if (remove_at(AT_FDCWD, path, 0))
        return true;
    return pga_fail(err, PGA_ERR_USAGE, "cannot remove \"%s\": %s", path, strerror(errno));
}

bool
pga_tree_remove_leftovers(struct pga_local *local, struct pga_error *err)
{
    const char *state_dir = local->cluster->state_dir;
    DIR *dir = opendir(state_dir);
    const struct dirent *entry;
    bool removed = true;

    if (dir == NULL)
        return pga_fail(err, PGA_ERR_USAGE, "cannot read \"%s\": %s", state_dir, strerror(errno));
    while (removed && (entry = readdir(dir)) != NULL)
        if (strncmp(entry->d_name, "new-", 4) == 0 || strncmp(entry->d_name, "old-", 4) == 0)
            removed =
                pga_tree_remove(pga_format(local->mem, "%s/%s", state_dir, entry->d_name), err);
    (void)closedir(dir);
    return removed;
}
