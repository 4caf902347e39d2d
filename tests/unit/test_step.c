/*
 * tests/unit/test_step.c: engine/step.h, the exact text of a step.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/step.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "alterations/lexer.h"
#include "engine/transaction.h"
#include "tests/helpers/build.h"

static struct pga_build b;
static struct pga_error err;

/* The step of one alteration, as it would be sent. */
static struct pga_step step;
static struct pga_applied after;
static struct pga_texts texts;
static struct pga_change change;
static struct pga_history_row row;
static struct pga_prepared prepared;
static struct pga_step_frame frame;
static const struct pga_script_text *script;
static struct pga_span_map map;
static struct pga_buf sql;

static void
setup(void)
{
    memset(&err, 0, sizeof(err));
    memset(&map, 0, sizeof(map));
    memset(&texts, 0, sizeof(texts));
    pga_build_init(&b);
    sql = pga_buf_on(&b.mem);
}

static void
teardown(void)
{
    pga_build_release(&b);
}

static void
make_frame(enum pga_part part)
{
    const struct pga_alteration *alteration = &b.alterations.items[0];

    step = (struct pga_step){.id = alteration->id, .alteration = alteration};
    step.kind = part == PGA_PART_UP ? PGA_STEP_APPLY : PGA_STEP_REVERT;
    step.applied = pga_journal_find(&b.journal, alteration->id);
    script = alteration->parts[part];
    change = pga_step_change(&step, &after, &texts);
    pga_history_build(&b.journal, &b.journal.head, &change, &row);
    ck_assert_msg(pga_script_prepare(&b.mem, script, true, &prepared, &err), "%s", err.message);
    frame = (struct pga_step_frame){
        .journal = &b.journal,
        .row = &row,
        .change = &change,
        .texts = &texts,
        .head = {.lock_timeout_ms = 2000, .statement_timeout_ms = 0},
        .synchronous_commit = "on",
    };
}

/* Digests as H, so that the text can be written down. */
static const char *
masked(void)
{
    struct pga_buf out = pga_buf_on(&b.mem);

    for (const char *at = sql.data; *at != '\0';) {
        size_t len = strspn(at, "0123456789abcdef");

        if (len == PGA_DIGEST_HEX) {
            pga_buf_append_char(&out, 'H');
            at += len;
        } else {
            pga_buf_append_char(&out, *at++);
        }
    }
    return out.data;
}

#define HEAD                                                                                       \
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE;\n"                            \
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; "  \
    "DISCARD TEMP; DISCARD SEQUENCES;\n"                                                           \
    "SET LOCAL lock_timeout = 2000;\n"                                                             \
    "SET LOCAL statement_timeout = 0;\n"
#define APPEND(seq, last, event, down)                                                             \
    "INSERT INTO \"pgalter\".history\n"                                                            \
    "    (seq, prev, hash, event, id, version, phase, directives, up, down, before_up, "           \
    "before_down,\n"                                                                               \
    "     state, run, who, engine, because, at)\n"                                                 \
    "VALUES\n"                                                                                     \
    "    (" seq                                                                                    \
    ", (SELECT h.hash FROM \"pgalter\".history h WHERE h.seq OPERATOR(pg_catalog.=) " last         \
    " AND h.hash OPERATOR(pg_catalog.=) E'\\\\xH')\n, E'\\\\xH', E'" event                         \
    "', E'1-users', E'1.0.0', E'expand', E'', E'\\\\xH', " down ", NULL, NULL,\n"                  \
    "     E'\\\\xH', E'11111111-2222-4333-8444-555555555555', E'tester', E'0.1.0', NULL, "         \
    "pg_catalog.clock_timestamp());\n"
#define AIRBAG "\n;--'\\\"\\*/\\*/\\*/\\*/\\$$\\"

START_TEST(the_head)
{
    struct pga_step_counts counts;

    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    make_frame(PGA_PART_UP);
    counts = pga_step_head_sql(&sql, &frame);
    ck_assert_str_eq(masked(), HEAD APPEND("1", "0", "applied", "NULL"));
    ck_assert_uint_eq(counts.append, 11);
    ck_assert_uint_eq(counts.script, 12);
}
END_TEST

/* What results are counted by. */
START_TEST(the_counts_are_the_statements)
{
    struct pga_statements statements;
    struct pga_step_counts counts;

    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    make_frame(PGA_PART_UP);
    counts = pga_step_head_sql(&sql, &frame);
    ck_assert(pga_statements_parse(&b.mem, "head", pga_buf_str(&sql), true, &statements, &err));
    ck_assert_uint_eq(statements.count, counts.script);
    ck_assert(pga_str_equal_nocase(statements.items[0].first, "begin"));
    ck_assert(pga_str_equal_nocase(statements.items[counts.append].first, "insert"));
}
END_TEST

START_TEST(modes_and_timeouts_move_into_the_head)
{
    pga_build_file(&b, "1.0.0-1-users.up.sql", "SELECT 1;");
    make_frame(PGA_PART_UP);
    frame.head.isolation = PGA_STR("SERIALIZABLE");
    frame.head.deferrable = true;
    frame.head.lock_timeout_ms = 150;
    frame.head.statement_timeout_ms = 60000;
    (void)pga_step_head_sql(&sql, &frame);
    ck_assert(pga_str_starts(pga_buf_str(&sql),
                             "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE DEFERRABLE;\n"));
    ck_assert_ptr_nonnull(strstr(sql.data, "SET LOCAL lock_timeout = 150;\n"
                                           "SET LOCAL statement_timeout = 60000;\n"));
}
END_TEST

START_TEST(the_script_and_its_airbag)
{
    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    make_frame(PGA_PART_UP);
    pga_step_script_sql(&sql, script, &prepared, &map);
    ck_assert_str_eq(sql.data, "CREATE TABLE users ();\n\n" AIRBAG "\n");
}
END_TEST

/* Each tag that a script uses is closed, too. */
START_TEST(the_airbag_has_the_tags)
{
    pga_build_file(&b, "1.0.0-1-users.up.sql",
                   "DO $body$ BEGIN PERFORM $q$1$q$; END $body$;\nSELECT $$$$;");
    make_frame(PGA_PART_UP);
    pga_airbag_sql(&sql, &prepared.statements);
    ck_assert_str_eq(sql.data, AIRBAG "$body$\\$q$\\\n");
}
END_TEST

/* Whatever a script leaves open, the airbag makes an error of it: a backslash outside everything. */
START_TEST(the_airbag_closes_everything)
{
    static const char *const open[] = {
        "SELECT 'x",     "SELECT \"x",        "SELECT E'x",  "SELECT E'x\\",   "/* x",
        "/* /* /* /* x", "/* /* /* x",        "SELECT $$x",  "SELECT $tag$x",  "SELECT $tag$ $$x",
        "SELECT U&'x",   "SELECT U&\"x",      "SELECT B'1",  "SELECT 'x''",    "SELECT $$ $tag$x",
        "/* ' \" $$ x",  "SELECT '/* -- $$ ", "SELECT \"/*", "SELECT $$ ' /*", "-- x",
    };

    for (size_t i = 0; i < PGA_COUNT_OF(open); i++) {
        struct pga_str tags[] = {PGA_STR("tag")};
        struct pga_statements statements = {.dollar_tags = tags, .dollar_tag_count = 1};
        struct pga_buf text = pga_buf_on(&b.mem);
        struct pga_lexer lexer;
        struct pga_token token;
        bool has_error = false;

        pga_buf_append_c(&text, open[i]);
        pga_airbag_sql(&text, &statements);
        pga_buf_append_c(&text, "SELECT 'the next script';\n");
        pga_lexer_init(&lexer, pga_buf_str(&text), true);
        while (pga_lexer_next(&lexer, &token))
            has_error |= token.kind == PGA_TOKEN_BACKSLASH;
        ck_assert_msg(has_error == (strcmp(open[i], "-- x") != 0), "%s", open[i]);
    }
}
END_TEST

START_TEST(the_tail_of_an_up_script)
{
    pga_build_file(&b, "1.0.0-1-users.up.sql", "SELECT 'it';\n");
    pga_build_file(&b, "1.0.0-1-users.down.sql", "");
    make_frame(PGA_PART_UP);
    pga_step_tail_sql(&sql, &frame);
    ck_assert(pga_str_starts(
        pga_str_of(masked()),
        "SET CONSTRAINTS ALL IMMEDIATE; RESET SESSION AUTHORIZATION; RESET ROLE; "
        "SET LOCAL synchronous_commit = on;\n"
        "SET LOCAL lock_timeout = 2000; SET LOCAL statement_timeout = 0;\n"
        "INSERT INTO \"pgalter\".scripts (digest, text) VALUES (E'\\\\xH', E'SELECT ''it'';\n') "
        "ON CONFLICT DO NOTHING;\n"
        "INSERT INTO \"pgalter\".scripts (digest, text) VALUES (E'\\\\xH', E'') "
        "ON CONFLICT DO NOTHING;\n"
        "WITH added AS (\n"
        "    INSERT INTO \"pgalter\".journal\n"));
    ck_assert_ptr_nonnull(strstr(masked(), "(E'1-users', E'1.0.0', E'1', E'users', E'expand', E'', "
                                           "E'\\\\xH', E'\\\\xH', NULL, NULL, 1,"));
    ck_assert(pga_str_ends(pga_buf_str(&sql), ";\nCOMMIT;"));
}
END_TEST

START_TEST(the_tail_of_a_down_script)
{
    pga_build_file(&b, "1.0.0-1-users.up.sql", "SELECT 1;");
    pga_build_file(&b, "1.0.0-1-users.down.sql", "SELECT 2;");
    pga_build_apply(&b, "1-users");
    make_frame(PGA_PART_DOWN);
    frame.finishes = true;
    frame.synchronous_commit = "remote_apply";
    pga_step_tail_sql(&sql, &frame);
    ck_assert_ptr_nonnull(strstr(
        sql.data,
        "synchronous_commit = remote_apply;\n"
        "SET LOCAL lock_timeout = 2000; SET LOCAL statement_timeout = 0;\n"
        "WITH gone AS (\n"
        "    DELETE FROM \"pgalter\".unfinished AS u\n"
        "    WHERE u.id OPERATOR(pg_catalog.=) E'1-users'\n"
        "      AND u.run OPERATOR(pg_catalog.=) E'11111111-2222-4333-8444-555555555555'\n"
        "    RETURNING u.id\n"
        ")\n"
        "SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM gone;\n"
        "WITH gone AS (\n"
        "    DELETE FROM \"pgalter\".journal AS j WHERE j.id OPERATOR(pg_catalog.=) E'1-users'\n"
        "    RETURNING j.id\n"
        ")\n"
        "SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM gone;\n"));
    ck_assert_ptr_null(strstr(sql.data, "scripts"));
    sql.len = 0;
    (void)pga_step_head_sql(&sql, &frame);
    ck_assert_str_eq(masked(), HEAD APPEND("2", "1", "reverted", "E'\\\\xH'"));
}
END_TEST

/* The journal row is the transaction's last change, the append its first. */
START_TEST(the_order_within_a_step)
{
    const char *append, *body, *tail, *journal_row, *commit;

    pga_build_file(&b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    make_frame(PGA_PART_UP);
    (void)pga_step_head_sql(&sql, &frame);
    pga_step_script_sql(&sql, script, &prepared, &map);
    pga_step_tail_sql(&sql, &frame);
    append = strstr(sql.data, "INSERT INTO \"pgalter\".history");
    body = strstr(sql.data, "CREATE TABLE users");
    tail = strstr(sql.data, "SET CONSTRAINTS ALL IMMEDIATE");
    journal_row = strstr(sql.data, "INSERT INTO \"pgalter\".journal");
    commit = strstr(sql.data, "COMMIT;");
    ck_assert(append != NULL && append < body && body < tail && tail < journal_row &&
              journal_row < commit);
}
END_TEST

/* ---- what of a script is sent, and where it went ---- */

static const char *
sent(const char *text)
{
    pga_build_no_files(&b);
    pga_build_file(&b, "1.0.0-1-users.up.sql", text);
    make_frame(PGA_PART_UP);
    map.count = 0;
    sql = pga_buf_on(&b.mem);
    pga_step_script_sql(&sql, script, &prepared, &map);
    return sql.data;
}

START_TEST(a_wrapper_is_left_out)
{
    ck_assert_str_eq(sent("-- why\nBEGIN;\nSELECT 1;\nCOMMIT;\n"),
                     "-- why\n\n\nSELECT 1;\n\n\n\n" AIRBAG "\n");
    ck_assert_uint_eq(prepared.statements.count, 3);
    ck_assert_uint_eq(prepared.first, 1);
    ck_assert_uint_eq(prepared.end, 2);
}
END_TEST

START_TEST(copied_rows_are_left_out)
{
    ck_assert_str_eq(sent("COPY t FROM stdin;\n1\ta\n\\.\nSELECT 2;\n"),
                     "COPY t FROM stdin;\n\nSELECT 2;\n\n" AIRBAG "\n");
    ck_assert_uint_eq(prepared.copy_count, 1);
    ck_assert(pga_str_equal_c(prepared.copies[0], "1\ta\n"));
}
END_TEST

START_TEST(an_empty_script_is_its_airbag)
{
    ck_assert_str_eq(sent("-- nothing to do\n"), "-- nothing to do\n\n" AIRBAG "\n");
    ck_assert_str_eq(sent(""), AIRBAG "\n");
}
END_TEST

/* What stands in the message is what stands in the script at the place that the map gives. */
START_TEST(spans_lead_back)
{
    static const char *const scripts[] = {
        "SELECT 1;\nSELECT 2;\n",
        "BEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nSELECT 1;\nCOMMIT;\n-- end\n",
        "COPY t FROM stdin;\n1\n\\.\nSELECT 2; COPY u FROM stdin;\n2\n3\n\\.\nSELECT 3;\n",
        "SELECT '\xC3\xA4\xE2\x82\xAC';\n",
    };

    for (size_t i = 0; i < PGA_COUNT_OF(scripts); i++) {
        const char *message = sent(scripts[i]);

        ck_assert_uint_gt(map.count, 0);
        for (size_t k = 0; k + 1 < map.count; k++)
            ck_assert_mem_eq(message + map.items[k].message_offset,
                             script->text.data + map.items[k].script_offset, map.items[k].len);
        ck_assert(map.items[map.count - 1].is_end);
    }
}
END_TEST

/* "SELECT 1 +" fails at the semicolon that pgalter puts behind it: the script's end is shown. */
START_TEST(the_airbag_stands_for_the_end)
{
    const char *message = sent("SELECT 1;\nSELECT 1 +\n\n-- that was all\n");
    int64_t position = strstr(message, ";--'") - message + 1;
    size_t offset = 0, end = strlen("SELECT 1;\nSELECT 1 +");

    ck_assert(pga_span_find(&map, pga_buf_str(&sql), position, true, &offset));
    ck_assert_uint_eq(offset, end);
    pga_step_tail_sql(&sql, &frame);
    position = strstr(sql.data, "SET CONSTRAINTS") - sql.data + 1;
    ck_assert(!pga_span_find(&map, pga_buf_str(&sql), position, true, &offset));
    ck_assert(pga_span_find(&map, pga_buf_str(&sql), position - 1, true, &offset));
    (void)sent("");
    ck_assert(pga_span_find(&map, pga_buf_str(&sql), 2, true, &offset));
    ck_assert_uint_eq(offset, 0);
}
END_TEST

/* ---- the change of a step ---- */

START_TEST(a_rename_changes_the_version_only)
{
    pga_build_file(&b, "next-1-users.up.sql", "SELECT 1;");
    pga_build_apply_all(&b);
    step = (struct pga_step){.kind = PGA_STEP_RENAME,
                             .id = "1-users",
                             .version = "1.0.0",
                             .alteration = &b.alterations.items[0],
                             .applied = b.journal.applied[0]};
    change = pga_step_change(&step, &after, &texts);
    ck_assert_int_eq(change.event, PGA_EVENT_RENAMED);
    ck_assert_ptr_eq(change.before, step.applied);
    ck_assert_str_eq(change.after->version, "1.0.0");
    ck_assert_str_eq(change.after->id, "1-users");
    ck_assert(pga_digest_equal(&change.after->digests[0], &step.applied->digests[0]));
    ck_assert_ptr_null(texts.part[0].data);
}
END_TEST

START_TEST(timeouts_of_script_and_run)
{
    struct pga_runner runner = {.settings = {.lock_timeout_ms = 2000, .statement_timeout_ms = 7}};
    struct pga_modes modes = {.isolation = PGA_STR("SERIALIZABLE"), .deferrable = true};
    struct pga_session_head head;

    pga_build_file(&b, "1-a.up.sql", "SELECT 1;");
    head = pga_step_session(&runner, b.alterations.items[0].parts[PGA_PART_UP], NULL);
    ck_assert_int_eq(head.lock_timeout_ms, 2000);
    ck_assert_int_eq(head.statement_timeout_ms, 7);
    ck_assert_uint_eq(head.isolation.len, 0);
    pga_build_file(&b, "1-a.up.sql",
                   "-- pgalter:lock_timeout 1s\n-- pgalter:statement_timeout 0\nSELECT 1;");
    head = pga_step_session(&runner, b.alterations.items[0].parts[PGA_PART_UP], &modes);
    ck_assert_int_eq(head.lock_timeout_ms, 1000);
    ck_assert_int_eq(head.statement_timeout_ms, 0);
    ck_assert(pga_str_equal_c(head.isolation, "SERIALIZABLE"));
    ck_assert(head.deferrable);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("step");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_head);
    tcase_add_test(tcase, the_counts_are_the_statements);
    tcase_add_test(tcase, modes_and_timeouts_move_into_the_head);
    tcase_add_test(tcase, the_script_and_its_airbag);
    tcase_add_test(tcase, the_airbag_has_the_tags);
    tcase_add_test(tcase, the_airbag_closes_everything);
    tcase_add_test(tcase, the_tail_of_an_up_script);
    tcase_add_test(tcase, the_tail_of_a_down_script);
    tcase_add_test(tcase, the_order_within_a_step);
    tcase_add_test(tcase, a_wrapper_is_left_out);
    tcase_add_test(tcase, copied_rows_are_left_out);
    tcase_add_test(tcase, an_empty_script_is_its_airbag);
    tcase_add_test(tcase, spans_lead_back);
    tcase_add_test(tcase, the_airbag_stands_for_the_end);
    tcase_add_test(tcase, a_rename_changes_the_version_only);
    tcase_add_test(tcase, timeouts_of_script_and_run);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
