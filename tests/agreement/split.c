/*
 * tests/agreement/split.c: the statements that pgalter finds in a script, as records.
 *
 *     agreement_split FILE >RECORDS
 *
 * Where pgalter refuses the script, the statements in front of that place are printed, the reason goes to stderr, and
 * the status is 1.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "alterations/script.h"
#include "base/file.h"
#include "tests/agreement/record.h"

static bool
print_statements(struct pga_str text, const struct pga_statements *statements,
                 struct pga_error *err)
{
    for (size_t i = 0; i < statements->count; i++) {
        const struct pga_statement *s = &statements->items[i];
        /* Without a semicolon psql sends everything up to the end of the file. */
        size_t len = s->has_semicolon ? s->len : text.len;
        struct pga_record query = {PGA_RECORD_QUERY, pga_str_slice(text, s->offset, len)};
        struct pga_record rows = {PGA_RECORD_ROWS,
                                  pga_str_slice(text, s->data_offset, s->data_len)};

        if (!pga_record_write(stdout, query, err) ||
            (s->kind == PGA_STATEMENT_COPY_IN && !pga_record_write(stdout, rows, err)))
            return false;
    }
    return true;
}

static bool
split(struct pga_arena *mem, const char *path, struct pga_error *err)
{
    struct pga_error print_err = {0};
    struct pga_str bytes;
    struct pga_script_text script;
    struct pga_statements statements;
    bool complete;

    if (!pga_file_read(mem, path, PGA_FILE_SCRIPT_MAX, &bytes, err) ||
        !pga_script_parse(mem, path, PGA_PART_UP, bytes, &script, err))
        return false;
    complete = pga_statements_parse(mem, path, script.text, true, &statements, err);
    if (!print_statements(script.text, &statements, complete ? err : &print_err))
        return false;
    return complete;
}

int
main(int argc, char **argv)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_error err = {0};

    if (argc != 2) {
        (void)fputs("usage: agreement_split FILE >RECORDS\n", stderr);
        return 64;
    }
    if (split(&mem, argv[1], &err))
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "%d:%d: %s\n", err.place.line, err.place.column, err.message);
    return EXIT_FAILURE;
}
