/*
 * tests/unit/test_resume.c: engine/statements.h, steps in whose middle a run ended, or another came.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/statements.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "tests/helpers/one_step.h"

static struct pga_one_step s;

static void
setup(void)
{
    pga_one_step_init(&s);
}

static void
teardown(void)
{
    pga_one_step_release(&s);
}

static const char *
record(const char *column)
{
    return pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, column);
}

/* ---- runs that end in the middle ---- */

START_TEST(in_a_statement_that_shares_a_transaction)
{
    pga_one_step_die(&s, "SELECT 2");
    ck_assert(!pga_one_step_apply(&s, "SELECT 1;\nSELECT 2;\nSELECT 3;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
    pga_one_step_begin(&s);
    ck_assert_msg(pga_one_step_run(&s, PGA_STEP_APPLY), "%s", s.p.err.message);
    ck_assert_uint_eq(s.p.happenings[PGA_HAPPENING_STEP_RESUMED], 1);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 1);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_EFFECTS), 0); /* they were queries */
}
END_TEST

#define DONE_WHEN "-- pgalter:done-when SELECT pg_is_it_there()\n"

START_TEST(nobody_can_tell)
{
    pga_one_step_die(&s, "CALL x()");
    ck_assert(!pga_one_step_apply(&s, "SELECT 1;\nCALL x();"));
    ck_assert_str_eq(record("progress"), "started");
    pga_one_step_begin(&s);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_HALF_DONE);
    ck_assert_int_eq(pga_error_exit_status(&s.p.err), 67);
    ck_assert_int_eq(s.p.err.place.line, 3);
    ck_assert_ptr_nonnull(strstr(s.p.err.message, "alteration \"1-a\""));
    ck_assert_ptr_nonnull(strstr(s.p.err.detail, "run-1"));
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "pgalter mark 1-a --because"));
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "pgalter forget 1-a --because"));
    ck_assert_str_eq(record("run"), "run-1"); /* nothing was touched */
}
END_TEST

START_TEST(done_when_tells)
{
    static const char *const answers[] = {"t", "f"};

    for (int i = 0; i < 2; i++) {
        pga_one_step_die(&s, "CALL x()");
        ck_assert(!pga_one_step_apply(&s, DONE_WHEN "CALL x();\nSELECT 1;"));
        pga_one_step_begin(&s);
        s.w.server.done_when = answers[i];
        ck_assert_msg(pga_one_step_run(&s, PGA_STEP_APPLY), "%s", s.p.err.message);
        ck_assert_uint_eq(pga_fake_effects(&s.w.server, "CALL x()"), (size_t)i);
        ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 1);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(done_when_can_not_tell)
{
    pga_one_step_die(&s, "CALL x()");
    ck_assert(!pga_one_step_apply(&s, DONE_WHEN "CALL x();"));
    pga_one_step_begin(&s);
    pga_one_step_fail(&s, "pg_is_it_there", "42883", 1);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_HALF_DONE);
    ck_assert_ptr_nonnull(strstr(s.p.err.detail, "can't tell: no"));
    pga_one_step_begin(&s);
    pga_one_step_die(&s, "pg_is_it_there");
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
}
END_TEST

START_TEST(a_text_that_changed_meanwhile)
{
    pga_one_step_die(&s, "VACUUM y");
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nVACUUM y;"));
    pga_one_step_begin(&s);
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nVACUUM z;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(s.p.err.message, "changed since a run ended in its middle"));
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "pgalter forget 1-a"));
    pga_build_file(&s.w.b, "1-a.before-up.sql", "VACUUM x;"); /* another script altogether */
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nVACUUM y;\nVACUUM z;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_JOURNAL);
}
END_TEST

START_TEST(a_rollback_that_nobody_can_tell)
{
    ck_assert(pga_one_step_apply(&s, "VACUUM x;"));
    pga_build_file(&s.w.b, "1-a.down.sql", "-- pgalter:transaction none\nCALL z();");
    pga_one_step_die(&s, "CALL z()");
    ck_assert(!pga_one_step_run(&s, PGA_STEP_REVERT));
    pga_one_step_begin(&s);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_REVERT));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_HALF_DONE);
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "took effect: pgalter forget 1-a"));
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "pgalter mark 1-a"));
}
END_TEST

START_TEST(a_record_behind_the_end)
{
    struct pga_unfinished row = {.id = "1-a", .unit = 7};

    pga_build_file(&s.w.b, "1-a.up.sql", "-- pgalter:transaction none\nVACUUM x;");
    row.digest = s.w.b.alterations.items[0].parts[0]->digest;
    ck_assert(pga_unfinished_claim(&s.p.journal, &row, &s.p.err));
    pga_one_step_begin(&s);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_JOURNAL);
}
END_TEST

/* ---- other runs ---- */

/* The lock was lost, but the session of the run that claimed the step lives: it is waited for. */
START_TEST(the_other_run_lives)
{
    pga_one_step_die(&s, "SELECT 2");
    ck_assert(!pga_one_step_apply(&s, "SELECT 1;\nSELECT 2;"));
    pga_one_step_begin(&s);
    s.w.server.live_run = "run-1";
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(s.p.err.message, "run-1"));
    ck_assert_uint_gt(s.w.fake.sleep_count, 10);
    ck_assert_str_eq(record("run"), "run-1");
}
END_TEST

static void
let_it_end(struct pga_fake_server *server, void *ctx PGA_UNUSED)
{
    server->live_run = NULL;
}

START_TEST(the_other_run_ends)
{
    pga_one_step_die(&s, "SELECT 2");
    ck_assert(!pga_one_step_apply(&s, "SELECT 1;\nSELECT 2;"));
    pga_one_step_begin(&s);
    s.w.server.live_run = "run-1";
    s.w.server.hook = let_it_end;
    s.w.server.hook_at = s.w.server.calls + 5;
    ck_assert_msg(pga_one_step_run(&s, PGA_STEP_APPLY), "%s", s.p.err.message);
    ck_assert(s.outcome.is_overtaken); /* who knows what it did: plan again */
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 0);
}
END_TEST

START_TEST(another_run_claims_it_first)
{
    struct pga_unfinished row = {.id = "1-a"};
    const struct pga_alteration *alteration;
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = "1-a"};
    struct pga_source source = {0};

    pga_build_file(&s.w.b, "1-a.up.sql", "-- pgalter:transaction none\nVACUUM x;");
    alteration = &s.w.b.alterations.items[0];
    step.alteration = alteration;
    source.main = alteration->parts[PGA_PART_UP];
    ck_assert(pga_unfinished_claim(&s.p.journal, &row, &s.p.err));
    ck_assert_msg(pga_statements_run(&s.p.runner, &step, &source, NULL, &s.outcome, &s.p.err), "%s",
                  s.p.err.message);
    ck_assert(s.outcome.is_overtaken);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_EFFECTS), 0);
    memset(&s.outcome, 0, sizeof(s.outcome));
    pga_one_step_fail(&s, "INSERT INTO \"pgalter\".unfinished", "42501", 1);
    ck_assert(!pga_statements_run(&s.p.runner, &step, &source, NULL, &s.outcome, &s.p.err));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_DENIED);
}
END_TEST

static void
take_it_over(struct pga_fake_server *server, void *ctx PGA_UNUSED)
{
    struct pga_fake_table *table = &server->state.tables[PGA_FAKE_UNFINISHED];
    const char **row = pga_new_array(&server->mem, const char *, 11);

    if (table->count == 0)
        return;
    memcpy(row, table->rows[0], 11 * sizeof(*row));
    row[2] = "run-9";
    table->rows[0] = row;
}

/* Whenever another run takes the record over, this one stops and does nothing twice. */
START_TEST(taken_over_in_the_middle)
{
    bool came = true;

    for (size_t call = 1; came; call++) {
        s.w.server.hook = take_it_over;
        s.w.server.hook_at = s.w.server.calls + call;
        if (!pga_one_step_apply(&s, "VACUUM x;\nSELECT 1;\nVACUUM y;")) {
            ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
            ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 0);
            ck_assert_str_eq(record("run"), "run-9");
        } else {
            ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 1);
        }
        ck_assert_uint_le(pga_fake_effects(&s.w.server, "VACUUM x"), 1);
        came = s.w.server.hook_at == 0;
        ck_assert_uint_lt(call, 100);
        teardown();
        setup();
    }
}
END_TEST

static void
drop_lock(struct pga_fake_server *server, void *ctx PGA_UNUSED)
{
    server->lock_holder = NULL;
}

START_TEST(the_lock_is_verified_before_each_statement)
{
    s.w.server.hook = drop_lock;
    s.w.server.hook_at = s.w.server.calls + 6;
    ck_assert_msg(pga_one_step_apply(&s, "VACUUM x;\nVACUUM y;"), "%s", s.p.err.message);
    ck_assert_uint_eq(s.p.happenings[PGA_HAPPENING_LOCK_RETAKEN], 1);
    ck_assert_ptr_eq(s.w.server.lock_holder, s.p.driver);
}
END_TEST

static void
give_lock_away(struct pga_fake_server *server, void *ctx PGA_UNUSED)
{
    server->lock_holder = "somebody else";
}

START_TEST(the_lock_goes_to_another)
{
    s.w.server.hook = give_lock_away;
    s.w.server.hook_at = s.w.server.calls + 6;
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nVACUUM y;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOCKED);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM y"), 0);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 1);
}
END_TEST

START_TEST(a_signal_between_two_statements)
{
    pga_one_step_fail(&s, "VACUUM y", "55P03", 100);
    s.w.fake.raise_at = 1;
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;\nVACUUM y;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_INTERRUPTED);
    ck_assert_str_eq(record("statement"), "1");
    ck_assert_str_eq(record("progress"), "next");
    pga_interrupt_clear();
}
END_TEST

/* The append meets another run's: what the script did stays, and the next plan appends. */
START_TEST(the_last_append_is_overtaken)
{
    pga_one_step_fail(&s, "INSERT INTO \"pgalter\".history", "23505", 1);
    ck_assert_msg(pga_one_step_apply(&s, "VACUUM x;"), "%s", s.p.err.message);
    ck_assert(s.outcome.is_overtaken);
    ck_assert_str_eq(record("statement"), "1");
    ck_assert_msg(pga_one_step_run(&s, PGA_STEP_APPLY), "%s", s.p.err.message);
    ck_assert(!s.outcome.is_overtaken);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "VACUUM x"), 1);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_JOURNAL), 1);
    teardown();
    setup();
    pga_one_step_fail(&s, "INSERT INTO \"pgalter\".history", "42501", 1);
    ck_assert(!pga_one_step_apply(&s, "VACUUM x;"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_DENIED);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("resume");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, in_a_statement_that_shares_a_transaction);
    tcase_add_test(tcase, nobody_can_tell);
    tcase_add_test(tcase, done_when_tells);
    tcase_add_test(tcase, done_when_can_not_tell);
    tcase_add_test(tcase, a_text_that_changed_meanwhile);
    tcase_add_test(tcase, a_rollback_that_nobody_can_tell);
    tcase_add_test(tcase, a_record_behind_the_end);
    tcase_add_test(tcase, the_other_run_lives);
    tcase_add_test(tcase, the_other_run_ends);
    tcase_add_test(tcase, another_run_claims_it_first);
    tcase_add_test(tcase, taken_over_in_the_middle);
    tcase_add_test(tcase, the_lock_is_verified_before_each_statement);
    tcase_add_test(tcase, the_lock_goes_to_another);
    tcase_add_test(tcase, a_signal_between_two_statements);
    tcase_add_test(tcase, the_last_append_is_overtaken);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
