/*
 * alterations/directory.c: the files of a directory, paired and put in order.
 *
 * Names are checked before the first file is opened, so that a wrong name or pair comes first among the mistakes;
 * but all of them are reported, those in the files too.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/alteration.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alterations/mistakes.h"
#include "alterations/slug.h"
#include "base/file.h"

/* How deep, and at how many names in all, a look is taken for alterations that lie too deep. */
#define DEPTH_MAX  3
#define DEEPER_MAX 10000

/* A file whose name is a script's. */
struct file {
    const char *file_name;
    struct pga_name name;
    bool is_wrong; /* of the first of a group: its names don't fit together */
};

struct files {
    struct file *items;
    size_t count, capacity;
};

/* What one call of pga_directory_load() carries. */
struct loading {
    struct pga_arena *mem;
    const char *dir;
    struct files files;
    struct pga_mistakes mistakes;
    size_t deeper;        /* names that have been looked at in directories below */
    bool names_are_right; /* all of them: no script is missing only because its name is wrong */
};

static bool
list(struct pga_arena *mem, const char *dir, const char *const **out_names, size_t *out_count,
     struct pga_error *err)
{
    if (pga_file_list(mem, dir, out_names, out_count, err))
        return true;
    if (!pga_file_exists(dir) && !pga_file_is_link(dir))
        return pga_error_hint(err, "\"pgalter new add_users\" makes it together with a first "
                                   "alteration; \"--dir DIR\" names another directory.");
    if (pga_file_exists(dir) && !pga_file_is_directory(dir))
        return pga_error_hint(err, "Name the directory of the alterations with \"--dir DIR\".");
    return false;
}

/* The path of an alteration somewhere below `dir`, or NULL.  What can't be listed is another's. */
static char *
find_deeper(struct loading *l, const char *dir, int depth)
{
    const char *const *names;
    struct pga_error ignored = {0};
    char *found = NULL;
    size_t count;

    if (!pga_file_list(l->mem, dir, &names, &count, &ignored))
        return NULL;
    for (size_t i = 0; i < count && found == NULL && l->deeper++ < DEEPER_MAX; i++) {
        char *path = pga_path_join(l->mem, dir, names[i]);
        struct pga_error none = {0};
        struct pga_name name;

        if (pga_name_parse(l->mem, names[i], &name, &none))
            return path;
        if (depth < DEPTH_MAX && !pga_file_is_link(path) && pga_file_is_directory(path))
            found = find_deeper(l, path, depth + 1);
    }
    return found;
}

/* A directory in the directory: nobody would miss the alterations in it. */
static void
check_directory(struct loading *l, const char *path)
{
    struct pga_error wrong = {0};
    char *found = find_deeper(l, path, 1);

    if (found == NULL)
        return;
    (void)pga_fail(&wrong, PGA_ERR_USAGE, "\"%s\" is an alteration in a directory below", found);
    (void)pga_error_identify(&wrong, PGA_ID_FILE_NAME);
    (void)pga_error_hint(&wrong,
                         "Move it into \"%s\" itself, where alterations are looked for, or move "
                         "the directory \"%s\" elsewhere.",
                         l->dir, path);
    pga_mistakes_add(&l->mistakes, &wrong);
}

/* Parse the names; what is refused as a file's name may still be a directory's. */
static bool
collect(struct loading *l, struct pga_error *err)
{
    const char *const *names;
    struct files *files = &l->files;
    struct pga_error wrong = {0};
    char *path;
    size_t count;

    if (!list(l->mem, l->dir, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct file file = {.file_name = names[i]};

        if (pga_name_parse(l->mem, names[i], &file.name, &wrong)) {
            files->items =
                pga_grow(l->mem, files->items, files->count, &files->capacity, sizeof(file));
            files->items[files->count++] = file;
            continue;
        }
        path = pga_path_join(l->mem, l->dir, names[i]);
        if (pga_file_is_directory(path))
            check_directory(l, path);
        else if (wrong.code != PGA_OK)
            pga_mistakes_add(&l->mistakes, &wrong);
        wrong = (struct pga_error){0};
    }
    l->names_are_right = l->mistakes.count == 0;
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
        (void)pga_error_identify(err, PGA_ID_SAME_TIMESTAMP);
        return pga_error_hint(err, "Remove one of them, or give it another timestamp.");
    }
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" and \"%s\" have one timestamp", a->file_name,
                   b->file_name);
    (void)pga_error_identify(err, PGA_ID_SAME_TIMESTAMP);
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
    const char *difference = "slug", *unlike;

    if (pga_same(up->name.id, file->name.id))
        difference = "version";
    else if (pga_same(up->name.slug, file->name.slug))
        difference = "way of writing it";
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" and \"%s\" have one timestamp but not one %s",
                   up->file_name, file->file_name, difference);
    (void)pga_error_identify(err, PGA_ID_SAME_TIMESTAMP);
    unlike = pga_slug_difference(mem, up->name.slug, file->name.slug);
    if (unlike != NULL)
        (void)pga_error_detail(err, "The slugs may look alike, but %s.", unlike);
    return pga_error_hint(err, "Rename \"%s\" to \"%s\", or give it its own timestamp.",
                          file->file_name, sibling(mem, up, file->name.part));
}

static bool
no_partner(struct pga_arena *mem, const struct file *file, enum pga_part partner,
           struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" has no %s script", file->file_name,
                   pga_part_name(partner));
    (void)pga_error_identify(err, PGA_ID_NO_UP_SCRIPT);
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
            (void)pga_error_identify(err, PGA_ID_SAME_TIMESTAMP);
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
load_script(struct loading *l, const struct file *file, const struct pga_script_text **out)
{
    struct pga_script_text *script = pga_new(l->mem, struct pga_script_text);
    char *path = pga_path_join(l->mem, l->dir, file->file_name);
    struct pga_error wrong = {0};
    struct pga_str bytes;

    if (pga_file_read(l->mem, path, PGA_FILE_SCRIPT_MAX, &bytes, &wrong) &&
        pga_script_parse(l->mem, path, file->name.part, bytes, script, &wrong)) {
        *out = script;
        return true;
    }
    if (wrong.id == PGA_ID_TOO_LARGE)
        (void)pga_error_hint(&wrong, "Split it into several alterations; rows in bulk are loaded "
                                     "with \"psql -c '\\copy ...'\" instead.");
    pga_mistakes_add(&l->mistakes, &wrong);
    return false;
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
    (void)pga_error_identify(err, PGA_ID_DIRECTIVE);
    return pga_error_hint(err,
                          "Remove the directive \"irreversible\" from the up script, or remove "
                          "the down script.");
}

/* Read the scripts of one alteration: `count` files that check_group() has passed. */
static void
load_alteration(struct loading *l, const struct file *files, size_t count,
                struct pga_alterations *out)
{
    const struct pga_name *name = &files[0].name;
    struct pga_alteration alteration = {
        .id = name->id, .version = name->version, .timestamp = name->timestamp, .slug = name->slug};
    struct pga_error wrong = {0};
    bool fine = true;

    for (size_t i = 0; i < count; i++)
        fine = load_script(l, &files[i], &alteration.parts[files[i].name.part]) && fine;
    if (!fine)
        return;
    if (!check_irreversible(&alteration, &wrong)) {
        pga_mistakes_add(&l->mistakes, &wrong);
        return;
    }
    out->items = pga_grow(l->mem, out->items, out->count, &out->capacity, sizeof(alteration));
    out->items[out->count++] = alteration;
}

/* What has no partner may have one whose name is wrong: that is one mistake, not two. */
static void
note_group(struct loading *l, struct pga_error *wrong)
{
    if (l->names_are_right || wrong->id != PGA_ID_NO_UP_SCRIPT)
        pga_mistakes_add(&l->mistakes, wrong);
    *wrong = (struct pga_error){0};
}

/* Check whether the names of each group fit together, and mark the groups that don't. */
static void
check_groups(struct loading *l)
{
    struct pga_error wrong = {0};
    struct file *items = l->files.items;
    size_t size;

    for (size_t i = 0; i < l->files.count; i += size) {
        size = group_size(&l->files, i);
        if (check_group(l->mem, &items[i], size, &wrong))
            continue;
        note_group(l, &wrong);
        items[i].is_wrong = true;
    }
}

bool
pga_directory_load(struct pga_arena *mem, const char *dir, struct pga_alterations *out,
                   struct pga_error *err)
{
    struct pga_alterations loaded = {.dir = dir};
    struct loading l = {.mem = mem, .dir = dir, .mistakes = pga_mistakes_on(mem)};
    size_t size, wrong_names;

    if (!collect(&l, err))
        return false;
    if (l.files.count > 0)
        qsort(l.files.items, l.files.count, sizeof(*l.files.items), compare_files);
    check_groups(&l);
    wrong_names = l.mistakes.count;
    for (size_t i = 0; i < l.files.count; i += size) {
        size = group_size(&l.files, i);
        if (!l.files.items[i].is_wrong)
            load_alteration(&l, &l.files.items[i], size, &loaded);
    }
    if (!pga_mistakes_check(&l.mistakes, err))
        return wrong_names > 0 ? pga_error_while(err, "directory \"%s\"", dir) : false;
    *out = loaded;
    return true;
}
