/*
 * cli/main.c: where it begins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "cli/command.h"

/*
 * A descriptor that is closed would be given to the next file that is opened, and messages written into it.  What is written
 * to a closed stdout still fails: nobody gets it.
 */
static void
open_missing(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 &&
            open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
            _exit(1);
}

int
main(int argc, char **argv)
{
    struct pga_error err = {0};

    open_missing();
    (void)setlocale(LC_CTYPE, "");
    /* Results and messages often end in one file, and belong in the order in which they were written. */
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (!pga_interrupt_install(&err)) {
        (void)fprintf(stderr, "pgalter: error: %s\n", err.message);
        return pga_error_exit_status(&err);
    }
    return pga_command_main(argc, argv);
}
