/*
 * drivers/driver.c: what all sessions have in common.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/driver.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool
check_rows(const struct pga_results *results, struct pga_error *err)
{
    size_t rows = 0;

    for (size_t i = 0; i < results->count; i++)
        rows += results->items[i].row_count;
    if (rows > PGA_RESULT_ROWS_MAX)
        return pga_fail(err, PGA_ERR_UNEXPECTED,
                        "the server sent %zu rows where at most %d are expected", rows,
                        PGA_RESULT_ROWS_MAX);
    return true;
}

bool
pga_driver_query(struct pga_driver *d, const struct pga_message *message, struct pga_arena *mem,
                 struct pga_results *results, struct pga_error *err)
{
    assert(results->count == 0 && results->error == NULL);
    if (message->sql.len > 0 && memchr(message->sql.data, '\0', message->sql.len) != NULL) {
        (void)pga_fail(err, PGA_ERR_USAGE, "the text for the server contains a NUL byte");
        return pga_error_identify(err, PGA_ID_ENCODING);
    }
    if (!d->ops->query(d, message, mem, results, err))
        return false;
    return !message->keep_rows || check_rows(results, err);
}

bool
pga_driver_run(struct pga_driver *d, struct pga_str sql, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_message message = {.sql = sql};
    struct pga_results results = {0};

    return pga_driver_query(d, &message, &scratch, &results, err);
}

bool
pga_driver_run_own(struct pga_driver *d, struct pga_str sql, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_message message = {.sql = sql, .answer_ms = PGA_ANSWER_MS};
    struct pga_results results = {0};

    return pga_driver_query(d, &message, &scratch, &results, err);
}

bool
pga_driver_rows(struct pga_driver *d, struct pga_str sql, struct pga_arena *mem,
                struct pga_result *out, struct pga_error *err)
{
    struct pga_message message = {.sql = sql, .keep_rows = true, .answer_ms = PGA_ANSWER_MS};
    struct pga_results results = {0};

    if (!pga_driver_query(d, &message, mem, &results, err))
        return false;
    if (results.count == 0)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "the server sent no result for a query");
    *out = results.items[results.count - 1];
    return true;
}

enum pga_transaction
pga_driver_transaction(struct pga_driver *d)
{
    return d->ops->transaction(d);
}

const char *
pga_driver_parameter(struct pga_driver *d, const char *name)
{
    return d->ops->parameter(d, name);
}

int
pga_driver_backend_pid(struct pga_driver *d)
{
    return d->ops->backend_pid(d);
}

int
pga_driver_server_version(struct pga_driver *d)
{
    return d->ops->server_version(d);
}

char *
pga_driver_quote_identifier(struct pga_driver *d, struct pga_arena *mem, const char *name)
{
    return d->ops->quote_identifier(d, mem, name);
}

const char *
pga_driver_describe(struct pga_driver *d)
{
    return d->ops->describe(d);
}

size_t
pga_driver_fence_sql(struct pga_driver *d, struct pga_buf *buf)
{
    return d->ops->fence_sql(d, buf);
}

bool
pga_driver_reconnect(struct pga_driver *d, struct pga_error *err)
{
    return d->ops->reconnect(d, err);
}

void
pga_driver_close(struct pga_driver **d)
{
    if (*d != NULL)
        (*d)->ops->close(*d);
    *d = NULL;
}

const char *
pga_result_value(const struct pga_result *result, size_t row, size_t column)
{
    assert(result->values != NULL && row < result->row_count && column < result->column_count);
    return result->values[row * result->column_count + column];
}

void
pga_driver_tick(struct pga_driver *d)
{
    if (d->tick != NULL)
        d->tick(d->tick_ctx);
}

void
pga_driver_report(struct pga_driver *d, const struct pga_server_message *notice)
{
    if (d->notice != NULL)
        d->notice(d->notice_ctx, notice);
}

static const char *
keep(struct pga_arena *mem, const char *text)
{
    return text == NULL || text[0] == '\0' ? "" : pga_strdup(mem, text);
}

struct pga_server_message *
pga_driver_keep(struct pga_arena *mem, const struct pga_server_message *message)
{
    struct pga_server_message *copy = pga_new(mem, struct pga_server_message);

    copy->severity = keep(mem, message->severity);
    copy->sqlstate = keep(mem, message->sqlstate);
    copy->message = keep(mem, message->message);
    copy->detail = keep(mem, message->detail);
    copy->hint = keep(mem, message->hint);
    copy->context = keep(mem, message->context);
    copy->schema = keep(mem, message->schema);
    copy->table = keep(mem, message->table);
    copy->column = keep(mem, message->column);
    copy->datatype = keep(mem, message->datatype);
    copy->constraint = keep(mem, message->constraint);
    copy->internal_query = keep(mem, message->internal_query);
    copy->position = message->position;
    copy->internal_position = message->internal_position;
    copy->is_ahead = message->is_ahead;
    return copy;
}

struct pga_result *
pga_driver_add_result(struct pga_results *results, struct pga_arena *mem, const char *tag)
{
    struct pga_result *result;

    results->items =
        pga_grow(mem, results->items, results->count, &results->capacity, sizeof(*results->items));
    result = &results->items[results->count++];
    *result = (struct pga_result){.tag = pga_strdup(mem, tag)};
    return result;
}

bool
pga_driver_check_copies(const struct pga_message *message, size_t taken, struct pga_error *err)
{
    if (taken < message->copy_count)
        return pga_fail(err, PGA_ERR_UNEXPECTED,
                        "a message brought data for %zu COPY statements, and %zu asked for it",
                        message->copy_count, taken);
    return true;
}

char *
pga_driver_quote_plainly(struct pga_arena *mem, const char *name)
{
    struct pga_buf quoted = pga_buf_on(mem);

    pga_buf_append_char(&quoted, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"')
            pga_buf_append_char(&quoted, '"');
        pga_buf_append_char(&quoted, *name);
    }
    pga_buf_append_char(&quoted, '"');
    return quoted.data;
}

bool
pga_driver_fail(const struct pga_server_message *error, struct pga_error *err)
{
    struct pga_str first = {error->message, strcspn(error->message, "\r\n")};
    struct pga_str rest = pga_str_trim(pga_str_of(error->message + first.len));

    (void)pga_fail(err, PGA_ERR_SQL, "%.*s", PGA_STR_ARG(first));
    (void)snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", error->sqlstate);
    if (rest.len > 0 && error->detail[0] != '\0')
        (void)pga_error_detail(err, "%.*s\n%s", PGA_STR_ARG(rest), error->detail);
    else
        (void)pga_error_detail(err, "%.*s%s", PGA_STR_ARG(rest), error->detail);
    if (snprintf(err->context, sizeof(err->context), "%s", error->context) >=
        (int)sizeof(err->context))
        memcpy(err->context + sizeof(err->context) - 4, "...", 4);
    return pga_error_hint(err, "%s", error->hint);
}

bool
pga_driver_fail_lost(const char *where, const struct pga_server_message *error, const char *why,
                     struct pga_error *err)
{
    (void)pga_fail(err, PGA_ERR_LOST, "the connection to %s was lost", where);
    (void)pga_error_identify(err, PGA_ID_CONNECTION_LOST);
    (void)pga_error_hint(err, "What was committed is recorded. Run the same command again.");
    if (error == NULL)
        return pga_error_detail(err, "%s", why);
    (void)snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", error->sqlstate);
    return pga_error_detail(err, "The server said: %s", error->message);
}

bool
pga_driver_fail_silent(const char *where, int64_t answer_ms, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    (void)pga_fail(err, PGA_ERR_LOST, "%s did not answer for %s", where,
                   pga_format_duration_ms(&mem, answer_ms));
    (void)pga_error_identify(err, PGA_ID_CONNECTION_LOST);
    (void)pga_error_detail(err, "It was asked to stop, and the connection was closed.");
    return pga_error_hint(err,
                          "The server, or the network to it, hangs: look there. Then run the same "
                          "command again, it goes on from where the journal stands.");
}
