/*
 * tests/contract/driver_contract.c: what every implementation of drivers/driver.h must do.
 *
 * Each test runs twice: against the scripted server, which is told beforehand what to answer, and
 * against PostgreSQL, which shows that the script is true.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/driver.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "drivers/pq/pq.h"
#include "drivers/script/script.h"
#include "tests/helpers/server.h"

enum { SCRIPTED, REAL, KINDS };

static const char *conninfo;

/* A session of the kind that this round tests; `lines` is what the scripted server answers. */
static struct pga_driver *
open_kind(int kind, const struct pga_script_settings *script)
{
    struct pga_pq_settings settings = {.conninfo = conninfo, .application_name = "contract"};
    struct pga_error err = {0};
    struct pga_driver *d =
        kind == SCRIPTED ? pga_script_open(script) : pga_pq_open(&settings, &err);

    ck_assert_msg(d != NULL, "%s", err.message);
    return d;
}

#define SCRIPT(lines_)                                                                             \
    (&(const struct pga_script_settings){.lines = (lines_), .line_count = PGA_COUNT_OF(lines_)})

#define ANSWERS(...) ((const struct pga_script_answer[]){__VA_ARGS__, {.tag = NULL}})
#define TEXTS(...)   ((const char *const[]){__VA_ARGS__})

/* A message that must succeed, with rows. */
static struct pga_results
ask(struct pga_driver *d, const char *sql, struct pga_arena *mem)
{
    struct pga_message message = {.sql = pga_str_of(sql), .keep_rows = true};
    struct pga_results results = {0};
    struct pga_error err = {0};

    ck_assert_msg(pga_driver_query(d, &message, mem, &results, &err), "%s: %s", sql, err.message);
    ck_assert_int_eq(err.code, PGA_OK);
    return results;
}

/* A message that must fail with this code. */
static struct pga_results
refuse(struct pga_driver *d, const char *sql, struct pga_arena *mem, enum pga_code code)
{
    struct pga_message message = {.sql = pga_str_of(sql), .keep_rows = true};
    struct pga_results results = {0};
    struct pga_error err = {0};

    ck_assert(!pga_driver_query(d, &message, mem, &results, &err));
    ck_assert_msg(err.code == code, "%s: %s (%s)", sql, err.message, pga_code_name(err.code));
    return results;
}

START_TEST(rows_have_names_values_and_nulls)
{
    const struct pga_script_line lines[] = {{
        .expect = "SELECT 'x'",
        .answers = ANSWERS({.tag = "SELECT 2",
                            .columns = 3,
                            .rows = 2,
                            .names = TEXTS("a", "b", "c"),
                            .values = TEXTS("x", NULL, "", "y", "", NULL)}),
    }};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_results results = ask(
        d, "SELECT 'x' AS a, NULL AS b, '' AS c UNION ALL SELECT 'y', '', NULL ORDER BY 1", &mem);
    const struct pga_result *result = &results.items[0];

    ck_assert_uint_eq(results.count, 1);
    ck_assert_ptr_null(results.error);
    ck_assert_str_eq(result->tag, "SELECT 2");
    ck_assert_uint_eq(result->row_count, 2);
    ck_assert_uint_eq(result->column_count, 3);
    ck_assert_str_eq(result->names[0], "a");
    ck_assert_str_eq(result->names[2], "c");
    ck_assert_str_eq(pga_result_value(result, 0, 0), "x");
    ck_assert_ptr_null(pga_result_value(result, 0, 1));
    ck_assert_str_eq(pga_result_value(result, 0, 2), "");
    ck_assert_str_eq(pga_result_value(result, 1, 0), "y");
    ck_assert_str_eq(pga_result_value(result, 1, 1), "");
    ck_assert_ptr_null(pga_result_value(result, 1, 2));
}
END_TEST

START_TEST(results_come_in_order)
{
    const struct pga_script_line lines[] = {{
        .answers = ANSWERS({.tag = "CREATE TABLE"}, {.tag = "INSERT 0 3"},
                           {.tag = "SELECT 3", .columns = 1, .rows = 3}, {.tag = "DROP TABLE"}),
    }};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_message message = {
        .sql = PGA_STR("CREATE TEMP TABLE t (x int); INSERT INTO t VALUES (1), (2), (3);"
                       "SELECT x FROM t; DROP TABLE t"),
    };
    struct pga_results results = {0};
    struct pga_error err = {0};

    ck_assert(pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_uint_eq(results.count, 4);
    ck_assert_str_eq(results.items[0].tag, "CREATE TABLE");
    ck_assert_str_eq(results.items[1].tag, "INSERT 0 3");
    ck_assert_str_eq(results.items[2].tag, "SELECT 3");
    ck_assert_uint_eq(results.items[2].row_count, 3);
    ck_assert_uint_eq(results.items[2].column_count, 1);
    ck_assert_ptr_null(results.items[2].values); /* not asked for */
    ck_assert_ptr_null(results.items[2].names);
    ck_assert_str_eq(results.items[3].tag, "DROP TABLE");
    ck_assert_uint_eq(results.items[3].row_count, 0);
    ck_assert(!results.copied_out);
}
END_TEST

START_TEST(error_keeps_the_results_before_it)
{
    const struct pga_script_line lines[] = {{
        .answers = ANSWERS({.tag = "SELECT 1", .columns = 1, .rows = 1, .values = TEXTS("1")}),
        .error = {.severity = "ERROR", .sqlstate = "22012", .message = "division by zero"},
    }};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_message message = {.sql = PGA_STR("SELECT 1; SELECT 1/0; SELECT 2"),
                                  .keep_rows = true};
    struct pga_results results = {0};
    struct pga_error err = {0};

    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_uint_eq(results.count, 1);
    ck_assert_str_eq(pga_result_value(&results.items[0], 0, 0), "1");
    ck_assert_ptr_nonnull(results.error);
    ck_assert_str_eq(results.error->severity, "ERROR");
    ck_assert_str_eq(results.error->sqlstate, "22012");
    ck_assert_str_eq(results.error->message, "division by zero");
    ck_assert_str_eq(results.error->detail, "");
    ck_assert_str_eq(results.error->constraint, "");
    ck_assert_int_eq(results.error->position, 0);
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    ck_assert_str_eq(err.sqlstate, "22012");
    ck_assert_str_eq(err.message, "division by zero");
    ck_assert_int_eq(err.place.line, 0);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
}
END_TEST

#define DUPLICATE                                                                                  \
    {                                                                                              \
        .severity = "ERROR", .sqlstate = "23505",                                                  \
        .message = "duplicate key value violates unique constraint \"t_x_key\"",                   \
        .detail = "Key (x)=(1) already exists.",                                                   \
        .context = "SQL statement \"INSERT INTO t VALUES (1)\"\n"                                  \
                   "PL/pgSQL function inline_code_block line 1 at SQL statement",                  \
        .schema = "pg_temp_3", .table = "t", .constraint = "t_x_key"                               \
    }

START_TEST(error_has_all_fields)
{
    const struct pga_script_line lines[] = {
        {.answers = ANSWERS({.tag = "CREATE TABLE"}, {.tag = "INSERT 0 1"}), .error = DUPLICATE},
        {.error = {.severity = "ERROR",
                   .sqlstate = "42601",
                   .position = 15,
                   .message = "syntax error at or near \",\""}},
        {.error = {.severity = "ERROR",
                   .sqlstate = "P0001",
                   .message = "first\nsecond",
                   .detail = "More.",
                   .hint = "Do this."}},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_results results =
        refuse(d,
               "CREATE TEMP TABLE t (x int UNIQUE); INSERT INTO t VALUES (1);"
               "DO $$BEGIN INSERT INTO t VALUES (1); END$$",
               &mem, PGA_ERR_SQL);
    struct pga_message message = {
        .sql = PGA_STR(
            "DO $$BEGIN RAISE 'first%', E'\\nsecond' USING DETAIL='More.', HINT='Do this.'; END$$"),
    };
    struct pga_error err = {0};

    ck_assert_str_eq(results.error->detail, "Key (x)=(1) already exists.");
    ck_assert_str_eq(results.error->table, "t");
    ck_assert_str_eq(results.error->constraint, "t_x_key");
    ck_assert_ptr_nonnull(strstr(results.error->schema, "pg_temp"));
    ck_assert_ptr_nonnull(strstr(results.error->context, "PL/pgSQL"));
    /* in characters: in bytes it were 18 */
    results = refuse(d, "SELECT '\xC3\xA4\xC3\xB6\xC3\xBC', , 1", &mem, PGA_ERR_SQL);
    ck_assert_int_eq(results.error->position, 15);
    memset(&results, 0, sizeof(results));
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_str_eq(err.message, "first");
    ck_assert_str_eq(err.detail, "second\nMore.");
    ck_assert_str_eq(err.hint, "Do this.");
}
END_TEST

START_TEST(transaction_state_is_known)
{
    const struct pga_script_line lines[] = {
        {.expect = "BEGIN", .answers = ANSWERS({.tag = "BEGIN"}), .after = PGA_TRANSACTION_OPEN},
        {.error = {.sqlstate = "22012", .message = "division by zero"},
         .after = PGA_TRANSACTION_FAILED},
        {.error = {.sqlstate = "25P02", .message = "aborted"}, .after = PGA_TRANSACTION_FAILED},
        {.expect = "COMMIT", .answers = ANSWERS({.tag = "ROLLBACK"})},
        {.expect = "BEGIN", .answers = ANSWERS({.tag = "BEGIN"}, {.tag = "COMMIT"})},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));

    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
    (void)ask(d, "BEGIN", &mem);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_OPEN);
    (void)refuse(d, "SELECT 1/0", &mem, PGA_ERR_SQL);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_FAILED);
    (void)refuse(d, "SELECT 1", &mem, PGA_ERR_SQL);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_FAILED);
    ck_assert_str_eq(ask(d, "COMMIT", &mem).items[0].tag, "ROLLBACK");
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
    ck_assert_uint_eq(ask(d, "BEGIN; COMMIT", &mem).count, 2);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
}
END_TEST

START_TEST(copy_in_takes_the_data_in_order)
{
    const struct pga_script_line lines[] = {{
        .answers =
            ANSWERS({.tag = "CREATE TABLE"}, {.tag = "COPY 2", .copy_in = true},
                    {.tag = "COPY 0", .copy_in = true}, {.tag = "COPY 1", .copy_in = true},
                    {.tag = "COPY 0", .copy_in = true},
                    {.tag = "SELECT 3", .columns = 1, .rows = 3, .values = TEXTS("1", "2", "3")}),
    }};
    static const struct pga_str copies[] = {{"1\n2\n", 4}, {NULL, 0}, {"3", 1}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_message message = {
        .sql = PGA_STR(
            "CREATE TEMP TABLE t (x int); COPY t FROM STDIN; COPY t FROM STDIN; COPY t FROM STDIN;"
            "COPY t FROM STDIN; SELECT x FROM t ORDER BY 1"),
        .copies = copies,
        .copy_count = PGA_COUNT_OF(copies),
        .keep_rows = true,
    };
    struct pga_results results = {0};
    struct pga_error err = {0};

    ck_assert_msg(pga_driver_query(d, &message, &mem, &results, &err), "%s", err.message);
    ck_assert_uint_eq(results.count, 6);
    ck_assert_str_eq(results.items[1].tag, "COPY 2");
    ck_assert_str_eq(results.items[2].tag, "COPY 0");
    ck_assert_str_eq(results.items[3].tag, "COPY 1");
    ck_assert_str_eq(results.items[4].tag, "COPY 0"); /* its data was missing: an empty copy */
    ck_assert_str_eq(pga_result_value(&results.items[5], 2, 0), "3");
}
END_TEST

START_TEST(copy_data_that_nobody_asks_for_is_an_error)
{
    const struct pga_script_line lines[] = {
        {.answers = ANSWERS({.tag = "SELECT 1", .columns = 1, .rows = 1})},
        {.answers = ANSWERS({.tag = "SELECT 1", .columns = 1, .rows = 1})},
    };
    static const struct pga_str copies[] = {{"1\n", 2}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_message message = {.sql = PGA_STR("SELECT 1"), .copies = copies, .copy_count = 1};
    struct pga_results results = {0};
    struct pga_error err = {0};

    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
    (void)ask(d, "SELECT 1", &mem); /* the session is well */
}
END_TEST

START_TEST(copy_in_can_fail)
{
    const struct pga_script_line lines[] = {
        {.answers = ANSWERS({.tag = "CREATE TABLE"}),
         .error = {.severity = "ERROR",
                   .sqlstate = "22P02",
                   .message = "invalid input syntax for type integer: \"x\"",
                   .context = "COPY t, line 2, column x: \"x\""}},
        {.answers = ANSWERS({.tag = "SELECT 1", .columns = 1, .rows = 1})},
    };
    static const struct pga_str copies[] = {{"1\nx\n2\n", 6}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_message message = {.sql = PGA_STR("CREATE TEMP TABLE t (x int); COPY t FROM STDIN"),
                                  .copies = copies,
                                  .copy_count = 1};
    struct pga_results results = {0};
    struct pga_error err = {0};

    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    ck_assert_str_eq(err.sqlstate, "22P02");
    ck_assert_str_eq(err.context, "COPY t, line 2, column x: \"x\"");
    (void)ask(d, "SELECT 1", &mem);
}
END_TEST

START_TEST(copy_out_is_drained_and_noted)
{
    const struct pga_script_line lines[] = {{
        .answers = ANSWERS({.tag = "COPY 100000", .copy_out = true},
                           {.tag = "SELECT 1", .columns = 1, .rows = 1}),
    }};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_results results =
        ask(d, "COPY (SELECT generate_series(1, 100000)) TO STDOUT; SELECT 1", &mem);

    ck_assert(results.copied_out);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_str_eq(results.items[0].tag, "COPY 100000");
    ck_assert_str_eq(results.items[1].tag, "SELECT 1");
}
END_TEST

START_TEST(empty_messages_have_no_results)
{
    const struct pga_script_line lines[] = {{.expect = ""}, {.expect = ";"}, {.expect = "--"}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));

    ck_assert_uint_eq(ask(d, "", &mem).count, 0);
    ck_assert_uint_eq(ask(d, ";; ;", &mem).count, 0);
    ck_assert_uint_eq(ask(d, "-- nothing\n", &mem).count, 0);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
}
END_TEST

START_TEST(text_ends_where_its_length_says)
{
    const struct pga_script_line lines[] = {
        {.expect = "SELECT 1",
         .answers = ANSWERS({.tag = "SELECT 1", .columns = 1, .rows = 1, .values = TEXTS("1")})}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_message nul = {.sql = {"SELECT 1\0; DROP TABLE t", 23}};
    struct pga_results results = {0};
    struct pga_result result;
    struct pga_error err = {0}, refused = {0};

    ck_assert(pga_driver_rows(d, (struct pga_str){"SELECT 12", 8}, &mem, &result, &err));
    ck_assert_str_eq(pga_result_value(&result, 0, 0), "1");
    ck_assert(!pga_driver_query(d, &nul, &mem, &results, &refused));
    ck_assert_int_eq(refused.code, PGA_ERR_USAGE);
}
END_TEST

START_TEST(rows_is_the_last_result)
{
    const struct pga_script_line lines[] = {
        {.answers = ANSWERS({.tag = "SELECT 1", .columns = 1, .rows = 1, .values = TEXTS("1")},
                            {.tag = "SELECT 1", .columns = 1, .rows = 1, .values = TEXTS("2")})},
        {.expect = ";"},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct pga_result result;
    struct pga_error err = {0}, none = {0};

    ck_assert(pga_driver_rows(d, PGA_STR("SELECT 1; SELECT 2"), &mem, &result, &err));
    ck_assert_str_eq(pga_result_value(&result, 0, 0), "2");
    ck_assert(!pga_driver_rows(d, PGA_STR(";"), &mem, &result, &none));
    ck_assert_int_eq(none.code, PGA_ERR_UNEXPECTED);
}
END_TEST

struct heard {
    int count;
    char last[64], hint[64], state[6];
};

static void
hear(void *ctx, const struct pga_server_message *notice)
{
    struct heard *heard = ctx;

    heard->count++;
    (void)snprintf(heard->last, sizeof(heard->last), "%s: %s", notice->severity, notice->message);
    (void)snprintf(heard->hint, sizeof(heard->hint), "%s", notice->hint);
    (void)snprintf(heard->state, sizeof(heard->state), "%s", notice->sqlstate);
}

START_TEST(notices_are_passed_on)
{
    const struct pga_script_line lines[] = {
        {.answers = ANSWERS({.tag = "DO"}),
         .notice =
             {.severity = "WARNING", .sqlstate = "01000", .message = "mind this", .hint = "So."}},
        {.answers = ANSWERS({.tag = "DO"}),
         .notice = {.severity = "NOTICE", .sqlstate = "00000", .message = "again"}},
    };
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct heard heard = {0};
    struct pga_error err = {0};

    d->notice = hear;
    d->notice_ctx = &heard;
    ck_assert(pga_driver_run(
        d, PGA_STR("DO $$BEGIN RAISE WARNING 'mind this' USING HINT='So.'; END$$"), &err));
    ck_assert_int_eq(heard.count, 1);
    ck_assert_str_eq(heard.last, "WARNING: mind this");
    ck_assert_str_eq(heard.hint, "So.");
    ck_assert_str_eq(heard.state, "01000");
    d->notice = NULL;
    ck_assert(pga_driver_run(d, PGA_STR("DO $$BEGIN RAISE NOTICE 'again'; END$$"), &err));
    ck_assert_int_eq(heard.count, 1);
}
END_TEST

START_TEST(session_is_described)
{
    const struct pga_script_line lines[] = {{.expect = NULL}};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));

    ck_assert_str_eq(pga_driver_parameter(d, "client_encoding"), "UTF8");
    ck_assert_str_eq(pga_driver_parameter(d, "standard_conforming_strings"), "on");
    ck_assert_ptr_null(pga_driver_parameter(d, "no_such_parameter"));
    ck_assert_int_ge(pga_driver_server_version(d), 130000);
    ck_assert_int_gt(pga_driver_backend_pid(d), 0);
    ck_assert_ptr_nonnull(strstr(pga_driver_describe(d), "database \""));
    ck_assert_ptr_null(strstr(pga_driver_describe(d), "open sesame"));
}
END_TEST

START_TEST(identifiers_are_quoted)
{
    const struct pga_script_line lines[] = {{.expect = NULL}};
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));

    ck_assert_str_eq(pga_driver_quote_identifier(d, &mem, "plain"), "\"plain\"");
    ck_assert_str_eq(pga_driver_quote_identifier(d, &mem, "a\"b\"\"c"), "\"a\"\"b\"\"\"\"c\"");
    ck_assert_str_eq(pga_driver_quote_identifier(d, &mem, "\xC3\xA4 \\"), "\"\xC3\xA4 \\\"");
    ck_assert_str_eq(pga_driver_quote_identifier(d, &mem, ""), "\"\"");
}
END_TEST

START_TEST(lost_connection_can_be_replaced)
{
    const struct pga_script_line lines[] = {
        {.answers = ANSWERS({.tag = "SELECT 1", .columns = 1, .rows = 1}),
         .error = {.severity = "FATAL",
                   .sqlstate = "57P01",
                   .message = "terminating connection due to administrator command"},
         .lose_connection = true},
        {.expect = "SELECT 2", .answers = ANSWERS({.tag = "SELECT 1", .columns = 1, .rows = 1})},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    int pid = pga_driver_backend_pid(d);
    struct pga_message message = {
        .sql = PGA_STR(
            "SELECT 1; SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(9); SELECT 3"),
    };
    struct pga_results results = {0};
    struct pga_error err = {0}, back = {0};

    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_msg(err.code == PGA_ERR_LOST, "%s", err.message);
    ck_assert_str_eq(err.sqlstate, "57P01");
    ck_assert_ptr_nonnull(strstr(err.detail, "administrator command"));
    ck_assert_str_eq(results.error->sqlstate, "57P01");
    ck_assert_uint_eq(results.count, 1);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_LOST);
    ck_assert_int_eq(pga_driver_backend_pid(d), pid); /* the one to look for */
    (void)refuse(d, "SELECT 2", &mem, PGA_ERR_LOST);
    ck_assert_msg(pga_driver_reconnect(d, &back), "%s", back.message);
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
    ck_assert_int_ne(pga_driver_backend_pid(d), pid);
    (void)ask(d, "SELECT 2", &mem);
}
END_TEST

START_TEST(reconnecting_gives_a_new_session)
{
    const struct pga_script_line lines[] = {
        {.answers = ANSWERS({.tag = "BEGIN"}), .after = PGA_TRANSACTION_OPEN},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *d = open_kind(_i, SCRIPT(lines));
    struct heard heard = {0};
    struct pga_error err = {0};

    d->notice = hear;
    d->notice_ctx = &heard;
    (void)ask(d, "BEGIN", &mem);
    ck_assert(pga_driver_reconnect(d, &err));
    ck_assert_int_eq(pga_driver_transaction(d), PGA_TRANSACTION_IDLE);
    ck_assert(d->notice == hear);
    ck_assert_ptr_eq(d->notice_ctx, &heard);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("driver contract");
    TCase *tcase = tcase_create("contract");
    SRunner *runner;
    int failed;

    conninfo = pga_test_server_start();
    tcase_add_loop_test(tcase, rows_have_names_values_and_nulls, 0, KINDS);
    tcase_add_loop_test(tcase, results_come_in_order, 0, KINDS);
    tcase_add_loop_test(tcase, error_keeps_the_results_before_it, 0, KINDS);
    tcase_add_loop_test(tcase, error_has_all_fields, 0, KINDS);
    tcase_add_loop_test(tcase, transaction_state_is_known, 0, KINDS);
    tcase_add_loop_test(tcase, copy_in_takes_the_data_in_order, 0, KINDS);
    tcase_add_loop_test(tcase, copy_data_that_nobody_asks_for_is_an_error, 0, KINDS);
    tcase_add_loop_test(tcase, copy_in_can_fail, 0, KINDS);
    tcase_add_loop_test(tcase, copy_out_is_drained_and_noted, 0, KINDS);
    tcase_add_loop_test(tcase, empty_messages_have_no_results, 0, KINDS);
    tcase_add_loop_test(tcase, text_ends_where_its_length_says, 0, KINDS);
    tcase_add_loop_test(tcase, rows_is_the_last_result, 0, KINDS);
    tcase_add_loop_test(tcase, notices_are_passed_on, 0, KINDS);
    tcase_add_loop_test(tcase, session_is_described, 0, KINDS);
    tcase_add_loop_test(tcase, identifiers_are_quoted, 0, KINDS);
    tcase_add_loop_test(tcase, lost_connection_can_be_replaced, 0, KINDS);
    tcase_add_loop_test(tcase, reconnecting_gives_a_new_session, 0, KINDS);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
