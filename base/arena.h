/*
 * base/arena.h: memory by lifetime.
 *
 * An arena hands out memory that is freed as a whole.  pgalter has four lifetimes: process,
 * command, alteration and query; a function that allocates takes the arena that its result shall
 * live on.  Nobody calls free().  Allocation never fails towards the caller: without memory the
 * process says so and ends, which is safe because the server rolls back what a dead client began.
 *
 *     PGA_AUTO(pga_arena_release) struct pga_arena scratch = {0};
 *     char *id = pga_format(&scratch, "%s-%s", timestamp, slug);
 *
 * With PGA_SANITIZE each allocation is a malloc of its own, so that AddressSanitizer sees every
 * border.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_ARENA_H
#define PGA_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/compiler.h"

struct pga_arena_block;

/* All zero is a valid, empty arena. */
struct pga_arena {
    struct pga_arena_block *blocks; /* newest first */
    size_t total_bytes;             /* handed out since the last release */
};

/*
 * Say that there is no memory for `bytes` more (0: unknown) and end; also for what foreign
 * libraries allocate.
 */
PGA_NORETURN void pga_out_of_memory(size_t bytes);

/* Free everything; the arena is empty and usable again. */
void pga_arena_release(struct pga_arena *mem);

/* `count` zeroed objects of `size` bytes, aligned for any type.  Never NULL, also for 0 bytes. */
void *pga_alloc(struct pga_arena *mem, size_t count, size_t size);

#define pga_new(mem, type)              ((type *)pga_alloc((mem), 1, sizeof(type)))
#define pga_new_array(mem, type, count) ((type *)pga_alloc((mem), (count), sizeof(type)))

/* Copies that end in NUL.  pga_strdup(NULL) is NULL. */
char *pga_strdup(struct pga_arena *mem, const char *text);
char *pga_strndup(struct pga_arena *mem, const char *text, size_t len);

char *pga_format(struct pga_arena *mem, const char *fmt, ...) PGA_PRINTF(2, 3);
char *pga_vformat(struct pga_arena *mem, const char *fmt, va_list args) PGA_PRINTF(2, 0);

/*
 * Make room for one more element in a growing array on an arena: returns the array, moved if it was
 * full, and adjusts *capacity.  The abandoned copies stay on the arena; their sum is below the
 * final size.
 *
 *     list->items = pga_grow(mem, list->items, list->count, &list->capacity, sizeof(*list->items));
 *     list->items[list->count++] = item;
 */
void *pga_grow(struct pga_arena *mem, void *items, size_t count, size_t *capacity, size_t size)
    PGA_MUST_CHECK;

#endif
