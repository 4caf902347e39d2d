/*
 * tests/unit/test_script_driver.c: drivers/script/script.h and drivers/driver.c.
 *
 * That the scripted server behaves as a real one is shown by tests/contract.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/script/script.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static const struct pga_script_answer done[] = {{.tag = "DONE"}, {.tag = NULL}};

static const struct pga_script_line three[] = {
    {.expect = "BEGIN", .answers = done, .after = PGA_TRANSACTION_OPEN},
    {.expect = "CREATE", .answers = done, .after = PGA_TRANSACTION_OPEN},
    {.expect = "COMMIT", .answers = done},
};

/* What a caller does: three messages, a new session when one is lost. */
static bool
run_three(struct pga_driver *d, struct pga_error *err)
{
    return pga_driver_run(d, PGA_STR("BEGIN"), err) &&
           pga_driver_run(d, PGA_STR("CREATE TABLE t ()"), err) &&
           pga_driver_run(d, PGA_STR("COMMIT"), err);
}

START_TEST(messages_are_logged_and_counted)
{
    struct pga_script_settings settings = {.lines = three, .line_count = 3};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_script_open(&settings);
    struct pga_error err = {0};

    ck_assert_str_eq(pga_script_log(d), "");
    ck_assert_uint_eq(pga_script_unused(d), 3);
    ck_assert(pga_driver_run(d, PGA_STR("BEGIN"), &err));
    ck_assert_uint_eq(pga_script_unused(d), 2);
    ck_assert(pga_driver_run(d, PGA_STR("CREATE TABLE t ()"), &err));
    ck_assert_str_eq(pga_script_log(d), "BEGIN\nCREATE TABLE t ()\n");
    ck_assert_uint_eq(pga_script_calls(d), 2);
    ck_assert_uint_eq(pga_script_unused(d), 1);
}
END_TEST

START_TEST(nth_call_loses_the_connection)
{
    bool done_once = false;

    for (size_t n = 1; !done_once; n++) {
        struct pga_script_settings settings = {.lines = three, .line_count = 3, .fail_at = n};
        PGA_AUTO(pga_driver_close)
        struct pga_driver *d = pga_script_open(&settings);
        struct pga_error err = {0};

        done_once = run_three(d, &err);
        if (!done_once) {
            ck_assert_int_eq(err.code, PGA_ERR_LOST);
            ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_LOST);
            ck_assert_ptr_null(strstr(pga_script_log(d), "COMMIT"));
            ck_assert_uint_eq(pga_script_calls(d), n);
        } else {
            ck_assert_uint_eq(n, 4);
            ck_assert_uint_eq(pga_script_unused(d), 0);
        }
    }
}
END_TEST

START_TEST(reconnecting_is_a_call_too)
{
    struct pga_script_settings settings = {.lines = three, .line_count = 3, .fail_at = 2};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_script_open(&settings);
    struct pga_error err = {0}, again = {0}, lost = {0};
    int pid = pga_driver_backend_pid(d);

    ck_assert(pga_driver_run(d, PGA_STR("BEGIN"), &err));
    ck_assert(!pga_driver_reconnect(d, &err));
    ck_assert_int_eq(err.code, PGA_ERR_NO_SERVER);
    ck_assert(!pga_driver_run(d, PGA_STR("CREATE"), &lost));
    ck_assert_int_eq(lost.code, PGA_ERR_LOST);
    ck_assert(pga_driver_reconnect(d, &again));
    ck_assert_int_ne(pga_driver_backend_pid(d), pid);
    ck_assert(pga_driver_run(d, PGA_STR("CREATE"), &again)); /* the line was not used up */
}
END_TEST

START_TEST(repeated_lines_are_found_by_their_text)
{
    struct pga_script_settings settings = {.lines = three, .line_count = 3, .repeat = true};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_script_open(&settings);
    struct pga_error err = {0};

    for (int i = 0; i < 3; i++) {
        ck_assert(pga_driver_run(d, PGA_STR("a CREATE b"), &err));
        ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_OPEN);
        ck_assert(pga_driver_run(d, PGA_STR("COMMIT"), &err));
        ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
    }
    ck_assert_uint_eq(pga_script_unused(d), 1);
    ck_assert_uint_eq(pga_script_calls(d), 6);
}
END_TEST

START_TEST(version_and_parameters_can_be_chosen)
{
    static const char *const parameters[] = {"standard_conforming_strings", "off", NULL};
    struct pga_script_settings settings = {.server_version = 130005, .parameters = parameters};
    struct pga_script_settings usual = {.line_count = 0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_script_open(&settings);
    PGA_AUTO(pga_driver_close)
    struct pga_driver *ordinary = pga_script_open(&usual);

    ck_assert_int_eq(pga_driver_server_version(d), 130005);
    ck_assert_str_eq(pga_driver_parameter(d, "standard_conforming_strings"), "off");
    ck_assert_ptr_null(pga_driver_parameter(d, "client_encoding"));
    ck_assert_int_eq(pga_driver_server_version(ordinary), 150000);
    ck_assert_str_eq(pga_driver_parameter(ordinary, "client_encoding"), "UTF8");
    ck_assert_str_eq(pga_driver_describe(d), "database \"script\" on a scripted server");
}
END_TEST

static void
send_text(const struct pga_script_settings *settings, const char *sql)
{
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = pga_script_open(settings);
    struct pga_error err = {0};

    (void)!pga_driver_run(d, pga_str_of(sql), &err);
}

START_TEST(message_that_does_not_fit_ends_the_process)
{
    struct pga_script_settings settings = {.lines = three, .line_count = 3};

    send_text(&settings, "COMMIT");
}
END_TEST

START_TEST(message_too_many_ends_the_process)
{
    struct pga_script_settings settings = {.line_count = 0};

    send_text(&settings, "BEGIN");
}
END_TEST

START_TEST(unknown_message_among_repeated_lines_ends_the_process)
{
    struct pga_script_settings settings = {.lines = three, .line_count = 3, .repeat = true};

    send_text(&settings, "VACUUM");
}
END_TEST

START_TEST(long_texts_of_a_server_are_cut)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    char *text = pga_alloc(&mem, 10001, 1);
    struct pga_script_line line = {.error = {.sqlstate = "P0001"}};
    struct pga_script_settings settings = {.lines = &line, .line_count = 1};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = NULL;
    struct pga_error err = {0};

    memset(text, 'x', 10000);
    line.error.message = line.error.detail = line.error.hint = line.error.context = text;
    d = pga_script_open(&settings);
    ck_assert(!pga_driver_run(d, PGA_STR("SELECT 1"), &err));
    ck_assert_str_eq(err.message + strlen(err.message) - 4, "x...");
    ck_assert_str_eq(err.detail + strlen(err.detail) - 4, "x...");
    ck_assert_str_eq(err.hint + strlen(err.hint) - 4, "x...");
    ck_assert_str_eq(err.context + strlen(err.context) - 4, "x...");
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
    struct pga_driver *d = NULL;

    pga_driver_close(&d);
    ck_assert_ptr_null(d);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("scripted driver");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, messages_are_logged_and_counted);
    tcase_add_test(tcase, nth_call_loses_the_connection);
    tcase_add_test(tcase, reconnecting_is_a_call_too);
    tcase_add_test(tcase, repeated_lines_are_found_by_their_text);
    tcase_add_test(tcase, version_and_parameters_can_be_chosen);
    tcase_add_exit_test(tcase, message_that_does_not_fit_ends_the_process, 70);
    tcase_add_exit_test(tcase, message_too_many_ends_the_process, 70);
    tcase_add_exit_test(tcase, unknown_message_among_repeated_lines_ends_the_process, 70);
    tcase_add_test(tcase, long_texts_of_a_server_are_cut);
    tcase_add_test(tcase, closing_nothing_is_fine);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
