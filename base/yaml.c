/*
 * base/yaml.c: libyaml's events become a tree.
 *
 * The parser of libyaml has no limit on depth and expands what it is told to; here every event is
 * checked before it becomes a node, and the levels stand in an array of fixed size, not on the
 * stack of the process.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/yaml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/file.h"

/* A sequence or mapping that is being filled. */
struct level {
    struct pga_yaml *node;
    struct pga_yaml **end; /* where the next child is linked */
    size_t count;          /* of children */
    const char *key;       /* of a mapping: the key whose value comes next */
    int key_line, key_column;
};

struct reader {
    yaml_parser_t parser;
    struct pga_arena *mem;
    const char *file;
    struct pga_str text;
    int lines;             /* at least 1; the text is small enough to count them in an int */
    int end_column;        /* behind the last character of the last line */
    struct pga_yaml *root; /* NULL until it has begun */
    size_t documents;
    size_t nodes;
    size_t depth;
    struct level levels[PGA_YAML_DEPTH_MAX];
    struct pga_error *err;
};

/* Bytes of the line break at `at`, as libyaml sees them; 0 when there is none. */
static size_t
break_length(struct pga_str text, size_t at)
{
    struct pga_str rest = pga_str_slice(text, at, text.len);

    if (pga_str_starts(rest, "\r\n") || pga_str_starts(rest, "\xC2\x85"))
        return 2;
    if (pga_str_starts(rest, "\n") || pga_str_starts(rest, "\r"))
        return 1;
    return pga_str_starts(rest, "\xE2\x80\xA8") || pga_str_starts(rest, "\xE2\x80\xA9") ? 3 : 0;
}

/* The end of the line that `at` is in. */
static size_t
line_end(struct pga_str text, size_t at)
{
    while (at < text.len && break_length(text, at) == 0)
        at++;
    return at;
}

/* Where the line after that at `start` begins; `start` itself for the last one. */
static size_t
next_line(struct pga_str text, size_t start)
{
    size_t end = line_end(text, start), len = break_length(text, end);

    return len == 0 ? start : end + len;
}

static bool PGA_PRINTF(4, 5)
    fail_at(struct reader *reader, int line, int column, const char *fmt, ...)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    size_t start = 0;
    va_list args;

    for (int i = 1; i < line; i++)
        start = next_line(reader->text, start);
    va_start(args, fmt);
    (void)pga_fail(reader->err, PGA_ERR_USAGE, "%s", pga_vformat(&scratch, fmt, args));
    va_end(args);
    (void)pga_error_identify(reader->err, PGA_ID_CONFIGURATION);
    return pga_error_place(reader->err, reader->file, line, column, reader->text.data + start,
                           line_end(reader->text, start) - start);
}

/* The same for a byte of the text. */
static bool
fail_at_offset(struct reader *reader, size_t offset, const char *message)
{
    struct pga_str text = reader->text;
    size_t start = 0, next;
    int line = 1;

    for (; (next = next_line(text, start)) > start && next <= offset; line++)
        start = next;
    return fail_at(reader, line,
                   (int)pga_utf8_length(pga_str_slice(text, start, offset - start)) + 1,
                   "invalid YAML: %s", message);
}

/* libyaml puts what is missing at the end into a line behind the last: for people it is at the end of that one. */
static bool
is_behind(const struct reader *reader, yaml_mark_t mark)
{
    return mark.line >= (size_t)reader->lines;
}

static int
line_of(const struct reader *reader, yaml_mark_t mark)
{
    return is_behind(reader, mark) ? reader->lines : (int)mark.line + 1;
}

static int
column_of(const struct reader *reader, yaml_mark_t mark)
{
    return is_behind(reader, mark) ? reader->end_column : (int)mark.column + 1;
}

/* What libyaml itself found wrong. */
static bool
fail_by_parser(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;

    if (parser->error == YAML_MEMORY_ERROR)
        pga_out_of_memory(0); /* GCOVR_EXCL_LINE: malloc fails in no test */
    if (parser->error == YAML_READER_ERROR)
        return fail_at_offset(reader, parser->problem_offset, parser->problem);
    (void)fail_at(reader, line_of(reader, parser->problem_mark),
                  column_of(reader, parser->problem_mark), "invalid YAML: %s%s%s", parser->problem,
                  parser->context != NULL ? " " : "",
                  parser->context != NULL ? parser->context : "");
    if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line)
        return pga_error_detail(reader->err, "What is not complete begins in line %d, column %d.",
                                line_of(reader, parser->context_mark),
                                column_of(reader, parser->context_mark));
    return false;
}

/* Whether what comes next is the key of a member. */
static bool
wants_key(const struct reader *reader)
{
    const struct level *level;

    if (reader->depth == 0)
        return false;
    level = &reader->levels[reader->depth - 1];
    return level->node->kind == PGA_YAML_MAPPING && level->key == NULL;
}

static bool
check_properties(struct reader *reader, const yaml_event_t *event, const yaml_char_t *anchor,
                 const yaml_char_t *tag)
{
    int line = line_of(reader, event->start_mark), column = column_of(reader, event->start_mark);

    if (++reader->nodes > PGA_YAML_NODES_MAX)
        return fail_at(reader, line, column, "more than %d values in one YAML file",
                       PGA_YAML_NODES_MAX);
    if (anchor != NULL) {
        (void)fail_at(reader, line, column, "the YAML anchor \"&%s\" is not allowed here",
                      (const char *)anchor);
        return pga_error_hint(reader->err, "Write the value out wherever it is needed.");
    }
    if (tag != NULL) {
        (void)fail_at(reader, line, column, "the YAML tag \"%s\" is not allowed here",
                      (const char *)tag);
        return pga_error_hint(reader->err, "Leave the tag out; quotes make a text of any value.");
    }
    return true;
}

/* Make a node and hang it into the tree, under the key that was read before it. */
static struct pga_yaml *
add_node(struct reader *reader, enum pga_yaml_kind kind, const yaml_event_t *event)
{
    struct pga_yaml *node = pga_new(reader->mem, struct pga_yaml);

    node->kind = kind;
    node->line = line_of(reader, event->start_mark);
    node->column = column_of(reader, event->start_mark);
    if (reader->depth == 0) {
        reader->root = node;
    } else {
        struct level *level = &reader->levels[reader->depth - 1];

        node->key = level->key;
        node->key_line = level->key_line;
        node->key_column = level->key_column;
        *level->end = node;
        level->end = &node->next;
        level->count++;
        level->key = NULL;
        level->key_line = level->key_column = 0;
    }
    return node;
}

static bool
take_scalar(struct reader *reader, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    int line = line_of(reader, event->start_mark), column = column_of(reader, event->start_mark);
    struct pga_yaml *node;

    if (!check_properties(reader, event, event->data.scalar.anchor, event->data.scalar.tag))
        return false;
    if (memchr(value, '\0', len) != NULL)
        return fail_at(reader, line, column, "a value must not contain the character NUL");
    if (wants_key(reader)) {
        struct level *level = &reader->levels[reader->depth - 1];

        level->key = pga_strndup(reader->mem, value, len);
        level->key_line = line;
        level->key_column = column;
        return true;
    }
    node = add_node(reader, PGA_YAML_SCALAR, event);
    node->scalar = pga_strndup(reader->mem, value, len);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return true;
}

static bool
open_level(struct reader *reader, enum pga_yaml_kind kind, const yaml_event_t *event,
           const yaml_char_t *anchor, const yaml_char_t *tag)
{
    int line = line_of(reader, event->start_mark), column = column_of(reader, event->start_mark);
    struct pga_yaml *node;

    if (!check_properties(reader, event, anchor, tag))
        return false;
    if (wants_key(reader))
        return fail_at(reader, line, column, "a key must be a simple text, not a %s",
                       kind == PGA_YAML_SEQUENCE ? "sequence" : "mapping");
    if (reader->depth == PGA_YAML_DEPTH_MAX)
        return fail_at(reader, line, column, "nested deeper than %d levels", PGA_YAML_DEPTH_MAX);
    node = add_node(reader, kind, event);
    reader->levels[reader->depth++] = (struct level){.node = node, .end = &node->first};
    return true;
}

/* By key, then by place. */
static int
compare_members(const void *a, const void *b)
{
    const struct pga_yaml *left = *(const struct pga_yaml *const *)a;
    const struct pga_yaml *right = *(const struct pga_yaml *const *)b;
    int order = strcmp(left->key, right->key);

    if (order == 0)
        order = left->key_line - right->key_line;
    return order != 0 ? order : left->key_column - right->key_column;
}

/*
 * Sorting finds a key that stands twice in n log n; comparing each with each would let a large file
 * take minutes.
 */
static bool
check_duplicates(struct reader *reader, const struct level *level)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    const struct pga_yaml **members =
        pga_new_array(&scratch, const struct pga_yaml *, level->count);
    size_t count = 0;

    for (const struct pga_yaml *child = level->node->first; child != NULL; child = child->next)
        members[count++] = child;
    qsort(members, count, sizeof(*members), compare_members);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(members[i - 1]->key, members[i]->key) != 0)
            continue;
        (void)fail_at(reader, members[i]->key_line, members[i]->key_column,
                      "the key \"%s\" stands twice", members[i]->key);
        return pga_error_hint(reader->err, "Remove this one or the one in line %d.",
                              members[i - 1]->key_line);
    }
    return true;
}

static bool
close_level(struct reader *reader)
{
    const struct level *level = &reader->levels[--reader->depth];

    return level->node->kind != PGA_YAML_MAPPING || check_duplicates(reader, level);
}

static bool
take_document(struct reader *reader, const yaml_event_t *event)
{
    int line = line_of(reader, event->start_mark), column = column_of(reader, event->start_mark);

    if (++reader->documents > 1)
        return fail_at(reader, line, column, "more than one YAML document in one file");
    if (event->data.document_start.tag_directives.start !=
        event->data.document_start.tag_directives.end)
        return fail_at(reader, line, column, "the directive \"%%TAG\" is not allowed here");
    return true;
}

static bool
take_event(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return take_document(reader, event);
    case YAML_ALIAS_EVENT:
        (void)fail_at(
            reader, line_of(reader, event->start_mark), column_of(reader, event->start_mark),
            "the YAML alias \"*%s\" is not allowed here", (const char *)event->data.alias.anchor);
        return pga_error_hint(reader->err, "Write the value out wherever it is needed.");
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(reader, PGA_YAML_SEQUENCE, event, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_level(reader, PGA_YAML_MAPPING, event, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_level(reader);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return true;
}

static bool
read_events(struct reader *reader)
{
    bool at_end = false;

    while (!at_end) {
        PGA_AUTO(yaml_event_delete)
        yaml_event_t event;

        if (yaml_parser_parse(&reader->parser, &event) == 0)
            return fail_by_parser(reader);
        if (!take_event(reader, &event))
            return false;
        at_end = event.type == YAML_STREAM_END_EVENT;
    }
    return true;
}

/*
 * Parsers of other libraries guess the encoding; a configuration is UTF-8, with or without a byte
 * order mark.
 */
static bool
check_text(struct reader *reader)
{
    size_t good, last = 0, next;

    if (reader->text.len > PGA_FILE_CONFIG_MAX) {
        (void)pga_fail(reader->err, PGA_ERR_USAGE, "the YAML file has %zu bytes, the limit is %u",
                       reader->text.len, PGA_FILE_CONFIG_MAX);
        (void)pga_error_identify(reader->err, PGA_ID_TOO_LARGE);
        (void)pga_error_hint(reader->err, "Is it the right file? See \"ls -l '%s'\".",
                             reader->file);
        return pga_error_place(reader->err, reader->file, 0, 0, NULL, 0);
    }
    if (pga_str_starts(reader->text, "\xEF\xBB\xBF"))
        reader->text = pga_str_slice(reader->text, 3, reader->text.len);
    for (reader->lines = 1; (next = next_line(reader->text, last)) > last; reader->lines++)
        last = next;
    reader->end_column =
        (int)pga_utf8_length(pga_str_slice(reader->text, last, reader->text.len)) + 1;
    good = pga_utf8_valid_prefix(reader->text);
    if (good == reader->text.len)
        return true;
    (void)fail_at_offset(reader, good, "this is not UTF-8");
    return pga_error_hint(reader->err, "Save the file as UTF-8.");
}

struct pga_yaml *
pga_yaml_parse(struct pga_arena *mem, const char *file, struct pga_str text, struct pga_error *err)
{
    struct reader reader = {.mem = mem, .file = file, .text = text, .err = err};
    bool good;

    if (text.data == NULL)
        reader.text = PGA_STR("");
    if (!check_text(&reader))
        return NULL;
    if (yaml_parser_initialize(&reader.parser) == 0)
        pga_out_of_memory(0); /* GCOVR_EXCL_LINE: malloc fails in no test */
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)reader.text.data,
                                 reader.text.len);
    good = read_events(&reader);
    yaml_parser_delete(&reader.parser);
    if (!good) {
        if (err->hint[0] == '\0')
            (void)pga_error_hint(
                err, "Mend the file at that place: indent with blanks only, write a blank behind "
                     "each colon, and quote values with special characters.");
        return NULL;
    }
    if (reader.root == NULL) {
        reader.root = pga_new(mem, struct pga_yaml);
        reader.root->kind = PGA_YAML_MAPPING;
        reader.root->line = reader.root->column = 1;
    } else if (reader.root->kind == PGA_YAML_SCALAR && !reader.root->quoted &&
               reader.root->scalar[0] == '\0') {
        reader.root->kind = PGA_YAML_MAPPING; /* "---" and nothing after it */
        reader.root->scalar = NULL;
    }
    return reader.root;
}

const struct pga_yaml *
pga_yaml_find(const struct pga_yaml *mapping, const char *key)
{
    if (mapping->kind != PGA_YAML_MAPPING)
        return NULL;
    for (const struct pga_yaml *child = mapping->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

const char *
pga_yaml_library(void)
{
    return yaml_get_version_string();
}
