/*
 * engine/record.c: changing what the journal says without running a script.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/record.h"

#include <string.h>

#include "engine/difference.h"
#include "engine/run.h"
#include "engine/target.h"
#include "engine/transaction.h"
#include "journal/unfinished.h"

static void
add_recorded(struct pga_arena *mem, struct pga_recorded *out, const char *id)
{
    out->ids = pga_grow(mem, out->ids, out->count, &out->capacity, sizeof(*out->ids));
    out->ids[out->count++] = id;
}

/* Hold the lock over a journal that is loaded as of now. */
static bool
begin(struct pga_runner *runner, struct pga_error *err)
{
    bool moved = false;

    if (!pga_runner_lock(runner, &moved, err))
        return false;
    return (runner->journal->is_loaded && !moved) || pga_journal_load(runner->journal, err);
}

static bool
fail_no_file(struct pga_arena *mem, const struct pga_runner *runner, const char *id,
             struct pga_error *err)
{
    const char **ids = pga_new_array(mem, const char *, runner->alterations->count);
    const char *nearest;

    for (size_t i = 0; i < runner->alterations->count; i++)
        ids[i] = runner->alterations->items[i].id;
    nearest = pga_target_nearest_id(id, ids, runner->alterations->count);
    (void)pga_fail(err, PGA_ERR_USAGE, "there is no alteration \"%s\" in \"%s\"", id,
                   runner->alterations->dir);
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_TARGET);
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"%s\"?", nearest);
    return pga_error_hint(err, "\"pgalter list\" shows all ids.");
}

static bool
find_unfinished(struct pga_runner *runner, struct pga_arena *mem, const char *id, bool *out,
                struct pga_error *err)
{
    struct pga_unfinished *rows;
    size_t count;

    *out = false;
    if (!pga_unfinished_load(runner->journal, mem, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        *out |= pga_same(rows[i].id, id);
    return true;
}

/* Append one change, with the record of an interrupted run if there is one. */
static bool
commit(struct pga_runner *runner, struct pga_arena *mem, const struct pga_change *change,
       const struct pga_texts *texts, struct pga_error *err)
{
    const char *id = change->after != NULL    ? change->after->id
                     : change->before != NULL ? change->before->id
                                              : change->about->id;
    bool has_unfinished;

    if (!find_unfinished(runner, mem, id, &has_unfinished, err))
        return false;
    return has_unfinished ? pga_journal_finish(runner->journal, change, texts, false, err)
                          : pga_journal_commit(runner->journal, change, texts, err);
}

static bool
mark(struct pga_runner *runner, struct pga_arena *mem, const struct pga_alteration *alteration,
     const char *because, struct pga_recorded *out, struct pga_error *err)
{
    struct pga_step step = {.kind = PGA_STEP_APPLY, .id = alteration->id, .alteration = alteration};
    struct pga_applied *after = pga_new(mem, struct pga_applied);
    struct pga_texts texts = {0};
    struct pga_change change = pga_step_change(&step, after, &texts);

    change.event = PGA_EVENT_MARKED;
    change.because = because;
    if (!commit(runner, mem, &change, &texts, err))
        return false;
    add_recorded(mem, out, alteration->id);
    return true;
}

static bool
create_if_absent(struct pga_runner *runner, struct pga_error *err)
{
    if (runner->journal->presence == PGA_JOURNAL_PRESENT)
        return true;
    if (!pga_journal_create(runner->journal, err))
        return false;
    if (runner->journal->head.seq == 0)
        return true;
    (void)pga_fail(err, PGA_ERR_LOCKED, "another run made the journal at the same moment");
    (void)pga_error_identify(err, PGA_ID_LOCKED);
    return pga_error_hint(err, "Nothing was changed. Run the same command again.");
}

/* It is applied already: then all that can be left to say is that a rollback did nothing to it. */
static bool
mark_applied(struct pga_runner *runner, struct pga_arena *mem, const struct pga_applied *applied,
             const char *because, struct pga_recorded *out, struct pga_error *err)
{
    struct pga_change change = {
        .event = PGA_EVENT_MARKED, .before = applied, .after = applied, .because = because};
    bool has_unfinished;

    if (!find_unfinished(runner, mem, applied->id, &has_unfinished, err))
        return false;
    if (!has_unfinished) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" is applied already", applied->id);
        (void)pga_error_identify(err, PGA_ID_ALREADY_APPLIED);
        return pga_error_hint(err, "\"pgalter show %s\" says since when.", applied->id);
    }
    if (!commit(runner, mem, &change, NULL, err))
        return false;
    add_recorded(mem, out, applied->id);
    return true;
}

static bool
mark_one(struct pga_runner *runner, struct pga_arena *mem, const char *id, const char *because,
         struct pga_recorded *out, struct pga_error *err)
{
    const struct pga_alteration *alteration = pga_alterations_find(runner->alterations, id);
    const struct pga_applied *applied;

    if (!begin(runner, err))
        return false;
    applied = pga_journal_find(runner->journal, id);
    if (applied != NULL)
        return mark_applied(runner, mem, applied, because, out, err);
    if (alteration == NULL)
        return fail_no_file(mem, runner, id, err);
    return create_if_absent(runner, err) && mark(runner, mem, alteration, because, out, err);
}

bool
pga_mark_one(struct pga_runner *runner, struct pga_arena *mem, const char *id, const char *because,
             struct pga_recorded *out, struct pga_error *err)
{
    bool fine = mark_one(runner, mem, id, because, out, err);

    pga_runner_unlock(runner);
    return fine;
}

static bool
mark_up_to(struct pga_runner *runner, struct pga_arena *mem, const char *target,
           const char *because, struct pga_recorded *out, struct pga_error *err)
{
    struct pga_plan plan;

    if (!begin(runner, err) || !pga_deploy_plan(runner, mem, target, &plan, err))
        return false;
    if (plan.run_count == 0)
        return true;
    if (!create_if_absent(runner, err))
        return false;
    for (size_t i = 0; i < plan.count; i++)
        if (plan.steps[i].kind == PGA_STEP_APPLY &&
            !mark(runner, mem, plan.steps[i].alteration, because, out, err))
            return false;
    return true;
}

bool
pga_mark_up_to(struct pga_runner *runner, struct pga_arena *mem, const char *target,
               const char *because, struct pga_recorded *out, struct pga_error *err)
{
    bool fine = mark_up_to(runner, mem, target, because, out, err);

    pga_runner_unlock(runner);
    return fine;
}

static bool
fail_not_applied(struct pga_arena *mem, const struct pga_runner *runner, const char *id,
                 struct pga_error *err)
{
    const struct pga_journal *journal = runner->journal;
    const char **ids = pga_new_array(mem, const char *, journal->applied_count);
    const char *nearest;

    for (size_t i = 0; i < journal->applied_count; i++)
        ids[i] = journal->applied[i]->id;
    nearest = pga_target_nearest_id(id, ids, journal->applied_count);
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" is not applied", id);
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_TARGET);
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"%s\"?", nearest);
    return pga_error_hint(err, "\"pgalter list\" shows what is.");
}

bool
pga_accept_preview(struct pga_runner *runner, struct pga_arena *mem, const char *id,
                   const char **out_difference, struct pga_error *err)
{
    const struct pga_alteration *alteration = pga_alterations_find(runner->alterations, id);
    const struct pga_applied *applied;
    struct pga_buf all = pga_buf_on(mem);

    if (!runner->journal->is_loaded && !pga_journal_load(runner->journal, err))
        return false;
    applied = pga_journal_find(runner->journal, id);
    if (applied == NULL)
        return fail_not_applied(mem, runner, id, err);
    if (alteration == NULL)
        return fail_no_file(mem, runner, id, err);
    for (int part = 0; part < PGA_PART_COUNT; part++) {
        const struct pga_script_text *file = alteration->parts[part];
        struct pga_changed_script changed = {
            .alteration = alteration, .applied = applied, .part = (enum pga_part)part};
        char *difference;

        if ((file != NULL) == applied->has_part[part] &&
            (file == NULL || pga_digest_equal(&file->digest, &applied->digests[part])))
            continue;
        if (!pga_difference_of(runner, mem, &changed, &difference, err))
            return false;
        pga_buf_appendf(&all, "--- journal:%s.%s.sql\n+++ %s\n%s", id,
                        pga_part_name((enum pga_part)part), file == NULL ? "(no file)" : file->file,
                        difference);
    }
    *out_difference = all.data;
    return true;
}

static bool
accept(struct pga_runner *runner, struct pga_arena *mem, const char *id, const char *because,
       struct pga_recorded *out, struct pga_error *err)
{
    struct pga_applied *after = pga_new(mem, struct pga_applied);
    struct pga_texts texts = {0};
    struct pga_change change = {.event = PGA_EVENT_ACCEPTED, .after = after, .because = because};
    const struct pga_alteration *alteration;
    const char *difference = "";

    if (!begin(runner, err) || !pga_accept_preview(runner, mem, id, &difference, err))
        return false;
    out->difference = difference;
    if (difference[0] == '\0')
        return true;
    alteration = pga_alterations_find(runner->alterations, id);
    change.before = pga_journal_find(runner->journal, id);
    pga_applied_of(alteration, after);
    after->version = change.before->version; /* a new version is `renamed`, by the next deploy */
    for (size_t i = 0; i < PGA_PART_COUNT; i++)
        if (alteration->parts[i] != NULL)
            texts.part[i] = alteration->parts[i]->text;
    if (!commit(runner, mem, &change, &texts, err))
        return false;
    add_recorded(mem, out, id);
    return true;
}

bool
pga_accept(struct pga_runner *runner, struct pga_arena *mem, const char *id, const char *because,
           struct pga_recorded *out, struct pga_error *err)
{
    bool fine = accept(runner, mem, id, because, out, err);

    pga_runner_unlock(runner);
    return fine;
}

static bool
forget(struct pga_runner *runner, struct pga_arena *mem, const char *id, const char *because,
       struct pga_recorded *out, struct pga_error *err)
{
    struct pga_applied about = {.id = id, .version = "", .phase = "", .directives = ""};
    struct pga_change change = {.event = PGA_EVENT_FORGOTTEN, .because = because};
    bool has_unfinished;

    if (!begin(runner, err))
        return false;
    change.before = pga_journal_find(runner->journal, id);
    if (change.before == NULL) {
        change.about = &about;
        if (!find_unfinished(runner, mem, id, &has_unfinished, err))
            return false;
        if (!has_unfinished)
            return fail_not_applied(mem, runner, id, err);
    }
    if (!commit(runner, mem, &change, NULL, err))
        return false;
    add_recorded(mem, out, id);
    return true;
}

bool
pga_forget(struct pga_runner *runner, struct pga_arena *mem, const char *id, const char *because,
           struct pga_recorded *out, struct pga_error *err)
{
    bool fine = forget(runner, mem, id, because, out, err);

    pga_runner_unlock(runner);
    return fine;
}
