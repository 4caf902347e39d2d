/*
 * tests/agreement/compare.c: whether psql and pgalter found the same statements in a script.
 *
 *     agreement_compare PSQL-RECORDS PGALTER-RECORDS
 *
 * Prints one line "AGREED PSQL PGALTER": how many statements both have, and how many each has.  Status 0 when nothing
 * differs; otherwise 1, and the first place where something does follows.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "tests/agreement/record.h"

#define SHOWN 300 /* bytes of a statement that are printed */

struct records {
    struct pga_record *items;
    size_t count, capacity;
};

static bool
read_records(struct pga_arena *mem, const char *path, struct records *out, struct pga_error *err)
{
    struct pga_str rest;
    struct pga_record record;

    if (!pga_file_read(mem, path, PGA_RECORD_MAX, &rest, err))
        return false;
    while (pga_record_read(&rest, &record)) {
        out->items = pga_grow(mem, out->items, out->count, &out->capacity, sizeof(*out->items));
        out->items[out->count++] = record;
    }
    return true;
}

static bool
is_same(const struct pga_record *a, const struct pga_record *b)
{
    return a->kind == b->kind && pga_str_equal(a->text, b->text);
}

static size_t
count_statements(const struct records *records, size_t first, size_t end)
{
    size_t count = 0;

    for (size_t i = first; i < end; i++)
        count += records->items[i].kind == PGA_RECORD_QUERY;
    return count;
}

static void
show(const char *whose, const struct records *records, size_t at)
{
    struct pga_str text = PGA_STR("nothing more");

    if (at < records->count)
        text = pga_str_slice(records->items[at].text, 0, SHOWN);
    (void)printf("%s: %.*s\n", whose, PGA_STR_ARG(text));
}

/* What stands in front of the first difference agrees, and what stands behind the last one. */
static bool
compare(const struct records *psql, const struct records *pgalter)
{
    size_t shorter = psql->count < pgalter->count ? psql->count : pgalter->count;
    size_t same = 0, behind = 0;

    while (same < shorter && is_same(&psql->items[same], &pgalter->items[same]))
        same++;
    while (behind < shorter - same && is_same(&psql->items[psql->count - 1 - behind],
                                              &pgalter->items[pgalter->count - 1 - behind]))
        behind++;
    (void)printf(
        "%zu %zu %zu\n",
        count_statements(psql, 0, same) + count_statements(psql, psql->count - behind, psql->count),
        count_statements(psql, 0, psql->count), count_statements(pgalter, 0, pgalter->count));
    if (same == psql->count && same == pgalter->count)
        return true;
    show("psql", psql, same);
    show("pgalter", pgalter, same);
    return false;
}

int
main(int argc, char **argv)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_error err = {0};
    struct records psql = {0}, pgalter = {0};

    if (argc != 3) {
        (void)fputs("usage: agreement_compare PSQL-RECORDS PGALTER-RECORDS\n", stderr);
        return 64;
    }
    if (!read_records(&mem, argv[1], &psql, &err) || !read_records(&mem, argv[2], &pgalter, &err)) {
        (void)fprintf(stderr, "agreement_compare: %s\n", err.message);
        return 64;
    }
    return compare(&psql, &pgalter) ? EXIT_SUCCESS : EXIT_FAILURE;
}
