/*
 * cli/status_line.c: the line on a terminal that says what runs, and for how long.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/status_line.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/width.h"
#include "cli/context.h"
#include "cli/terminal.h"

#define SHORT_MS 500 /* up to here the time is not worth telling */
#define EACH_MS  200 /* between two drawings of the line */

void
pga_status_line_init(struct pga_context *ctx, const struct pga_clock *clock)
{
    ctx->status_line = (struct pga_status_line){
        .is_on = ctx->json == NULL && !ctx->log.json && ctx->log.level >= PGA_LOG_INFO &&
                 pga_terminal_can_wipe(STDERR_FILENO),
        .clock = clock,
    };
    ctx->log.before = pga_status_line_wipe;
    ctx->log.before_ctx = &ctx->status_line;
}

void
pga_status_line_begin(struct pga_status_line *line, const char *id, size_t number, size_t count)
{
    line->id = id;
    line->number = number;
    line->count = count;
    line->started_ms = pga_clock_now_ms(line->clock);
    line->blocker[0] = '\0';
}

void
pga_status_line_end(struct pga_status_line *line)
{
    pga_status_line_wipe(line);
    line->id = NULL;
}

/* " ... 4.2 s"; nothing at first. */
static const char *
format_elapsed(struct pga_arena *mem, int64_t ms)
{
    if (ms < SHORT_MS)
        return " ...";
    if (ms < 60000)
        return pga_format(mem, " ... %lld.%lld s", (long long)(ms / 1000),
                          (long long)(ms % 1000 / 100));
    return pga_format(mem, " ... %s", pga_format_duration_ms(mem, ms));
}

void
pga_status_line_tick(void *context)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_status_line *line = context;
    const char *count = pga_format(&mem, "%zu", line->count), *before, *behind, *text;
    struct pga_buf id = pga_buf_on(&mem);
    size_t columns, taken;
    int64_t now;

    if (!line->is_on || line->id == NULL)
        return;
    now = pga_clock_now_ms(line->clock);
    if (line->drawn > 0 && now - line->drawn_ms < EACH_MS)
        return;
    line->drawn_ms = now;
    before = pga_format(&mem, "[%*zu/%s] ", (int)strlen(count), line->number, count);
    behind = pga_format(&mem, "%s%s", format_elapsed(&mem, now - line->started_ms), line->blocker);
    pga_buf_append_printable(&id, pga_str_of(line->id));
    /* A full line would move the terminal to the next one. */
    columns = pga_terminal_columns(STDERR_FILENO) - 1;
    taken = strlen(before) + strlen(behind);
    text = pga_format(&mem, "%s%s%s", before,
                      pga_width_cut(&mem, id.data, columns > taken ? columns - taken : 0), behind);
    text = pga_width_cut(&mem, text, columns);
    pga_status_line_wipe(line);
    (void)fputs(text, stderr);
    (void)fflush(stderr);
    line->drawn = pga_width(pga_str_of(text));
}

void
pga_status_line_wipe(void *context)
{
    struct pga_status_line *line = context;
    size_t above;

    if (line->drawn == 0)
        return;
    /* A terminal that became narrower since has made several lines of it. */
    above = (line->drawn - 1) / pga_terminal_columns(STDERR_FILENO);
    if (above > 0)
        (void)fprintf(stderr, "\033[%zuA", above);
    (void)fputs("\r\033[J", stderr);
    (void)fflush(stderr);
    line->drawn = 0;
}
