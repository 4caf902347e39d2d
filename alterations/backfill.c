/*
 * alterations/backfill.c: parsing the settings of a backfill.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/backfill.h"

#include <string.h>

#include "alterations/slug.h"

enum setting { SETTING_TABLE, SETTING_KEY, SETTING_BATCH, SETTING_PAUSE, SETTING_COUNT };

static const char *const names[SETTING_COUNT] = {"table", "key", "batch", "pause"};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Bytes of s up to the first blank outside double quotes. */
static size_t
setting_length(struct pga_str s, bool *out_terminated)
{
    bool quoted = false;
    size_t n = 0;

    while (n < s.len && (quoted || !is_blank(s.data[n])))
        quoted = quoted != (s.data[n++] == '"');
    *out_terminated = !quoted;
    return n;
}

static bool
unknown(struct pga_arena *mem, struct pga_str name, struct pga_error *err)
{
    const char *nearest = pga_nearest(pga_str_dup(mem, name), names, SETTING_COUNT);

    (void)pga_fail(err, PGA_ERR_USAGE, "a backfill has no setting \"%s\"",
                   pga_printable(mem, pga_str_slice(name, 0, pga_utf8_offset(name, 60))));
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"%s\"?", nearest);
    return pga_error_hint(err, "The settings are table, key, batch and pause.");
}

static bool
parse_value(struct pga_arena *mem, enum setting setting, struct pga_str value,
            struct pga_backfill *out, struct pga_error *err)
{
    if (value.len == 0)
        return pga_fail(err, PGA_ERR_USAGE, "the backfill's setting \"%s\" has no value",
                        names[setting]);
    switch (setting) {
    case SETTING_TABLE:
        out->table = pga_str_dup(mem, value);
        break;
    case SETTING_KEY:
        out->key = pga_str_dup(mem, value);
        break;
    case SETTING_BATCH:
        if (!pga_parse_int(value, 1, PGA_BACKFILL_BATCH_MAX, &out->batch_rows))
            return pga_fail(err, PGA_ERR_USAGE, "a backfill's batch has 1 to %d rows",
                            PGA_BACKFILL_BATCH_MAX);
        break;
    default:
        if (!pga_parse_duration_ms(value, &out->pause_ms))
            return pga_fail(err, PGA_ERR_USAGE, "a backfill's pause is a duration such as 100ms");
        break;
    }
    return true;
}

/* One "name=value". */
static bool
parse_setting(struct pga_arena *mem, struct pga_str text, bool seen[SETTING_COUNT],
              struct pga_backfill *out, struct pga_error *err)
{
    const char *equals = memchr(text.data, '=', text.len);
    struct pga_str name = text;
    size_t i = 0;

    if (equals != NULL)
        name.len = (size_t)(equals - text.data);
    while (i < SETTING_COUNT && !pga_str_equal_c(name, names[i]))
        i++;
    if (i == SETTING_COUNT)
        return unknown(mem, name, err);
    if (seen[i])
        return pga_fail(err, PGA_ERR_USAGE, "the backfill's setting \"%s\" stands twice", names[i]);
    seen[i] = true;
    return parse_value(mem, (enum setting)i, pga_str_slice(text, name.len + 1, text.len), out, err);
}

bool
pga_backfill_parse(struct pga_arena *mem, struct pga_str text, struct pga_backfill *out,
                   struct pga_str *out_wrong, struct pga_error *err)
{
    struct pga_backfill parsed = {.batch_rows = -1, .pause_ms = -1};
    bool seen[SETTING_COUNT] = {false}, terminated;
    struct pga_str rest = pga_str_trim(text);

    while (rest.len > 0) {
        size_t len = setting_length(rest, &terminated);

        *out_wrong = pga_str_slice(rest, 0, len);
        if (!terminated)
            return pga_fail(err, PGA_ERR_USAGE, "a quote is not closed in the backfill's settings");
        if (!parse_setting(mem, *out_wrong, seen, &parsed, err))
            return false;
        rest = pga_str_trim(pga_str_slice(rest, len, rest.len));
    }
    *out_wrong = text;
    if (parsed.table == NULL || parsed.key == NULL) {
        (void)pga_fail(err, PGA_ERR_USAGE, "a backfill needs a table and a key");
        return pga_error_hint(err, "For example: \"table=invites key=id batch=1000 pause=100ms\".");
    }
    *out = parsed;
    return true;
}
