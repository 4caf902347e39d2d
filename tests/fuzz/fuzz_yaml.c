/*
 * tests/fuzz/fuzz_yaml.c: any bytes as a YAML document.
 *
 * Every place lies in the text, depth is bounded, reading twice gives the same, and so does reading what
 * a simple writer makes of the tree.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/yaml.h"
#include "tests/fuzz/fuzz.h"

#define MAX 8192 /* bytes of an input */

static size_t
break_length(struct pga_str rest)
{
    static const char *const breaks[] = {"\r\n",     "\n",           "\r",
                                         "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};

    for (size_t i = 0; i < PGA_COUNT_OF(breaks); i++)
        if (pga_str_starts(rest, breaks[i]))
            return strlen(breaks[i]);
    return 0;
}

struct lines {
    size_t lengths[MAX], count; /* in characters */
};

/* The lines as libyaml counts them: without the byte order mark at the beginning. */
static void
find_lines(struct pga_str text, struct lines *out)
{
    *out = (struct lines){.count = 1};
    for (size_t i = pga_str_starts(text, "\xEF\xBB\xBF") ? 3 : 0, len; i < text.len; i += len) {
        len = break_length(pga_str_slice(text, i, text.len));
        out->count += len > 0 ? 1 : 0;
        if (len == 0)
            out->lengths[out->count - 1] += (text.data[i] & 0xC0) != 0x80 ? 1 : 0;
        len = len > 0 ? len : 1;
    }
}

static void
check_place(const struct lines *lines, int line, int column)
{
    PGA_FUZZ_CHECK(line >= 1 && (size_t)line <= lines->count);
    PGA_FUZZ_CHECK(column >= 1 && (size_t)column <= lines->lengths[line - 1] + 1);
}

static void
check_tree(const struct lines *lines, const struct pga_yaml *node, int depth)
{
    PGA_FUZZ_CHECK(depth <= PGA_YAML_DEPTH_MAX);
    PGA_FUZZ_CHECK((node->kind == PGA_YAML_SCALAR) == (node->scalar != NULL));
    check_place(lines, node->line, node->column);
    for (const struct pga_yaml *child = node->first; child != NULL; child = child->next) {
        PGA_FUZZ_CHECK((node->kind == PGA_YAML_MAPPING) == (child->key != NULL));
        if (child->key != NULL)
            check_place(lines, child->key_line, child->key_column);
        PGA_FUZZ_CHECK(child->key == NULL || pga_yaml_find(node, child->key) == child);
        PGA_FUZZ_CHECK(child->line > node->line ||
                       (child->line == node->line && child->column >= node->column));
        check_tree(lines, child, depth + (child->kind == PGA_YAML_SCALAR ? 0 : 1));
    }
}

static void
check_same(const struct pga_yaml *a, const struct pga_yaml *b, bool places)
{
    PGA_FUZZ_CHECK(a->kind == b->kind && pga_same(a->key, b->key) &&
                   pga_same(a->scalar, b->scalar));
    PGA_FUZZ_CHECK(!places ||
                   (a->line == b->line && a->column == b->column && a->key_line == b->key_line &&
                    a->key_column == b->key_column && a->quoted == b->quoted));
    for (a = a->first, b = b->first; a != NULL && b != NULL; a = a->next, b = b->next)
        check_same(a, b, places);
    PGA_FUZZ_CHECK(a == NULL && b == NULL);
}

/* Text in double quotes, everything but letters, digits and the like escaped. */
static void
write_text(struct pga_buf *out, const char *text)
{
    pga_buf_append_char(out, '"');
    while (*text != '\0') {
        unsigned char c = (unsigned char)*text++;
        unsigned value = c < 0xE0 ? c & 0x1FU : c & (c < 0xF0 ? 0xFU : 7U);

        for (; ((unsigned char)*text & 0xC0) == 0x80; text++)
            value = value << 6 | ((unsigned char)*text & 0x3FU);
        if (c < 0x80 && c > ' ' && c != '"' && c != '\\')
            pga_buf_append_char(out, (char)c);
        else
            pga_buf_appendf(out, "\\U%08X", c < 0x80 ? c : value);
    }
    pga_buf_append_char(out, '"');
}

static void
write_tree(struct pga_buf *out, const struct pga_yaml *node)
{
    if (node->kind == PGA_YAML_SCALAR) {
        write_text(out, node->scalar);
        return;
    }
    pga_buf_append_c(out, node->kind == PGA_YAML_MAPPING ? "{" : "[");
    for (const struct pga_yaml *child = node->first; child != NULL; child = child->next) {
        pga_buf_append_c(out, child == node->first ? "\n" : ",\n");
        pga_buf_append_c(out, child->key != NULL ? "? " : "");
        if (child->key != NULL)
            write_text(out, child->key);
        pga_buf_append_c(out, child->key != NULL ? " : " : "");
        write_tree(out, child);
    }
    pga_buf_append_c(out, node->kind == PGA_YAML_MAPPING ? "}" : "]");
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_str text = {(const char *)data, size};
    struct lines lines;
    struct pga_buf written = pga_buf_on(&mem);
    struct pga_error err = {0}, again = {0}, none = {0};
    const struct pga_yaml *tree, *same;

    if (size >= MAX)
        return 0;
    find_lines(text, &lines);
    tree = pga_yaml_parse(&mem, "x.yaml", text, &err);
    same = pga_yaml_parse(&mem, "x.yaml", text, &again);
    PGA_FUZZ_CHECK((tree == NULL) == (same == NULL));
    if (tree == NULL || same == NULL) {
        PGA_FUZZ_CHECK(err.code == PGA_ERR_USAGE && err.id == PGA_ID_CONFIGURATION);
        PGA_FUZZ_CHECK(err.hint[0] != '\0' && pga_same(err.place.file, "x.yaml"));
        check_place(&lines, err.place.line, err.place.column);
        PGA_FUZZ_CHECK(pga_same(err.message, again.message) && err.place.line == again.place.line);
        return 0;
    }
    PGA_FUZZ_CHECK(err.code == PGA_OK);
    check_tree(&lines, tree, 1);
    check_same(tree, same, true);
    write_tree(&written, tree);
    same = pga_yaml_parse(&mem, "y.yaml", pga_buf_str(&written), &none);
    PGA_FUZZ_CHECK(same != NULL);
    check_same(tree, same, false);
    return 0;
}
