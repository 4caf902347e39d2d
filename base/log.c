/*
 * base/log.c: messages for people and machines beside the result.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/log.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

#define INDENT                                                                                     \
    "    " /* so that a line of somebody else's text is never taken for a message of pgalter */

static const char *const level_names[] = {
    [PGA_LOG_ERROR] = "error",   [PGA_LOG_WARNING] = "warning", [PGA_LOG_INFO] = "info",
    [PGA_LOG_DETAIL] = "detail", [PGA_LOG_DEBUG] = "debug",
};

static const char *const event_names[] = {
#define PGA_LOG_EVENT(constant, name, when) name,
#include "base/log_event.def"
#undef PGA_LOG_EVENT
};

const char *
pga_log_level_name(enum pga_log_level level)
{
    return level_names[level];
}

const char *
pga_log_event_name(enum pga_log_event event)
{
    return event_names[event];
}

/* The escape sequence for a label: red, yellow, bold. */
static const char *
colour_of(enum pga_log_level level, bool is_message)
{
    if (is_message && level == PGA_LOG_ERROR)
        return "\033[1;31m";
    if (is_message && level == PGA_LOG_WARNING)
        return "\033[1;33m";
    return "\033[1m";
}

/*
 * The message, each line after the first indented, everything that could drive the terminal made
 * visible.
 */
static void
append_lines(struct pga_buf *out, struct pga_str text)
{
    bool first = true;

    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    do {
        const char *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
        size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
        struct pga_str line = pga_str_slice(text, 0, len);

        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        if (!first)
            pga_buf_append_c(out, line.len > 0 ? INDENT : "");
        pga_buf_append_printable(out, line);
        pga_buf_append_char(out, '\n');
        text = pga_str_slice(text, len + 1, text.len);
        first = false;
    } while (text.len > 0);
}

static char *
format_now(struct pga_arena *mem)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
    return pga_format(mem, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

/* One write for the whole event, so that other processes' lines don't come between. */
static void
put_out(const struct pga_log *log, const struct pga_buf *out)
{
    if (log->before != NULL)
        log->before(log->before_ctx);
    (void)fwrite(out->data, 1, out->len, log->stream);
    (void)fflush(log->stream);
}

/* `label` NULL means the level's own name. */
static void
write_text(const struct pga_log *log, enum pga_log_level level, const char *label, const char *text)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_buf out = pga_buf_on(&scratch);

    pga_buf_appendf(&out, "pgalter: %s%s:%s ", log->colour ? colour_of(level, label == NULL) : "",
                    label != NULL ? label : level_names[level], log->colour ? "\033[0m" : "");
    append_lines(&out, pga_str_of(text));
    put_out(log, &out);
}

static void
write_json(const struct pga_log *log, enum pga_log_level level, enum pga_log_event event,
           struct pga_json *fields, const char *message)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_buf out = pga_buf_on(&scratch);
    PGA_AUTO(pga_json_release)
    struct pga_json *line = pga_json_object();

    pga_json_set_text(line, "ts", format_now(&scratch));
    pga_json_set_text(line, "level", level_names[level]);
    pga_json_set_text(line, "event", event_names[event]);
    if (log->run != NULL)
        pga_json_set_text(line, "run", log->run);
    if (fields != NULL)
        pga_json_merge(line, fields);
    if (message != NULL)
        pga_json_set_text(line, "message", message);
    pga_buf_append_c(&out, pga_json_format(&scratch, line, false));
    pga_buf_append_char(&out, '\n');
    put_out(log, &out);
}

void
pga_log_write(const struct pga_log *log, enum pga_log_level level, const char *fmt, ...)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    const char *text;
    va_list args;

    if (level > log->level)
        return;
    va_start(args, fmt);
    text = pga_vformat(&scratch, fmt, args);
    va_end(args);
    if (log->json)
        write_json(log, level, PGA_LOG_EVENT_MESSAGE, NULL, text);
    else
        write_text(log, level, NULL, text);
}

void
pga_log_event(const struct pga_log *log, enum pga_log_level level, enum pga_log_event event,
              struct pga_json *fields, const char *message)
{
    if (log->json && level <= log->level)
        write_json(log, level, event, fields, message);
}

void
pga_log_line(const struct pga_log *log, enum pga_log_level level, const char *label,
             const char *text)
{
    if (log->json || level > log->level || text == NULL || text[0] == '\0')
        return;
    write_text(log, level, label, text);
}
