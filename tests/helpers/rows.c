/*
 * tests/helpers/rows.c: a journal made in memory as the answers of a server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/rows.h"

#include <string.h>

static const char **
add(struct pga_rows *rows)
{
    return &rows->cells[rows->columns * rows->count++];
}

static void
put_parts(struct pga_arena *mem, const char **cells, const struct pga_applied *subject)
{
    for (size_t i = 0; i < PGA_SCRIPT_COUNT; i++)
        cells[i] = subject->has_part[i] ? pga_digest_format(mem, &subject->digests[i]) : NULL;
}

static void
add_history(struct pga_arena *mem, const struct pga_history_row *row, struct pga_rows out[])
{
    const struct pga_applied *subject = &row->subject;
    const char *first[] = {pga_format(mem, "%lld", (long long)row->seq),
                           pga_digest_format(mem, &row->prev),
                           pga_digest_format(mem, &row->hash),
                           pga_event_name(row->event),
                           subject->id,
                           subject->version,
                           subject->phase,
                           subject->directives};
    const char *last[] = {
        pga_digest_format(mem, &row->state), row->run, row->who, row->engine, row->because, "at"};
    const char *head[] = {first[0], first[2], last[0], "1.0", "f"};
    const char **cells = add(&out[PGA_ROWS_HISTORY]);

    memcpy(cells, first, sizeof(first));
    put_parts(mem, cells + 8, subject);
    memcpy(cells + 12, last, sizeof(last));
    out[PGA_ROWS_HEAD].count = 0; /* it is the last one's */
    memcpy(add(&out[PGA_ROWS_HEAD]), head, sizeof(head));
}

static void
add_applied(struct pga_arena *mem, const struct pga_applied *row, struct pga_rows *out)
{
    const char *first[] = {row->id,   row->version, row->timestamp,
                           row->slug, row->phase,   row->directives};
    const char *last[] = {pga_format(mem, "%lld", (long long)row->seq), row->run, "at", "7"};
    const char **cells = add(out);

    memcpy(cells, first, sizeof(first));
    put_parts(mem, cells + 6, row);
    memcpy(cells + 10, last, sizeof(last));
}

void
pga_rows_fill(struct pga_build *b, struct pga_rows out[PGA_ROWS_KINDS])
{
    memset(out, 0, PGA_ROWS_KINDS * sizeof(*out));
    out[PGA_ROWS_HEAD].columns = 5;
    out[PGA_ROWS_HISTORY].columns = 18;
    out[PGA_ROWS_APPLIED].columns = 14;
    for (size_t i = 0; i < b->history_count; i++)
        add_history(&b->mem, &b->history[i], out);
    for (size_t i = 0; i < b->table_count; i++)
        add_applied(&b->mem, &b->table[i], &out[PGA_ROWS_APPLIED]);
}

bool
pga_rows_equal(const struct pga_rows *a, const struct pga_rows *b)
{
    bool equal = a->count == b->count;

    for (size_t i = 0; equal && i < a->count * a->columns; i++)
        equal = pga_same(a->cells[i], b->cells[i]);
    return equal;
}

static bool
same_subject(const struct pga_applied *a, const struct pga_applied *b)
{
    bool same = pga_same(a->id, b->id) && pga_same(a->version, b->version) &&
                pga_same(a->phase, b->phase) && pga_same(a->directives, b->directives);

    for (size_t i = 0; same && i < PGA_SCRIPT_COUNT; i++)
        same = a->has_part[i] == b->has_part[i] &&
               (!a->has_part[i] || pga_digest_equal(&a->digests[i], &b->digests[i]));
    return same;
}

bool
pga_rows_same_history(const struct pga_history_row *a, const struct pga_history_row *b)
{
    return a->seq == b->seq && a->event == b->event && same_subject(&a->subject, &b->subject) &&
           pga_digest_equal(&a->prev, &b->prev) && pga_digest_equal(&a->hash, &b->hash) &&
           pga_digest_equal(&a->state, &b->state) && pga_same(a->run, b->run) &&
           pga_same(a->who, b->who) && pga_same(a->engine, b->engine) &&
           pga_same(a->because, b->because);
}

/* A number may have zeros before it, and a digest capitals. */
static bool
same_cell(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return pga_str_equal_nocase(pga_str_of(a + strspn(a, "0")), b + strspn(b, "0"));
}

bool
pga_rows_same_applied(const struct pga_rows *a, const struct pga_rows *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count * a->columns; i++)
        same = i % a->columns >= 12 || same_cell(a->cells[i], b->cells[i]);
    return same;
}

bool
pga_rows_load(struct pga_build *b, const struct pga_rows rows[PGA_ROWS_KINDS],
              struct pga_journal *journal, struct pga_error *err)
{
    static const struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "e"};
    static const char *const limits[] = {"2s", "60s", "1"}, *const presence[] = {"present", "1",
                                                                                 "on"};
    struct pga_script_answer answers[] = {
        {.tag = "BEGIN"},
        {.tag = "RESET"},
        {.tag = "RESET"},
        {.tag = "RESET"},
        {.tag = "SELECT 1", .columns = 3, .rows = 1, .values = limits},
        {.tag = "SELECT 1", .columns = 3, .rows = 1, .values = presence},
        {.tag = "SELECT",
         .columns = rows[0].columns,
         .rows = rows[0].count,
         .values = rows[0].cells},
        {.tag = "SELECT",
         .columns = rows[1].columns,
         .rows = rows[1].count,
         .values = rows[1].cells},
        {.tag = "SELECT",
         .columns = rows[2].columns,
         .rows = rows[2].count,
         .values = rows[2].cells},
        {.tag = "COMMIT"},
        {0},
    };
    struct pga_script_line line = {.expect = ".history", .answers = answers};
    struct pga_script_settings script = {.lines = &line, .line_count = 1};
    PGA_AUTO(pga_driver_close)
    struct pga_driver *driver = pga_script_open(&script);

    pga_journal_init(journal, driver, &b->mem, &settings);
    return pga_journal_load(journal, err);
}
