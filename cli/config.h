/*
 * cli/config.h: pgalter.yaml.
 *
 * A mapping whose keys are those of cli/options.def.  Its member "environments" holds mappings of the same keys by name,
 * which count before the others when that environment is chosen.  Every value is checked, also where nobody asks for it;
 * what is wrong has its place, and no line of the file is ever shown, as a password may stand in it.  Paths are relative
 * to the file.  docs/guides/configuration.md explains it to its users.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_CONFIG_H
#define PGA_CLI_CONFIG_H

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"
#include "cli/context.h"

#define PGA_CONFIG_FILE             "pgalter.yaml"
#define PGA_CONFIG_KEY_ENVIRONMENTS "environments"
#define PGA_CONFIG_ENVIRONMENTS_MAX 100
#define PGA_CONFIG_NAME_MAX         63 /* bytes of an environment's name */

struct pga_environment {
    const char *name; /* letters, digits, "_", "-" and "."; NULL: the top level */
    int line, column; /* of the name */
    struct pga_option_value values[PGA_OPTION_COUNT];
};

struct pga_config {
    const char *file;
    struct pga_environment top;
    struct pga_environment *environments; /* in the order of the file */
    size_t count;
    int line, column; /* of "environments" */
};

/*
 * Read the text of a configuration; `file` is for messages and for the paths in it.  No file is touched.
 * Errors: PGA_ERR_USAGE with place.
 */
bool pga_config_parse(struct pga_arena *mem, const char *file, struct pga_str text,
                      struct pga_config *out, struct pga_error *err) PGA_MUST_CHECK;

/* The environment of that name, or NULL. */
const struct pga_environment *pga_config_find(const struct pga_config *config, const char *name);

/*
 * Fill the options that were neither typed nor in the environment of the process: from the environment that
 * PGA_OPTION_ENV names, and then from the top level.  Errors: PGA_ERR_USAGE, the nearest name is shown.
 */
bool pga_config_apply(const struct pga_config *config, struct pga_options *options,
                      struct pga_error *err) PGA_MUST_CHECK;

/*
 * Read --config, or pgalter.yaml of the current directory if there is one, into ctx->config and the options, and decide
 * which database is meant (cli/database.h).  Errors: PGA_ERR_USAGE.
 */
bool pga_config_load(struct pga_context *ctx, struct pga_error *err) PGA_MUST_CHECK;

#endif
