/*
 * tests/unit/test_log.c: base/log.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "base/arena.h"
#include "base/json.h"

static struct pga_log events;
static char *written;
static size_t written_len;

static void
set_up(void)
{
    events =
        (struct pga_log){.stream = open_memstream(&written, &written_len), .level = PGA_LOG_DEBUG};
    ck_assert_ptr_nonnull(events.stream);
}

static void
tear_down(void)
{
    ck_assert_int_eq(fclose(events.stream), 0);
    free(written);
}

START_TEST(text_has_program_level_and_message)
{
    pga_log_write(&events, PGA_LOG_ERROR, "no \"%s\"", "x");
    pga_log_line(&events, PGA_LOG_ERROR, "hint", "Run pgalter new x.");
    pga_log_write(&events, PGA_LOG_INFO, "done");
    ck_assert_str_eq(written, "pgalter: error: no \"x\"\n"
                              "pgalter: hint: Run pgalter new x.\n"
                              "pgalter: info: done\n");
}
END_TEST

START_TEST(less_important_is_left_out)
{
    events.level = PGA_LOG_WARNING;
    pga_log_write(&events, PGA_LOG_INFO, "no");
    pga_log_line(&events, PGA_LOG_DEBUG, "detail", "no");
    ck_assert_uint_eq(written_len, 0);
    pga_log_write(&events, PGA_LOG_WARNING, "yes");
    pga_log_line(&events, PGA_LOG_ERROR, "detail", "yes");
    ck_assert_str_eq(written, "pgalter: warning: yes\npgalter: detail: yes\n");
}
END_TEST

START_TEST(no_text_no_line)
{
    pga_log_line(&events, PGA_LOG_ERROR, "hint", "");
    pga_log_line(&events, PGA_LOG_ERROR, "hint", NULL);
    ck_assert_uint_eq(written_len, 0);
    pga_log_write(&events, PGA_LOG_ERROR, "%s", "");
    ck_assert_str_eq(written, "pgalter: error: \n");
}
END_TEST

START_TEST(further_lines_are_indented)
{
    pga_log_write(&events, PGA_LOG_INFO, "one\ntwo\r\n\npgalter: error: forged\n\n");
    ck_assert_str_eq(written, "pgalter: info: one\n    two\n\n    pgalter: error: forged\n");
}
END_TEST

START_TEST(control_characters_are_shown)
{
    pga_log_write(&events, PGA_LOG_INFO, "%s",
                  "\033]0;title\a \x7F \xC2\x9B"
                  "2J \x9B \r\b\tend \xC3\xA9");
    ck_assert_str_eq(
        written,
        "pgalter: info: \\x1b]0;title\\x07 \\x7f \\u009b2J \\x9b \\r\\x08\tend \xC3\xA9\n");
}
END_TEST

START_TEST(colour_only_on_demand)
{
    pga_log_write(&events, PGA_LOG_ERROR, "a");
    ck_assert_ptr_null(strchr(written, '\033'));
    events.colour = true;
    pga_log_write(&events, PGA_LOG_ERROR, "%s", "b\033[0m");
    pga_log_write(&events, PGA_LOG_WARNING, "c");
    pga_log_write(&events, PGA_LOG_INFO, "d");
    pga_log_line(&events, PGA_LOG_ERROR, "hint", "e");
    ck_assert_str_eq(written, "pgalter: error: a\n"
                              "pgalter: \033[1;31merror:\033[0m b\\x1b[0m\n"
                              "pgalter: \033[1;33mwarning:\033[0m c\n"
                              "pgalter: \033[1minfo:\033[0m d\n"
                              "pgalter: \033[1mhint:\033[0m e\n");
}
END_TEST

/* Take the first line off what was written and read it as JSON. */
static struct pga_json *
next_event(void)
{
    static size_t at;
    const char *line = written + at;
    const char *end = strchr(line, '\n');
    struct pga_error err = {0};
    struct pga_json *event;

    ck_assert_ptr_nonnull(end);
    event = pga_json_parse((struct pga_str){line, (size_t)(end - line)}, &err);
    ck_assert_msg(event != NULL, "%s: %s", err.message, line);
    at += (size_t)(end - line) + 1;
    return event;
}

START_TEST(json_is_one_object_a_line)
{
    struct pga_json *event;

    events.json = true;
    events.colour = true; /* means nothing here */
    pga_log_write(&events, PGA_LOG_WARNING, "%s", "a \"quote\", a \\,\na line, \033[1m and \xFF");
    pga_log_line(&events, PGA_LOG_WARNING, "hint", "Do that.");
    ck_assert_ptr_null(strchr(written, '\033'));

    event = next_event();
    ck_assert_str_eq(pga_json_text(pga_json_find(event, "level")), "warning");
    ck_assert_str_eq(pga_json_text(pga_json_find(event, "event")), "message");
    ck_assert_str_eq(pga_json_text(pga_json_find(event, "message")),
                     "a \"quote\", a \\,\na line, \033[1m and \xEF\xBF\xBD");
    ck_assert_ptr_null(pga_json_find(event, "run"));
    pga_json_release(&event);
    /* What is one line more in text is a field here. */
    ck_assert_uint_eq((size_t)(strchr(written, '\n') - written) + 1, written_len);
}
END_TEST

START_TEST(json_events_have_the_run_and_their_fields)
{
    PGA_AUTO(pga_json_release)
    struct pga_json *fields = pga_json_object();
    struct pga_json *event;

    pga_json_set_text(fields, "alteration", "100-a\xFF");
    pga_json_set_int(fields, "index", 3);
    pga_log_event(&events, PGA_LOG_INFO, PGA_LOG_EVENT_STEP_DONE, fields, "text has its own");
    ck_assert_uint_eq(written_len, 0);

    events.json = true;
    events.run = "a run";
    pga_log_event(&events, PGA_LOG_INFO, PGA_LOG_EVENT_STEP_DONE, fields, "done");
    event = next_event();
    ck_assert_str_eq(pga_json_text(pga_json_find(event, "event")), "step_done");
    ck_assert_str_eq(pga_json_text(pga_json_find(event, "level")), "info");
    ck_assert_str_eq(pga_json_text(pga_json_find(event, "run")), "a run");
    ck_assert_str_eq(pga_json_text(pga_json_find(event, "alteration")), "100-a\xEF\xBF\xBD");
    ck_assert_int_eq(pga_json_int(pga_json_find(event, "index"), 0), 3);
    ck_assert_str_eq(pga_json_text(pga_json_find(event, "message")), "done");
    pga_json_release(&event);
    pga_log_event(&events, PGA_LOG_INFO, PGA_LOG_EVENT_RUN_DONE, NULL, NULL);
    event = next_event();
    ck_assert_ptr_null(pga_json_find(event, "message"));
    pga_json_release(&event);

    events.level = PGA_LOG_WARNING;
    written_len = 0;
    pga_log_event(&events, PGA_LOG_INFO, PGA_LOG_EVENT_STEP_DONE, fields, "no");
    ck_assert_uint_eq(written_len, 0);
}
END_TEST

START_TEST(events_have_names)
{
    ck_assert_str_eq(pga_log_event_name(PGA_LOG_EVENT_MESSAGE), "message");
    ck_assert_str_eq(pga_log_event_name(PGA_LOG_EVENT_RUN_DONE), "run_done");
}
END_TEST

START_TEST(json_has_the_time_in_utc)
{
    time_t before = time(NULL);
    struct pga_json *event;
    const char *ts;
    struct tm utc;
    char expected[2][32];

    ck_assert_int_eq(setenv("TZ", "Asia/Tokyo", 1), 0);
    tzset();
    events.json = true;
    pga_log_write(&events, PGA_LOG_INFO, "m");
    event = next_event();
    ck_assert(strncmp(written, "{\"ts\":\"", 7) == 0);
    ts = pga_json_text(pga_json_find(event, "ts"));
    for (int i = 0; i < 2; i++) {
        time_t at = before + i;

        ck_assert_ptr_nonnull(gmtime_r(&at, &utc));
        (void)strftime(expected[i], sizeof(expected[i]), "%Y-%m-%dT%H:%M:%S.", &utc);
    }
    ck_assert_uint_eq(strlen(ts), 24);
    ck_assert_msg(strncmp(ts, expected[0], 20) == 0 || strncmp(ts, expected[1], 20) == 0, "%s", ts);
    ck_assert_uint_eq(strspn(ts + 20, "0123456789"), 3);
    ck_assert_str_eq(ts + 23, "Z");
    pga_json_release(&event);
}
END_TEST

START_TEST(levels_have_names)
{
    ck_assert_str_eq(pga_log_level_name(PGA_LOG_ERROR), "error");
    ck_assert_str_eq(pga_log_level_name(PGA_LOG_WARNING), "warning");
    ck_assert_str_eq(pga_log_level_name(PGA_LOG_INFO), "info");
    ck_assert_str_eq(pga_log_level_name(PGA_LOG_DETAIL), "detail");
    ck_assert_str_eq(pga_log_level_name(PGA_LOG_DEBUG), "debug");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, text_has_program_level_and_message);
    tcase_add_test(tcase, less_important_is_left_out);
    tcase_add_test(tcase, no_text_no_line);
    tcase_add_test(tcase, further_lines_are_indented);
    tcase_add_test(tcase, control_characters_are_shown);
    tcase_add_test(tcase, colour_only_on_demand);
    tcase_add_test(tcase, json_is_one_object_a_line);
    tcase_add_test(tcase, json_events_have_the_run_and_their_fields);
    tcase_add_test(tcase, events_have_names);
    tcase_add_test(tcase, json_has_the_time_in_utc);
    tcase_add_test(tcase, levels_have_names);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
