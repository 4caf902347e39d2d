/*
 * tests/fuzz/bug.c: a broken invariant aborts under libFuzzer, which only then keeps the input.
 *
 * The linker puts it in the place of pga_bug_at(), which ends the process without libFuzzer noticing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void __wrap_pga_bug_at(const char *src_file, int src_line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void
__wrap_pga_bug_at(const char *src_file, int src_line, const char *fmt, ...)
{
    va_list args;

    (void)fprintf(stderr, "bug: %s:%d: ", src_file, src_line);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    abort();
}
