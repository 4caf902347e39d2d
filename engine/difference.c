/*
 * engine/difference.c: how two texts of one script differ.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/difference.h"

#include <string.h>

#define CONTEXT 3 /* lines shown around a change */
#define MIDDLE_MAX                                                                                 \
    1000 /* lines between the first and the last change that are compared, of each text */
#define LINES_MAX 60
#define NAMED_MAX 20

struct lines {
    struct pga_str *items;
    size_t count;
    size_t left_out; /* further lines of the text */
};

static size_t
count_lines(struct pga_str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n' || i + 1 == text.len;
    return count;
}

/* The first lines of a text, at most `max`. */
static struct lines
split(struct pga_arena *mem, struct pga_str text, size_t max)
{
    struct lines lines = {.items = pga_new_array(mem, struct pga_str, max)};

    while (text.len > 0 && lines.count < max) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);

        lines.items[lines.count++] = pga_str_slice(text, 0, len);
        text = pga_str_slice(text, len + 1, text.len);
    }
    lines.left_out = count_lines(text);
    return lines;
}

/* Bytes of the lines with which both texts begin. */
static size_t
common_head(struct pga_str a, struct pga_str b)
{
    size_t same = 0, lines = 0;

    while (same < a.len && same < b.len && a.data[same] == b.data[same]) {
        same++;
        if (a.data[same - 1] == '\n')
            lines = same;
    }
    return lines;
}

static bool
is_line_start(struct pga_str text, size_t at, size_t first)
{
    return at == first || text.data[at - 1] == '\n';
}

/* Bytes of the lines with which both texts end, behind their common head. */
static size_t
common_tail(struct pga_str a, struct pga_str b, size_t head)
{
    size_t same = 0, lines = 0;

    while (same < a.len - head && same < b.len - head &&
           a.data[a.len - 1 - same] == b.data[b.len - 1 - same]) {
        same++;
        if (is_line_start(a, a.len - same, head) && is_line_start(b, b.len - same, head))
            lines = same;
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
    size_t left_out; /* lines that were not compared */
    size_t line;     /* of the new text, at the beginning */
};

static void
put(struct script *script, char sign, struct pga_str text)
{
    script->items[script->count++] = (struct edit){.sign = sign, .text = text};
}

static void
put_all(struct script *script, char sign, struct lines lines, size_t first)
{
    for (size_t i = first; i < lines.count; i++)
        put(script, sign, lines.items[i]);
}

/* Lengths of the longest common subsequences of what follows each pair of lines. */
static uint32_t *
common_lengths(struct pga_arena *mem, struct lines a, struct lines b)
{
    size_t width = b.count + 1;
    uint32_t *table = pga_new_array(mem, uint32_t, (a.count + 1) * width);

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
merge(struct lines a, struct lines b, struct script *out)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    const uint32_t *table = common_lengths(&scratch, a, b);
    size_t i = 0, j = 0, width = b.count + 1;

    while (i < a.count && j < b.count) {
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
    put_all(out, '-', a, i);
    put_all(out, '+', b, j);
}

/* The last lines of a text that ends in a line's end. */
static struct pga_str
last_lines(struct pga_str text, size_t max)
{
    size_t at = text.len;

    while (at > 0 && max > 0) {
        at--;
        while (at > 0 && text.data[at - 1] != '\n')
            at--;
        max--;
    }
    return pga_str_slice(text, at, text.len);
}

/*
 * What changed lies between the lines with which both texts begin and those with which they end.  Only it is compared
 * line by line, and not more than will be shown: time and memory are bounded, whatever the texts.
 */
static struct script
compare(struct pga_arena *mem, struct pga_str a, struct pga_str b)
{
    size_t head = common_head(a, b), tail = common_tail(a, b, head);
    struct lines a_middle = split(mem, pga_str_slice(a, head, a.len - head - tail), MIDDLE_MAX);
    struct lines b_middle = split(mem, pga_str_slice(b, head, b.len - head - tail), MIDDLE_MAX);
    struct lines before = split(mem, last_lines(pga_str_slice(a, 0, head), CONTEXT), CONTEXT);
    struct lines after = split(mem, pga_str_slice(a, a.len - tail, tail), CONTEXT);
    struct script script = {
        .items =
            pga_new_array(mem, struct edit, a_middle.count + b_middle.count + (size_t)2 * CONTEXT),
        .left_out = a_middle.left_out + b_middle.left_out,
        .line = count_lines(pga_str_slice(b, 0, head)) + 1 - before.count,
    };

    put_all(&script, ' ', before, 0);
    merge(a_middle, b_middle, &script);
    if (script.left_out == 0)
        put_all(&script, ' ', after, 0);
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
    struct script script = compare(mem, old_text, new_text);
    struct pga_buf buf = pga_buf_on(mem);
    size_t shown = 0, left_out = script.left_out, line = script.line;
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
    (void)pga_error_identify(err, is_down ? PGA_ID_DOWN_DIFFERS : PGA_ID_CHANGED);
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
