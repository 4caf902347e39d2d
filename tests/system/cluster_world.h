/*
 * tests/system/cluster_world.h: projects, users and processes for the test of the private cluster.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_CLUSTER_WORLD_H
#define PGA_TESTS_CLUSTER_WORLD_H

#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "drivers/local/cluster.h"

/* The folder in which all projects of the test lie; everybody may pass through. */
void world_begin(void);

/* Reset every cluster that a test, also a failed one, left behind, and remove the folder. */
void world_end(void);

/* A new project directory with this name and owner, mode 0755. */
char *world_project(struct pga_arena *mem, const char *name, uid_t owner);

/* For a project and the server that is tested: PGALTER_PG_BINDIR, else the installed one. */
struct pga_cluster_settings world_settings(const char *project);

/* The user that root's clusters run as: `postgres`, else `nobody`; without root the present one. */
uid_t world_server_uid(void);

/* A user that is neither root nor that one: `nobody`. */
uid_t world_other_uid(void);

/* Start, and fail the test with the whole error when it does not. */
void world_start(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                 struct pga_cluster *out);

/* The same for the other commands. */
void world_stop(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                struct pga_cluster *out);
void world_reset(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                 struct pga_cluster *out);

/* Start must fail with this code: the whole error. */
const char *world_start_fails(struct pga_arena *mem, const struct pga_cluster_settings *settings,
                              enum pga_code code);

/* Nobody else can get at the files of a running cluster, nor through the network. */
void world_assert_private(struct pga_arena *mem, const struct pga_cluster *cluster);

#define world_assert_has(text, part)                                                               \
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)

/* "dir/name" */
char *world_below(struct pga_arena *mem, const char *dir, const char *name);

/* Write or append to a file. */
void world_write(const char *path, const char *text, bool append);

/* Show an error in the failure of a test. */
char *world_error(struct pga_arena *mem, const struct pga_error *err);

/* What psql answers, without the line break at the end; "!" and its message when it fails. */
char *world_query(struct pga_arena *mem, const char *url, const char *sql);

/* Begin a psql with this statement and go on; the pid of its backend. */
pid_t world_query_in_background(struct pga_arena *mem, const char *url, const char *sql);

/* Run a shell command of the test; its exit status. */
int world_shell(const char *command);

bool world_is_alive(pid_t pid);
bool world_wait_gone(pid_t pid, int timeout_ms);

/* The start of a file under /proc, with the NULs between arguments made blanks. */
char *world_proc(struct pga_arena *mem, const char *path);

/* Processes that work in a directory or below it, or have it on their command line. */
int world_count_processes(struct pga_arena *mem, const char *dir);

/* Whether a process listens on a TCP port. */
bool world_listens_on_tcp(struct pga_arena *mem, pid_t pid);

/* The permission bits of a path; -1 when it is absent. */
int world_mode(const char *path);

/* test_cluster_users.c: the tests that only root can run, because they need other users. */
void world_add_user_tests(TCase *quick, TCase *servers);

#endif
