/*
 * base/width.c: how many columns of a terminal a text takes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/width.h"

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

#define DOTS "..."

struct range {
    uint32_t first, last;
    unsigned columns;
};

static const struct range ranges[] = {
#define PGA_WIDTH(first, last, columns) {first, last, columns},
#include "base/width.def"
#undef PGA_WIDTH
};

static size_t
columns_of(uint32_t c)
{
    size_t low = 0, high = PGA_COUNT_OF(ranges);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c > ranges[middle].last)
            low = middle + 1;
        else if (c < ranges[middle].first)
            high = middle;
        else
            return ranges[middle].columns;
    }
    return 1;
}

/* Length in bytes of the first character of a text that is not empty; *out is its code point, 0 when it is none. */
static size_t
first_character(struct pga_str text, uint32_t *out)
{
    const unsigned char *p = (const unsigned char *)text.data;
    size_t n = p[0] < 0xC0 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

    *out = 0;
    if (pga_utf8_valid_prefix(pga_str_slice(text, 0, n)) < n || n > text.len)
        return 1;
    *out = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++)
        *out = *out << 6 | (p[i] & 0x3F);
    return n;
}

size_t
pga_width(struct pga_str text)
{
    size_t columns = 0;

    for (size_t at = 0; at < text.len;) {
        uint32_t c;

        at += first_character(pga_str_slice(text, at, text.len), &c);
        columns += columns_of(c);
    }
    return columns;
}

size_t
pga_width_fit(struct pga_str text, size_t columns)
{
    size_t at = 0;

    while (at < text.len) {
        uint32_t c;
        size_t n = first_character(pga_str_slice(text, at, text.len), &c);
        size_t takes = columns_of(c);

        if (takes > columns)
            break;
        columns -= takes;
        at += n;
    }
    return at;
}

const char *
pga_width_cut(struct pga_arena *mem, const char *text, size_t columns)
{
    struct pga_str whole = pga_str_of(text);
    size_t room = columns > strlen(DOTS) ? columns - strlen(DOTS) : 0;

    if (pga_width_fit(whole, columns) == whole.len)
        return text;
    return pga_format(mem, "%.*s" DOTS, (int)pga_width_fit(whole, room), text);
}
