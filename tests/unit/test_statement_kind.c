/*
 * tests/unit/test_statement_kind.c: alterations/statement_kind.h, by way of statement.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/statement.h"

#include <stdlib.h>

#include <check.h>

static struct pga_arena mem;

static void
release(void)
{
    pga_arena_release(&mem);
}

static struct pga_statements
parsed(const char *text)
{
    struct pga_statements statements;
    struct pga_error err = {0};

    ck_assert_msg(pga_statements_parse(&mem, "x.sql", pga_str_of(text), true, &statements, &err),
                  "line %d: %s: %s", err.place.line, err.message, text);
    return statements;
}

static const char *const kind_names[] = {
    [PGA_STATEMENT_ORDINARY] = "ordinary",
    [PGA_STATEMENT_BEGIN] = "begin",
    [PGA_STATEMENT_COMMIT] = "commit",
    [PGA_STATEMENT_COMMIT_CHAIN] = "chain",
    [PGA_STATEMENT_ROLLBACK] = "rollback",
    [PGA_STATEMENT_SAVEPOINT] = "savepoint",
    [PGA_STATEMENT_PREPARE_TRANSACTION] = "prepare-transaction",
    [PGA_STATEMENT_END_PREPARED] = "end-prepared",
    [PGA_STATEMENT_SET_TRANSACTION] = "set-transaction",
    [PGA_STATEMENT_SET_LEXICAL] = "lexical",
    [PGA_STATEMENT_COPY_IN] = "copy-in",
    [PGA_STATEMENT_COPY_OUT] = "copy-out",
    [PGA_STATEMENT_OUTSIDE] = "outside",
    [PGA_STATEMENT_EITHER] = "either",
    [PGA_STATEMENT_CALL] = "call",
    [PGA_STATEMENT_ALTER_SETTINGS] = "alter-settings",
    [PGA_STATEMENT_SESSION_STATE] = "session",
};

/* "concurrently" stands for OUTSIDE with that mark. */
static const struct {
    const char *text, *kind;
} kinds[] = {
    {"SELECT 1", "ordinary"},
    {"(SELECT 1)", "ordinary"},
    {"\"begin\"", "ordinary"},
    {"beginning", "ordinary"},
    {"CREATE TABLE t (a int)", "ordinary"},
    {"WITH x AS (SELECT 1) DELETE FROM t", "ordinary"},
    {"ANALYZE t", "ordinary"},
    {"REFRESH MATERIALIZED VIEW CONCURRENTLY v", "ordinary"},
    {"NOTIFY c", "ordinary"},
    {"LOCK TABLE t", "ordinary"},
    {"EXPLAIN ANALYZE SELECT 1", "ordinary"},
    /* transactions */
    {"BEGIN", "begin"},
    {"begin work", "begin"},
    {"/* a */ BeGiN -- b\n TRANSACTION", "begin"},
    {"START TRANSACTION", "begin"},
    {"START", "ordinary"},
    {"START_REPLICATION", "ordinary"},
    {"COMMIT", "commit"},
    {"COMMIT WORK AND NO CHAIN", "commit"},
    {"END", "commit"},
    {"END TRANSACTION", "commit"},
    {"COMMIT AND CHAIN", "chain"},
    {"COMMIT WORK AND /* x */ CHAIN", "chain"},
    {"END AND CHAIN", "chain"},
    {"ROLLBACK AND CHAIN", "chain"},
    {"ABORT WORK AND CHAIN", "chain"},
    {"ROLLBACK", "rollback"},
    {"ROLLBACK TRANSACTION AND NO CHAIN", "rollback"},
    {"ABORT", "rollback"},
    {"ROLLBACK TO a", "savepoint"},
    {"ROLLBACK WORK TO SAVEPOINT a", "savepoint"},
    {"SAVEPOINT a", "savepoint"},
    {"RELEASE a", "savepoint"},
    {"RELEASE SAVEPOINT a", "savepoint"},
    {"PREPARE TRANSACTION 'x'", "prepare-transaction"},
    {"PREPARE /* a */ TRANSACTION $$x$$", "prepare-transaction"},
    {"PREPARE transaction AS SELECT 1", "session"},
    {"PREPARE transaction (int) AS SELECT 1", "session"},
    {"PREPARE p AS SELECT 1", "session"},
    {"COMMIT PREPARED 'x'", "end-prepared"},
    {"ROLLBACK PREPARED 'x'", "end-prepared"},
    {"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "set-transaction"},
    {"SET LOCAL TRANSACTION READ ONLY", "set-transaction"},
    {"SET SESSION TRANSACTION READ ONLY", "set-transaction"},
    {"SET TRANSACTION SNAPSHOT 'x'", "set-transaction"},
    {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "session"},
    {"SET LOCAL SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "session"},
    /* settings */
    {"SET search_path = ''", "session"},
    {"SET SESSION search_path = ''", "session"},
    {"SET LOCAL search_path = ''", "ordinary"},
    {"SET local.x = '1'", "session"},
    {"SET session.x = '1'", "session"},
    {"SET ROLE r", "session"},
    {"SET LOCAL ROLE r", "ordinary"},
    {"SET SESSION AUTHORIZATION r", "session"},
    {"SET TIME ZONE 'UTC'", "session"},
    {"SET CONSTRAINTS ALL DEFERRED", "ordinary"},
    {"RESET search_path", "session"},
    {"RESET ALL", "session"},
    {"SET standard_conforming_strings = on", "lexical"},
    {"SET LOCAL standard_conforming_strings TO off", "lexical"},
    {"SET SESSION STANDARD_CONFORMING_STRINGS = DEFAULT", "lexical"},
    {"SET \"standard_conforming_strings\" = on", "lexical"},
    {"SET U&\"client\\005Fencoding\" = 'x'", "lexical"},
    {"SET /* a */ client_encoding = 'LATIN1'", "lexical"},
    {"SET LOCAL client_encoding TO UTF8", "lexical"},
    {"SET NAMES 'latin1'", "lexical"},
    {"SET SESSION NAMES 'latin1'", "lexical"},
    {"RESET client_encoding", "lexical"},
    {"RESET standard_conforming_strings", "lexical"},
    {"SET backslash_quote = off", "session"},
    {"SET my.client_encoding = 'x'", "session"},
    {"SELECT set_config('client_encoding', 'latin1', true)", "lexical"},
    {"SELECT pg_catalog.SET_CONFIG ( /* a */ E'Standard_Conforming_Strings', 'off', true)",
     "lexical"},
    {"SELECT \"set_config\"($$client_encoding$$, 'x', false)", "lexical"},
    {"SELECT set_config('client_' || 'encoding', 'x', false)", "lexical"},
    {"SELECT set_config(E'client\\x5fencoding', 'x', false)", "lexical"},
    {"SELECT set_config('client_'\n'encoding', 'x', false)", "lexical"},
    {"SELECT set_config('client_encoding'::text, 'x', true)", "lexical"},
    {"SELECT set_config(name, setting, true) FROM x", "lexical"},
    {"SELECT set_config(setting_name => 'client_encoding', new_value => 'x', is_local => true)",
     "lexical"},
    {"INSERT INTO t VALUES (1, set_config('client_encoding', 'x', false))", "lexical"},
    {"SELECT set_config('search_path', '', false)", "session"},
    {"SELECT set_config('search_path', '', true)", "ordinary"},
    {"SELECT set_config('search_path', f('a', true), 'false')", "session"},
    {"SELECT set_config", "ordinary"},
    {"SELECT 'set_config(''client_encoding'')'", "ordinary"},
    {"UPDATE pg_settings SET setting = 'off' WHERE name = 'x'", "lexical"},
    {"UPDATE pg_catalog.\"pg_settings\" SET setting = 'off'", "lexical"},
    {"SELECT * FROM pg_settings", "ordinary"},
    {"ALTER DATABASE d SET search_path = ''", "alter-settings"},
    {"ALTER DATABASE d RESET ALL", "alter-settings"},
    {"ALTER DATABASE d WITH TABLESPACE x", "outside"},
    {"ALTER DATABASE d SET TABLESPACE x", "outside"},
    {"ALTER DATABASE set SET TABLESPACE x", "outside"},
    {"ALTER DATABASE d RENAME TO e", "ordinary"},
    {"ALTER DATABASE d OWNER TO r", "ordinary"},
    {"ALTER ROLE r SET search_path = ''", "alter-settings"},
    {"ALTER ROLE ALL IN DATABASE d SET search_path = ''", "alter-settings"},
    {"ALTER USER \"set\" IN DATABASE d RESET ALL", "alter-settings"},
    {"ALTER USER mapping SET search_path = ''", "alter-settings"},
    {"ALTER USER MAPPING FOR r SERVER s OPTIONS (SET password 'x')", "ordinary"},
    {"ALTER ROLE r PASSWORD 'x'", "ordinary"},
    {"ALTER ROLE reset WITH LOGIN", "ordinary"},
    /* copies */
    {"COPY t TO STDOUT", "copy-out"},
    {"COPY t TO STDIN", "copy-out"},
    {"COPY (SELECT 1 FROM stdin) TO stdout WITH CSV", "copy-out"},
    {"COPY t TO 'f'", "ordinary"},
    {"COPY t TO PROGRAM 'stdout'", "ordinary"},
    {"COPY t FROM 'f'", "ordinary"},
    /* outside */
    {"CREATE INDEX CONCURRENTLY i ON t (a)", "concurrently"},
    {"create unique /* a */ index -- b\n concurrently on t (a)", "concurrently"},
    {"CREATE INDEX i ON t (a)", "ordinary"},
    {"CREATE INDEX \"concurrently\" ON t (a)", "ordinary"},
    {"DROP INDEX CONCURRENTLY i", "concurrently"},
    {"DROP INDEX CONCURRENTLY IF EXISTS s.i", "concurrently"},
    {"DROP INDEX i", "ordinary"},
    {"REINDEX INDEX CONCURRENTLY i", "concurrently"},
    {"REINDEX (CONCURRENTLY) TABLE t", "concurrently"},
    {"REINDEX (VERBOSE, CONCURRENTLY TRUE) TABLE t", "concurrently"},
    {"REINDEX (CONCURRENTLY off, VERBOSE) TABLE t", "either"},
    {"REINDEX (TABLESPACE concurrently_) TABLE t", "either"},
    {"REINDEX SCHEMA CONCURRENTLY s", "concurrently"},
    {"REINDEX TABLE t", "either"},
    {"REINDEX INDEX i", "either"},
    {"REINDEX SCHEMA s", "outside"},
    {"REINDEX (VERBOSE) DATABASE d", "outside"},
    {"REINDEX SYSTEM d", "outside"},
    {"ALTER TABLE t DETACH PARTITION p CONCURRENTLY", "concurrently"},
    {"ALTER TABLE IF EXISTS s.t DETACH PARTITION s.p /* a */ concurrently", "concurrently"},
    {"ALTER TABLE t DETACH PARTITION p FINALIZE", "ordinary"},
    {"ALTER TABLE t DETACH PARTITION s.concurrently", "ordinary"},
    {"ALTER TABLE t DETACH PARTITION p", "ordinary"},
    {"VACUUM", "outside"},
    {"VACUUM (FULL) t", "outside"},
    {"CLUSTER", "outside"},
    {"CLUSTER VERBOSE", "outside"},
    {"CLUSTER (VERBOSE)", "outside"},
    {"CLUSTER t USING i", "either"},
    {"CLUSTER VERBOSE t", "either"},
    {"CLUSTER (VERBOSE) t", "either"},
    {"REPACK (CONCURRENTLY) t", "concurrently"},
    {"CREATE DATABASE d", "outside"},
    {"DROP DATABASE IF EXISTS d", "outside"},
    {"CREATE TABLESPACE s LOCATION 'x'", "outside"},
    {"DROP TABLESPACE s", "outside"},
    {"ALTER TABLESPACE s SET (seq_page_cost = 1)", "ordinary"},
    {"ALTER SYSTEM SET work_mem = '1GB'", "outside"},
    {"DISCARD ALL", "outside"},
    {"DISCARD TEMP", "session"},
    {"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "outside"},
    {"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot)", "outside"},
    {"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false)", "ordinary"},
    {"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = 'off')", "ordinary"},
    {"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = true)", "outside"},
    {"DROP SUBSCRIPTION s", "either"},
    {"ALTER SUBSCRIPTION s REFRESH PUBLICATION", "outside"},
    {"ALTER SUBSCRIPTION s SET PUBLICATION p", "outside"},
    {"ALTER SUBSCRIPTION s ADD PUBLICATION p WITH (copy_data = false)", "outside"},
    {"ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)", "ordinary"},
    {"ALTER SUBSCRIPTION s SET (failover = true)", "either"},
    {"ALTER SUBSCRIPTION s DISABLE", "ordinary"},
    {"CALL p()", "call"},
    {"DO $$ BEGIN END $$", "call"},
    {"CALL p(set_config('client_encoding', 'x', false))", "call"},
    /* state of the session */
    {"LISTEN c", "session"},
    {"LOAD 'x'", "session"},
    {"CREATE TEMP TABLE t (a int)", "session"},
    {"CREATE TEMPORARY TABLE t (a int) ON COMMIT PRESERVE ROWS", "session"},
    {"CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1", "ordinary"},
    {"CREATE LOCAL TEMP SEQUENCE s", "session"},
    {"CREATE OR REPLACE TEMP VIEW v AS SELECT 1", "session"},
    {"CREATE TABLE temp (a int)", "ordinary"},
    {"CREATE TABLE pg_temp.t (a int)", "session"},
    {"SELECT 1 INTO TEMP t", "session"},
    {"SELECT 1 INTO LOCAL TEMPORARY TABLE t", "session"},
    {"SELECT 1 INTO t", "ordinary"},
    {"INSERT INTO temp VALUES (1)", "ordinary"},
    {"DECLARE c CURSOR WITH HOLD FOR SELECT 1", "session"},
    {"DECLARE c CURSOR WITHOUT HOLD FOR SELECT 1", "ordinary"},
    {"DECLARE c CURSOR FOR WITH x AS (SELECT 1) SELECT 1", "ordinary"},
    {"SELECT pg_advisory_lock(1)", "session"},
    {"SELECT pg_catalog.pg_try_advisory_lock_shared(1)", "session"},
    {"SELECT pg_advisory_xact_lock(1)", "ordinary"},
};

START_TEST(statement_is_of_this_kind)
{
    struct pga_statements statements = parsed(kinds[_i].text);
    const char *with_semicolon = pga_format(&mem, "%s;", kinds[_i].text);
    const struct pga_statement *s = &statements.items[0];

    ck_assert_uint_eq(statements.count, 1);
    ck_assert_str_eq(s->concurrently ? "concurrently" : kind_names[s->kind], kinds[_i].kind);
    if (s->concurrently)
        ck_assert_int_eq(s->kind, PGA_STATEMENT_OUTSIDE);
    statements = parsed(with_semicolon);
    s = &statements.items[0];
    ck_assert_str_eq(s->concurrently ? "concurrently" : kind_names[s->kind], kinds[_i].kind);
}
END_TEST

static const struct {
    const char *text, *isolation;
    bool deferrable, read_only, snapshot, malformed;
} modes[] = {
    {"BEGIN", "", false, false, false, false},
    {"BEGIN READ WRITE", "", false, false, false, false},
    {"BEGIN ISOLATION LEVEL SERIALIZABLE", "SERIALIZABLE", false, false, false, false},
    {"begin work isolation /* a */ level\nrepeatable -- b\nread, deferrable", "REPEATABLE READ",
     true, false, false, false},
    {"START TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE, NOT DEFERRABLE",
     "READ COMMITTED", false, false, false, false},
    {"BEGIN DEFERRABLE ISOLATION LEVEL READ UNCOMMITTED;", "READ UNCOMMITTED", true, false, false,
     false},
    {"BEGIN READ ONLY", "", false, true, false, false},
    {"BEGIN READ ONLY, READ WRITE", "", false, true, false, false},
    {"SET TRANSACTION DEFERRABLE", "", true, false, false, false},
    {"SET TRANSACTION SNAPSHOT 'x'", "", false, false, true, false},
    {"BEGIN x", "", true, false, false, true},
    {"BEGIN ISOLATION LEVEL x", "", false, false, false, true},
    {"BEGIN ISOLATION SERIALIZABLE", "", false, false, false, true},
    {"SET TRANSACTION", "", false, false, false, true},
    {"COMMIT x", "", false, false, false, true},
    {"COMMIT AND NO CHAIN", "", false, false, false, false},
};

START_TEST(statement_has_these_modes)
{
    struct pga_statements statements = parsed(modes[_i].text);
    const struct pga_modes *m = &statements.items[0].modes;

    ck_assert(pga_str_equal_c(m->isolation, modes[_i].isolation));
    ck_assert_int_eq(m->malformed, modes[_i].malformed);
    ck_assert_int_eq(m->read_only, modes[_i].read_only);
    ck_assert_int_eq(m->snapshot, modes[_i].snapshot);
    if (!m->malformed)
        ck_assert_int_eq(m->deferrable, modes[_i].deferrable);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("statement_kind");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, release);
    tcase_add_loop_test(tcase, statement_is_of_this_kind, 0, (int)PGA_COUNT_OF(kinds));
    tcase_add_loop_test(tcase, statement_has_these_modes, 0, (int)PGA_COUNT_OF(modes));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
