/*
 * base/compiler.h: the few compiler extensions that pgalter uses, each behind a name.
 *
 * gcc and clang only.  Nothing else in the project spells __attribute__.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_COMPILER_H
#define PGA_BASE_COMPILER_H

/* The caller must look at the result; a deliberate exception is written (void)!f(). */
#define PGA_MUST_CHECK __attribute__((warn_unused_result))

/* The arguments from `first` on are formatted by the format string at position `fmt`. */
#define PGA_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define PGA_NORETURN __attribute__((noreturn))

/* Call release(&variable) when the variable leaves its scope, on every path. */
#define PGA_AUTO(release) __attribute__((cleanup(release)))

#define PGA_UNUSED __attribute__((unused))

/* Run this function before main(). */
#define PGA_AT_START __attribute__((constructor))

#define PGA_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
