/*
 * drivers/local/binaries.c: where PostgreSQL's programs are.
 *
 * A folder that was named (PGALTER_PG_BINDIR) is the only one.  Otherwise: the one of pg_config,
 * those on PATH, and where the distributions put them, the newest version first.  pg_config often
 * belongs to a client without a server, and a distribution can have several servers, so the first
 * folder with a suitable server is taken.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define OUTPUT_TIMEOUT_MS 10000

/*
 * Debian and Ubuntu, Red Hat's and PGDG's RPMs, SUSE, Alpine, Gentoo, from source, Homebrew,
 * Postgres.app.
 */
static const char *const patterns[] = {
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/usr/lib64/postgresql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/bin",
    "/usr/bin",
};

struct folders {
    struct pga_arena *mem;
    const char **items;
    size_t count, capacity;
};

static void
add_folder(struct folders *folders, const char *path)
{
    if (path[0] != '/') /* what a relative path means depends on who runs it where */
        return;
    for (size_t i = 0; i < folders->count; i++)
        if (pga_same(folders->items[i], path))
            return;
    folders->items = pga_grow(folders->mem, folders->items, folders->count, &folders->capacity,
                              sizeof(*folders->items));
    folders->items[folders->count++] = path;
}

static void
add_path(struct folders *folders)
{
    const char *path = getenv("PATH");

    while (path != NULL && *path != '\0') {
        const char *end = strchr(path, ':');
        size_t len = end == NULL ? strlen(path) : (size_t)(end - path);

        add_folder(folders, pga_strndup(folders->mem, path, len));
        path = end == NULL ? NULL : end + 1;
    }
}

/* The first number at or after the place where the pattern had its star. */
static long
version_in(const char *path, size_t star)
{
    const char *digits = path + strnlen(path, star);

    digits += strcspn(digits, "0123456789");
    return strtol(digits, NULL, 10);
}

static void
add_pattern(struct folders *folders, const char *pattern)
{
    size_t star = strcspn(pattern, "*");
    glob_t found = {0};

    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 1; i < found.gl_pathc; i++) /* a handful: insertion sort, newest first */
            for (size_t j = i; j > 0 && version_in(found.gl_pathv[j], star) >
                                            version_in(found.gl_pathv[j - 1], star);
                 j--) {
                char *path = found.gl_pathv[j];

                found.gl_pathv[j] = found.gl_pathv[j - 1];
                found.gl_pathv[j - 1] = path;
            }
        for (size_t i = 0; i < found.gl_pathc; i++)
            add_folder(folders, pga_strdup(folders->mem, found.gl_pathv[i]));
    }
    globfree(&found);
}

static bool
is_program(struct pga_arena *mem, const char *dir, const char *name)
{
    const char *path = pga_format(mem, "%s/%s", dir, name);
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* The first line that a program writes; NULL when it can't be run. */
static char *
first_line(struct pga_local *local, const char *path, const char *option)
{
    const char *const argv[] = {path, option, NULL};
    const struct pga_process what = {
        .argv = argv, .directory = "/", .input = NULL, .log_fd = -1, .keep_fd = local->lock_fd};
    struct pga_local limited = *local;
    struct pga_error ignored = {0};
    char *text;

    limited.timeout_ms = OUTPUT_TIMEOUT_MS;
    limited.deadline_ms = pga_clock_now_ms(pga_clock_system()) + OUTPUT_TIMEOUT_MS;
    if (!pga_process_run(&limited, &what, &text, &ignored))
        return NULL;
    return pga_strndup(local->mem, text, strcspn(text, "\r\n"));
}

/* The folder that the first pg_config on PATH names. */
static void
add_pg_config(struct pga_local *local, struct folders *folders)
{
    struct folders path = {.mem = folders->mem};
    char *dir = NULL;

    add_path(&path);
    for (size_t i = 0; i < path.count && dir == NULL; i++)
        if (is_program(path.mem, path.items[i], "pg_config"))
            dir =
                first_line(local, pga_format(path.mem, "%s/pg_config", path.items[i]), "--bindir");
    if (dir != NULL)
        add_folder(folders, dir);
}

/* The folder that was named; an empty name is none, as with other variables of the environment. */
static const char *
given_folder(const struct pga_local *local)
{
    const char *given = local->settings->bin_dir;

    return given == NULL || given[0] == '\0' ? NULL : given;
}

static struct folders
candidates(struct pga_local *local)
{
    struct folders folders = {.mem = local->mem};
    const char *given = given_folder(local);
    char path[PATH_MAX];

    if (given != NULL) {
        add_folder(&folders, realpath(given, path) == NULL ? given : pga_strdup(local->mem, path));
        return folders;
    }
    add_pg_config(local, &folders);
    add_path(&folders);
    for (size_t i = 0; i < PGA_COUNT_OF(patterns); i++)
        add_pattern(&folders, patterns[i]);
    return folders;
}

/*
 * "postgres (PostgreSQL) 15.4 (Debian ...)" and "... 18beta1" are 15 and 18; 0: not a server that
 * can be run.
 */
static int
server_major(struct pga_local *local, const char *dir)
{
    char *line, *number;

    if (!is_program(local->mem, dir, "initdb") || !is_program(local->mem, dir, "postgres"))
        return 0;
    line = first_line(local, pga_format(local->mem, "%s/postgres", dir), "--version");
    number = line == NULL ? NULL : strstr(line, ") ");
    return number == NULL ? 0 : (int)strtol(number + 2, NULL, 10);
}

static bool
fail_none(const struct pga_local *local, struct pga_error *err)
{
    const char *given = given_folder(local);

    if (given != NULL)
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "no PostgreSQL server that user \"%s\" can run is in \"%s\"",
                       local->system_user == NULL ? "?" : local->system_user, given);
    else
        (void)pga_fail(err, PGA_ERR_USAGE, "no PostgreSQL server is installed");
    (void)pga_error_detail(err,
                           "A private cluster needs the programs \"initdb\" and \"postgres\" of "
                           "PostgreSQL %d or newer.",
                           PGA_LOCAL_MAJOR_MIN);
    return pga_error_hint(err,
                          "Install one: \"apt-get install postgresql\" (Debian, Ubuntu), "
                          "\"dnf install postgresql-server\" (Fedora, Red Hat), "
                          "\"apk add postgresql\" (Alpine), "
                          "\"zypper install postgresql-server\" (SUSE), "
                          "\"pacman -S postgresql\" (Arch), "
                          "\"brew install postgresql@17\" (macOS); or set PGALTER_PG_BINDIR to the "
                          "folder of its programs.");
}

static bool
fail_version(int wanted, int found, const char *dir, struct pga_error *err)
{
    if (wanted == 0) {
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "the server in \"%s\" is PostgreSQL %d, too old for pgalter", dir, found);
        (void)pga_error_identify(err, PGA_ID_SERVER_VERSION);
        return pga_error_hint(err,
                              "Install PostgreSQL %d or newer, or set PGALTER_PG_BINDIR to the "
                              "folder of its programs.",
                              PGA_LOCAL_MAJOR_MIN);
    }
    (void)pga_fail(err, PGA_ERR_USAGE,
                   "the data of the private cluster is PostgreSQL %d's, but the server in \"%s\" "
                   "is PostgreSQL %d",
                   wanted, dir, found);
    return pga_error_hint(err,
                          "Set PGALTER_PG_BINDIR to the folder of PostgreSQL %d's programs, or "
                          "throw the data away with: pgalter local reset",
                          wanted);
}

bool
pga_binaries_find(struct pga_local *local, int major, struct pga_error *err)
{
    struct folders folders = candidates(local);
    const char *other = NULL; /* the first that doesn't suit */
    int other_major = 0;

    for (size_t i = 0; i < folders.count; i++) {
        int found = server_major(local, folders.items[i]);

        if (found >= PGA_LOCAL_MAJOR_MIN && (major == 0 || found == major)) {
            local->cluster->bin_dir = folders.items[i];
            return true;
        }
        if (found > 0 && other == NULL) {
            other = folders.items[i];
            other_major = found;
        }
        if (!pga_pause(0, err))
            return false;
    }
    return other == NULL ? fail_none(local, err) : fail_version(major, other_major, other, err);
}

char *
pga_cluster_program(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                    const char *name, struct pga_error *err)
{
    struct pga_cluster cluster = {0};
    struct pga_local local = {
        .mem = mem, .settings = settings, .cluster = &cluster, .lock_fd = -1, .data_fd = -1};
    struct folders folders = candidates(&local);

    if (given_folder(&local) != NULL) { /* a server's folder may lack the clients; others will do */
        struct pga_cluster_settings other = {0};

        local.settings = &other;
        for (struct folders more = candidates(&local); more.count > 0; more.count--)
            add_folder(&folders, *more.items++);
    }
    for (size_t i = 0; strchr(name, '/') == NULL && i < folders.count; i++)
        if (is_program(mem, folders.items[i], name))
            return pga_format(mem, "%s/%s", folders.items[i], name);
    (void)pga_fail(err, PGA_ERR_USAGE, "the program \"%s\" is not installed", name);
    (void)pga_error_identify(err, PGA_ID_LOCAL_CLUSTER);
    (void)pga_error_hint(
        err, "Install PostgreSQL's client: \"apt-get install postgresql-client\" "
             "(Debian, Ubuntu), \"dnf install postgresql\" (Fedora, Red Hat), "
             "\"apk add postgresql-client\" (Alpine), \"brew install libpq\" (macOS); or "
             "set PGALTER_PG_BINDIR to the folder of PostgreSQL's programs.");
    return NULL;
}
