/*
 * tests/system/test_cluster_users.c: which user a private cluster runs as, and where its state is
 * then.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/cluster.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "tests/system/cluster_world.h"

START_TEST(root_works_for_the_owner_of_the_project)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *owned = world_project(&mem, "owned", world_other_uid());
    struct pga_cluster_settings settings = world_settings(owned);
    struct pga_cluster cluster;
    struct pga_error err = {0};
    struct stat status;

    ck_assert(pga_cluster_find(&mem, &settings, &cluster, &err));
    ck_assert_uint_eq(cluster.uid, world_other_uid());
    ck_assert_str_eq(cluster.state_dir, world_below(&mem, owned, ".pgalter/local"));
    world_start(&mem, &settings, &cluster);
    ck_assert_int_eq(lstat(world_below(&mem, owned, ".pgalter"), &status), 0);
    ck_assert_uint_eq(status.st_uid, world_other_uid());
    ck_assert_uint_eq(geteuid(), 0);
    ck_assert_str_eq(world_query(&mem, pga_cluster_url(&mem, &cluster, NULL), "SELECT 1"), "1");
    world_reset(&mem, &settings, &cluster);
    ck_assert_int_eq(rmdir(owned), 0);
}
END_TEST

/* As an ordinary user, who has nothing but a home. */
static int
live_as_user(struct pga_arena *mem, const char *home, const char *read_only)
{
    struct pga_cluster_settings own = world_settings(world_below(mem, home, "project"));
    struct pga_cluster_settings foreign = world_settings(read_only);
    struct pga_cluster cluster;
    struct pga_error err = {0};

    ck_assert_int_eq(setenv("HOME", home, 1), 0);
    ck_assert_int_eq(unsetenv("XDG_STATE_HOME"), 0);
    ck_assert_int_eq(mkdir(own.project_dir, 0700), 0);
    ck_assert(pga_cluster_find(mem, &own, &cluster, &err));
    ck_assert_uint_eq(cluster.uid, geteuid());
    ck_assert_str_eq(cluster.state_dir, world_below(mem, own.project_dir, ".pgalter/local"));

    world_start(mem, &foreign, &cluster);
    ck_assert_int_eq(strncmp(cluster.state_dir, world_below(mem, home, ".local/state/pgalter/"),
                             strlen(home) + 22),
                     0);
    world_assert_private(mem, &cluster);
    ck_assert_str_eq(world_query(mem, pga_cluster_url(mem, &cluster, NULL), "SELECT 1"), "1");
    world_stop(mem, &foreign, &cluster);
    world_reset(mem, &foreign, &cluster);
    return 0;
}

START_TEST(an_ordinary_user)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *home = world_project(&mem, "home", world_other_uid());
    char *read_only = world_project(&mem, "read-only", 0);

    ck_assert_int_eq(setgid((gid_t)world_other_uid()), 0);
    ck_assert_int_eq(setuid(world_other_uid()), 0);
    ck_assert_int_eq(live_as_user(&mem, home, read_only), 0);
}
END_TEST

START_TEST(a_user_without_a_name)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *project = world_project(&mem, "nameless", 54321);
    struct pga_cluster_settings settings = world_settings(project);

    ck_assert_int_eq(setgid(54321), 0);
    ck_assert_int_eq(setuid(54321), 0);
    world_assert_has(world_start_fails(&mem, &settings, PGA_ERR_USAGE),
                     "user id 54321 has no name");
}
END_TEST

/*
 * In a world-writable project somebody else may have made the directory first; nothing there is
 * touched.
 */
START_TEST(a_state_directory_of_somebody_else)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *project = world_project(&mem, "shared", 0);
    char *trap = world_project(&mem, "trap", 0);
    struct pga_cluster_settings settings = world_settings(project);
    struct pga_cluster cluster;
    struct pga_error err = {0};

    ck_assert_int_eq(mkdir(world_below(&mem, project, ".pgalter"), 0755), 0);
    ck_assert_int_eq(symlink(trap, world_below(&mem, project, ".pgalter/local")), 0);
    ck_assert(pga_cluster_find(&mem, &settings, &cluster, &err));
    ck_assert_int_eq(strncmp(cluster.state_dir, "/var/lib/", 9), 0);
    ck_assert_int_eq(unlink(world_below(&mem, project, ".pgalter/local")), 0);
    ck_assert_int_eq(chown(world_below(&mem, project, ".pgalter"), world_other_uid(), (gid_t)-1),
                     0);
    ck_assert(pga_cluster_find(&mem, &settings, &cluster, &err));
    ck_assert_int_eq(strncmp(cluster.state_dir, "/var/lib/", 9), 0);
}
END_TEST

void
world_add_user_tests(TCase *quick, TCase *servers)
{
    tcase_add_test(quick, a_user_without_a_name);
    tcase_add_test(quick, a_state_directory_of_somebody_else);
    tcase_add_test(servers, root_works_for_the_owner_of_the_project);
    tcase_add_test(servers, an_ordinary_user);
}
