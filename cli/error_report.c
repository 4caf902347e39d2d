/*
 * cli/error_report.c: saying that and why a command failed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/error_report.h"

#include <string.h>

#include "base/mask.h"
#include "base/str.h"
#include "base/width.h"
#include "cli/events.h"
#include "cli/observe.h"
#include "cli/repeat.h"

/* The caret under the character, which stands behind as many columns as a terminal takes for what is before it. */
static const char *
format_caret(struct pga_arena *mem, const struct pga_place *place)
{
    struct pga_str text = pga_str_of(place->text);
    size_t before = pga_utf8_offset(text, (size_t)place->caret);

    return pga_format(mem, "%*s^", (int)pga_width(pga_str_slice(text, 0, before)), "");
}

/* A line with its caret, which is for eyes only. */
static void
report_line(struct pga_context *ctx, const char *label, const struct pga_place *place)
{
    int blanks = (int)strlen(label);

    if (place->text[0] == '\0')
        return;
    pga_log_line(&ctx->log, PGA_LOG_ERROR, label, place->text);
    if (place->column > 0 && place->caret >= 0)
        pga_log_line(&ctx->log, PGA_LOG_ERROR, pga_format(ctx->mem, "%*s", blanks, ""),
                     format_caret(ctx->mem, place));
}

static void
report_numbers(struct pga_json *object, const struct pga_place *place)
{
    if (place->line > 0)
        pga_json_set_int(object, "line", place->line);
    if (place->column > 0)
        pga_json_set_int(object, "column", place->column);
    pga_json_set_text(object, "text", place->text[0] != '\0' ? place->text : NULL);
}

static void
report_json(struct pga_context *ctx, const struct pga_error *err, const char *hint)
{
    struct pga_json *error = pga_json_set(ctx->json, "error", pga_json_object());

    pga_json_set_text(error, "code", pga_code_name(err->code));
    pga_json_set_int(error, "exit_status", pga_error_exit_status(err));
    pga_json_set_text(error, "id", err->id != PGA_ID_NONE ? pga_error_id_name(err->id) : NULL);
    pga_json_set_text(error, "message", err->message);
    pga_json_set_text(error, "detail", err->detail[0] != '\0' ? err->detail : NULL);
    pga_json_set_text(error, "hint", hint[0] != '\0' ? hint : NULL);
    pga_json_set_text(error, "context", err->context[0] != '\0' ? err->context : NULL);
    pga_json_set_text(error, "sqlstate", err->sqlstate[0] != '\0' ? err->sqlstate : NULL);
    if (err->place.file[0] != '\0') {
        struct pga_json *place = pga_json_set(error, "place", pga_json_object());

        pga_json_set_text(place, "file", err->place.file);
        report_numbers(place, &err->place);
    }
    if (err->inner.line > 0)
        report_numbers(pga_json_set(error, "query", pga_json_object()), &err->inner);
}

static void
mask_field(struct pga_context *ctx, char *field, size_t size)
{
    /* What a server says before it knows the client's encoding, and a file's name, may be in any. */
    const char *masked = pga_mask_text(ctx->mem, pga_utf8_clean(ctx->mem, field));
    size_t len = strlen(masked);

    /* It may have grown; what then has no room is cut between characters.  What is no UTF-8 stays, to be made visible. */
    len = pga_utf8_cut((struct pga_str){masked, len}, size - 1);
    memcpy(field, masked, len);
    field[len] = '\0';
}

/* The line of a file, and its caret unless that would then stand under something else. */
static void
mask_line(struct pga_context *ctx, struct pga_place *place)
{
    char line[sizeof(place->text)];
    size_t same = 0, caret;

    memcpy(line, place->text, sizeof(line));
    mask_field(ctx, place->text, sizeof(place->text));
    while (line[same] != '\0' && line[same] == place->text[same])
        same++;
    if (place->caret < 0)
        return;
    caret = pga_utf8_offset(pga_str_of(line), (size_t)place->caret);
    if (caret > same && line[same] != place->text[same])
        place->caret = -1;
}

static void
report_text(struct pga_context *ctx, const struct pga_error *err, const char *hint)
{
    const struct pga_place *place = &err->place;
    const struct pga_log *log = &ctx->log;
    const char *at = pga_place_format(ctx->mem, place);
    const char *state =
        err->sqlstate[0] == '\0' ? "" : pga_format(ctx->mem, " (SQLSTATE %s)", err->sqlstate);

    pga_log_write(log, PGA_LOG_ERROR, "%s%s%s%s", at, at[0] == '\0' ? "" : ": ", err->message,
                  state);
    report_line(ctx, "line", place);
    report_line(ctx, "query", &err->inner);
    if (err->detail[0] != '\0')
        pga_log_line(log, PGA_LOG_ERROR, "detail", err->detail);
    if (err->context[0] != '\0')
        pga_log_line(log, PGA_LOG_ERROR, "context", err->context);
    if (hint[0] != '\0')
        pga_log_line(log, PGA_LOG_ERROR, "hint", hint);
    if (err->code != PGA_ERR_INTERRUPTED)
        pga_log_line(log, PGA_LOG_ERROR, "help",
                     pga_format(ctx->mem, "pgalter help %s", pga_error_topic(err)));
    if (err->src_file != NULL && log->level >= PGA_LOG_DEBUG)
        pga_log_line(log, PGA_LOG_DEBUG, "source",
                     pga_format(ctx->mem, "%s:%d", err->src_file, err->src_line));
}

void
pga_error_report(struct pga_context *ctx, const struct pga_error *original)
{
    struct pga_error *err = pga_new(ctx->mem, struct pga_error);
    const char *hint;

    pga_observe_end(ctx);
    *err = *original;
    mask_field(ctx, err->message, sizeof(err->message));
    mask_field(ctx, err->detail, sizeof(err->detail));
    mask_field(ctx, err->hint, sizeof(err->hint));
    mask_field(ctx, err->context, sizeof(err->context));
    mask_field(ctx, err->place.file, sizeof(err->place.file));
    mask_line(ctx, &err->place);
    mask_line(ctx, &err->inner);
    hint = pga_repeat_options(ctx, err->hint);
    ctx->failure = err;
    ctx->failure_hint = hint;
    if (ctx->json != NULL)
        report_json(ctx, err, hint);
    if (ctx->log.json)
        pga_event_failed(ctx);
    else
        report_text(ctx, err, hint);
}
