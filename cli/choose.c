/*
 * cli/choose.c: choosing a line from a list on the terminal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/choose.h"

#include <poll.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/str.h"

#define SHOWN_MAX 12 /* lines of the list at a time */
#define ESCAPE_MS 50 /* how long the rest of a key's sequence may take */

/* ---- the list ---- */

static bool
matches(const struct pga_chooser *chooser, const struct pga_choice *choice)
{
    size_t len = strlen(choice->label);

    for (size_t at = 0; at + chooser->filter_len <= len; at++)
        if (strncasecmp(choice->label + at, chooser->filter, chooser->filter_len) == 0)
            return true;
    return false;
}

size_t
pga_chooser_matches(const struct pga_chooser *chooser)
{
    size_t count = 0;

    for (size_t i = 0; i < chooser->count; i++)
        count += matches(chooser, &chooser->choices[i]);
    return count;
}

const struct pga_choice *
pga_chooser_match(const struct pga_chooser *chooser, size_t n)
{
    for (size_t i = 0; i < chooser->count; i++)
        if (matches(chooser, &chooser->choices[i]) && n-- == 0)
            return &chooser->choices[i];
    return NULL;
}

/* Another filter: the mark goes to the first line that matches. */
static void
set_filter(struct pga_chooser *chooser, size_t len)
{
    chooser->filter_len = len;
    chooser->filter[len] = '\0';
    chooser->marked = 0;
}

bool
pga_chooser_press(struct pga_chooser *chooser, enum pga_key key, char c)
{
    size_t count = pga_chooser_matches(chooser);

    switch (key) {
    case PGA_KEY_UP:
        chooser->marked -= chooser->marked > 0;
        break;
    case PGA_KEY_DOWN:
        chooser->marked += chooser->marked + 1 < count;
        break;
    case PGA_KEY_FIRST:
        chooser->marked = 0;
        break;
    case PGA_KEY_LAST:
        chooser->marked = count == 0 ? 0 : count - 1;
        break;
    case PGA_KEY_ESCAPE:
        set_filter(chooser, 0);
        break;
    case PGA_KEY_ERASE:
        if (chooser->filter_len > 0)
            set_filter(chooser, chooser->filter_len - 1);
        break;
    case PGA_KEY_TEXT:
        if (chooser->filter_len + 1 < sizeof(chooser->filter)) {
            chooser->filter[chooser->filter_len] = c;
            set_filter(chooser, chooser->filter_len + 1);
        }
        break;
    case PGA_KEY_ENTER:
        return count > 0;
    case PGA_KEY_OTHER:
        break;
    }
    return false;
}

/* ---- the terminal ---- */

/* The next byte; *out is 0 when `wait_ms` (-1: for ever) has passed. */
static bool
read_byte(int wait_ms, char *out, struct pga_error *err)
{
    struct pollfd polled[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = pga_interrupt_fd(), .events = POLLIN}};
    int ready = poll(polled, 2, wait_ms);

    *out = '\0';
    if (!pga_interrupt_check(err))
        return false;
    if (ready <= 0 || polled[0].revents == 0)
        return true;
    if (read(STDIN_FILENO, out, 1) == 1)
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "the terminal was closed before a version was chosen");
    return pga_error_hint(err, "Nothing was done. Name the target: pgalter deploy latest");
}

/* ESC [ A and its kin; a lone ESC is the Escape key. */
static bool
read_sequence(enum pga_key *out, struct pga_error *err)
{
    char first, second;

    *out = PGA_KEY_ESCAPE;
    if (!read_byte(ESCAPE_MS, &first, err) || first == '\0')
        return err->code == PGA_OK;
    if (!read_byte(ESCAPE_MS, &second, err))
        return false;
    *out = PGA_KEY_OTHER;
    if (first == '[' || first == 'O')
        *out = second == 'A'   ? PGA_KEY_UP
               : second == 'B' ? PGA_KEY_DOWN
               : second == 'H' ? PGA_KEY_FIRST
               : second == 'F' ? PGA_KEY_LAST
                               : PGA_KEY_OTHER;
    while (second >= '0' && second <= ';') /* the rest of a longer sequence */
        if (!read_byte(ESCAPE_MS, &second, err))
            return false;
    return true;
}

static bool
read_key(enum pga_key *out, char *c, struct pga_error *err)
{
    if (!read_byte(-1, c, err))
        return false;
    *out = *c == '\033'               ? PGA_KEY_ESCAPE
           : *c == '\n' || *c == '\r' ? PGA_KEY_ENTER
           : *c == 0x7f || *c == '\b' ? PGA_KEY_ERASE
           : *c > 0x20 && *c < 0x7f   ? PGA_KEY_TEXT
                                      : PGA_KEY_OTHER;
    return *out != PGA_KEY_ESCAPE || read_sequence(out, err);
}

/* The lines around the marked one; returns how many were drawn. */
static size_t
draw(struct pga_context *ctx, const struct pga_chooser *chooser)
{
    size_t count = pga_chooser_matches(chooser), width = 0;
    size_t first = chooser->marked < SHOWN_MAX ? 0 : chooser->marked - SHOWN_MAX + 1;
    size_t lines = 0;

    for (size_t i = 0; i < chooser->count; i++) {
        size_t len = strlen(chooser->choices[i].label);

        width = len > width ? len : width;
    }
    for (size_t n = first; n < count && lines < SHOWN_MAX; n++, lines++) {
        const struct pga_choice *choice = pga_chooser_match(chooser, n);
        bool marked = n == chooser->marked;
        const char *label = pga_pad(ctx->mem, choice->label, width);

        pga_print(ctx, "%s %s  %s\n", marked ? ">" : " ",
                  marked ? pga_paint(ctx, PGA_BOLD, label) : label,
                  pga_paint(ctx, PGA_DIM, choice->remark));
    }
    if (count == 0) {
        pga_print(ctx, "  nothing matches\n");
        lines = 1;
    }
    pga_print(ctx, "%s%s", chooser->filter_len == 0 ? "arrows, Enter; type to filter" : "filter: ",
              chooser->filter);
    (void)fflush(stdout);
    return lines;
}

/* Go back over what draw() left and wipe it. */
static void
wipe(size_t lines)
{
    (void)fputs("\r", stdout);
    if (lines > 0)
        (void)fprintf(stdout, "\033[%zuA", lines);
    (void)fputs("\033[J", stdout);
}

static bool
choose(struct pga_context *ctx, struct pga_chooser *chooser, struct pga_error *err)
{
    for (;;) {
        size_t lines = draw(ctx, chooser);
        enum pga_key key = PGA_KEY_OTHER;
        char c = '\0';
        bool fine = read_key(&key, &c, err);

        wipe(lines);
        if (!fine)
            return false;
        if (pga_chooser_press(chooser, key, c))
            return true;
    }
}

bool
pga_choose(struct pga_context *ctx, const char *question, struct pga_chooser *chooser,
           const char **out, struct pga_error *err)
{
    struct termios before, raw;
    bool fine;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return pga_fail(err, PGA_ERR_USAGE, "the terminal's settings can't be read");
    raw = before;
    /* Signals stay: Ctrl-C must go the way that it always goes. */
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    pga_print(ctx, "%s\n", question);
    fine = choose(ctx, chooser, err);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    if (!fine)
        return false;
    *out = pga_chooser_match(chooser, chooser->marked)->label;
    pga_print(ctx, "%s\n", *out);
    return true;
}
