/*
 * journal/chain.c: the hash chain, and what replaying it gives.  Pure: no database.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/journal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void
hash_text(struct pga_digester *digester, const char *text)
{
    pga_digester_field(digester, text, text == NULL ? 0 : strlen(text));
}

static void
hash_parts(struct pga_digester *digester, const struct pga_applied *subject)
{
    for (size_t i = 0; i < PGA_SCRIPT_COUNT; i++)
        pga_digester_field(digester, subject->has_part[i] ? subject->digests[i].bytes : NULL,
                           PGA_DIGEST_BYTES);
}

struct pga_digest
pga_history_hash(const struct pga_history_row *row)
{
    struct pga_digester digester;
    char seq[32];

    (void)snprintf(seq, sizeof(seq), "%lld", (long long)row->seq);
    pga_digester_init(&digester);
    hash_text(&digester, "pgalter history 1");
    hash_text(&digester, seq);
    pga_digester_field(&digester, row->prev.bytes, PGA_DIGEST_BYTES);
    hash_text(&digester, pga_event_name(row->event));
    hash_text(&digester, row->subject.id);
    hash_text(&digester, row->subject.version);
    hash_text(&digester, row->subject.phase);
    hash_text(&digester, row->subject.directives);
    hash_parts(&digester, &row->subject);
    pga_digester_field(&digester, row->state.bytes, PGA_DIGEST_BYTES);
    hash_text(&digester, row->run);
    hash_text(&digester, row->who);
    hash_text(&digester, row->engine);
    hash_text(&digester, row->because);
    return pga_digester_final(&digester);
}

struct pga_digest
pga_applied_digest(const struct pga_applied *applied)
{
    struct pga_digester digester;

    pga_digester_init(&digester);
    hash_text(&digester, "pgalter applied 1");
    hash_text(&digester, applied->id);
    hash_text(&digester, applied->version);
    hash_parts(&digester, applied);
    return pga_digester_final(&digester);
}

struct pga_head
pga_history_head(const struct pga_history_row *row)
{
    return (struct pga_head){.seq = row->seq, .hash = row->hash, .state = row->state};
}

void
pga_history_build(const struct pga_journal *journal, const struct pga_head *head,
                  const struct pga_change *change, struct pga_history_row *out)
{
    const struct pga_applied *subject = change->after != NULL    ? change->after
                                        : change->before != NULL ? change->before
                                                                 : change->about;

    memset(out, 0, sizeof(*out));
    out->seq = head->seq + 1;
    out->prev = head->hash;
    out->event = change->event;
    out->state = head->state;
    if (subject != NULL)
        out->subject = *subject;
    if (change->before != NULL) {
        struct pga_digest gone = pga_applied_digest(change->before);

        pga_digest_subtract(&out->state, &gone);
    }
    if (change->after != NULL) {
        struct pga_digest come = pga_applied_digest(change->after);

        pga_digest_add(&out->state, &come);
    }
    out->run = journal->settings.run;
    out->who = journal->settings.who;
    out->engine = journal->settings.engine;
    out->because = change->because;
    out->hash = pga_history_hash(out);
}

/* ---- replay ---- */

static bool
tampered(const struct pga_history_row *row, struct pga_error *err, const char *what)
{
    return pga_fail(err, PGA_ERR_JOURNAL,
                    "the journal was tampered with: row %lld of its history %s",
                    (long long)row->seq, what);
}

static bool
same_part(const struct pga_applied *a, const struct pga_applied *b, size_t part)
{
    return a->has_part[part] == b->has_part[part] &&
           (!a->has_part[part] || pga_digest_equal(&a->digests[part], &b->digests[part]));
}

/*
 * Whether an event can come upon an alteration in this state.  `marked` and `forgotten` may also confirm what is so
 * already: they then end a step that stopped in its middle.
 */
static bool
can_follow(enum pga_event event, bool is_applied)
{
    switch (event) {
    case PGA_EVENT_MARKED:
    case PGA_EVENT_FORGOTTEN:
        return true;
    case PGA_EVENT_APPLIED:
    case PGA_EVENT_ADOPTED:
        return !is_applied;
    default:
        return is_applied;
    }
}

/* What one row does to the alterations that are applied; `state` follows. */
static bool
replay_row(struct pga_journal *journal, const struct pga_history_row *row, struct pga_digest *state,
           struct pga_error *err)
{
    struct pga_applied *now;
    struct pga_digest entry;

    if (row->event == PGA_EVENT_CREATED || row->event == PGA_EVENT_UPGRADED)
        return true;
    if (row->subject.id == NULL)
        return tampered(row, err, "names no alteration");
    now = pga_journal_find(journal, row->subject.id);
    if (!can_follow(row->event, now != NULL))
        return tampered(row, err, "does not follow from the rows before it");
    if (now == NULL && row->event == PGA_EVENT_FORGOTTEN)
        return true;
    if (now != NULL) {
        entry = pga_applied_digest(now);
        pga_digest_subtract(state, &entry);
    }
    if (row->event == PGA_EVENT_REVERTED || row->event == PGA_EVENT_FORGOTTEN) {
        (void)pga_map_put(&journal->by_id, now->id, NULL);
        return true;
    }
    if (now == NULL) {
        now = pga_new(journal->mem, struct pga_applied);
        *now = row->subject;
        now->seq = row->seq;
        now->run = row->run;
    } else {
        int64_t seq = now->seq;
        const char *run = now->run;

        *now = row->subject;
        now->seq = seq;
        now->run = run;
    }
    (void)pga_map_put(&journal->by_id, now->id, now);
    entry = pga_applied_digest(now);
    pga_digest_add(state, &entry);
    return true;
}

static bool
verify_row(const struct pga_history_row *row, const struct pga_history_row *last,
           struct pga_error *err)
{
    struct pga_digest hash = pga_history_hash(row);

    if (last == NULL
            ? row->seq != 0 || row->event != PGA_EVENT_CREATED || !pga_digest_is_zero(&row->prev)
            : row->seq != last->seq + 1 || row->event == PGA_EVENT_CREATED)
        return tampered(row, err, "is out of place");
    if (last != NULL && !pga_digest_equal(&row->prev, &last->hash))
        return tampered(row, err, "does not name the hash of the row before it");
    if (!pga_digest_equal(&row->hash, &hash))
        return tampered(row, err, "is not what its hash says");
    return true;
}

/* An id is its timestamp, a hyphen and its slug, and no timestamp has a hyphen. */
static bool
is_id_of(const struct pga_applied *row)
{
    size_t len = strcspn(row->id, "-");

    return strncmp(row->id, row->timestamp, len) == 0 && row->timestamp[len] == '\0' &&
           row->id[len] == '-' && strcmp(row->id + len + 1, row->slug) == 0;
}

/* The first column of a row of `journal` that is not what the replay gave, or NULL. */
static const char *
differing_column(const struct pga_applied *row, const struct pga_applied *now)
{
    if (!is_id_of(row))
        return "timestamp\" or \"slug";
    if (!pga_same(row->version, now->version))
        return "version";
    if (!pga_same(row->phase, now->phase))
        return "phase";
    if (!pga_same(row->directives, now->directives))
        return "directives";
    for (size_t i = 0; i < PGA_SCRIPT_COUNT; i++)
        if (!same_part(row, now, i))
            return pga_script_column(i);
    if (row->seq != now->seq)
        return "seq";
    return pga_same(row->run, now->run) ? NULL : "run";
}

static bool
disagrees(const struct pga_applied *row, const char *column, struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_JOURNAL,
                   "the journal was tampered with: the row of \"%s\" is not what its history says",
                   row->id);
    if (column != NULL)
        return pga_error_detail(err, "It differs in the column \"%s\".", column);
    return pga_error_detail(err, "By the history it is not applied, or stands in another place.");
}

/* The rows of `journal` must be what the replay gave; what only they know is taken over. */
static bool
compare_rows(struct pga_journal *journal, struct pga_applied *rows, size_t count,
             struct pga_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct pga_applied *row = &rows[i], *now = pga_journal_find(journal, row->id);

        const char *column = now == NULL ? NULL : differing_column(row, now);

        /* They come by seq; without its keys the table could hold one row twice in another's place. */
        if (now == NULL || column != NULL || (i > 0 && row->seq <= rows[i - 1].seq))
            return disagrees(row, column, err);
        now->timestamp = row->timestamp;
        now->slug = row->slug;
        now->applied_at = row->applied_at;
        now->duration_ms = row->duration_ms;
        journal->applied = pga_grow(journal->mem, journal->applied, journal->applied_count,
                                    &journal->applied_capacity, sizeof(*journal->applied));
        journal->applied[journal->applied_count++] = now;
    }
    return true;
}

/* Every alteration that the replay left applied must have had its row; they are compared by number. */
static bool
compare_count(const struct pga_journal *journal, size_t count, struct pga_error *err)
{
    size_t expected = 0;

    for (size_t i = 0; i < journal->by_id.capacity; i++)
        expected += journal->by_id.slots[i].value != NULL;
    if (expected == count)
        return true;
    return pga_fail(err, PGA_ERR_JOURNAL,
                    "the journal was tampered with: its history leaves %zu alterations applied, "
                    "its table has %zu",
                    expected, count);
}

static bool
replay(struct pga_journal *journal, struct pga_applied *rows, size_t count, struct pga_error *err)
{
    struct pga_digest state = {{0}};

    journal->by_id = pga_map_on(journal->mem);
    journal->applied = NULL;
    journal->applied_count = journal->applied_capacity = 0;
    for (size_t i = 0; i < journal->row_count; i++) {
        const struct pga_history_row *row = &journal->rows[i];

        if (!verify_row(row, i == 0 ? NULL : &journal->rows[i - 1], err) ||
            !replay_row(journal, row, &state, err))
            return false;
        if (!pga_digest_equal(&state, &row->state))
            return tampered(row, err, "has a state that its rows don't give");
    }
    return compare_rows(journal, rows, count, err) && compare_count(journal, count, err);
}

bool
pga_journal_damaged(const struct pga_journal *journal, struct pga_error *err)
{
    (void)pga_error_identify(err, PGA_ID_JOURNAL_DAMAGED);
    return pga_error_hint(
        err,
        "Somebody wrote to the schema \"%s\" past pgalter, or it was restored in part; nothing is "
        "shown or run from it. See what else is wrong: pgalter doctor. Put the schema back from "
        "the newest backup, whole: pg_restore --clean --if-exists --schema='%s' -d DATABASE "
        "BACKUP; "
        "record what was applied since: pgalter mark --up-to TARGET --because TEXT. A row that is "
        "mended by hand can't be verified again.",
        journal->settings.schema, journal->settings.schema);
}

bool
pga_chain_verify(struct pga_journal *journal, struct pga_applied *rows, size_t count,
                 struct pga_error *err)
{
    return replay(journal, rows, count, err) || pga_journal_damaged(journal, err);
}

/* ---- what has been committed ---- */

/* What is taken back is usually what came last. */
static void
drop_applied(struct pga_journal *journal, const struct pga_applied *gone)
{
    size_t at = journal->applied_count;

    while (at > 0 && !pga_same(journal->applied[at - 1]->id, gone->id))
        at--;
    assert(at > 0);
    memmove(&journal->applied[at - 1], &journal->applied[at],
            (journal->applied_count - at) * sizeof(*journal->applied));
    journal->applied_count--;
}

void
pga_journal_advance(struct pga_journal *journal, const struct pga_history_row *row,
                    const struct pga_change *change)
{
    struct pga_applied *now =
        change->after == NULL ? NULL : pga_journal_find(journal, change->after->id);

    journal->head = pga_history_head(row);
    if (change->after == NULL) {
        if (change->before != NULL) {
            (void)pga_map_put(&journal->by_id, change->before->id, NULL);
            drop_applied(journal, change->before);
        }
        return;
    }
    if (now == NULL) {
        now = pga_new(journal->mem, struct pga_applied);
        *now = *change->after;
        now->seq = row->seq;
        now->run = row->run;
        journal->applied = pga_grow(journal->mem, journal->applied, journal->applied_count,
                                    &journal->applied_capacity, sizeof(*journal->applied));
        journal->applied[journal->applied_count++] = now;
        (void)pga_map_put(&journal->by_id, now->id, now);
    } else {
        struct pga_applied before = *now;

        *now = *change->after;
        now->seq = before.seq;
        now->run = before.run;
        now->applied_at = before.applied_at;
        now->duration_ms = before.duration_ms;
    }
}
