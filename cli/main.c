/*
 * cli/main.c: where it begins.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#else
#include <sys/resource.h>
#endif

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

/*
 * libpq has the password in memory as long as the connection lasts: no core file may take it to a disk.  On Linux this also
 * keeps core_pattern's program from it, which no limit does, and isn't passed on to the server that local starts.
 */
static void
forbid_core_files(void)
{
#ifdef PGA_SANITIZE
    /* The leak checker must be able to look into this process. */
#elif defined(__linux__)
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#else
    struct rlimit limit;

    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return;
    limit.rlim_cur = 0;
    (void)setrlimit(RLIMIT_CORE, &limit);
#endif
}

int
main(int argc, char **argv)
{
    struct pga_error err = {0};

    forbid_core_files();
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
