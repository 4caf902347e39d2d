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
#define FLAG                                                                                       \
    {                                                                                              \
        .kind = PGA_VALUE_FLAG                                                                     \
    }
#define TEXT                                                                                       \
    {                                                                                              \
        .kind = PGA_VALUE_TEXT                                                                     \
    }
#define SECRET                                                                                     \
    {                                                                                              \
        .kind = PGA_VALUE_SECRET                                                                   \
    }
#define PATH                                                                                       \
    {                                                                                              \
        .kind = PGA_VALUE_PATH                                                                     \
    }
#define DIRECTORY                                                                                  \
    {                                                                                              \
        .kind = PGA_VALUE_DIRECTORY                                                                \
    }
#define SCHEMA                                                                                     \
    {                                                                                              \
        .kind = PGA_VALUE_SCHEMA                                                                   \
    }
#define ROLE                                                                                       \
    {                                                                                              \
        .kind = PGA_VALUE_ROLE                                                                     \
    }
#define ENVIRONMENT                                                                                \
    {                                                                                              \
        .kind = PGA_VALUE_ENVIRONMENT                                                              \
    }
#define TIME(least)                                                                                \
    {                                                                                              \
        .kind = PGA_VALUE_TIME, .min = (least)                                                     \
    }
#define NUMBER(least, most)                                                                        \
    {                                                                                              \
        .kind = PGA_VALUE_NUMBER, .min = (least), .max = (most)                                    \
    }
#define CHOICE(words)                                                                              \
    {                                                                                              \
        .kind = PGA_VALUE_CHOICE, .choices = (words)                                               \
    }
#define PGA_OPTION(constant, name, letter, argument, value, env, key, help)                        \
    {PGA_OPTION_##constant, name, letter, argument, value, env, key, help},
#include "cli/options.def"
#undef PGA_OPTION
#undef FLAG
#undef TEXT
#undef SECRET
#undef PATH
#undef DIRECTORY
#undef SCHEMA
#undef ROLE
#undef ENVIRONMENT
#undef TIME
#undef NUMBER
#undef CHOICE
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
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_OPTION);
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
        (void)pga_error_identify(err, PGA_ID_VALUE);
        return pga_error_hint(err, "\"pgalter help %s\" explains it.", command);
    }
    if (result == ':' || (optopt != 0 && optopt < LONG_BASE)) {
        (void)pga_fail(err, PGA_ERR_USAGE,
                       result == ':' ? "\"-%c\" needs a value" : "there is no option \"-%c\"",
                       optopt);
        (void)pga_error_identify(err, result == ':' ? PGA_ID_VALUE : PGA_ID_UNKNOWN_OPTION);
        return pga_error_hint(err, "\"pgalter help %s\" lists the options.", command);
    }
    if (optopt >= LONG_BASE) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"--%s\" takes no value",
                       pga_option_table[optopt - LONG_BASE].name);
        (void)pga_error_identify(err, PGA_ID_VALUE);
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
            (void)pga_error_identify(err, PGA_ID_VALUE);
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
        options->values[i].origin = PGA_ORIGIN_VARIABLE;
        options->values[i].variable = env;
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

bool
pga_option_refuse(const struct pga_options *options, enum pga_option_id id, const char *hint,
                  struct pga_error *err)
{
    const struct pga_option *option = &pga_option_table[id];
    const struct pga_option_value *value = &options->values[id];

    switch (value->origin) {
    case PGA_ORIGIN_VARIABLE:
        (void)pga_fail(err, PGA_ERR_USAGE, "the environment variable %s is \"%s\"", value->variable,
                       value->text);
        break;
    case PGA_ORIGIN_FILE:
    case PGA_ORIGIN_NAMED:
        (void)pga_fail(err, PGA_ERR_USAGE, "the configuration's \"%s\" is \"%s\"", option->key,
                       value->text);
        /* Never the line itself: a password may stand in it. */
        (void)pga_error_place(err, options->file, value->line, value->column, NULL, 0);
        break;
    case PGA_ORIGIN_DEFAULT:
    case PGA_ORIGIN_COMMAND_LINE:
        (void)pga_fail(err, PGA_ERR_USAGE, "\"--%s\" is \"%s\"", option->name, value->text);
        break;
    }
    (void)pga_error_identify(err, PGA_ID_VALUE);
    return pga_error_hint(err, "%s", hint);
}

const char *
pga_option_origin(struct pga_arena *mem, const struct pga_options *options, enum pga_option_id id)
{
    const struct pga_option_value *value = &options->values[id];
    const char *from = "default";

    switch (value->origin) {
    case PGA_ORIGIN_DEFAULT:
        break;
    case PGA_ORIGIN_FILE:
        from = pga_format(mem, "%s:%d:%d", options->file, value->line, value->column);
        break;
    case PGA_ORIGIN_NAMED:
        from = pga_format(mem, "%s:%d:%d (environment %s)", options->file, value->line,
                          value->column, options->environment);
        break;
    case PGA_ORIGIN_VARIABLE:
        from = pga_format(mem, "environment variable %s", value->variable);
        break;
    case PGA_ORIGIN_COMMAND_LINE:
        from = pga_format(mem, "--%s", pga_option_table[id].name);
        break;
    }
    return value->path == NULL ? from
                               : pga_format(mem, "file \"%s\", named by %s", value->path, from);
}

static bool
refuse_misplaced(struct pga_arena *mem, const struct pga_options *options, enum pga_option_id id,
                 struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_USAGE, "a connection string stands where %s has its value (%s)",
                   pga_option_table[id].argument, pga_option_origin(mem, options, id));
    (void)pga_error_identify(err, PGA_ID_VALUE);
    return pga_error_hint(err, "It is not shown, as a password may be in it. The database is named "
                               "by --db or PGALTER_DATABASE_URL.");
}

bool
pga_options_check(const struct pga_options *options, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    for (int i = 0; i < PGA_OPTION_COUNT; i++) {
        const char *text = options->values[i].text;
        const char *hint =
            text == NULL ? NULL : pga_value_check(&mem, &pga_option_table[i].value, text);

        if (text != NULL && pga_value_is_misplaced(&pga_option_table[i].value, text))
            return refuse_misplaced(&mem, options, (enum pga_option_id)i, err);
        if (hint != NULL)
            return pga_option_refuse(options, (enum pga_option_id)i, hint, err);
    }
    return true;
}

/* Values are checked when they are read, so that none can be refused once it is needed. */
int64_t
pga_option_duration_ms(const struct pga_options *options, enum pga_option_id id, int64_t fallback)
{
    const char *text = options->values[id].text;

    if (text != NULL && !pga_parse_duration_ms(pga_str_of(text), &fallback))
        pga_bug("--%s was not checked", pga_option_table[id].name);
    return fallback;
}

int64_t
pga_option_int(const struct pga_options *options, enum pga_option_id id, int64_t fallback)
{
    const struct pga_value *value = &pga_option_table[id].value;
    const char *text = options->values[id].text;

    if (text != NULL && !pga_parse_int(pga_str_of(text), value->min, value->max, &fallback))
        pga_bug("--%s was not checked", pga_option_table[id].name);
    return fallback;
}
