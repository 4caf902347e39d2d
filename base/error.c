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

#include "base/str.h"

#define FIELD_MAX 4096 /* no text field of struct pga_error is larger */

struct code_row {
    const char *name;
    int status;
    const char *status_text;
};

static const struct code_row codes[] = {
    {"ok", 0, "0"},
#define PGA_ERROR(code, status, name, retry, meaning) {name, status, #status},
#include "base/error.def"
#undef PGA_ERROR
};

static const struct {
    const char *name, *meaning;
} ids[] = {
    {"", ""},
#define PGA_ERROR_ID(constant, id, code, meaning) {id, meaning},
#include "base/error_id.def"
#undef PGA_ERROR_ID
};

_Static_assert(sizeof(((struct pga_error *)NULL)->detail) <= FIELD_MAX, "detail outgrew FIELD_MAX");

static bool
is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/*
 * Store text in a field of fixed size; what does not fit ends in "...", never inside a character.
 */
static void
store(char *field, size_t size, const char *text, size_t len)
{
    size_t keep = len;

    if (len >= size) {
        keep = size - 4;
        while (keep > size - 7 && is_continuation(text[keep]))
            keep--;
    }
    memcpy(field, text, keep);
    memcpy(field + keep, len >= size ? "..." : "", len >= size ? 4 : 1);
}

/* Format into a field.  The detour lets an argument be the old text of the same field. */
static void PGA_PRINTF(3, 0) put(char *field, size_t size, const char *fmt, va_list args)
{
    char text[FIELD_MAX];
    int len = vsnprintf(text, sizeof(text), fmt, args);

    store(field, size, text, len > 0 ? (size_t)len : 0);
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
pga_error_identify(struct pga_error *err, enum pga_error_id id)
{
    assert(err->code != PGA_OK);
    err->id = id;
    return false;
}

bool
pga_error_while(struct pga_error *err, const char *doing, ...)
{
    char prefix[sizeof(err->message)];
    char whole[2 * sizeof(err->message) + 2];
    va_list args;
    int len;

    va_start(args, doing);
    put(prefix, sizeof(prefix), doing, args);
    va_end(args);
    len = snprintf(whole, sizeof(whole), "%s: %s", prefix, err->message);
    store(err->message, sizeof(err->message), whole, (size_t)len);
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

bool
pga_error_context(struct pga_error *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put(err->context, sizeof(err->context), fmt, args);
    va_end(args);
    return false;
}

/* The first character of a text that is not empty: a byte and the continuation bytes behind it. */
static struct pga_str
first_character(const char *text, size_t len)
{
    size_t n = 1;

    while (n < len && n < 4 && is_continuation(text[n]))
        n++;
    return (struct pga_str){text, n};
}

/*
 * What is shown for a character: itself, or one harmless column, so that the caret stays in place.
 */
static struct pga_str
shown_character(struct pga_str c)
{
    unsigned char first = (unsigned char)c.data[0];

    if (pga_utf8_valid_prefix(c) != c.len)
        return PGA_STR("?");
    if (first < 0x20 || first == 0x7F)
        return PGA_STR(" ");
    if (first == 0xC2 && (unsigned char)c.data[1] < 0xA0) /* the control characters of ISO 6429 */
        return PGA_STR(" ");
    return c;
}

/* Copy the line into place->text from the 0-based character `skip` on, as far as it has room. */
static void
show_line(struct pga_place *place, int skip, const char *text, size_t text_len)
{
    size_t out = 0;

    for (size_t at = 0; at < text_len;) {
        struct pga_str c = first_character(text + at, text_len - at);
        struct pga_str shown = shown_character(c);

        at += c.len;
        if (skip-- > 0)
            continue;
        if (out + shown.len >= sizeof(place->text))
            break;
        memcpy(place->text + out, shown.data, shown.len);
        out += shown.len;
    }
}

bool
pga_error_place(struct pga_error *err, const char *file, int line, int column, const char *text,
                size_t text_len)
{
    struct pga_place *place = &err->place;
    const int before = 60; /* characters shown up to the column at most */
    int length = 0, at_column, skip;

    if (text == NULL)
        text_len = 0;
    while (text_len > 0 && (text[text_len - 1] == '\n' || text[text_len - 1] == '\r'))
        text_len--;
    for (size_t at = 0; at < text_len; length++)
        at += first_character(text + at, text_len - at).len;

    memset(place, 0, sizeof(*place));
    if (file != NULL)
        store(place->file, sizeof(place->file), file, strlen(file));
    place->line = line;
    place->column = column;
    at_column = column <= length ? column : length + 1; /* a caret never stands in the void */
    skip = at_column > before ? at_column - before : 0;
    place->caret = at_column > 0 ? at_column - 1 - skip : 0;
    if (text != NULL)
        show_line(place, skip, text, text_len);
    return false;
}

const char *
pga_place_format(struct pga_arena *mem, const struct pga_place *place)
{
    if (place->file[0] == '\0' || place->line == 0)
        return place->file;
    if (place->column == 0)
        return pga_format(mem, "%s:%d", place->file, place->line);
    return pga_format(mem, "%s:%d:%d", place->file, place->line, place->column);
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

const char *
pga_error_id_name(enum pga_error_id id)
{
    return ids[id].name;
}

const char *
pga_error_id_meaning(enum pga_error_id id)
{
    return ids[id].meaning;
}

const char *
pga_error_topic(const struct pga_error *err)
{
    return err->id != PGA_ID_NONE ? ids[err->id].name : codes[err->code].status_text;
}

static void (*bug_listener)(const char *message);

void
pga_bug_listen(void (*tell)(const char *message))
{
    bug_listener = tell;
}

/*
 * GCOVR_EXCL_START: _Exit() writes no counters; tests/unit/test_error.c looks at the exit status.
 */
void
pga_bug_at(const char *src_file, int src_line, const char *fmt, ...)
{
    void (*tell)(const char *) = bug_listener;
    char message[512];
    va_list args;
    int len = snprintf(message, sizeof(message), "%s:%d: ", src_file, src_line);

    if (len < 0 || (size_t)len >= sizeof(message))
        len = 0;
    va_start(args, fmt);
    (void)vsnprintf(message + len, sizeof(message) - (size_t)len, fmt, args);
    va_end(args);
    bug_listener = NULL;
    if (tell != NULL)
        tell(message);
    else
        (void)fprintf(stderr, "pgalter: bug: %s\npgalter: hint: " PGA_BUG_HINT "\n", message);
    _Exit(70);
}
/* GCOVR_EXCL_STOP */
