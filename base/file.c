/*
 * base/file.c: reading and writing whole files.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static void
close_dir(DIR **dir)
{
    if (*dir != NULL)
        (void)closedir(*dir);
}

static const char *
kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a pipe";
    return S_ISSOCK(mode) ? "a socket" : "a device";
}

bool
pga_file_is_link(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

/* What one can do about an errno of open(). */
static bool
hint_open(struct pga_error *err, const char *path, int reason)
{
    if (reason == EACCES)
        return pga_error_hint(err, "\"ls -ld '%s'\" shows who may, \"id\" who you are.", path);
    if ((reason == ENOENT || reason == ELOOP) && pga_file_is_link(path))
        return pga_error_hint(err,
                              "It is a symbolic link that leads %s: see \"readlink '%s'\", "
                              "then mend or remove it.",
                              reason == ENOENT ? "nowhere" : "back to itself", path);
    return pga_error_hint(err, "See \"ls -ld '%s'\": is the name right?", path);
}

static bool
fail_read(const char *path, int reason, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "cannot read \"%s\": %s", path, strerror(reason));
    (void)pga_error_identify(err, PGA_ID_FILE_UNREADABLE);
    return hint_open(err, path, reason);
}

static bool
fail_kind(const char *path, mode_t mode, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "cannot read \"%s\": it is %s, not a regular file", path,
                   kind_of(mode));
    (void)pga_error_identify(err, PGA_ID_FILE_UNREADABLE);
    return pga_error_hint(err, "Put a file with text in its place, or give %s another name.",
                          kind_of(mode));
}

/* Read until `size` bytes or the end; -1 with errno when it fails. */
static ssize_t
read_fully(int fd, char *data, size_t size)
{
    size_t got = 0;

    while (got < size) {
        ssize_t n = read(fd, data + got, size - got);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            got += (size_t)n;
    }
    return (ssize_t)got;
}

/* A socket can't be opened at all, and the reason that the system gives says little. */
static bool
fail_open(const char *path, int reason, struct pga_error *err)
{
    struct stat status;

    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return fail_kind(path, status.st_mode, err);
    return fail_read(path, reason, err);
}

/* The nanoseconds of a file's last change; Darwin has another name for them. */
static long
change_ns(const struct stat *status)
{
#ifdef __APPLE__
    return status->st_mtimensec;
#else
    return status->st_mtim.tv_nsec;
#endif
}

/* Whether somebody wrote to the file since its status was taken: half of two texts is neither. */
static bool
was_written(int fd, const struct stat *before)
{
    struct stat now;

    return fstat(fd, &now) != 0 || now.st_size != before->st_size ||
           now.st_mtime != before->st_mtime || change_ns(&now) != change_ns(before);
}

static bool
check_readable(const char *path, const struct stat *status, size_t max_bytes, struct pga_error *err)
{
    if (!S_ISREG(status->st_mode))
        return fail_kind(path, status->st_mode, err);
    if ((uintmax_t)status->st_size <= max_bytes)
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "cannot read \"%s\": it has %jd bytes, the limit is %zu",
                   path, (intmax_t)status->st_size, max_bytes);
    (void)pga_error_identify(err, PGA_ID_TOO_LARGE);
    return pga_error_hint(err, "See \"ls -l '%s'\": is it the file that it should be?", path);
}

bool
pga_file_read(struct pga_arena *mem, const char *path, size_t max_bytes, struct pga_str *out,
              struct pga_error *err)
{
    /* O_NONBLOCK: a pipe must be refused, not waited for.  It means nothing to a regular file. */
    PGA_AUTO(close_fd)
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    char *data, more;
    size_t size;
    ssize_t got, beyond;

    if (fd < 0)
        return fail_open(path, errno, err);
    if (fstat(fd, &status) != 0)
        return fail_read(path, errno, err); /* GCOVR_EXCL_LINE: needs a failing file system */
    if (!check_readable(path, &status, max_bytes, err))
        return false;
    size = (size_t)status.st_size;
    data = pga_alloc(mem, size + 1, 1);
    got = read_fully(fd, data, size);
    beyond = got < 0 ? -1 : read_fully(fd, &more, 1);
    if (beyond < 0)
        return fail_read(path, errno, err);
    if ((size_t)got < size || beyond > 0 || was_written(fd, &status)) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" changed while it was read", path);
        (void)pga_error_identify(err, PGA_ID_FILE_UNREADABLE);
        return pga_error_hint(err, "Run the command again once nothing writes to the file.");
    }
    *out = (struct pga_str){data, size};
    return true;
}

static bool
write_fully(int fd, struct pga_str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.data, text.len);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            text = pga_str_slice(text, (size_t)n, text.len);
    }
    return true;
}

/* Where a name stands; "" is the root's. */
static const char *
parent_of(struct pga_arena *mem, const char *path)
{
    size_t len = strlen(path);

    while (len > 0 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len == 0 ? "." : pga_strndup(mem, path, len == 1 ? 1 : len - 1);
}

/* What one can do about an errno of whatever makes or changes a file. */
static bool
hint_write(struct pga_error *err, const char *path, int reason)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    if (reason == EEXIST)
        return pga_error_hint(err, "Something has that name already: see \"ls -ld '%s'\".", path);
    if (reason == ENOSPC || reason == EDQUOT)
        return pga_error_hint(err, "Make room, then run the command again.");
    return pga_error_hint(
        err,
        "You need the right to write there: \"ls -ld '%s'\" shows who may, \"id\" who you are.",
        parent_of(&mem, path));
}

static bool
fail_write(const char *verb, const char *path, int reason, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "cannot %s \"%s\": %s", verb, path, strerror(reason));
    (void)pga_error_identify(err, PGA_ID_FILE_UNREADABLE);
    return hint_write(err, path, reason);
}

bool
pga_file_write_new(const char *path, struct pga_str text, struct pga_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644);
    int reason;

    if (fd < 0)
        return fail_write("create", path, errno, err);
    reason = write_fully(fd, text) ? 0 : errno;
    if (close(fd) != 0 && reason == 0) /* a network file system tells of a full disk only here */
        reason = errno;                /* GCOVR_EXCL_LINE: needs such a file system */
    if (reason == 0)
        return true;
    (void)unlink(path); /* ours, and half a file is worse than none */
    return fail_write("write", path, reason, err);
}

/* Where a second name can't be made: directories, some file systems, files of other owners. */
static bool
link_is_impossible(int reason)
{
    return reason == EPERM || reason == EOPNOTSUPP || reason == ENOSYS || reason == EMLINK;
}

/*
 * rename() replaces what stands at the new name, and POSIX has no other.  So the file gets its
 * second name by linkat(), which fails when the name exists, and loses the first one afterwards: no
 * moment at which another file could be overwritten, and none at which the text has no name.  Where
 * links are impossible a check must do; the moment between check and rename() is then open to a
 * file that somebody creates just now.
 */
bool
pga_file_rename(const char *from, const char *to, struct pga_error *err)
{
    struct stat status;
    int reason = 0;

    if (linkat(AT_FDCWD, from, AT_FDCWD, to, 0) != 0)
        reason = errno;
    else if (unlink(from) != 0) {
        reason = errno;   /* GCOVR_EXCL_LINE: needs a directory in which only links may be made */
        (void)unlink(to); /* GCOVR_EXCL_LINE: the same */
    }
    if (link_is_impossible(reason)) {
        if (lstat(to, &status) == 0)
            reason = EEXIST; /* GCOVR_EXCL_LINE: Linux looks at the new name before it says EPERM */
        else
            reason = rename(from, to) == 0 ? 0 : errno;
    }
    if (reason == 0)
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "cannot rename \"%s\" to \"%s\": %s", from, to,
                   strerror(reason));
    (void)pga_error_identify(err, PGA_ID_FILE_UNREADABLE);
    return hint_write(err, reason == ENOENT ? from : to, reason);
}

bool
pga_file_exists(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0;
}

bool
pga_file_is_directory(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
fail_list(const char *dir, int reason, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "cannot read the directory \"%s\": %s", dir,
                   strerror(reason));
    (void)pga_error_identify(err, PGA_ID_NO_DIRECTORY);
    return hint_open(err, dir, reason);
}

static bool
fail_crowded(const char *dir, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE,
                   "cannot read the directory \"%s\": it has more than %d entries", dir,
                   PGA_FILE_NAMES_MAX);
    (void)pga_error_identify(err, PGA_ID_TOO_LARGE);
    return pga_error_hint(err, "Is it the directory that was meant? \"--dir DIR\" names another.");
}

bool
pga_file_list(struct pga_arena *mem, const char *dir, const char *const **out_names,
              size_t *out_count, struct pga_error *err)
{
    PGA_AUTO(close_dir)
    DIR *stream = opendir(dir);
    const char **names = NULL;
    size_t count = 0, capacity = 0;
    struct dirent *entry;

    if (stream == NULL)
        return fail_list(dir, errno, err);
    while (errno = 0, (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (count == PGA_FILE_NAMES_MAX)
            return fail_crowded(dir, err);
        names = pga_grow(mem, names, count, &capacity, sizeof(*names));
        names[count++] = pga_strdup(mem, entry->d_name);
    }
    if (errno != 0)
        return fail_list(dir, errno, err); /* GCOVR_EXCL_LINE: needs a failing disk */
    if (count > 0)
        qsort(names, count, sizeof(*names), compare_names);
    *out_names = names;
    *out_count = count;
    return true;
}

char *
pga_path_join(struct pga_arena *mem, const char *dir, const char *name)
{
    size_t len = strlen(dir);
    bool needs_slash = len > 0 && dir[len - 1] != '/';

    return pga_format(mem, "%s%s%s", dir, needs_slash ? "/" : "", name);
}

static bool
fail_directory(const char *path, int reason, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "cannot make the directory \"%s\": %s", path,
                   strerror(reason));
    (void)pga_error_identify(err, PGA_ID_NO_DIRECTORY);
    return hint_write(err, path, reason);
}

/* False with an errno, unless the directory is there already. */
static bool
make_one(const char *path, int *out_reason)
{
    if (mkdir(path, 0755) == 0)
        return true;
    *out_reason = errno == EEXIST ? ENOTDIR : errno; /* the next call changes it */
    return pga_file_is_directory(path);
}

bool
pga_file_make_directory(const char *path, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    char *part = pga_strdup(&scratch, path);
    int reason = 0;

    for (size_t i = 1; part[0] != '\0'; i++) {
        char end = part[i];

        if (end != '/' && end != '\0')
            continue;
        part[i] = '\0';
        if (!make_one(part, &reason))
            return fail_directory(part, reason, err);
        if (end == '\0')
            return true;
        part[i] = end;
    }
    return fail_directory("", ENOENT, err);
}
