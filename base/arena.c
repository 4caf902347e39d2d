/*
 * base/arena.c: memory by lifetime.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT      (sizeof(max_align_t) > 16 ? sizeof(max_align_t) : 16)
#define BYTES_MAX      ((size_t)PTRDIFF_MAX - 1024) /* room for rounding and the block's head */
#define BLOCK_MIN_SIZE ((size_t)4096)
#define BLOCK_MAX_SIZE ((size_t)256 * 1024)

struct pga_arena_block {
    struct pga_arena_block *next;
    size_t size; /* of data */
    size_t used;
    _Alignas(max_align_t) unsigned char data[];
};

/* The server rolls back what a dead client began, so ending here is safe. */
void
pga_out_of_memory(size_t bytes)
{
    (void)fputs("pgalter: error: out of memory", stderr);
    if (bytes > 0)
        (void)fprintf(stderr, " (asked for %zu bytes)", bytes);
    (void)fputc('\n', stderr);
    (void)fputs(
        "pgalter: hint: nothing is half done; run the same command again with more memory\n",
        stderr);
    exit(1);
}

static struct pga_arena_block *
add_block(struct pga_arena *mem, size_t size)
{
    struct pga_arena_block *block = malloc(sizeof(*block) + size);

    if (block == NULL)
        pga_out_of_memory(size); /* GCOVR_EXCL_LINE: malloc fails in no test */
    block->next = mem->blocks;
    block->size = size;
    block->used = 0;
    mem->blocks = block;
    return block;
}

void
pga_arena_release(struct pga_arena *mem)
{
    struct pga_arena_block *block = mem->blocks;

    while (block != NULL) {
        struct pga_arena_block *next = block->next;

        free(block);
        block = next;
    }
    mem->blocks = NULL;
    mem->total_bytes = 0;
}

void *
pga_alloc(struct pga_arena *mem, size_t count, size_t size)
{
    struct pga_arena_block *block;
    size_t bytes;
    void *result;

    if (size != 0 && count > BYTES_MAX / size)
        pga_out_of_memory(SIZE_MAX);
    bytes = (count * size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (bytes == 0)
        bytes = ALIGNMENT;
#ifdef PGA_SANITIZE
    block = add_block(mem, count * size); /* one allocation a block: every border is watched */
#else
    block = mem->blocks;
    if (block == NULL || block->size - block->used < bytes) {
        size_t doubled = block == NULL ? BLOCK_MIN_SIZE : 2 * block->size;
        size_t usual = doubled < BLOCK_MAX_SIZE ? doubled : BLOCK_MAX_SIZE;

        block = add_block(mem, bytes > usual ? bytes : usual);
    }
#endif
    result = block->data + block->used;
    block->used += bytes;
    mem->total_bytes += bytes;
    memset(result, 0, count * size);
    return result;
}

char *
pga_strndup(struct pga_arena *mem, const char *text, size_t len)
{
    char *copy = pga_alloc(mem, len + 1, 1);

    if (len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *
pga_strdup(struct pga_arena *mem, const char *text)
{
    return text == NULL ? NULL : pga_strndup(mem, text, strlen(text));
}

char *
pga_vformat(struct pga_arena *mem, const char *fmt, va_list args)
{
    va_list again;
    char *text;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    text = pga_alloc(mem, len > 0 ? (size_t)len + 1 : 1, 1);
    if (len > 0)
        (void)vsnprintf(text, (size_t)len + 1, fmt, args);
    return text;
}

char *
pga_format(struct pga_arena *mem, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = pga_vformat(mem, fmt, args);
    va_end(args);
    return text;
}

void *
pga_grow(struct pga_arena *mem, void *items, size_t count, size_t *capacity, size_t size)
{
    size_t larger = *capacity == 0 ? 8 : 2 * *capacity;
    void *moved;

    if (count < *capacity)
        return items;
    moved = pga_alloc(mem, larger, size);
    if (count > 0)
        memcpy(moved, items, count * size);
    *capacity = larger;
    return moved;
}
