/*
 * tests/unit/test_record.c: engine/record.h, changing what the journal says without running a script.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/record.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "journal/unfinished.h"
#include "tests/helpers/build.h"
#include "tests/helpers/fake_clock.h"
#include "tests/helpers/fake_server.h"

static struct pga_build b;
static struct pga_fake_server server;
static struct pga_fake_clock fake;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_runner runner;
static struct pga_recorded recorded;
static struct pga_error err;

static void
begin_run(void)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "e"};

    pga_driver_close(&driver);
    memset(&err, 0, sizeof(err));
    memset(&recorded, 0, sizeof(recorded));
    driver = pga_fake_session_open(&server);
    pga_journal_init(&journal, driver, &b.mem, &settings);
    runner = (struct pga_runner){.driver = driver,
                                 .journal = &journal,
                                 .alterations = &b.alterations,
                                 .clock = pga_fake_clock_init(&fake),
                                 .settings = {.lock_wait_ms = 5000}};
    ck_assert_msg(pga_journal_open(&journal, &err), "%s", err.message);
}

static void
setup(void)
{
    pga_build_init(&b);
    pga_fake_server_init(&server);
    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    pga_build_file(&b, "1.0.0-1-users.down.sql", "DROP TABLE users;");
    pga_build_file(&b, "1.1.0-2-roles.up.sql", "CREATE TABLE roles ();");
    pga_build_file(&b, "next-3-more.up.sql", "CREATE TABLE more ();");
    driver = NULL;
    begin_run();
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
    pga_build_release(&b);
}

static void
must(bool fine)
{
    ck_assert_msg(fine, "%s", err.message);
    ck_assert_ptr_null(server.lock_holder);
    begin_run();
    ck_assert_msg(pga_journal_load(&journal, &err), "%s", err.message);
}

static void
must_fail(bool fine, enum pga_code code)
{
    ck_assert(!fine);
    ck_assert_msg(err.code == code, "%s: %s", pga_code_name(err.code), err.message);
    ck_assert_ptr_null(server.lock_holder);
}

static size_t
count(enum pga_fake_table_name table)
{
    return server.state.tables[table].count;
}

static const char *
last(const char *column)
{
    return pga_fake_value(&server, PGA_FAKE_HISTORY, count(PGA_FAKE_HISTORY) - 1, column);
}

/* ---- mark ---- */

START_TEST(marking_up_to_a_target)
{
    ck_assert(pga_mark_up_to(&runner, &b.mem, "latest", "it was there", &recorded, &err));
    ck_assert_uint_eq(recorded.count, 2);
    ck_assert_str_eq(recorded.ids[0], "1-users");
    ck_assert_str_eq(recorded.ids[1], "2-roles");
    ck_assert_str_eq(last("event"), "marked");
    ck_assert_str_eq(last("because"), "it was there");
    ck_assert_uint_eq(count(PGA_FAKE_EFFECTS), 0); /* nothing ran */
    ck_assert_uint_eq(count(PGA_FAKE_SCRIPTS), 3); /* but can be taken back */
    must(true);
    ck_assert(pga_mark_up_to(&runner, &b.mem, "latest", "again", &recorded, &err));
    ck_assert_uint_eq(recorded.count, 0);
}
END_TEST

START_TEST(marking_one)
{
    must(pga_mark_one(&runner, &b.mem, "2-roles", "it was there", &recorded, &err));
    ck_assert_uint_eq(journal.applied_count, 1);
    ck_assert_str_eq(journal.applied[0]->id, "2-roles");
    must_fail(pga_mark_one(&runner, &b.mem, "2-roles", "x", &recorded, &err), PGA_ERR_USAGE);
    ck_assert_str_eq(err.message, "\"2-roles\" is applied already");
    ck_assert_int_eq(err.id, PGA_ID_ALREADY_APPLIED);
    begin_run();
    must_fail(pga_mark_one(&runner, &b.mem, "2-role", "x", &recorded, &err), PGA_ERR_USAGE);
    ck_assert_str_eq(err.message, "there is no alteration \"2-role\" in \"alterations\"");
    ck_assert_str_eq(err.hint, "Did you mean \"2-roles\"?");
    begin_run();
    must_fail(pga_mark_one(&runner, &b.mem, "something_else", "x", &recorded, &err), PGA_ERR_USAGE);
    ck_assert_str_eq(err.hint, "\"pgalter list\" shows all ids.");
}
END_TEST

START_TEST(marking_with_a_wrong_target)
{
    must_fail(pga_mark_up_to(&runner, &b.mem, "lates", "x", &recorded, &err), PGA_ERR_USAGE);
    ck_assert(!server.state.has_schema);
}
END_TEST

/* ---- accept ---- */

START_TEST(accepting)
{
    const char *difference;

    must(pga_mark_up_to(&runner, &b.mem, "1.0.0", "x", &recorded, &err));
    ck_assert(pga_accept_preview(&runner, &b.mem, "1-users", &difference, &err));
    ck_assert_str_eq(difference, "");
    ck_assert(pga_accept(&runner, &b.mem, "1-users", "x", &recorded, &err));
    ck_assert_uint_eq(recorded.count, 0); /* there is nothing to take over */
    ck_assert_uint_eq(count(PGA_FAKE_HISTORY), 2);
    pga_build_file(&b, "2.0.0-1-users.down.sql", "DROP TABLE users CASCADE;");
    pga_build_file(&b, "2.0.0-1-users.before-down.sql", "VACUUM;");
    begin_run();
    ck_assert(pga_accept_preview(&runner, &b.mem, "1-users", &difference, &err));
    ck_assert_str_eq(difference, "--- journal:1-users.down.sql\n+++ 2.0.0-1-users.down.sql\n"
                                 "@@ line 1 @@\n-DROP TABLE users;\n+DROP TABLE users CASCADE;\n"
                                 "--- journal:1-users.before-down.sql\n"
                                 "+++ 2.0.0-1-users.before-down.sql\n@@ line 1 @@\n+VACUUM;\n");
    ck_assert(pga_accept(&runner, &b.mem, "1-users", "it was wrong", &recorded, &err));
    ck_assert_str_eq(recorded.difference, difference);
    ck_assert_str_eq(recorded.ids[0], "1-users");
    ck_assert_str_eq(last("event"), "accepted");
    ck_assert_str_eq(last("version"), "1.0.0"); /* a new version is the next deploy's to record */
    must(true);
    ck_assert(journal.applied[0]->has_part[PGA_PART_BEFORE_DOWN]);
    ck_assert_int_eq(journal.applied[0]->seq, 1);
}
END_TEST

START_TEST(accepting_that_a_script_is_gone)
{
    must(pga_mark_one(&runner, &b.mem, "1-users", "x", &recorded, &err));
    pga_build_no_files(&b);
    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    must(pga_accept(&runner, &b.mem, "1-users", "no way back", &recorded, &err));
    ck_assert(!journal.applied[0]->has_part[PGA_PART_DOWN]);
}
END_TEST

START_TEST(what_can_not_be_accepted)
{
    must(pga_mark_up_to(&runner, &b.mem, "1.0.0", "x", &recorded, &err));
    must_fail(pga_accept(&runner, &b.mem, "2-roles", "x", &recorded, &err), PGA_ERR_USAGE);
    ck_assert_str_eq(err.message, "\"2-roles\" is not applied");
    ck_assert_str_eq(err.hint, "\"pgalter list\" shows what is.");
    begin_run();
    must_fail(pga_accept(&runner, &b.mem, "1-user", "x", &recorded, &err), PGA_ERR_USAGE);
    ck_assert_str_eq(err.hint, "Did you mean \"1-users\"?");
    pga_build_no_files(&b);
    begin_run();
    must_fail(pga_accept(&runner, &b.mem, "1-users", "x", &recorded, &err), PGA_ERR_USAGE);
    ck_assert_str_eq(err.message, "there is no alteration \"1-users\" in \"alterations\"");
}
END_TEST

/* ---- forget ---- */

START_TEST(forgetting)
{
    must(pga_mark_up_to(&runner, &b.mem, "latest", "x", &recorded, &err));
    ck_assert(pga_forget(&runner, &b.mem, "1-users", "it is gone", &recorded, &err));
    ck_assert_str_eq(last("event"), "forgotten");
    ck_assert_str_eq(last("because"), "it is gone");
    must(true);
    ck_assert_uint_eq(journal.applied_count, 1);
    must_fail(pga_forget(&runner, &b.mem, "1-users", "x", &recorded, &err), PGA_ERR_USAGE);
    ck_assert_str_eq(err.message, "\"1-users\" is not applied");
}
END_TEST

/* ---- with a record of an interrupted run ---- */

static void
interrupt(const char *id, bool is_down)
{
    struct pga_unfinished row = {.id = id, .is_down = is_down};

    ck_assert_msg(pga_unfinished_claim(&journal, &row, &err), "%s", err.message);
    begin_run();
}

START_TEST(all_of_it_took_effect)
{
    must(pga_mark_one(&runner, &b.mem, "1-users", "x", &recorded, &err));
    interrupt("2-roles", false);
    must(pga_mark_one(&runner, &b.mem, "2-roles", "it is there", &recorded, &err));
    ck_assert_uint_eq(journal.applied_count, 2);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
    interrupt("1-users", true);
    must(pga_forget(&runner, &b.mem, "1-users", "it is gone", &recorded, &err));
    ck_assert_uint_eq(journal.applied_count, 1);
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
}
END_TEST

START_TEST(none_of_it_took_effect)
{
    must(pga_mark_one(&runner, &b.mem, "1-users", "x", &recorded, &err));
    interrupt("2-roles", false);
    must(pga_forget(&runner, &b.mem, "2-roles", "undone", &recorded, &err));
    ck_assert_uint_eq(journal.applied_count, 1);
    ck_assert_str_eq(last("event"), "forgotten");
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
    interrupt("1-users", true);
    pga_build_no_files(&b);
    must(pga_mark_one(&runner, &b.mem, "1-users", "still there", &recorded, &err));
    ck_assert_uint_eq(journal.applied_count, 1);
    ck_assert_str_eq(last("event"), "marked");
    ck_assert_uint_eq(count(PGA_FAKE_UNFINISHED), 0);
}
END_TEST

/* ---- other runs ---- */

START_TEST(somebody_holds_the_lock)
{
    must(pga_mark_one(&runner, &b.mem, "1-users", "x", &recorded, &err));
    server.lock_holder = "somebody else";
    ck_assert(!pga_mark_one(&runner, &b.mem, "2-roles", "x", &recorded, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    begin_run();
    ck_assert(!pga_forget(&runner, &b.mem, "1-users", "x", &recorded, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
    begin_run();
    ck_assert(!pga_accept(&runner, &b.mem, "1-users", "x", &recorded, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOCKED);
}
END_TEST

static void
mark_by_another(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    struct pga_journal_settings settings = {.run = "other", .who = "w", .engine = "e"};
    struct pga_driver *other = pga_fake_session_open(s);
    const void *holder = s->lock_holder;
    struct pga_journal theirs;
    struct pga_runner their_runner = runner;
    struct pga_recorded ignored = {0};
    struct pga_error their_err = {0};

    s->lock_holder = NULL;
    pga_journal_init(&theirs, other, &b.mem, &settings);
    their_runner.driver = other;
    their_runner.journal = &theirs;
    their_runner.has_lock = false;
    ck_assert(pga_journal_open(&theirs, &their_err));
    if (!pga_mark_one(&their_runner, &b.mem, "1-users", "theirs", &ignored, &their_err))
        ck_assert_str_eq(their_err.message, "\"1-users\" is applied already"); /* by us */
    s->lock_holder = holder;
    pga_driver_close(&other);
}

/* Wherever another run comes in, one of the two marks it, and the other says what was in the way. */
START_TEST(another_run_marks_it)
{
    bool came = true;

    for (size_t call = 1; came; call++) {
        bool fine;

        server.hook = mark_by_another;
        server.hook_at = server.calls + call;
        fine = pga_mark_one(&runner, &b.mem, "1-users", "ours", &recorded, &err);
        came = server.hook_at == 0;
        server.hook_at = 0;
        if (!fine)
            ck_assert_msg(err.code == PGA_ERR_LOCKED || err.code == PGA_ERR_USAGE, "%s",
                          err.message);
        else
            ck_assert(!came ||
                      strcmp(pga_fake_value(&server, PGA_FAKE_HISTORY, 1, "because"), "ours") == 0);
        begin_run();
        ck_assert_msg(pga_journal_load(&journal, &err), "%s", err.message);
        ck_assert_uint_eq(journal.applied_count, 1);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(each_call_can_lose_the_connection)
{
    bool fine = false;

    for (size_t call = 1; !fine; call++) {
        server.lose_at = server.calls + call;
        fine = pga_mark_up_to(&runner, &b.mem, "latest", "x", &recorded, &err) &&
               server.calls < server.lose_at;
        if (err.code != PGA_OK)
            ck_assert_int_eq(err.code, PGA_ERR_LOST);
        ck_assert_uint_eq(count(PGA_FAKE_JOURNAL), recorded.count);
        server.lose_at = 0;
        begin_run();
        must(pga_mark_up_to(&runner, &b.mem, "latest", "x", &recorded, &err));
        ck_assert_uint_eq(journal.applied_count, 2);
        ck_assert_uint_lt(call, 50);
        teardown();
        setup();
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, marking_up_to_a_target);
    tcase_add_test(tcase, marking_one);
    tcase_add_test(tcase, marking_with_a_wrong_target);
    tcase_add_test(tcase, accepting);
    tcase_add_test(tcase, accepting_that_a_script_is_gone);
    tcase_add_test(tcase, what_can_not_be_accepted);
    tcase_add_test(tcase, forgetting);
    tcase_add_test(tcase, all_of_it_took_effect);
    tcase_add_test(tcase, none_of_it_took_effect);
    tcase_add_test(tcase, somebody_holds_the_lock);
    tcase_add_test(tcase, another_run_marks_it);
    tcase_add_test(tcase, each_call_can_lose_the_connection);
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
