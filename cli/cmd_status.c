/*
 * cli/cmd_status.c: pgalter status.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <string.h>

#include "alterations/version.h"
#include "cli/repeat.h"
#include "cli/state.h"
#include "journal/attempts.h"

#define PENDING_SHOWN 10

/* The highest release that is applied, "" for none, and how many alterations of `next` are. */
static const char *
applied_version(struct pga_context *ctx, size_t *out_next)
{
    struct pga_version highest = {.kind = PGA_VERSION_NONE, .text = ""}, version;

    *out_next = 0;
    for (size_t i = 0; i < ctx->journal.applied_count; i++) {
        if (!pga_version_parse(ctx->mem, pga_str_of(ctx->journal.applied[i]->version), &version))
            continue;
        if (version.kind == PGA_VERSION_NEXT)
            ++*out_next;
        else if (pga_version_compare(&version, &highest) > 0)
            highest = version;
    }
    return highest.text;
}

static const char *
server_version(struct pga_context *ctx)
{
    int number = pga_driver_server_version(ctx->driver);

    return pga_format(ctx->mem, "%d.%d", number / 10000, number % 10000);
}

static void
report_json(struct pga_context *ctx, const struct pga_states *states, const char *version,
            size_t next)
{
    struct pga_json *journal, *pending, *missing;

    pga_json_set_text(ctx->json, "database", pga_driver_describe(ctx->driver));
    pga_json_set_text(ctx->json, "server_version", server_version(ctx));
    journal = pga_json_set(ctx->json, "journal", pga_json_object());
    pga_json_set_text(journal, "schema", ctx->journal.settings.schema);
    pga_json_set_bool(journal, "exists", ctx->journal.presence == PGA_JOURNAL_PRESENT);
    if (ctx->journal.presence == PGA_JOURNAL_PRESENT) {
        pga_json_set_text(
            journal, "format",
            pga_format(ctx->mem, "%d.%d", ctx->journal.format_major, ctx->journal.format_minor));
        pga_json_set_int(journal, "seq", ctx->journal.head.seq);
        pga_json_set_text(journal, "head", pga_digest_format(ctx->mem, &ctx->journal.head.hash));
    }
    pga_json_set_text(ctx->json, "directory", ctx->has_no_dir ? NULL : ctx->dir);
    pga_json_set_text(ctx->json, "version", version[0] == '\0' ? NULL : version);
    pga_json_set_int(ctx->json, "next", (int64_t)next);
    pga_json_set_int(ctx->json, "applied", (int64_t)ctx->journal.applied_count);
    pending = pga_json_set(ctx->json, "pending", pga_json_array());
    missing = pga_json_set(ctx->json, "missing", pga_json_array());
    for (size_t i = 0; i < states->count; i++) {
        if (states->items[i].is_pending)
            pga_json_add_text(pending, states->items[i].id);
        if (states->items[i].state == PGA_STATE_MISSING)
            pga_json_add_text(missing, states->items[i].id);
    }
    pga_json_set_int(ctx->json, "renamed", (int64_t)states->by_state[PGA_STATE_RENAMED]);
    pga_json_set_int(ctx->json, "changed", (int64_t)states->by_state[PGA_STATE_CHANGED]);
    pga_json_set_int(ctx->json, "half_done", (int64_t)states->by_state[PGA_STATE_HALF_DONE]);
}

static void
print_row(struct pga_context *ctx, const char *label, const char *text)
{
    pga_print(ctx, "%s %s\n", pga_paint(ctx, PGA_BOLD, pga_pad(ctx->mem, label, 10)),
              pga_repeat_options(ctx, text));
}

static void
print_pending(struct pga_context *ctx, const struct pga_states *states)
{
    size_t pending = pga_states_pending(states), shown = 0;

    print_row(ctx, "pending", pga_count(ctx->mem, pending, "alteration"));
    for (size_t i = 0; i < states->count && shown < PENDING_SHOWN; i++) {
        const struct pga_state_row *row = &states->items[i];

        if (!row->is_pending)
            continue;
        pga_print(ctx, "           %s  %s%s\n", pga_shown(ctx, row->id),
                  row->version[0] == '\0' ? "unversioned" : pga_shown(ctx, row->version),
                  row->state == PGA_STATE_LATE        ? pga_paint(ctx, PGA_YELLOW, "  late")
                  : row->state == PGA_STATE_HALF_DONE ? pga_paint(ctx, PGA_RED, "  half done")
                                                      : "");
        shown++;
    }
    if (pending > shown)
        pga_print(ctx, "           and %zu more: %s\n", pending - shown,
                  pga_repeat_options(ctx, "pgalter list"));
}

/* What is applied and half done has been in the middle of its rollback. */
static const char *
half_done_command(const struct pga_states *states)
{
    for (size_t i = 0; i < states->count; i++)
        if (states->items[i].state == PGA_STATE_HALF_DONE && !states->items[i].is_pending)
            return "pgalter rollback --steps 1";
    return "pgalter deploy";
}

/* What needs somebody to look at it, each with the command that does. */
static void
print_attention(struct pga_context *ctx, const struct pga_states *states)
{
    if (states->by_state[PGA_STATE_RENAMED] > 0)
        print_row(ctx, "renamed",
                  pga_format(
                      ctx->mem, "%s in another version now: the next \"pgalter deploy\" records it",
                      pga_count(ctx->mem, states->by_state[PGA_STATE_RENAMED], "alteration")));
    if (states->by_state[PGA_STATE_CHANGED] > 0)
        print_row(
            ctx, pga_paint(ctx, PGA_RED, "changed"),
            pga_format(ctx->mem, "%s after being applied: pgalter list",
                       pga_count(ctx->mem, states->by_state[PGA_STATE_CHANGED], "alteration")));
    if (states->by_state[PGA_STATE_HALF_DONE] > 0)
        print_row(
            ctx, pga_paint(ctx, PGA_RED, "half done"),
            pga_format(ctx->mem, "%s: \"%s\" goes on",
                       pga_count(ctx->mem, states->by_state[PGA_STATE_HALF_DONE], "alteration"),
                       half_done_command(states)));
    if (states->by_state[PGA_STATE_MISSING] > 0 && states->has_files)
        print_row(
            ctx, "no file",
            pga_format(ctx->mem, "%s applied, normal for an older image",
                       pga_count(ctx->mem, states->by_state[PGA_STATE_MISSING], "alteration")));
}

/* A failure that a later change of state followed has been seen to. */
static bool
is_settled(const struct pga_journal *journal, const struct pga_attempt *attempt)
{
    return journal->row_count > 0 &&
           strcmp(attempt->at, journal->rows[journal->row_count - 1].at) < 0;
}

/* What the log of the run has said, which may be gone with its pod. */
static void
print_attempt(struct pga_context *ctx, const struct pga_attempt *attempt)
{
    print_row(ctx, pga_paint(ctx, PGA_RED, "failed"),
              pga_format(ctx->mem, "last at %s by %s: %s%s", attempt->at,
                         pga_shown(ctx, attempt->who), pga_shown(ctx, attempt->message),
                         pga_attempt_state(ctx, attempt)));
    if (attempt->place[0] != '\0')
        pga_print(ctx, "           in %s\n", pga_shown(ctx, attempt->place));
}

static bool
report_attempt(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_attempt *attempts;
    size_t count;

    if (!pga_attempts_load(&ctx->journal, ctx->mem, 1, &attempts, &count, err))
        return false;
    if (count == 0 || is_settled(&ctx->journal, &attempts[0]))
        return true;
    print_attempt(ctx, &attempts[0]);
    if (ctx->json != NULL) {
        struct pga_json *last = pga_json_set(ctx->json, "last_failure", pga_json_object());

        pga_json_set_text(last, "at", attempts[0].at);
        pga_json_set_text(last, "id", attempts[0].id);
        pga_json_set_text(last, "code", attempts[0].code);
        pga_json_set_text(last, "sqlstate",
                          attempts[0].sqlstate[0] == '\0' ? NULL : attempts[0].sqlstate);
        pga_json_set_text(last, "message", attempts[0].message);
        pga_json_set_text(last, "place", attempts[0].place[0] == '\0' ? NULL : attempts[0].place);
        pga_json_set_text(last, "run", attempts[0].run);
        pga_json_set_text(last, "who", attempts[0].who);
    }
    return true;
}

static void
print_journal(struct pga_context *ctx)
{
    if (ctx->journal.presence != PGA_JOURNAL_PRESENT) {
        print_row(ctx, "journal", "none yet: the first \"pgalter deploy\" makes it");
        return;
    }
    print_row(ctx, "journal",
              pga_format(ctx->mem, "schema \"%s\", format %d.%d, head %lld %.16s",
                         pga_shown(ctx, ctx->journal.settings.schema), ctx->journal.format_major,
                         ctx->journal.format_minor, (long long)ctx->journal.head.seq,
                         pga_digest_format(ctx->mem, &ctx->journal.head.hash)));
}

bool
pga_cmd_status(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_states states;
    const char *version;
    size_t next;

    if (!pga_states_load(ctx, &states, err))
        return false;
    version = applied_version(ctx, &next);
    if (ctx->json != NULL)
        report_json(ctx, &states, version, next);
    print_row(ctx, "database", pga_shown(ctx, pga_driver_describe(ctx->driver)));
    print_row(ctx, "server", pga_format(ctx->mem, "PostgreSQL %s", server_version(ctx)));
    print_journal(ctx);
    if (ctx->has_no_dir)
        print_row(
            ctx, "directory",
            pga_format(ctx->mem, "there is no \"%s\" here: only the journal was read", ctx->dir));
    print_row(ctx, "version",
              pga_format(ctx->mem, "%s%s", version[0] == '\0' ? "none" : version,
                         next == 0 ? "" : pga_format(ctx->mem, " and %zu of next", next)));
    print_row(ctx, "applied", pga_count(ctx->mem, ctx->journal.applied_count, "alteration"));
    print_pending(ctx, &states);
    print_attention(ctx, &states);
    if (!report_attempt(ctx, err))
        return false;
    if (pga_option_is_given(&ctx->options, PGA_OPTION_EXIT_CODE) && pga_states_need_deploy(&states))
        ctx->exit_status = 10;
    return true;
}
