/*
 * cli/choose_target.h: letting a person choose the version to deploy.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_CHOOSE_TARGET_H
#define PGA_CLI_CHOOSE_TARGET_H

#include "base/compiler.h"
#include "base/error.h"
#include "cli/context.h"

/*
 * On a terminal: choose among the versions that have something pending, newest first, each with what a deploy up to it
 * would apply; the newest release is marked at first.  *out is left alone where nobody can be asked, or nothing is
 * pending.  Errors: those of planning; PGA_ERR_INTERRUPTED.
 */
bool pga_choose_target(struct pga_context *ctx, const char **out, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
