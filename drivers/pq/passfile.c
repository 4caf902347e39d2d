/*
 * drivers/pq/passfile.c: a password file that libpq leaves unread because its group may read it.
 *
 * So stand the files of a Secret in a container that does not run as root: owned by root, mode 0440, readable through
 * the group.  The rule here is libpq's own one for private keys: root's files may be readable by their group, and by
 * nobody else.
 *
 * Source: PostgreSQL manual, libpq, "The Password File".
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* Where the server's default socket may be, for which the file says "localhost". */
static const char *const default_sockets[] = {"", "/tmp", "/var/run/postgresql"};

/* What one line must be for. */
struct wanted {
    const char *host, *port, *database, *user;
};

static bool
look_at(const struct pga_pq *pq, struct stat *out)
{
    return pq->passfile != NULL && stat(pq->passfile, out) == 0 && S_ISREG(out->st_mode);
}

bool
pga_pq_passfile_exists(const struct pga_pq *pq)
{
    struct stat file;

    return look_at(pq, &file);
}

bool
pga_pq_passfile_is_ignored(const struct pga_pq *pq)
{
    struct stat file;

    return look_at(pq, &file) && (file.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

bool
pga_pq_passfile_is_trusted(const struct pga_pq *pq)
{
    struct stat file;

    return look_at(pq, &file) && file.st_uid == 0 &&
           (file.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

/* Behind a field that is "*" or, with its escapes undone, `want`; NULL when it is another. */
static const char *
pass_field(const char *at, const char *want)
{
    if (at[0] == '*' && at[1] == ':')
        return at + 2;
    for (; *at != '\0' && *at != ':'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        if (*want == '\0' || *at != *want++)
            return NULL;
    }
    return *at == ':' && *want == '\0' ? at + 1 : NULL;
}

/* The password of a line, which is for `want`, or NULL. */
static const char *
read_line(struct pga_arena *mem, const char *line, const struct wanted *want)
{
    const char *const fields[] = {want->host, want->port, want->database, want->user};
    struct pga_buf password = pga_buf_on(mem);

    if (line[0] == '#')
        return NULL;
    for (size_t i = 0; i < PGA_COUNT_OF(fields); i++)
        if ((line = pass_field(line, fields[i])) == NULL)
            return NULL;
    for (; *line != '\0'; line++) {
        if (*line == '\\' && line[1] != '\0')
            line++;
        pga_buf_append_char(&password, *line);
    }
    return password.len == 0 ? NULL : password.data;
}

static const char *
read_file(struct pga_arena *mem, struct pga_str text, const struct wanted *want)
{
    const char *password = NULL;

    while (text.len > 0 && password == NULL) {
        const char *feed = memchr(text.data, '\n', text.len);
        size_t len = feed == NULL ? text.len : (size_t)(feed - text.data);
        size_t cut = len > 0 && text.data[len - 1] == '\r' ? len - 1 : len;

        password = read_line(mem, pga_strndup(mem, text.data, cut), want);
        text = pga_str_slice(text, feed == NULL ? len : len + 1, text.len);
    }
    return password;
}

static const char *
name_in_file(const char *host)
{
    for (size_t i = 0; i < PGA_COUNT_OF(default_sockets); i++)
        if (pga_same(host, default_sockets[i]))
            return "localhost";
    return host;
}

const char *
pga_pq_passfile_find(const struct pga_pq *pq, const struct pga_pq_hosts *hosts,
                     struct pga_arena *mem)
{
    struct pga_error ignored = {0};
    const char *user = pga_pq_find(&pq->effective, "user"), *found = NULL;
    struct wanted want = {.database = pga_pq_find(&pq->effective, "dbname"), .user = user};
    struct pga_str text;

    if (want.database == NULL)
        want.database = user;
    if (user == NULL || !pga_file_read(mem, pq->passfile, PGA_FILE_CONFIG_MAX, &text, &ignored))
        return NULL;
    for (size_t i = 0; i < pga_pq_host_count(hosts); i++) {
        const char *password;

        pga_pq_host_at(hosts, i, mem, &want.host, &want.port);
        want.host = name_in_file(want.host);
        password = read_file(mem, text, &want);
        /* libpq takes one password for all hosts.  Where they differ, none is sent to the wrong one. */
        if (password != NULL && found != NULL && !pga_same(password, found))
            return NULL;
        found = password == NULL ? found : password;
    }
    return found;
}
