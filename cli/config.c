/*
 * cli/config.c: pgalter.yaml, from its text to the options.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/config.h"

#include <string.h>

#include "base/file.h"
#include "base/yaml.h"

#define KEY_MAX   64 /* bytes of an unknown key that are shown */
#define MERGE_KEY "<<"

struct reader {
    struct pga_arena *mem;
    struct pga_config *config;
    struct pga_error *err;
};

/* Line and column, but never the line itself: a password may stand in it. */
static bool
place(const struct reader *reader, int line, int column)
{
    return pga_error_place(reader->err, reader->config->file, line, column, NULL, 0);
}

static bool
place_node(const struct reader *reader, const struct pga_yaml *node, enum pga_error_id id)
{
    (void)pga_error_identify(reader->err, id);
    return place(reader, node->line, node->column);
}

static const struct pga_option *
find_key(const char *key)
{
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (pga_same(pga_option_table[i].key, key))
            return &pga_option_table[i];
    return NULL;
}

/* Letters, digits, "_", "-" and ".": what can stand in a command and in a list of words for a shell. */
static bool
is_word(const char *text, size_t max)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

    return len > 0 && len <= max && text[len] == '\0';
}

static bool
fail_key(const struct reader *reader, const struct pga_yaml *node, bool at_top)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf all = pga_buf_on(&mem);
    const char *keys[PGA_OPTION_COUNT + 1];
    const char *nearest;
    bool is_merge = strcmp(node->key, MERGE_KEY) == 0;
    size_t count = 0;

    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (pga_option_table[i].key != NULL)
            keys[count++] = pga_option_table[i].key;
    if (at_top)
        keys[count++] = PGA_CONFIG_KEY_ENVIRONMENTS;
    for (size_t i = 0; i < count; i++)
        pga_buf_appendf(&all, "%s%s", i == 0 ? "" : ", ", keys[i]);
    /* A connection string that was written where a key belongs is not shown. */
    if (is_word(node->key, KEY_MAX) || is_merge)
        (void)pga_fail(reader->err, PGA_ERR_USAGE, "unknown key \"%s\"", node->key);
    else
        (void)pga_fail(reader->err, PGA_ERR_USAGE, "unknown key");
    (void)pga_error_identify(reader->err, PGA_ID_UNKNOWN_KEY);
    (void)place(reader, node->key_line, node->key_column);
    if (is_merge)
        return pga_error_hint(reader->err,
                              "YAML's merge keys are not supported: write the keys out. What "
                              "stands at the top level counts for every environment.");
    nearest = pga_nearest(node->key, keys, count);
    if (nearest != NULL)
        return pga_error_hint(reader->err, "Did you mean \"%s\"?", nearest);
    return pga_error_hint(reader->err, "The keys are: %s.", all.data);
}

/* A path in the file is relative to the file, not to where the command runs. */
static const char *
resolve_path(const struct reader *reader, const char *path)
{
    const char *file = reader->config->file, *slash = strrchr(file, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - file) + 1;

    if (path[0] == '/')
        return path;
    return pga_path_join(reader->mem, pga_strndup(reader->mem, file, len), path);
}

/* What YAML's readers take for nothing, a truth value, a number or a date unless it stands in quotes. */
static const char *
surprise(const char *plain)
{
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL"};
    static const char *const truths[] = {"true", "false", "yes", "no", "on", "off", "y", "n"};
    const char *digits = plain + strspn(plain, "+-.");

    for (size_t i = 0; i < PGA_COUNT_OF(nothing); i++)
        if (strcmp(plain, nothing[i]) == 0)
            return "no value";
    for (size_t i = 0; i < PGA_COUNT_OF(truths); i++)
        if (pga_str_equal_nocase(pga_str_of(plain), truths[i]))
            return "a truth value";
    if (*digits >= '0' && *digits <= '9' && digits[strspn(digits, "0123456789._,:+-eExX")] == '\0')
        return "a number";
    return NULL;
}

/* A control character, or what Unicode takes for a line break, begins here. */
static bool
is_control(const char *at)
{
    unsigned char c = (unsigned char)at[0], next = (unsigned char)at[1];

    return c < 0x20 || c == 0x7f || (c == 0xC2 && next < 0xA0) ||
           strncmp(at, "\xE2\x80\xA8", 3) == 0 || strncmp(at, "\xE2\x80\xA9", 3) == 0;
}

/* What is wrong with the kind of a value, which the file may not leave to be guessed. */
static bool
check_kind(const struct reader *reader, const struct pga_option *option,
           const struct pga_yaml *node)
{
    const char *kind;
    struct pga_error *err = reader->err;

    if (node->kind != PGA_YAML_SCALAR) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" must be one value", node->key);
        (void)pga_error_hint(err, "Write one value behind it: %s: %s", node->key, option->argument);
        return place_node(reader, node, PGA_ID_VALUE);
    }
    kind = node->quoted ? NULL : surprise(node->scalar);
    if (node->scalar[0] == '\0' || pga_same(kind, "no value")) {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" has no value", node->key);
        (void)pga_error_hint(err, "Give it one, or remove the key.");
        return place_node(reader, node, PGA_ID_VALUE);
    }
    for (const char *c = node->scalar; *c != '\0'; c++) {
        if (!is_control(c))
            continue;
        (void)pga_fail(err, PGA_ERR_USAGE,
                       "the value of \"%s\" has a line break or another control character",
                       node->key);
        (void)pga_error_hint(err, "Write it in one line.");
        return place_node(reader, node, PGA_ID_VALUE);
    }
    if (kind == NULL || option->value.kind == PGA_VALUE_TIME ||
        option->value.kind == PGA_VALUE_NUMBER)
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" is %s where a text is wanted", node->key, kind);
    (void)pga_error_hint(err, "Put it in quotes if it is meant: %s: \"...\"", node->key);
    return place_node(reader, node, PGA_ID_VALUE);
}

/* The value is told except where it is a secret, which no check looks into. */
static bool
check_value(const struct reader *reader, const struct pga_option *option,
            const struct pga_yaml *node)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *hint = pga_value_check(&mem, &option->value, node->scalar);

    if (pga_value_is_misplaced(&option->value, node->scalar)) {
        (void)pga_fail(reader->err, PGA_ERR_USAGE,
                       "a connection string stands where \"%s\" has its value", node->key);
        (void)pga_error_hint(reader->err, "The key for the database is \"database\".");
        return place_node(reader, node, PGA_ID_VALUE);
    }
    if (hint == NULL)
        return true;
    (void)pga_fail(reader->err, PGA_ERR_USAGE, "the configuration's \"%s\" is \"%s\"", node->key,
                   node->scalar);
    (void)pga_error_hint(reader->err, "%s", hint);
    return place_node(reader, node, PGA_ID_VALUE);
}

static bool
take(const struct reader *reader, const struct pga_yaml *node, struct pga_environment *into)
{
    const struct pga_option *option = find_key(node->key);
    bool is_path;

    if (option == NULL)
        return fail_key(reader, node, into->name == NULL);
    if (!check_kind(reader, option, node) || !check_value(reader, option, node))
        return false;
    is_path = option->value.kind == PGA_VALUE_PATH || option->value.kind == PGA_VALUE_DIRECTORY;
    into->values[option->id] = (struct pga_option_value){
        .text = is_path ? resolve_path(reader, node->scalar) : node->scalar,
        .origin = into->name == NULL ? PGA_ORIGIN_FILE : PGA_ORIGIN_NAMED,
        .line = node->line,
        .column = node->column,
    };
    return true;
}

/* One level names one database. */
static bool
check_database(const struct reader *reader, const struct pga_environment *level)
{
    const struct pga_option_value *file = &level->values[PGA_OPTION_DB_FILE];

    if (file->text == NULL || level->values[PGA_OPTION_DB].text == NULL)
        return true;
    (void)pga_fail(reader->err, PGA_ERR_USAGE,
                   "\"database\" and \"database_file\" both name the database");
    (void)pga_error_identify(reader->err, PGA_ID_WHICH_DATABASE);
    (void)pga_error_hint(reader->err, "Remove this one, or \"database\" in line %d.",
                         level->values[PGA_OPTION_DB].line);
    return place(reader, file->line, file->column);
}

static bool
take_environment(const struct reader *reader, const struct pga_yaml *node,
                 struct pga_environment *into)
{
    *into = (struct pga_environment){
        .name = node->key, .line = node->key_line, .column = node->key_column};
    if (strcmp(node->key, MERGE_KEY) == 0)
        return fail_key(reader, node, false);
    if (!is_word(node->key, PGA_CONFIG_NAME_MAX)) {
        (void)pga_fail(reader->err, PGA_ERR_USAGE, "this can't be an environment's name");
        (void)pga_error_identify(reader->err, PGA_ID_CONFIGURATION);
        (void)pga_error_hint(
            reader->err, "A name has 1 to %d of the characters A-Z, a-z, 0-9, \"_\", \"-\", \".\".",
            PGA_CONFIG_NAME_MAX);
        return place(reader, node->key_line, node->key_column);
    }
    if (node->kind != PGA_YAML_MAPPING) {
        (void)pga_fail(reader->err, PGA_ERR_USAGE, "the environment \"%s\" must be keys and values",
                       node->key);
        (void)pga_error_hint(reader->err,
                             "Indent its keys below it, or write {} for one that changes nothing.");
        return place_node(reader, node, PGA_ID_CONFIGURATION);
    }
    for (const struct pga_yaml *child = node->first; child != NULL; child = child->next)
        if (!take(reader, child, into))
            return false;
    return check_database(reader, into);
}

static bool
take_environments(const struct reader *reader, const struct pga_yaml *node)
{
    struct pga_config *config = reader->config;
    size_t count = 0;

    if (node->kind != PGA_YAML_MAPPING) {
        (void)pga_fail(reader->err, PGA_ERR_USAGE,
                       "\"" PGA_CONFIG_KEY_ENVIRONMENTS "\" must be names with keys and values");
        (void)pga_error_hint(reader->err,
                             "Indent the name of each below it, and its keys below the name.");
        return place_node(reader, node, PGA_ID_CONFIGURATION);
    }
    config->line = node->key_line;
    config->column = node->key_column;
    for (const struct pga_yaml *child = node->first; child != NULL; child = child->next)
        count++;
    if (count > PGA_CONFIG_ENVIRONMENTS_MAX) {
        (void)pga_fail(reader->err, PGA_ERR_USAGE, "more than %d environments",
                       PGA_CONFIG_ENVIRONMENTS_MAX);
        (void)pga_error_hint(reader->err,
                             "Keep them in several files and name one with --config FILE.");
        return place_node(reader, node, PGA_ID_TOO_LARGE);
    }
    config->environments = pga_new_array(reader->mem, struct pga_environment, count);
    for (const struct pga_yaml *child = node->first; child != NULL; child = child->next)
        if (!take_environment(reader, child, &config->environments[config->count++]))
            return false;
    return true;
}

static bool
take_root(const struct reader *reader, const struct pga_yaml *root)
{
    if (root->kind != PGA_YAML_MAPPING) {
        (void)pga_fail(reader->err, PGA_ERR_USAGE, "the configuration must be keys and values");
        (void)pga_error_hint(reader->err, "Write lines such as: alterations: db/alterations");
        return place_node(reader, root, PGA_ID_CONFIGURATION);
    }
    for (const struct pga_yaml *node = root->first; node != NULL; node = node->next)
        if (strcmp(node->key, PGA_CONFIG_KEY_ENVIRONMENTS) == 0
                ? !take_environments(reader, node)
                : !take(reader, node, &reader->config->top))
            return false;
    return check_database(reader, &reader->config->top);
}

/* What YAML's reader quotes from the text, an anchor or a key, may be a part of a password. */
static void
hide_quoted(struct pga_error *err)
{
    char *from = strchr(err->message, '"'), *to = strrchr(err->message, '"');
    char key[KEY_MAX] = "";
    size_t len = from == NULL ? 0 : (size_t)(to - from);

    if (len == 0)
        return;
    if (len - 1 < sizeof(key))
        memcpy(key, from + 1, len - 1);
    if (find_key(key) == NULL)
        memmove(from - 1, to + 1, strlen(to + 1) + 1); /* with the blank before it */
}

bool
pga_config_parse(struct pga_arena *mem, const char *file, struct pga_str text,
                 struct pga_config *out, struct pga_error *err)
{
    struct reader reader = {mem, out, err};
    const struct pga_yaml *root;

    *out = (struct pga_config){.file = file};
    root = pga_yaml_parse(mem, file, text, err);
    if (root != NULL)
        return take_root(&reader, root);
    hide_quoted(err);
    (void)pga_error_identify(err, PGA_ID_CONFIGURATION);
    if (err->hint[0] == '\0')
        (void)pga_error_hint(err, "\"pgalter help configuration\" shows what the file may hold.");
    return place(&reader, err->place.line, err->place.column);
}

const struct pga_environment *
pga_config_find(const struct pga_config *config, const char *name)
{
    for (size_t i = 0; i < config->count; i++)
        if (strcmp(config->environments[i].name, name) == 0)
            return &config->environments[i];
    return NULL;
}

static bool
fail_environment(const struct pga_config *config, const struct pga_options *options,
                 struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf all = pga_buf_on(&mem);
    const char *names[PGA_CONFIG_ENVIRONMENTS_MAX], *nearest;

    for (size_t i = 0; i < config->count; i++) {
        names[i] = config->environments[i].name;
        pga_buf_appendf(&all, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    (void)pga_option_refuse(options, PGA_OPTION_ENV, "", err);
    (void)pga_error_while(err, "there is no such environment");
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_ENVIRONMENT);
    (void)pga_error_place(err, config->file, config->line, config->column, NULL, 0);
    if (config->count == 0)
        return pga_error_hint(err, "The file has none. Add \"" PGA_CONFIG_KEY_ENVIRONMENTS
                                   ":\" to it, or leave out --env.");
    nearest = pga_nearest(options->values[PGA_OPTION_ENV].text, names, config->count);
    return pga_error_hint(err, "%s%s%sThe environments are: %s.",
                          nearest == NULL ? "" : "Did you mean \"", nearest == NULL ? "" : nearest,
                          nearest == NULL ? "" : "\"? ", all.data);
}

static void
fill(struct pga_options *options, const struct pga_environment *level)
{
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (options->values[i].text == NULL && level->values[i].text != NULL)
            options->values[i] = level->values[i];
}

bool
pga_config_apply(const struct pga_config *config, struct pga_options *options,
                 struct pga_error *err)
{
    const char *name = options->values[PGA_OPTION_ENV].text;
    const struct pga_environment *chosen;

    options->file = config->file;
    if (name != NULL) {
        chosen = pga_config_find(config, name);
        if (chosen == NULL)
            return fail_environment(config, options, err);
        options->environment = chosen->name;
        fill(options, chosen);
    }
    fill(options, &config->top);
    return true;
}
