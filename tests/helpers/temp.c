/*
 * tests/helpers/temp.c: temporary directories and files for unit tests.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/temp.h"

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

char *
pga_temp_directory(struct pga_arena *mem)
{
    const char *base = getenv("TMPDIR");
    char *path = pga_format(mem, "%s/pgalter-test-XXXXXX", base != NULL ? base : "/tmp");

    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

static int
remove_entry(const char *path, const struct stat *status PGA_UNUSED, int type PGA_UNUSED,
             struct FTW *where PGA_UNUSED)
{
    return remove(path);
}

void
pga_temp_remove(const char *dir)
{
    ck_assert_int_eq(nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

char *
pga_temp_write(struct pga_arena *mem, const char *dir, const char *name, const char *bytes,
               size_t len)
{
    char *path = pga_format(mem, "%s/%s", dir, name);
    FILE *stream = fopen(path, "wb");
    size_t size = len == SIZE_MAX ? strlen(bytes) : len;

    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(bytes, 1, size, stream), size);
    ck_assert_int_eq(fclose(stream), 0);
    return path;
}
