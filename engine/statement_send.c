/*
 * engine/statement_send.c: sending one statement of a script as a message of its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/statement_send.h"

#include "engine/place.h"
#include "journal/session.h"

bool
pga_positions_in_bytes(struct pga_driver *driver)
{
    return pga_same(pga_driver_parameter(driver, "server_encoding"), "SQL_ASCII");
}

static bool
fail_strings(const struct pga_script_text *script, const struct pga_statement *statement,
             struct pga_error *err)
{
    (void)pga_fail(
        err, PGA_ERR_USAGE,
        "standard_conforming_strings was changed in a way that the script's text does not show");
    (void)pga_error_identify(err, PGA_ID_SESSION_STATE);
    (void)pga_script_place(err, script, statement->offset);
    return pga_error_hint(err, "Where this statement ends can't be told. Set it with a plain SET "
                               "statement of the script.");
}

bool
pga_statement_send(struct pga_runner *runner, struct pga_arena *mem,
                   const struct pga_script_text *script, const struct pga_statements *statements,
                   size_t index, struct pga_error *err)
{
    const struct pga_statement *statement = &statements->items[index];
    struct pga_str data = pga_str_slice(script->text, statement->data_offset, statement->data_len);
    struct pga_message message = {
        .sql = pga_str_slice(script->text, statement->offset, statement->len)};
    struct pga_span span = {.len = statement->len, .script_offset = statement->offset};
    struct pga_results results = {0};
    struct pga_sent sent = {.script = script,
                            .statements = statements,
                            .first = index,
                            .end = index + 1,
                            .map = {.items = &span, .count = 1, .capacity = 1},
                            .message = message.sql,
                            .in_bytes = pga_positions_in_bytes(runner->driver),
                            .results = &results};
    bool fine;

    if (statement->strings_matter &&
        statement->standard_strings != pga_session_standard_strings(runner->driver))
        return fail_strings(script, statement, err);
    if (statement->kind == PGA_STATEMENT_COPY_IN) {
        message.copies = &data;
        message.copy_count = 1;
    }
    runner->sent = &sent;
    fine = pga_driver_query(runner->driver, &message, mem, &results, err);
    runner->sent = NULL;
    if (!fine && err->code == PGA_ERR_SQL)
        (void)pga_place_failure(mem, &sent, err);
    return fine;
}
