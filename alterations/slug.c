/*
 * alterations/slug.c: the characters of slugs, by ranges of Unicode, whatever the locale.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/slug.h"

#include <stdint.h>
#include <string.h>

struct range {
    uint32_t first, last;
};

/* Blanks, controls, characters without a picture or that turn the direction of text, and unassigned planes. */
static const struct range invisible[] = {
    {0x00, 0x20},     {0x7F, 0xA0},     {0xAD, 0xAD},     {0x61C, 0x61C},      {0x1680, 0x1680},
    {0x180E, 0x180E}, {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F},    {0x3000, 0x3000},
    {0xE000, 0xF8FF}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFF}, {0xE0000, 0x10FFFF},
};

/* Beyond ASCII, what is visible but no letter: signs, punctuation, pictures. */
static const struct range signs[] = {
    {0xA1, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},
    {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2010, 0x2BFF}, {0x2E00, 0x2E7F},
    {0x3001, 0x3004}, {0x3007, 0x3030}, {0xFE00, 0xFE6F}, {0xFF00, 0xFF0F},
    {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0x1F000, 0x1FAFF},
};

static bool
in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* The bytes of the UTF-8 character at the start of s (not empty), and its code; 0 for bytes that are none. */
static size_t
character(struct pga_str s, uint32_t *out_code)
{
    unsigned char lead = (unsigned char)s.data[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

    if (s.len < len || pga_utf8_valid_prefix(pga_str_slice(s, 0, len)) != len)
        return 0;
    *out_code = len == 1 ? lead : lead & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++)
        *out_code = *out_code << 6 | ((unsigned char)s.data[i] & 0x3F);
    return len;
}

static bool
is_ascii_letter_or_digit(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z');
}

/* Whether a character may stand in a slug that exists. */
static bool
is_slug_character(uint32_t code)
{
    if (code >= 0x80)
        return !in_ranges(code, invisible, PGA_COUNT_OF(invisible));
    return is_ascii_letter_or_digit(code) ||
           (code != 0 && strchr("-_.#%()+,:=@[]^{}~", (int)code) != NULL);
}

static bool
is_letter_or_digit(uint32_t code)
{
    if (code < 0x80)
        return is_ascii_letter_or_digit(code);
    return !in_ranges(code, invisible, PGA_COUNT_OF(invisible)) &&
           !in_ranges(code, signs, PGA_COUNT_OF(signs));
}

size_t
pga_slug_prefix(struct pga_str s)
{
    size_t at = 0;
    uint32_t code;

    while (at < s.len) {
        size_t len = character(pga_str_slice(s, at, s.len), &code);

        if (len == 0 || !is_slug_character(code))
            break;
        at += len;
    }
    return at;
}

bool
pga_slug_check(const char *slug)
{
    struct pga_str s = pga_str_of(slug);
    bool first = true;
    uint32_t code;

    if (s.len == 0 || s.len > PGA_SLUG_NEW_MAX)
        return false;
    while (s.len > 0) {
        size_t len = character(s, &code);

        if (len == 0)
            return false;
        if (!is_letter_or_digit(code) && (first || (code != '-' && code != '_' && code != '.')))
            return false;
        first = false;
        s = pga_str_slice(s, len, s.len);
    }
    return true;
}

struct pga_str
pga_slug_mend(struct pga_arena *mem, struct pga_str s)
{
    struct pga_buf buf = pga_buf_on(mem);
    bool replaced = false;

    while (s.len > 0) {
        size_t good = pga_slug_prefix(s);

        pga_buf_append(&buf, pga_str_slice(s, 0, good));
        replaced = replaced && good == 0;
        if (good < s.len && !replaced)
            pga_buf_append_char(&buf, '_');
        replaced = true;
        s = pga_str_slice(s, good == s.len ? good : good + 1, s.len);
    }
    return pga_buf_str(&buf);
}

/* The codes of the character at the start of s and of the marks that combine with it. */
static char *
codes_at(struct pga_arena *mem, struct pga_str s)
{
    struct pga_buf buf = pga_buf_on(mem);
    uint32_t code;
    size_t len;

    while (s.len > 0 && (len = character(s, &code)) > 0) {
        bool is_mark = code >= 0x300 && code <= 0x36F;

        if (buf.len > 0 && !is_mark)
            break;
        pga_buf_appendf(&buf, "%sU+%04X", buf.len == 0 ? "" : " ", (unsigned)code);
        s = pga_str_slice(s, len, s.len);
    }
    return buf.len == 0 ? pga_format(mem, "nothing") : buf.data;
}

char *
pga_slug_difference(struct pga_arena *mem, const char *a, const char *b)
{
    struct pga_str left = pga_str_of(a), right = pga_str_of(b);
    int place = 1;

    while (left.len > 0 && right.len > 0) {
        uint32_t code = 0, other = 0;
        size_t len = character(left, &code), other_len = character(right, &other);

        if (len == 0 || other_len == 0 || code != other)
            break;
        left = pga_str_slice(left, len, left.len);
        right = pga_str_slice(right, len, right.len);
        place++;
    }
    if (((left.len == 0 ? 0 : left.data[0]) & 0x80) == 0 &&
        ((right.len == 0 ? 0 : right.data[0]) & 0x80) == 0)
        return NULL;
    return pga_format(mem, "character %d is %s in the one and %s in the other", place,
                      codes_at(mem, left), codes_at(mem, right));
}

char *
pga_printable(struct pga_arena *mem, struct pga_str s)
{
    struct pga_buf buf = pga_buf_on(mem);
    uint32_t code;

    while (s.len > 0) {
        size_t len = character(s, &code);
        bool visible =
            len > 0 && (code == ' ' || !in_ranges(code, invisible, PGA_COUNT_OF(invisible)));

        len = len == 0 ? 1 : len;
        for (size_t i = 0; i < len && !visible; i++)
            pga_buf_appendf(&buf, "\\x%02X", (unsigned)(unsigned char)s.data[i]);
        if (visible)
            pga_buf_append(&buf, pga_str_slice(s, 0, len));
        s = pga_str_slice(s, len, s.len);
    }
    return buf.data;
}
