/*
 * drivers/local/serverlog.c: the log of the server and of the programs that prepare it.
 *
 * One file, appended to; a start turns it over to `log.1` when it has become too large.  Its last
 * lines go into the error when something fails, because they say why.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define TAIL_BYTES 3000
#define TAIL_LINES 20

bool
pga_serverlog_open(struct pga_local *local, int *out_fd, struct pga_error *err)
{
    const char *path = local->cluster->log_file;
    struct stat status;

    if (lstat(path, &status) == 0 && status.st_size > PGA_LOCAL_LOG_MAX &&
        rename(path, pga_format(local->mem, "%s.1", path)) != 0)
        return pga_fail(err, PGA_ERR_USAGE, "cannot turn the log \"%s\" over: %s", path,
                        strerror(errno));
    *out_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*out_fd < 0)
        return pga_fail(err, PGA_ERR_USAGE, "cannot write the log \"%s\": %s", path,
                        strerror(errno));
    pga_serverlog_mark(local, *out_fd);
    return true;
}

void
pga_serverlog_mark(struct pga_local *local, int fd)
{
    struct stat status;

    local->log_start = fstat(fd, &status) == 0 ? status.st_size : 0;
}

/* Where the last lines of a text begin. */
static struct pga_str
last_lines(struct pga_str text, int lines)
{
    size_t at = text.len;

    while (at > 0 && (text.data[at - 1] != '\n' || lines-- > 0))
        at--;
    return pga_str_slice(text, at, text.len);
}

char *
pga_serverlog_tail(const struct pga_local *local)
{
    PGA_AUTO(pga_close)
    int fd = open(local->cluster->log_file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct pga_buf shown = pga_buf_on(local->mem);
    char bytes[TAIL_BYTES];
    struct pga_str text = {bytes, 0}, line;
    struct stat status;
    off_t from = local->log_start;
    ssize_t len;

    if (fd < 0 || fstat(fd, &status) != 0)
        return shown.data;
    if (status.st_size - from > TAIL_BYTES)
        from = status.st_size - TAIL_BYTES;
    len = pread(fd, bytes, sizeof(bytes), from);
    text.len = len < 0 ? 0 : (size_t)len;
    text = last_lines(pga_str_trim(text), TAIL_LINES - 1);
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);

        line = pga_str_slice(text, 0, end == NULL ? text.len : (size_t)(end - text.data));
        text = pga_str_slice(text, line.len + 1, text.len);
        pga_buf_append_printable(&shown, line);
        if (text.len > 0)
            pga_buf_append_char(&shown, '\n');
    }
    return shown.data;
}

bool
pga_serverlog_explain(const struct pga_local *local, struct pga_error *err)
{
    const char *tail = pga_serverlog_tail(local);

    if (err->code == PGA_ERR_INTERRUPTED)
        return false;
    if (tail[0] != '\0')
        (void)pga_error_detail(err, "The end of its log:\n%s", tail);
    if (strstr(tail, strerror(ENOSPC)) != NULL)
        return pga_error_hint(err,
                              "The file system of \"%s\" is full; free some space, then run "
                              "the same command again.",
                              local->cluster->state_dir);
    return pga_error_hint(err, "Read the whole log with: less '%s'", local->cluster->log_file);
}
