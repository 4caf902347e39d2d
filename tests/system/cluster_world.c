/*
 * tests/system/cluster_world.c: projects, users and processes for the test of the private cluster.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/system/cluster_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/str.h"
#include "tests/helpers/temp.h"

static struct pga_arena forever;
static char *folder;

void
world_begin(void)
{
    folder = pga_temp_directory(&forever);
    ck_assert_int_eq(chmod(folder, 0755), 0);
}

static void
reset_project(struct pga_arena *mem, const char *dir)
{
    struct pga_cluster_settings settings = {.project_dir = dir, .timeout_ms = 2000};
    struct pga_cluster cluster;
    struct pga_error ignored = {0};

    (void)!pga_cluster_reset(mem, &settings, &cluster, &ignored);
}

void
world_end(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena mem = {0};
        const char *project = pga_format(&mem, "%s/%s", folder, entry->d_name);

        if (entry->d_name[0] == '.')
            continue;
        reset_project(&mem, project);
        reset_project(&mem, pga_format(&mem, "%s/inner", project)); /* most have none */
    }
    if (dir != NULL)
        (void)closedir(dir);
    pga_temp_remove(folder);
    pga_arena_release(&forever);
}

char *
world_project(struct pga_arena *mem, const char *name, uid_t owner)
{
    char *path = pga_format(mem, "%s/%s", folder, name);

    ck_assert_int_eq(mkdir(path, 0755), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    if (owner != geteuid())
        ck_assert_int_eq(chown(path, owner, (gid_t)-1), 0);
    return path;
}

struct pga_cluster_settings
world_settings(const char *project)
{
    return (struct pga_cluster_settings){.project_dir = project,
                                         .bin_dir = getenv("PGALTER_PG_BINDIR")};
}

uid_t
world_server_uid(void)
{
    const struct passwd *entry;

    if (geteuid() != 0)
        return geteuid();
    entry = getpwnam("postgres");
    if (entry == NULL)
        entry = getpwnam("nobody");
    ck_assert_ptr_nonnull(entry);
    return entry->pw_uid;
}

uid_t
world_other_uid(void)
{
    const struct passwd *entry = getpwnam("nobody");

    ck_assert_ptr_nonnull(entry);
    return entry->pw_uid;
}

char *
world_error(struct pga_arena *mem, const struct pga_error *err)
{
    return pga_format(mem, "%s: %s\n%s\n%s", pga_code_name(err->code), err->message, err->detail,
                      err->hint);
}

void
world_start(struct pga_arena *mem, const struct pga_cluster_settings *settings,
            struct pga_cluster *out)
{
    struct pga_error err = {0};
    bool started = pga_cluster_start(mem, settings, out, &err);

    ck_assert_msg(started, "%s", world_error(mem, &err));
    ck_assert_int_eq(err.code, PGA_OK);
    ck_assert_int_eq(out->state, PGA_CLUSTER_RUNNING);
    ck_assert_int_gt(out->pid, 1);
}

char *
world_below(struct pga_arena *mem, const char *dir, const char *name)
{
    return pga_format(mem, "%s/%s", dir, name);
}

void
world_write(const char *path, const char *text, bool append)
{
    int fd = open(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(close(fd), 0);
}

void
world_stop(struct pga_arena *mem, const struct pga_cluster_settings *settings,
           struct pga_cluster *out)
{
    struct pga_error err = {0};
    bool stopped = pga_cluster_stop(mem, settings, out, &err);

    ck_assert_msg(stopped, "%s", world_error(mem, &err));
    ck_assert_int_eq(out->state, PGA_CLUSTER_STOPPED);
    ck_assert_int_eq(out->pid, 0);
}

void
world_reset(struct pga_arena *mem, const struct pga_cluster_settings *settings,
            struct pga_cluster *out)
{
    struct pga_error err = {0};
    bool done = pga_cluster_reset(mem, settings, out, &err);

    ck_assert_msg(done, "%s", world_error(mem, &err));
    ck_assert_int_eq(out->state, PGA_CLUSTER_ABSENT);
}

const char *
world_start_fails(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                  enum pga_code code)
{
    struct pga_cluster cluster;
    struct pga_error err = {0};

    ck_assert(!pga_cluster_start(mem, settings, &cluster, &err));
    ck_assert_msg(err.code == code, "%s", world_error(mem, &err));
    ck_assert_str_eq(pga_error_id_name(err.id),
                     code == PGA_ERR_USAGE ? "local-cluster" : "local-not-running");
    return world_error(mem, &err);
}

void
world_assert_private(struct pga_arena *mem, const struct pga_cluster *cluster)
{
    ck_assert_int_eq(world_mode(cluster->state_dir), 0700);
    ck_assert_int_eq(world_mode(cluster->data_dir), 0700);
    ck_assert_int_eq(world_mode(cluster->socket_dir), 0700);
    ck_assert_int_eq(world_mode(cluster->log_file), 0600);
    ck_assert_int_eq(world_mode(world_below(mem, cluster->socket_dir, ".s.PGSQL.5432")), 0700);
    ck_assert(!world_listens_on_tcp(mem, cluster->pid));
}

/* Start a program with its output in an open file, from a folder that every user can enter. */
static pid_t
launch(const char *const *argv, int fd)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (chdir("/") != 0)
            _exit(126);
        (void)dup2(fd, 1);
        (void)dup2(fd, 2);
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

static pid_t
launch_psql(struct pga_arena *mem, const char *url, const char *sql, int fd)
{
    struct pga_cluster_settings settings = {0};
    struct pga_error err = {0};
    const char *psql = pga_cluster_program(mem, &settings, "psql", &err);
    const char *argv[] = {psql, "-XAtq", "-d", url, "-c", sql, NULL};

    ck_assert_msg(psql != NULL, "%s", world_error(mem, &err));
    return launch(argv, fd);
}

char *
world_query(struct pga_arena *mem, const char *url, const char *sql)
{
    FILE *output = tmpfile();
    char *text = pga_alloc(mem, 65536, 1);
    int status = 0;
    pid_t pid;

    ck_assert_ptr_nonnull(output);
    pid = launch_psql(mem, url, sql, fileno(output));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    rewind(output);
    text[fread(text, 1, 65535, output)] = '\0';
    ck_assert_int_eq(fclose(output), 0);
    return pga_format(mem, "%s%.*s", status == 0 ? "" : "!",
                      PGA_STR_ARG(pga_str_trim(pga_str_of(text))));
}

pid_t
world_query_in_background(struct pga_arena *mem, const char *url, const char *sql)
{
    static int serial;
    char *name = pga_format(mem, "background%d", ++serial);
    const char *backend = "";
    int64_t pid = 0;

    (void)launch_psql(mem, pga_format(mem, "%s&application_name=%s", url, name), sql,
                      open("/dev/null", O_WRONLY | O_CLOEXEC));
    for (int i = 0; i < 500 && backend[0] == '\0'; i++) {
        (void)poll(NULL, 0, 10);
        backend = world_query(mem, url,
                              pga_format(mem,
                                         "SELECT pid FROM pg_stat_activity WHERE "
                                         "application_name = '%s' AND state = 'active'",
                                         name));
    }
    ck_assert_msg(pga_parse_int(pga_str_of(backend), 2, INT32_MAX, &pid), "no backend: %s",
                  backend);
    return (pid_t)pid;
}

int
world_shell(const char *command)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    int status = 0;
    pid_t pid = launch(argv, 2);

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool
world_is_alive(pid_t pid)
{
    char path[64];
    struct stat status;

    (void)waitpid(pid, NULL, WNOHANG);
    (void)snprintf(path, sizeof(path), "/proc/%ld/cwd", (long)pid);
    return stat(path, &status) == 0; /* a zombie has none */
}

bool
world_wait_gone(pid_t pid, int timeout_ms)
{
    for (int waited = 0; world_is_alive(pid); waited += 10) {
        if (waited >= timeout_ms)
            return false;
        (void)poll(NULL, 0, 10);
    }
    return true;
}

char *
world_proc(struct pga_arena *mem, const char *path)
{
    char *text = pga_alloc(mem, 65536, 1);
    int fd = open(path, O_RDONLY);
    ssize_t len = fd < 0 ? 0 : read(fd, text, 65535);

    if (fd >= 0)
        (void)close(fd);
    for (ssize_t i = 0; i < len; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    return text;
}

int
world_count_processes(struct pga_arena *mem, const char *dir)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    while ((entry = readdir(proc)) != NULL) {
        char cwd[4096] = "";
        int64_t pid;

        if (!pga_parse_int(pga_str_of(entry->d_name), 2, INT32_MAX, &pid))
            continue;
        (void)!readlink(pga_format(mem, "/proc/%s/cwd", entry->d_name), cwd, sizeof(cwd) - 1);
        if (strncmp(cwd, dir, strlen(dir)) == 0 ||
            strstr(world_proc(mem, pga_format(mem, "/proc/%s/cmdline", entry->d_name)), dir) !=
                NULL)
            count++;
    }
    (void)closedir(proc);
    return count;
}

/* Whether one of the two tables has this socket in the state "listening" (0A). */
static bool
is_listening(struct pga_arena *mem, const char *inode)
{
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};

    for (size_t i = 0; i < PGA_COUNT_OF(tables); i++) {
        char *line = world_proc(mem, tables[i]);

        for (char *next; line != NULL && *line != '\0'; line = next) {
            next = strchr(line, '\n');
            if (next != NULL)
                *next++ = '\0';
            if (strstr(line, " 0A ") != NULL && strstr(line, inode) != NULL)
                return true;
        }
    }
    return false;
}

bool
world_listens_on_tcp(struct pga_arena *mem, pid_t pid)
{
    char *path = pga_format(mem, "/proc/%ld/fd", (long)pid);
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool listens = false;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        char target[64] = "";

        (void)!readlink(pga_format(mem, "%s/%s", path, entry->d_name), target, sizeof(target) - 1);
        if (strncmp(target, "socket:[", 8) == 0) {
            target[strlen(target) - 1] = '\0';
            listens = listens || is_listening(mem, pga_format(mem, " %s ", target + 8));
        }
    }
    (void)closedir(dir);
    return listens;
}

int
world_mode(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 ? (int)(status.st_mode & 07777) : -1;
}
