/*
 * base/json.c: JSON by jansson.
 *
 * A struct pga_json is a json_t under another name, so that the library stays in this file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/json.h"

#include <string.h>

#include <jansson.h>

static json_t *
unwrap(struct pga_json *value)
{
    return (json_t *)(void *)value;
}

static const json_t *
unwrap_const(const struct pga_json *value)
{
    return (const json_t *)(const void *)value;
}

/* jansson answers NULL when memory ran out, and here for no other reason. */
static struct pga_json *
wrap(json_t *value)
{
    if (value == NULL)
        pga_out_of_memory(0); /* GCOVR_EXCL_LINE: malloc fails in no test */
    return (struct pga_json *)(void *)value;
}

/* The text as valid UTF-8, each byte that isn't made U+FFFD; the text itself when it is fine. */
static struct pga_str
clean(struct pga_arena *mem, const char *text)
{
    struct pga_str rest = pga_str_of(text);
    size_t good = pga_utf8_valid_prefix(rest);
    struct pga_buf buf;

    if (good == rest.len)
        return rest;
    buf = pga_buf_on(mem);
    while (good < rest.len) {
        pga_buf_append(&buf, pga_str_slice(rest, 0, good));
        pga_buf_append_c(&buf, "\xEF\xBF\xBD");
        rest = pga_str_slice(rest, good + 1, rest.len);
        good = pga_utf8_valid_prefix(rest);
    }
    pga_buf_append(&buf, rest);
    return pga_buf_str(&buf);
}

static struct pga_json *
new_text(const char *text)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_str good;

    if (text == NULL)
        return wrap(json_null());
    good = clean(&scratch, text);
    return wrap(json_stringn_nocheck(good.data, good.len));
}

struct pga_json *
pga_json_object(void)
{
    return wrap(json_object());
}

struct pga_json *
pga_json_array(void)
{
    return wrap(json_array());
}

void
pga_json_release(struct pga_json **root)
{
    json_decref(unwrap(*root));
    *root = NULL;
}

struct pga_json *
pga_json_set(struct pga_json *object, const char *key, struct pga_json *value)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};

    if (json_object_set_new_nocheck(unwrap(object), clean(&scratch, key).data, unwrap(value)) != 0)
        pga_bug("\"%s\" was put into no object", key); /* GCOVR_EXCL_LINE: not in working code */
    return value;
}

void
pga_json_merge(struct pga_json *into, struct pga_json *from)
{
    if (json_object_update(unwrap(into), unwrap(from)) != 0)
        pga_bug("what is no object was merged"); /* GCOVR_EXCL_LINE: not in working code */
}

void
pga_json_set_text(struct pga_json *object, const char *key, const char *text)
{
    (void)pga_json_set(object, key, new_text(text));
}

void
pga_json_set_int(struct pga_json *object, const char *key, int64_t number)
{
    (void)pga_json_set(object, key, wrap(json_integer(number)));
}

void
pga_json_set_bool(struct pga_json *object, const char *key, bool truth)
{
    (void)pga_json_set(object, key, wrap(json_boolean(truth)));
}

void
pga_json_set_null(struct pga_json *object, const char *key)
{
    (void)pga_json_set(object, key, wrap(json_null()));
}

struct pga_json *
pga_json_add(struct pga_json *array, struct pga_json *value)
{
    if (json_array_append_new(unwrap(array), unwrap(value)) != 0)
        pga_bug("an element was put into no array"); /* GCOVR_EXCL_LINE: not in working code */
    return value;
}

void
pga_json_add_text(struct pga_json *array, const char *text)
{
    (void)pga_json_add(array, new_text(text));
}

static int
append_chunk(const char *bytes, size_t len, void *buf)
{
    pga_buf_append(buf, (struct pga_str){bytes, len});
    return 0;
}

/*
 * jansson escapes the control characters below U+0020 only, but U+007F to U+009F can drive a
 * terminal as well.  A document has such characters nowhere but in strings, so they can be escaped
 * in its text.
 */
static struct pga_buf
escape_upper_controls(struct pga_arena *mem, struct pga_str text)
{
    struct pga_buf buf = pga_buf_on(mem);
    size_t start = 0;

    for (size_t i = 0; i < text.len; i++) {
        const unsigned char *p = (const unsigned char *)text.data + i;
        bool is_pair = p[0] == 0xC2 && p[1] < 0xA0; /* the text ends in NUL */

        if (p[0] != 0x7F && !is_pair)
            continue;
        pga_buf_append(&buf, pga_str_slice(text, start, i - start));
        pga_buf_appendf(&buf, "\\u%04x", is_pair ? p[1] : p[0]);
        i += is_pair;
        start = i + 1;
    }
    pga_buf_append(&buf, pga_str_slice(text, start, text.len));
    return buf;
}

char *
pga_json_format(struct pga_arena *mem, const struct pga_json *root, bool pretty)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_buf raw = pga_buf_on(&scratch);
    size_t flags = JSON_PRESERVE_ORDER | (pretty ? JSON_INDENT(2) : JSON_COMPACT);

    if (json_dump_callback(unwrap_const(root), append_chunk, &raw, flags) != 0)
        pga_out_of_memory(0); /* GCOVR_EXCL_LINE: malloc fails in no test */
    return escape_upper_controls(mem, pga_buf_str(&raw)).data;
}

/* Fill *err for the byte at `offset` of the text. */
static void
place_at(struct pga_error *err, struct pga_str text, size_t offset)
{
    size_t start = 0, end;
    int line = 1;

    while (offset > 0 && offset < text.len && ((unsigned char)text.data[offset] & 0xC0) == 0x80)
        offset--; /* to the start of its character */
    for (size_t i = 0; i < offset; i++)
        if (text.data[i] == '\n') {
            line++;
            start = i + 1;
        }
    end = offset;
    while (end < text.len && text.data[end] != '\n')
        end++;
    (void)pga_error_place(err, NULL, line,
                          (int)pga_utf8_length(pga_str_slice(text, start, offset - start)) + 1,
                          text.data + start, end - start);
}

static bool
check_encoding(struct pga_str text, struct pga_error *err)
{
    size_t good = pga_utf8_valid_prefix(text);

    if (good == text.len)
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "invalid JSON: this is not UTF-8");
    place_at(err, text, good);
    return false;
}

/* jansson reads by recursion, so the depth is counted before it starts. */
static bool
check_depth(struct pga_str text, struct pga_error *err)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (in_string) {
            if (c == '\\')
                i++;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > PGA_JSON_DEPTH_MAX) {
                (void)pga_fail(err, PGA_ERR_USAGE, "invalid JSON: nested deeper than %d levels",
                               PGA_JSON_DEPTH_MAX);
                place_at(err, text, i);
                return false;
            }
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

struct pga_json *
pga_json_parse(struct pga_str text, struct pga_error *err)
{
    json_error_t problem;
    json_t *root;
    size_t offset;

    if (!check_encoding(text, err) || !check_depth(text, err))
        return NULL;
    root = json_loadb(text.len == 0 ? "" : text.data, text.len, JSON_REJECT_DUPLICATES, &problem);
    if (root != NULL)
        return wrap(root);
    if (json_error_code(&problem) == json_error_out_of_memory)
        pga_out_of_memory(0); /* GCOVR_EXCL_LINE: malloc fails in no test */
    (void)pga_fail(err, PGA_ERR_USAGE, "invalid JSON: %s", problem.text);
    offset =
        problem.position > 0 ? (size_t)problem.position - 1 : 0; /* the last byte that was read */
    place_at(err, text, offset < text.len ? offset : text.len);
    return NULL;
}

struct pga_json *
pga_json_find(const struct pga_json *object, const char *key)
{
    return (struct pga_json *)(void *)json_object_get(unwrap_const(object), key);
}

const char *
pga_json_text(const struct pga_json *value)
{
    return json_string_value(unwrap_const(value));
}

int64_t
pga_json_int(const struct pga_json *value, int64_t fallback)
{
    return json_is_integer(unwrap_const(value)) ? json_integer_value(unwrap_const(value))
                                                : fallback;
}

bool
pga_json_bool(const struct pga_json *value, bool fallback)
{
    return json_is_boolean(unwrap_const(value)) ? json_is_true(unwrap_const(value)) : fallback;
}

size_t
pga_json_count(const struct pga_json *array)
{
    return json_array_size(unwrap_const(array));
}

struct pga_json *
pga_json_at(const struct pga_json *array, size_t index)
{
    return (struct pga_json *)(void *)json_array_get(unwrap_const(array), index);
}

const char *
pga_json_library(void)
{
    return jansson_version_str();
}
