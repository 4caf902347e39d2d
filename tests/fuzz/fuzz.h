/*
 * tests/fuzz/fuzz.h: what the fuzz targets have in common.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_FUZZ_H
#define PGA_TESTS_FUZZ_H

#include <stddef.h>

#include "base/error.h"

/* The name that libFuzzer calls. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A property that must hold for every input. */
#define PGA_FUZZ_CHECK(condition)                                                                  \
    do {                                                                                           \
        if (!(condition))                                                                          \
            pga_bug("fuzz: not so: %s", #condition);                                               \
    } while (0)

#endif
