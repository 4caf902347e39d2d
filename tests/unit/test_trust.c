/*
 * tests/unit/test_trust.c: whether a journal is there and can be trusted (journal/trust.c), and reading it
 * (journal/read.c), against a scripted server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/read.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "drivers/script/script.h"

static struct pga_arena mem;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_error err;
static struct pga_script_settings script;

static void
setup(void)
{
    mem = (struct pga_arena){0};
    memset(&err, 0, sizeof(err));
    memset(&script, 0, sizeof(script));
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_arena_release(&mem);
}

static void
connect_to(const struct pga_script_line *lines, size_t count)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "0.1.0"};

    pga_driver_close(&driver);
    memset(&err, 0, sizeof(err));
    script.lines = lines;
    script.line_count = count;
    driver = pga_script_open(&script);
    pga_journal_init(&journal, driver, &mem, &settings);
}

#define HASH_1 "0101010101010101010101010101010101010101010101010101010101010101"
#define HASH_2 "0202020202020202020202020202020202020202020202020202020202020202"

#define BEGINNING                                                                                  \
    {.tag = "BEGIN"}, {.tag = "RESET"}, {.tag = "RESET"}, {.tag = "RESET"},                        \
    {                                                                                              \
        .tag = "SET"                                                                               \
    }
#define PRESENCE(...)                                                                              \
    {                                                                                              \
        .tag = "SELECT 1", .columns = 3, .rows = 1, .values = (const char *const[])                \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define HEAD(...)                                                                                  \
    {                                                                                              \
        .tag = "SELECT 1", .columns = 5, .rows = 1, .values = (const char *const[])                \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ANSWERS(...)                                                                               \
    (const struct pga_script_answer[])                                                             \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* Open a journal whose presence and head are answered so. */
static bool
open_with(const struct pga_script_answer *answers)
{
    struct pga_script_line lines[] = {{.expect =
                                           "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n"
                                           "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;\n",
                                       .answers = answers}};

    connect_to(lines, 1);
    return pga_journal_open(&journal, &err);
}

/* The same where an error comes behind the answers. */
static bool
open_failing(const struct pga_script_answer *answers, const char *sqlstate, const char *message)
{
    struct pga_script_line lines[] = {
        {.answers = answers,
         .error = {.sqlstate = sqlstate, .message = message},
         .after = PGA_TRANSACTION_FAILED},
        {.expect = "ROLLBACK", .answers = ANSWERS({.tag = "ROLLBACK"})},
    };

    connect_to(lines, 2);
    return pga_journal_open(&journal, &err);
}

START_TEST(a_journal_that_is_there)
{
    ck_assert_msg(open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", "remote_apply"),
                                    HEAD("42", HASH_1, HASH_2, "1.3", "f"), {.tag = "COMMIT"})),
                  "%s", err.message);
    ck_assert_int_eq(journal.presence, PGA_JOURNAL_PRESENT);
    ck_assert_int_eq(journal.head.seq, 42);
    ck_assert_int_eq(journal.head.hash.bytes[0], 1);
    ck_assert_int_eq(journal.head.state.bytes[31], 2);
    ck_assert_int_eq(journal.format_major, 1);
    ck_assert_int_eq(journal.format_minor, 3); /* a newer minor format is readable */
    ck_assert_str_eq(journal.synchronous_commit, "remote_apply");
    ck_assert(!journal.is_loaded);
    ck_assert(!pga_journal_is_outdated(&journal));
}
END_TEST

/* `off` would make nothing durable. */
START_TEST(synchronous_commit_is_raised_from_off)
{
    ck_assert(open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", "off"),
                                HEAD("0", HASH_1, HASH_2, "1.0", "f"), {.tag = "COMMIT"})));
    ck_assert_str_eq(journal.synchronous_commit, "on");
    ck_assert(open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", NULL),
                                HEAD("0", HASH_1, HASH_2, "1.0", "f"), {.tag = "COMMIT"})));
    ck_assert_str_eq(journal.synchronous_commit, "on");
}
END_TEST

START_TEST(no_schema)
{
    ck_assert(open_failing(ANSWERS(BEGINNING, PRESENCE("absent", "1", "on")), "42P01",
                           "relation \"pgalter.history\" does not exist"));
    ck_assert_int_eq(journal.presence, PGA_JOURNAL_ABSENT);
    ck_assert_int_eq(err.code, PGA_OK);
    ck_assert_uint_eq(pga_script_unused(driver), 0); /* the failed transaction was ended */
    ck_assert(open_failing(ANSWERS(BEGINNING, PRESENCE("absent", "1", "on")), "3F000",
                           "schema does not exist"));
    ck_assert_int_eq(journal.presence, PGA_JOURNAL_ABSENT);
}
END_TEST

START_TEST(an_empty_schema)
{
    ck_assert(open_failing(ANSWERS(BEGINNING, PRESENCE("empty", "1", "on")), "42P01",
                           "relation \"pgalter.history\" does not exist"));
    ck_assert_int_eq(journal.presence, PGA_JOURNAL_EMPTY);
}
END_TEST

/* Made after the snapshot was taken: the tables are there and have no rows. */
START_TEST(a_journal_that_is_just_being_made)
{
    ck_assert(open_with(ANSWERS(BEGINNING, PRESENCE("absent", "1", "on"),
                                {.tag = "SELECT 0", .columns = 5}, {.tag = "COMMIT"})));
    ck_assert_int_eq(journal.presence, PGA_JOURNAL_ABSENT);
}
END_TEST

/* The schema is there and a table of it isn't: something is wrong. */
START_TEST(a_table_is_missing)
{
    ck_assert(!open_failing(ANSWERS(BEGINNING, PRESENCE("present", "1", "on")), "42P01",
                            "relation \"pgalter.history\" does not exist"));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "reading the journal in the schema \"pgalter\": relation "
                                  "\"pgalter.history\" does not exist");
}
END_TEST

START_TEST(a_journal_that_disappears)
{
    ck_assert(open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", "on"),
                                HEAD("42", HASH_1, HASH_2, "1.0", "f"), {.tag = "COMMIT"})));
    ck_assert(journal.has_head);
    {
        struct pga_script_line lines[] = {
            {.answers = ANSWERS(BEGINNING, PRESENCE("absent", "1", "on")),
             .error = {.sqlstate = "42P01", .message = "no"},
             .after = PGA_TRANSACTION_FAILED},
            {.expect = "ROLLBACK", .answers = ANSWERS({.tag = "ROLLBACK"})},
        };
        struct pga_driver *other;

        script.lines = lines;
        script.line_count = 2;
        other = pga_script_open(&script);
        journal.driver = other;
        ck_assert(!pga_journal_open(&journal, &err));
        ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
        ck_assert_ptr_nonnull(strstr(err.message, "is not the one that was read"));
        pga_driver_close(&other);
    }
}
END_TEST

/* The server that answers is another than the one that greeted: a pooler stands between. */
START_TEST(a_pooler_shows)
{
    const char *const direct[] = {"", "", "4242"}, *const pooled[] = {"", "", "777"};
    const char *const *const rows[] = {direct, pooled};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        struct pga_script_answer settings = {
            .tag = "SELECT 1", .columns = 3, .rows = 1, .values = rows[i]};

        ck_assert(open_with(ANSWERS({.tag = "BEGIN"}, {.tag = "RESET"}, {.tag = "RESET"},
                                    {.tag = "RESET"}, settings, PRESENCE("present", "1", "on"),
                                    HEAD("42", HASH_1, HASH_2, "1.0", "t"), {.tag = "COMMIT"})));
        ck_assert_int_eq(journal.is_pooled, i == 1);
        ck_assert(journal.has_unfinished);
    }
}
END_TEST

/* ---- what can't be trusted ---- */

START_TEST(findings_are_told)
{
    static const char *const findings[] = {"pgalter", "is a schema owned by \"mallory\"", "owner",
                                           "history", "has the trigger \"spy\"",          "code"};
    struct pga_script_line lines[] = {
        {.expect = "AS divisor",
         .answers = ANSWERS(BEGINNING),
         .error = {.sqlstate = "22012", .message = "division by zero"},
         .after = PGA_TRANSACTION_FAILED},
        {.expect = "ROLLBACK", .answers = ANSWERS({.tag = "ROLLBACK"})},
        {.expect = "AS finding",
         .answers =
             ANSWERS(BEGINNING, {.tag = "SELECT 2", .columns = 3, .rows = 2, .values = findings},
                     {.tag = "COMMIT"})},
    };

    connect_to(lines, 3);
    ck_assert(!pga_journal_open(&journal, &err));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "the schema \"pgalter\" can't be trusted as a journal");
    ck_assert_str_eq(err.detail, "\"pgalter\" is a schema owned by \"mallory\".\n"
                                 "\"history\" has the trigger \"spy\".");
    ck_assert_int_eq(err.id, PGA_ID_JOURNAL_UNTRUSTED);
    ck_assert_ptr_nonnull(strstr(err.hint, "--owner ROLE"));
    ck_assert_uint_eq(pga_script_unused(driver), 0);
}
END_TEST

/* What only lacks something may be a newer journal, if it says so itself; otherwise it is damaged. */
START_TEST(another_shape_is_newer_or_damaged)
{
    static const char *const findings[] = {"history", "has no column \"who\"", "shape"};
    static const char *const formats[] = {"2.0", "1.7", NULL};

    for (size_t i = 0; i < PGA_COUNT_OF(formats) + 1; i++) {
        bool fails = i == PGA_COUNT_OF(formats);
        struct pga_script_line lines[] = {
            {.answers = ANSWERS(BEGINNING),
             .error = {.sqlstate = "22012", .message = "division by zero"}},
            {.expect = "AS finding",
             .answers = ANSWERS(BEGINNING,
                                {.tag = "SELECT 1", .columns = 3, .rows = 1, .values = findings},
                                {.tag = "COMMIT"})},
            {.expect = "SELECT h.version",
             .answers = ANSWERS(
                 BEGINNING,
                 {.tag = "SELECT 1", .columns = 1, .rows = 1, .values = &formats[fails ? 0 : i]},
                 {.tag = "COMMIT"}),
             .error = {.sqlstate = fails ? "42703" : NULL, .message = "no such column"}},
        };

        connect_to(lines, 3);
        ck_assert(!pga_journal_open(&journal, &err));
        ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
        ck_assert_int_eq(err.id, i == 0 ? PGA_ID_JOURNAL_NEWER : PGA_ID_JOURNAL_DAMAGED);
        if (i > 0)
            ck_assert_str_eq(err.detail, "\"history\" has no column \"who\".");
        ck_assert_uint_eq(pga_script_unused(driver), 0);
    }
}
END_TEST

START_TEST(asking_why_can_fail)
{
    struct pga_script_line lines[] = {
        {.answers = ANSWERS(BEGINNING),
         .error = {.sqlstate = "22012", .message = "division by zero"}},
        {.expect = "AS finding", .lose_connection = true},
    };

    connect_to(lines, 2);
    ck_assert(!pga_journal_open(&journal, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
}
END_TEST

/* Nothing of the journal is named before the statement that looks at catalogs only. */
START_TEST(the_check_comes_first)
{
    const char *log, *check, *read;

    ck_assert(open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", "on"),
                                HEAD("42", HASH_1, HASH_2, "1.0", "f"), {.tag = "COMMIT"})));
    log = pga_script_log(driver);
    check = strstr(log, "AS divisor");
    read = strstr(log, "\"pgalter\".history");
    ck_assert(check != NULL && read != NULL && check < read);
    ck_assert_ptr_null(strstr(log, "FROM pgalter"));
}
END_TEST

START_TEST(no_right_to_read)
{
    struct pga_script_line lines[] = {
        {.answers = ANSWERS(BEGINNING, PRESENCE("present", "1", "on")),
         .error = {.sqlstate = "42501", .message = "permission denied for schema pgalter"},
         .after = PGA_TRANSACTION_FAILED},
        {.expect = "ROLLBACK", .answers = ANSWERS({.tag = "ROLLBACK"})},
        {.expect = "BEGIN",
         .answers = ANSWERS(BEGINNING,
                            {.tag = "SELECT 1",
                             .columns = 2,
                             .rows = 1,
                             .values = (const char *const[]){"\"the reader\"", "app"}},
                            {.tag = "COMMIT"})},
    };

    connect_to(lines, 3);
    ck_assert(!pga_journal_open(&journal, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "GRANT USAGE ON SCHEMA \"pgalter\" TO \"the reader\";"));
    ck_assert_ptr_nonnull(strstr(err.hint, "GRANT SELECT ON \"pgalter\".history"));
    ck_assert_ptr_nonnull(strstr(err.hint, ".attempts TO \"the reader\";"));
    ck_assert_ptr_null(strstr(err.hint, "scripts"));
}
END_TEST

/* The grant is still worth naming when the server doesn't even say who asks. */
START_TEST(no_right_and_no_name)
{
    struct pga_script_line lines[] = {
        {.answers = ANSWERS(BEGINNING, PRESENCE("present", "1", "on")),
         .error = {.sqlstate = "42501", .message = "permission denied for schema pgalter"},
         .after = PGA_TRANSACTION_FAILED},
        {.expect = "ROLLBACK", .answers = ANSWERS({.tag = "ROLLBACK"})},
        {.lose_connection = true},
    };

    connect_to(lines, 3);
    ck_assert(!pga_journal_open(&journal, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "GRANT USAGE ON SCHEMA \"pgalter\" TO ROLE;"));
}
END_TEST

START_TEST(a_connection_that_ends)
{
    struct pga_script_line lines[] = {{.lose_connection = true}};

    connect_to(lines, 1);
    ck_assert(!pga_journal_open(&journal, &err));
    ck_assert_int_eq(err.code, PGA_ERR_LOST);
}
END_TEST

/* ---- formats ---- */

START_TEST(a_newer_format)
{
    ck_assert(!open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", "on"),
                                 HEAD("42", HASH_1, HASH_2, "2.0", "f"), {.tag = "COMMIT"})));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "the journal has format 2.0, this pgalter knows formats up to 1");
    ck_assert_ptr_nonnull(strstr(err.hint, "pgalter version"));
}
END_TEST

START_TEST(formats_that_cannot_be_read)
{
    static const char *const formats[] = {
        "", "1", "1.", ".1", "x.y", "1.0.0", "-1.0", "1.-1", "99999999999999999999.0", NULL};

    for (size_t i = 0; i < PGA_COUNT_OF(formats); i++) {
        ck_assert_msg(
            !open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", "on"),
                               HEAD("42", HASH_1, HASH_2, formats[i], "f"), {.tag = "COMMIT"})),
            "\"%s\"", formats[i]);
        ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
        ck_assert_ptr_nonnull(strstr(err.message, "names no format that can be read"));
    }
}
END_TEST

START_TEST(heads_that_cannot_be_read)
{
    static const char *const heads[][5] = {
        {NULL, HASH_1, HASH_2, "1.0", "f"}, {"-1", HASH_1, HASH_2, "1.0", "f"},
        {"x", HASH_1, HASH_2, "1.0", "f"},  {"9223372036854775807", HASH_1, HASH_2, "1.0", "f"},
        {"1", NULL, HASH_2, "1.0", "f"},    {"1", "0101", HASH_2, "1.0", "f"},
        {"1", HASH_1, NULL, "1.0", "f"},    {"1", HASH_1, (HASH_2 "0"), "1.0", "f"},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(heads); i++) {
        ck_assert(!open_with(ANSWERS(
            BEGINNING, PRESENCE("present", "1", "on"),
            {.tag = "SELECT 1", .columns = 5, .rows = 1, .values = heads[i]}, {.tag = "COMMIT"})));
        ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
        ck_assert_str_eq(err.message, "the last row of the journal's history is malformed");
    }
}
END_TEST

START_TEST(a_journal_without_rows)
{
    ck_assert(!open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", "on"),
                                 {.tag = "SELECT 0", .columns = 5}, {.tag = "COMMIT"})));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(err.message, "the journal in the schema \"pgalter\" has no rows");
}
END_TEST

/* ---- answers of another shape ---- */

START_TEST(answers_of_another_shape)
{
    const struct pga_script_answer *const answers[] = {
        ANSWERS({.tag = "BEGIN"}),
        ANSWERS(BEGINNING),
        ANSWERS(BEGINNING, PRESENCE("present", "1", "on"), {.tag = "COMMIT"}),
        ANSWERS(BEGINNING, PRESENCE("present", "1", "on"), HEAD("1", HASH_1, HASH_2, "1.0", "f"),
                {.tag = "COMMIT"}, {.tag = "COMMIT"}),
        ANSWERS(BEGINNING, {.tag = "SELECT 0", .columns = 3}, HEAD("1", HASH_1, HASH_2, "1.0", "f"),
                {.tag = "COMMIT"}),
        ANSWERS(BEGINNING, {.tag = "SELECT 1", .columns = 2, .rows = 1},
                HEAD("1", HASH_1, HASH_2, "1.0", "f"), {.tag = "COMMIT"}),
        ANSWERS(BEGINNING, PRESENCE("present", "1", "on"),
                {.tag = "SELECT 1", .columns = 3, .rows = 1}, {.tag = "COMMIT"}),
    };

    for (size_t i = 0; i < PGA_COUNT_OF(answers); i++) {
        ck_assert(!open_with(answers[i]));
        ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
    }
    ck_assert(!open_failing(ANSWERS(BEGINNING, {.tag = "SELECT 0"}), "42P01", "none"));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
}
END_TEST

/* ---- a head that goes back ---- */

START_TEST(a_journal_only_grows)
{
    static const struct {
        const char *seq, *hash;
        bool fine;
    } rows[] = {{"42", HASH_1, true},
                {"43", HASH_2, true},
                {"41", HASH_2, false},
                {"42", HASH_2, false},
                {"0", HASH_1, false}};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        const char *values[] = {rows[i].seq, rows[i].hash, HASH_2, "1.0", "f"};
        struct pga_result result = {.row_count = 1, .column_count = 5, .values = values};

        ck_assert(open_with(ANSWERS(BEGINNING, PRESENCE("present", "1", "on"),
                                    HEAD("42", HASH_1, HASH_2, "1.0", "f"), {.tag = "COMMIT"})));
        ck_assert(pga_head_parse(&journal, &result, &err) == rows[i].fine);
        ck_assert_int_eq(err.code, rows[i].fine ? PGA_OK : PGA_ERR_JOURNAL);
    }
}
END_TEST

/* ---- stored scripts ---- */

/* Ask for two texts, one of them twice. */
static bool
read_texts(const char *const *values, size_t rows, struct pga_str *texts)
{
    struct pga_script_line lines[] = {
        {.expect = "FROM \"pgalter\".scripts s",
         .answers =
             ANSWERS(BEGINNING, {.tag = "SELECT 2", .columns = 2, .rows = rows, .values = values},
                     {.tag = "COMMIT"})}};
    struct pga_digest digests[] = {pga_digest_of(PGA_STR("one")), pga_digest_of(PGA_STR("")),
                                   pga_digest_of(PGA_STR("one"))};

    connect_to(lines, 1);
    return pga_journal_texts(&journal, digests, 3, &mem, texts, &err);
}

START_TEST(texts_by_digest)
{
    struct pga_digest one = pga_digest_of(PGA_STR("one")), none = pga_digest_of(PGA_STR(""));
    const char *values[] = {pga_digest_format(&mem, &none), "", pga_digest_format(&mem, &one),
                            "one"};
    const char *wrong[] = {values[0], "", values[2], "two"};
    const char *null[] = {values[0], NULL, values[2], "one"};
    struct pga_str texts[3];

    ck_assert(read_texts(values, 2, texts));
    ck_assert(pga_str_equal_c(texts[0], "one"));
    ck_assert(pga_str_equal_c(texts[1], ""));
    ck_assert(pga_str_equal_c(texts[2], "one"));
    ck_assert(!read_texts(wrong, 2, texts));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "is not what its digest says"));
    ck_assert_int_eq(err.id, PGA_ID_JOURNAL_DAMAGED);
    ck_assert_ptr_nonnull(strstr(err.hint, "backup"));
    ck_assert(!read_texts(null, 2, texts));
    ck_assert_ptr_nonnull(strstr(err.message, "is missing"));
    ck_assert(!read_texts(values + 2, 1, texts));
    ck_assert_ptr_nonnull(strstr(err.message, "is missing"));
    connect_to(NULL, 0);
    ck_assert(pga_journal_texts(&journal, NULL, 0, &mem, texts, &err)); /* asks nobody */
}
END_TEST

START_TEST(no_right_to_read_texts)
{
    struct pga_script_line lines[] = {
        {.error = {.sqlstate = "42501", .message = "permission denied for table scripts"},
         .after = PGA_TRANSACTION_FAILED},
        {.expect = "ROLLBACK"},
        {.expect = "BEGIN",
         .answers = ANSWERS(BEGINNING,
                            {.tag = "SELECT 1",
                             .columns = 2,
                             .rows = 1,
                             .values = (const char *const[]){"\"the reader\"", "app"}},
                            {.tag = "COMMIT"})},
    };
    struct pga_digest digest = {{0}};
    struct pga_str text;

    connect_to(lines, 3);
    ck_assert(!pga_journal_texts(&journal, &digest, 1, &mem, &text, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DENIED);
    ck_assert_str_eq(err.message,
                     "reading the stored scripts: permission denied for table scripts");
    ck_assert_ptr_nonnull(
        strstr(err.hint, "GRANT SELECT ON TABLE \"pgalter\".scripts TO \"the reader\";"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("trust");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_journal_that_is_there);
    tcase_add_test(tcase, synchronous_commit_is_raised_from_off);
    tcase_add_test(tcase, no_schema);
    tcase_add_test(tcase, an_empty_schema);
    tcase_add_test(tcase, a_journal_that_is_just_being_made);
    tcase_add_test(tcase, a_table_is_missing);
    tcase_add_test(tcase, a_journal_that_disappears);
    tcase_add_test(tcase, a_pooler_shows);
    tcase_add_test(tcase, findings_are_told);
    tcase_add_test(tcase, another_shape_is_newer_or_damaged);
    tcase_add_test(tcase, asking_why_can_fail);
    tcase_add_test(tcase, the_check_comes_first);
    tcase_add_test(tcase, no_right_to_read);
    tcase_add_test(tcase, no_right_and_no_name);
    tcase_add_test(tcase, a_connection_that_ends);
    tcase_add_test(tcase, a_newer_format);
    tcase_add_test(tcase, formats_that_cannot_be_read);
    tcase_add_test(tcase, heads_that_cannot_be_read);
    tcase_add_test(tcase, a_journal_without_rows);
    tcase_add_test(tcase, answers_of_another_shape);
    tcase_add_test(tcase, a_journal_only_grows);
    tcase_add_test(tcase, texts_by_digest);
    tcase_add_test(tcase, no_right_to_read_texts);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
