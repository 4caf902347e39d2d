/*
 * tests/fuzz/fuzz_config.c: pgalter.yaml.
 *
 * An error has its place in the text, says what to do next and shows no line; what is accepted has known keys only, values
 * that are ones, and origins that point at them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cli/config.h"
#include "tests/fuzz/fuzz.h"

#define CONFIG_DIR  "some/dir/"
#define CONFIG_PATH CONFIG_DIR "pgalter.yaml"

/* Bytes of the line break that `text` begins with, as YAML has them; 0 when there is none. */
static size_t
break_length(struct pga_str text)
{
    if (pga_str_starts(text, "\r\n") || pga_str_starts(text, "\xC2\x85"))
        return 2;
    if (pga_str_starts(text, "\n") || pga_str_starts(text, "\r"))
        return 1;
    return pga_str_starts(text, "\xE2\x80\xA8") || pga_str_starts(text, "\xE2\x80\xA9") ? 3 : 0;
}

/* What stands at a place, up to the end of its line; the place must be in the text, at most one behind its line. */
static struct pga_str
rest_of_line(struct pga_str text, int line, int column)
{
    size_t at = 0, end;

    PGA_FUZZ_CHECK(line > 0 && column > 0);
    if (pga_str_starts(text, "\xEF\xBB\xBF"))
        text = pga_str_slice(text, 3, text.len);
    for (; line > 1; line--) {
        while (at < text.len && break_length(pga_str_slice(text, at, text.len)) == 0)
            at++;
        if (at == text.len && line == 2 && column == 1)
            return (struct pga_str){0}; /* libyaml's end of a text that doesn't end its line */
        PGA_FUZZ_CHECK(at < text.len);
        at += break_length(pga_str_slice(text, at, text.len));
    }
    for (end = at; end < text.len && break_length(pga_str_slice(text, end, text.len)) == 0;)
        end++;
    text = pga_str_slice(text, at, end - at);
    PGA_FUZZ_CHECK((size_t)column <= pga_utf8_length(text) + 1);
    return pga_str_slice(text, pga_utf8_offset(text, (size_t)column - 1), text.len);
}

static void
check_error(struct pga_str text, const struct pga_error *err)
{
    PGA_FUZZ_CHECK(err->code == PGA_ERR_USAGE && err->id != PGA_ID_NONE);
    PGA_FUZZ_CHECK(err->message[0] != '\0' && err->hint[0] != '\0');
    PGA_FUZZ_CHECK(pga_same(err->place.file, CONFIG_PATH) && err->place.text[0] == '\0');
    (void)rest_of_line(text, err->place.line, err->place.column);
}

static void
check_value(struct pga_arena *mem, struct pga_str text, const struct pga_option *option,
            const struct pga_option_value *value)
{
    struct pga_str rest;
    const char *plain = value->text;

    if (value->text == NULL)
        return;
    PGA_FUZZ_CHECK(option->key != NULL && value->text[0] != '\0');
    PGA_FUZZ_CHECK(pga_value_check(mem, &option->value, value->text) == NULL);
    rest = rest_of_line(text, value->line, value->column);
    PGA_FUZZ_CHECK(rest.len > 0);
    if (strchr("'\"|>", rest.data[0]) != NULL)
        return;
    if ((option->value.kind == PGA_VALUE_PATH || option->value.kind == PGA_VALUE_DIRECTORY) &&
        rest.data[0] != '/')
        plain += sizeof(CONFIG_DIR) - 1;
    PGA_FUZZ_CHECK(rest.data[0] == plain[0]);
    /* A plain value goes on over several lines, with a blank for each break. */
    if (strchr(plain, ' ') == NULL)
        PGA_FUZZ_CHECK(pga_str_starts(rest, plain));
}

/* What an environment makes of the options. */
static void
check_options(struct pga_arena *mem, const struct pga_config *config, const char *name)
{
    struct pga_options options = {0};
    struct pga_error err = {0};
    const struct pga_environment *chosen = pga_config_find(config, name);

    options.values[PGA_OPTION_ENV] =
        (struct pga_option_value){.text = name, .origin = PGA_ORIGIN_COMMAND_LINE};
    if (!pga_config_apply(config, &options, &err)) {
        PGA_FUZZ_CHECK(chosen == NULL && err.id == PGA_ID_UNKNOWN_ENVIRONMENT);
        PGA_FUZZ_CHECK(err.hint[0] != '\0');
        return;
    }
    PGA_FUZZ_CHECK(chosen != NULL);
    for (int i = 0; i < PGA_OPTION_COUNT; i++) {
        const struct pga_option_value *value = &options.values[i];
        const char *origin = pga_option_origin(mem, &options, (enum pga_option_id)i);

        if (i == PGA_OPTION_ENV)
            continue;
        PGA_FUZZ_CHECK(pga_same(value->text, chosen->values[i].text != NULL
                                                 ? chosen->values[i].text
                                                 : config->top.values[i].text));
        PGA_FUZZ_CHECK(pga_same(origin, "default") == (value->text == NULL));
        PGA_FUZZ_CHECK((strstr(origin, "(environment ") != NULL) ==
                       (chosen->values[i].text != NULL));
    }
    PGA_FUZZ_CHECK(pga_options_check(&options, &err));
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_str text = {(const char *)data, size};
    struct pga_config config;
    struct pga_error err = {0};

    if (!pga_config_parse(&mem, CONFIG_PATH, text, &config, &err)) {
        check_error(text, &err);
        return 0;
    }
    PGA_FUZZ_CHECK(err.code == PGA_OK);
    check_options(&mem, &config, "no such name");
    for (size_t i = 0; i <= config.count; i++) {
        const struct pga_environment *level = i == 0 ? &config.top : &config.environments[i - 1];

        for (size_t v = 0; v < PGA_OPTION_COUNT; v++)
            check_value(&mem, text, &pga_option_table[v], &level->values[v]);
        if (i == 0)
            continue;
        PGA_FUZZ_CHECK(
            pga_str_starts(rest_of_line(text, level->line, level->column), level->name) ||
            strchr("'\"?|>", rest_of_line(text, level->line, level->column).data[0]) != NULL);
        check_options(&mem, &config, level->name);
    }
    return 0;
}
