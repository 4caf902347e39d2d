/*
 * tests/helpers/server.c: a private PostgreSQL server for tests written in C.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/pq/pq.h"

static struct pga_arena memory; /* of the process */
static struct {
    const char *directory;
    const char *programs;
    const char *conninfo;
    pid_t starter, postmaster;
    int watcher_fd; /* closed by our end, it makes the watcher stop the server */
    uid_t uid;      /* whom the server runs as */
    gid_t gid;
} server;

PGA_NORETURN static void
give_up(const char *what)
{
    (void)fprintf(stderr, "test server: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void
print_log(void)
{
    char *path = pga_format(&memory, "%s/log", server.directory);
    FILE *log = fopen(path, "r");
    int c;

    while (log != NULL && (c = fgetc(log)) != EOF)
        (void)fputc(c, stderr);
    if (log != NULL)
        (void)fclose(log);
}

/* The server refuses to run as root. */
static void
choose_user(void)
{
    const struct passwd *user = NULL;

    server.uid = getuid();
    server.gid = getgid();
    if (server.uid != 0)
        return;
    user = getpwnam("postgres");
    if (user == NULL)
        user = getpwnam("nobody");
    if (user == NULL)
        give_up("no user to run as");
    server.uid = user->pw_uid;
    server.gid = user->pw_gid;
}

/* Become `argv` as the server's user, with output into the log.  Only for a child. */
PGA_NORETURN static void
become(const char *const argv[])
{
    int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0666);
    char *args[16] = {0};

    for (size_t i = 0; argv[i] != NULL && i + 1 < PGA_COUNT_OF(args); i++)
        args[i] = pga_strdup(&memory, argv[i]);
    if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(126);
    if (getuid() == 0 &&
        (setgroups(0, NULL) != 0 || setgid(server.gid) != 0 || setuid(server.uid) != 0))
        _exit(126);
    (void)execv(args[0], args);
    _exit(127);
}

static pid_t
start_program(const char *const argv[])
{
    pid_t child = fork();

    if (child < 0)
        give_up("fork");
    if (child == 0) {
        if (chdir(server.directory) != 0)
            _exit(126);
        (void)setsid(); /* a Ctrl-C is for the tests */
        become(argv);
    }
    return child;
}

static bool
wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
has_server(const char *folder)
{
    return access(pga_format(&memory, "%s/postgres", folder), X_OK) == 0 &&
           access(pga_format(&memory, "%s/initdb", folder), X_OK) == 0;
}

/* The first line of what `pg_config --bindir` prints, or NULL. */
static const char *
ask_pg_config(void)
{
    char *line = pga_alloc(&memory, 1024, 1);
    FILE *output;
    int fds[2];
    pid_t child;
    bool found;

    if (pipe(fds) != 0 || (child = fork()) < 0)
        give_up("pg_config");
    if (child == 0) {
        (void)dup2(fds[1], STDOUT_FILENO);
        (void)execlp("pg_config", "pg_config", "--bindir", (char *)NULL);
        _exit(127);
    }
    (void)close(fds[1]);
    output = fdopen(fds[0], "r");
    found = output != NULL && fgets(line, 1024, output) != NULL;
    if (output != NULL)
        (void)fclose(output);
    found = wait_for(child) && found;
    line[strcspn(line, "\n")] = '\0';
    return found ? line : NULL;
}

/* Debian's folders, the highest version that has a server. */
static const char *
search_folders(void)
{
    const char *base = "/usr/lib/postgresql", *best = NULL;
    DIR *dir = opendir(base);
    const struct dirent *entry;
    int64_t version, highest = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *folder = pga_format(&memory, "%s/%s/bin", base, entry->d_name);

        if (pga_parse_int(pga_str_of(entry->d_name), 1, 999, &version) && version > highest &&
            has_server(folder)) {
            best = folder;
            highest = version;
        }
    }
    if (dir != NULL)
        (void)closedir(dir);
    return best;
}

static void
find_programs(void)
{
    server.programs = getenv("PGALTER_PG_BINDIR");
    if (server.programs == NULL || server.programs[0] == '\0')
        server.programs = ask_pg_config();
    if (server.programs == NULL || !has_server(server.programs))
        server.programs = getenv("PGALTER_PG_BINDIR") != NULL ? NULL : search_folders();
    if (server.programs != NULL) /* they are started in another directory */
        server.programs = realpath(server.programs, NULL);
    if (server.programs == NULL)
        give_up("no postgres and initdb found; set PGALTER_PG_BINDIR to their folder");
}

static int
remove_entry(const char *path, const struct stat *status PGA_UNUSED, int type PGA_UNUSED,
             struct FTW *where PGA_UNUSED)
{
    (void)remove(path); /* a server that is just ending may have been faster */
    return 0;
}

static void
stop_server(void)
{
    if (getpid() != server.starter) /* a forked test ends */
        return;
    if (server.postmaster > 0) {
        (void)kill(server.postmaster, SIGQUIT);
        (void)wait_for(server.postmaster);
        (void)!write(server.watcher_fd, "", 1); /* the watcher has nothing to do */
    }
    (void)nftw(server.directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    pga_arena_release(&memory);
}

/* The socket's path has to fit into 107 bytes, so a long TMPDIR is not used. */
static void
make_directory(void)
{
    const char *base = getenv("TMPDIR");
    char *path;

    if (base == NULL || strlen(base) > 60)
        base = "/tmp";
    path = pga_format(&memory, "%s/pgalter-server-XXXXXX", base);
    if (mkdtemp(path) == NULL)
        give_up(path);
    server.directory = path;
    server.starter = getpid();
    if (atexit(stop_server) != 0)
        give_up("atexit");
    if (getuid() == 0 && chown(path, server.uid, server.gid) != 0)
        give_up(path);
}

static void
make_cluster(void)
{
    const char *const argv[] = {
        pga_format(&memory, "%s/initdb", server.programs),
        "--pgdata=data",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        NULL,
    };
    FILE *access;

    if (!wait_for(start_program(argv))) {
        print_log();
        give_up("initdb failed");
    }
    access = fopen(pga_format(&memory, "%s/data/pg_hba.conf", server.directory), "w");
    if (access == NULL)
        give_up("pg_hba.conf");
    (void)fputs("local all needs_password scram-sha-256\nlocal all all trust\n", access);
    (void)fclose(access);
}

/*
 * A child that stops the server when the tests die without doing so: their end of a pipe is then
 * closed.
 */
static void
start_watcher(void)
{
    int fds[2];
    pid_t child;
    ssize_t count;
    char byte;

    if (pipe(fds) != 0 || (child = fork()) < 0)
        give_up("fork");
    if (child > 0) {
        (void)close(fds[0]);
        (void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
        server.watcher_fd = fds[1];
        return;
    }
    (void)setsid();
    (void)close(fds[1]);
    do
        count = read(fds[0], &byte, 1);
    while (count < 0 && errno == EINTR);
    if (count != 0)
        _exit(0);
    (void)kill(server.postmaster, SIGQUIT);
    for (int i = 0; i < 100 && kill(server.postmaster, 0) == 0; i++)
        (void)poll(NULL, 0, 50);
    (void)nftw(server.directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

static void
start_postmaster(void)
{
    const char *const argv[] = {
        pga_format(&memory, "%s/postgres", server.programs),
        "-D",
        "data",
        "-k",
        server.directory,
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
        "-c",
        "max_connections=50",
        NULL,
    };

    server.postmaster = start_program(argv);
    start_watcher();
}

static void
run_sql(const char *sql)
{
    struct pga_pq_settings settings = {.conninfo = server.conninfo, .wait_ms = 30000};
    struct pga_error err = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *driver = pga_pq_open(&settings, &err);

    if (driver == NULL || !pga_driver_run(driver, pga_str_of(sql), &err)) {
        print_log();
        give_up(err.message);
    }
}

const char *
pga_test_server_start(void)
{
    if (server.conninfo != NULL)
        return server.conninfo;
    choose_user();
    find_programs();
    make_directory();
    make_cluster();
    start_postmaster();
    server.conninfo =
        pga_format(&memory, "host=%s port=5432 user=postgres dbname=postgres", server.directory);
    run_sql("SET password_encryption = 'scram-sha-256';"
            "CREATE ROLE needs_password LOGIN PASSWORD 'open sesame'");
    return server.conninfo;
}

const char *
pga_test_server_database(const char *name)
{
    run_sql(pga_format(&memory, "CREATE DATABASE \"%s\"", name));
    return pga_format(&memory, "host=%s port=5432 user=postgres dbname=%s", server.directory, name);
}

const char *
pga_test_server_directory(void)
{
    return server.directory;
}
