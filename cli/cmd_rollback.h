/*
 * cli/cmd_rollback.h: what rollback and plan share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_CMD_ROLLBACK_H
#define PGA_CLI_CMD_ROLLBACK_H

#include "base/compiler.h"
#include "cli/context.h"

/* The target of a rollback: the argument at that place, or none with --steps.  Errors: PGA_ERR_USAGE. */
bool pga_rollback_target(struct pga_context *ctx, size_t at, const char **out,
                         struct pga_error *err) PGA_MUST_CHECK;

#endif
