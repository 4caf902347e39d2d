/*
 * cli/choose_screen.c: choosing a line from a list on the terminal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/choose.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/str.h"
#include "base/width.h"
#include "cli/terminal.h"

#define SHOWN_MAX 12  /* lines of the list at a time */
#define ESCAPE_MS 50  /* how long the rest of a key's sequence may take */
#define SLICE_MS  200 /* how soon another size of the terminal is noticed */
#define MARK      2   /* columns before a line */

#define CTRL_D '\004'

/* What is on the screen. */
struct screen {
    struct pga_context *ctx;
    struct termios before;        /* the terminal's settings as they were found */
    size_t columns;               /* for which it was drawn */
    size_t widths[SHOWN_MAX + 2]; /* of its lines */
    size_t lines;
    struct sigaction old_stop, old_continue;
};

/* ---- being suspended ---- */

static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t was_continued;

static void
note_stop(int signal)
{
    (void)signal;
    stop_asked = 1;
}

static void
note_continue(int signal)
{
    (void)signal;
    was_continued = 1;
}

/* Read key by key.  Signals stay: Ctrl-C must go the way that it always goes; but nothing else may end us like this. */
static void
enter(const struct screen *screen)
{
    struct termios raw = screen->before;

    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VQUIT] = _POSIX_VDISABLE;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void
leave(const struct screen *screen)
{
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

static void
catch_signals(struct screen *screen)
{
    struct sigaction stop = {.sa_handler = note_stop}, go_on = {.sa_handler = note_continue};

    (void)sigemptyset(&stop.sa_mask);
    (void)sigemptyset(&go_on.sa_mask);
    stop_asked = was_continued = 0;
    (void)sigaction(SIGTSTP, &stop, &screen->old_stop);
    (void)sigaction(SIGCONT, &go_on, &screen->old_continue);
}

static void
release_signals(const struct screen *screen)
{
    (void)sigaction(SIGTSTP, &screen->old_stop, NULL);
    (void)sigaction(SIGCONT, &screen->old_continue, NULL);
}

/* ---- drawing ---- */

/* Go back over what was drawn, of which the terminal may have made more lines when it became narrower, and wipe it. */
static void
wipe(struct screen *screen)
{
    size_t columns = pga_terminal_columns(STDOUT_FILENO), up = 0;

    for (size_t i = 0; i < screen->lines; i++)
        up += 1 + (screen->widths[i] > 0 ? (screen->widths[i] - 1) / columns : 0);
    (void)fputs("\r", stdout);
    if (up > 1)
        (void)fprintf(stdout, "\033[%zuA", up - 1);
    (void)fputs("\033[J", stdout);
    (void)fflush(stdout);
    screen->lines = 0;
}

/* One line, cut to the screen; of several parts the first is the most important. */
static void
draw_line(struct screen *screen, struct pga_arena *mem, const char *mark, const char *label,
          const char *remark, bool is_marked)
{
    struct pga_context *ctx = screen->ctx;
    size_t room = screen->columns > MARK + 1 ? screen->columns - 1 - MARK : 1;
    size_t taken;

    label = pga_width_cut(mem, label, room);
    taken = pga_width(pga_str_of(label));
    room = room > taken + 2 ? room - taken - 2 : 0;
    remark = room > 3 && remark[0] != '\0' ? pga_width_cut(mem, remark, room) : "";
    screen->widths[screen->lines++] =
        MARK + taken + (remark[0] == '\0' ? 0 : 2 + pga_width(pga_str_of(remark)));
    pga_print(ctx, "%s %s%s%s\n", mark, is_marked ? pga_paint(ctx, PGA_BOLD, label) : label,
              remark[0] == '\0' ? "" : "  ",
              remark[0] == '\0' ? "" : pga_paint(ctx, PGA_DIM, remark));
}

/* The lines around the marked one, and below them the filter. */
static void
draw(struct screen *screen, const struct pga_chooser *chooser)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    size_t count = pga_chooser_matches(chooser), width = 0;
    size_t height = pga_terminal_lines(STDOUT_FILENO), shown, first;
    const char *below;

    shown = height > SHOWN_MAX + 2 ? SHOWN_MAX : height > 3 ? height - 2 : 1;
    first = chooser->marked < shown ? 0 : chooser->marked - shown + 1;
    screen->columns = pga_terminal_columns(STDOUT_FILENO);
    screen->lines = 0;
    for (size_t i = 0; i < chooser->count; i++) {
        size_t len = pga_width(pga_str_of(chooser->choices[i].label));

        width = len > width ? len : width;
    }
    for (size_t n = first; n < count && n < first + shown; n++) {
        const struct pga_choice *choice = pga_chooser_match(chooser, n);
        bool is_marked = n == chooser->marked;

        draw_line(screen, &mem, is_marked ? ">" : " ", pga_pad(&mem, choice->label, width),
                  choice->remark, is_marked);
    }
    if (count == 0)
        draw_line(screen, &mem, " ", "nothing matches", "", false);
    below = chooser->filter_len == 0 ? "arrows, Enter; type to filter"
                                     : pga_format(&mem, "filter: %s", chooser->filter);
    if (count > shown)
        below = pga_format(&mem, "%zu of %zu; %s", chooser->marked + 1, count, below);
    below = pga_width_cut(&mem, below, screen->columns - 1);
    screen->widths[screen->lines++] = pga_width(pga_str_of(below));
    pga_print(screen->ctx, "%s", below);
    (void)fflush(stdout);
}

/* ---- keys ---- */

static bool
fail_closed(struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "the terminal was closed before a version was chosen");
    (void)pga_error_identify(err, PGA_ID_ANSWER_NEEDED);
    return pga_error_hint(err, "Nothing was done. Name the target: pgalter deploy latest");
}

/* The next byte; *out is 0 when `wait_ms` has passed. */
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
    return (read(STDIN_FILENO, out, 1) == 1 && *out != CTRL_D) || fail_closed(err);
}

/* ESC [ A and its kin; a lone ESC is the Escape key. */
static bool
read_sequence(enum pga_key *out, struct pga_error *err)
{
    static const struct {
        char last;
        enum pga_key key;
    } keys[] = {{'A', PGA_KEY_UP},       {'B', PGA_KEY_DOWN},  {'H', PGA_KEY_FIRST},
                {'F', PGA_KEY_LAST},     {'1', PGA_KEY_FIRST}, {'7', PGA_KEY_FIRST},
                {'4', PGA_KEY_LAST},     {'8', PGA_KEY_LAST},  {'5', PGA_KEY_PAGE_UP},
                {'6', PGA_KEY_PAGE_DOWN}};
    char first, second;

    *out = PGA_KEY_ESCAPE;
    if (!read_byte(ESCAPE_MS, &first, err) || first == '\0')
        return err->code == PGA_OK;
    if (!read_byte(ESCAPE_MS, &second, err))
        return false;
    *out = PGA_KEY_OTHER;
    for (size_t i = 0; (first == '[' || first == 'O') && i < PGA_COUNT_OF(keys); i++)
        if (keys[i].last == second)
            *out = keys[i].key;
    while (second >= '0' && second <= ';') { /* the rest of a longer sequence */
        if (!read_byte(ESCAPE_MS, &second, err))
            return false;
        if (second == ';') /* with Shift or Ctrl: another key */
            *out = PGA_KEY_OTHER;
    }
    return true;
}

/* Stop as Ctrl-Z asks for, with the terminal as it was, and go on when the shell says so. */
static void
suspend(struct screen *screen)
{
    wipe(screen);
    leave(screen);
    release_signals(screen);
    (void)raise(SIGTSTP);
    catch_signals(screen);
    enter(screen);
}

/* The next key; PGA_KEY_OTHER also when the list has to be drawn again. */
static bool
read_key(struct screen *screen, enum pga_key *out, char *c, struct pga_error *err)
{
    *out = PGA_KEY_OTHER;
    for (*c = '\0'; *c == '\0';) {
        if (!read_byte(SLICE_MS, c, err))
            return false;
        if (stop_asked) {
            suspend(screen);
            return true;
        }
        if (was_continued) { /* after a stop that can't be caught: the shell has set the terminal up for itself */
            was_continued = 0;
            enter(screen);
            return true;
        }
        if (*c == '\0' && pga_terminal_columns(STDOUT_FILENO) != screen->columns)
            return true;
    }
    *out = *c == '\033'               ? PGA_KEY_ESCAPE
           : *c == '\n' || *c == '\r' ? PGA_KEY_ENTER
           : *c == 0x7f || *c == '\b' ? PGA_KEY_ERASE
           : *c > 0x20 && *c < 0x7f   ? PGA_KEY_TEXT
                                      : PGA_KEY_OTHER;
    return *out != PGA_KEY_ESCAPE || read_sequence(out, err);
}

static bool
choose(struct screen *screen, struct pga_chooser *chooser, struct pga_error *err)
{
    for (;;) {
        enum pga_key key;
        char c;
        bool fine;

        draw(screen, chooser);
        fine = read_key(screen, &key, &c, err);
        if (screen->lines > 0)
            wipe(screen);
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
    struct screen screen = {.ctx = ctx};
    bool fine;

    if (tcgetattr(STDIN_FILENO, &screen.before) != 0)
        return fail_closed(err);
    catch_signals(&screen);
    enter(&screen);
    pga_print(ctx, "%s\n", question);
    fine = choose(&screen, chooser, err);
    leave(&screen);
    release_signals(&screen);
    if (!fine)
        return false;
    *out = pga_chooser_match(chooser, chooser->marked)->label;
    pga_print(ctx, "%s\n", *out);
    return true;
}
