/*
 * tests/unit/test_effect.c: alterations/effect.h, what a statement is to bring about.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/effect.h"

#include <stdlib.h>

#include <check.h>

#include "base/compiler.h"

static struct pga_arena mem;

static void
release(void)
{
    pga_arena_release(&mem);
}

static const char *const kinds[] = {
    [PGA_EFFECT_UNKNOWN] = "unknown",
    [PGA_EFFECT_REPEATABLE] = "again",
    [PGA_EFFECT_INDEX_BUILT] = "built",
    [PGA_EFFECT_INDEXES_REBUILT] = "rebuilt",
    [PGA_EFFECT_INDEX_DROPPED] = "index-dropped",
    [PGA_EFFECT_PARTITION_DETACHED] = "detached",
    [PGA_EFFECT_CREATED] = "created",
    [PGA_EFFECT_DROPPED] = "dropped",
};

static const char *const ons[] = {
    [PGA_EFFECT_ON_RELATION] = "relation",     [PGA_EFFECT_ON_INDEX] = "index",
    [PGA_EFFECT_ON_SCHEMA] = "schema",         [PGA_EFFECT_ON_DATABASE] = "database",
    [PGA_EFFECT_ON_TABLESPACE] = "tablespace", [PGA_EFFECT_ON_SUBSCRIPTION] = "subscription",
};

static const char *
shown(const char *text)
{
    return text == NULL ? "-" : text;
}

static const char *
read_as(const char *text)
{
    struct pga_effect e = pga_effect_read(&mem, pga_str_of(text), true);

    if (e.kind == PGA_EFFECT_UNKNOWN || e.kind == PGA_EFFECT_REPEATABLE)
        return kinds[e.kind];
    return pga_format(&mem, "%s %s %s %s %s%s%s", kinds[e.kind], ons[e.on], shown(e.name),
                      shown(e.other), shown(e.columns), e.is_unique ? " unique" : "",
                      e.if_not_exists ? " if-not-exists" : "");
}

static const struct {
    const char *text, *want;
} cases[] = {
    {"CREATE INDEX CONCURRENTLY i ON a (n)", "built relation a i -"},
    {"create unique index concurrently if not exists \"I x\" on only s . \"A.b\" using gin (n);",
     "built relation s.\"A.b\" \"I x\" - unique if-not-exists"},
    {"CREATE INDEX CONCURRENTLY ON a (n)", "built relation a - n"},
    {"CREATE INDEX CONCURRENTLY ON a USING btree (n DESC, \"M\" text_ops (x = 1, y = 2), o) "
     "INCLUDE (p)",
     "built relation a - n.\"M\".o"},
    {"CREATE INDEX CONCURRENTLY ON a (n) WHERE n > 1", "built relation a - -"},
    {"CREATE INDEX CONCURRENTLY ON a (lower(n))", "built relation a - -"},
    {"CREATE INDEX CONCURRENTLY ON a ((n + 1))", "built relation a - -"},
    {"CREATE INDEX CONCURRENTLY if ON a (n)", "built relation a if -"},
    {"CREATE INDEX CONCURRENTLY /* why */ i ON -- here\n a (n)", "built relation a i -"},
    {"CREATE INDEX CONCURRENTLY U&\"i\" ON a (n)", "unknown"},
    {"CREATE INDEX CONCURRENTLY i ON U&\"a\" (n)", "unknown"},
    {"CREATE INDEX CONCURRENTLY i", "unknown"},
    {"CREATE INDEX i ON a (n)", "unknown"},
    {"DROP INDEX CONCURRENTLY i", "index-dropped relation i - -"},
    {"DROP INDEX CONCURRENTLY IF EXISTS s.i CASCADE;", "index-dropped relation s.i - -"},
    {"DROP INDEX CONCURRENTLY i, j", "unknown"},
    {"DROP INDEX i", "unknown"},
    {"REINDEX INDEX CONCURRENTLY i", "rebuilt index i - -"},
    {"REINDEX (VERBOSE, CONCURRENTLY) TABLE s.a", "rebuilt relation s.a - -"},
    {"REINDEX (CONCURRENTLY off) TABLE a", "again"},
    {"REINDEX SCHEMA CONCURRENTLY s", "rebuilt schema s - -"},
    {"REINDEX DATABASE CONCURRENTLY;", "rebuilt database - - -"},
    {"REINDEX TABLE CONCURRENTLY", "unknown"},
    {"REINDEX DATABASE x", "again"},
    {"ALTER TABLE p DETACH PARTITION q CONCURRENTLY", "detached relation p q -"},
    {"ALTER TABLE IF EXISTS ONLY s.p * DETACH PARTITION q CONCURRENTLY",
     "detached relation s.p q -"},
    {"ALTER TABLE p DETACH PARTITION q FINALIZE", "unknown"},
    {"ALTER TABLE p DETACH PARTITION U&\"q\" CONCURRENTLY", "unknown"},
    {"ALTER TABLE U&\"p\" DETACH PARTITION q CONCURRENTLY", "unknown"},
    {"ALTER TABLE p ADD n int", "unknown"},
    {"ALTER SYSTEM SET work_mem = '1MB'", "again"},
    {"ALTER DATABASE d SET TABLESPACE t", "again"},
    {"ALTER SUBSCRIPTION s REFRESH PUBLICATION", "again"},
    {"ALTER SUBSCRIPTION s SET PUBLICATION p", "again"},
    {"ALTER SUBSCRIPTION s ADD PUBLICATION p", "unknown"},
    {"ALTER SUBSCRIPTION U&\"s\" SET PUBLICATION p", "unknown"},
    {"ALTER VIEW v RENAME TO w", "unknown"},
    {"CREATE DATABASE \"D\" TEMPLATE template0", "created database \"D\" - -"},
    {"CREATE TABLESPACE t LOCATION '/x'", "created tablespace t - -"},
    {"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", "created subscription s - -"},
    {"CREATE TABLE t ()", "unknown"},
    {"DROP DATABASE IF EXISTS d WITH (FORCE)", "dropped database d - -"},
    {"DROP TABLESPACE t", "dropped tablespace t - -"},
    {"DROP SUBSCRIPTION s", "dropped subscription s - -"},
    {"VACUUM (ANALYZE) a", "again"},
    {"CLUSTER a", "again"},
    {"REPACK a", "again"},
    {"DISCARD ALL", "again"},
    {"CALL p()", "unknown"},
    {"DO 'BEGIN COMMIT; END'", "unknown"},
    {"COMMIT PREPARED 'x'", "unknown"},
    {"", "unknown"},
};

START_TEST(effects)
{
    ck_assert_str_eq(read_as(cases[_i].text), cases[_i].want);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("effect");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, release);
    tcase_add_loop_test(tcase, effects, 0, PGA_COUNT_OF(cases));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
