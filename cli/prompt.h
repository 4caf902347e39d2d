/*
 * cli/prompt.h: asking.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_PROMPT_H
#define PGA_CLI_PROMPT_H

#include "base/compiler.h"
#include "base/error.h"
#include "cli/context.h"

/*
 * Ask "<question> [y/N]" on the terminal.  --yes answers it; without a terminal and without --yes it is refused.
 * What was typed before the question is thrown away.
 * False without an error when the answer is no: nothing is done then.
 * Errors: PGA_ERR_USAGE (no terminal), PGA_ERR_INTERRUPTED.
 */
bool pga_prompt_confirm(struct pga_context *ctx, const char *question, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
