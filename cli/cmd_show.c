/*
 * cli/cmd_show.c: pgalter show.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "cli/state.h"
#include "engine/target.h"

/* By id, or by the timestamp in it. */
static const struct pga_state_row *
find_row(struct pga_context *ctx, const struct pga_states *states, const char *text,
         struct pga_error *err)
{
    const char **ids = pga_new_array(ctx->mem, const char *, states->count);
    const char *nearest;

    for (size_t i = 0; i < states->count; i++) {
        const struct pga_state_row *row = &states->items[i];
        const char *timestamp =
            row->alteration != NULL ? row->alteration->timestamp : row->applied->timestamp;

        if (pga_same(row->id, text) || pga_same(timestamp, text))
            return row;
        ids[i] = row->id;
    }
    nearest = pga_target_nearest_id(text, ids, states->count);
    (void)pga_fail(err, PGA_ERR_USAGE, "there is no alteration \"%s\"", text);
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_TARGET);
    if (nearest != NULL)
        (void)pga_error_hint(err, "Did you mean \"%s\"?", nearest);
    else
        (void)pga_error_hint(err, "\"pgalter list\" shows all ids.");
    return NULL;
}

static void
show_text(struct pga_context *ctx, struct pga_json *scripts, enum pga_part part, const char *source,
          struct pga_str text)
{
    pga_print(ctx, "\n%s\n%s",
              pga_paint(ctx, PGA_DIM,
                        pga_format(ctx->mem, "-- %s, from the %s", pga_part_name(part), source)),
              pga_shown_text(ctx, text));
    if (text.len == 0)
        pga_print(ctx, "-- (empty)\n");
    if (scripts != NULL) {
        struct pga_json *script = pga_json_add(scripts, pga_json_object());

        pga_json_set_text(script, "part", pga_part_name(part));
        pga_json_set_text(script, "source", source);
        pga_json_set_text(script, "text", pga_str_dup(ctx->mem, text));
    }
}

/* The journal's text where there is one, since that is what a rollback runs; the file's too where it differs. */
static bool
show_scripts(struct pga_context *ctx, const struct pga_state_row *row, struct pga_error *err)
{
    struct pga_json *scripts =
        ctx->json == NULL ? NULL : pga_json_set(ctx->json, "scripts", pga_json_array());

    for (int i = 0; i < PGA_PART_COUNT; i++) {
        enum pga_part part = (enum pga_part)i;
        const struct pga_script_text *file =
            row->alteration == NULL ? NULL : row->alteration->parts[part];
        bool stored = row->applied != NULL && row->applied->has_part[part];
        struct pga_str text;

        if (stored) {
            if (!pga_journal_texts(&ctx->journal, &row->applied->digests[part], 1, ctx->mem, &text,
                                   err))
                return false;
            show_text(ctx, scripts, part, "journal", text);
        }
        if (file != NULL &&
            (!stored || !pga_digest_equal(&file->digest, &row->applied->digests[part])))
            show_text(ctx, scripts, part, "file", file->text);
    }
    return true;
}

static void
show_facts(struct pga_context *ctx, const struct pga_state_row *row)
{
    const char *directives = row->applied != NULL ? row->applied->directives
                                                  : pga_alteration_directives(row->alteration);
    const char *version = row->version[0] == '\0' ? "unversioned" : pga_shown(ctx, row->version);

    pga_print(ctx, "%s  %s  %s\n", pga_paint(ctx, PGA_BOLD, pga_shown(ctx, row->id)), version,
              pga_state_name(row->state));
    if (row->applied != NULL)
        pga_print(ctx, "applied at %s in %s, history row %lld, run %s\n", row->applied->applied_at,
                  pga_format_duration_ms(ctx->mem, row->applied->duration_ms),
                  (long long)row->applied->seq, row->applied->run);
    if (directives[0] != '\0')
        pga_print(ctx, "directives:\n%s", pga_shown_text(ctx, pga_str_of(directives)));
    if (ctx->json == NULL)
        return;
    pga_json_set_text(ctx->json, "id", row->id);
    pga_json_set_text(ctx->json, "version", row->version[0] == '\0' ? NULL : row->version);
    pga_json_set_text(ctx->json, "state", pga_state_name(row->state));
    pga_json_set_text(ctx->json, "directives", directives);
    pga_json_set_text(ctx->json, "applied_at",
                      row->applied != NULL ? row->applied->applied_at : NULL);
    if (row->applied != NULL) {
        pga_json_set_int(ctx->json, "duration_ms", row->applied->duration_ms);
        pga_json_set_int(ctx->json, "seq", row->applied->seq);
        pga_json_set_text(ctx->json, "run", row->applied->run);
    }
}

bool
pga_cmd_show(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_states states;
    const struct pga_state_row *row;

    if (!pga_states_load(ctx, &states, err))
        return false;
    row = find_row(ctx, &states, ctx->options.arguments[0], err);
    if (row == NULL)
        return false;
    show_facts(ctx, row);
    return show_scripts(ctx, row, err);
}
