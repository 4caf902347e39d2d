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
#include "cli/session.h"
#include "cli/terminal.h"

#define SHOWN_MAX 12  /* lines of the list at a time */
#define ESCAPE_MS 50  /* how long the rest of a key's sequence may take */
#define SLICE_MS  200 /* how soon another size of the terminal is noticed */
#define MARK      2   /* columns before a line */

#define CTRL_D '\004'

/* While the list is shown, the terminal says what is pasted: a line break in it is not the Enter key. */
#define PASTES_ON    "\033[?2004h"
#define PASTES_OFF   "\033[?2004l"
#define PASTE_BEGINS 200
#define PASTE_ENDS   201

/* What is on the screen. */
struct screen {
    struct pga_context *ctx;
    struct termios before;        /* the terminal's settings as they were found */
    size_t columns;               /* for which it was drawn */
    size_t widths[SHOWN_MAX + 2]; /* of its lines */
    size_t lines;
    bool is_pasting;
    struct sigaction old_stop, old_continue, old_quit;
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

/* What the terminal was like, for a signal that ends us on the spot. */
static struct termios before_screen;

/* SIGQUIT is no request but an end, which must not leave the terminal without its echo. */
static void
quit(int signal)
{
    struct sigaction end = {.sa_handler = SIG_DFL};

    (void)!write(STDOUT_FILENO, PASTES_OFF, strlen(PASTES_OFF));
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &before_screen);
    (void)sigemptyset(&end.sa_mask);
    (void)sigaction(signal, &end, NULL);
    (void)raise(signal);
}

/* Read key by key.  Signals stay: Ctrl-C must go the way that it always goes; but nothing else may end us like this. */
static void
enter(struct screen *screen, int when)
{
    struct termios raw = screen->before;

    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VQUIT] = _POSIX_VDISABLE;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    (void)tcsetattr(STDIN_FILENO, when, &raw);
    screen->is_pasting = false;
    (void)fputs(PASTES_ON, stdout);
    (void)fflush(stdout);
}

static void
leave(const struct screen *screen)
{
    (void)fputs(PASTES_OFF, stdout);
    (void)fflush(stdout);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

static void
catch_signals(struct screen *screen)
{
    struct sigaction stop = {.sa_handler = note_stop}, go_on = {.sa_handler = note_continue};
    struct sigaction end = {.sa_handler = quit};

    (void)sigemptyset(&stop.sa_mask);
    (void)sigemptyset(&go_on.sa_mask);
    (void)sigemptyset(&end.sa_mask);
    stop_asked = was_continued = 0;
    before_screen = screen->before;
    (void)sigaction(SIGTSTP, &stop, &screen->old_stop);
    (void)sigaction(SIGCONT, &go_on, &screen->old_continue);
    (void)sigaction(SIGQUIT, &end, &screen->old_quit);
    if (screen->old_quit.sa_handler == SIG_IGN)
        (void)sigaction(SIGQUIT, &screen->old_quit, NULL);
}

static void
release_signals(const struct screen *screen)
{
    (void)sigaction(SIGTSTP, &screen->old_stop, NULL);
    (void)sigaction(SIGCONT, &screen->old_continue, NULL);
    (void)sigaction(SIGQUIT, &screen->old_quit, NULL);
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
    return read(STDIN_FILENO, out, 1) == 1 || fail_closed(err);
}

/* What the end of a sequence means: a letter, or "~" with a number before it. */
static enum pga_key
find_key(char last, unsigned number)
{
    static const struct {
        char last;
        unsigned number;
        enum pga_key key;
    } keys[] = {{'A', 0, PGA_KEY_UP},       {'B', 0, PGA_KEY_DOWN},  {'H', 0, PGA_KEY_FIRST},
                {'F', 0, PGA_KEY_LAST},     {'~', 1, PGA_KEY_FIRST}, {'~', 7, PGA_KEY_FIRST},
                {'~', 4, PGA_KEY_LAST},     {'~', 8, PGA_KEY_LAST},  {'~', 5, PGA_KEY_PAGE_UP},
                {'~', 6, PGA_KEY_PAGE_DOWN}};

    for (size_t i = 0; i < PGA_COUNT_OF(keys); i++)
        if (keys[i].last == last && keys[i].number == number)
            return keys[i].key;
    return PGA_KEY_OTHER;
}

/* The number before the end of a sequence, and that end, which is '\0' with Shift or Ctrl: those are other keys. */
static bool
read_end(unsigned *number, char *last, struct pga_error *err)
{
    bool is_other = false;

    *number = 0;
    if (!read_byte(ESCAPE_MS, last, err))
        return false;
    while (*last >= '0' && *last <= ';') {
        if (*last > '9')
            is_other = true;
        else if (*number < 1000)
            *number = *number * 10 + (unsigned)(*last - '0');
        if (!read_byte(ESCAPE_MS, last, err))
            return false;
    }
    if (is_other)
        *last = '\0';
    return true;
}

/* ESC [ A and its kin; a lone ESC is the Escape key, which also ends a paste that lost its end on the way. */
static bool
read_sequence(struct screen *screen, enum pga_key *out, struct pga_error *err)
{
    unsigned number;
    char first, last;

    *out = PGA_KEY_ESCAPE;
    if (!read_byte(ESCAPE_MS, &first, err))
        return false;
    if (first == '\0') {
        screen->is_pasting = false;
        return true;
    }
    if (!read_end(&number, &last, err))
        return false;
    *out = PGA_KEY_OTHER;
    if (first != '[' && first != 'O')
        return true;
    if (last == '~' && (number == PASTE_BEGINS || number == PASTE_ENDS))
        screen->is_pasting = number == PASTE_BEGINS;
    else if (!screen->is_pasting)
        *out = find_key(last, number);
    return true;
}

/* A byte that begins no sequence.  Of what is pasted only the text counts. */
static enum pga_key
key_of(const struct screen *screen, char c)
{
    if (c > 0x20 && c < 0x7f)
        return PGA_KEY_TEXT;
    if (screen->is_pasting)
        return PGA_KEY_OTHER;
    return c == '\n' || c == '\r'   ? PGA_KEY_ENTER
           : c == 0x7f || c == '\b' ? PGA_KEY_ERASE
                                    : PGA_KEY_OTHER;
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
    enter(screen, TCSANOW);
}

/* The next key; PGA_KEY_OTHER also when the list has to be drawn again. */
static bool
read_key(struct screen *screen, enum pga_key *out, char *c, struct pga_error *err)
{
    *out = PGA_KEY_OTHER;
    for (*c = '\0'; *c == '\0';) {
        if (!read_byte(SLICE_MS, c, err))
            return false;
        pga_session_ping(screen->ctx);
        if (stop_asked) {
            suspend(screen);
            return true;
        }
        if (was_continued) { /* after a stop that can't be caught: the shell has set the terminal up for itself */
            was_continued = 0;
            enter(screen, TCSANOW);
            return true;
        }
        if (*c == '\0' && pga_terminal_columns(STDOUT_FILENO) != screen->columns)
            return true;
    }
    if (*c == '\033')
        return read_sequence(screen, out, err);
    if (*c == CTRL_D && !screen->is_pasting)
        return fail_closed(err);
    *out = key_of(screen, *c);
    return true;
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

    chooser->marked = chooser->home;
    if (tcgetattr(STDIN_FILENO, &screen.before) != 0)
        return fail_closed(err);
    catch_signals(&screen);
    enter(&screen,
          TCSAFLUSH); /* what was typed before the list was there chooses nothing from it */
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
