/*
 * engine/source.c: the scripts that a step runs, from the file or from the journal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/source.h"

#include "engine/shared.h"

bool
pga_script_is_outside(const struct pga_script_text *script)
{
    return script->part == PGA_PART_BEFORE_UP || script->part == PGA_PART_BEFORE_DOWN ||
           script->directives.no_transaction;
}

/* A stored script that is wanted, and where it goes. */
struct wanted {
    const struct pga_applied *applied;
    enum pga_part part;
    const struct pga_script_text **target;
};

struct wanted_list {
    struct wanted *items;
    size_t count, capacity;
};

static void
want(struct pga_arena *mem, struct wanted_list *list, const struct pga_applied *applied,
     enum pga_part part, const struct pga_script_text **target)
{
    if (!applied->has_part[part])
        return;
    list->items = pga_grow(mem, list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] =
        (struct wanted){.applied = applied, .part = part, .target = target};
}

static void
choose(struct pga_runner *runner, struct pga_arena *mem, const struct pga_step *step,
       struct pga_source *source, struct wanted_list *list)
{
    if (step->kind == PGA_STEP_APPLY) {
        source->before = step->alteration->parts[PGA_PART_BEFORE_UP];
        source->main = step->alteration->parts[PGA_PART_UP];
    } else if (step->kind == PGA_STEP_REVERT) {
        if (runner->settings.plan.down_from == PGA_DOWN_FROM_FILES && step->alteration != NULL) {
            source->before = step->alteration->parts[PGA_PART_BEFORE_DOWN];
            source->main = step->alteration->parts[PGA_PART_DOWN];
        } else {
            want(mem, list, step->applied, PGA_PART_BEFORE_DOWN, &source->before);
            want(mem, list, step->applied, PGA_PART_DOWN, &source->main);
        }
    }
}

static bool
load_wanted(struct pga_runner *runner, struct pga_arena *mem, const struct wanted_list *list,
            struct pga_error *err)
{
    struct pga_digest *digests = pga_new_array(mem, struct pga_digest, list->count);
    struct pga_str *texts = pga_new_array(mem, struct pga_str, list->count);

    for (size_t i = 0; i < list->count; i++)
        digests[i] = list->items[i].applied->digests[list->items[i].part];
    if (!pga_journal_texts(runner->journal, digests, list->count, mem, texts, err))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct wanted *wanted = &list->items[i];
        struct pga_script_text *script = pga_new(mem, struct pga_script_text);
        const char *file = pga_format(mem, PGA_STORED_PREFIX "%s.%s.sql", wanted->applied->id,
                                      pga_part_name(wanted->part));

        if (!pga_script_parse(mem, file, wanted->part, texts[i], script, err))
            return false;
        *wanted->target = script;
    }
    return true;
}

static bool
check_script(const struct pga_script_text *script, bool standard_strings, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_prepared prepared;
    struct pga_units units;

    if (script == NULL)
        return true;
    return pga_script_is_outside(script)
               ? pga_script_units(&scratch, script, standard_strings, &units, err)
               : pga_script_prepare(&scratch, script, standard_strings, &prepared, err);
}

bool
pga_sources_load(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
                 struct pga_source **out, struct pga_error *err)
{
    bool standard_strings = runner->journal->standard_strings;
    struct pga_source *sources = pga_new_array(mem, struct pga_source, plan->count);
    struct wanted_list list = {0};

    for (size_t i = 0; i < plan->count; i++)
        choose(runner, mem, &plan->steps[i], &sources[i], &list);
    if (!load_wanted(runner, mem, &list, err))
        return false;
    if (!pga_shared_check(runner, plan, sources, err))
        return false;
    for (size_t i = 0; i < plan->count; i++)
        if (!check_script(sources[i].before, standard_strings, err) ||
            !check_script(sources[i].main, standard_strings, err))
            return false;
    *out = sources;
    return true;
}
