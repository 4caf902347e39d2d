/*
 * cli/state.c: every alteration of files and journal with its state.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/state.h"

#include <stdlib.h>

#include "engine/plan.h"
#include "journal/unfinished.h"

static const char *const state_names[PGA_STATE_COUNT] = {
    "applied", "pending", "late", "changed", "renamed", "missing", "half done",
};

const char *
pga_state_name(enum pga_state state)
{
    return state_names[state];
}

size_t
pga_states_pending(const struct pga_states *states)
{
    size_t count = 0;

    for (size_t i = 0; i < states->count; i++)
        count += states->items[i].is_pending;
    return count;
}

bool
pga_states_need_deploy(const struct pga_states *states)
{
    return pga_states_pending(states) > 0 || states->by_state[PGA_STATE_RENAMED] > 0 ||
           states->by_state[PGA_STATE_HALF_DONE] > 0;
}

static int
compare_rows(const void *a, const void *b)
{
    const struct pga_state_row *left = a, *right = b;
    const char *left_time =
        left->alteration != NULL ? left->alteration->timestamp : left->applied->timestamp;
    const char *right_time =
        right->alteration != NULL ? right->alteration->timestamp : right->applied->timestamp;

    return pga_timestamp_compare(left_time, right_time);
}

/* The plan to deploy everything knows what is pending, late, changed, renamed and missing. */
static bool
plan_all(struct pga_context *ctx, struct pga_plan *out, struct pga_error *err)
{
    struct pga_target target = {.kind = PGA_TARGET_NEXT, .text = "next"};
    struct pga_plan_settings settings = {0};

    return pga_plan_deploy(ctx->mem, &ctx->alterations, &ctx->journal, &target, &settings, out,
                           err);
}

static void
fill_rows(struct pga_context *ctx, struct pga_states *states, struct pga_map *by_id)
{
    size_t most = ctx->alterations.count + ctx->journal.applied_count;

    states->items = pga_new_array(ctx->mem, struct pga_state_row, most);
    for (size_t i = 0; i < ctx->alterations.count; i++) {
        const struct pga_alteration *alteration = &ctx->alterations.items[i];
        const struct pga_applied *applied = pga_journal_find(&ctx->journal, alteration->id);

        states->items[states->count++] = (struct pga_state_row){
            .id = alteration->id,
            .version = applied != NULL ? applied->version : alteration->version.text,
            .state = applied != NULL ? PGA_STATE_APPLIED : PGA_STATE_PENDING,
            .alteration = alteration,
            .applied = applied,
            .is_pending = applied == NULL};
    }
    for (size_t i = 0; i < ctx->journal.applied_count; i++) {
        const struct pga_applied *applied = ctx->journal.applied[i];

        if (pga_alterations_find(&ctx->alterations, applied->id) == NULL)
            states->items[states->count++] = (struct pga_state_row){.id = applied->id,
                                                                    .version = applied->version,
                                                                    .state = PGA_STATE_MISSING,
                                                                    .applied = applied};
    }
    qsort(states->items, states->count, sizeof(*states->items), compare_rows);
    for (size_t i = 0; i < states->count; i++)
        (void)pga_map_put(by_id, states->items[i].id, &states->items[i]);
}

static bool
mark_unfinished(struct pga_context *ctx, const struct pga_map *by_id, struct pga_error *err)
{
    struct pga_unfinished *unfinished;
    size_t count;

    if (!pga_unfinished_load(&ctx->journal, ctx->mem, &unfinished, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct pga_state_row *row = pga_map_find(by_id, unfinished[i].id);

        if (row != NULL)
            row->state = PGA_STATE_HALF_DONE;
    }
    return true;
}

bool
pga_states_load(struct pga_context *ctx, struct pga_states *out, struct pga_error *err)
{
    struct pga_map by_id = pga_map_on(ctx->mem);
    struct pga_plan plan;

    *out = (struct pga_states){.has_files = ctx->alterations.count > 0};
    if (!pga_journal_load(&ctx->journal, err) || !plan_all(ctx, &plan, err))
        return false;
    fill_rows(ctx, out, &by_id);
    for (size_t i = 0; i < plan.count; i++) {
        struct pga_state_row *row = pga_map_find(&by_id, plan.steps[i].id);

        if (plan.steps[i].kind == PGA_STEP_RENAME)
            row->state = PGA_STATE_RENAMED;
        else if (plan.steps[i].is_late)
            row->state = PGA_STATE_LATE;
    }
    for (size_t i = 0; i < plan.changed_count; i++)
        ((struct pga_state_row *)pga_map_find(&by_id, plan.changed[i].applied->id))->state =
            PGA_STATE_CHANGED;
    if (!mark_unfinished(ctx, &by_id, err))
        return false;
    for (size_t i = 0; i < out->count; i++)
        out->by_state[out->items[i].state]++;
    return true;
}

const char *
pga_attempt_state(struct pga_context *ctx, const struct pga_attempt *attempt)
{
    return attempt->sqlstate[0] == '\0'
               ? ""
               : pga_format(ctx->mem, " (SQLSTATE %s)", pga_shown(ctx, attempt->sqlstate));
}
