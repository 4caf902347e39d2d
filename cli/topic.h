/*
 * cli/topic.h: the pages that `pgalter help TOPIC` prints.
 *
 * A topic is an error's id, an exit status, or the name of an error code, which stands for its exit status.  Their pages
 * are docs/errors/<id>.md and docs/exit-codes/<status>.md, put into the program when it is built.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_TOPIC_H
#define PGA_CLI_TOPIC_H

#include "cli/context.h"

/* Print a topic's page.  False when there is no such topic. */
bool pga_topic_print(struct pga_context *ctx, const char *topic);

/* Print the table of error ids, or that of exit codes. */
void pga_topic_errors(struct pga_context *ctx);
void pga_topic_exit_codes(struct pga_context *ctx);

/* Every topic's name, and what stands for a table of them: for completion and "did you mean". */
const char *const *pga_topic_names(size_t *out_count);

#endif
