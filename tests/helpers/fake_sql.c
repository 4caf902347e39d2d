/*
 * tests/helpers/fake_sql.c: the rows of the fake server, and the statements that it understands.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/fake_private.h"

#include <string.h>

#include <check.h>

#include "alterations/lexer.h"

#define COLUMNS_MAX 20
#define WHEN        "2026-01-02T03:04:05.678Z"

/* In the order of journal's SELECTs. */
static const char *const columns[PGA_FAKE_TABLES][COLUMNS_MAX] = {
    [PGA_FAKE_HISTORY] = {"seq", "prev", "hash", "event", "id", "version", "phase", "directives",
                          "up", "down", "before_up", "before_down", "state", "run", "who", "engine",
                          "because", "at"},
    [PGA_FAKE_JOURNAL] = {"id", "version", "timestamp", "slug", "phase", "directives", "up", "down",
                          "before_up", "before_down", "seq", "run", "applied_at", "duration"},
    [PGA_FAKE_SCRIPTS] = {"digest", "text"},
    [PGA_FAKE_UNFINISHED] = {"id", "direction", "run", "who", "part", "digest", "statement",
                             "progress", "indexes", "started_at", "updated_at"},
    [PGA_FAKE_ATTEMPTS] = {"run", "who", "id", "direction", "code", "sqlstate", "message", "detail",
                           "place", "at"},
    [PGA_FAKE_EFFECTS] = {"statement"},
};

static const char *const table_names[] = {"history", "journal", "scripts", "unfinished",
                                          "attempts"};

/* ---- rows ---- */

static size_t
column_count(enum pga_fake_table_name table)
{
    size_t count = 0;

    while (count < COLUMNS_MAX && columns[table][count] != NULL)
        count++;
    return count;
}

static size_t
column_of(enum pga_fake_table_name table, struct pga_str name)
{
    for (size_t i = 0; i < column_count(table); i++)
        if (pga_str_equal_c(name, columns[table][i]))
            return i;
    return SIZE_MAX;
}

static void
insert(struct pga_fake_server *server, enum pga_fake_table_name name, const char *const *row)
{
    struct pga_fake_table *table = &server->state.tables[name];
    /* Always another array: the open transaction's beginning keeps the one there was. */
    const char *const **rows = pga_new_array(&server->mem, const char *const *, table->count + 1);

    for (size_t i = 0; i < table->count; i++)
        rows[i] = table->rows[i];
    rows[table->count] = row;
    table->rows = rows;
    table->count++;
}

static void
replace(struct pga_fake_server *server, enum pga_fake_table_name name, size_t at,
        const char *const *row)
{
    struct pga_fake_table before = server->state.tables[name];

    server->state.tables[name].count = 0;
    for (size_t i = 0; i < before.count; i++)
        if (i != at || row != NULL)
            insert(server, name, i == at ? row : before.rows[i]);
}

const char *
pga_fake_value(const struct pga_fake_server *server, enum pga_fake_table_name table, size_t row,
               const char *column)
{
    size_t at = column_of(table, pga_str_of(column));

    ck_assert_uint_ne(at, SIZE_MAX);
    ck_assert_uint_lt(row, server->state.tables[table].count);
    return server->state.tables[table].rows[row][at];
}

size_t
pga_fake_effects(const struct pga_fake_server *server, const char *contains)
{
    const struct pga_fake_table *table = &server->state.tables[PGA_FAKE_EFFECTS];
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++)
        count += strstr(table->rows[i][0], contains) != NULL;
    return count;
}

/* ---- reading a statement ---- */

bool
pga_fake_contains(const struct pga_fake_work *w, const char *text)
{
    return strstr(pga_str_dup(w->mem, w->text), text) != NULL;
}

bool
pga_fake_starts(const struct pga_fake_work *w, const char *word)
{
    return pga_str_equal_nocase(pga_str_slice(w->text, 0, strlen(word)), word);
}

void
pga_fake_deny(struct pga_fake_work *w, const char *sqlstate, const char *message)
{
    w->sqlstate = sqlstate;
    w->message = message;
}

/* The value of E'...', of a number, or of a function of the clock; NULL is NULL. */
static const char *
evaluate(struct pga_fake_work *w, struct pga_str expression)
{
    struct pga_str s = pga_str_trim(expression);
    struct pga_buf out = pga_buf_on(&w->server->mem);

    if (pga_str_equal_c(s, "NULL"))
        return NULL;
    if (pga_str_starts(s, "pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-)"))
        return "5";
    if (pga_str_starts(s, "pg_catalog.clock_timestamp()"))
        return WHEN;
    if (!pga_str_starts(s, "E'"))
        return pga_str_dup(&w->server->mem, s);
    for (size_t i = 2; i + 1 < s.len; i++) {
        if (s.data[i] == '\\' || s.data[i] == '\'')
            i++; /* both are doubled */
        pga_buf_append_char(&out, s.data[i]);
    }
    return out.data;
}

/* The table that a statement is about, by the name behind "pgalter". */
static bool
table_of(const struct pga_fake_work *w, enum pga_fake_table_name *out)
{
    const char *text = pga_str_dup(w->mem, w->text), *at = strstr(text, "\"pgalter\".");

    if (at == NULL)
        return false;
    at += strlen("\"pgalter\".");
    for (size_t i = 0; i < PGA_COUNT_OF(table_names); i++) {
        size_t len = strlen(table_names[i]);

        if (strncmp(at, table_names[i], len) == 0 && strchr(" \n;", at[len]) != NULL) {
            *out = (enum pga_fake_table_name)i;
            return true;
        }
    }
    return false;
}

/* Cut at the commas outside parentheses; the text begins behind an opening one, and ends with its closing one. */
static size_t
split_list(struct pga_str text, struct pga_str *out, struct pga_str *rest)
{
    struct pga_lexer lexer;
    struct pga_token token;
    size_t count = 0, start = 0;
    int depth = 0;

    pga_lexer_init(&lexer, text, true);
    while (pga_lexer_next(&lexer, &token)) {
        bool is_end = token.kind == PGA_TOKEN_CLOSE && depth == 0;

        depth += token.kind == PGA_TOKEN_OPEN ? 1 : token.kind == PGA_TOKEN_CLOSE ? -1 : 0;
        if (!is_end &&
            (depth != 0 || token.kind != PGA_TOKEN_OTHER || text.data[token.offset] != ','))
            continue;
        ck_assert_uint_lt(count, COLUMNS_MAX);
        out[count++] = pga_str_trim(pga_str_slice(text, start, token.offset - start));
        start = token.offset + 1;
        if (is_end)
            break;
    }
    *rest = pga_str_slice(text, start, text.len);
    return count;
}

static struct pga_str
behind(struct pga_str text, const char *word)
{
    struct pga_lexer lexer;
    struct pga_token token;

    pga_lexer_init(&lexer, text, true);
    while (pga_lexer_next(&lexer, &token))
        if (pga_token_is(text, &token, word) ||
            (token.kind == PGA_TOKEN_OPEN && strcmp(word, "(") == 0))
            return pga_str_slice(text, token.offset + token.len, text.len);
    return (struct pga_str){"", 0};
}

/* The first token of a kind, evaluated. */
static const char *
first_of(struct pga_fake_work *w, struct pga_str text, enum pga_token_kind kind)
{
    struct pga_lexer lexer;
    struct pga_token token;

    pga_lexer_init(&lexer, text, true);
    while (pga_lexer_next(&lexer, &token))
        if (token.kind == kind)
            return evaluate(w, pga_str_slice(text, token.offset, token.len));
    return "";
}

/* ---- the journal's own statements ---- */

/* The hash of the row before, if it is the one that is named; what makes prev NULL otherwise. */
static const char *
guarded(struct pga_fake_work *w, struct pga_str expression)
{
    const struct pga_fake_table *history = &w->server->state.tables[PGA_FAKE_HISTORY];
    const char *seq = first_of(w, expression, PGA_TOKEN_NUMBER);
    const char *hash = first_of(w, expression, PGA_TOKEN_STRING);

    for (size_t i = 0; i < history->count; i++)
        if (pga_same(history->rows[i][0], seq) && pga_same(history->rows[i][2], hash))
            return hash;
    return NULL;
}

static bool
has_key(const struct pga_fake_server *server, enum pga_fake_table_name name, const char *key)
{
    const struct pga_fake_table *table = &server->state.tables[name];

    for (size_t i = 0; i < table->count; i++)
        if (pga_same(table->rows[i][0], key))
            return true;
    return false;
}

static size_t
run_insert(struct pga_fake_work *w, enum pga_fake_table_name table)
{
    struct pga_str names[COLUMNS_MAX], values[COLUMNS_MAX], rest;
    const char **row = pga_new_array(&w->server->mem, const char *, COLUMNS_MAX);
    size_t count = split_list(behind(w->text, "("), names, &rest);

    ck_assert_uint_eq(split_list(behind(behind(rest, "values"), "("), values, &rest), count);
    for (size_t i = 0; i < count; i++) {
        size_t column = column_of(table, names[i]);
        bool is_guard = pga_str_starts(values[i], "(SELECT");

        ck_assert_msg(column != SIZE_MAX, "no column %.*s", PGA_STR_ARG(names[i]));
        row[column] = is_guard ? guarded(w, values[i]) : evaluate(w, values[i]);
        if (is_guard && row[column] == NULL) {
            pga_fake_deny(w, "23502", "null value in column \"prev\"");
            return 0;
        }
    }
    if (table != PGA_FAKE_ATTEMPTS && has_key(w->server, table, row[0])) {
        if (!pga_str_ends(pga_str_trim(rest), "ON CONFLICT DO NOTHING;"))
            pga_fake_deny(w, "23505", "duplicate key value");
        return 0;
    }
    insert(w->server, table, row);
    return 1;
}

/* Whether a row has what "x.column OPERATOR(pg_catalog.=) value" says of each column that is named so. */
static bool
fits(struct pga_fake_work *w, enum pga_fake_table_name table, const char *where,
     const char *const *row)
{
    for (size_t i = 0; i < column_count(table); i++) {
        const char *term = pga_format(w->mem, ".%s OPERATOR(pg_catalog.=) ", columns[table][i]);
        const char *at = strstr(where, term);
        struct pga_str rest = pga_str_of(at == NULL ? NULL : at + strlen(term));
        struct pga_lexer lexer;
        struct pga_token token;

        pga_lexer_init(&lexer, rest, true);
        if (at != NULL && pga_lexer_next(&lexer, &token) &&
            !pga_same(evaluate(w, pga_str_slice(rest, 0, token.len)), row[i]))
            return false;
    }
    return true;
}

/* The row that a WHERE names; there is one at most, because each names the key. */
static size_t
find_where(struct pga_fake_work *w, enum pga_fake_table_name table)
{
    const struct pga_fake_table *rows = &w->server->state.tables[table];
    const char *where = pga_str_dup(w->mem, behind(w->text, "where"));

    for (size_t i = 0; i < rows->count; i++)
        if (fits(w, table, where, rows->rows[i]))
            return i;
    return SIZE_MAX;
}

static size_t
run_update(struct pga_fake_work *w, enum pga_fake_table_name table)
{
    struct pga_str where = behind(w->text, "where"), rest = behind(w->text, "set");
    size_t at = find_where(w, table), count;
    const char **row = pga_new_array(&w->server->mem, const char *, COLUMNS_MAX);
    struct pga_str items[COLUMNS_MAX];

    if (at == SIZE_MAX)
        return 0;
    memcpy(row, w->server->state.tables[table].rows[at], column_count(table) * sizeof(*row));
    /* "SET a = 1, b = 2 WHERE" as a list that its WHERE ends. */
    rest.len = (size_t)(where.data - rest.data) - strlen("where");
    rest = pga_str_of(pga_format(w->mem, "%.*s)", PGA_STR_ARG(rest)));
    count = split_list(rest, items, &rest);
    for (size_t i = 0; i < count; i++) {
        const char *equals = memchr(items[i].data, '=', items[i].len);
        size_t len = (size_t)(equals - items[i].data);
        size_t column = column_of(table, pga_str_trim(pga_str_slice(items[i], 0, len)));

        ck_assert_uint_ne(column, SIZE_MAX);
        row[column] = evaluate(w, pga_str_slice(items[i], len + 1, items[i].len));
    }
    replace(w->server, table, at, row);
    return 1;
}

static size_t
run_delete(struct pga_fake_work *w, enum pga_fake_table_name table)
{
    size_t at = find_where(w, table);

    if (at == SIZE_MAX)
        return 0;
    replace(w->server, table, at, NULL);
    return 1;
}

/* One row of an answer, and with it the answer's shape. */
void
pga_fake_answer(struct pga_fake_work *w, const char *const *values, size_t count)
{
    struct pga_result *result = w->result;
    const char **all = pga_new_array(w->mem, const char *, (result->row_count + 1) * count);

    for (size_t i = 0; i < result->row_count * count; i++)
        all[i] = result->values[i];
    for (size_t i = 0; values != NULL && i < count; i++)
        all[result->row_count * count + i] = values[i];
    result->column_count = count;
    result->row_count += values != NULL;
    result->values = all;
}

/* bytea columns are asked for by encode(..., 'hex'). */
static bool
is_bytea(const char *column)
{
    static const char *const names[] = {"prev",      "hash",        "up",    "down",
                                        "before_up", "before_down", "state", "digest"};

    for (size_t i = 0; i < PGA_COUNT_OF(names); i++)
        if (column != NULL && strcmp(column, names[i]) == 0)
            return true;
    return false;
}

static void
answer_row(struct pga_fake_work *w, enum pga_fake_table_name table, size_t at)
{
    size_t count = column_count(table);
    const char *values[COLUMNS_MAX];

    for (size_t i = 0; i < count; i++) {
        values[i] = w->server->state.tables[table].rows[at][i];
        if (values[i] != NULL && is_bytea(columns[table][i]))
            values[i] += 2;
    }
    pga_fake_answer(w, values, count);
}

static void
select_head(struct pga_fake_work *w)
{
    const struct pga_fake_table *history = &w->server->state.tables[PGA_FAKE_HISTORY];
    const char *const *last;
    const char *format = NULL;

    pga_fake_answer(w, NULL, 5);
    if (history->count == 0)
        return;
    last = history->rows[history->count - 1];
    for (size_t i = 0; i < history->count; i++)
        if (pga_same(history->rows[i][3], "created") || pga_same(history->rows[i][3], "upgraded"))
            format = history->rows[i][5];
    pga_fake_answer(
        w,
        (const char *const[]){last[0], last[2] + 2, last[12] + 2, format,
                              w->server->state.tables[PGA_FAKE_UNFINISHED].count > 0 ? "t" : "f"},
        5);
}

static void
select_rows(struct pga_fake_work *w, enum pga_fake_table_name table)
{
    size_t count = w->server->state.tables[table].count;

    pga_fake_answer(w, NULL, column_count(table));
    for (size_t i = 0; i < count; i++) {
        size_t at = table == PGA_FAKE_ATTEMPTS ? count - 1 - i : i;

        if (table != PGA_FAKE_SCRIPTS ||
            pga_fake_contains(
                w, pga_format(w->mem, "E'\\%s'", w->server->state.tables[table].rows[at][0])))
            answer_row(w, table, at);
    }
}

static void
select_lock(struct pga_fake_work *w)
{
    bool is_mine = w->server->lock_holder == w->session;

    if (pga_fake_contains(w, "pg_try_advisory_lock")) {
        if (w->server->lock_holder == NULL) {
            w->server->lock_holder = w->session;
            w->server->lock_is_step = false;
        }
        pga_fake_answer(w, (const char *const[]){w->server->lock_holder == w->session ? "t" : "f"},
                        1);
    } else if (pga_fake_contains(w, "pg_advisory_unlock")) {
        if (is_mine)
            w->server->lock_holder = NULL;
        pga_fake_answer(w, (const char *const[]){is_mine ? "t" : "f"}, 1);
    } else if (pga_fake_contains(w, "pg_stat_activity")) {
        pga_fake_answer(w, NULL, 6);
        if (w->server->lock_holder != NULL)
            pga_fake_answer(w,
                            (const char *const[]){"77", "pgalter/0.1.0 run=x", "deployer",
                                                  "10.0.0.7", "2026-01-02T03:04:05Z",
                                                  "ALTER TABLE big"},
                            6);
    } else {
        pga_fake_answer(w, NULL, 1);
        if (is_mine)
            pga_fake_answer(w, (const char *const[]){"1"}, 1);
    }
}

static bool
is_about_lock(const struct pga_fake_work *w)
{
    return pga_fake_contains(w, "advisory");
}

static void
select_presence(struct pga_fake_work *w)
{
    const struct pga_fake_state *state = &w->server->state;
    const char *presence = state->has_tables ? "present" : state->has_schema ? "empty" : "absent";

    if (w->server->untrusted != NULL)
        pga_fake_deny(w, "22012", "division by zero");
    else
        pga_fake_answer(w, (const char *const[]){presence, "1", "on"}, 3);
}

/* Fails unless the history ends with the row that is named. */
static void
check_head(struct pga_fake_work *w)
{
    const struct pga_fake_table *history = &w->server->state.tables[PGA_FAKE_HISTORY];
    const char *where = pga_str_dup(w->mem, behind(w->text, "where"));

    if (!fits(w, PGA_FAKE_HISTORY, where, history->rows[history->count - 1]))
        pga_fake_deny(w, "22012", "division by zero");
    else
        pga_fake_answer(w, (const char *const[]){"1"}, 1);
}

void
pga_fake_select(struct pga_fake_work *w)
{
    enum pga_fake_table_name table;

    if (pga_fake_select_given(w) || pga_fake_select_shared(w))
        return;
    if (pga_fake_is_about_backend(w)) {
        pga_fake_select_backend(w);
    } else if (is_about_lock(w)) {
        select_lock(w);
    } else if (pga_fake_contains(w, "AS divisor")) {
        select_presence(w);
    } else if (pga_fake_contains(w, "AS finding")) {
        pga_fake_answer(w, NULL, 2);
        if (w->server->untrusted != NULL)
            pga_fake_answer(w, (const char *const[]){"history", w->server->untrusted}, 2);
    } else if (pga_fake_contains(w, "set_config('lock_timeout'")) {
        const char *pid =
            pga_format(w->mem, "%d", w->server->pooled_pid != 0 ? w->server->pooled_pid : w->pid);

        pga_fake_answer(w, (const char *const[]){"10s", "1min", pid}, 3);
    } else if (pga_fake_contains(w, "AS trace_")) {
        pga_fake_select_trace(w);
    } else if (pga_fake_contains(w, "a.application_name, ")) {
        pga_fake_answer(w, NULL, 1);
        if (w->server->live_run != NULL && pga_fake_contains(w, w->server->live_run))
            pga_fake_answer(w, (const char *const[]){"77"}, 1);
    } else if (!table_of(w, &table)) {
        pga_fake_answer(w, (const char *const[]){w->server->done_when}, 1);
    } else if (!w->server->state.has_tables) {
        pga_fake_deny(w, "42P01", "relation does not exist");
    } else if (table == PGA_FAKE_HISTORY && pga_fake_contains(w, "LIMIT 1;")) {
        select_head(w);
    } else if (pga_fake_starts(w, "SELECT (SELECT h.hash")) {
        pga_fake_answer(w, (const char *const[]){guarded(w, w->text)}, 1);
    } else if (pga_fake_contains(w, "AND NOT EXISTS")) {
        check_head(w);
    } else {
        select_rows(w, table);
    }
}

/* A script's statement: it takes effect with its transaction. */
static void
run_other(struct pga_fake_work *w)
{
    const char **row = pga_new_array(&w->server->mem, const char *, 1);

    row[0] = pga_str_dup(&w->server->mem, w->text);
    insert(w->server, PGA_FAKE_EFFECTS, row);
}

static void
run_definition(struct pga_fake_work *w)
{
    if (pga_fake_starts(w, "CREATE SCHEMA")) {
        if (w->server->state.has_schema)
            pga_fake_deny(w, "42P06", "schema \"pgalter\" already exists");
        w->server->state.has_schema = true;
    } else if (pga_fake_starts(w, "CREATE TABLE")) {
        w->server->state.has_tables = true;
    }
}

static size_t
run_write(struct pga_fake_work *w, enum pga_fake_table_name table)
{
    return pga_fake_starts(w, "INSERT")   ? run_insert(w, table)
           : pga_fake_starts(w, "UPDATE") ? run_update(w, table)
           : pga_fake_starts(w, "DELETE") ? run_delete(w, table)
                                          : 0;
}

/* WITH x AS (...) SELECT 1 / count(*) FROM x: it must have found its row. */
static void
run_with(struct pga_fake_work *w, enum pga_fake_table_name table)
{
    struct pga_fake_work inner = *w;

    inner.text = pga_str_trim(behind(w->text, "("));
    if (run_write(&inner, table) == 0)
        pga_fake_deny(&inner, inner.sqlstate != NULL ? inner.sqlstate : "22012",
                      "division by zero");
    w->sqlstate = inner.sqlstate;
    w->message = inner.message;
    pga_fake_answer(w, (const char *const[]){"1"}, 1);
}

void
pga_fake_change(struct pga_fake_work *w)
{
    enum pga_fake_table_name table;

    if (!pga_fake_contains(w, "\"pgalter\""))
        run_other(w);
    else if (!table_of(w, &table) || pga_fake_starts(w, "CREATE") || pga_fake_starts(w, "REVOKE"))
        run_definition(w);
    else if (!w->server->state.has_tables)
        pga_fake_deny(w, "42P01", "relation does not exist");
    else if (pga_fake_starts(w, "WITH"))
        run_with(w, table);
    else
        (void)run_write(w, table);
}
