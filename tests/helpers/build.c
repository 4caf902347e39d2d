/*
 * tests/helpers/build.c: alterations and journals made in memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/build.h"

#include <string.h>

#include "engine/transaction.h"

/* Not an assertion of check: fuzz targets make journals too, and run without it. */
#define MUST(condition, what, why)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            pga_bug("%s: %s", (what), (why));                                                      \
    } while (0)

static const struct pga_script_settings silent = {0};

static const struct pga_journal_settings settings = {
    .run = "11111111-2222-4333-8444-555555555555",
    .who = "tester",
    .engine = "0.1.0",
};

static void
add_history(struct pga_build *b, const struct pga_history_row *row)
{
    b->history =
        pga_grow(&b->mem, b->history, b->history_count, &b->history_capacity, sizeof(*b->history));
    b->history[b->history_count++] = *row;
}

void
pga_build_journal(struct pga_build *b, struct pga_journal *journal, struct pga_driver *driver)
{
    pga_journal_init(journal, driver, &b->mem, &settings);
    journal->presence = PGA_JOURNAL_PRESENT;
    journal->format_major = PGA_JOURNAL_FORMAT_MAJOR;
    journal->synchronous_commit = "on";
    journal->head = b->journal.head;
}

void
pga_build_init(struct pga_build *b)
{
    struct pga_history_row row = {.event = PGA_EVENT_CREATED, .subject = {.version = "1.0"}};

    memset(b, 0, sizeof(*b));
    b->alterations.dir = "alterations";
    b->driver = pga_script_open(&silent);
    pga_build_journal(b, &b->journal, b->driver);
    b->journal.is_loaded = true;
    row.run = settings.run;
    row.who = settings.who;
    row.engine = settings.engine;
    row.hash = pga_history_hash(&row);
    b->journal.head = pga_history_head(&row);
    add_history(b, &row);
}

void
pga_build_release(struct pga_build *b)
{
    pga_driver_close(&b->driver);
    pga_arena_release(&b->mem);
}

static struct pga_alteration *
find_or_add(struct pga_build *b, const struct pga_name *name)
{
    struct pga_alterations *all = &b->alterations;
    struct pga_alteration *items;
    size_t at = all->count;

    all->items = pga_grow(&b->mem, all->items, all->count, &all->capacity, sizeof(*all->items));
    items = all->items;
    while (at > 0 && pga_timestamp_compare(items[at - 1].timestamp, name->timestamp) >= 0)
        at--;
    if (at == all->count || strcmp(items[at].id, name->id) != 0) {
        memmove(&items[at + 1], &items[at], (all->count - at) * sizeof(*items));
        memset(&items[at], 0, sizeof(*items));
        items[at].id = name->id;
        items[at].timestamp = name->timestamp;
        items[at].slug = name->slug;
        all->count++;
    }
    items[at].version = name->version;
    return &items[at];
}

void
pga_build_file(struct pga_build *b, const char *file, const char *text)
{
    struct pga_error err = {0};
    struct pga_name name;
    struct pga_script_text *script = pga_new(&b->mem, struct pga_script_text);

    MUST(pga_name_parse(&b->mem, file, &name, &err), file, err.message);
    MUST(pga_script_parse(&b->mem, pga_strdup(&b->mem, file), name.part, pga_str_of(text), script,
                          &err),
         file, err.message);
    find_or_add(b, &name)->parts[name.part] = script;
}

void
pga_build_no_files(struct pga_build *b)
{
    b->alterations.count = 0;
}

/* What the tail of a step does to the table `journal`. */
static void
change_table(struct pga_build *b, const struct pga_history_row *row,
             const struct pga_change *change)
{
    const struct pga_applied *after = change->after;
    size_t at = 0;

    while (change->before != NULL && at < b->table_count &&
           strcmp(b->table[at].id, change->before->id) != 0)
        at++;
    if (after == NULL && change->before != NULL) {
        b->table_count--;
        memmove(&b->table[at], &b->table[at + 1], (b->table_count - at) * sizeof(*b->table));
    } else if (after != NULL && change->before != NULL) {
        b->table[at].version = after->version;
        b->table[at].phase = after->phase;
        b->table[at].directives = after->directives;
        memcpy(b->table[at].digests, after->digests, sizeof(after->digests));
        memcpy(b->table[at].has_part, after->has_part, sizeof(after->has_part));
    } else if (after != NULL) {
        b->table =
            pga_grow(&b->mem, b->table, b->table_count, &b->table_capacity, sizeof(*b->table));
        b->table[b->table_count] = *after;
        b->table[b->table_count].seq = row->seq;
        b->table[b->table_count].run = row->run;
        b->table[b->table_count].applied_at = "2026-01-02T03:04:05.678Z";
        b->table[b->table_count++].duration_ms = 7;
    }
}

void
pga_build_change(struct pga_build *b, const struct pga_change *change)
{
    struct pga_history_row row;

    pga_history_build(&b->journal, &b->journal.head, change, &row);
    add_history(b, &row);
    change_table(b, &row, change);
    pga_journal_advance(&b->journal, &row, change);
}

static void
run_step(struct pga_build *b, const struct pga_step *step)
{
    struct pga_applied *after = pga_new(&b->mem, struct pga_applied);
    struct pga_texts texts = {0};
    struct pga_change change = pga_step_change(step, after, &texts);

    pga_build_change(b, &change);
}

void
pga_build_apply(struct pga_build *b, const char *id)
{
    const struct pga_alteration *alteration = pga_alterations_find(&b->alterations, id);
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = id, .alteration = alteration};

    MUST(alteration != NULL, id, "has no file");
    run_step(b, &step);
}

void
pga_build_apply_all(struct pga_build *b)
{
    for (size_t i = 0; i < b->alterations.count; i++)
        if (pga_journal_find(&b->journal, b->alterations.items[i].id) == NULL)
            pga_build_apply(b, b->alterations.items[i].id);
}

void
pga_build_revert(struct pga_build *b, const char *id)
{
    struct pga_step step = {
        .kind = PGA_STEP_REVERT, .id = id, .applied = pga_journal_find(&b->journal, id)};

    MUST(step.applied != NULL, id, "is not applied");
    run_step(b, &step);
}

void
pga_build_run(struct pga_build *b, const struct pga_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        run_step(b, &plan->steps[i]);
}

struct pga_applied *
pga_build_copy(struct pga_build *b, struct pga_journal *out)
{
    struct pga_applied *rows = pga_new_array(&b->mem, struct pga_applied, b->table_count);

    for (size_t i = 0; i < b->table_count; i++)
        rows[i] = b->table[i];
    pga_build_journal(b, out, b->driver);
    out->rows = pga_new_array(&b->mem, struct pga_history_row, b->history_count);
    out->row_count = b->history_count;
    for (size_t i = 0; i < b->history_count; i++)
        out->rows[i] = b->history[i];
    return rows;
}
