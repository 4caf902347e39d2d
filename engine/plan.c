/*
 * engine/plan.c: the ordered steps that reach a target.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/plan.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)PGA_PART_COUNT == PGA_SCRIPT_COUNT, "the journal has a column for each part");

void
pga_applied_of(const struct pga_alteration *alteration, struct pga_applied *out)
{
    memset(out, 0, sizeof(*out));
    out->id = alteration->id;
    out->version = alteration->version.text;
    out->timestamp = alteration->timestamp;
    out->slug = alteration->slug;
    out->phase = pga_phase_name(pga_alteration_phase(alteration));
    out->directives = pga_alteration_directives(alteration);
    for (size_t i = 0; i < PGA_PART_COUNT; i++) {
        out->has_part[i] = alteration->parts[i] != NULL;
        if (out->has_part[i])
            out->digests[i] = alteration->parts[i]->digest;
    }
}

static void
add_step(struct pga_arena *mem, struct pga_plan *plan, const struct pga_step *step)
{
    plan->steps = pga_grow(mem, plan->steps, plan->count, &plan->capacity, sizeof(*plan->steps));
    plan->steps[plan->count++] = *step;
    plan->run_count += step->kind != PGA_STEP_RENAME;
    plan->late_count += step->is_late;
}

static void
add_changed(struct pga_arena *mem, struct pga_plan *plan, const struct pga_alteration *alteration,
            const struct pga_applied *applied, enum pga_part part)
{
    plan->changed = pga_grow(mem, plan->changed, plan->changed_count, &plan->changed_capacity,
                             sizeof(*plan->changed));
    plan->changed[plan->changed_count++] =
        (struct pga_changed_script){.alteration = alteration, .applied = applied, .part = part};
}

static bool
is_changed(const struct pga_alteration *alteration, const struct pga_applied *applied,
           enum pga_part part)
{
    const struct pga_script_text *file = alteration->parts[part];

    if ((file != NULL) != applied->has_part[part])
        return true;
    return file != NULL && !pga_digest_equal(&file->digest, &applied->digests[part]);
}

static bool
text_version(struct pga_arena *mem, const char *text, struct pga_version *out)
{
    return pga_version_parse(mem, pga_str_of(text), out);
}

/*
 * Whether the file's version is news to the journal.  A release never becomes `next` or nothing again: such a
 * file is of an older image.
 */
static bool
is_renamed(struct pga_arena *mem, const struct pga_alteration *alteration,
           const struct pga_applied *applied)
{
    struct pga_version recorded;

    if (pga_same(alteration->version.text, applied->version))
        return false;
    if (!text_version(mem, applied->version, &recorded) || recorded.kind != PGA_VERSION_RELEASE)
        return true;
    return alteration->version.kind == PGA_VERSION_RELEASE;
}

/* Compare an applied alteration with its file. */
static void
compare(struct pga_arena *mem, struct pga_plan *plan, const struct pga_alteration *alteration,
        const struct pga_applied *applied)
{
    for (int part = 0; part < PGA_PART_COUNT; part++)
        if (is_changed(alteration, applied, (enum pga_part)part))
            add_changed(mem, plan, alteration, applied, (enum pga_part)part);
    if (is_renamed(mem, alteration, applied)) {
        struct pga_step step = {.kind = PGA_STEP_RENAME,
                                .id = alteration->id,
                                .version = alteration->version.text,
                                .was = applied->version,
                                .alteration = alteration,
                                .applied = applied};

        add_step(mem, plan, &step);
    }
}

static void
find_missing(struct pga_arena *mem, struct pga_plan *plan,
             const struct pga_alterations *alterations, const struct pga_journal *journal)
{
    for (size_t i = 0; i < journal->applied_count; i++) {
        if (pga_alterations_find(alterations, journal->applied[i]->id) != NULL)
            continue;
        plan->missing = pga_grow(mem, plan->missing, plan->missing_count, &plan->missing_capacity,
                                 sizeof(*plan->missing));
        plan->missing[plan->missing_count++] = journal->applied[i];
    }
}

/* Whether a versioned alteration lies within the target; an unversioned one never does by itself. */
static bool
is_within(const struct pga_target *target, const struct pga_version *version)
{
    return version->kind == PGA_VERSION_RELEASE &&
           pga_version_compare(version, &target->version) <= 0;
}

/*
 * Index after the last alteration that the target takes along by its place: an unversioned one belongs to the
 * versioned one that follows it.
 */
static size_t
reach_of(const struct pga_alterations *alterations, const struct pga_target *target)
{
    size_t reach = 0;

    if (target->kind != PGA_TARGET_VERSION)
        return alterations->count;
    for (size_t i = 0; i < alterations->count; i++)
        if (is_within(target, &alterations->items[i].version))
            reach = i + 1;
    return reach;
}

static bool
is_chosen(const struct pga_target *target, const struct pga_alteration *alteration,
          bool within_reach)
{
    if (target->kind == PGA_TARGET_VERSION)
        return alteration->version.kind == PGA_VERSION_NONE
                   ? within_reach
                   : is_within(target, &alteration->version);
    if (target->kind == PGA_TARGET_ID)
        return pga_timestamp_compare(alteration->timestamp, target->timestamp) <= 0;
    return target->kind == PGA_TARGET_NEXT || alteration->version.kind != PGA_VERSION_NEXT;
}

/* The timestamp of the youngest alteration that is applied, or NULL. */
static const char *
youngest_applied(const struct pga_journal *journal)
{
    const char *youngest = NULL;

    for (size_t i = 0; i < journal->applied_count; i++)
        if (youngest == NULL || pga_timestamp_compare(journal->applied[i]->timestamp, youngest) > 0)
            youngest = journal->applied[i]->timestamp;
    return youngest;
}

bool
pga_plan_deploy(struct pga_arena *mem, const struct pga_alterations *alterations,
                const struct pga_journal *journal, const struct pga_target *target,
                const struct pga_plan_settings *settings, struct pga_plan *out,
                struct pga_error *err)
{
    size_t reach = reach_of(alterations, target);
    const char *youngest = youngest_applied(journal);

    memset(out, 0, sizeof(*out));
    out->direction = PGA_DIRECTION_UP;
    if (target->kind == PGA_TARGET_ZERO) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"zero\" is a target for rollback only");
        (void)pga_error_identify(err, PGA_ID_UNKNOWN_TARGET);
        return pga_error_hint(err, "To take everything back: pgalter rollback zero");
    }
    find_missing(mem, out, alterations, journal);
    for (size_t i = 0; i < alterations->count; i++) {
        const struct pga_alteration *alteration = &alterations->items[i];
        const struct pga_applied *applied = pga_journal_find(journal, alteration->id);

        if (applied != NULL)
            compare(mem, out, alteration, applied);
    }
    for (size_t i = 0; i < alterations->count; i++) {
        const struct pga_alteration *alteration = &alterations->items[i];
        struct pga_step step = {.kind = PGA_STEP_APPLY,
                                .id = alteration->id,
                                .version = alteration->version.text,
                                .alteration = alteration};

        if (pga_journal_find(journal, alteration->id) != NULL)
            continue;
        if (!is_chosen(target, alteration, i < reach) ||
            (settings->steps > 0 && out->run_count == settings->steps)) {
            out->held_count++;
            if (alteration->version.kind == PGA_VERSION_NEXT)
                out->held_next_count++;
            continue;
        }
        step.is_late =
            youngest != NULL && pga_timestamp_compare(alteration->timestamp, youngest) < 0;
        add_step(mem, out, &step);
    }
    return true;
}

/* Whether a versioned, applied alteration lies beyond the target of a rollback. */
static bool
is_beyond(const struct pga_target *target, const struct pga_version *version)
{
    if (version->kind == PGA_VERSION_NEXT)
        return target->kind != PGA_TARGET_NEXT;
    return target->kind == PGA_TARGET_VERSION && pga_version_compare(version, &target->version) > 0;
}

/*
 * The version that an applied alteration has, or will have as soon as the next deploy records it: a release that the
 * files know must not be taken back as `next`.
 */
static bool
standing_version(struct pga_arena *mem, const struct pga_alterations *alterations,
                 const struct pga_applied *applied, struct pga_version *out)
{
    const struct pga_alteration *file = pga_alterations_find(alterations, applied->id);

    if (file == NULL || !is_renamed(mem, file, applied))
        return text_version(mem, applied->version, out);
    *out = file->version;
    return true;
}

/*
 * How many of the applied alterations, by order of application, stay because of their place: those up to the last
 * versioned one that stays, or up to the id.
 */
static size_t
stay_of(struct pga_arena *mem, const struct pga_alterations *alterations,
        const struct pga_journal *journal, const struct pga_target *target)
{
    size_t stay = 0;

    if (target->kind == PGA_TARGET_LATEST || target->kind == PGA_TARGET_NEXT)
        return journal->applied_count;
    for (size_t i = 0; i < journal->applied_count; i++) {
        struct pga_version version;

        if (target->kind == PGA_TARGET_ID) {
            if (pga_same(journal->applied[i]->id, target->id))
                stay = i + 1;
        } else if (target->kind == PGA_TARGET_VERSION &&
                   standing_version(mem, alterations, journal->applied[i], &version) &&
                   version.kind != PGA_VERSION_NONE && !is_beyond(target, &version)) {
            stay = i + 1;
        }
    }
    return stay;
}

static bool
is_taken_back(struct pga_arena *mem, const struct pga_alterations *alterations,
              const struct pga_applied *applied, const struct pga_target *target,
              bool stays_by_place)
{
    struct pga_version version;

    if (target->kind == PGA_TARGET_ZERO)
        return true;
    if (target->kind == PGA_TARGET_ID || !standing_version(mem, alterations, applied, &version) ||
        version.kind == PGA_VERSION_NONE)
        return !stays_by_place;
    return is_beyond(target, &version);
}

void
pga_plan_rollback(struct pga_arena *mem, const struct pga_alterations *alterations,
                  const struct pga_journal *journal, const struct pga_target *target,
                  const struct pga_plan_settings *settings, struct pga_plan *out)
{
    size_t stay = stay_of(mem, alterations, journal, target);

    memset(out, 0, sizeof(*out));
    out->direction = PGA_DIRECTION_DOWN;
    for (size_t i = journal->applied_count; i-- > 0;) {
        const struct pga_applied *applied = journal->applied[i];
        struct pga_step step = {.kind = PGA_STEP_REVERT,
                                .id = applied->id,
                                .version = applied->version,
                                .alteration = pga_alterations_find(alterations, applied->id),
                                .applied = applied};

        if (settings->steps > 0 && out->run_count == settings->steps)
            break;
        if (!is_taken_back(mem, alterations, applied, target, i < stay))
            continue;
        if (step.alteration != NULL && is_changed(step.alteration, applied, PGA_PART_DOWN))
            add_changed(mem, out, step.alteration, applied, PGA_PART_DOWN);
        if (step.alteration != NULL && is_changed(step.alteration, applied, PGA_PART_BEFORE_DOWN))
            add_changed(mem, out, step.alteration, applied, PGA_PART_BEFORE_DOWN);
        add_step(mem, out, &step);
    }
    find_missing(mem, out, alterations, journal);
}
