/*
 * cli/main.c: where it begins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <locale.h>
#include <stdio.h>

#include "base/interrupt.h"
#include "cli/command.h"

int
main(int argc, char **argv)
{
    struct pga_error err = {0};

    (void)setlocale(LC_CTYPE, "");
    /* Results and messages often end in one file, and belong in the order in which they were written. */
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (!pga_interrupt_install(&err)) {
        (void)fprintf(stderr, "pgalter: error: %s\n", err.message);
        return pga_error_exit_status(&err);
    }
    return pga_command_main(argc, argv);
}
