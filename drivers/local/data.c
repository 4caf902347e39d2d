/*
 * drivers/local/data.c: the data directory of a private cluster, while no server runs.
 *
 * It is made under another name, synchronised, and renamed when the database is in it too: what has
 * the name is complete, whatever was killed.  The database is made by the server program in its
 * single-user mode, which needs neither a running server nor a client.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/*
 * What the single-user mode runs: each line is one command.  An error of the first is no error of
 * the program.
 */
#define MAKE_DATABASE                                                                              \
    "CREATE DATABASE " PGA_CLUSTER_DATABASE "\n"                                                   \
    "SELECT oid FROM pg_catalog.pg_database WHERE datname = '" PGA_CLUSTER_DATABASE "'\n"

bool
pga_data_version(const struct pga_local *local, int *out_major, struct pga_error *err)
{
    const char *path = pga_format(local->mem, "%s/PG_VERSION", local->cluster->data_dir);
    struct stat status;
    const char *text;
    int64_t major = 0;

    *out_major = 0;
    if (lstat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return true;
    text = pga_small_file(local->mem, path);
    if (text == NULL ||
        !pga_parse_int(pga_str_slice(pga_str_of(text), 0, strcspn(text, ".\n")), 1, 1000, &major)) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" does not say which PostgreSQL the data is of",
                       path);
        return pga_error_hint(err, "If the data may go, start anew with: pgalter local reset");
    }
    *out_major = (int)major;
    return true;
}

/* The file that names the directory of the database within the data. */
static char *
note_path(const struct pga_local *local)
{
    return pga_format(local->mem, "%s/database", local->cluster->state_dir);
}

/*
 * Only a note, which spares a start of the single-user mode; when it can't be written, that is done
 * again.
 */
static void
write_note(const struct pga_local *local, struct pga_str oid)
{
    PGA_AUTO(pga_close)
    int fd = open(note_path(local), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd >= 0)
        (void)!write(fd, oid.data, oid.len);
}

/* Make the database in this data; it may be there already. */
static bool
make_database(struct pga_local *local, const char *data_dir, int log_fd, struct pga_error *err)
{
    static const char mark[] = "oid = \"";
    const char *program = pga_format(local->mem, "%s/postgres", local->cluster->bin_dir);
    const char *const argv[] = {program, "--single", "-D", data_dir, "template1", NULL};
    const struct pga_process what = {.argv = argv,
                                     .directory = data_dir,
                                     .input = MAKE_DATABASE,
                                     .log_fd = log_fd,
                                     .keep_fd = local->lock_fd};
    char *text = NULL;
    const char *oid;

    if (!pga_process_run(local, &what, &text, err))
        return pga_serverlog_explain(local, err);
    oid = strstr(text, mark);
    if (oid == NULL) {
        (void)pga_fail(err, PGA_ERR_NO_SERVER, "cannot create the database \"%s\"",
                       PGA_CLUSTER_DATABASE);
        return pga_serverlog_explain(local, err);
    }
    oid += strlen(mark);
    write_note(local, (struct pga_str){oid, strspn(oid, "0123456789")});
    return true;
}

static bool
run_initdb(struct pga_local *local, const char *data_dir, const char *locale, int log_fd,
           struct pga_error *err)
{
    const char *const argv[] = {pga_format(local->mem, "%s/initdb", local->cluster->bin_dir),
                                "-D",
                                data_dir,
                                "-U",
                                local->cluster->user,
                                "-A",
                                "trust", /* who can reach the socket is the user, or root */
                                "-E",
                                "UTF8",
                                pga_format(local->mem, "--locale=%s", locale),
                                NULL};
    const struct pga_process what = {
        .argv = argv, .directory = "/", .input = NULL, .log_fd = log_fd, .keep_fd = local->lock_fd};

    return pga_process_run(local, &what, NULL, err);
}

/* C.UTF-8 orders like C and knows the letters of all languages, but not every system has it. */
static bool
initialise(struct pga_local *local, const char *data_dir, int log_fd, struct pga_error *err)
{
    struct pga_error first = {0};

    if (run_initdb(local, data_dir, "C.UTF-8", log_fd, &first))
        return true;
    if (strstr(pga_serverlog_tail(local), "invalid locale") == NULL) {
        *err = first;
        return pga_serverlog_explain(local, err);
    }
    return run_initdb(local, data_dir, "C", log_fd, err) || pga_serverlog_explain(local, err);
}

/*
 * Give the finished data its name, so that also a crash of the machine finds it whole or not at
 * all.
 */
static bool
publish(const struct pga_local *local, const char *made, struct pga_error *err)
{
    const struct pga_cluster *cluster = local->cluster;
    PGA_AUTO(pga_close)
    int fd = open(cluster->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (rename(made, cluster->data_dir) != 0) {
        (void)pga_fail(err, PGA_ERR_USAGE, "cannot put the new data at \"%s\": %s",
                       cluster->data_dir, strerror(errno));
        return pga_error_hint(err,
                              "Something else stands there; remove it with: pgalter local reset");
    }
    if (fd >= 0)
        (void)fsync(
            fd); /* where directories can't be synchronised, the file system does it by itself */
    return true;
}

static bool
make_data(struct pga_local *local, const char *dir, int log_fd, struct pga_error *err)
{
    return initialise(local, dir, log_fd, err) && make_database(local, dir, log_fd, err) &&
           publish(local, dir, err);
}

bool
pga_data_create(struct pga_local *local, int log_fd, struct pga_error *err)
{
    struct pga_error ignored = {0};
    char *dir = pga_format(local->mem, "%s/new-XXXXXX", local->cluster->state_dir);

    if (local->system_user == NULL) {
        (void)pga_fail(
            err, PGA_ERR_USAGE,
            "user id %ld has no name, and PostgreSQL's \"initdb\" refuses to run without",
            (long)local->cluster->uid);
        return pga_error_hint(err,
                              "Run pgalter as a user that the system knows, or add this one to "
                              "/etc/passwd.");
    }
    if (mkdtemp(dir) == NULL)
        return pga_fail(err, PGA_ERR_USAGE, "cannot make a directory in \"%s\": %s",
                        local->cluster->state_dir, strerror(errno));
    if (make_data(local, dir, log_fd, err))
        return true;
    (void)!pga_tree_remove(dir, &ignored); /* the first failure is the one to report */
    return false;
}

bool
pga_data_ensure_database(struct pga_local *local, int log_fd, struct pga_error *err)
{
    const char *data_dir = local->cluster->data_dir;
    const char *oid = pga_small_file(local->mem, note_path(local));
    struct stat status;

    if (oid != NULL && oid[0] != '\0' && strspn(oid, "0123456789") == strlen(oid) &&
        stat(pga_format(local->mem, "%s/base/%s", data_dir, oid), &status) == 0)
        return true;
    return make_database(local, data_dir, log_fd, err);
}
