/*
 * journal/read.c: loading history, applied alterations and texts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/read.h"

#include <stdlib.h>
#include <string.h>

#include "journal/applied.sql.h"
#include "journal/history.sql.h"
#include "journal/texts.sql.h"

/* The columns as history.sql and applied.sql select them. */
static const char *const history_columns[] = {
    "seq",  "prev",      "hash",        "event", "id",  "version", "phase",  "directives", "up",
    "down", "before_up", "before_down", "state", "run", "who",     "engine", "because",    "at"};
static const char *const journal_columns[] = {
    "id",   "version",   "timestamp",   "slug", "phase", "directives", "up",
    "down", "before_up", "before_down", "seq",  "run",   "applied_at", "duration"};

/* A cursor over the columns of one row, so that parsing reads in the order of the SELECT. */
struct columns {
    struct pga_arena *mem;
    const struct pga_result *result;
    size_t row, next;
    bool malformed;
    size_t wrong; /* the first column that is malformed */
};

static void
refuse(struct columns *c)
{
    if (!c->malformed)
        c->wrong = c->next - 1;
    c->malformed = true;
}

static const char *
take_text(struct columns *c)
{
    return pga_strdup(c->mem, pga_result_value(c->result, c->row, c->next++));
}

static const char *
take_required(struct columns *c)
{
    const char *text = take_text(c);

    if (text == NULL)
        refuse(c);
    return text == NULL ? "" : text;
}

static int64_t
take_int(struct columns *c)
{
    const char *text = pga_result_value(c->result, c->row, c->next++);
    int64_t value = 0;

    if (text == NULL || !pga_parse_int(pga_str_of(text), INT64_MIN, INT64_MAX, &value))
        refuse(c);
    return value;
}

/* A digest; whether there is one at all goes to *has, which may be NULL where there must be. */
static struct pga_digest
take_digest(struct columns *c, bool *has)
{
    const char *text = pga_result_value(c->result, c->row, c->next++);
    struct pga_digest digest = {{0}};

    if (has != NULL)
        *has = text != NULL;
    if (text == NULL ? has == NULL : !pga_digest_parse(pga_str_of(text), &digest))
        refuse(c);
    return digest;
}

static void
take_parts(struct columns *c, struct pga_applied *out)
{
    for (size_t i = 0; i < PGA_SCRIPT_COUNT; i++)
        out->digests[i] = take_digest(c, &out->has_part[i]);
}

/* Name the row and the column that can't be read. */
static bool
fail_malformed(const struct pga_journal *journal, const struct columns *c, const char *row,
               const char *column, struct pga_error *err)
{
    bool is_empty = pga_result_value(c->result, c->row - 1, c->wrong) == NULL;

    (void)pga_fail(err, PGA_ERR_JOURNAL, "the journal was tampered with: %s is malformed", row);
    (void)pga_error_detail(err, "Its column \"%s\" %s.", column,
                           is_empty ? "has no value" : "has a value that pgalter never writes");
    return pga_journal_damaged(journal, err);
}

static bool
parse_history(struct pga_journal *journal, const struct pga_result *result, struct pga_error *err)
{
    struct columns c = {.mem = journal->mem, .result = result};

    if (!pga_session_check_answer(result, PGA_COUNT_OF(history_columns), err))
        return false;
    journal->rows = pga_new_array(journal->mem, struct pga_history_row, result->row_count);
    journal->row_count = result->row_count;
    for (c.row = 0; c.row < result->row_count && !c.malformed; c.row++) {
        struct pga_history_row *row = &journal->rows[c.row];

        c.next = 0;
        row->seq = take_int(&c);
        row->prev = take_digest(&c, NULL);
        row->hash = take_digest(&c, NULL);
        if (!pga_event_parse(take_required(&c), &row->event))
            refuse(&c);
        row->subject.id = take_text(&c);
        row->subject.version = take_text(&c);
        row->subject.phase = take_text(&c);
        row->subject.directives = take_text(&c);
        take_parts(&c, &row->subject);
        row->state = take_digest(&c, NULL);
        row->run = take_required(&c);
        row->who = take_required(&c);
        row->engine = take_required(&c);
        row->because = take_text(&c);
        row->at = take_required(&c);
    }
    if (c.malformed)
        return fail_malformed(journal, &c,
                              pga_format(journal->mem, "row %zu of its history", c.row - 1),
                              history_columns[c.wrong], err);
    return true;
}

static const char *
row_name(const struct pga_journal *journal, const char *id)
{
    return id[0] == '\0' ? "a row of its table \"journal\""
                         : pga_format(journal->mem, "the row of \"%s\"", id);
}

static bool
parse_applied(struct pga_journal *journal, const struct pga_result *result,
              struct pga_applied **out, struct pga_error *err)
{
    struct columns c = {.mem = journal->mem, .result = result};
    struct pga_applied *rows = pga_new_array(journal->mem, struct pga_applied, result->row_count);

    if (!pga_session_check_answer(result, PGA_COUNT_OF(journal_columns), err))
        return false;
    for (c.row = 0; c.row < result->row_count && !c.malformed; c.row++) {
        struct pga_applied *row = &rows[c.row];

        c.next = 0;
        row->id = take_required(&c);
        row->version = take_required(&c);
        row->timestamp = take_required(&c);
        row->slug = take_required(&c);
        row->phase = take_required(&c);
        row->directives = take_required(&c);
        take_parts(&c, row);
        row->seq = take_int(&c);
        row->run = take_required(&c);
        row->applied_at = take_required(&c);
        row->duration_ms = take_int(&c);
    }
    if (c.malformed)
        return fail_malformed(journal, &c, row_name(journal, rows[c.row - 1].id),
                              journal_columns[c.wrong], err);
    *out = rows;
    return true;
}

/* The head, which the next row will name, is read by itself; it must be the last row. */
static bool
check_head(struct pga_journal *journal, struct pga_error *err)
{
    const struct pga_head *head = &journal->head;
    struct pga_head last = {.seq = -1};

    if (journal->row_count > 0)
        last = pga_history_head(&journal->rows[journal->row_count - 1]);
    if (head->seq == last.seq && pga_digest_equal(&head->hash, &last.hash) &&
        pga_digest_equal(&head->state, &last.state))
        return true;
    (void)pga_fail(
        err, PGA_ERR_JOURNAL,
        "the journal was tampered with: its head, row %lld, is not the end of its history",
        (long long)head->seq);
    return pga_journal_damaged(journal, err);
}

/* Whether the history still has the row that was its last when it was read before. */
static bool
check_grown(const struct pga_journal *journal, const struct pga_head *before, struct pga_error *err)
{
    if ((uint64_t)before->seq < journal->row_count &&
        pga_digest_equal(&journal->rows[before->seq].hash, &before->hash))
        return true;
    return pga_journal_fail_replaced(journal, err);
}

/* The heads that the history must have grown from: as it was read last, and as it was loaded last. */
static size_t
heads_of(const struct pga_journal *journal, struct pga_head *out)
{
    size_t count = 0;

    if (journal->has_head)
        out[count++] = journal->head;
    if (journal->is_loaded && journal->row_count > 0)
        out[count++] = pga_history_head(&journal->rows[journal->row_count - 1]);
    return count;
}

bool
pga_journal_load(struct pga_journal *journal, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_sql_values values = {.mem = &mem};
    struct pga_results results = {0};
    struct pga_buf reads = pga_buf_on(&mem);
    struct pga_applied *rows = NULL;
    struct pga_head before[2];
    size_t before_count = heads_of(journal, before);

    pga_head_sql(&reads, journal);
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_expand(&reads, pga_text_history_sql, &values);
    pga_sql_expand(&reads, pga_text_applied_sql, &values);
    if (!pga_journal_read(journal, pga_buf_str(&reads), 3, &mem, &results, err))
        return false;
    journal->by_id = pga_map_on(journal->mem);
    journal->row_count = journal->applied_count = 0;
    journal->is_loaded =
        journal->presence != PGA_JOURNAL_PRESENT ||
        (pga_head_parse(journal, &results.items[PGA_READS_AT], err) &&
         parse_history(journal, &results.items[PGA_READS_AT + 1], err) &&
         parse_applied(journal, &results.items[PGA_READS_AT + 2], &rows, err) &&
         pga_chain_verify(journal, rows, results.items[PGA_READS_AT + 2].row_count, err) &&
         check_head(journal, err));
    for (size_t i = 0; journal->is_loaded && i < before_count; i++)
        journal->is_loaded = check_grown(journal, &before[i], err);
    return journal->is_loaded;
}

static bool
fail_text(struct pga_journal *journal, const struct pga_digest *digest, const char *what,
          struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    (void)pga_fail(err, PGA_ERR_JOURNAL, "the stored script %.16s... %s",
                   pga_digest_format(&mem, digest), what);
    return pga_journal_damaged(journal, err);
}

/* The rows come in any order and once per distinct digest. */
static bool
place_texts(struct pga_journal *journal, const struct pga_result *result,
            const struct pga_digest *digests, size_t count, struct pga_str *texts,
            struct pga_arena *mem, struct pga_error *err)
{
    struct pga_map by_digest = pga_map_on(mem);

    for (size_t i = 0; i < result->row_count; i++) {
        const char *text = pga_result_value(result, i, 1);

        if (pga_result_value(result, i, 0) != NULL && text != NULL)
            (void)pga_map_put(&by_digest, pga_result_value(result, i, 0), pga_strdup(mem, text));
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = pga_map_find(&by_digest, pga_digest_format(mem, &digests[i]));
        struct pga_digest actual;

        if (text == NULL)
            return fail_text(journal, &digests[i], "is missing", err);
        texts[i] = pga_str_of(text);
        actual = pga_digest_of(texts[i]);
        if (!pga_digest_equal(&actual, &digests[i]))
            return fail_text(journal, &digests[i], "is not what its digest says", err);
    }
    return true;
}

/* Readers have no right on the texts unless somebody gave it to them (STEP 2): the statement that does. */
static bool
hint_texts(struct pga_journal *journal, struct pga_arena *mem, struct pga_error *err)
{
    if (err->code != PGA_ERR_DENIED)
        return false;
    return pga_error_hint(
        err,
        "Readers see no scripts unless the journal's owner lets them: GRANT SELECT "
        "ON TABLE %s.scripts TO %s;",
        journal->schema_sql, pga_journal_names(journal, mem).role);
}

bool
pga_journal_texts(struct pga_journal *journal, const struct pga_digest *digests, size_t count,
                  struct pga_arena *mem, struct pga_str *texts, struct pga_error *err)
{
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf list = pga_buf_on(mem), sql = pga_buf_on(mem);
    struct pga_result result;

    if (count == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        pga_buf_appendf(&list, "%sE'\\\\x%s'", i == 0 ? "" : ",",
                        pga_digest_format(mem, &digests[i]));
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_raw(&values, "digests", list.data);
    pga_sql_expand(&sql, pga_text_texts_sql, &values);
    if (!pga_journal_select(journal, pga_buf_str(&sql), mem, &result, err)) {
        (void)!pga_session_fail(journal->driver, err, "reading the stored scripts");
        return hint_texts(journal, mem, err);
    }
    if (!pga_session_check_answer(&result, 2, err))
        return false;
    return place_texts(journal, &result, digests, count, texts, mem, err);
}
