/*
 * cli/options.c: what was typed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

const struct pga_option pga_option_table[PGA_OPTION_COUNT] = {
#define PGA_OPTION(constant, name, letter, argument, env, key, help)                               \
    {PGA_OPTION_##constant, name, letter, argument, env, key, help},
#include "cli/options.def"
#undef PGA_OPTION
};

#define LONG_BASE 256 /* getopt's value of an option is LONG_BASE + its id */

static bool
is_allowed(pga_option_set allowed, size_t id)
{
    return (allowed >> id & 1) != 0;
}

static bool
fail_unknown(const char *word, const char *command, pga_option_set allowed, struct pga_error *err)
{
    const char *names[PGA_OPTION_COUNT];
    char bare[64] = "";
    size_t count = 0, len;
    const char *nearest;

    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (is_allowed(allowed, i))
            names[count++] = pga_option_table[i].name;
    word += strspn(word, "-");
    len = strcspn(word, "=");
    if (len < sizeof(bare))
        memcpy(bare, word, len);
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" has no option \"--%.*s\"", command,
                   (int)(len < 64 ? len : 64), word);
    nearest = pga_nearest(bare, names, count);
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"--%s\"?", nearest);
    return pga_error_hint(err, "\"pgalter help %s\" lists its options.", command);
}

/* What getopt has found wrong. */
static bool
fail_option(int result, char **argv, const char *command, pga_option_set allowed,
            struct pga_error *err)
{
    const char *word = argv[optind - 1];

    if (result == ':' && optopt >= LONG_BASE) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"--%s\" needs a value: %s",
                       pga_option_table[optopt - LONG_BASE].name,
                       pga_option_table[optopt - LONG_BASE].argument);
        return pga_error_hint(err, "\"pgalter help %s\" explains it.", command);
    }
    if (result == ':' || (optopt != 0 && optopt < LONG_BASE)) {
        (void)pga_fail(err, PGA_ERR_USAGE,
                       result == ':' ? "\"-%c\" needs a value" : "there is no option \"-%c\"",
                       optopt);
        return pga_error_hint(err, "\"pgalter help %s\" lists the options.", command);
    }
    if (optopt >= LONG_BASE) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"--%s\" takes no value",
                       pga_option_table[optopt - LONG_BASE].name);
        return pga_error_hint(err, "\"pgalter help %s\" explains it.", command);
    }
    return fail_unknown(word, command, allowed, err);
}

static void
build_tables(pga_option_set allowed, bool stops, struct option *longs, char *letters)
{
    size_t count = 0, len = 0;

    if (stops)
        letters[len++] = '+';
    letters[len++] =
        ':'; /* missing values are told apart from unknown options, and getopt prints nothing */
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++) {
        const struct pga_option *option = &pga_option_table[i];

        if (!is_allowed(allowed, i))
            continue;
        longs[count++] = (struct option){option->name,
                                         option->argument != NULL ? required_argument : no_argument,
                                         NULL, LONG_BASE + (int)i};
        if (option->letter == 0)
            continue;
        letters[len++] = option->letter;
        if (option->argument != NULL)
            letters[len++] = ':';
    }
    longs[count] = (struct option){0};
    letters[len] = '\0';
}

static int
id_of_letter(int letter)
{
    for (int i = 0; i < PGA_OPTION_COUNT; i++)
        if (pga_option_table[i].letter == letter)
            return i;
    return -1;
}

bool
pga_options_parse(struct pga_arena *mem, const char *command, pga_option_set allowed,
                  bool stops_at_argument, int argc, char **argv, struct pga_options *out,
                  struct pga_error *err)
{
    struct option longs[PGA_OPTION_COUNT + 1];
    char letters[2 * PGA_OPTION_COUNT + 3];
    int result;

    memset(out, 0, sizeof(*out));
    build_tables(allowed, stops_at_argument, longs, letters);
    optind = 1;
    opterr = 0;
    while ((result = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        int id = result >= LONG_BASE ? result - LONG_BASE : id_of_letter(result);

        if (result == '?' || result == ':')
            return fail_option(result, argv, command, allowed, err);
        /* An empty value is a variable that is not set; it must not pass for "no option". */
        if (optarg != NULL && optarg[0] == '\0') {
            (void)pga_fail(err, PGA_ERR_USAGE, "the value of \"--%s\" is empty",
                           pga_option_table[id].name);
            return pga_error_hint(err, "\"pgalter help %s\" explains it.", command);
        }
        out->values[id].text = optarg != NULL ? optarg : "";
        out->values[id].origin = PGA_ORIGIN_COMMAND_LINE;
    }
    out->arguments = pga_new_array(mem, const char *, (size_t)(argc - optind) + 1);
    for (int i = optind; i < argc; i++)
        out->arguments[out->argument_count++] = argv[i];
    return true;
}

void
pga_options_environment(struct pga_options *options, pga_option_set allowed)
{
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++) {
        const char *env = pga_option_table[i].env;
        const char *text = env == NULL || !is_allowed(allowed, i) ? NULL : getenv(env);

        if (text == NULL || text[0] == '\0' || options->values[i].text != NULL)
            continue;
        options->values[i].text = text;
        options->values[i].origin = PGA_ORIGIN_ENVIRONMENT;
    }
}

const char *
pga_option_text(const struct pga_options *options, enum pga_option_id id, const char *fallback)
{
    return options->values[id].text != NULL ? options->values[id].text : fallback;
}

bool
pga_option_is_given(const struct pga_options *options, enum pga_option_id id)
{
    return options->values[id].text != NULL;
}

/* The option as the user set it: "--lock-wait", "PGALTER_LOCK_WAIT" or "lock_wait" of the configuration. */
static bool
fail_value(const struct pga_options *options, enum pga_option_id id, const char *expected,
           struct pga_error *err)
{
    const struct pga_option *option = &pga_option_table[id];
    const struct pga_option_value *value = &options->values[id];

    switch (value->origin) {
    case PGA_ORIGIN_ENVIRONMENT:
        (void)pga_fail(err, PGA_ERR_USAGE, "the environment variable %s is \"%s\"", option->env,
                       value->text);
        break;
    case PGA_ORIGIN_FILE:
        (void)pga_fail(err, PGA_ERR_USAGE, "the configuration's \"%s\" is \"%s\"", option->key,
                       value->text);
        break;
    default:
        (void)pga_fail(err, PGA_ERR_USAGE, "\"--%s\" is \"%s\"", option->name, value->text);
        break;
    }
    return pga_error_hint(err, "It must be %s.", expected);
}

bool
pga_option_duration_ms(const struct pga_options *options, enum pga_option_id id, int64_t fallback,
                       int64_t *out, struct pga_error *err)
{
    *out = fallback;
    if (options->values[id].text == NULL ||
        pga_parse_duration_ms(pga_str_of(options->values[id].text), out))
        return true;
    return fail_value(options, id,
                      "a number with a unit, such as 500ms, 30s, 5min or 1h; 0 needs none", err);
}

bool
pga_option_int(const struct pga_options *options, enum pga_option_id id, int64_t min, int64_t max,
               int64_t fallback, int64_t *out, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    *out = fallback;
    if (options->values[id].text == NULL ||
        pga_parse_int(pga_str_of(options->values[id].text), min, max, out))
        return true;
    return fail_value(
        options, id,
        pga_format(&mem, "a whole number from %lld to %lld", (long long)min, (long long)max), err);
}
