/*
 * cli/error_report.h: saying that and why a command failed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_ERROR_REPORT_H
#define PGA_CLI_ERROR_REPORT_H

#include "base/error.h"
#include "cli/context.h"

/* On the log: place, message, line with a caret, detail, context and hint.  In the JSON document: "error". */
void pga_error_report(struct pga_context *ctx, const struct pga_error *err);

#endif
