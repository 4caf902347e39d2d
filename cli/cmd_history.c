/*
 * cli/cmd_history.c: pgalter history.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "cli/repeat.h"
#include "cli/state.h"

#define ATTEMPTS_SHOWN 20 /* unless --limit says otherwise */

static void
add_row(struct pga_context *ctx, struct pga_json *array, const struct pga_history_row *row)
{
    struct pga_json *object = pga_json_add(array, pga_json_object());

    pga_json_set_int(object, "seq", row->seq);
    pga_json_set_text(object, "event", pga_event_name(row->event));
    pga_json_set_text(object, "id", row->subject.id);
    pga_json_set_text(object, "version", row->subject.version);
    pga_json_set_text(object, "at", row->at);
    pga_json_set_text(object, "who", row->who);
    pga_json_set_text(object, "run", row->run);
    pga_json_set_text(object, "engine", row->engine);
    pga_json_set_text(object, "because", row->because);
    pga_json_set_text(object, "hash", pga_digest_format(ctx->mem, &row->hash));
}

static void
print_row(struct pga_context *ctx, const struct pga_history_row *row)
{
    const char *version = row->subject.version == NULL ? "" : pga_shown(ctx, row->subject.version);

    pga_print(ctx, "%6lld  %s  %s %s%s%s%s%s\n", (long long)row->seq, row->at,
              pga_paint(ctx, PGA_BOLD, pga_pad(ctx->mem, pga_event_name(row->event), 9)),
              row->subject.id == NULL ? "the journal" : pga_shown(ctx, row->subject.id),
              version[0] == '\0'
                  ? ""
                  : pga_format(ctx->mem, row->subject.id == NULL ? ", format %s" : "  %s", version),
              pga_paint(ctx, PGA_DIM, pga_format(ctx->mem, "  by %s", pga_shown(ctx, row->who))),
              row->because == NULL ? "" : "\n        because ",
              row->because == NULL ? "" : pga_shown(ctx, row->because));
}

static bool
report_attempts(struct pga_context *ctx, size_t limit, struct pga_error *err)
{
    struct pga_attempt *attempts;
    struct pga_json *array = NULL;
    size_t count;

    if (!pga_attempts_load(&ctx->journal, ctx->mem, limit, &attempts, &count, err))
        return false;
    if (ctx->json != NULL)
        array = pga_json_set(ctx->json, "attempts", pga_json_array());
    if (count > 0)
        pga_print(ctx, "\nfailed attempts, newest first\n");
    for (size_t i = 0; i < count; i++) {
        const struct pga_attempt *attempt = &attempts[i];

        pga_print(
            ctx, "        %s  %s %s%s%s%s%s\n", attempt->at, pga_paint(ctx, PGA_RED, attempt->code),
            pga_shown(ctx, attempt->message), pga_attempt_state(ctx, attempt),
            attempt->place[0] == '\0' ? "" : "  ", pga_shown(ctx, attempt->place),
            pga_paint(ctx, PGA_DIM, pga_format(ctx->mem, "  by %s", pga_shown(ctx, attempt->who))));
        if (array != NULL) {
            struct pga_json *object = pga_json_add(array, pga_json_object());

            pga_json_set_text(object, "at", attempt->at);
            pga_json_set_text(object, "id", attempt->id);
            pga_json_set_text(object, "direction", attempt->direction);
            pga_json_set_text(object, "code", attempt->code);
            pga_json_set_text(object, "sqlstate",
                              attempt->sqlstate[0] == '\0' ? NULL : attempt->sqlstate);
            pga_json_set_text(object, "message", attempt->message);
            pga_json_set_text(object, "place", attempt->place[0] == '\0' ? NULL : attempt->place);
            pga_json_set_text(object, "run", attempt->run);
            pga_json_set_text(object, "who", attempt->who);
        }
    }
    return true;
}

bool
pga_cmd_history(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_journal *journal = &ctx->journal;
    struct pga_json *array = NULL;
    size_t limit = (size_t)pga_option_int(&ctx->options, PGA_OPTION_LIMIT, INT32_MAX), first;

    if (!pga_journal_load(journal, err))
        return false;
    if (ctx->json != NULL)
        array = pga_json_set(ctx->json, "history", pga_json_array());
    first = journal->row_count > limit ? journal->row_count - limit : 0;
    for (size_t i = first; i < journal->row_count; i++) {
        print_row(ctx, &journal->rows[i]);
        if (array != NULL)
            add_row(ctx, array, &journal->rows[i]);
    }
    if (journal->presence != PGA_JOURNAL_PRESENT)
        pga_log_write(&ctx->log, PGA_LOG_INFO, "%s",
                      pga_repeat_options(ctx, "there is no journal yet: the first \"pgalter "
                                              "deploy\" makes it"));
    return report_attempts(
        ctx, pga_option_is_given(&ctx->options, PGA_OPTION_LIMIT) ? (size_t)limit : ATTEMPTS_SHOWN,
        err);
}
