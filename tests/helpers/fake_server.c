/*
 * tests/helpers/fake_server.c: a server that knows the journal's tables: its sessions and transactions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/fake_server.h"

#include <string.h>

#include <check.h>

#include "alterations/statement.h"
#include "base/compiler.h"
#include "tests/helpers/fake_private.h"

struct session {
    struct pga_driver base;
    struct pga_fake_server *server;
    struct pga_buf log;
    struct pga_fake_state before; /* the open transaction */
    enum pga_transaction transaction;
    int pid;
    bool is_standby;
};

void
pga_fake_server_init(struct pga_fake_server *server)
{
    memset(server, 0, sizeof(*server));
    server->next_pid = 4242;
}

void
pga_fake_server_release(struct pga_fake_server *server)
{
    pga_arena_release(&server->mem);
}

/* ---- transactions ---- */

/* A lock that a step took goes with its transaction, or with what aborts it. */
static void
release_step_lock(struct session *s)
{
    if (s->server->lock_holder == s && s->server->lock_is_step)
        s->server->lock_holder = NULL;
}

static void
undo(struct session *s)
{
    release_step_lock(s);
    if (s->transaction == PGA_TRANSACTION_OPEN || s->transaction == PGA_TRANSACTION_FAILED)
        s->server->state = s->before;
    s->transaction = PGA_TRANSACTION_IDLE;
}

static void
run_begin(struct session *s)
{
    s->before = s->server->state;
    s->transaction = PGA_TRANSACTION_OPEN;
}

static bool
is_setting(const struct pga_fake_work *w)
{
    static const char *const words[] = {"RESET",      "SET",      "CLOSE",
                                        "DEALLOCATE", "UNLISTEN", "DISCARD"};

    for (size_t i = 0; i < PGA_COUNT_OF(words); i++)
        if (pga_fake_starts(w, words[i]))
            return true;
    return false;
}

static const char *
run_statement(struct pga_fake_work *w)
{
    struct session *s = w->session;

    if (pga_fake_starts(w, "BEGIN")) {
        run_begin(s);
        return "BEGIN";
    }
    if (pga_fake_starts(w, "COMMIT")) {
        const char *tag = s->transaction == PGA_TRANSACTION_FAILED ? "ROLLBACK" : "COMMIT";

        if (s->transaction == PGA_TRANSACTION_FAILED)
            undo(s);
        release_step_lock(s);
        s->transaction = PGA_TRANSACTION_IDLE;
        return tag;
    }
    if (pga_fake_starts(w, "ROLLBACK")) {
        undo(s);
        return "ROLLBACK";
    }
    if (is_setting(w))
        return pga_fake_starts(w, "RESET") ? "RESET" : "SET";
    if (pga_fake_starts(w, "SELECT")) {
        pga_fake_select(w);
        return pga_format(w->mem, "SELECT %zu", w->result->row_count);
    }
    pga_fake_change(w);
    return pga_fake_starts(w, "INSERT") ? "INSERT 0 1"
           : pga_fake_starts(w, "WITH") ? "SELECT 1"
                                        : pga_format(w->mem, "%.6s", w->text.data);
}
/* ---- messages ---- */

static bool
lose(struct session *s, struct pga_error *err)
{
    undo(s);
    if (s->server->lock_holder == s)
        s->server->lock_holder = NULL;
    s->transaction = PGA_TRANSACTION_LOST;
    return pga_driver_fail_lost("a fake server", NULL, "The connection ended.", err);
}

static struct pga_fake_failure *
find_failure(struct pga_fake_work *w)
{
    for (size_t i = 0; i < w->server->failure_count; i++) {
        struct pga_fake_failure *failure = &w->server->failures[i];

        if (failure->times > 0 && pga_fake_contains(w, failure->contains)) {
            failure->times--;
            return failure;
        }
    }
    return NULL;
}

static bool
refuse(struct pga_fake_work *w, const struct pga_fake_failure *failure, struct pga_str message,
       struct pga_results *results, struct pga_error *err)
{
    struct session *s = w->session;
    struct pga_server_message error = {
        .severity = "ERROR", .sqlstate = w->sqlstate, .message = w->message};

    if (failure != NULL && failure->at != NULL) {
        const char *text = pga_str_dup(w->mem, message), *at = strstr(text, failure->at);

        ck_assert_ptr_nonnull(at);
        error.position = (int64_t)pga_utf8_length((struct pga_str){text, (size_t)(at - text)}) + 1;
    }
    results->error = pga_driver_keep(w->mem, &error);
    results->count--;
    release_step_lock(s);
    if (s->transaction == PGA_TRANSACTION_OPEN)
        s->transaction = PGA_TRANSACTION_FAILED;
    return pga_driver_fail(results->error, err);
}

static bool
run_message(struct session *s, const struct pga_message *message, struct pga_arena *mem,
            struct pga_results *results, struct pga_error *err)
{
    struct pga_statements statements;
    struct pga_error ignored = {0};
    struct pga_str text = message->sql;

    if (message->copy_count > 0) /* a COPY by itself, whose rows travel apart */
        text = pga_str_of(pga_format(mem, "%.*s\n\\.\n", PGA_STR_ARG(text)));
    ck_assert_msg(pga_statements_parse(mem, "message", text, true, &statements, &ignored), "%s",
                  ignored.message);
    for (size_t i = 0; i < statements.count; i++) {
        const struct pga_statement *statement = &statements.items[i];
        struct pga_fake_work w = {.session = s,
                                  .pid = s->pid,
                                  .server = s->server,
                                  .mem = mem,
                                  .text = pga_str_slice(text, statement->offset, statement->len),
                                  .result = pga_driver_add_result(results, mem, "")};
        struct pga_fake_failure *failure = find_failure(&w);
        const char *tag = "";

        if (failure != NULL && failure->lose)
            return lose(s, err);
        if (failure != NULL)
            pga_fake_deny(&w, failure->sqlstate, failure->message);
        else if (s->transaction == PGA_TRANSACTION_FAILED && !pga_fake_starts(&w, "ROLLBACK") &&
                 !pga_fake_starts(&w, "COMMIT"))
            pga_fake_deny(&w, "25P02", "current transaction is aborted");
        else
            tag = run_statement(&w);
        if (w.sqlstate != NULL)
            return refuse(&w, failure, message->sql, results, err);
        w.result->tag = tag;
    }
    return true;
}

static bool
fake_query(struct pga_driver *d, const struct pga_message *message, struct pga_arena *mem,
           struct pga_results *results, struct pga_error *err)
{
    struct session *s = (struct session *)d;
    struct pga_fake_server *server = s->server;
    size_t call = ++server->calls;

    if (s->transaction == PGA_TRANSACTION_LOST)
        return pga_driver_fail_lost("a fake server", NULL, "It was lost before.", err);
    if (server->hook_at != 0 && call >= server->hook_at && s->transaction == PGA_TRANSACTION_IDLE) {
        server->hook_at = 0;
        server->hook(server, server->hook_ctx);
    }
    if (call == server->lose_at && !server->lose_behind)
        return lose(s, err);
    pga_buf_append(&s->log, message->sql);
    pga_buf_append_char(&s->log, '\n');
    if (call == server->lose_at) {
        struct pga_error unseen = {0};
        struct pga_results unread = {0};

        (void)!run_message(s, message, mem, &unread, &unseen);
        return lose(s, err);
    }
    return run_message(s, message, mem, results, err);
}

static enum pga_transaction
fake_transaction(struct pga_driver *d)
{
    return ((struct session *)d)->transaction;
}

static const char *
fake_parameter(struct pga_driver *d, const char *name)
{
    if (strcmp(name, "standard_conforming_strings") == 0)
        return ((struct session *)d)->server->strings_off ? "off" : "on";
    if (strcmp(name, "in_hot_standby") == 0)
        return ((struct session *)d)->is_standby ? "on" : "off";
    return strstr(name, "encoding") != NULL ? "UTF8" : NULL;
}

static int
fake_backend_pid(struct pga_driver *d)
{
    return ((struct session *)d)->pid;
}

static int
fake_server_version(struct pga_driver *d PGA_UNUSED)
{
    return 150000;
}

static char *
fake_quote_identifier(struct pga_driver *d PGA_UNUSED, struct pga_arena *mem, const char *name)
{
    return pga_driver_quote_plainly(mem, name);
}

static const char *
fake_describe(struct pga_driver *d PGA_UNUSED)
{
    return "a fake server";
}

static size_t
fake_fence_sql(struct pga_driver *d PGA_UNUSED, struct pga_buf *buf PGA_UNUSED)
{
    return 0;
}

static bool
fake_reconnect(struct pga_driver *d, struct pga_error *err)
{
    struct session *s = (struct session *)d;
    struct pga_error ignored = {0};

    (void)lose(s, &ignored);
    if (++s->server->calls == s->server->lose_at || s->server->away_for-- > 0)
        return pga_fail(err, PGA_ERR_NO_SERVER, "the fake server does not answer");
    s->is_standby = s->server->standby_for-- > 0;
    s->transaction = PGA_TRANSACTION_IDLE;
    s->pid = s->server->next_pid++;
    return true;
}

static void
fake_close(struct pga_driver *d)
{
    struct pga_error ignored = {0};

    (void)lose((struct session *)d, &ignored);
}

static const struct pga_driver_ops fake_ops = {
    .query = fake_query,
    .transaction = fake_transaction,
    .parameter = fake_parameter,
    .backend_pid = fake_backend_pid,
    .server_version = fake_server_version,
    .quote_identifier = fake_quote_identifier,
    .describe = fake_describe,
    .fence_sql = fake_fence_sql,
    .reconnect = fake_reconnect,
    .close = fake_close,
};

struct pga_driver *
pga_fake_session_open(struct pga_fake_server *server)
{
    struct session *s = pga_new(&server->mem, struct session);

    s->base.ops = &fake_ops;
    s->server = server;
    s->pid = server->next_pid++;
    s->log = pga_buf_on(&server->mem);
    return &s->base;
}

const char *
pga_fake_session_log(struct pga_driver *d)
{
    return ((struct session *)d)->log.data;
}
