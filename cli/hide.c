/*
 * cli/hide.c: the command line of this process, as others see it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/hide.h"

#include <string.h>

#include "base/mask.h"
#include "base/str.h"
#include "cli/session.h"

#define LONG  "--db"
#define SHORT "-d"

/* Where in a word the database is named; NULL: it is no such word.  A word behind --db is wholly its value. */
static const char *
find_database(const char *before, const char *word)
{
    if (pga_same(before, LONG) || pga_same(before, SHORT))
        return word;
    if (pga_str_starts(pga_str_of(word), LONG "="))
        return word + strlen(LONG "=");
    return strncmp(word, SHORT, strlen(SHORT)) == 0 && word[2] != '\0' ? word + strlen(SHORT)
                                                                       : NULL;
}

/* Put the mask over the text; blanks where it was longer. */
static void
overwrite(char *text, const char *masked)
{
    size_t size = strlen(text), len = strlen(masked);

    memset(text, ' ', size);
    memcpy(text, masked, len < size ? len : size);
}

char **
pga_arguments_hide(struct pga_context *ctx, int argc, char **argv)
{
    char **copies = pga_new_array(ctx->mem, char *, (size_t)argc + 1);

    for (int i = 0; i < argc && argv[i] != NULL; i++) {
        const char *database = i == 0 ? NULL : find_database(copies[i - 1], argv[i]);

        copies[i] = pga_strdup(ctx->mem, argv[i]);
        if (database != NULL)
            overwrite(argv[i] + (database - argv[i]), pga_session_mask(ctx, database));
        else
            overwrite(argv[i], pga_mask_text(ctx->mem, argv[i]));
    }
    return copies;
}
