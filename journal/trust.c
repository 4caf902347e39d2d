/*
 * journal/trust.c: whether the journal's schema can be believed, and its head.
 *
 * A role with CREATE on the database can make the schema first, with a trigger or a view in it, and whoever reads
 * it runs that role's code.  So the first statement of the message looks at catalogs only and fails unless all
 * is as pgalter made it; after an error nothing more of a message runs (STEP 2).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/read.h"

#include <string.h>

#include "base/fault.h"
#include "drivers/sqlstate.h"
#include "journal/findings.sql.h"
#include "journal/format.sql.h"
#include "journal/head.sql.h"
#include "journal/names.sql.h"
#include "journal/presence.sql.h"
#include "journal/untouched.sql.h"

#define READ_LOCK_TIMEOUT_MS 10000 /* longer than an upgrade of the journal takes */
#define READ_TIMEOUT_MS      60000
#define FORMAT_MAX           1000000
#define SQLSTATE_NO_NUMBER   "22P02" /* a word where a number must stand: how untouched.sql says no */
#define SQLSTATE_UNTRUSTED   "22012" /* division by zero: how presence.sql says no */

static char *
findings_sql(const struct pga_journal *journal, struct pga_arena *mem)
{
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf buf = pga_buf_on(mem);

    pga_sql_raw(&values, "schema", journal->schema_literal);
    pga_sql_text(&values, "owner", journal->settings.owner);
    pga_sql_expand(&buf, pga_text_findings_sql, &values);
    return buf.data;
}

void
pga_presence_sql(struct pga_buf *buf, const struct pga_journal *journal)
{
    struct pga_sql_values values = {.mem = buf->mem};

    pga_sql_raw(&values, "findings", findings_sql(journal, buf->mem));
    pga_sql_raw(&values, "schema", journal->schema_literal);
    pga_sql_expand(buf, pga_text_presence_sql, &values);
}

void
pga_untouched_sql(struct pga_buf *buf, const struct pga_journal *journal, int64_t seq)
{
    struct pga_sql_values values = {.mem = buf->mem};

    pga_sql_raw(&values, "findings", findings_sql(journal, buf->mem));
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_int(&values, "applied", (int64_t)journal->applied_count);
    pga_sql_int(&values, "seq", seq);
    pga_sql_expand(buf, pga_text_untouched_sql, &values);
}

bool
pga_untouched_failed(const struct pga_error *err)
{
    return strcmp(err->sqlstate, SQLSTATE_NO_NUMBER) == 0 &&
           strstr(err->message, "of the journal") != NULL;
}

void
pga_head_sql(struct pga_buf *buf, const struct pga_journal *journal)
{
    struct pga_sql_values values = {.mem = buf->mem};

    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_expand(buf, pga_text_head_sql, &values);
}

static bool
fail_newer(const char *format, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_JOURNAL,
                   "the journal has format %s, this pgalter knows formats up to %d", format,
                   PGA_JOURNAL_FORMAT_MAJOR);
    (void)pga_error_identify(err, PGA_ID_JOURNAL_NEWER);
    return pga_error_hint(
        err, "A newer pgalter wrote it. Use that one: \"pgalter version\" shows what you run.");
}

/* Whether nothing but missing tables and columns, or columns of another built-in type, speak against the journal. */
static bool
is_only_shape(const struct pga_result *found)
{
    for (size_t i = 0; i < found->row_count; i++)
        if (!pga_same(pga_result_value(found, i, 2), "shape"))
            return false;
    return found->row_count > 0;
}

/*
 * A journal of a newer major format has other tables, which is no damage.  Where all is ours and runs no code, its history
 * can be asked; one without these columns is none that pgalter ever wrote.
 */
static bool
has_newer_format(struct pga_journal *journal, struct pga_arena *mem, const char **out_format)
{
    struct pga_error ignored = {0};
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_result result;
    int64_t major;
    struct pga_str text;

    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_expand(&sql, pga_text_format_sql, &values);
    if (!pga_journal_select(journal, pga_buf_str(&sql), mem, &result, &ignored) ||
        result.column_count != 1 || result.row_count != 1)
        return false;
    *out_format = pga_result_value(&result, 0, 0);
    text = pga_str_of(*out_format);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '.')
            text.len = i;
    return pga_parse_int(text, PGA_JOURNAL_FORMAT_MAJOR + 1, FORMAT_MAX, &major);
}

/* Say why the journal can't be trusted: one more round trip, again over catalogs only. */
static bool
fail_untrusted(struct pga_journal *journal, struct pga_arena *mem, struct pga_error *err)
{
    struct pga_result found;
    struct pga_buf detail = pga_buf_on(mem);
    const char *format;
    bool only_shape;

    if (!pga_journal_select(journal, pga_str_of(findings_sql(journal, mem)), mem, &found, err) ||
        !pga_session_check_answer(&found, 3, err))
        return false;
    only_shape = is_only_shape(&found);
    if (only_shape && has_newer_format(journal, mem, &format))
        return fail_newer(format, err);
    (void)pga_fail(err, PGA_ERR_JOURNAL, "the schema \"%s\" can't be trusted as a journal",
                   journal->settings.schema);
    for (size_t i = 0; i < found.row_count && i < 20; i++)
        pga_buf_appendf(&detail, "%s\"%s\" %s.", i == 0 ? "" : "\n", pga_result_value(&found, i, 0),
                        pga_result_value(&found, i, 1));
    (void)pga_error_detail(err, "%s", detail.data);
    if (only_shape)
        return pga_journal_damaged(journal, err);
    (void)pga_error_identify(err, PGA_ID_JOURNAL_UNTRUSTED);
    return pga_error_hint(
        err, "Nothing in it was read or run. If another role rightly owns this journal, name it: "
             "--owner ROLE; otherwise find out who made the schema before you drop it.");
}

static bool
hint_grant(struct pga_journal *journal, struct pga_arena *mem, struct pga_error *err)
{
    const char *schema = journal->schema_sql, *role = pga_journal_names(journal, mem).role;

    return pga_error_hint(err,
                          "Let its owner run: GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON "
                          "%s.history, %s.journal, %s.unfinished, %s.attempts TO %s;",
                          schema, role, schema, schema, schema, schema, role);
}

static bool
fail_reading(struct pga_journal *journal, struct pga_arena *mem, struct pga_error *err)
{
    if (strcmp(err->sqlstate, SQLSTATE_UNTRUSTED) == 0) {
        memset(err, 0, sizeof(*err));
        return fail_untrusted(journal, mem, err);
    }
    (void)pga_session_fail(
        journal->driver, err,
        pga_format(mem, "reading the journal in the schema \"%s\"", journal->settings.schema));
    return err->code == PGA_ERR_DENIED && hint_grant(journal, mem, err);
}

bool
pga_presence_parse(struct pga_journal *journal, const struct pga_result *result)
{
    const char *text = pga_result_value(result, 0, 0);

    if (journal->synchronous_commit == NULL) {
        const char *value = pga_result_value(result, 0, 2);

        journal->synchronous_commit =
            value == NULL || pga_same(value, "off") ? "on" : pga_strdup(journal->mem, value);
    }
    journal->presence = pga_same(text, "present") ? PGA_JOURNAL_PRESENT
                        : pga_same(text, "empty") ? PGA_JOURNAL_EMPTY
                                                  : PGA_JOURNAL_ABSENT;
    return journal->presence == PGA_JOURNAL_PRESENT;
}

static bool
parse_format(struct pga_journal *journal, const char *text, struct pga_error *err)
{
    struct pga_str format = pga_str_of(text), major = format, minor = {NULL, 0};
    int64_t major_number, minor_number;

    for (size_t i = 0; i < format.len && minor.data == NULL; i++) {
        if (format.data[i] == '.') {
            major = pga_str_slice(format, 0, i);
            minor = pga_str_slice(format, i + 1, format.len);
        }
    }
    if (!pga_parse_int(major, 0, FORMAT_MAX, &major_number) ||
        !pga_parse_int(minor, 0, FORMAT_MAX, &minor_number)) {
        (void)pga_fail(err, PGA_ERR_JOURNAL, "the journal names no format that can be read: \"%s\"",
                       text == NULL ? "" : text);
        return pga_journal_damaged(journal, err);
    }
    journal->format_major = (int)major_number;
    journal->format_minor = (int)minor_number;
    return major_number <= PGA_JOURNAL_FORMAT_MAJOR || fail_newer(text, err);
}

bool
pga_head_parse(struct pga_journal *journal, const struct pga_result *result, struct pga_error *err)
{
    struct pga_head head;

    if (!pga_session_check_answer(result, 5, err))
        return false;
    if (result->row_count == 0) {
        (void)pga_fail(err, PGA_ERR_JOURNAL, "the journal in the schema \"%s\" has no rows",
                       journal->settings.schema);
        (void)pga_error_detail(err, "Its creation is its first row: somebody emptied it.");
        return pga_journal_damaged(journal, err);
    }
    if (!parse_format(journal, pga_result_value(result, 0, 3), err))
        return false;
    if (!pga_parse_int(pga_str_of(pga_result_value(result, 0, 0)), 0, INT64_MAX - 1, &head.seq) ||
        !pga_digest_parse(pga_str_of(pga_result_value(result, 0, 1)), &head.hash) ||
        !pga_digest_parse(pga_str_of(pga_result_value(result, 0, 2)), &head.state)) {
        (void)pga_fail(err, PGA_ERR_JOURNAL, "the last row of the journal's history is malformed");
        (void)pga_error_detail(err,
                               "Its column \"seq\", \"hash\" or \"state\" has no value, or one "
                               "that pgalter never writes.");
        return pga_journal_damaged(journal, err);
    }
    if (journal->has_head &&
        (head.seq < journal->head.seq ||
         (head.seq == journal->head.seq && !pga_digest_equal(&head.hash, &journal->head.hash))))
        return pga_journal_fail_replaced(journal, err);
    journal->head = head;
    journal->has_head = true;
    journal->has_unfinished = pga_same(pga_result_value(result, 0, 4), "t");
    return true;
}

/* PGA_READS_AT - 1 statements.  What reads ends in ROLLBACK: behind a pooler its resets would stay for others. */
static void
begin_reading(struct pga_buf *sql, const struct pga_journal *journal)
{
    pga_buf_append_c(sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n");
    (void)pga_session_read_sql(sql, journal);
    /*
     * Whatever the database or the role has set: a read has limits, and they are these.  What RESET ALL leads back to
     * is a pooler's encoding, where there is one.
     */
    pga_buf_appendf(sql,
                    "SELECT pg_catalog.set_config('lock_timeout', '%d', true), "
                    "pg_catalog.concat(pg_catalog.set_config('statement_timeout', '%d', true), "
                    "pg_catalog.set_config('client_encoding', 'UTF8', true)), "
                    "pg_catalog.pg_backend_pid();\n",
                    READ_LOCK_TIMEOUT_MS, READ_TIMEOUT_MS);
}

static bool
check_count(const struct pga_results *results, size_t count, struct pga_error *err)
{
    if (results->count == count)
        return true;
    return pga_fail(err, PGA_ERR_UNEXPECTED, "the server gave %zu answers to %zu statements",
                    results->count, count);
}

bool
pga_journal_select(struct pga_journal *journal, struct pga_str select, struct pga_arena *mem,
                   struct pga_result *out, struct pga_error *err)
{
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_message message = {.keep_rows = true, .answer_ms = PGA_ANSWER_MS};
    struct pga_results results = {0};

    begin_reading(&sql, journal);
    pga_buf_append(&sql, select);
    pga_buf_append_c(&sql, "\n;ROLLBACK;");
    message.sql = pga_buf_str(&sql);
    if (!pga_session_restore(journal, err) ||
        !pga_driver_query(journal->driver, &message, mem, &results, err)) {
        pga_session_rollback(journal->driver);
        return false;
    }
    if (!check_count(&results, PGA_READS_AT + 1, err))
        return false;
    *out = results.items[PGA_READS_AT - 1];
    return true;
}

struct pga_journal_names
pga_journal_names(struct pga_journal *journal, struct pga_arena *mem)
{
    struct pga_journal_names names = {.role = "ROLE", .database = "DATABASE"};
    struct pga_error ignored = {0};
    struct pga_result result;

    if (pga_journal_select(journal, PGA_STR(pga_text_names_sql), mem, &result, &ignored) &&
        result.row_count == 1 && result.column_count == 2 &&
        pga_result_value(&result, 0, 0) != NULL && pga_result_value(&result, 0, 1) != NULL) {
        names.role = pga_result_value(&result, 0, 0);
        names.database = pga_result_value(&result, 0, 1);
    }
    return names;
}

static bool
is_presence(const struct pga_result *result)
{
    return result->column_count == 3 && result->row_count == 1;
}

/* A pooler gives another process id at start-up than the server that answers has (FACTS 4). */
static void
note_pooler(struct pga_journal *journal, const struct pga_result *result)
{
    int64_t pid;

    if (result->row_count == 1 && result->column_count == 3 &&
        pga_parse_int(pga_str_of(pga_result_value(result, 0, 2)), 1, INT32_MAX, &pid))
        journal->is_pooled = pid != pga_driver_backend_pid(journal->driver);
}

bool
pga_journal_read(struct pga_journal *journal, struct pga_str reads, size_t count,
                 struct pga_arena *mem, struct pga_results *results, struct pga_error *err)
{
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_message message = {.keep_rows = true, .answer_ms = PGA_ANSWER_MS};

    begin_reading(&sql, journal);
    pga_presence_sql(&sql, journal);
    pga_buf_append(&sql, reads);
    pga_buf_append_c(&sql, "ROLLBACK;");
    message.sql = pga_buf_str(&sql);
    if (!pga_session_restore(journal, err))
        return false;
    if (pga_driver_query(journal->driver, &message, mem, results, err)) {
        if (!check_count(results, PGA_READS_AT + count + 1, err))
            return false;
        note_pooler(journal, &results->items[PGA_READS_AT - 2]);
        if (!is_presence(&results->items[PGA_READS_AT - 1]))
            return pga_fail(err, PGA_ERR_UNEXPECTED,
                            "the server does not say whether there is a journal");
        /* Absent although its tables were read: they were made after this snapshot was taken. */
        (void)pga_presence_parse(journal, &results->items[PGA_READS_AT - 1]);
        return true;
    }
    pga_session_rollback(journal->driver);
    if (results->count == PGA_READS_AT &&
        pga_sqlstate_class(err->sqlstate) == PGA_SQLSTATE_ABSENT &&
        is_presence(&results->items[PGA_READS_AT - 1]) &&
        !pga_presence_parse(journal, &results->items[PGA_READS_AT - 1])) {
        note_pooler(journal, &results->items[PGA_READS_AT - 2]);
        memset(err, 0, sizeof(*err)); /* there is no journal yet, which is no error */
        return !journal->has_head || pga_journal_fail_replaced(journal, err);
    }
    return fail_reading(journal, mem, err);
}

bool
pga_journal_open(struct pga_journal *journal, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_results results = {0};
    struct pga_buf reads = pga_buf_on(&mem);

    pga_head_sql(&reads, journal);
    if (!pga_journal_read(journal, pga_buf_str(&reads), 1, &mem, &results, err))
        return false;
    if (journal->presence == PGA_JOURNAL_PRESENT &&
        !pga_head_parse(journal, &results.items[PGA_READS_AT], err))
        return false;
    (void)PGA_FAULT(head_read);
    return true;
}
