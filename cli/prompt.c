/*
 * cli/prompt.c: asking.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/prompt.h"

#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/str.h"
#include "cli/session.h"

/* Read a line from the terminal; the end of the input is an empty one.  The session stays alive meanwhile. */
static bool
read_line(struct pga_context *ctx, char *line, size_t size, struct pga_error *err)
{
    struct pollfd polled[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = pga_interrupt_fd(), .events = POLLIN}};
    ssize_t got = 0;

    line[0] = '\0';
    while (poll(polled, 2, PGA_SESSION_PING_MS) <= 0 || polled[0].revents == 0) {
        if (!pga_interrupt_check(err))
            return false;
        pga_session_ping(ctx);
    }
    if (!pga_interrupt_check(err))
        return false;
    got = read(STDIN_FILENO, line, size - 1);
    line[got > 0 ? got : 0] = '\0';
    if (strchr(line, '\n') == NULL) /* what is left of a long one is for nobody else */
        (void)tcflush(STDIN_FILENO, TCIFLUSH);
    return true;
}

bool
pga_prompt_confirm(struct pga_context *ctx, const char *question, struct pga_error *err)
{
    char line[64];
    struct pga_str answer;

    if (pga_option_is_given(&ctx->options, PGA_OPTION_YES))
        return true;
    if (!ctx->is_terminal || ctx->json != NULL) {
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "\"%s\" asks before it goes on, and here is nobody to ask", ctx->argv[0]);
        (void)pga_error_identify(err, PGA_ID_ANSWER_NEEDED);
        return pga_error_hint(err, "Look at the plan above, then run the same command with --yes.");
    }
    /* What was typed before the question was there to be read is no answer to it. */
    (void)tcflush(STDIN_FILENO, TCIFLUSH);
    (void)fprintf(stdout, "%s [y/N] ", question);
    (void)fflush(stdout);
    if (!read_line(ctx, line, sizeof(line), err)) {
        (void)fputc('\n', stdout); /* the answer's line is not finished */
        return false;
    }
    if (line[0] == '\0')
        (void)fputc('\n', stdout);
    answer = pga_str_trim(pga_str_of(line));
    if (pga_str_equal_nocase(answer, "y") || pga_str_equal_nocase(answer, "yes"))
        return true;
    pga_print(ctx, "Nothing was done.\n");
    return false;
}
