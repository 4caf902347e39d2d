/*
 * base/error.c: filling an error value.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct code_row {
    const char *name;
    int status;
};

static const struct code_row codes[] = {
    {"ok", 0},
#define PGA_ERROR(code, status, name, retry, meaning) {name, status},
#include "base/error.def"
#undef PGA_ERROR
};

/* Format into a field of fixed size; what does not fit ends in "...". */
static void
put(char *field, size_t size, const char *fmt, va_list args)
{
    int len = vsnprintf(field, size, fmt, args);

    if (len >= 0 && (size_t)len >= size)
        memcpy(field + size - 4, "...", 4);
}

bool
pga_error_set(struct pga_error *err, enum pga_code code, const char *src_file, int src_line,
              const char *fmt, ...)
{
    va_list args;

    assert(err->code == PGA_OK); /* an error is reported once */
    memset(err, 0, sizeof(*err));
    err->code = code;
    err->src_file = src_file;
    err->src_line = src_line;
    va_start(args, fmt);
    put(err->message, sizeof(err->message), fmt, args);
    va_end(args);
    return false;
}

bool
pga_error_while(struct pga_error *err, const char *doing, ...)
{
    char message[sizeof(err->message)];
    char prefix[sizeof(err->message)];
    va_list args;

    memcpy(message, err->message, sizeof(message));
    va_start(args, doing);
    put(prefix, sizeof(prefix), doing, args);
    va_end(args);
    if (snprintf(err->message, sizeof(err->message), "%s: %s", prefix, message) >=
        (int)sizeof(err->message))
        memcpy(err->message + sizeof(err->message) - 4, "...", 4);
    return false;
}

bool
pga_error_hint(struct pga_error *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put(err->hint, sizeof(err->hint), fmt, args);
    va_end(args);
    return false;
}

bool
pga_error_detail(struct pga_error *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put(err->detail, sizeof(err->detail), fmt, args);
    va_end(args);
    return false;
}

/* Byte length of the UTF-8 character that starts here; 1 for a byte that starts none. */
static size_t
character_length(const char *text, size_t len)
{
    size_t n = 1;

    while (n < len && n < 4 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n++;
    return n;
}

bool
pga_error_place(struct pga_error *err, const char *file, int line, int column, const char *text,
                size_t text_len)
{
    struct pga_place *place = &err->place;
    const int before = 60; /* characters shown before the column at most */
    int skip = column > before ? column - before : 0;
    size_t at = 0, out = 0;

    memset(place, 0, sizeof(*place));
    (void)snprintf(place->file, sizeof(place->file), "%s", file);
    place->line = line;
    place->column = column;
    place->caret = column > 0 ? column - 1 - skip : 0;
    for (int i = 0; text != NULL && i < skip && at < text_len; i++)
        at += character_length(text + at, text_len - at);
    while (text != NULL && at < text_len) {
        size_t n = character_length(text + at, text_len - at);

        if (out + n >= sizeof(place->text))
            break;
        if (n == 1 && (unsigned char)text[at] < 0x20)
            place->text[out] = ' '; /* a tab or control character must not move the caret */
        else
            memcpy(place->text + out, text + at, n);
        out += n;
        at += n;
    }
    return false;
}

int
pga_error_exit_status(const struct pga_error *err)
{
    if (err->code == PGA_ERR_INTERRUPTED && err->signal != 0)
        return 128 + err->signal;
    return codes[err->code].status;
}

const char *
pga_code_name(enum pga_code code)
{
    return codes[code].name;
}

void
pga_bug_at(const char *src_file, int src_line, const char *fmt, ...)
{
    va_list args;

    (void)fprintf(stderr, "pgalter: bug: %s:%d: ", src_file, src_line);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputs("\npgalter: hint: this is an error in pgalter itself; please report it with "
                "the command line and the output of \"pgalter version\"\n", stderr);
    _Exit(70);
}
