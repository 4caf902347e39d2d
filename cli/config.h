/*
 * cli/config.h: pgalter.yaml.
 *
 * A mapping whose keys are those of cli/options.def; an unknown key is an error with its place.  Paths in it are
 * relative to the file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_CONFIG_H
#define PGA_CLI_CONFIG_H

#include "base/compiler.h"
#include "base/error.h"
#include "cli/context.h"

#define PGA_CONFIG_FILE "pgalter.yaml"

/*
 * Read --config, or pgalter.yaml of the current directory if there is one, into the options that were neither typed nor
 * in the environment.  Errors: PGA_ERR_USAGE with place.
 */
bool pga_config_load(struct pga_context *ctx, struct pga_error *err) PGA_MUST_CHECK;

#endif
