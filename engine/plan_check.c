/*
 * engine/plan_check.c: what speaks against running a plan.  Pure.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/plan.h"

#include <string.h>

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
    (void)fail_named(err, &names);
    return pga_error_hint(
        err, "Choose a target after them; or write a down script and take it into the journal: "
             "pgalter accept ID --because TEXT");
}

static bool
is_planned(const struct pga_plan *plan, size_t before, struct pga_str id)
{
    for (size_t i = 0; i < before; i++)
        if (plan->steps[i].kind == PGA_STEP_APPLY && pga_str_equal_c(id, plan->steps[i].id))
            return true;
    return false;
}

/* What a step needs must be applied already or come before it. */
static void
check_step_needs(struct pga_arena *mem, const struct pga_plan *plan, size_t at,
                 const struct pga_journal *journal, struct names *names)
{
    const struct pga_directives *directives =
        &plan->steps[at].alteration->parts[PGA_PART_UP]->directives;

    for (size_t i = 0; i < directives->need_count; i++) {
        const char *need = directives->needs[i];

        if (pga_journal_find(journal, need) == NULL && !is_planned(plan, at, pga_str_of(need)))
            name(names, plan->steps[at].id, pga_format(mem, "needs %s", need));
    }
}

static bool
is_reverted(const struct pga_plan *plan, struct pga_str id)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == PGA_STEP_REVERT && pga_str_equal_c(id, plan->steps[i].id))
            return true;
    return false;
}

/* An alteration that stays applied must not lose what it needs. */
static void
check_kept_needs(struct pga_arena *mem, const struct pga_plan *plan,
                 const struct pga_applied *applied, struct names *names)
{
    const char *line = applied->directives;

    if (is_reverted(plan, pga_str_of(applied->id)))
        return;
    while (line != NULL && *line != '\0') {
        struct pga_str need = directive_of(line, "needs");

        if (need.len > 0 && pga_str_starts(pga_str_of(line), "needs ") && is_reverted(plan, need))
            name(names, applied->id, pga_format(mem, "stays and needs %.*s", PGA_STR_ARG(need)));
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
}

static bool
check_needs(struct pga_arena *mem, const struct pga_plan *plan, const struct pga_journal *journal,
            struct pga_error *err)
{
    struct names names = {.text = pga_buf_on(mem)};

    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == PGA_STEP_APPLY)
            check_step_needs(mem, plan, i, journal, &names);
    if (plan->direction == PGA_DIRECTION_DOWN)
        for (size_t i = 0; i < journal->applied_count; i++)
            check_kept_needs(mem, plan, journal->applied[i], &names);
    if (names.count == 0)
        return true;
    (void)pga_fail(err, PGA_ERR_JOURNAL, "%zu %s not met; nothing was run", names.count,
                   names.count == 1 ? "need is" : "needs are");
    (void)fail_named(err, &names);
    return pga_error_hint(
        err, plan->direction == PGA_DIRECTION_UP
                 ? "Choose a target that takes what is needed along, or correct the directive; "
                   "\"pgalter list\" shows what is applied."
                 : "Choose a target that takes both back; \"pgalter list\" shows what is applied.");
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
    return check_backfill(plan, err) && check_reversible(mem, plan, settings, err) &&
           check_needs(mem, plan, journal, err);
}
