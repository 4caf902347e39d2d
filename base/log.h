/*
 * base/log.h: messages for people and machines beside the result.
 *
 * Text or JSON lines on stderr, one line an event.  In text, a line break inside a message begins a
 * line that is indented, and other control characters are made visible (pga_buf_append_printable):
 * what a server or a file says can neither drive the terminal nor look like a message of pgalter.
 * In JSON an event is an object with ts (UTC, RFC 3339, milliseconds), level, event, run, the
 * event's own fields and message (docs/guides/logs.md).  Only cli/ writes here and only cli/ sets
 * the sink up; what the engine has to say it says through its observer.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_LOG_H
#define PGA_BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/compiler.h"

struct pga_json;

enum pga_log_level { PGA_LOG_ERROR, PGA_LOG_WARNING, PGA_LOG_INFO, PGA_LOG_DETAIL, PGA_LOG_DEBUG };

enum pga_log_event {
#define PGA_LOG_EVENT(constant, name, when) PGA_LOG_EVENT_##constant,
#include "base/log_event.def"
#undef PGA_LOG_EVENT
};

struct pga_log {
    FILE *stream;
    enum pga_log_level level; /* what is less important is left out */
    bool json;                /* one JSON object a line */
    bool colour;
    const char *run;           /* of every JSON line; NULL: none is known yet */
    void (*before)(void *ctx); /* called before each event is written; may be NULL */
    void *before_ctx;
};

/* Write "pgalter: <level>: <message>", or in JSON an event "message", and flush. */
void pga_log_write(const struct pga_log *log, enum pga_log_level level, const char *fmt, ...)
    PGA_PRINTF(3, 4);

/*
 * Write a JSON line with the members of `fields` (NULL: none), which stays the caller's, and flush.
 * `message` NULL: the event says all.  In text nothing: that is pga_log_write()'s.
 */
void pga_log_event(const struct pga_log *log, enum pga_log_level level, enum pga_log_event event,
                   struct pga_json *fields, const char *message);

/*
 * In text, a further line that belongs to the message before: "pgalter: <label>: ..." (detail, hint,
 * context).  Nothing when the text is NULL or "", and nothing in JSON, where it is a field.
 */
void pga_log_line(const struct pga_log *log, enum pga_log_level level, const char *label,
                  const char *text);

const char *pga_log_level_name(enum pga_log_level level);
const char *pga_log_event_name(enum pga_log_event event);

#endif
