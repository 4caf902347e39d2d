/*
 * tests/unit/test_fault.c: base/fault.h.
 *
 * Each test is a process of its own, so each can have its own environment.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/compiler.h"

START_TEST(every_point_has_a_name)
{
    for (int i = 0; i < PGA_FAULT_POINT_COUNT; i++) {
        const char *name = pga_fault_name((enum pga_fault_point)i);

        ck_assert_ptr_nonnull(name);
        ck_assert_uint_gt(strlen(name), 0);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(name, pga_fault_name((enum pga_fault_point)j));
    }
    ck_assert_str_eq(pga_fault_name(PGA_FAULT_step_sent), "step_sent");
}
END_TEST

START_TEST(without_environment_nothing_fails)
{
    ck_assert_int_eq(unsetenv("PGA_FAULT"), 0);
    ck_assert(!PGA_FAULT(step_sent));
    ck_assert(!PGA_FAULT(runner_lock));
}
END_TEST

#ifdef PGA_FAULTS

START_TEST(skip_is_every_hit_of_its_point)
{
    ck_assert_int_eq(setenv("PGA_FAULT", "runner_lock:skip", 1), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(PGA_FAULT(runner_lock));
        ck_assert(!PGA_FAULT(step_sent));
    }
}
END_TEST

START_TEST(skip_can_be_one_hit)
{
    ck_assert_int_eq(setenv("PGA_FAULT", "step_done:skip:2", 1), 0);
    ck_assert(!PGA_FAULT(step_done));
    ck_assert(!PGA_FAULT(step_sent));
    ck_assert(PGA_FAULT(step_done));
    ck_assert(!PGA_FAULT(step_done));
}
END_TEST

START_TEST(a_later_hit_is_waited_for)
{
    ck_assert_int_eq(setenv("PGA_FAULT", "step_done:stop:2", 1), 0);
    ck_assert(!PGA_FAULT(step_done));
}
END_TEST

START_TEST(kill_is_the_first_hit)
{
    ck_assert_int_eq(setenv("PGA_FAULT", "step_done:kill", 1), 0);
    ck_assert(!PGA_FAULT(step_sent));
    (void)PGA_FAULT(step_done);
}
END_TEST

/* How a child ends that hits step_done `hits` times under that environment. */
static int
status_of_child(const char *fault, int hits)
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)setenv("PGA_FAULT", fault, 1);
        for (int i = 0; i < hits; i++)
            if (PGA_FAULT(step_done))
                _exit(2);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    if (WIFSTOPPED(status)) {
        ck_assert_int_eq(kill(child, SIGCONT), 0);
        ck_assert_int_eq(waitpid(child, &hits, 0), child);
        ck_assert(WIFEXITED(hits) && WEXITSTATUS(hits) == 0);
    }
    return status;
}

START_TEST(kill_can_be_a_later_hit)
{
    int status = status_of_child("step_done:kill:3", 2);

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    status = status_of_child("step_done:kill:3", 3);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(stop_stops_and_goes_on)
{
    int status = status_of_child("step_done:stop", 2);

    ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
}
END_TEST

START_TEST(bug_is_one_of_the_program)
{
    int status = status_of_child("step_done:bug:2", 2);

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 70);
}
END_TEST

static const char *const wrong[] = {
    "",
    "step_done",
    "step_done:",
    "step_done:explode",
    "step_don:kill",
    "step_donee:kill",
    "STEP_DONE:kill",
    ":kill",
    "kill:step_done",
    "step_done:kill:",
    "step_done:kill:0",
    "step_done:kill:-1",
    "step_done:kill:x",
    "step_done:kill:1:1",
    "step_done:kill ",
};

START_TEST(a_typing_error_aborts)
{
    int status = status_of_child(wrong[_i], 1);

    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%s", wrong[_i]);
}
END_TEST

/* Also when the program never comes to a fault point: this program, started again, only returns. */
START_TEST(a_typing_error_aborts_at_the_start)
{
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        int status;

        ck_assert_int_ge(child, 0);
        if (child == 0) {
            (void)setenv("PGA_FAULT", i == 0 ? "step_done:kill" : "step_don:kill", 1);
            (void)setenv("PGA_TEST_ONLY_RETURN", "1", 1);
            (void)execl("/proc/self/exe", "test_fault", (char *)NULL);
            _exit(3);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (i == 0)
            ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        else
            ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}
END_TEST

#endif

int
main(void)
{
    Suite *suite;
    TCase *tcase;
    SRunner *runner;
    int failed;

    if (getenv("PGA_TEST_ONLY_RETURN") != NULL)
        return EXIT_SUCCESS;
    suite = suite_create("fault");
    tcase = tcase_create("core");
    tcase_add_test(tcase, every_point_has_a_name);
    tcase_add_test(tcase, without_environment_nothing_fails);
#ifdef PGA_FAULTS
    tcase_add_test(tcase, skip_is_every_hit_of_its_point);
    tcase_add_test(tcase, skip_can_be_one_hit);
    tcase_add_test(tcase, a_later_hit_is_waited_for);
    tcase_add_test_raise_signal(tcase, kill_is_the_first_hit, SIGKILL);
    tcase_add_test(tcase, kill_can_be_a_later_hit);
    tcase_add_test(tcase, stop_stops_and_goes_on);
    tcase_add_test(tcase, bug_is_one_of_the_program);
    tcase_add_loop_test(tcase, a_typing_error_aborts, 0, (int)PGA_COUNT_OF(wrong));
    tcase_add_test(tcase, a_typing_error_aborts_at_the_start);
#endif
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
