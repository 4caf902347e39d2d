/*
 * tests/unit/test_directive.c: alterations/directive.h and backfill.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/directive.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "alterations/backfill.h"

static struct pga_arena mem;

static struct pga_directives
parsed(enum pga_part part, const char *text)
{
    struct pga_directives d;
    struct pga_error err = {0};

    ck_assert_msg(pga_directives_parse(&mem, "x.sql", part, pga_str_of(text), &d, &err),
                  "line %d: %s: %s", err.place.line, err.message, text);
    ck_assert_int_eq(err.code, PGA_OK);
    return d;
}

START_TEST(nothing_is_the_default)
{
    static const char *const texts[] = {
        "",
        "\n",
        "SELECT 1;\n",
        "-- a comment\nSELECT 1;",
        "-- see the manual of pgalter: nothing here is meant\nSELECT 1",
        "/* -- pgalter:phase contract\n-- pgalter:phase contract\n*/ SELECT 1",
        "/* /* nested */\n-- pgalter:nonsense x\n*/ SELECT 1",
        "-- pgalter is a tool\n",
        "--- pgalter:nonsense x\n",
        "-- x pgalter:nonsense x\n",
        "-- pgalter_x:nonsense\n",
        "-- pgalters: x\n",
        "-- pgalter runs this in a transaction\n",
        "-- pgalter needs the extension\n",
        "-- pgalter needs\n",
        "-- pgalter requires 15\n",
        "-- pgalter. Needs a superuser\n",
        "-- pgalter breaks 2 views, and allows drop-column\n",
        "-- pgalter phase: the first\n",
        "-- pgalter phase1\n",
        "-- alter phase 2\n",
        "-- pgalter\n",
        "-- @pgalter: x\n",
        "-- pgalter/phase contract\n",
        "-- pgalter \"phase contract\"\n",
        "-- pg_alterations:phase contract\n",
    };

    for (size_t i = 0; i < PGA_COUNT_OF(texts); i++) {
        struct pga_directives d = parsed(PGA_PART_UP, texts[i]);

        ck_assert(!d.no_transaction);
        ck_assert_int_eq(d.lock_timeout_ms, -1);
        ck_assert_int_eq(d.statement_timeout_ms, -1);
        ck_assert_int_eq(d.retries, -1);
        ck_assert_int_eq(d.phase, PGA_PHASE_EXPAND);
        ck_assert_ptr_null(d.breaks);
        ck_assert_ptr_null(d.irreversible);
        ck_assert_ptr_null(d.done_when);
        ck_assert_ptr_null(d.backfill);
        ck_assert_uint_eq(d.need_count, 0);
        ck_assert_uint_eq(d.allow_count, 0);
        ck_assert_str_eq(d.canonical, "");
    }
}
END_TEST

START_TEST(all_of_them)
{
    struct pga_directives d = parsed(PGA_PART_UP, "\xEF\xBB\xBF-- pgalter:transaction none\r\n"
                                                  "--pgalter:lock_timeout 1500ms\r\n"
                                                  "  --\tpgalter: \tstatement_timeout\t1h  \r\n"
                                                  "/* between */\n"
                                                  "-- pgalter:retries 0\n"
                                                  "\n"
                                                  "-- a comment\n"
                                                  "-- pgalter:allow drop-column  nobody reads it \n"
                                                  "-- pgalter:phase contract\n"
                                                  "-- pgalter:needs 1714984800-add_invites\n"
                                                  "-- pgalter:allow  rewrite_table it is small\n"
                                                  "-- pgalter:needs 1714984801.5-[x]\n"
                                                  "-- pgalter:breaks  >=1.0.0 <1.8.0\n"
                                                  "-- pgalter:irreversible the values\tare gone\n"
                                                  "-- pgalter:done-when SELECT true -- really\n"
                                                  "-- pgalter:backfill table=a.b  key=id\n"
                                                  "DROP TABLE x;\n");

    ck_assert(d.no_transaction);
    ck_assert_int_eq(d.lock_timeout_ms, 1500);
    ck_assert_int_eq(d.statement_timeout_ms, 3600000);
    ck_assert_int_eq(d.retries, 0);
    ck_assert_int_eq(d.phase, PGA_PHASE_CONTRACT);
    ck_assert_str_eq(d.breaks, ">=1.0.0 <1.8.0");
    ck_assert_str_eq(d.irreversible, "the values\tare gone");
    ck_assert_str_eq(d.done_when, "SELECT true -- really");
    ck_assert_str_eq(d.backfill, "table=a.b  key=id");
    ck_assert_uint_eq(d.need_count, 2);
    ck_assert_str_eq(d.needs[0], "1714984800-add_invites");
    ck_assert_str_eq(d.needs[1], "1714984801.5-[x]");
    ck_assert_uint_eq(d.allow_count, 2);
    ck_assert_str_eq(d.allows[0].rule, "drop-column");
    ck_assert_str_eq(d.allows[0].reason, "nobody reads it");
    ck_assert_int_eq(d.allows[0].line, 8);
    ck_assert_str_eq(d.allows[1].rule, "rewrite_table");
    ck_assert_str_eq(d.allows[1].reason, "it is small");
    ck_assert_int_eq(d.allows[1].line, 11);
    ck_assert_str_eq(d.canonical, "transaction none\n"
                                  "lock_timeout 1500ms\n"
                                  "statement_timeout 1h\n"
                                  "retries 0\n"
                                  "phase contract\n"
                                  "needs 1714984800-add_invites\n"
                                  "needs 1714984801.5-[x]\n"
                                  "breaks >=1.0.0 <1.8.0\n"
                                  "irreversible the values\tare gone\n"
                                  "done-when SELECT true -- really\n"
                                  "backfill table=a.b  key=id\n");
}
END_TEST

/* What would be a comment without effect: as it stands, and as it was meant. */
static const struct {
    const char *line, *meant;
} near[] = {
    {"-- pgalter lock_timeout 3s", "lock_timeout 3s"},
    {"-- pgalter.lock_timeout 3s", "lock_timeout 3s"},
    {"-- pgaltr:lock_timeout 3s", "lock_timeout 3s"},
    {"-- pg_alter:phase contract", "phase contract"},
    {"-- pg-alter phase contract", "phase contract"},
    {"-- @pgalter:phase contract", "phase contract"},
    {"-- @pgalter phase contract", "phase contract"},
    {"--- PgAlter phase contract", "phase contract"},
    {"--\xC2\xA0pgalter:phase contract", "phase contract"},
    {"-- pgalter\xEF\xBC\x9Aphase contract", "phase contract"},
    {"-- pgalter=phase=contract", "phase contract"},
    {"-- gpalter:phsae contract", "phase contract"},
    {"-- pgalter; transaction none", "transaction none"},
    {"-- pgalter transation none", "transaction none"},
    {"-- pgalter lock-timout: 3s", "lock_timeout 3s"},
    {"-- pgalter retries 10", "retries 10"},
    {"-- pgalter needs 7-x", "needs 7-x"},
    {"-- pgalter breaks <1.8.0", "breaks <1.8.0"},
    {"-- pgalter allow drop-column nobody reads it", "allow drop-column nobody reads it"},
    {"-- pgalter irreversible the values are gone", "irreversible the values are gone"},
    {"-- pgalter irreversible", "irreversible"},
    {"-- pgalter done_when SELECT true", "done-when SELECT true"},
    {"-- pgalter backfill table=a key=b", "backfill table=a key=b"},
};

START_TEST(near_directives_are_refused)
{
    struct pga_directives d;
    struct pga_error err = {0};
    char *text = pga_format(&mem, "-- x\n%s\nSELECT 1;\n", near[_i].line);
    char *hint = pga_format(&mem, "Write \"-- pgalter:%s\", or", near[_i].meant);

    ck_assert_msg(!pga_directives_parse(&mem, "x.sql", PGA_PART_UP, pga_str_of(text), &d, &err),
                  "taken for a comment: %s", near[_i].line);
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_int_eq(err.id, PGA_ID_DIRECTIVE);
    ck_assert_int_eq(err.place.line, 2);
    ck_assert_int_eq(err.place.column, 1);
    ck_assert_msg(strncmp(err.hint, hint, strlen(hint)) == 0, "%s", err.hint);
}
END_TEST

/* The canonical form says the same as the file: what is read back from a journal. */
START_TEST(canonical_form_is_stable)
{
    struct pga_directives d = parsed(PGA_PART_UP, "--pgalter:  phase   contract \r\n"
                                                  "--  pgalter:needs 7-x\n");

    ck_assert_str_eq(d.canonical, "phase contract\nneeds 7-x\n");
}
END_TEST

static const struct {
    enum pga_part part;
    const char *text;
} right[] = {
    {PGA_PART_UP, "-- pgalter:phase expand"},
    {PGA_PART_UP, "-- pgalter:phase expand\r"},
    {PGA_PART_DOWN, "-- pgalter:transaction none\n"},
    {PGA_PART_DOWN, "-- pgalter:retries 1000\n"},
    {PGA_PART_DOWN, "-- pgalter:allow drop-table the up script made it\n"},
    {PGA_PART_DOWN, "-- pgalter:lock_timeout 10s\n-- pgalter:statement_timeout 0\n"},
    {PGA_PART_DOWN, "-- pgalter:done-when SELECT 1\n-- pgalter:transaction none\n"},
    {PGA_PART_BEFORE_UP, "-- pgalter:lock_timeout 0\n"},
    {PGA_PART_BEFORE_UP, "-- pgalter:retries 7\n"},
    {PGA_PART_BEFORE_UP, "-- pgalter:done-when SELECT to_regclass('x') IS NOT NULL\n"},
    {PGA_PART_BEFORE_DOWN, "-- pgalter:statement_timeout 1s\n"},
    {PGA_PART_BEFORE_DOWN, "-- pgalter:allow x y\n"},
    {PGA_PART_UP, "-- pgalter:lock_timeout 0\n-- pgalter:transaction none\n"},
    {PGA_PART_UP, "-- pgalter:lock_timeout 1us\n"},
    {PGA_PART_UP, "-- pgalter:done-when SELECT 1\n-- pgalter:backfill table=a key=b\n"},
    {PGA_PART_UP, "-- pgalter:needs 7-x\n-- pgalter:needs 7-x\n"},
    {PGA_PART_UP, "SELECT '\n-- pgalter:phase contract\n';"},
    {PGA_PART_UP, "SELECT $$\n-- pgalter:phase contract\n$$;"},
    {PGA_PART_UP, "SELECT 1 /*\n-- pgalter:phase contract\n*/;"},
    {PGA_PART_UP, "SELECT 1; -- what pgalter: is\n"},
    {PGA_PART_UP, "SELECT 1; -- pgalters:phase\n"},
    {PGA_PART_UP, "SELECT 1::int -- the end:"},
    {PGA_PART_UP, "COPY t FROM STDIN;\n-- pgalter:phase contract\nit's\n\\.\nSELECT 1;"},
};

START_TEST(right_ones)
{
    (void)parsed(right[_i].part, right[_i].text);
}
END_TEST

/* What is refused: the line and column, a piece of the message and one of the hint or detail. */
static const struct {
    enum pga_part part;
    const char *text;
    int line, column;
    const char *message, *help;
} wrong[] = {
    {PGA_PART_UP, "-- pgalter:fase contract\n", 1, 12, "no directive \"fase\"",
     "Did you mean \"phase\"?"},
    {PGA_PART_UP, "-- pgalter:lock-timeout 5s\n", 1, 12, "no directive \"lock-timeout\"",
     "Did you mean \"lock_timeout\"?"},
    {PGA_PART_UP, "-- pgalter:Phase contract\n", 1, 12, "no directive \"Phase\"", "\"phase\""},
    {PGA_PART_UP, "-- pgalter:transaction=none\n", 1, 12, "\"transaction=none\"",
     "\"transaction\""},
    {PGA_PART_UP, "-- pgalter:wibble x\n", 1, 12, "no directive \"wibble\"",
     "transaction, lock_timeout, statement_timeout, retries, allow, phase, needs, breaks, "
     "irreversible, done-when, backfill"},
    {PGA_PART_UP, "-- pgalter:\n", 1, 12, "a directive has no name", "The directives are"},
    {PGA_PART_UP, "-- \xC3\xA9\n\n  --\t pgalter:  phase   both\n", 3, 25,
     "\"both\" of the directive \"phase\" is not \"expand\" or \"contract\"",
     "-- pgalter:phase contract"},
    {PGA_PART_UP, "-- pgalter:phase\n", 1, 12, "\"phase\" has no value", "pgalter:phase contract"},
    {PGA_PART_UP, "-- pgalter:done-when  \n", 1, 12, "\"done-when\" has no value", "SELECT"},
    {PGA_PART_UP, "-- pgalter:irreversible\n", 1, 12, "\"irreversible\" has no value", "gone"},
    {PGA_PART_UP, "-- pgalter:phase contract\n\n-- pgalter:phase contract\n", 3, 12,
     "\"phase\" stands twice", "The first is on line 1."},
    {PGA_PART_UP, "-- pgalter:transaction none\n-- pgalter:transaction none\n", 2, 12,
     "\"transaction\" stands twice", "line 1"},
    {PGA_PART_UP, "-- pgalter:transaction off\n", 1, 24, "\"off\"", "transaction none"},
    {PGA_PART_UP, "-- pgalter:lock_timeout 5\n", 1, 25, "\"5\"", "lock_timeout 5s"},
    {PGA_PART_UP, "-- pgalter:lock_timeout -1s\n", 1, 25, "\"-1s\"", "lock_timeout 5s"},
    {PGA_PART_UP, "-- pgalter:lock_timeout 25d\n", 1, 25, "at most 24 days", "5s"},
    {PGA_PART_UP, "-- pgalter:statement_timeout soon\n", 1, 30, "\"soon\"", "10min"},
    {PGA_PART_UP, "-- pgalter:retries 1001\n", 1, 20, "0 to 1000", "retries 10"},
    {PGA_PART_UP, "-- pgalter:retries -1\n", 1, 20, "0 to 1000", "retries 10"},
    {PGA_PART_UP, "-- pgalter:retries many\n", 1, 20, "\"many\"", "retries 10"},
    {PGA_PART_UP, "-- pgalter:allow drop-column\n", 1, 18, "a lint rule and the reason", "allow"},
    {PGA_PART_UP, "-- pgalter:allow Drop it\n", 1, 18, "a lint rule and the reason", "allow"},
    {PGA_PART_UP, "-- pgalter:needs add_invites\n", 1, 18, "the id of one alteration", "needs"},
    {PGA_PART_UP, "-- pgalter:needs 7-x 8-y\n", 1, 18, "the id of one alteration", "needs"},
    {PGA_PART_UP, "-- pgalter:breaks 1.8.0\n", 1, 19, "a version constraint", "breaks <1.8.0"},
    {PGA_PART_UP, "-- pgalter:breaks <1.8\n", 1, 19, "a version constraint", "breaks <1.8.0"},
    {PGA_PART_UP, "-- pgalter:backfill key=id\n", 1, 21, "a table and a key", "table=invites"},
    {PGA_PART_UP, "-- pgalter:backfill table=a key=b bach=7\n", 1, 35, "no setting \"bach\"",
     "Did you mean \"batch\"?"},
    {PGA_PART_UP, "-- pgalter:lock_timeout 0\n", 1, 12, "lock_timeout 0 is only",
     "transaction none"},
    {PGA_PART_DOWN, "-- pgalter:lock_timeout 0s\n", 1, 12, "lock_timeout 0 is only",
     "transaction none"},
    {PGA_PART_UP, "-- pgalter:done-when SELECT 1\n", 1, 12, "done-when is only",
     "transaction none"},
    {PGA_PART_BEFORE_UP, "-- pgalter:transaction none\n", 1, 12,
     "\"transaction\" has no place in a before-up script", "Remove the line"},
    {PGA_PART_BEFORE_DOWN, "-- pgalter:transaction none\n", 1, 12, "in a before-down script",
     "Remove the line"},
    {PGA_PART_DOWN, "-- pgalter:phase contract\n", 1, 12, "\"phase\" has no place in a down script",
     "Move the line to the up script."},
    {PGA_PART_DOWN, "-- pgalter:needs 7-x\n", 1, 12, "in a down script", "up script"},
    {PGA_PART_DOWN, "-- pgalter:breaks <1.8.0\n", 1, 12, "in a down script", "up script"},
    {PGA_PART_DOWN, "-- pgalter:irreversible x\n", 1, 12, "in a down script", "up script"},
    {PGA_PART_DOWN, "-- pgalter:backfill table=a key=b\n", 1, 12, "in a down script", "up script"},
    {PGA_PART_BEFORE_UP, "-- pgalter:phase contract\n", 1, 12, "in a before-up script",
     "up script"},
    {PGA_PART_BEFORE_DOWN, "-- pgalter:needs 7-x\n", 1, 12, "in a before-down script", "up script"},
    {PGA_PART_UP, "-- pgalter :phase contract\n", 1, 1, "begins with \"-- pgalter:\"",
     "lower case"},
    {PGA_PART_UP, "\n-- PGAlter:phase contract\n", 2, 1, "begins with \"-- pgalter:\"",
     "lower case"},
    {PGA_PART_UP, "/* x */ -- pgalter:phase contract\n", 1, 9, "a line of its own", "another line"},
    {PGA_PART_UP, "-- pgalter:phase contract\rDROP TABLE x;\n", 1, 1, "a line of its own",
     "another line"},
    {PGA_PART_UP, "-- x\r-- pgalter:phase contract\n", 1, 6, "a line of its own", "another line"},
    {PGA_PART_UP, "-- pgalter:irreversible a\x1B[2J\n", 1, 12, "control character",
     "Type the line again"},
    {PGA_PART_UP, "SELECT 1;\n-- pgalter:phase contract\n", 2, 1,
     "stands behind the first statement", "top of the script"},
    {PGA_PART_UP, "SELECT 1;\n\n   --pgalter:phase contract", 3, 4,
     "stands behind the first statement", "top"},
    {PGA_PART_UP, "CREATE INDEX CONCURRENTLY ON t (a); -- pgalter:transaction none\n", 1, 37,
     "stands behind the first statement", "top"},
    {PGA_PART_UP, "SELECT 1\n-- pgalter:phase contract\n;", 2, 1,
     "stands behind the first statement", "top"},
    {PGA_PART_UP, "SELECT 1;\n-- PGALTER : nonsense\n", 2, 1, "stands behind the first statement",
     "top"},
    {PGA_PART_UP, ";\n-- pgalter:phase contract\n", 2, 1, "stands behind the first statement",
     "top"},
    {PGA_PART_UP, "SELECT '-- pgalter:x';\nSELECT 2;\n-- pgalter:phase contract\n", 3, 1,
     "stands behind the first statement", "top"},
    {PGA_PART_UP, "COPY t FROM STDIN;\n-- pgalter:x\n\\.\n-- pgalter:phase contract\n", 4, 1,
     "stands behind the first statement", "top"},
};

START_TEST(wrong_ones)
{
    struct pga_directives d = {.canonical = "untouched"};
    struct pga_error err = {0};

    ck_assert_msg(!pga_directives_parse(&mem, "a/x.sql", wrong[_i].part, pga_str_of(wrong[_i].text),
                                        &d, &err),
                  "accepted: %s", wrong[_i].text);
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_msg(strstr(err.message, wrong[_i].message) != NULL, "%s: %s", wrong[_i].text,
                  err.message);
    ck_assert_msg(strstr(err.hint, wrong[_i].help) != NULL ||
                      strstr(err.detail, wrong[_i].help) != NULL,
                  "%s: %s", wrong[_i].text, err.hint);
    ck_assert_str_ne(err.hint, "");
    ck_assert_int_eq(err.id, PGA_ID_DIRECTIVE);
    ck_assert_str_eq(err.place.file, "a/x.sql");
    ck_assert_msg(err.place.line == wrong[_i].line && err.place.column == wrong[_i].column,
                  "%s: %d:%d", wrong[_i].text, err.place.line, err.place.column);
    ck_assert_str_eq(d.canonical, "untouched");
}
END_TEST

/* Text that can't be split is refused with a better message when the script is prepared. */
START_TEST(what_cannot_be_split_is_left_alone)
{
    (void)parsed(PGA_PART_UP, "SELECT 'open;\n-- pgalter:phase contract\n");
    (void)parsed(PGA_PART_UP, "/* open\n-- pgalter:phase contract\n");
}
END_TEST

START_TEST(unprintable_names_are_shown_escaped)
{
    struct pga_directives d;
    struct pga_error err = {0};

    ck_assert(!pga_directives_parse(&mem, "x.sql", PGA_PART_UP,
                                    PGA_STR("-- pgalter:\xE2\x80\xAE"
                                            "x y\n"),
                                    &d, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "\"\\xE2\\x80\\xAEx\""));
}
END_TEST

START_TEST(allow_lines)
{
    static const char *const yes[] = {
        "-- pgalter:allow drop-column reason",
        "--pgalter:allow x y",
        "  \t--  pgalter:\tallow x y  ",
        "-- pgalter:allow x y\r",
        "-- pgalter:allow",
    };
    static const char *const no[] = {
        "",
        "--",
        "-- pgalter:allowed x y",
        "-- pgalter:allows",
        "-- pgalter:phase contract",
        "-- PGALTER:allow x y",
        "-- pgalter :allow x y",
        "x -- pgalter:allow x y",
        "/* */ -- pgalter:allow x y",
        "-- pgalter:allow x y\rDROP TABLE t;",
        "- - pgalter:allow x y",
        "pgalter:allow x y",
    };

    for (size_t i = 0; i < PGA_COUNT_OF(yes); i++)
        ck_assert_msg(pga_directive_is_allow(pga_str_of(yes[i])), "%s", yes[i]);
    for (size_t i = 0; i < PGA_COUNT_OF(no); i++)
        ck_assert_msg(!pga_directive_is_allow(pga_str_of(no[i])), "%s", no[i]);
}
END_TEST

START_TEST(phases)
{
    enum pga_phase phase = PGA_PHASE_EXPAND;

    ck_assert_str_eq(pga_phase_name(PGA_PHASE_EXPAND), "expand");
    ck_assert_str_eq(pga_phase_name(PGA_PHASE_CONTRACT), "contract");
    ck_assert(pga_phase_parse(PGA_STR("contract"), &phase));
    ck_assert_int_eq(phase, PGA_PHASE_CONTRACT);
    ck_assert(!pga_phase_parse(PGA_STR("Contract"), &phase));
    ck_assert(!pga_phase_parse(PGA_STR(""), &phase));
}
END_TEST

START_TEST(backfill_settings)
{
    struct pga_backfill b;
    struct pga_str piece;
    struct pga_error err = {0};

    ck_assert(
        pga_backfill_parse(&mem, PGA_STR("table=\"my \"\"table\"\"\".x key=id"), &b, &piece, &err));
    ck_assert_str_eq(b.table, "\"my \"\"table\"\"\".x");
    ck_assert_str_eq(b.key, "id");
    ck_assert_int_eq(b.batch_rows, -1);
    ck_assert_int_eq(b.pause_ms, -1);
    ck_assert(pga_backfill_parse(&mem, PGA_STR(" pause=100ms\tbatch=1000000 key=a  table=b "), &b,
                                 &piece, &err));
    ck_assert_int_eq(b.batch_rows, 1000000);
    ck_assert_int_eq(b.pause_ms, 100);
}
END_TEST

static const struct {
    const char *text, *message, *piece;
} wrong_backfills[] = {
    {"", "needs a table and a key", ""},
    {"table=a", "needs a table and a key", "table=a"},
    {"key=a", "needs a table and a key", "key=a"},
    {"table=a key", "\"key\" has no value", "key"},
    {"table= key=b", "\"table\" has no value", "table="},
    {"table=a key=b key=c", "\"key\" stands twice", "key=c"},
    {"table=a key=b batch=0", "1 to 1000000 rows", "batch=0"},
    {"table=a key=b batch=1000001", "1 to 1000000 rows", "batch=1000001"},
    {"table=a key=b batch=x", "1 to 1000000 rows", "batch=x"},
    {"table=a key=b pause=5", "is a duration", "pause=5"},
    {"table=\"a key=b", "a quote is not closed", "table=\"a key=b"},
    {"table=a key=b wibble=c", "no setting \"wibble\"", "wibble=c"},
    {"=a", "no setting \"\"", "=a"},
};

START_TEST(wrong_backfill_settings)
{
    struct pga_backfill b = {.table = "untouched"};
    struct pga_str piece;
    struct pga_error err = {0};

    ck_assert(!pga_backfill_parse(&mem, pga_str_of(wrong_backfills[_i].text), &b, &piece, &err));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_msg(strstr(err.message, wrong_backfills[_i].message) != NULL, "%s", err.message);
    ck_assert_str_eq(pga_str_dup(&mem, piece), wrong_backfills[_i].piece);
    ck_assert_str_eq(b.table, "untouched");
}
END_TEST

static void
tear_down(void)
{
    pga_arena_release(&mem);
}

int
main(void)
{
    Suite *suite = suite_create("directive");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, NULL, tear_down);
    tcase_add_test(tcase, nothing_is_the_default);
    tcase_add_test(tcase, all_of_them);
    tcase_add_loop_test(tcase, near_directives_are_refused, 0, (int)PGA_COUNT_OF(near));
    tcase_add_test(tcase, canonical_form_is_stable);
    tcase_add_loop_test(tcase, right_ones, 0, PGA_COUNT_OF(right));
    tcase_add_loop_test(tcase, wrong_ones, 0, PGA_COUNT_OF(wrong));
    tcase_add_test(tcase, what_cannot_be_split_is_left_alone);
    tcase_add_test(tcase, unprintable_names_are_shown_escaped);
    tcase_add_test(tcase, allow_lines);
    tcase_add_test(tcase, phases);
    tcase_add_test(tcase, backfill_settings);
    tcase_add_loop_test(tcase, wrong_backfill_settings, 0, PGA_COUNT_OF(wrong_backfills));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
