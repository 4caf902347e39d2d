/*
 * engine/difference.c: how two texts of one script differ.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/difference.h"

#include <string.h>

#define CONTEXT 3
#define TABLE_MAX                                                                                  \
    4000000 /* cells of the table of common subsequences; beyond that, one block of change */
#define LINES_MAX 60
#define NAMED_MAX 20

struct lines {
    struct pga_str *items;
    size_t count;
};

static struct lines
split(struct pga_arena *mem, struct pga_str text)
{
    struct lines lines = {0};
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n';
    lines.items = pga_new_array(mem, struct pga_str, count);
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);

        lines.items[lines.count++] = pga_str_slice(text, 0, len);
        text = pga_str_slice(text, len + 1, text.len);
    }
    return lines;
}

/* Lines of the old and the new text in the order in which they are shown. */
struct edit {
    char sign; /* ' ', '-' or '+' */
    struct pga_str text;
};

struct script {
    struct edit *items;
    size_t count;
};

static void
put(struct script *script, char sign, struct pga_str text)
{
    script->items[script->count++] = (struct edit){.sign = sign, .text = text};
}

/* Lengths of the longest common subsequences of what follows each pair of lines; NULL when the table is too large. */
static uint32_t *
common_lengths(struct pga_arena *mem, struct lines a, struct lines b)
{
    size_t width = b.count + 1;
    uint32_t *table;

    if (a.count + 1 > TABLE_MAX / width)
        return NULL;
    table = pga_new_array(mem, uint32_t, (a.count + 1) * width);
    for (size_t i = a.count; i-- > 0;) {
        for (size_t j = b.count; j-- > 0;) {
            uint32_t down = table[(i + 1) * width + j], right = table[i * width + j + 1];

            if (pga_str_equal(a.items[i], b.items[j]))
                table[i * width + j] = table[(i + 1) * width + j + 1] + 1;
            else
                table[i * width + j] = down > right ? down : right;
        }
    }
    return table;
}

static void
merge(struct pga_arena *mem, struct lines a, struct lines b, struct script *out)
{
    uint32_t *table = common_lengths(mem, a, b);
    size_t i = 0, j = 0, width = b.count + 1;

    while (i < a.count && j < b.count && table != NULL) {
        if (pga_str_equal(a.items[i], b.items[j])) {
            put(out, ' ', a.items[i]);
            i++;
            j++;
        } else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) {
            put(out, '-', a.items[i++]);
        } else {
            put(out, '+', b.items[j++]);
        }
    }
    while (i < a.count)
        put(out, '-', a.items[i++]);
    while (j < b.count)
        put(out, '+', b.items[j++]);
}

/* Leave out lines that are the same at both ends, so that only the middle needs the table. */
static struct script
compare(struct pga_arena *mem, struct lines a, struct lines b)
{
    struct script script = {.items = pga_new_array(mem, struct edit, a.count + b.count + 1)};
    size_t head = 0, tail = 0;
    struct lines a_middle, b_middle;

    while (head < a.count && head < b.count && pga_str_equal(a.items[head], b.items[head]))
        head++;
    while (tail < a.count - head && tail < b.count - head &&
           pga_str_equal(a.items[a.count - 1 - tail], b.items[b.count - 1 - tail]))
        tail++;
    for (size_t i = 0; i < head; i++)
        put(&script, ' ', a.items[i]);
    a_middle = (struct lines){a.items + head, a.count - head - tail};
    b_middle = (struct lines){b.items + head, b.count - head - tail};
    merge(mem, a_middle, b_middle, &script);
    for (size_t i = a.count - tail; i < a.count; i++)
        put(&script, ' ', a.items[i]);
    return script;
}

/* Whether a changed line stands within the context of this one. */
static bool
is_near_change(const struct script *script, size_t at)
{
    size_t from = at > CONTEXT ? at - CONTEXT : 0;

    for (size_t i = from; i <= at + CONTEXT && i < script->count; i++)
        if (script->items[i].sign != ' ')
            return true;
    return false;
}

char *
pga_difference_format(struct pga_arena *mem, struct pga_str old_text, struct pga_str new_text,
                      size_t max_lines)
{
    struct script script = compare(mem, split(mem, old_text), split(mem, new_text));
    struct pga_buf buf = pga_buf_on(mem);
    size_t shown = 0, left_out = 0, line = 1;
    bool is_gap = true;

    for (size_t i = 0; i < script.count; i++) {
        const struct edit *edit = &script.items[i];

        if (!is_near_change(&script, i)) {
            is_gap = true;
        } else if (shown >= max_lines) {
            left_out++;
        } else {
            if (is_gap)
                pga_buf_appendf(&buf, "@@ line %zu @@\n", line);
            pga_buf_appendf(&buf, "%c%.*s\n", edit->sign, PGA_STR_ARG(edit->text));
            is_gap = false;
            shown++;
        }
        line += edit->sign != '-';
    }
    if (left_out > 0)
        pga_buf_appendf(&buf, "... and %zu more lines\n", left_out);
    return buf.data;
}

bool
pga_difference_of(struct pga_runner *runner, struct pga_arena *mem,
                  const struct pga_changed_script *changed, char **out, struct pga_error *err)
{
    const struct pga_script_text *file = changed->alteration->parts[changed->part];
    struct pga_str stored = {"", 0};

    if (changed->applied->has_part[changed->part] &&
        !pga_journal_texts(runner->journal, &changed->applied->digests[changed->part], 1, mem,
                           &stored, err))
        return false;
    *out = pga_difference_format(mem, stored, file == NULL ? PGA_STR("") : file->text, LINES_MAX);
    return true;
}

static const char *
changed_name(struct pga_arena *mem, const struct pga_changed_script *changed)
{
    const struct pga_script_text *file = changed->alteration->parts[changed->part];

    if (file == NULL)
        return pga_format(mem, "%s.%s.sql (its file is gone)", changed->applied->id,
                          pga_part_name(changed->part));
    if (!changed->applied->has_part[changed->part])
        return pga_format(mem, "%s (the journal has none)", file->file);
    return file->file;
}

bool
pga_difference_check(struct pga_runner *runner, struct pga_arena *mem, const struct pga_plan *plan,
                     struct pga_error *err)
{
    bool is_down = plan->direction == PGA_DIRECTION_DOWN;
    struct pga_buf detail = pga_buf_on(mem);
    char *difference;

    if (plan->changed_count == 0 ||
        (is_down && runner->settings.plan.down_from != PGA_DOWN_FROM_UNDECIDED))
        return true;
    if (!pga_difference_of(runner, mem, &plan->changed[0], &difference, err))
        return false;
    for (size_t i = 0; i < plan->changed_count && i < NAMED_MAX; i++)
        pga_buf_appendf(&detail, "%s\n", changed_name(mem, &plan->changed[i]));
    if (plan->changed_count > NAMED_MAX)
        pga_buf_appendf(&detail, "and %zu more\n", plan->changed_count - NAMED_MAX);
    pga_buf_appendf(&detail, "--- journal\n+++ %s\n%s", changed_name(mem, &plan->changed[0]),
                    difference);
    (void)pga_fail(err, PGA_ERR_JOURNAL, "%zu %s changed after %s applied; nothing was run",
                   plan->changed_count, plan->changed_count == 1 ? "script" : "scripts",
                   plan->changed_count == 1 ? "it was" : "they were");
    (void)pga_error_detail(err, "%s", detail.data);
    if (is_down)
        return pga_error_hint(
            err, "Say whose down scripts to run: --down-from journal, or --down-from files");
    return pga_error_hint(
        err,
        "Put the old text back; or take the new one into the journal without running it: pgalter "
        "accept %s --because TEXT",
        plan->changed[0].applied->id);
}
