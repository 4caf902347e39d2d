/*
 * cli/options.h: what was typed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_OPTIONS_H
#define PGA_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "cli/value.h"

enum pga_option_id {
#define PGA_OPTION(constant, name, letter, argument, value, env, key, help) PGA_OPTION_##constant,
#include "cli/options.def"
#undef PGA_OPTION
    PGA_OPTION_COUNT
};

struct pga_option {
    enum pga_option_id id;
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* its name in help; NULL: a flag */
    struct pga_value value;
    const char *env; /* NULL: none */
    const char *key; /* in pgalter.yaml; NULL: none */
    const char *help;
};

extern const struct pga_option pga_option_table[PGA_OPTION_COUNT];

/* Where a value came from; what stands later here wins. */
enum pga_origin {
    PGA_ORIGIN_DEFAULT,
    PGA_ORIGIN_FILE,  /* the top level of pgalter.yaml */
    PGA_ORIGIN_NAMED, /* the chosen environment of pgalter.yaml */
    PGA_ORIGIN_VARIABLE,
    PGA_ORIGIN_COMMAND_LINE
};

struct pga_option_value {
    const char *text; /* NULL: not given; for a flag "" */
    enum pga_origin origin;
    const char *variable; /* the environment variable, when it came from one */
    const char
        *path; /* of the file that holds the value itself; NULL: it stands where `origin` says */
    int line, column; /* in pgalter.yaml, 1-based, when it came from there */
};

struct pga_options {
    struct pga_option_value values[PGA_OPTION_COUNT];
    const char *file;        /* pgalter.yaml that was read; NULL: none */
    const char *environment; /* its environment that was chosen; NULL: none */
    const char **arguments;  /* what is no option, in order */
    size_t argument_count;
};

/* A set of options, one bit each. */
typedef uint64_t pga_option_set;
_Static_assert(PGA_OPTION_COUNT <= 64, "a set of options is 64 bits");

/*
 * Parse the words after the command's name.  With `stops_at_argument` everything from the first argument on is
 * taken as it is (for a command that hands words on).
 * Errors: PGA_ERR_USAGE; the nearest option is named.
 */
bool pga_options_parse(struct pga_arena *mem, const char *command, pga_option_set allowed,
                       bool stops_at_argument, int argc, char **argv, struct pga_options *out,
                       struct pga_error *err) PGA_MUST_CHECK;

/* Fill options that were not typed from their environment variables. */
void pga_options_environment(struct pga_options *options, pga_option_set allowed);

/* The text of an option, or the fallback when it was not given. */
const char *pga_option_text(const struct pga_options *options, enum pga_option_id id,
                            const char *fallback);

bool pga_option_is_given(const struct pga_options *options, enum pga_option_id id);

/* Whether every value that was typed or is in the environment is one.  Errors: PGA_ERR_USAGE naming its origin. */
bool pga_options_check(const struct pga_options *options, struct pga_error *err) PGA_MUST_CHECK;

/*
 * Refuse the value of an option, PGA_ERR_USAGE: the message names option and origin, `hint` says what it must be.  Returns
 * false.
 */
bool pga_option_refuse(const struct pga_options *options, enum pga_option_id id, const char *hint,
                       struct pga_error *err);

/*
 * Where the value comes from, for people: "--db", "environment variable PGALTER_DIR", "pgalter.yaml:3:11",
 * "pgalter.yaml:7:15 (environment staging)" or "default".  On `mem`.
 */
const char *pga_option_origin(struct pga_arena *mem, const struct pga_options *options,
                              enum pga_option_id id);

/* A duration or a number, which pga_options_check() or the configuration has found good; the fallback when not given. */
int64_t pga_option_duration_ms(const struct pga_options *options, enum pga_option_id id,
                               int64_t fallback);
int64_t pga_option_int(const struct pga_options *options, enum pga_option_id id, int64_t fallback);

#endif
