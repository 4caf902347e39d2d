/*
 * cli/command.h: the table of commands.
 *
 * To add a command: a row in commands.def, a file cmd_<name>.c with pga_cmd_<name>(), its line in CMakeLists.txt.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_COMMAND_H
#define PGA_CLI_COMMAND_H

#include <stddef.h>

#include "cli/context.h"
#include "cli/options.h"

/* What the dispatcher prepares before the command runs. */
enum pga_needs {
    PGA_NEEDS_ALTERATIONS = 1,          /* ctx->alterations */
    PGA_NEEDS_ALTERATIONS_OPTIONAL = 2, /* a directory that is not there counts as an empty one */
    PGA_NEEDS_DIRECTORY = 4,            /* ctx->dir only */
    PGA_NEEDS_SERVER = 8,               /* ctx->driver, ctx->journal (opened), ctx->runner */
    PGA_NEEDS_PROJECT = 16,             /* pgalter.yaml alone; whatever has needs reads it */
    PGA_NEEDS_NOTHING_YET = 32,         /* the command prepares what else it needs by itself */
    PGA_CHANGES = 64,                   /* nothing; it leaves more behind than its output */
};

struct pga_command {
    const char *name;
    const char *arguments; /* as help shows them */
    unsigned needs;
    const char *summary;
    pga_option_set options; /* all that it takes, common ones included */
    const char *description;
    const char *examples; /* NUL between them, an empty one at the end */
    bool (*run)(struct pga_context *ctx, struct pga_error *err);
};

#define PGA_COMMAND(name, arguments, needs, summary, options, description, examples)               \
    bool pga_cmd_##name(struct pga_context *ctx, struct pga_error *err) PGA_MUST_CHECK;
#include "cli/commands.def"
#undef PGA_COMMAND

/* All commands in the order of help; the number goes to *out_count. */
const struct pga_command *pga_commands(size_t *out_count);

/* NULL when there is none of that name. */
const struct pga_command *pga_command_find(const char *name);

/* Say that there is none, and which one may have been meant: PGA_ERR_USAGE.  Returns false. */
bool pga_command_unknown(const char *name, struct pga_error *err);

/* Find the command among the words and run it; returns the exit status of the process. */
int pga_command_main(int argc, char **argv);

#endif
