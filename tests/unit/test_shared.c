/*
 * tests/unit/test_shared.c: runs in a session that a pooler shares (engine/shared.h, STEP 4).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/shared.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/record.h"
#include "tests/helpers/world.h"

#define ANOTHER "another runner"

static struct pga_world w;
static struct pga_process p;

static void
setup(void)
{
    pga_world_init(&w);
    w.is_shared = true;
    w.server.pooled_pid = 77;
}

static void
teardown(void)
{
    pga_world_release(&w);
}

/* ---- what may run ---- */

/* Whatever a message of pgalter's sets or takes ends with its transaction. */
static void
check_log(const char *log)
{
    static const char *const never[] = {"RESET ",
                                        "DISCARD ",
                                        "DEALLOCATE",
                                        "UNLISTEN",
                                        "CLOSE ALL",
                                        "pg_try_advisory_lock(",
                                        "pg_advisory_unlock"};

    for (size_t i = 0; i < PGA_COUNT_OF(never); i++)
        ck_assert_msg(strstr(log, never[i]) == NULL, "%s in %s", never[i], log);
    for (const char *at = strstr(log, "SET "); at != NULL; at = strstr(at + 1, "SET "))
        ck_assert_msg(strncmp(at, "SET LOCAL ", 10) == 0 ||
                          strncmp(at, "SET CONSTRAINTS ", 16) == 0,
                      "%.60s", at);
}

START_TEST(every_command_leaves_nothing)
{
    struct pga_recorded recorded = {0};

    pga_world_three(&w);
    ck_assert_msg(pga_process_deploy(&w, &p, "latest"), "%s", p.err.message);
    check_log(pga_fake_session_log(p.driver));
    pga_process_end(&p);
    ck_assert(pga_process_begin(&w, &p));
    ck_assert(pga_mark_one(&p.runner, &w.b.mem, "3-more", "x", &recorded, &p.err));
    ck_assert(pga_forget(&p.runner, &w.b.mem, "3-more", "x", &recorded, &p.err));
    check_log(pga_fake_session_log(p.driver));
    pga_process_end(&p);
    ck_assert_msg(pga_process_roll_back(&w, &p, "zero"), "%s", p.err.message);
    check_log(pga_fake_session_log(p.driver));
    pga_process_end(&p);
    pga_world_check(&w);
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_HISTORY), 7);
}
END_TEST

static const struct {
    const char *script;
    int line;         /* of the statement that is refused; 0: none is */
    const char *says; /* in the detail */
} scripts[] = {
    {"SET LOCAL search_path = app; CREATE TABLE t ();", 0, NULL},
    {"CREATE TEMP TABLE t (n int) ON COMMIT DROP; INSERT INTO t VALUES (1);", 0, NULL},
    {"SET CONSTRAINTS ALL DEFERRED; SELECT pg_advisory_xact_lock(1);", 0, NULL},
    {"BEGIN; CREATE TABLE t (); COMMIT;", 0, NULL},
    {"DECLARE c CURSOR FOR SELECT 1; FETCH c; CLOSE c;", 0, NULL},
    {"DO $$ BEGIN IF true THEN UPDATE t SET n = 1; SET LOCAL work_mem = '1MB'; END IF; END $$;", 0,
     NULL},
    {"DO 'BEGIN PERFORM set_config(''a.b'', ''c'', false); END';", 0,
     NULL}, /* unseen: quoted twice */
    {"CREATE TABLE t ();\nSET search_path = app;", 2, "\"SET search_path\" lasts beyond"},
    {"\nset role app;", 2, "\"set role\""},
    {"RESET ALL;", 1, "\"RESET ALL\""},
    {"SET client_encoding = LATIN1;", 1, "client_encoding"},
    {"SELECT set_config('a.b', 'secret', false);", 1, "\"SELECT\" lasts"},
    {"CREATE TEMP TABLE t (n int);", 1, "\"CREATE\" lasts"},
    {"SELECT 1 INTO TEMP t;", 1, "lasts"},
    {"PREPARE q AS SELECT 1;", 1, "\"PREPARE\""},
    {"LISTEN c;", 1, "\"LISTEN\""},
    {"DECLARE c CURSOR WITH HOLD FOR SELECT 1;", 1, "\"DECLARE\""},
    {"SELECT pg_advisory_lock(1);", 1, "lasts"},
    {"DISCARD TEMP;", 1, "\"DISCARD\""},
    {"LOAD 'auto_explain';", 1, "\"LOAD\""},
    {"UNLISTEN *;", 1, "other clients"},
    {"DEALLOCATE ALL;", 1, "other clients"},
    {"EXECUTE q;", 1, "other clients"},
    {"CLOSE ALL;", 1, "other clients"},
    {"SELECT pg_advisory_unlock_all();", 1, "other clients"},
    {"ALTER DATABASE app SET work_mem = '1MB';", 1, "\"ALTER DATABASE\" changes what sessions"},
    {"ALTER ROLE app SET work_mem = '1MB';", 1, "changes what sessions begin with"},
    {"DO $$ BEGIN SET work_mem = '1MB'; END $$;", 1, "in its body"},
    {"DO $$ BEGIN IF true THEN SET work_mem = '1MB'; END IF; END $$;", 1, "in its body"},
    {"DO LANGUAGE plpgsql $x$ BEGIN NULL; PERFORM set_config('a.b', '', false); END $x$;", 1,
     "in its body"},
    {"DO $$ BEGIN LOOP CREATE TEMP TABLE t (); EXIT; END LOOP; END $$;", 1, "in its body"},
};

START_TEST(scripts_with_state_are_refused)
{
    int line = scripts[_i].line;

    pga_build_file(&w.b, "1.0.0-1-a.up.sql", scripts[_i].script);
    if (line == 0) {
        pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
        return;
    }
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_USAGE);
    ck_assert_int_eq(p.err.id, PGA_ID_POOLER);
    ck_assert_int_eq(p.err.place.line, line);
    ck_assert_msg(strstr(p.err.detail, scripts[_i].says) != NULL, "%s", p.err.detail);
    ck_assert_ptr_null(strstr(p.err.detail, "secret"));
    ck_assert(!w.server.state.has_schema);
}
END_TEST

/* All that need a session are named, before the first change. */
START_TEST(all_are_named)
{
    pga_world_three(&w);
    pga_build_file(&w.b, "next-4-d.up.sql", "-- pgalter:transaction none\nVACUUM;");
    pga_build_file(&w.b, "next-5-e.before-up.sql", "SELECT 1;");
    pga_build_file(&w.b, "next-5-e.up.sql", "SELECT 1;");
    pga_build_file(&w.b, "next-6-f.up.sql", "LISTEN x;\nLISTEN y;");
    for (int i = 0; i < 20; i++)
        pga_build_file(&w.b, pga_format(&w.b.mem, "next-7%02d-g.up.sql", i), "LISTEN x;");
    pga_process_must_fail(pga_process_deploy(&w, &p, "next"), &p, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(p.err.message, "23 alterations need a session of their own"));
    ck_assert_ptr_nonnull(strstr(p.err.detail, "4-d: runs outside a transaction"));
    ck_assert_ptr_nonnull(strstr(p.err.detail, "5-e: has a script that runs before"));
    ck_assert_ptr_nonnull(strstr(p.err.detail, "6-f: "));
    ck_assert_ptr_nonnull(strstr(p.err.detail, "\nand 3 more"));
    ck_assert_int_eq(p.err.place.line, 1);
    ck_assert(!w.server.state.has_schema);
    w.is_shared = false;
    w.server.pooled_pid = 0;
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
}
END_TEST

START_TEST(a_malformed_script_is_refused_as_ever)
{
    pga_build_file(&w.b, "1.0.0-1-a.up.sql", "SELECT 'x;");
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_USAGE);
    ck_assert_int_ne(p.err.id, PGA_ID_POOLER);
}
END_TEST

START_TEST(what_is_half_done_needs_a_session)
{
    struct pga_unfinished row = {.id = "3-more"};

    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    ck_assert(pga_process_begin(&w, &p));
    pga_process_must(pga_unfinished_claim(&p.journal, &row, &p.err), &p);
    pga_process_must_fail(pga_process_deploy(&w, &p, "next"), &p, PGA_ERR_USAGE);
    ck_assert_int_eq(p.err.id, PGA_ID_POOLER);
    ck_assert_ptr_nonnull(strstr(p.err.detail, "3-more: was interrupted"));
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 1);
}
END_TEST

START_TEST(what_others_left_stops_a_step)
{
    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
    w.server.unclean = "invalid input syntax for type integer: \"pgalter: unclean: temporary\"";
    pga_process_must_fail(pga_process_deploy(&w, &p, "latest"), &p, PGA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(p.err.message, "temporary tables of another client"));
    ck_assert_ptr_nonnull(strstr(p.err.message, "2-roles"));
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 1);
    pga_world_check(&w);
}
END_TEST

/* ---- other runners ---- */

static void
release_lock(struct pga_fake_server *s, void *ctx)
{
    const char *target = ctx;
    struct pga_process other;

    s->lock_holder = NULL;
    if (target != NULL)
        pga_process_must(pga_process_deploy(&w, &other, target), &other);
}

/* Another one takes the lock before this call, and keeps it for a few. */
static void
take_lock(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    s->lock_holder = ANOTHER;
    s->hook = release_lock;
    s->hook_at = s->calls + 3;
}

/* Whatever call another's lock comes before, the run waits for it. */
START_TEST(a_step_waits_for_another_runner)
{
    size_t refused = 0;

    for (size_t call = 1; call < 12; call++) {
        teardown();
        setup();
        pga_world_three(&w);
        w.server.hook = take_lock;
        w.server.hook_at = call;
        pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
        refused += w.server.lock_refusals > 0;
        w.server.lock_holder = NULL;
        pga_world_check(&w);
        ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 3);
    }
    ck_assert_uint_ge(refused, 4);
}
END_TEST

/* Meanwhile it does what this run had planned: nothing is applied twice. */
START_TEST(another_runner_does_a_part)
{
    char target[] = "1.1.0";

    for (size_t call = 1; call < 12; call++) {
        teardown();
        setup();
        pga_world_three(&w);
        w.server.hook = take_lock;
        w.server.hook_ctx = target;
        w.server.hook_at = call;
        pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
        w.server.lock_holder = NULL;
        pga_world_check(&w);
        ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 3);
    }
}
END_TEST

static void
keep_lock(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    s->lock_holder = ANOTHER;
}

START_TEST(the_wait_has_an_end)
{
    struct pga_recorded recorded = {0};

    pga_world_three(&w);
    ck_assert(pga_process_begin(&w, &p));
    w.server.hook = keep_lock;
    w.server.hook_at = w.server.calls + 5; /* a step's */
    pga_process_must_fail(pga_deploy(&p.runner, &w.b.mem, "next", &p.result, &p.err), &p,
                          PGA_ERR_LOCKED);
    ck_assert_uint_ge(p.happenings[PGA_HAPPENING_LOCK_WAIT], 1);
    w.server.lock_holder = NULL;
    pga_world_check(&w);
    ck_assert(pga_process_begin(&w, &p));
    w.server.hook_at = w.server.calls + 4; /* the append's */
    pga_process_must_fail(pga_mark_one(&p.runner, &w.b.mem, "3-more", "x", &recorded, &p.err), &p,
                          PGA_ERR_LOCKED);
    w.server.lock_holder = NULL;
    pga_world_check(&w);
}
END_TEST

/* A change without a script waits, too, and doesn't append to what it hasn't seen. */
START_TEST(a_change_waits_for_another_runner)
{
    char target[] = "1.1.0";
    size_t waited = 0, overtaken = 0;

    for (size_t call = 1; call < 16; call++) {
        struct pga_recorded recorded = {0};

        teardown();
        setup();
        pga_world_three(&w);
        pga_process_must(pga_process_deploy(&w, &p, "1.0.0"), &p);
        ck_assert(pga_process_begin(&w, &p));
        w.server.hook = take_lock;
        w.server.hook_ctx = call % 2 == 0 ? target : NULL;
        w.server.hook_at = w.server.calls + (call + 1) / 2;
        if (pga_mark_one(&p.runner, &w.b.mem, "3-more", "x", &recorded, &p.err)) {
            waited += w.server.lock_refusals > 0;
        } else {
            ck_assert_int_eq(p.err.code, PGA_ERR_LOCKED);
            overtaken++;
        }
        pga_process_end(&p);
        w.server.lock_holder = NULL;
        w.server.hook_at = 0;
        pga_world_check(&w);
    }
    ck_assert_uint_ge(waited, 2);
    ck_assert_uint_ge(overtaken, 1);
}
END_TEST

/* ---- lost connections ---- */

START_TEST(each_call_is_lost)
{
    for (size_t call = 1;; call++) {
        bool fine;

        teardown();
        setup();
        pga_world_three(&w);
        w.server.lose_at = call;
        w.server.lose_behind = _i != 0;
        fine = pga_process_deploy(&w, &p, "next");
        pga_process_end(&p);
        ck_assert(fine || p.err.code == PGA_ERR_LOST);
        w.server.lose_at = 0;
        pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
        pga_world_check(&w);
        ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_JOURNAL), 3);
        if (fine)
            return;
        ck_assert_uint_lt(call, 100);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("shared");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_command_leaves_nothing);
    tcase_add_loop_test(tcase, scripts_with_state_are_refused, 0, PGA_COUNT_OF(scripts));
    tcase_add_test(tcase, all_are_named);
    tcase_add_test(tcase, a_malformed_script_is_refused_as_ever);
    tcase_add_test(tcase, what_is_half_done_needs_a_session);
    tcase_add_test(tcase, what_others_left_stops_a_step);
    tcase_add_test(tcase, a_step_waits_for_another_runner);
    tcase_add_test(tcase, another_runner_does_a_part);
    tcase_add_test(tcase, the_wait_has_an_end);
    tcase_add_test(tcase, a_change_waits_for_another_runner);
    tcase_add_loop_test(tcase, each_call_is_lost, 0, 2);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
