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

static enum pga_fate
fate_of(struct pga_driver *driver, const struct pga_results *results)
{
    if (results->error != NULL && pga_driver_transaction(driver) != PGA_TRANSACTION_LOST)
        return PGA_FATE_REFUSED;
    return results->count > 0 && results->error == NULL ? PGA_FATE_DONE : PGA_FATE_UNKNOWN;
}

bool
pga_sending_run(struct pga_sending *sending, struct pga_error *err)
{
    const struct pga_script_text *script = sending->script;
    struct pga_driver *driver = sending->runner->driver;
    const struct pga_statement *statement = &sending->statements->items[sending->index];
    struct pga_str data = pga_str_slice(script->text, statement->data_offset, statement->data_len);
    struct pga_message message = {
        .sql = pga_str_slice(script->text, statement->offset, statement->len),
        .timeout_ms = pga_deadline_message_ms(sending->runner)};
    struct pga_span span = {.len = statement->len, .script_offset = statement->offset};
    struct pga_results results = {0};
    struct pga_sent sent = {.script = script,
                            .statements = sending->statements,
                            .first = sending->index,
                            .end = sending->index + 1,
                            .map = {.items = &span, .count = 1, .capacity = 1},
                            .message = message.sql,
                            .in_bytes = pga_positions_in_bytes(driver),
                            .results = &results};
    bool fine;

    sending->fate = PGA_FATE_UNSENT;
    if (statement->strings_matter &&
        statement->standard_strings != pga_session_standard_strings(driver))
        return fail_strings(script, statement, err);
    if (statement->kind == PGA_STATEMENT_COPY_IN) {
        message.copies = &data;
        message.copy_count = 1;
    }
    pga_runner_sent(sending->runner, &sent);
    fine = pga_driver_query(driver, &message, sending->mem, &results, err);
    pga_runner_sent(sending->runner, NULL);
    sending->fate = fine ? PGA_FATE_DONE : fate_of(driver, &results);
    if (!fine && err->code == PGA_ERR_SQL)
        (void)pga_place_failure(sending->mem, &sent, err);
    return fine;
}

bool
pga_statement_send(struct pga_runner *runner, struct pga_arena *mem,
                   const struct pga_script_text *script, const struct pga_statements *statements,
                   size_t index, struct pga_error *err)
{
    struct pga_sending sending = {
        .runner = runner, .mem = mem, .script = script, .statements = statements, .index = index};

    return pga_sending_run(&sending, err);
}
