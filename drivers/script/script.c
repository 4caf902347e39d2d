/*
 * drivers/script/script.c: a server that answers from a list.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/script/script.h"

#include <string.h>

#include "base/error.h"

struct scripted {
    struct pga_driver base;
    struct pga_arena mem; /* holds this struct too */
    const struct pga_script_settings *settings;
    struct pga_buf log;
    bool *used; /* by line */
    size_t next_line;
    size_t calls;
    size_t copies_taken; /* of the running message */
    int backend_pid;
    enum pga_transaction transaction;
};

static const char *const usual_parameters[] = {
    "client_encoding",
    "UTF8",
    "server_encoding",
    "UTF8",
    "standard_conforming_strings",
    "on",
    "TimeZone",
    "UTC",
    "is_superuser",
    "off",
    "session_authorization",
    "script",
    NULL,
};

static struct scripted *
scripted_of(struct pga_driver *d)
{
    return (struct scripted *)d;
}

static bool
fits(const struct pga_script_line *line, const char *sql)
{
    return line->expect == NULL || strstr(sql, line->expect) != NULL;
}

/*
 * The line that answers this message.  A message that none fits is a fault of the test or of what
 * it tests.
 */
static const struct pga_script_line *
find_line(struct scripted *s, const char *sql)
{
    const struct pga_script_settings *settings = s->settings;

    for (size_t i = 0; settings->repeat && i < settings->line_count; i++) {
        if (fits(&settings->lines[i], sql)) {
            s->used[i] = true;
            return &settings->lines[i];
        }
    }
    if (settings->repeat)
        pga_bug("scripted server: no line answers the message: %s", sql);
    if (s->next_line >= settings->line_count)
        pga_bug("scripted server: all %zu lines are used, and there is one more message: %s",
                settings->line_count, sql);
    if (!fits(&settings->lines[s->next_line], sql))
        pga_bug("scripted server: line %zu expects \"%s\" in the message: %s", s->next_line + 1,
                settings->lines[s->next_line].expect, sql);
    s->used[s->next_line] = true;
    return &settings->lines[s->next_line++];
}

static void
copy_rows(const struct pga_script_answer *answer, struct pga_arena *mem, struct pga_result *result)
{
    size_t count = answer->rows * answer->columns;
    const char **names = pga_new_array(mem, const char *, answer->columns);
    const char **values = pga_new_array(mem, const char *, count);

    for (size_t i = 0; i < answer->columns; i++)
        names[i] = answer->names == NULL ? "" : pga_strdup(mem, answer->names[i]);
    for (size_t i = 0; i < count; i++)
        values[i] = answer->values == NULL ? NULL : pga_strdup(mem, answer->values[i]);
    result->names = names;
    result->values = values;
}

static void
give_answers(struct scripted *s, const struct pga_script_line *line,
             const struct pga_message *message, struct pga_arena *mem, struct pga_results *results)
{
    const struct pga_script_answer *answer = line->answers;

    for (; answer != NULL && answer->tag != NULL; answer++) {
        struct pga_result *result = pga_driver_add_result(results, mem, answer->tag);

        if (answer->copy_in && s->copies_taken < message->copy_count)
            s->copies_taken++;
        results->copied_out = results->copied_out || answer->copy_out;
        result->row_count = answer->rows;
        result->column_count = answer->columns;
        if (message->keep_rows)
            copy_rows(answer, mem, result);
    }
}

static bool
lose(struct scripted *s, const struct pga_server_message *error, struct pga_error *err)
{
    s->transaction = PGA_TRANSACTION_LOST;
    return pga_driver_fail_lost(s->base.ops->describe(&s->base), error,
                                "The scripted connection ended.", err);
}

static bool
script_query(struct pga_driver *d, const struct pga_message *message, struct pga_arena *mem,
             struct pga_results *results, struct pga_error *err)
{
    struct scripted *s = scripted_of(d);
    const char *sql = pga_str_dup(mem, message->sql);
    const struct pga_script_line *line;

    s->calls++;
    if (s->transaction == PGA_TRANSACTION_LOST || s->calls == s->settings->fail_at)
        return lose(s, NULL, err);
    pga_buf_append(&s->log, message->sql);
    pga_buf_append_char(&s->log, '\n');
    line = find_line(s, sql);
    if (line->notice.message != NULL)
        pga_driver_report(d, pga_driver_keep(mem, &line->notice));
    s->copies_taken = 0;
    give_answers(s, line, message, mem, results);
    if (line->error.sqlstate != NULL)
        results->error = pga_driver_keep(mem, &line->error);
    if (line->lose_connection)
        return lose(s, results->error, err);
    s->transaction = line->after;
    if (results->error != NULL)
        return pga_driver_fail(results->error, err);
    return pga_driver_check_copies(message, s->copies_taken, err);
}

static enum pga_transaction
script_transaction(struct pga_driver *d)
{
    return scripted_of(d)->transaction;
}

static const char *
script_parameter(struct pga_driver *d, const char *name)
{
    const char *const *pair = scripted_of(d)->settings->parameters;

    for (pair = pair == NULL ? usual_parameters : pair; pair[0] != NULL; pair += 2)
        if (pga_same(pair[0], name))
            return pair[1];
    return NULL;
}

static int
script_backend_pid(struct pga_driver *d)
{
    return scripted_of(d)->backend_pid;
}

static int
script_server_version(struct pga_driver *d)
{
    int version = scripted_of(d)->settings->server_version;

    return version == 0 ? 150000 : version;
}

static char *
script_quote_identifier(struct pga_driver *d PGA_UNUSED, struct pga_arena *mem, const char *name)
{
    return pga_driver_quote_plainly(mem, name);
}

static const char *
script_describe(struct pga_driver *d PGA_UNUSED)
{
    return "database \"script\" on a scripted server";
}

static size_t
script_fence_sql(struct pga_driver *d, struct pga_buf *buf)
{
    const char *sql = scripted_of(d)->settings->fence_sql;

    pga_buf_append_c(buf, sql == NULL ? "" : sql);
    return sql != NULL;
}

static bool
script_reconnect(struct pga_driver *d, struct pga_error *err)
{
    struct scripted *s = scripted_of(d);

    s->calls++;
    s->transaction = PGA_TRANSACTION_LOST;
    if (s->calls == s->settings->fail_at)
        return pga_fail(err, PGA_ERR_NO_SERVER, "the scripted server does not answer");
    s->transaction = PGA_TRANSACTION_IDLE;
    s->backend_pid++;
    return true;
}

static void
script_close(struct pga_driver *d)
{
    struct pga_arena mem = scripted_of(d)->mem;

    pga_arena_release(&mem);
}

static const struct pga_driver_ops script_ops = {
    .query = script_query,
    .transaction = script_transaction,
    .parameter = script_parameter,
    .backend_pid = script_backend_pid,
    .server_version = script_server_version,
    .quote_identifier = script_quote_identifier,
    .describe = script_describe,
    .fence_sql = script_fence_sql,
    .reconnect = script_reconnect,
    .close = script_close,
};

struct pga_driver *
pga_script_open(const struct pga_script_settings *settings)
{
    struct pga_arena mem = {0};
    struct scripted *s = pga_new(&mem, struct scripted);

    s->used = pga_new_array(&mem, bool, settings->line_count);
    s->base.ops = &script_ops;
    s->settings = settings;
    s->backend_pid = 4242;
    s->mem = mem;
    s->log = pga_buf_on(&s->mem);
    return &s->base;
}

const char *
pga_script_log(struct pga_driver *d)
{
    return scripted_of(d)->log.data;
}

size_t
pga_script_calls(struct pga_driver *d)
{
    return scripted_of(d)->calls;
}

size_t
pga_script_unused(struct pga_driver *d)
{
    const struct scripted *s = scripted_of(d);
    size_t unused = 0;

    for (size_t i = 0; i < s->settings->line_count; i++)
        unused += s->used[i] ? 0 : 1;
    return unused;
}
