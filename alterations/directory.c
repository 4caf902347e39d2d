/*
 * alterations/directory.c: the files of a directory, paired and put in order.
 *
 * Names are checked before the first file is opened: a wrong name or pair is reported whatever the files hold.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/alteration.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* A file whose name is a script's. */
struct file {
    const char *file_name;
    struct pga_name name;
};

struct files {
    struct file *items;
    size_t count, capacity;
};

static bool
list(struct pga_arena *mem, const char *dir, const char *const **out_names, size_t *out_count,
     struct pga_error *err)
{
    if (pga_file_list(mem, dir, out_names, out_count, err))
        return true;
    if (!pga_file_exists(dir))
        return pga_error_hint(err, "\"pgalter new add_users\" makes it together with a first "
                                   "alteration; \"--dir DIR\" names another directory.");
    if (!pga_file_is_directory(dir))
        return pga_error_hint(err, "Name the directory of the alterations with \"--dir DIR\".");
    return pga_error_hint(err, "See \"ls -ld '%s'\".", dir); /* GCOVR_EXCL_LINE: root reads all */
}

/* Parse the names; what is refused as a file's name may still be a directory's. */
static bool
collect(struct pga_arena *mem, const char *dir, struct files *out, struct pga_error *err)
{
    const char *const *names;
    struct pga_error wrong = {0};
    size_t count;

    if (!list(mem, dir, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct file file = {.file_name = names[i]};

        if (pga_name_parse(mem, names[i], &file.name, &wrong)) {
            out->items = pga_grow(mem, out->items, out->count, &out->capacity, sizeof(file));
            out->items[out->count++] = file;
        } else if (wrong.code != PGA_OK) {
            if (!pga_file_is_directory(pga_path_join(mem, dir, names[i]))) {
                *err = wrong;
                return pga_error_while(err, "directory \"%s\"", dir);
            }
            wrong = (struct pga_error){0};
        }
    }
    return true;
}

/* By timestamp; the up script first among those with one timestamp. */
static int
compare_files(const void *a, const void *b)
{
    const struct file *left = a, *right = b;
    int order = pga_timestamp_compare(left->name.timestamp, right->name.timestamp);

    if (order == 0)
        order = (int)left->name.part - (int)right->name.part;
    return order != 0 ? order : strcmp(left->file_name, right->file_name);
}

/* The name that a part has beside this file. */
static char *
sibling(struct pga_arena *mem, const struct file *file, enum pga_part part)
{
    size_t suffix = strlen(pga_part_name(file->name.part)) + strlen("..sql");
    size_t len = strlen(file->file_name) - suffix;

    return pga_format(mem, "%.*s.%s.sql", (int)len, file->file_name, pga_part_name(part));
}

static bool
two_alterations(const struct file *a, const struct file *b, struct pga_error *err)
{
    if (pga_same(a->name.id, b->name.id)) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" and \"%s\" have one id, \"%s\"", a->file_name,
                       b->file_name, a->name.id);
        return pga_error_hint(err, "Remove one of them, or give it another timestamp.");
    }
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" and \"%s\" have one timestamp", a->file_name,
                   b->file_name);
    if (!pga_same(a->name.timestamp, b->name.timestamp))
        (void)pga_error_detail(err, "Timestamps are compared as numbers: %s is %s.",
                               a->name.timestamp, b->name.timestamp);
    return pga_error_hint(err, "Give one of them another timestamp, and its other scripts the "
                               "same; their order is otherwise left to chance.");
}

/* A script that stands beside the up script of its timestamp and does not match it. */
static bool
no_pair(struct pga_arena *mem, const struct file *up, const struct file *file,
        struct pga_error *err)
{
    const char *difference = "slug";

    if (pga_same(up->name.id, file->name.id))
        difference = "version";
    else if (pga_same(up->name.slug, file->name.slug))
        difference = "way of writing it";
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" and \"%s\" have one timestamp but not one %s",
                   up->file_name, file->file_name, difference);
    return pga_error_hint(err, "Rename \"%s\" to \"%s\", or give it its own timestamp.",
                          file->file_name, sibling(mem, up, file->name.part));
}

static bool
no_partner(struct pga_arena *mem, const struct file *file, enum pga_part partner,
           struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" has no %s script", file->file_name,
                   pga_part_name(partner));
    return pga_error_hint(err, "Add \"%s\"%s, or remove \"%s\".", sibling(mem, file, partner),
                          partner == PGA_PART_DOWN ? ", which may be empty" : "", file->file_name);
}

/* Check `count` files that have one timestamp, in order of their parts. */
static bool
check_group(struct pga_arena *mem, const struct file *files, size_t count, struct pga_error *err)
{
    const struct file *up = &files[0];
    bool has_down = false;

    if (up->name.part != PGA_PART_UP)
        return no_partner(mem, up, PGA_PART_UP, err);
    for (size_t i = 1; i < count; i++) {
        const struct file *file = &files[i];

        if (file->name.part == PGA_PART_UP)
            return two_alterations(up, file, err);
        if (!pga_same(file->name.id, up->name.id) ||
            !pga_same(file->name.version.text, up->name.version.text))
            return no_pair(mem, up, file, err);
        if (file->name.part == files[i - 1].name.part) {
            (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" and \"%s\" are both the %s script of \"%s\"",
                           files[i - 1].file_name, file->file_name, pga_part_name(file->name.part),
                           file->name.id);
            return pga_error_hint(err, "Remove one of them.");
        }
        has_down = has_down || file->name.part == PGA_PART_DOWN;
        if (file->name.part == PGA_PART_BEFORE_DOWN && !has_down)
            return no_partner(mem, file, PGA_PART_DOWN, err);
    }
    return true;
}

static size_t
group_size(const struct files *files, size_t first)
{
    size_t end = first + 1;

    while (end < files->count && pga_timestamp_compare(files->items[first].name.timestamp,
                                                       files->items[end].name.timestamp) == 0)
        end++;
    return end - first;
}

static bool
check_names(struct pga_arena *mem, const struct files *files, struct pga_error *err)
{
    size_t size;

    for (size_t i = 0; i < files->count; i += size) {
        size = group_size(files, i);
        if (!check_group(mem, &files->items[i], size, err))
            return false;
    }
    return true;
}

static bool
load_script(struct pga_arena *mem, const char *dir, const struct file *file,
            const struct pga_script_text **out, struct pga_error *err)
{
    struct pga_script_text *script = pga_new(mem, struct pga_script_text);
    char *path = pga_path_join(mem, dir, file->file_name);
    struct pga_str bytes;

    if (!pga_file_read(mem, path, PGA_FILE_SCRIPT_MAX, &bytes, err) ||
        !pga_script_parse(mem, path, file->name.part, bytes, script, err))
        return false;
    *out = script;
    return true;
}

/* Refuse a way back for an alteration that says there is none. */
static bool
check_irreversible(const struct pga_alteration *alteration, struct pga_error *err)
{
    const struct pga_script_text *up = alteration->parts[PGA_PART_UP];
    const struct pga_script_text *down = alteration->parts[PGA_PART_DOWN];

    assert(up != NULL); /* check_group() has seen it */
    if (up->directives.irreversible == NULL || down == NULL)
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" is irreversible, but there is \"%s\"", up->file,
                   down->file);
    return pga_error_hint(err,
                          "Remove the directive \"irreversible\" from the up script, or remove "
                          "the down script.");
}

/* Read the scripts of one alteration: `count` files that check_group() has passed. */
static bool
load_alteration(struct pga_arena *mem, const char *dir, const struct file *files, size_t count,
                struct pga_alterations *out, struct pga_error *err)
{
    const struct pga_name *name = &files[0].name;
    struct pga_alteration alteration = {
        .id = name->id, .version = name->version, .timestamp = name->timestamp, .slug = name->slug};

    for (size_t i = 0; i < count; i++)
        if (!load_script(mem, dir, &files[i], &alteration.parts[files[i].name.part], err))
            return false;
    if (!check_irreversible(&alteration, err))
        return false;
    out->items = pga_grow(mem, out->items, out->count, &out->capacity, sizeof(alteration));
    out->items[out->count++] = alteration;
    return true;
}

bool
pga_directory_load(struct pga_arena *mem, const char *dir, struct pga_alterations *out,
                   struct pga_error *err)
{
    struct pga_alterations loaded = {.dir = dir};
    struct files files = {0};
    size_t size;

    if (!collect(mem, dir, &files, err))
        return false;
    if (files.count > 0)
        qsort(files.items, files.count, sizeof(*files.items), compare_files);
    if (!check_names(mem, &files, err))
        return pga_error_while(err, "directory \"%s\"", dir);
    for (size_t i = 0; i < files.count; i += size) {
        size = group_size(&files, i);
        if (!load_alteration(mem, dir, &files.items[i], size, &loaded, err))
            return false;
    }
    *out = loaded;
    return true;
}
