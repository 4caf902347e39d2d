/*
 * engine/guard.c: scripts that may reach the journal's own tables.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/guard.h"

#include <string.h>
#include <strings.h>

#include "alterations/lexer.h"
#include "base/compiler.h"

/* Of statements that act on what they find, or that run code which nobody sees here. */
static bool
is_sweeping(struct pga_str text, const struct pga_token *token)
{
    static const char *const words[] = {"reassign", "owned", "do", "call", "execute"};

    for (size_t i = 0; token->kind == PGA_TOKEN_WORD && i < PGA_COUNT_OF(words); i++)
        if (pga_token_is(text, token, words[i]))
            return true;
    return false;
}

static bool
names(struct pga_str text, const char *schema)
{
    size_t len = strlen(schema);

    for (size_t at = 0; at + len <= text.len; at++)
        if (strncasecmp(text.data + at, schema, len) == 0)
            return true;
    return false;
}

bool
pga_guard_find(struct pga_str script, bool standard_strings, const char *schema, size_t *out_offset)
{
    struct pga_lexer lexer;
    struct pga_token token;

    pga_lexer_init(&lexer, script, standard_strings);
    while (pga_lexer_next_significant(&lexer, &token)) {
        if (!is_sweeping(script, &token) &&
            !names(pga_str_slice(script, token.offset, token.len), schema))
            continue;
        *out_offset = token.offset;
        return true;
    }
    return false;
}
