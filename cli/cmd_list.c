/*
 * cli/cmd_list.c: pgalter list.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "cli/repeat.h"
#include "cli/state.h"

static const char *const colours[PGA_STATE_COUNT] = {
    [PGA_STATE_APPLIED] = PGA_GREEN,  [PGA_STATE_PENDING] = PGA_YELLOW,
    [PGA_STATE_LATE] = PGA_YELLOW,    [PGA_STATE_CHANGED] = PGA_RED,
    [PGA_STATE_RENAMED] = PGA_YELLOW, [PGA_STATE_MISSING] = PGA_DIM,
    [PGA_STATE_HALF_DONE] = PGA_RED,
};

static void
report_json(struct pga_context *ctx, const struct pga_states *states)
{
    struct pga_json *array;

    pga_json_set_text(ctx->json, "directory", ctx->has_no_dir ? NULL : ctx->dir);
    array = pga_json_set(ctx->json, "alterations", pga_json_array());

    for (size_t i = 0; i < states->count; i++) {
        const struct pga_state_row *row = &states->items[i];
        struct pga_json *object = pga_json_add(array, pga_json_object());

        pga_json_set_text(object, "id", row->id);
        pga_json_set_text(object, "version", row->version[0] == '\0' ? NULL : row->version);
        pga_json_set_text(object, "state", pga_state_name(row->state));
        pga_json_set_text(object, "phase",
                          row->applied != NULL
                              ? row->applied->phase
                              : pga_phase_name(pga_alteration_phase(row->alteration)));
        pga_json_set_bool(object, "reversible",
                          row->applied != NULL ? row->applied->has_part[PGA_PART_DOWN]
                                               : pga_alteration_is_reversible(row->alteration));
        pga_json_set_text(object, "applied_at",
                          row->applied != NULL ? row->applied->applied_at : NULL);
    }
}

bool
pga_cmd_list(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_states states;
    size_t version_width = 0;

    if (!pga_states_load(ctx, &states, err))
        return false;
    if (ctx->json != NULL)
        report_json(ctx, &states);
    for (size_t i = 0; i < states.count; i++) {
        size_t len = pga_utf8_length(pga_str_of(pga_shown(ctx, states.items[i].version)));

        version_width = len > version_width ? len : version_width;
    }
    for (size_t i = 0; i < states.count; i++) {
        const struct pga_state_row *row = &states.items[i];

        pga_print(
            ctx, "%s  %s  %s%s\n",
            pga_paint(ctx, colours[row->state], pga_pad(ctx->mem, pga_state_name(row->state), 9)),
            pga_pad(ctx->mem, pga_shown(ctx, row->version), version_width), pga_shown(ctx, row->id),
            row->applied == NULL
                ? ""
                : pga_paint(ctx, PGA_DIM, pga_format(ctx->mem, "  %s", row->applied->applied_at)));
    }
    /* The rows are for programs too: what is no row goes with the messages. */
    if (ctx->has_no_dir)
        pga_log_write(&ctx->log, PGA_LOG_WARNING,
                      "there is no directory \"%s\" here: only the journal was read", ctx->dir);
    else if (states.count == 0)
        pga_log_write(&ctx->log, PGA_LOG_INFO,
                      "no alterations, neither in \"%s\" nor in the journal; to make one: %s",
                      ctx->dir, pga_repeat_options(ctx, "pgalter new SLUG"));
    if (pga_option_is_given(&ctx->options, PGA_OPTION_EXIT_CODE) && pga_states_need_deploy(&states))
        ctx->exit_status = 10;
    return true;
}
