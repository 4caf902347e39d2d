/*
 * cli/value.c: what the value of an option, a variable or a key may be.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/value.h"

#include <string.h>

#include "base/str.h"
#include "journal/journal.h"

#define NAME_MAX_BYTES 63 /* the server cuts longer names */
#define CHOICES_MAX    8

static bool
is_name(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= NAME_MAX_BYTES && pga_utf8_valid_prefix(pga_str_of(text)) == len;
}

/* A name that the server would cut or refuse is refused here: a cut one would be another journal's. */
static const char *
check_schema(struct pga_arena *mem, const char *text)
{
    if (is_name(text) && strncmp(text, "pg_", 3) != 0 && strcmp(text, "information_schema") != 0)
        return NULL;
    return pga_format(
        mem,
        "It can't be the journal's schema: a name has 1 to %d bytes and doesn't begin "
        "with pg_. Leave it out for \"" PGA_JOURNAL_SCHEMA "\".",
        NAME_MAX_BYTES);
}

static const char *
check_time(int64_t min, const char *text)
{
    int64_t ms;

    if (!pga_parse_duration_ms(pga_str_of(text), &ms))
        return "It must be a number with a unit, such as 500ms, 30s, 5min or 1h; 0 needs none.";
    if (ms >= min)
        return NULL;
    return "Here a lock timeout of 0 would wait for ever, and the application's queries would "
           "queue "
           "behind the one that waits. Use a short time, such as 2s, and more --retries.";
}

static const char *
check_choice(struct pga_arena *mem, const char *choices, const char *text)
{
    const char *words[CHOICES_MAX], *nearest;
    size_t count = 0;
    struct pga_buf all = pga_buf_on(mem);

    while (*choices != '\0' && count < CHOICES_MAX) {
        size_t len = strcspn(choices, " ");

        words[count++] = pga_strndup(mem, choices, len);
        choices += len + strspn(choices + len, " ");
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], text) == 0)
            return NULL;
        pga_buf_appendf(&all, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
    }
    nearest = pga_nearest(text, words, count);
    return pga_format(mem, "%s%s%sIt must be %s.", nearest == NULL ? "" : "Did you mean \"",
                      nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"? ", all.data);
}

const char *
pga_value_check(struct pga_arena *mem, const struct pga_value *value, const char *text)
{
    int64_t number;

    switch (value->kind) {
    case PGA_VALUE_TIME:
        return check_time(value->min, text);
    case PGA_VALUE_NUMBER:
        return pga_parse_int(pga_str_of(text), value->min, value->max, &number)
                   ? NULL
                   : pga_format(mem, "It must be a whole number from %lld to %lld.",
                                (long long)value->min, (long long)value->max);
    case PGA_VALUE_CHOICE:
        return check_choice(mem, value->choices, text);
    case PGA_VALUE_SCHEMA:
        return check_schema(mem, text);
    case PGA_VALUE_ROLE:
        return is_name(text) ? NULL
                             : pga_format(mem, "The name of a role has 1 to %d bytes of UTF-8.",
                                          NAME_MAX_BYTES);
    case PGA_VALUE_FLAG:
    case PGA_VALUE_TEXT:
    case PGA_VALUE_SECRET:
    case PGA_VALUE_PATH:
    case PGA_VALUE_DIRECTORY:
    case PGA_VALUE_ENVIRONMENT:
        break;
    }
    return NULL;
}

/* Whether `word`, blanks and "=" stand in the text, as in a connection string of key=value pairs. */
static bool
has_key(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = text; strlen(at) > len; at++)
        if (pga_str_equal_nocase((struct pga_str){at, len}, word) &&
            at[len + strspn(at + len, " ")] == '=')
            return true;
    return false;
}

bool
pga_value_is_misplaced(const struct pga_value *value, const char *text)
{
    struct pga_str start = pga_str_of(text);

    if (value->kind == PGA_VALUE_TEXT || value->kind == PGA_VALUE_SECRET)
        return false;
    return strstr(text, "://") != NULL || pga_str_starts(start, "postgresql:") ||
           pga_str_starts(start, "postgres:") || has_key(text, "password") ||
           has_key(text, "dbname") || has_key(text, "host");
}
