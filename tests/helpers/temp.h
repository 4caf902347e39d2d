/*
 * tests/helpers/temp.h: temporary directories and files for unit tests.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_TEMP_H
#define PGA_TESTS_TEMP_H

#include <stddef.h>

#include "base/arena.h"

/* A new, empty directory.  Remove it with pga_temp_remove(). */
char *pga_temp_directory(struct pga_arena *mem);

/* Remove a directory and all that is in it. */
void pga_temp_remove(const char *dir);

/* Write a file with these bytes (len SIZE_MAX: up to NUL) and return its path. */
char *pga_temp_write(struct pga_arena *mem, const char *dir, const char *name, const char *bytes,
                     size_t len);

#endif
