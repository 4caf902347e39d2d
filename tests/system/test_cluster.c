/*
 * tests/system/test_cluster.c: drivers/local/cluster.h with real servers.
 *
 * Run as root it also covers how the cluster's user is chosen; each start costs about a second, so
 * a test looks at several things.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/cluster.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/str.h"
#include "tests/system/cluster_world.h"

/* The postmaster must not die with the terminal, nor know or hold what the command had. */
static void
assert_detached(struct pga_arena *mem, const struct pga_cluster *cluster, const char *descriptor)
{
    char *environment = world_proc(mem, pga_format(mem, "/proc/%ld/environ", (long)cluster->pid));

    ck_assert_int_eq(getsid(cluster->pid), cluster->pid);
    ck_assert_ptr_null(strstr(environment, "secret"));
    ck_assert_ptr_null(strstr(environment, "PGPORT"));
    ck_assert_int_ne(world_shell(pga_format(mem, "ls -l /proc/%ld/fd | grep -q '%s'",
                                            (long)cluster->pid, descriptor)),
                     0);
    ck_assert_int_eq(
        world_shell(pga_format(mem, "ls -l /proc/%ld/fd | grep -q PG_VERSION", (long)cluster->pid)),
        0);
    ck_assert_int_eq(world_shell(pga_format(mem, "test \"$(readlink /proc/%ld/cwd)\" = '%s'",
                                            (long)cluster->pid, cluster->data_dir)),
                     0);
}

START_TEST(find_creates_nothing)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *project = world_project(&mem, "untouched", geteuid());
    struct pga_cluster_settings settings = world_settings(project);
    struct pga_cluster cluster;
    struct pga_error err = {0};

    ck_assert(pga_cluster_find(&mem, &settings, &cluster, &err));
    ck_assert_int_eq(cluster.state, PGA_CLUSTER_ABSENT);
    ck_assert_str_eq(cluster.state_dir, world_below(&mem, project, ".pgalter/local"));
    ck_assert_str_eq(cluster.user, "postgres");
    ck_assert_uint_eq(cluster.uid, world_server_uid());
    ck_assert_ptr_null(cluster.bin_dir);
    ck_assert(pga_cluster_stop(&mem, &settings, &cluster, &err));
    ck_assert(pga_cluster_reset(&mem, &settings, &cluster, &err));
    ck_assert_int_eq(rmdir(project), 0); /* still empty */
    ck_assert(!pga_cluster_find(&mem, &settings, &cluster, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(err.id, PGA_ID_LOCAL_CLUSTER);
}
END_TEST

/* The url that another process would find. */
static char *
url_of(struct pga_arena *mem, const struct pga_cluster_settings *settings)
{
    struct pga_cluster cluster;
    struct pga_error err = {0};

    ck_assert(pga_cluster_find(mem, settings, &cluster, &err));
    ck_assert_int_eq(cluster.state, PGA_CLUSTER_RUNNING);
    return pga_cluster_url(mem, &cluster, NULL);
}

START_TEST(start_use_stop_start_reset)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *project = world_project(&mem, "life", geteuid());
    struct pga_cluster_settings settings = world_settings(project);
    struct pga_cluster cluster, again;
    int inherited;
    char *url;

    /* What this process has is none of the server's business. */
    ck_assert_int_eq(setenv("DATABASE_URL", "postgresql://u:secret@production/x", 1), 0);
    ck_assert_int_eq(setenv("PGPORT", "1234", 1), 0);
    inherited = open(world_below(&mem, project, "inherited"), O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(inherited, 0);

    world_start(&mem, &settings, &cluster);
    world_assert_private(&mem, &cluster);
    assert_detached(&mem, &cluster, "inherited");
    ck_assert_int_eq(unlink(world_below(&mem, project, "inherited")), 0);
    ck_assert_int_eq(world_mode(world_below(&mem, project, ".pgalter/.gitignore")), 0644);
    url = url_of(&mem, &settings);
    ck_assert_str_eq(world_query(&mem, url,
                                 "SELECT current_database(), current_user, rolsuper "
                                 "FROM pg_roles WHERE rolname = current_user"),
                     "dev|postgres|t");
    ck_assert_str_eq(world_query(&mem, pga_cluster_conninfo(&mem, &cluster, NULL),
                                 "SELECT current_setting('fsync'), "
                                 "current_setting('synchronous_commit'), "
                                 "current_setting('server_encoding')"),
                     "on|on|UTF8");
    world_start(&mem, &settings, &again);
    ck_assert_int_eq(again.pid, cluster.pid); /* left alone */

    /*
     * What is written stays; a dropped database comes back; a log that became large is turned over.
     */
    ck_assert_str_eq(world_query(&mem, pga_cluster_url(&mem, &cluster, "postgres"),
                                 "CREATE TABLE kept AS SELECT 42 AS v"),
                     "");
    ck_assert_str_eq(
        world_query(&mem, pga_cluster_url(&mem, &cluster, "postgres"), "DROP DATABASE dev"), "");
    world_stop(&mem, &settings, &cluster);
    ck_assert(!world_is_alive(again.pid));
    ck_assert_int_eq(world_count_processes(&mem, project), 0);
    ck_assert_int_eq(truncate(cluster.log_file, 11 << 20), 0);
    world_start(&mem, &settings, &cluster);
    ck_assert_int_ne(world_mode(pga_format(&mem, "%s.1", cluster.log_file)), -1);
    ck_assert_str_eq(world_query(&mem, url, "SELECT 1"), "1");
    ck_assert_str_eq(world_query(&mem, pga_cluster_url(&mem, &cluster, "postgres"), "TABLE kept"),
                     "42");

    /* A reset removes what start made and nothing else. */
    world_write(world_below(&mem, project, ".pgalter/notes"), "mine", false);
    world_write(world_below(&mem, cluster.state_dir, "notes"), "mine", false);
    world_reset(&mem, &settings, &cluster);
    ck_assert_int_eq(world_count_processes(&mem, project), 0);
    ck_assert_int_eq(world_mode(cluster.data_dir), -1);
    ck_assert_int_eq(world_mode(cluster.log_file), -1);
    ck_assert_int_ne(world_mode(world_below(&mem, project, ".pgalter/.gitignore")), -1);
    ck_assert_int_eq(unlink(world_below(&mem, project, ".pgalter/notes")), 0);
    ck_assert_int_eq(unlink(world_below(&mem, cluster.state_dir, "notes")), 0);
    world_reset(&mem, &settings, &cluster);
    ck_assert_int_eq(rmdir(project), 0); /* nothing is left */
}
END_TEST

/* In a child process: start, and exit with 0 when that succeeded. */
static pid_t
fork_start(const struct pga_cluster_settings *settings)
{
    pid_t pid = fork();

    if (pid == 0) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena mem = {0};
        struct pga_cluster cluster;
        struct pga_error err = {0};
        bool started = pga_cluster_start(&mem, settings, &cluster, &err);

        if (!started)
            (void)fprintf(stderr, "%s\n", world_error(&mem, &err));
        _exit(started && cluster.state == PGA_CLUSTER_RUNNING ? 0 : 1);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

static int
exit_status(pid_t pid)
{
    int status = 0;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

START_TEST(two_starts_of_two_projects_at_once)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_cluster_settings one = {.bin_dir = "",
                                       .project_dir = world_project(&mem, "one", geteuid())};
    struct pga_cluster_settings two = world_settings(world_project(&mem, "two", geteuid()));
    struct pga_cluster cluster;
    pid_t pids[4];

    for (int i = 0; i < 4; i++)
        pids[i] = fork_start(i % 2 == 0 ? &one : &two);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(exit_status(pids[i]), 0);
    ck_assert_str_ne(url_of(&mem, &one), url_of(&mem, &two));
    ck_assert_str_eq(world_query(&mem, url_of(&mem, &one), "CREATE TABLE only_in_one ()"), "");
    ck_assert_str_eq(
        world_query(&mem, url_of(&mem, &two), "SELECT to_regclass('only_in_one') IS NULL"), "t");
    world_stop(&mem, &one, &cluster);
    ck_assert_str_eq(world_query(&mem, url_of(&mem, &two), "SELECT 1"), "1");
    world_reset(&mem, &two, &cluster);
    world_reset(&mem, &one, &cluster);
}
END_TEST

/* A process of the server's user that is no server, e.g. with a pid that a postmaster once had. */
static pid_t
fork_sleeper(uid_t uid)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (uid != geteuid() && setuid(uid) != 0)
            _exit(1);
        (void)execl("/bin/sleep", "sleep", "60", (char *)NULL);
        _exit(127);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

/* The line about the socket's lock and the data's lock: a pid that has become another program's. */
static void
forge_pid(struct pga_arena *mem, const char *path, pid_t pid)
{
    struct pga_error err = {0};
    struct pga_str text;

    ck_assert(pga_file_read(mem, path, 65536, &text, &err));
    world_write(path, pga_format(mem, "%ld%s", (long)pid, strchr(text.data, '\n')), false);
}

START_TEST(killed_postmaster_with_orphans_and_forged_pid)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *outer = world_project(&mem, "closed", geteuid());
    struct pga_cluster_settings settings = world_settings(world_below(&mem, outer, "inner"));
    struct pga_cluster cluster;
    pid_t computing, stopped, sleeper;
    char *url;

    ck_assert_int_eq(mkdir(settings.project_dir, 0755), 0);
    ck_assert_int_eq(chmod(outer, 0700), 0);
    world_start(&mem, &settings, &cluster);
    if (geteuid() == 0) /* where the server's user can't pass, the state is the system's */
        ck_assert_int_eq(strncmp(cluster.state_dir, "/var/lib/pgalter/local/", 23), 0);
    world_assert_private(&mem, &cluster);
    url = pga_cluster_url(&mem, &cluster, NULL);
    sleeper = fork_sleeper(cluster.uid);
    computing =
        world_query_in_background(&mem, url, "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$");
    stopped = world_query_in_background(&mem, url, "SELECT pg_sleep(600)");
    ck_assert_str_eq(world_query(&mem, url, "CREATE TABLE kept AS SELECT 42 AS v"), "");
    ck_assert_int_eq(kill(stopped, SIGSTOP), 0);
    ck_assert_int_eq(kill(cluster.pid, SIGKILL), 0);
    ck_assert(world_wait_gone(cluster.pid, 5000));
    ck_assert(world_is_alive(computing) && world_is_alive(stopped));
    forge_pid(&mem, world_below(&mem, cluster.data_dir, "postmaster.pid"), sleeper);
    forge_pid(&mem, world_below(&mem, cluster.socket_dir, ".s.PGSQL.5432.lock"), sleeper);

    world_start(&mem, &settings, &cluster);
    ck_assert(!world_is_alive(computing) && !world_is_alive(stopped));
    ck_assert(world_is_alive(sleeper)); /* it has nothing to do with us */
    ck_assert_str_eq(world_query(&mem, url, "TABLE kept"), "42");

    /*
     * A backend that does not answer keeps a fast shutdown from ending; the stop goes on by force.
     */
    stopped = world_query_in_background(&mem, url, "SELECT pg_sleep(600)");
    ck_assert_int_eq(kill(stopped, SIGSTOP), 0);
    settings.timeout_ms = 300;
    world_stop(&mem, &settings, &cluster);
    ck_assert(!world_is_alive(stopped));
    ck_assert_int_eq(world_count_processes(&mem, cluster.data_dir), 0);
    (void)kill(sleeper, SIGKILL);
    settings.timeout_ms = 0;
    world_reset(&mem, &settings, &cluster);
    if (geteuid() == 0)
        ck_assert_int_eq(world_mode(cluster.state_dir), -1);
    ck_assert_int_eq(rmdir(settings.project_dir), 0);
}
END_TEST

/* What a start says when it can't work on the data of a stopped cluster. */
static void
refuses_what_it_must(struct pga_arena *mem, struct pga_cluster_settings *settings,
                     const struct pga_cluster *cluster)
{
    const char *version = world_below(mem, cluster->data_dir, "PG_VERSION");
    const char *text;
    int fd;

    /* Something that can't be seen from here uses the data: there is no second server over it. */
    fd = open(version, O_RDONLY);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    settings->timeout_ms = 300;
    world_assert_has(world_start_fails(mem, settings, PGA_ERR_NO_SERVER), "in use by a process");
    ck_assert_int_eq(close(fd), 0);
    settings->timeout_ms = 0;

    world_write(world_below(mem, cluster->data_dir, "postgresql.conf"), "no_such_setting = 'x'\n",
                true);
    text = world_start_fails(mem, settings, PGA_ERR_NO_SERVER);
    world_assert_has(text, "no_such_setting");
    world_assert_has(text, cluster->log_file);
    ck_assert_int_eq(world_count_processes(mem, cluster->data_dir), 0);

    world_write(version, "10\n", false);
    text = world_start_fails(mem, settings, PGA_ERR_USAGE);
    world_assert_has(text, "PostgreSQL 10's");
    world_assert_has(text, "PGALTER_PG_BINDIR");
    world_assert_has(text, "pgalter local reset");
}

/*
 * Blanks, quotes, a comma, letters beyond ASCII and a percent sign; its socket would not fit
 * either.
 */
#define AWKWARD "a 'quoted\" %41, \xc3\xbc\xe6\xbc\xa2 $HOME `x` path"

START_TEST(awkward_path_and_refusals)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *name = pga_format(&mem, "%s %0120d", AWKWARD, 1);
    char *project = world_project(&mem, name, geteuid());
    struct pga_cluster_settings settings = world_settings(project);
    struct pga_cluster cluster;

    world_start(&mem, &settings, &cluster);
    world_assert_private(&mem, &cluster);
    ck_assert_uint_le(strlen(cluster.socket_dir) + strlen("/.s.PGSQL.5432"), 107);
    ck_assert_ptr_null(strchr(cluster.socket_dir, ','));
    ck_assert_str_eq(cluster.data_dir, world_below(&mem, project, ".pgalter/local/data"));
    ck_assert_str_eq(world_query(&mem, pga_cluster_url(&mem, &cluster, NULL), "SELECT 1"), "1");
    ck_assert_str_eq(world_query(&mem, pga_cluster_conninfo(&mem, &cluster, NULL), "SELECT 1"),
                     "1");

    /* The socket vanishes, as when a tmp cleaner comes by: a start mends that. */
    ck_assert_int_eq(unlink(world_below(&mem, cluster.socket_dir, ".s.PGSQL.5432")), 0);
    world_start(&mem, &settings, &cluster);
    ck_assert_str_eq(world_query(&mem, pga_cluster_url(&mem, &cluster, NULL), "SELECT 1"), "1");

    world_stop(&mem, &settings, &cluster);
    refuses_what_it_must(&mem, &settings, &cluster);
    world_reset(&mem, &settings, &cluster);
    ck_assert_int_eq(world_mode(cluster.socket_dir), -1);
    ck_assert_int_eq(rmdir(project), 0);
}
END_TEST

START_TEST(no_server_installed)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *project = world_project(&mem, "bare", geteuid());
    char *empty = world_project(&mem, "empty", geteuid());
    struct pga_cluster_settings settings = {.project_dir = project, .bin_dir = empty};
    struct pga_error err = {0};
    const char *text;

    ck_assert_int_eq(setenv("PATH", "", 1), 0);
    text = world_start_fails(&mem, &settings, PGA_ERR_USAGE);
    world_assert_has(text, empty);
    world_assert_has(text, "apt-get install postgresql");
    world_assert_has(text, "dnf install postgresql-server");
    world_assert_has(text, "PGALTER_PG_BINDIR");
    ck_assert_int_eq(world_count_processes(&mem, project), 0);
    ck_assert_ptr_null(pga_cluster_program(&mem, &settings, "no-such-program", &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    world_assert_has(err.hint, "apt-get install postgresql-client");
    ck_assert_int_eq(rmdir(empty), 0);
}
END_TEST

START_TEST(somebody_took_the_name_of_the_socket_directory)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *project = world_project(&mem, pga_format(&mem, "long-%0120d", 2), geteuid());
    struct pga_cluster_settings settings = world_settings(project);
    struct pga_cluster cluster;
    struct pga_error err = {0};

    ck_assert(pga_cluster_find(&mem, &settings, &cluster, &err));
    ck_assert_int_eq(symlink(project, cluster.socket_dir), 0);
    world_assert_has(world_start_fails(&mem, &settings, PGA_ERR_USAGE), "belongs to somebody else");
    ck_assert_int_eq(unlink(cluster.socket_dir), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(mkdir(cluster.socket_dir, 0755), 0);
        world_assert_has(world_start_fails(&mem, &settings, PGA_ERR_USAGE),
                         "belongs to somebody else");
        ck_assert_int_eq(rmdir(cluster.socket_dir), 0);
    }
    world_reset(&mem, &settings, &cluster);
}
END_TEST

static void
ask_to_stop(int signal)
{
    pga_interrupt_raise(signal);
}

START_TEST(interrupted_and_killed_while_it_is_made)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *project = world_project(&mem, "interrupted", geteuid());
    struct pga_cluster_settings settings = world_settings(project);
    struct sigaction action = {.sa_handler = ask_to_stop};
    struct pga_cluster cluster;
    pid_t starter;

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    (void)alarm(
        1); /* setitimer() is obsolescent; the alarm is noticed wherever the start is by then */
    settings.timeout_ms = 0;
    for (int i = 0; i < 20 && pga_interrupt_count() == 0; i++) {
        struct pga_error err = {0};

        if (pga_cluster_start(&mem, &settings, &cluster, &err))
            world_reset(&mem, &settings, &cluster);
        else
            ck_assert_msg(err.code == PGA_ERR_INTERRUPTED, "%s", world_error(&mem, &err));
    }
    ck_assert_int_eq(world_count_processes(&mem, project), 0);
    pga_interrupt_clear();

    /* kill -9 while initdb runs: what it leaves half made is not taken for data. */
    starter = fork_start(&settings);
    (void)poll(NULL, 0, 350);
    ck_assert_int_eq(kill(starter, SIGKILL), 0);
    ck_assert_int_ne(exit_status(starter), 0);
    ck_assert_int_ne(world_shell(pga_format(&mem, "test -d '%s'/.pgalter/local/data", project)), 0);
    world_start(&mem, &settings, &cluster);
    ck_assert_int_ne(
        world_shell(pga_format(&mem, "ls -d '%s'/new-* >/dev/null 2>&1", cluster.state_dir)), 0);
    ck_assert_str_eq(world_query(&mem, pga_cluster_url(&mem, &cluster, NULL), "SELECT 1"), "1");
    world_reset(&mem, &settings, &cluster);
}
END_TEST

static Suite *
make_suite(void)
{
    Suite *suite = suite_create("cluster");
    TCase *quick = tcase_create("quick");
    TCase *servers = tcase_create("servers");

    tcase_add_unchecked_fixture(quick, world_begin, world_end);
    tcase_add_unchecked_fixture(servers, world_begin, world_end);
    tcase_set_timeout(quick, 60);
    tcase_set_timeout(servers, 120);
    tcase_add_test(quick, find_creates_nothing);
    tcase_add_test(quick, no_server_installed);
    tcase_add_test(quick, somebody_took_the_name_of_the_socket_directory);
    tcase_add_test(servers, start_use_stop_start_reset);
    tcase_add_test(servers, two_starts_of_two_projects_at_once);
    tcase_add_test(servers, killed_postmaster_with_orphans_and_forged_pid);
    tcase_add_test(servers, awkward_path_and_refusals);
    tcase_add_test(servers, interrupted_and_killed_while_it_is_made);
    if (geteuid() == 0)
        world_add_user_tests(quick, servers);
    suite_add_tcase(suite, quick);
    suite_add_tcase(suite, servers);
    return suite;
}

int
main(void)
{
    SRunner *runner = srunner_create(make_suite());
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
