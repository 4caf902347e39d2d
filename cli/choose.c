/*
 * cli/choose.c: a list to choose from, without a terminal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/choose.h"

#include <string.h>
#include <strings.h>

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

/* Another filter: the mark goes to the first line that matches, and without one to where it began. */
static void
set_filter(struct pga_chooser *chooser, size_t len)
{
    chooser->filter_len = len;
    chooser->filter[len] = '\0';
    chooser->marked = len == 0 ? chooser->home : 0;
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
    case PGA_KEY_PAGE_UP:
        chooser->marked -= chooser->marked < PGA_CHOOSER_PAGE ? chooser->marked : PGA_CHOOSER_PAGE;
        break;
    case PGA_KEY_PAGE_DOWN:
        chooser->marked += PGA_CHOOSER_PAGE;
        chooser->marked = chooser->marked < count ? chooser->marked : count - (count > 0);
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
