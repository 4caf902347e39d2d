/*
 * cli/topic.c: error ids and exit codes explained.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/topic.h"

#include <string.h>

#include "base/str.h"
#include "cli/fold.h"

struct pga_page {
    const char *folder, *name, *text;
};

#include "cli/pages.h"

struct id_row {
    const char *id;
    enum pga_code code;
    const char *meaning;
};

static const struct id_row ids[] = {
#define PGA_ERROR_ID(constant, id, code, meaning) {id, PGA_##code, meaning},
#include "base/error_id.def"
#undef PGA_ERROR_ID
};

struct code_row {
    int status;
    const char *number, *name, *retry, *meaning;
};

static const struct code_row codes[] = {
    {0, "0", "ok", "-", "done, or nothing to do"},
#define PGA_ERROR(code, status, name, retry, meaning) {status, #status, name, retry, meaning},
#include "base/error.def"
#undef PGA_ERROR
};

static const char *const names[] = {
    "errors",
    "exit-codes",
    "manual",
#define PGA_ERROR_ID(constant, id, code, meaning) id,
#include "base/error_id.def"
#undef PGA_ERROR_ID
    "0",
#define PGA_ERROR(code, status, name, retry, meaning) #status,
#include "base/error.def"
#undef PGA_ERROR
};

const char *const *
pga_topic_names(size_t *out_count)
{
    *out_count = PGA_COUNT_OF(names);
    return names;
}

static const struct id_row *
find_id(const char *topic)
{
    for (size_t i = 0; i < PGA_COUNT_OF(ids); i++)
        if (strcmp(ids[i].id, topic) == 0)
            return &ids[i];
    return NULL;
}

/* By number or by name.  Every signal has the page of Ctrl-C: the status is 128 and the signal's number. */
static const struct code_row *
find_code(const char *topic)
{
    int64_t number = 0;
    bool is_number = pga_parse_int(pga_str_of(topic), 0, 128 + 64, &number);

    if (number > 128)
        number = 130;
    for (size_t i = 0; i < PGA_COUNT_OF(codes); i++)
        if (is_number ? codes[i].status == number : strcmp(codes[i].name, topic) == 0)
            return &codes[i];
    return NULL;
}

static void
print_page(struct pga_context *ctx, const char *folder, const char *name)
{
    for (size_t i = 0; i < PGA_COUNT_OF(pages); i++)
        if (strcmp(pages[i].folder, folder) == 0 && strcmp(pages[i].name, name) == 0)
            pga_print(ctx, "%s", pages[i].text);
}

bool
pga_topic_print(struct pga_context *ctx, const char *topic)
{
    const struct id_row *id = find_id(topic);
    const struct code_row *code = find_code(topic);

    if (id != NULL)
        print_page(ctx, "errors", id->id);
    else if (code != NULL)
        print_page(ctx, "exit-codes", code->number);
    return id != NULL || code != NULL;
}

void
pga_topic_errors(struct pga_context *ctx)
{
    pga_print(ctx, "An error's id says what exactly went wrong.\n\n"
                   "id                     code  meaning\n");
    for (size_t i = 0; i < PGA_COUNT_OF(ids); i++) {
        struct pga_error err = {.code = ids[i].code};

        pga_print(ctx, "%s %4d  ", pga_pad(ctx->mem, ids[i].id, 22), pga_error_exit_status(&err));
        pga_print_folded(ctx, ids[i].meaning, 29, 29);
    }
    pga_print(ctx, "\npgalter help ID explains one: pgalter help changed\n");
}

void
pga_topic_exit_codes(struct pga_context *ctx)
{
    pga_print(ctx, "An exit code says whether the same command can succeed later.\n\n"
                   "code  name               again?  meaning\n");
    for (size_t i = 0; i < PGA_COUNT_OF(codes); i++) {
        pga_print(ctx, "%4d  %s %s ", codes[i].status, pga_pad(ctx->mem, codes[i].name, 18),
                  pga_pad(ctx->mem, codes[i].retry, 7));
        pga_print_folded(ctx, codes[i].meaning, 33, 33);
    }
    pga_print(ctx, "\nA signal ends with 128 and its number: 130 for Ctrl-C, 143 for SIGTERM.\n"
                   "pgalter help CODE explains one: pgalter help 66\n");
}
