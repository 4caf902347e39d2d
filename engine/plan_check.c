/*
 * engine/plan_check.c: what speaks against running a plan.  Pure.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/plan.h"

#include <stdlib.h>
#include <string.h>

#include "alterations/slug.h"
#include "base/map.h"

#define NAMED_MAX 40 /* alterations that an error names; the rest is counted */

/* A list of names for a detail. */
struct names {
    struct pga_buf text;
    size_t count;
};

static void
name(struct names *names, const char *id, const char *reason)
{
    if (names->count++ >= NAMED_MAX)
        return;
    pga_buf_appendf(&names->text, "%s%s%s%s", names->count == 1 ? "" : "\n", id,
                    reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
}

static bool
fail_named(struct pga_error *err, struct names *names)
{
    if (names->count > NAMED_MAX)
        pga_buf_appendf(&names->text, "\nand %zu more", names->count - NAMED_MAX);
    return pga_error_detail(err, "%s", names->text.data);
}

/* The value of a directive in canonical form, up to its line's end; empty when it isn't there. */
static struct pga_str
directive_of(const char *canonical, const char *key)
{
    struct pga_str rest = pga_str_of(canonical);
    size_t key_len = strlen(key);

    while (rest.len > 0) {
        const char *end = memchr(rest.data, '\n', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.data);

        if (len > key_len && memcmp(rest.data, key, key_len) == 0 && rest.data[key_len] == ' ')
            return pga_str_slice(rest, key_len + 1, len - key_len - 1);
        rest = pga_str_slice(rest, len + 1, rest.len);
    }
    return (struct pga_str){"", 0};
}

/* The script that a revert would run exists, in the journal or, if the user said so, in the file. */
static bool
has_down(const struct pga_step *step, const struct pga_plan_settings *settings)
{
    if (settings->down_from == PGA_DOWN_FROM_FILES && step->alteration != NULL)
        return pga_alteration_is_reversible(step->alteration);
    return step->applied->has_part[PGA_PART_DOWN];
}

static bool
check_reversible(struct pga_arena *mem, const struct pga_plan *plan,
                 const struct pga_plan_settings *settings, struct pga_error *err)
{
    struct names names = {.text = pga_buf_on(mem)};

    for (size_t i = 0; i < plan->count; i++) {
        const struct pga_step *step = &plan->steps[i];
        struct pga_str reason;

        if (step->kind != PGA_STEP_REVERT || has_down(step, settings))
            continue;
        reason = directive_of(step->applied->directives, "irreversible");
        name(&names, step->id, reason.len == 0 ? "has no down script" : pga_str_dup(mem, reason));
    }
    if (names.count == 0)
        return true;
    (void)pga_fail(err, PGA_ERR_JOURNAL, "%zu %s irreversible; nothing was rolled back",
                   names.count, names.count == 1 ? "alteration is" : "alterations are");
    (void)pga_error_identify(err, PGA_ID_IRREVERSIBLE);
    (void)fail_named(err, &names);
    return pga_error_hint(
        err, "Choose a target after them; or write a down script and take it into the journal: "
             "pgalter accept ID --because TEXT");
}

/* The steps of one kind by id, so that looking for needs does not take the square of their number. */
static struct pga_map
index_steps(struct pga_arena *mem, const struct pga_plan *plan, enum pga_step_kind kind)
{
    struct pga_map map = pga_map_on(mem);

    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == kind)
            (void)pga_map_put(&map, plan->steps[i].id, &plan->steps[i]);
    return map;
}

/* What a step needs must be applied already or come before it. */
static void
check_step_needs(struct pga_arena *mem, const struct pga_step *step,
                 const struct pga_journal *journal, const struct pga_map *planned,
                 struct names *names)
{
    const struct pga_directives *directives = &step->alteration->parts[PGA_PART_UP]->directives;

    for (size_t i = 0; i < directives->need_count; i++) {
        const char *need = directives->needs[i];
        const struct pga_step *other = pga_map_find(planned, need);

        if (pga_journal_find(journal, need) == NULL && (other == NULL || other >= step))
            name(names, step->id,
                 pga_format(mem, "needs %s, which %s", need,
                            other == NULL   ? "is neither applied nor in the plan"
                            : other == step ? "is itself"
                                            : "comes later"));
    }
}

/* An alteration that stays applied must not lose what it needs. */
static void
check_kept_needs(struct pga_arena *mem, const struct pga_applied *applied,
                 const struct pga_map *reverted, struct names *names)
{
    const char *line = applied->directives;

    if (pga_map_find(reverted, applied->id) != NULL)
        return;
    while (line != NULL && *line != '\0') {
        if (pga_str_starts(pga_str_of(line), "needs ")) {
            const char *need = pga_str_dup(mem, directive_of(line, "needs"));

            if (pga_map_find(reverted, need) != NULL)
                name(names, applied->id, pga_format(mem, "stays and needs %s", need));
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
}

static bool
check_needs(struct pga_arena *mem, const struct pga_plan *plan, const struct pga_journal *journal,
            struct pga_error *err)
{
    bool is_up = plan->direction == PGA_DIRECTION_UP;
    struct pga_map steps = index_steps(mem, plan, is_up ? PGA_STEP_APPLY : PGA_STEP_REVERT);
    struct names names = {.text = pga_buf_on(mem)};

    for (size_t i = 0; is_up && i < plan->count; i++)
        if (plan->steps[i].kind == PGA_STEP_APPLY)
            check_step_needs(mem, &plan->steps[i], journal, &steps, &names);
    for (size_t i = 0; !is_up && i < journal->applied_count; i++)
        check_kept_needs(mem, journal->applied[i], &steps, &names);
    if (names.count == 0)
        return true;
    (void)pga_fail(err, PGA_ERR_JOURNAL, "%zu %s not met; nothing was run", names.count,
                   names.count == 1 ? "need is" : "needs are");
    (void)pga_error_identify(err, PGA_ID_NEEDS);
    (void)fail_named(err, &names);
    return pga_error_hint(
        err, is_up
                 ? "Choose a target that takes what is needed along, or correct the directive; "
                   "\"pgalter list\" shows what is applied."
                 : "Choose a target that takes both back; \"pgalter list\" shows what is applied.");
}

static int
compare_applied(const void *a, const void *b)
{
    return pga_timestamp_compare((*(const struct pga_applied *const *)a)->timestamp,
                                 (*(const struct pga_applied *const *)b)->timestamp);
}

/* The applied alteration without a file, of which there is one, that has the timestamp of this step, or NULL. */
static const struct pga_applied *
find_missing(const struct pga_applied **sorted, size_t count, const struct pga_step *step)
{
    struct pga_applied key = {.timestamp = step->alteration->timestamp};
    const struct pga_applied *wanted = &key;
    const struct pga_applied **found;

    found = bsearch(&wanted, sorted, count, sizeof(*sorted), compare_applied);
    return found == NULL ? NULL : *found;
}

/*
 * A pending alteration with the timestamp of one that is applied and has no file is that one under another slug: run
 * again, it would fail halfway at best.
 */
static bool
check_renamed(struct pga_arena *mem, const struct pga_plan *plan, struct pga_error *err)
{
    struct names names = {.text = pga_buf_on(mem)};
    const struct pga_applied **sorted =
        pga_new_array(mem, const struct pga_applied *, plan->missing_count);

    if (plan->direction != PGA_DIRECTION_UP || plan->missing_count == 0)
        return true;
    memcpy(sorted, plan->missing, plan->missing_count * sizeof(*sorted));
    qsort(sorted, plan->missing_count, sizeof(*sorted), compare_applied);
    for (size_t i = 0; i < plan->count; i++) {
        const struct pga_step *step = &plan->steps[i];
        const struct pga_applied *applied =
            step->kind != PGA_STEP_APPLY ? NULL : find_missing(sorted, plan->missing_count, step);
        const char *unlike;

        if (applied == NULL)
            continue;
        unlike = pga_slug_difference(mem, step->alteration->slug, applied->slug);
        name(&names, step->id,
             pga_format(mem, "has the timestamp of %s, which is applied%s%s", applied->id,
                        unlike == NULL ? "" : "; they may look alike, but ",
                        unlike == NULL ? "" : unlike));
    }
    if (names.count == 0)
        return true;
    (void)pga_fail(err, PGA_ERR_JOURNAL, "%zu applied %s another slug now; nothing was run",
                   names.count, names.count == 1 ? "alteration has" : "alterations have");
    (void)pga_error_identify(err, PGA_ID_RENAMED);
    (void)fail_named(err, &names);
    return pga_error_hint(err,
                          "Give the files the applied slug back: what is applied keeps its id. If "
                          "it is another alteration, give it another timestamp; \"pgalter new "
                          "SLUG\" makes one.");
}

static bool
check_backfill(const struct pga_plan *plan, struct pga_error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct pga_alteration *alteration = plan->steps[i].alteration;

        if (plan->steps[i].kind != PGA_STEP_APPLY ||
            alteration->parts[PGA_PART_UP]->directives.backfill == NULL)
            continue;
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" is a backfill, which this pgalter can't run",
                       alteration->parts[PGA_PART_UP]->file);
        (void)pga_error_identify(err, PGA_ID_DIRECTIVE);
        return pga_error_hint(
            err, "Remove the directive to run it as one transaction, or use a newer pgalter.");
    }
    return true;
}

static bool
check_strict(struct pga_arena *mem, const struct pga_plan *plan, struct pga_error *err)
{
    struct names names = {.text = pga_buf_on(mem)};

    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].is_late)
            name(&names, plan->steps[i].id, "is late: a younger alteration is applied");
    for (size_t i = 0; i < plan->missing_count; i++)
        name(&names, plan->missing[i]->id, "is applied and has no file");
    if (names.count == 0)
        return true;
    (void)pga_fail(err, PGA_ERR_JOURNAL, "journal and files disagree about %zu %s (--strict)",
                   names.count, names.count == 1 ? "alteration" : "alterations");
    (void)pga_error_identify(err, PGA_ID_NOT_STRICT);
    (void)fail_named(err, &names);
    return pga_error_hint(
        err, "Without --strict late arrivals are applied and reported, and an applied alteration "
             "without a file is normal for an older image.");
}

bool
pga_plan_check(struct pga_arena *mem, const struct pga_plan *plan,
               const struct pga_journal *journal, const struct pga_plan_settings *settings,
               struct pga_error *err)
{
    if (settings->strict && !check_strict(mem, plan, err))
        return false;
    return check_renamed(mem, plan, err) && check_backfill(plan, err) &&
           check_reversible(mem, plan, settings, err) && check_needs(mem, plan, journal, err);
}

bool
pga_plan_check_unfinished(const struct pga_plan *plan, const struct pga_unfinished *rows,
                          size_t count, struct pga_error *err)
{
    bool is_down = plan->direction == PGA_DIRECTION_DOWN;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_down == is_down)
            continue;
        (void)pga_fail(err, PGA_ERR_HALF_DONE,
                       "\"%s\" is half done in the other direction (%s); nothing was run",
                       rows[i].id, is_down ? "up" : "down");
        (void)pga_error_identify(err, PGA_ID_HALF_DONE);
        return pga_error_hint(
            err,
            "Finish it first: pgalter %s; or undo what it did, then: pgalter %s %s --because TEXT",
            is_down ? "deploy" : "rollback --steps 1", is_down ? "forget" : "mark", rows[i].id);
    }
    return true;
}
