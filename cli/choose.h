/*
 * cli/choose.h: choosing a line from a list on the terminal.
 *
 * Arrow and page keys move, typing filters, Enter takes, Escape clears the filter; Ctrl-C leaves with
 * PGA_ERR_INTERRUPTED and nothing done.  The terminal is put back on every way out, and while the program is suspended.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_CHOOSE_H
#define PGA_CLI_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "cli/context.h"

#define PGA_CHOOSER_PAGE 10 /* lines that a page key goes up or down */

struct pga_choice {
    const char *label;  /* what is filtered and taken */
    const char *remark; /* shown beside it */
};

/* What the list is, without a terminal: which lines match, which one is marked. Pure, for tests. */
struct pga_chooser {
    const struct pga_choice *choices;
    size_t count;
    char filter[64];
    size_t filter_len;
    size_t marked; /* among those that match */
    size_t home;   /* the line that is marked while there is no filter */
};

enum pga_key {
    PGA_KEY_UP,
    PGA_KEY_DOWN,
    PGA_KEY_PAGE_UP,
    PGA_KEY_PAGE_DOWN,
    PGA_KEY_FIRST,
    PGA_KEY_LAST,
    PGA_KEY_ENTER,
    PGA_KEY_ESCAPE,
    PGA_KEY_ERASE,
    PGA_KEY_TEXT,
    PGA_KEY_OTHER
};

/* How many choices match the filter, and the nth of them (n below that). */
size_t pga_chooser_matches(const struct pga_chooser *chooser);
const struct pga_choice *pga_chooser_match(const struct pga_chooser *chooser, size_t n);

/* Take a key; `c` is the character of PGA_KEY_TEXT.  True when a choice is taken: the marked one. */
bool pga_chooser_press(struct pga_chooser *chooser, enum pga_key key, char c);

/*
 * Let the user choose, beginning at the line `home`; *out is one of the labels.  What was typed before the list was there
 * is thrown away, and pasted text fills the filter at most, whatever line breaks it has.
 * Errors: PGA_ERR_INTERRUPTED, PGA_ERR_USAGE (no such terminal, or it was closed).
 */
bool pga_choose(struct pga_context *ctx, const char *question, struct pga_chooser *chooser,
                const char **out, struct pga_error *err) PGA_MUST_CHECK;

#endif
