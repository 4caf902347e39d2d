/*
 * cli/cmd_doctor.c: pgalter doctor.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include "cli/doctor_facts.h"
#include "cli/repeat.h"

#define VERDICT_COLUMNS 12
#define CHECK_COLUMNS   22
#define INDENT          14

/* One line, whatever stands in it: names come from servers and files. */
static void
add_line(struct pga_buf *out, size_t indent, const char *text)
{
    pga_buf_appendf(out, "%*s", (int)indent, "");
    pga_buf_append_printable(out, pga_str_of(text));
    pga_buf_append_char(out, '\n');
}

static const char *
next_line(struct pga_arena *mem, const struct pga_next *next)
{
    if (next->kind == PGA_NEXT_ADVICE)
        return pga_format(mem, "-> %s", next->text);
    if (next->kind == PGA_NEXT_COMMAND)
        return pga_format(mem, "-> run: %s", next->text);
    return pga_format(
        mem, "-> %s%srun: %s;", next->role == NULL ? "" : pga_format(mem, "as \"%s\" ", next->role),
        next->database == NULL ? "" : pga_format(mem, "in database \"%s\" ", next->database),
        next->text);
}

static const char *
paint_verdict(struct pga_context *ctx, enum pga_verdict verdict, bool colour)
{
    static const char *const colours[PGA_VERDICT_COUNT] = {PGA_GREEN, PGA_YELLOW, PGA_RED, PGA_DIM};
    const char *name = pga_pad(ctx->mem, pga_verdict_name(verdict), VERDICT_COLUMNS);

    return colour ? pga_paint(ctx, colours[verdict], name) : name;
}

void
pga_doctor_show(struct pga_context *ctx, const struct pga_findings *findings, struct pga_buf *out,
                bool colour)
{
    const char *group = "";

    for (size_t i = 0; i < findings->count; i++) {
        const struct pga_finding *finding = &findings->items[i];

        if (!pga_same(group, finding->group))
            pga_buf_appendf(out, "%s\n",
                            colour ? pga_paint(ctx, PGA_BOLD, finding->group) : finding->group);
        group = finding->group;
        pga_buf_appendf(out, "  %s%s", paint_verdict(ctx, finding->verdict, colour),
                        pga_pad(ctx->mem, finding->check, CHECK_COLUMNS));
        add_line(out, 0, finding->text);
        for (size_t j = 0; j < finding->detail_count; j++)
            add_line(out, INDENT, finding->details[j]);
        for (size_t j = 0; j < finding->next_count; j++)
            add_line(out, INDENT, next_line(ctx->mem, &finding->next[j]));
    }
}

static void
add_next(struct pga_json *array, const struct pga_next *next)
{
    static const char *const kinds[] = {"command", "sql", "advice"};
    struct pga_json *object = pga_json_add(array, pga_json_object());

    pga_json_set_text(object, "kind", kinds[next->kind]);
    pga_json_set_text(object, "text", next->text);
    if (next->kind == PGA_NEXT_SQL) {
        pga_json_set_text(object, "role", next->role);
        pga_json_set_text(object, "database", next->database);
    }
}

static void
fill_document(struct pga_context *ctx, const struct pga_findings *findings)
{
    static const char *const names[PGA_VERDICT_COUNT] = {"ok", "attention", "failed",
                                                         "not_checked"};
    struct pga_json *counts, *array;

    pga_json_set_bool(ctx->json, "healthy", ctx->exit_status == 0);
    counts = pga_json_set(ctx->json, "counts", pga_json_object());
    for (int i = 0; i < PGA_VERDICT_COUNT; i++)
        pga_json_set_int(counts, names[i], (int64_t)findings->by_verdict[i]);
    array = pga_json_set(ctx->json, "findings", pga_json_array());
    for (size_t i = 0; i < findings->count; i++) {
        const struct pga_finding *finding = &findings->items[i];
        struct pga_json *object = pga_json_add(array, pga_json_object()), *list;

        pga_json_set_text(object, "group", finding->group);
        pga_json_set_text(object, "check", finding->check);
        pga_json_set_text(object, "verdict", pga_verdict_name(finding->verdict));
        pga_json_set_text(object, "text", finding->text);
        list = pga_json_set(object, "details", pga_json_array());
        for (size_t j = 0; j < finding->detail_count; j++)
            pga_json_add_text(list, finding->details[j]);
        list = pga_json_set(object, "next", pga_json_array());
        for (size_t j = 0; j < finding->next_count; j++)
            add_next(list, &finding->next[j]);
    }
}

/* "2 need attention, 1 failed, 3 were not checked", or that all is well. */
static const char *
conclusion(struct pga_context *ctx, const struct pga_findings *findings)
{
    size_t attention = findings->by_verdict[PGA_VERDICT_ATTENTION];
    size_t failed = findings->by_verdict[PGA_VERDICT_FAILED];
    size_t skipped = findings->by_verdict[PGA_VERDICT_NOT_CHECKED];
    const char *rest = skipped == 0 ? "" : pga_format(ctx->mem, ", %zu not checked", skipped);

    if (attention + failed == 0)
        return pga_format(ctx->mem, "healthy%s", rest);
    return pga_format(ctx->mem, "%zu %s attention, %zu failed%s", attention,
                      attention == 1 ? "needs" : "need", failed, rest);
}

/* Without configuration or connection the exit code is theirs: it says whether trying again can help. */
static int
exit_status(const struct pga_doctor *doctor, const struct pga_findings *findings)
{
    struct pga_error findings_error = {.code = PGA_ERR_FINDINGS};

    if (doctor->config_error.code != PGA_OK)
        return pga_error_exit_status(&doctor->config_error);
    if (doctor->connect_error.code != PGA_OK)
        return pga_error_exit_status(&doctor->connect_error);
    if (findings->by_verdict[PGA_VERDICT_ATTENTION] + findings->by_verdict[PGA_VERDICT_FAILED] == 0)
        return 0;
    return pga_error_exit_status(&findings_error);
}

/* Commands that work as they stand say again which database, directory and role are meant. */
static void
repeat_options(struct pga_context *ctx, struct pga_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        for (size_t j = 0; j < findings->items[i].next_count; j++) {
            struct pga_next *next = &findings->items[i].next[j];

            if (next->kind != PGA_NEXT_SQL)
                next->text = pga_repeat_options(ctx, next->text);
        }
    }
}

bool
pga_cmd_doctor(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_doctor *doctor = pga_new(ctx->mem, struct pga_doctor);
    struct pga_buf text = pga_buf_on(ctx->mem);
    struct pga_findings findings;

    doctor->mem = ctx->mem;
    if (!pga_doctor_gather(ctx, doctor, err))
        return false;
    pga_doctor_examine(doctor, &findings);
    repeat_options(ctx, &findings);
    ctx->exit_status = exit_status(doctor, &findings);
    if (pga_option_is_given(&ctx->options, PGA_OPTION_REPORT))
        pga_doctor_report(ctx, doctor, &findings, &text);
    else
        pga_doctor_show(ctx, &findings, &text, ctx->colour);
    if (ctx->json != NULL) {
        fill_document(ctx, &findings);
        if (pga_option_is_given(&ctx->options, PGA_OPTION_REPORT))
            pga_json_set_text(ctx->json, "report", text.data);
        return true;
    }
    pga_print(ctx, "%s", text.data);
    if (!pga_option_is_given(&ctx->options, PGA_OPTION_REPORT))
        pga_print(ctx, "\n%s\n", conclusion(ctx, &findings));
    return true;
}
