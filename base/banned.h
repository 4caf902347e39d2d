/*
 * base/banned.h: the functions that pgalter does not use, as compile errors.
 *
 * Put before every source of the project by cmake/PgaOptions.cmake.  The headers that declare them
 * come first, since a poisoned name may not occur any more, not even in a declaration.  A source that
 * needs more of the C library than POSIX therefore says so in its CMakeLists.txt
 * (COMPILE_DEFINITIONS), not by a #define of its own.
 *
 * Instead of them: struct pga_buf, pga_format(), pga_parse_int(), base/clock.h, and posix_spawn() with
 * an argument vector.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_BANNED_H
#define PGA_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A macro when the C library checks sizes; a macro can't be poisoned without a warning. */
#undef sprintf

/* Their result is not bounded by their destination. */
#pragma GCC poison strcpy strcat stpcpy sprintf vsprintf gets

/* They end or pad the text other than one expects. */
#pragma GCC poison strncpy strncat

/* They keep state between calls, or give the same buffer to everybody. */
#pragma GCC poison strtok gmtime localtime ctime asctime

/* They can't say that the text is not a number. */
#pragma GCC poison atoi atol atoll atof

/* They run a shell. */
#pragma GCC poison system popen

/* They name a file that somebody else can make first. */
#pragma GCC poison mktemp tmpnam tempnam

#endif
