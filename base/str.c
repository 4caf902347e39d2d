/*
 * base/str.c: views into text, growing buffers, numbers and durations.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 63 /* more of a word isn't compared with its neighbours */

struct pga_str
pga_str_of(const char *text)
{
    return (struct pga_str){text, text == NULL ? 0 : strlen(text)};
}

struct pga_str
pga_str_slice(struct pga_str s, size_t offset, size_t len)
{
    if (offset > s.len)
        offset = s.len;
    if (len > s.len - offset)
        len = s.len - offset;
    return (struct pga_str){offset > 0 ? s.data + offset : s.data, len};
}

bool
pga_str_equal(struct pga_str a, struct pga_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
pga_str_equal_c(struct pga_str a, const char *b)
{
    return pga_str_equal(a, pga_str_of(b));
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
pga_str_equal_nocase(struct pga_str a, const char *b)
{
    size_t len = strlen(b);

    if (a.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(a.data[i]) != lower(b[i]))
            return false;
    return true;
}

bool
pga_str_starts(struct pga_str s, const char *prefix)
{
    size_t len = strlen(prefix);

    return s.len >= len && (len == 0 || memcmp(s.data, prefix, len) == 0);
}

bool
pga_str_ends(struct pga_str s, const char *suffix)
{
    size_t len = strlen(suffix);

    return s.len >= len && (len == 0 || memcmp(s.data + s.len - len, suffix, len) == 0);
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct pga_str
pga_str_trim(struct pga_str s)
{
    while (s.len > 0 && is_blank(s.data[0]))
        s = pga_str_slice(s, 1, s.len - 1);
    while (s.len > 0 && is_blank(s.data[s.len - 1]))
        s.len--;
    return s;
}

char *
pga_str_dup(struct pga_arena *mem, struct pga_str s)
{
    return pga_strndup(mem, s.data, s.len);
}

bool
pga_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool
pga_parse_int(struct pga_str s, int64_t min, int64_t max, int64_t *out)
{
    bool negative = s.len > 0 && s.data[0] == '-';
    int64_t value = 0;

    if (s.len == (negative ? 1u : 0u))
        return false;
    for (size_t i = negative ? 1 : 0; i < s.len; i++) {
        int digit = s.data[i] - '0';

        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, (int64_t)digit, &value))
            return false; /* counted downwards, so that the smallest number fits */
    }
    if (!negative) {
        if (value == INT64_MIN)
            return false;
        value = -value;
    }
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool
pga_parse_duration_ms(struct pga_str s, int64_t *out_ms)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {
        {"us", 1},       {"ms", 1000},        {"s", 1000000},       {"min", 60000000},
        {"m", 60000000}, {"h", 3600000000LL}, {"d", 86400000000LL},
    };
    size_t digits = 0;
    int64_t number, us;

    while (digits < s.len && s.data[digits] >= '0' && s.data[digits] <= '9')
        digits++;
    if (!pga_parse_int(pga_str_slice(s, 0, digits), 0, INT64_MAX, &number))
        return false;
    s = pga_str_slice(s, digits, s.len);
    if (s.len == 0 && number == 0) {
        *out_ms = 0;
        return true;
    }
    for (size_t i = 0; i < PGA_COUNT_OF(units); i++) {
        if (!pga_str_equal_c(s, units[i].unit))
            continue;
        if (__builtin_mul_overflow(number, units[i].us, &us) || us > (int64_t)INT32_MAX * 1000)
            return false;
        *out_ms = (us + 999) / 1000;
        return true;
    }
    return false;
}

char *
pga_format_duration_ms(struct pga_arena *mem, int64_t ms)
{
    if (ms < 1000)
        return pga_format(mem, "%lld ms", (long long)ms);
    if (ms < 10000)
        return pga_format(mem, "%lld.%lld s", (long long)(ms / 1000), (long long)(ms % 1000 / 100));
    if (ms < 60000)
        return pga_format(mem, "%lld s", (long long)(ms / 1000));
    if (ms < 3600000)
        return pga_format(mem, "%lld min %lld s", (long long)(ms / 60000),
                          (long long)(ms % 60000 / 1000));
    return pga_format(mem, "%lld h %lld min", (long long)(ms / 3600000),
                      (long long)(ms % 3600000 / 60000));
}

size_t
pga_edit_distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t a_len = strnlen(a, WORD_MAX), b_len = strnlen(b, WORD_MAX);

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t substituted = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
            size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];

            diagonal = row[j];
            row[j] = substituted < shorter + 1 ? substituted : shorter + 1;
        }
    }
    return row[b_len];
}

const char *
pga_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t limit = strnlen(word, WORD_MAX) / 3 + 1;
    const char *best = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t distance = pga_edit_distance(word, candidates[i]);

        if (distance <= limit && distance < strlen(word)) {
            best = candidates[i];
            if (distance == 0)
                break;
            limit = distance - 1;
        }
    }
    return best;
}

/*
 * Bytes of the valid UTF-8 character at s, or 0.  Overlong forms, surrogates and > U+10FFFF are
 * invalid.
 */
static size_t
utf8_character(struct pga_str s)
{
    const unsigned char *p = (const unsigned char *)s.data;
    unsigned char low = 0x80, high = 0xBF;
    size_t need;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    need = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (s.len < need)
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    if (p[0] == 0xED)
        high = 0x9F;
    if (p[0] == 0xF0)
        low = 0x90;
    if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

size_t
pga_utf8_valid_prefix(struct pga_str s)
{
    size_t at = 0;

    while (at < s.len) {
        size_t n = utf8_character(pga_str_slice(s, at, s.len));

        if (n == 0)
            break;
        at += n;
    }
    return at;
}

size_t
pga_utf8_cut(struct pga_str s, size_t max)
{
    size_t len = max;

    if (s.len <= max)
        return s.len;
    while (len > 0 && max - len < 4 && ((unsigned char)s.data[len] & 0xC0) == 0x80)
        len--;
    /* Four continuation bytes in a row are no part of a character. */
    return max - len < 4 ? len : max;
}

size_t
pga_utf8_length(struct pga_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.data[i] & 0xC0) != 0x80;
    return n;
}

size_t
pga_utf8_offset(struct pga_str s, size_t chars)
{
    for (size_t i = 0; i < s.len; i++) {
        if (((unsigned char)s.data[i] & 0xC0) == 0x80)
            continue;
        if (chars == 0)
            return i;
        chars--;
    }
    return s.len;
}

struct pga_buf
pga_buf_on(struct pga_arena *mem)
{
    return (struct pga_buf){.mem = mem, .data = pga_alloc(mem, 1, 1), .len = 0, .capacity = 1};
}

/* Make room for `more` bytes and the NUL behind them. */
static void
reserve(struct pga_buf *buf, size_t more)
{
    size_t need = buf->len + more + 1;
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;
    char *moved;

    if (need <= buf->capacity)
        return;
    while (capacity < need)
        capacity *= 2;
    moved = pga_alloc(buf->mem, capacity, 1);
    memcpy(moved, buf->data, buf->len);
    buf->data = moved;
    buf->capacity = capacity;
}

void
pga_buf_append(struct pga_buf *buf, struct pga_str text)
{
    reserve(buf, text.len);
    if (text.len > 0)
        memcpy(buf->data + buf->len, text.data, text.len);
    buf->len += text.len;
    buf->data[buf->len] = '\0';
}

void
pga_buf_append_c(struct pga_buf *buf, const char *text)
{
    pga_buf_append(buf, pga_str_of(text));
}

void
pga_buf_append_char(struct pga_buf *buf, char c)
{
    pga_buf_append(buf, (struct pga_str){&c, 1});
}

void
pga_buf_appendf(struct pga_buf *buf, const char *fmt, ...)
{
    va_list args, again;
    int len;

    va_start(args, fmt);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len > 0) {
        reserve(buf, (size_t)len);
        (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
        buf->len += (size_t)len;
    }
    va_end(args);
}

struct pga_str
pga_buf_str(const struct pga_buf *buf)
{
    return (struct pga_str){buf->data, buf->len};
}

void
pga_buf_append_literal(struct pga_buf *buf, struct pga_str text)
{
    size_t start = 0;

    if (text.data == NULL) {
        pga_buf_append_c(buf, "NULL");
        return;
    }
    reserve(buf, text.len + 3);
    pga_buf_append_c(buf, "E'");
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\'' && text.data[i] != '\\')
            continue;
        pga_buf_append(buf, pga_str_slice(text, start, i + 1 - start));
        start = i; /* the character itself comes a second time with the next piece */
    }
    pga_buf_append(buf, pga_str_slice(text, start, text.len - start));
    pga_buf_append_char(buf, '\'');
}

char *
pga_utf8_clean(struct pga_arena *mem, const char *text)
{
    struct pga_buf out = pga_buf_on(mem);
    struct pga_str rest = pga_str_of(text);

    while (rest.len > 0) {
        size_t valid = pga_utf8_valid_prefix(rest);

        pga_buf_append(&out, pga_str_slice(rest, 0, valid));
        if (valid < rest.len)
            pga_buf_appendf(&out, "\\x%02x", (unsigned char)rest.data[valid++]);
        rest = pga_str_slice(rest, valid, rest.len);
    }
    return out.data;
}

/* The code of a character that turns the direction of what follows, so that text reads as it isn't; or 0. */
static unsigned
direction_code(struct pga_str character)
{
    static const unsigned codes[] = {0x061C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C,
                                     0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069};
    const unsigned char *p = (const unsigned char *)character.data;
    unsigned code = 0;

    if (character.len == 2)
        code = (unsigned)(p[0] & 0x1F) << 6 | (unsigned)(p[1] & 0x3F);
    else if (character.len == 3)
        code =
            (unsigned)(p[0] & 0x0F) << 12 | (unsigned)(p[1] & 0x3F) << 6 | (unsigned)(p[2] & 0x3F);
    for (size_t i = 0; i < PGA_COUNT_OF(codes); i++)
        if (code == codes[i])
            return code;
    return 0;
}

void
pga_buf_append_printable(struct pga_buf *buf, struct pga_str text)
{
    size_t at = 0;

    while (at < text.len) {
        struct pga_str rest = pga_str_slice(text, at, text.len);
        unsigned char first = (unsigned char)rest.data[0];
        size_t n = utf8_character(rest);

        if (n == 0)
            pga_buf_appendf(buf, "\\x%02x", first);
        else if (first == '\n')
            pga_buf_append_c(buf, "\\n");
        else if (first == '\r')
            pga_buf_append_c(buf, "\\r");
        else if ((first < 0x20 && first != '\t') || first == 0x7F)
            pga_buf_appendf(buf, "\\x%02x", first);
        else if (first == 0xC2 && (unsigned char)rest.data[1] < 0xA0)
            pga_buf_appendf(buf, "\\u%04x", (unsigned char)rest.data[1]);
        else if (first >= 0x80 && direction_code(pga_str_slice(rest, 0, n)) != 0)
            pga_buf_appendf(buf, "\\u%04x", direction_code(pga_str_slice(rest, 0, n)));
        else
            pga_buf_append(buf, pga_str_slice(rest, 0, n));
        at += n == 0 ? 1 : n;
    }
}

const char *
pga_shell_word(struct pga_arena *mem, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:@=,+%-";
    struct pga_buf out = pga_buf_on(mem);

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0')
        return word;
    pga_buf_append_char(&out, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            pga_buf_append_c(&out, "'\\''");
        else
            pga_buf_append_char(&out, *word);
    }
    pga_buf_append_char(&out, '\'');
    return out.data;
}
