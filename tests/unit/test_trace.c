/*
 * tests/unit/test_trace.c: engine/trace.h, what the next run makes of what a statement left.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/trace.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/compiler.h"
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

#define ROW(...)                                                                                   \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

#define BUILD "CREATE INDEX CONCURRENTLY i ON a (n);"

/* What a run finds that comes after one that died. */
enum end { AGAIN, DONE, DOUBT, LOCKED, DENIED, CONTENTION, UNEXPECTED };

static const struct {
    const char *statement, *word;
    struct pga_fake_answer answers[3];
    enum end end;
    const char *sent;  /* what clears away */
    const char *state; /* with which clearing away fails */
} cases[] = {
    {BUILD, "CREATE INDEX", {{"AS trace_built", 6, 0, NULL}}, AGAIN, NULL, NULL},
    {BUILD,
     "CREATE INDEX",
     {{"AS trace_built", 6, 1, ROW("9", "s.i", "t", "t", "t", "t")}},
     DONE,
     NULL,
     NULL},
    {BUILD,
     "CREATE INDEX",
     {{"AS trace_built", 6, 1, ROW("9", "s.i", "f", "t", "t", "t")}},
     AGAIN,
     "DROP INDEX CONCURRENTLY s.i",
     NULL},
    {BUILD,
     "CREATE INDEX",
     {{"AS trace_built", 6, 1, ROW("9", "s.i", "f", "t", "t", "t")}},
     DENIED,
     "DROP INDEX CONCURRENTLY s.i",
     "42501"},
    {BUILD,
     "CREATE INDEX",
     {{"AS trace_built", 6, 1, ROW("9", "s.i", "f", "t", "t", "t")}},
     CONTENTION,
     "DROP INDEX CONCURRENTLY s.i",
     "40P01"},
    /* It may be somebody else's. */
    {BUILD,
     "CREATE INDEX",
     {{"AS trace_built", 6, 1, ROW("9", "s.i", "t", "t", "t", "f")}},
     DOUBT,
     NULL,
     NULL},
    {BUILD,
     "CREATE INDEX",
     {{"AS trace_built", 6, 2,
       ROW("9", "s.i", "t", "t", "t", "t", "10", "s.i1", "f", "t", "t", "t")}},
     DOUBT,
     NULL,
     NULL},
    {BUILD,
     "CREATE INDEX",
     {{"AS trace_built", 6, 2,
       ROW("9", "s.i", "t", "f", "t", "t", "10", "s.i1", "t", "t", "f", "t")}},
     AGAIN,
     NULL,
     NULL},
    /* Somebody builds: it, or what can't be seen yet, or another one. */
    {BUILD,
     "CREATE INDEX",
     {{"AS trace_built", 6, 1, ROW("9", "s.i", "f", "t", "t", "t")},
      {"AS trace_builders", 2, 1, ROW("77", "9")}},
     LOCKED,
     NULL,
     NULL},
    {BUILD, "CREATE INDEX", {{"AS trace_builders", 2, 1, ROW("77", "0")}}, LOCKED, NULL, NULL},
    {BUILD, "CREATE INDEX", {{"AS trace_builders", 2, 1, ROW("77", "8")}}, AGAIN, NULL, NULL},
    {BUILD, "CREATE INDEX", {{"AS trace_builders", 1, 0, NULL}}, UNEXPECTED, NULL, NULL},
    {BUILD, "CREATE INDEX", {{"AS trace_built", 5, 0, NULL}}, UNEXPECTED, NULL, NULL},
    {"REINDEX TABLE CONCURRENTLY a;",
     "REINDEX",
     {{"AS trace_rebuilt", 3, 2, ROW("9", "s.i_ccnew", "f", "10", "pg_toast.x_ccnew", "t")}},
     AGAIN,
     "DROP INDEX CONCURRENTLY s.i_ccnew",
     NULL},
    {"REINDEX TABLE CONCURRENTLY a;",
     "REINDEX",
     {{"AS trace_rebuilt", 3, 1, ROW("9", "s.i_ccnew", "f")}},
     DENIED,
     "DROP INDEX CONCURRENTLY s.i_ccnew",
     "42501"},
    /* Only a superuser reaches pg_toast. */
    {"REINDEX DATABASE CONCURRENTLY;",
     "REINDEX",
     {{"AS trace_rebuilt", 3, 1, ROW("9", "pg_toast.x_ccnew", "t")}},
     AGAIN,
     "DROP INDEX CONCURRENTLY pg_toast.x_ccnew",
     "42501"},
    {"REINDEX SCHEMA CONCURRENTLY x;", "REINDEX", {{NULL, 0, 0, NULL}}, AGAIN, NULL, NULL},
    {"REINDEX INDEX CONCURRENTLY i;",
     "REINDEX",
     {{"AS trace_rebuilt", 2, 0, NULL}},
     UNEXPECTED,
     NULL,
     NULL},
    {"DROP INDEX CONCURRENTLY i;",
     "DROP INDEX",
     {{"AS trace_dropped", 2, 1, ROW("s.i", "f")}},
     AGAIN,
     NULL,
     NULL},
    {"DROP INDEX CONCURRENTLY i;",
     "DROP INDEX",
     {{"AS trace_relation", 3, 1, ROW("0", "0", "0")}},
     DONE,
     NULL,
     NULL},
    {"DROP INDEX CONCURRENTLY i;",
     "DROP INDEX",
     {{"AS trace_relation", 3, 1, ROW("9", "9", "0")}},
     DOUBT,
     NULL,
     NULL},
    {"DROP INDEX CONCURRENTLY i;",
     "DROP INDEX",
     {{"AS trace_relation", 3, 0, NULL}},
     DOUBT,
     NULL,
     NULL},
    {"DROP INDEX CONCURRENTLY i;",
     "DROP INDEX",
     {{"AS trace_relation", 2, 0, NULL}},
     UNEXPECTED,
     NULL,
     NULL},
    {"DROP INDEX CONCURRENTLY i;",
     "DROP INDEX",
     {{"AS trace_dropped", 1, 0, NULL}},
     UNEXPECTED,
     NULL,
     NULL},
    {"CREATE DATABASE d;",
     "CREATE",
     {{"AS trace_database", 3, 1, ROW("9", "0", "0")}},
     DONE,
     NULL,
     NULL},
    {"CREATE DATABASE d;",
     "CREATE",
     {{"AS trace_database", 3, 1, ROW("0", "0", "0")}},
     AGAIN,
     NULL,
     NULL},
    {"CREATE DATABASE d;", "CREATE", {{"AS trace_database", 3, 0, NULL}}, DOUBT, NULL, NULL},
    {"CREATE TABLESPACE d LOCATION 'x';",
     "CREATE",
     {{"AS trace_tablespace", 3, 1, ROW("9", "0", "0")}},
     DONE,
     NULL,
     NULL},
    {"CREATE SUBSCRIPTION d CONNECTION '' PUBLICATION p;",
     "CREATE",
     {{"AS trace_subscription", 2, 1, ROW("9", "0")}},
     UNEXPECTED,
     NULL,
     NULL},
    {"VACUUM a;", "VACUUM", {{NULL, 0, 0, NULL}}, AGAIN, NULL, NULL},
    {"CALL p();", "CALL", {{NULL, 0, 0, NULL}}, DOUBT, NULL, NULL},
};

static const enum pga_code codes[] = {
    [DOUBT] = PGA_ERR_HALF_DONE,       [LOCKED] = PGA_ERR_LOCKED,         [DENIED] = PGA_ERR_DENIED,
    [CONTENTION] = PGA_ERR_CONTENTION, [UNEXPECTED] = PGA_ERR_UNEXPECTED,
};

static const struct pga_fake_answer none_yet[] = {
    {"AS trace_database", 3, 1, ROW("0", "0", "0")},
    {"AS trace_tablespace", 3, 1, ROW("0", "0", "0")},
    {"AS trace_subscription", 3, 1, ROW("0", "0", "0")},
    {"AS trace_schema", 3, 1, ROW("5", "0", "0")},
};

/* A run dies in the statement, the next one finds what the answers say. */
static bool
resume(const char *statement, const char *word, const struct pga_fake_answer *answers)
{
    s.w.server.answers = none_yet;
    s.w.server.answer_count = PGA_COUNT_OF(none_yet);
    pga_one_step_die(&s, word);
    ck_assert(!pga_one_step_apply(&s, statement));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
    ck_assert_str_eq(pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, "progress"), "started");
    pga_one_step_begin(&s);
    s.w.server.answers = answers;
    for (s.w.server.answer_count = 0; s.w.server.answer_count < 3; s.w.server.answer_count++)
        if (answers[s.w.server.answer_count].contains == NULL)
            break;
    return pga_one_step_run(&s, PGA_STEP_APPLY);
}

static size_t
sent(const char *text)
{
    size_t count = 0;

    for (const char *at = pga_fake_session_log(s.p.driver); (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

START_TEST(verdicts)
{
    enum end end = cases[_i].end;
    bool fine;

    if (cases[_i].state != NULL) { /* the failure of the first run is used up by then */
        static struct pga_fake_failure failures[2];

        failures[0] =
            (struct pga_fake_failure){.contains = cases[_i].word, .times = 1, .lose = true};
        failures[1] = (struct pga_fake_failure){
            .contains = cases[_i].sent, .sqlstate = cases[_i].state, .message = "no", .times = 9};
        s.w.server.answers = none_yet;
        s.w.server.answer_count = PGA_COUNT_OF(none_yet);
        s.w.server.failures = failures;
        s.w.server.failure_count = 2;
        ck_assert(!pga_one_step_apply(&s, cases[_i].statement));
        pga_one_step_begin(&s);
        s.w.server.answers = cases[_i].answers;
        s.w.server.answer_count = 1;
        fine = pga_one_step_run(&s, PGA_STEP_APPLY);
    } else {
        fine = resume(cases[_i].statement, cases[_i].word, cases[_i].answers);
    }
    ck_assert_msg(fine == (end == AGAIN || end == DONE), "%s", s.p.err.message);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, cases[_i].word), end == AGAIN);
    if (cases[_i].sent != NULL)
        ck_assert_uint_eq(sent(cases[_i].sent), 1);
    else
        ck_assert_uint_eq(sent("DROP INDEX CONCURRENTLY s."), 0);
    if (fine) {
        ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
        ck_assert_uint_eq(s.p.happenings[PGA_HAPPENING_STEP_RESUMED], 1);
        return;
    }
    ck_assert_msg(s.p.err.code == codes[end], "%s", s.p.err.message);
    ck_assert_str_eq(pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, "progress"), "started");
    ck_assert_uint_eq(s.p.happenings[PGA_HAPPENING_STEP_WAITS], end == LOCKED);
}
END_TEST

/* What a statement is about could not be found before it: then nobody can tell later. */
START_TEST(names_that_the_server_can_not_look_up)
{
    const struct pga_fake_answer shapeless[] = {{"AS trace_relation", 3, 0, NULL}};
    const struct pga_fake_answer wrong[] = {{"AS trace_relation", 1, 0, NULL}};

    s.w.server.answers = shapeless;
    s.w.server.answer_count = 1;
    pga_one_step_die(&s, "CREATE INDEX");
    ck_assert(!pga_one_step_apply(&s, BUILD));
    ck_assert_str_eq(pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, "indexes"), "");
    pga_one_step_begin(&s);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_HALF_DONE);
    teardown();
    setup();
    pga_one_step_fail(&s, "AS trace_relation", "42501", 1);
    ck_assert_msg(pga_one_step_apply(&s, BUILD), "%s", s.p.err.message);
    teardown();
    setup();
    s.w.server.answers = wrong;
    s.w.server.answer_count = 1;
    ck_assert(!pga_one_step_apply(&s, BUILD));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_UNEXPECTED);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
    teardown();
    setup();
    pga_one_step_die(&s, "AS trace_relation");
    ck_assert(!pga_one_step_apply(&s, BUILD));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_LOST);
}
END_TEST

/* A table that was not there can't have got an index. */
START_TEST(a_table_that_was_not_there)
{
    const struct pga_fake_answer absent[] = {{"AS trace_relation", 3, 1, ROW("0", "0", "0")}};

    s.w.server.answers = absent;
    s.w.server.answer_count = 1;
    pga_one_step_die(&s, "CREATE INDEX");
    ck_assert(!pga_one_step_apply(&s, BUILD));
    pga_one_step_begin(&s);
    ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_HALF_DONE);
}
END_TEST

#define DETACH "ALTER TABLE p DETACH PARTITION q CONCURRENTLY;"

static const struct pga_fake_answer attached = {"AS trace_relation", 3, 1, ROW("5", "5", "6")};

static bool
detach(const struct pga_fake_answer *found)
{
    static struct pga_fake_answer answers[2];

    answers[0] = attached;
    answers[1] = *found;
    s.w.server.answers = answers;
    s.w.server.answer_count = 2;
    pga_one_step_die(&s, "DETACH PARTITION q CONC");
    ck_assert(!pga_one_step_apply(&s, DETACH));
    ck_assert_str_eq(pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, "indexes"), "@5 @6");
    pga_one_step_begin(&s);
    s.p.runner.settings.retries = 2;
    return pga_one_step_run(&s, PGA_STEP_APPLY);
}

START_TEST(partitions)
{
    const struct pga_fake_answer pending = {"AS trace_detached", 3, 1,
                                            ROW("s.q", "t", "ALTER TABLE s.p FINALIZE")};
    const struct pga_fake_answer there = {"AS trace_detached", 3, 1, ROW("s.q", "f", "")};
    const struct pga_fake_answer gone = {"AS trace_detached", 3, 0, NULL};

    ck_assert_msg(detach(&pending), "%s", s.p.err.message);
    ck_assert_uint_eq(sent("ALTER TABLE s.p FINALIZE"), 1);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "CONCURRENTLY"), 0);
    ck_assert_ptr_nonnull(strstr(pga_fake_session_log(s.p.driver), "SET lock_timeout = 2000; SET"));
    teardown();
    setup();
    ck_assert_msg(detach(&gone), "%s", s.p.err.message);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "CONCURRENTLY"), 0);
    teardown();
    setup();
    ck_assert_msg(detach(&there), "%s", s.p.err.message);
    ck_assert_uint_eq(pga_fake_effects(&s.w.server, "CONCURRENTLY"), 1);
}
END_TEST

START_TEST(finishing_a_partition_fails)
{
    const struct pga_fake_answer pending[] = {
        {"AS trace_relation", 3, 1, ROW("5", "5", "6")},
        {"AS trace_detached", 3, 1, ROW("s.q", "t", "ALTER TABLE s.p FINALIZE")}};
    static const struct {
        const char *sqlstate;
        enum pga_code code;
        size_t tries;
    } ends[] = {{"55P03", PGA_ERR_CONTENTION, 3}, {"42501", PGA_ERR_DENIED, 1}};

    for (size_t i = 0; i < PGA_COUNT_OF(ends); i++) {
        s.w.server.answers = pending;
        s.w.server.answer_count = 2;
        /* Cancelled: the partition waits to be detached, and the record keeps that. */
        pga_one_step_fail(&s, "DETACH PARTITION q CONC", "57014", 1);
        ck_assert(!pga_one_step_apply(&s, DETACH));
        ck_assert_int_eq(s.p.err.code, PGA_ERR_SQL);
        ck_assert_ptr_nonnull(strstr(s.p.err.hint, "The next run does that first"));
        pga_one_step_begin(&s);
        pga_one_step_fail(&s, "s.p FINALIZE", ends[i].sqlstate, 9);
        ck_assert(!pga_one_step_run(&s, PGA_STEP_APPLY));
        ck_assert_int_eq(s.p.err.code, ends[i].code);
        ck_assert_uint_eq(sent("ALTER TABLE s.p FINALIZE"), ends[i].tries);
        ck_assert_str_eq(pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, "progress"),
                         "started");
        teardown();
        setup();
    }
}
END_TEST

/* A deadlock whose victim is the build, while what it left can't be dropped: not tried again on top of that. */
START_TEST(contention_and_what_it_left)
{
    static struct pga_fake_failure failures[2];

    s.w.server.answers =
        (const struct pga_fake_answer[]){{"AS trace_builders", 2, 1, ROW("77", "0")}};
    s.w.server.answer_count = 1;
    failures[0] = (struct pga_fake_failure){
        .contains = "CREATE INDEX", .sqlstate = "40P01", .message = "no", .times = 9};
    s.w.server.failures = failures;
    s.w.server.failure_count = 1;
    ck_assert(!pga_one_step_apply(&s, BUILD));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_CONTENTION);
    ck_assert_uint_eq(sent(BUILD), 1);
    ck_assert_str_eq(pga_fake_value(&s.w.server, PGA_FAKE_UNFINISHED, 0, "progress"), "started");
}
END_TEST

START_TEST(if_not_exists)
{
    const struct pga_fake_answer invalid[] = {
        {"AS trace_built", 6, 2,
         ROW("8", "s.other", "f", "t", "f", "t", "9", "s.i", "f", "t", "t", "t")}};
    const struct pga_fake_answer valid[] = {
        {"AS trace_built", 6, 1, ROW("9", "s.i", "t", "t", "t", "t")}};

    s.w.server.answers = invalid;
    s.w.server.answer_count = 1;
    ck_assert(!pga_one_step_apply(&s, "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (n);"));
    ck_assert_int_eq(s.p.err.code, PGA_ERR_SQL);
    ck_assert_int_eq(s.p.err.id, PGA_ID_INVALID_INDEX);
    ck_assert_int_eq(s.p.err.place.line, 2);
    ck_assert_ptr_nonnull(strstr(s.p.err.hint, "DROP INDEX CONCURRENTLY s.i"));
    ck_assert_uint_eq(sent("DROP INDEX"), 0);
    ck_assert_uint_eq(pga_world_count(&s.w, PGA_FAKE_UNFINISHED), 0);
    s.w.server.answers = valid;
    ck_assert_msg(pga_one_step_apply(&s, "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (n);"),
                  "%s", s.p.err.message);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("trace");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, verdicts, 0, PGA_COUNT_OF(cases));
    tcase_add_test(tcase, names_that_the_server_can_not_look_up);
    tcase_add_test(tcase, a_table_that_was_not_there);
    tcase_add_test(tcase, partitions);
    tcase_add_test(tcase, finishing_a_partition_fails);
    tcase_add_test(tcase, contention_and_what_it_left);
    tcase_add_test(tcase, if_not_exists);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
