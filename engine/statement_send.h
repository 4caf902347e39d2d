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

/* What became of a statement that was to be sent. */
enum pga_fate {
    PGA_FATE_UNSENT,
    PGA_FATE_UNKNOWN, /* the connection ended before the answer did */
    PGA_FATE_REFUSED, /* the server said no: of a statement that is all or nothing nothing was done */
    PGA_FATE_DONE,    /* the server said that it is done; also when a signal came in its middle */
};

/*
 * Send the statement with that index, with its COPY data.  Refused when the server would read quotes otherwise than
 * the script was split: a setting was changed in a way that can't be seen in the text.
 * Errors: PGA_ERR_SQL and PGA_ERR_USAGE with place, and those of the driver.
 */
bool pga_statement_send(struct pga_runner *runner, struct pga_arena *mem,
                        const struct pga_script_text *script,
                        const struct pga_statements *statements, size_t index,
                        struct pga_error *err) PGA_MUST_CHECK;

/* A statement, and what became of it. */
struct pga_sending {
    struct pga_runner *runner;
    struct pga_arena *mem;
    const struct pga_script_text *script;
    const struct pga_statements *statements;
    size_t index;
    enum pga_fate fate; /* set also on failure */
};

/* The same, which says also what became of it. */
bool pga_sending_run(struct pga_sending *sending, struct pga_error *err) PGA_MUST_CHECK;

/* Whether the server counts error positions in bytes: it does in a SQL_ASCII database (STEP 5). */
bool pga_positions_in_bytes(struct pga_driver *driver);

#endif
