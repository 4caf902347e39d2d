/*
 * alterations/secret.h: keeping the passwords of a script out of what is shown and stored about it.
 *
 * A statement that has a word such as PASSWORD, secret, token or CONNECTION in it, also in a string, is taken to hold a
 * secret, and then every string of it is one: rather too much is masked than too little.  So are the rows of each COPY of a
 * script that has such a word anywhere, comments with such a word, and what stands where the password of a role belongs, whatever it is.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_SECRET_H
#define PGA_ALTERATIONS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* A part of a script that must not be shown. */
struct pga_secret {
    size_t offset, len; /* bytes */
    bool is_row;        /* rows of a COPY: what a server says of them stands in double quotes */
};

struct pga_secrets {
    struct pga_str text;      /* the script's */
    struct pga_secret *items; /* in order, none within or across another */
    size_t count, capacity;
    struct pga_secret
        *guesses; /* what follows a word such as PASSWORD, wherever quotes seem to begin and end */
    size_t guess_count, guess_capacity;
};

/* Whether a text has a word that goes with secrets. */
bool pga_secret_is_named(struct pga_str text);

/* Find the secrets of a script's text. */
void pga_secrets_find(struct pga_arena *mem, struct pga_str text, struct pga_secrets *out);

/* Whether one of them lies in that part of the text; *out_is_row (may be NULL): one is a row. */
bool pga_secrets_lie_in(const struct pga_secrets *secrets, size_t offset, size_t len,
                        bool *out_is_row);

/*
 * A copy of what a server said about the script, without the secrets.  `about` are the characters, in pairs of an opening
 * and a closing one, between whose first and last everything is masked: "''" masks quoted values; "" none.
 */
char *pga_secrets_scrub(struct pga_arena *mem, const struct pga_secrets *secrets, const char *about,
                        const char *text);

/*
 * Fill the place of *err from a byte offset of a script's text; `line` is the file's.  The line is shown without its
 * secrets, the caret stands where it stood.  Returns false.
 */
bool pga_secret_place(struct pga_error *err, const char *file, int line, struct pga_str text,
                      size_t offset);

#endif
