/*
 * tests/unit/test_lost.c: the connection lost at each call of what a deploy alone doesn't reach, and in a session in which a
 * script changed how literals are read, so that each message is preceded by one that puts it back.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "engine/record.h"
#include "journal/attempts.h"
#include "journal/unfinished.h"
#include "tests/helpers/world.h"

static struct pga_world w;
static struct pga_process p;
static struct pga_fake_failure failure;

static void
setup(void)
{
    pga_world_init(&w);
    pga_interrupt_clear();
    pga_world_three(&w);
}

static void
teardown(void)
{
    pga_process_end(&p);
    pga_world_release(&w);
}

/* ---- what has been before ---- */

static void
nothing(void)
{
}

static void
deployed(void)
{
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
}

static void
changed(void)
{
    deployed();
    pga_build_file(&w.b, "1.0.0-1-users.down.sql", "DROP TABLE users CASCADE;");
}

/* A script that is done statement by statement, and one that runs beside a transaction. */
static void
odd_files(void)
{
    deployed();
    pga_build_file(&w.b, "1.2.0-4-strings.up.sql",
                   "SET standard_conforming_strings = off;\nSELECT 1;\n"
                   "SET standard_conforming_strings = on;\n");
    pga_build_file(&w.b, "1.2.0-5-vacuum.up.sql",
                   "-- pgalter:transaction none\n-- pgalter:done-when SELECT true\n"
                   "VACUUM users;\nALTER TABLE users ADD y int;\nVACUUM roles;\n");
    pga_build_file(&w.b, "1.2.0-5-vacuum.down.sql", "-- pgalter:transaction none\nVACUUM more;\n");
}

/* A run died in a statement. */
static void
died_in(bool fine, const char *statement)
{
    ck_assert_msg(!fine, "it did not die in %s", statement);
    pga_process_end(&p);
    w.server.failure_count = 0;
    ck_assert_uint_eq(pga_world_count(&w, PGA_FAKE_UNFINISHED), 1);
}

static void
half_applied(void)
{
    odd_files();
    failure = (struct pga_fake_failure){.contains = "VACUUM users", .times = 1, .lose = true};
    w.server.failures = &failure;
    w.server.failure_count = 1;
    died_in(pga_process_deploy(&w, &p, "latest"), "VACUUM users");
}

static void
half_reverted(void)
{
    odd_files();
    pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
    failure = (struct pga_fake_failure){.contains = "VACUUM more", .times = 1, .lose = true};
    w.server.failures = &failure;
    w.server.failure_count = 1;
    died_in(pga_process_roll_back(&w, &p, "4-strings"), "VACUUM more");
}

/* ---- what is done ---- */

static bool
deploy(void)
{
    return pga_deploy(&p.runner, &w.b.mem, "latest", &p.result, &p.err);
}

static bool
roll_back(void)
{
    struct pga_plan plan;

    return pga_rollback_plan(&p.runner, &w.b.mem, "zero", &plan, &p.err) &&
           pga_rollback(&p.runner, &w.b.mem, &plan, &p.result, &p.err);
}

static bool
mark_up_to(void)
{
    struct pga_recorded recorded = {0};

    return pga_mark_up_to(&p.runner, &w.b.mem, "latest", "x", &recorded, &p.err);
}

/* It is applied still, says somebody about a rollback that died. */
static bool
mark(void)
{
    struct pga_recorded recorded = {0};

    return pga_mark_one(&p.runner, &w.b.mem, "5-vacuum", "x", &recorded, &p.err);
}

static bool
accept_files(void)
{
    struct pga_recorded recorded = {0};
    const char *difference;

    return pga_accept_preview(&p.runner, &w.b.mem, "1-users", &difference, &p.err) &&
           pga_accept(&p.runner, &w.b.mem, "1-users", "x", &recorded, &p.err);
}

static bool
forget(void)
{
    struct pga_recorded recorded = {0};

    return pga_forget(&p.runner, &w.b.mem, "5-vacuum", "x", &recorded, &p.err);
}

static bool
look(void)
{
    struct pga_attempt *attempts;
    struct pga_unfinished *rows;
    size_t count;
    bool alive = true;

    return pga_journal_load(&p.journal, &p.err) &&
           pga_attempts_load(&p.journal, &w.b.mem, 10, &attempts, &count, &p.err) &&
           pga_unfinished_load(&p.journal, &w.b.mem, &rows, &count, &p.err) &&
           pga_unfinished_is_alive(&p.journal, &rows[0], &alive, &p.err) &&
           pga_journal_check_same(&p.journal, &p.err);
}

static const struct {
    const char *name;
    void (*before)(void);
    bool (*run)(void);
} operations[] = {
    {"a first deploy", nothing, deploy},  {"odd files", odd_files, deploy},
    {"going on", half_applied, deploy},   {"a rollback", deployed, roll_back},
    {"marking all", nothing, mark_up_to}, {"marking one", half_reverted, mark},
    {"accepting", changed, accept_files}, {"forgetting", half_applied, forget},
    {"looking", half_applied, look},
};

/* The operation, with its Nth call lost; true when it had fewer.  Whatever was lost, the journal stands. */
static bool
lose(size_t operation, size_t call, bool behind)
{
    bool fine, done;

    setup();
    operations[operation].before();
    ck_assert(pga_process_begin(&w, &p));
    w.server.strings_off = true; /* as a script could have left it */
    w.server.lose_at = w.server.calls + call;
    w.server.lose_behind = behind;
    fine = operations[operation].run();
    done = w.server.calls < w.server.lose_at;
    ck_assert_msg(fine || p.err.code == PGA_ERR_LOST || p.err.code == PGA_ERR_HALF_DONE,
                  "%s, call %zu: %s: %s", operations[operation].name, call,
                  pga_code_name(p.err.code), p.err.message);
    ck_assert_msg(!done || fine, "%s: %s", operations[operation].name, p.err.message);
    w.server.lose_at = 0;
    w.server.strings_off = false;
    pga_process_end(&p);
    ck_assert_ptr_null(w.server.lock_holder);
    ck_assert(pga_process_begin(&w, &p));
    ck_assert_msg(pga_journal_load(&p.journal, &p.err), "%s", p.err.message);
    teardown();
    return done;
}

START_TEST(each_call_is_lost)
{
    for (int behind = 0; behind < 2; behind++) {
        size_t call = 1;

        while (!lose((size_t)_i, call, behind != 0))
            ck_assert_uint_lt(++call, 200);
    }
}
END_TEST

/* ---- other runs ---- */

/* The lock is gone, and another run marked something meanwhile: what is left of this one is for the next. */
static void
take_lock_and_mark(struct pga_fake_server *s, void *ctx PGA_UNUSED)
{
    struct pga_recorded recorded = {0};
    struct pga_process other;

    s->lock_holder = NULL;
    ck_assert(pga_process_begin(&w, &other));
    pga_process_must(pga_mark_one(&other.runner, &w.b.mem, "3-more", "x", &recorded, &other.err),
                     &other);
    s->lock_holder = NULL;
}

START_TEST(a_run_without_its_lock_is_overtaken)
{
    bool seen = false;

    for (size_t call = 1; call < 40; call++) {
        setup();
        odd_files();
        pga_process_must(pga_process_roll_back(&w, &p, "1.1.0"), &p);
        ck_assert(pga_process_begin(&w, &p));
        w.server.hook = take_lock_and_mark;
        w.server.hook_at = w.server.calls + call;
        if (!deploy()) {
            ck_assert_msg(p.err.code == PGA_ERR_LOST || p.err.code == PGA_ERR_LOCKED ||
                              p.err.code == PGA_ERR_HALF_DONE,
                          "call %zu: %s", call, p.err.message);
            seen = seen || strstr(p.err.message, "had lost the runner lock") != NULL;
        }
        teardown();
    }
    ck_assert(seen);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("lost");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, each_call_is_lost, 0, PGA_COUNT_OF(operations));
    tcase_add_test(tcase, a_run_without_its_lock_is_overtaken);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
