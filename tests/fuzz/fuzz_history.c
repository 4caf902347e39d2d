/*
 * tests/fuzz/fuzz_history.c: rows of the journal as a hostile server could give them.
 *
 * The first byte says how many of the next ones are changes, which make a journal; what follows spoils single columns
 * and whole rows of what the server answers.  Loading either refuses with 66 and says what to do, or what is loaded is
 * what was written; a history may only lack its end, which nothing but its head kept elsewhere can show.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/helpers/rows.h"

#define SPOILT_MAX 2
#define WRONG      0x80 /* of a change: make it although it can't follow */

/* Make a change.  False when it can't follow and was made nevertheless. */
static bool
add_change(struct pga_build *b, unsigned char byte)
{
    static const enum pga_event events[] = {
        PGA_EVENT_APPLIED, PGA_EVENT_REVERTED, PGA_EVENT_RENAMED,   PGA_EVENT_ACCEPTED,
        PGA_EVENT_APPLIED, PGA_EVENT_MARKED,   PGA_EVENT_FORGOTTEN, PGA_EVENT_ADOPTED};
    const struct pga_alteration *alteration = &b->alterations.items[byte % b->alterations.count];
    struct pga_applied *after = pga_new(&b->mem, struct pga_applied);
    struct pga_change change = {.event = events[byte >> 2 & 7], .about = after};
    bool removes = change.event == PGA_EVENT_REVERTED || change.event == PGA_EVENT_FORGOTTEN;
    bool confirms = change.event == PGA_EVENT_FORGOTTEN || change.event == PGA_EVENT_MARKED;
    bool adds = change.event == PGA_EVENT_APPLIED || change.event == PGA_EVENT_ADOPTED, follows;

    pga_applied_of(alteration, after);
    after->version = (byte & 0x20) != 0 ? "2.0.0" : after->version;
    change.because = (byte & 0x40) != 0 ? "because" : NULL;
    change.before = pga_journal_find(&b->journal, alteration->id);
    change.after = removes ? NULL : after;
    follows = confirms || adds == (change.before == NULL);
    if (!follows) /* the table stays as it is */
        change.before = change.after = NULL;
    if (follows || (byte & WRONG) != 0)
        pga_build_change(b, &change);
    return follows || (byte & WRONG) == 0;
}

/* Spoil a column or a row; five bytes, of which the last counts those of the text behind them. */
static void
spoil(struct pga_rows rows[PGA_ROWS_KINDS], const unsigned char *bytes, const char *text)
{
    struct pga_rows *r = &rows[bytes[0] % PGA_ROWS_KINDS];
    size_t row = r->count == 0 ? 0 : bytes[1] % r->count, column = bytes[2] % r->columns;
    size_t other = r->count == 0 ? 0 : bytes[3] % r->count, size = r->columns * sizeof(*r->cells);
    const char **at = &r->cells[row * r->columns], **from = &r->cells[other * r->columns];
    const char *kept[PGA_COLUMNS_MAX];

    switch (bytes[0] / PGA_ROWS_KINDS % 6) {
    case 0:
        at[column] = text;
        break;
    case 1:
        at[column] = NULL;
        break;
    case 2:
        at[column] = from[column];
        break;
    case 3:
        memcpy(kept, at, size);
        memcpy(at, from, size);
        memcpy(from, kept, size);
        break;
    case 4:
        r->count -= r->count > 0 ? 1 : 0;
        memmove(at, at + r->columns, (r->count - (r->count > row ? row : r->count)) * size);
        break;
    default:
        if (r->count < PGA_ROWS_MAX)
            memcpy(&r->cells[r->columns * r->count++], at, size);
    }
}

static void
check_loaded(const struct pga_build *b, const struct pga_journal *journal)
{
    struct pga_head last;

    PGA_FUZZ_CHECK(journal->row_count > 0 && journal->row_count <= b->history_count);
    last = pga_history_head(&b->history[journal->row_count - 1]);
    PGA_FUZZ_CHECK(journal->head.seq == last.seq);
    PGA_FUZZ_CHECK(pga_digest_equal(&journal->head.hash, &last.hash));
    PGA_FUZZ_CHECK(pga_digest_equal(&journal->head.state, &last.state));
    for (size_t i = 0; i < journal->row_count; i++)
        PGA_FUZZ_CHECK(pga_rows_same_history(&journal->rows[i], &b->history[i]));
    PGA_FUZZ_CHECK(journal->row_count < b->history_count ||
                   journal->applied_count == b->table_count);
}

static void
check_load(struct pga_build *b, const struct pga_rows written[PGA_ROWS_KINDS],
           const struct pga_rows rows[PGA_ROWS_KINDS], bool is_sound)
{
    struct pga_journal journal;
    struct pga_error err = {0};
    bool loaded = pga_rows_load(b, rows, &journal, &err);

    PGA_FUZZ_CHECK(loaded == journal.is_loaded && loaded == (err.code == PGA_OK));
    if (loaded) {
        check_loaded(b, &journal);
        PGA_FUZZ_CHECK(journal.row_count < b->history_count ||
                       pga_rows_same_applied(&rows[PGA_ROWS_APPLIED], &written[PGA_ROWS_APPLIED]));
        return;
    }
    PGA_FUZZ_CHECK(!is_sound && err.code == PGA_ERR_JOURNAL);
    PGA_FUZZ_CHECK(err.message[0] != '\0' && err.hint[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct pga_build b;
    struct pga_rows rows[PGA_ROWS_KINDS], spoilt[PGA_ROWS_KINDS];
    size_t changes = size == 0 ? 0 : data[0] % 32, at = 1;
    bool is_sound = true;

    pga_build_init(&b);
    pga_build_file(&b, "1.0.0-1-a.up.sql", "SELECT 1;");
    pga_build_file(&b, "1.0.0-1-a.down.sql", "SELECT 2;");
    pga_build_file(&b, "1.0.0-1-a.before-up.sql", "SELECT 3;");
    pga_build_file(&b, "next-20-b.up.sql", "-- pgalter:phase contract\nSELECT 4;");
    pga_build_file(&b, "3.5-c-d.up.sql", "SELECT 5;");
    for (; at <= changes && at < size; at++)
        is_sound = add_change(&b, data[at]) && is_sound;
    pga_rows_fill(&b, rows);
    memcpy(spoilt, rows, sizeof(rows));
    for (size_t len, n = 0; n < SPOILT_MAX && at + 5 <= size; at += 5 + len, n++) {
        len = data[at + 4] < size - at - 5 ? data[at + 4] : size - at - 5;
        spoil(spoilt, &data[at], pga_strndup(&b.mem, (const char *)&data[at + 5], len));
    }
    for (size_t i = 0; i < PGA_ROWS_KINDS; i++)
        is_sound = is_sound && pga_rows_equal(&rows[i], &spoilt[i]);
    check_load(&b, rows, spoilt, is_sound);
    pga_build_release(&b);
    return 0;
}
