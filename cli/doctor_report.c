/*
 * cli/doctor_report.c: pgalter doctor --report, a block to paste into a bug report.
 *
 * Names of hosts, roles, databases, files and alterations are in it, because mistakes hide in them; it says so at its top.
 * What people wrote (scripts, --because, messages with values in them) and passwords are not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/doctor_facts.h"

#include <string.h>

#include "engine/source.h"
#include "journal/attempts.h"

#define HISTORY_SHOWN  10
#define ATTEMPTS_SHOWN 5

/* A line of texts that may come from anywhere. */
static void
add_line(struct pga_buf *out, const char *text)
{
    pga_buf_append_c(out, "  ");
    pga_buf_append_printable(out, pga_str_of(text));
    pga_buf_append_char(out, '\n');
}

static void
add_directory(struct pga_context *ctx, const struct pga_doctor *doctor, struct pga_buf *out)
{
    const struct pga_alterations *all = doctor->alterations;
    size_t versioned = 0, next = 0, outside = 0, reversible = 0, bytes = 0;

    if (all == NULL || all->count == 0)
        return;
    for (size_t i = 0; i < all->count; i++) {
        const struct pga_alteration *alteration = &all->items[i];

        versioned += alteration->version.kind == PGA_VERSION_RELEASE ? 1 : 0;
        next += alteration->version.kind == PGA_VERSION_NEXT ? 1 : 0;
        reversible += pga_alteration_is_reversible(alteration) ? 1 : 0;
        outside += pga_script_is_outside(alteration->parts[PGA_PART_UP]) ? 1 : 0;
        for (size_t part = 0; part < PGA_PART_COUNT; part++)
            bytes += alteration->parts[part] == NULL ? 0 : alteration->parts[part]->text.len;
    }
    pga_buf_append_c(out, "files\n");
    add_line(out, pga_format(ctx->mem,
                             "%zu alterations, %zu bytes: %zu of a version, %zu of next, %zu "
                             "reversible, %zu outside a transaction",
                             all->count, bytes, versioned, next, reversible, outside));
    add_line(out, pga_format(ctx->mem, "oldest %s, youngest %s", all->items[0].id,
                             all->items[all->count - 1].id));
}

static void
add_history(struct pga_context *ctx, struct pga_buf *out)
{
    const struct pga_journal *journal = &ctx->journal;
    size_t shown = journal->row_count < HISTORY_SHOWN ? journal->row_count : HISTORY_SHOWN;

    pga_buf_appendf(out, "history, the last %zu of %zu\n", shown, journal->row_count);
    for (size_t i = journal->row_count - shown; i < journal->row_count; i++) {
        const struct pga_history_row *row = &journal->rows[i];

        add_line(out, pga_format(ctx->mem, "%lld %s %s %s %s, by pgalter %s", (long long)row->seq,
                                 row->at, pga_event_name(row->event),
                                 row->subject.id == NULL ? "the journal" : row->subject.id,
                                 row->subject.version == NULL || row->subject.version[0] == '\0'
                                     ? "unversioned"
                                     : row->subject.version,
                                 row->engine));
    }
}

static void
add_attempts(struct pga_context *ctx, struct pga_buf *out)
{
    struct pga_error ignored = {0};
    struct pga_attempt *attempts;
    size_t count;

    if (!pga_attempts_load(&ctx->journal, ctx->mem, ATTEMPTS_SHOWN, &attempts, &count, &ignored) ||
        count == 0)
        return;
    pga_buf_append_c(out, "failed attempts, newest first\n");
    for (size_t i = 0; i < count; i++)
        add_line(out, pga_format(ctx->mem, "%s %s %s%s%s %s", attempts[i].at, attempts[i].code,
                                 attempts[i].id == NULL ? "the run" : attempts[i].id,
                                 attempts[i].sqlstate[0] == '\0' ? "" : " SQLSTATE ",
                                 attempts[i].sqlstate, attempts[i].place));
}

void
pga_doctor_report(struct pga_context *ctx, const struct pga_doctor *doctor,
                  const struct pga_findings *findings, struct pga_buf *out)
{
    pga_buf_append_c(
        out,
        "---- pgalter doctor --report ----\n"
        "Read it before you post it: it names hosts, roles, databases, files and alterations.\n"
        "Passwords are masked; no script and no text that somebody wrote is in it.\n\n");
    pga_doctor_show(ctx, findings, out, false);
    add_directory(ctx, doctor, out);
    if (ctx->journal.is_loaded && ctx->journal.presence == PGA_JOURNAL_PRESENT) {
        add_history(ctx, out);
        add_attempts(ctx, out);
    }
    pga_buf_append_c(
        out,
        "---- end of the report ----\n"
        "Where to: the issue tracker of the place where you got pgalter, with what you ran, what\n"
        "you expected and what happened. What must not be public: SECURITY.md says how.\n");
}
