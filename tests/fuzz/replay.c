/*
 * tests/fuzz/replay.c: run a fuzz target over the files that are named as arguments.
 *
 * What libFuzzer's own main does with files, for compilers without it: the corpus becomes a test.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/fuzz/fuzz.h"

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena mem = {0};
        struct pga_error err = {0};
        struct pga_str bytes;

        if (!pga_file_read(&mem, argv[i], PGA_FILE_SCRIPT_MAX, &bytes, &err)) {
            (void)fprintf(stderr, "%s\n", err.message);
            return EXIT_FAILURE;
        }
        (void)LLVMFuzzerTestOneInput((const unsigned char *)bytes.data, bytes.len);
    }
    (void)printf("%d inputs\n", argc - 1);
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
