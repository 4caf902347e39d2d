/*
 * engine/statement_send.h: sending one statement of a script as a message of its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_STATEMENT_SEND_H
#define PGA_ENGINE_STATEMENT_SEND_H

#include <stdbool.h>
#include <stddef.h>

#include "alterations/script.h"
#include "base/compiler.h"
#include "base/error.h"
#include "engine/runner.h"

/*
 * Send the statement with that index, with its COPY data.  Refused when the server would read quotes otherwise than
 * the script was split: a setting was changed in a way that can't be seen in the text.
 * Errors: PGA_ERR_SQL and PGA_ERR_USAGE with place, and those of the driver.
 */
bool pga_statement_send(struct pga_runner *runner, struct pga_arena *mem,
                        const struct pga_script_text *script,
                        const struct pga_statements *statements, size_t index,
                        struct pga_error *err) PGA_MUST_CHECK;

/* Whether the server counts error positions in bytes: it does in a SQL_ASCII database (STEP 5). */
bool pga_positions_in_bytes(struct pga_driver *driver);

#endif
