/*
 * journal/session.c: what every transaction of pgalter begins with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/session.h"

#include <string.h>

#include "drivers/sqlstate.h"
#include "journal/reset.sql.h"
#include "journal/shared.sql.h"
#include "journal/sql.h"
#include "journal/unclean.sql.h"

#define RESET_COUNT             8       /* statements in reset.sql */
#define SQLSTATE_UNTRANSLATABLE "22P05" /* no such character in the other encoding */
#define SQLSTATE_UNCLEAN        "22P02" /* with these words in the message: unclean.sql */
#define UNCLEAN                 "pgalter: unclean: "

size_t
pga_session_reset_sql(struct pga_buf *buf, struct pga_driver *driver)
{
    pga_buf_append_c(buf, pga_text_reset_sql);
    return RESET_COUNT + pga_driver_fence_sql(driver, buf);
}

size_t
pga_session_user_sql(struct pga_buf *buf, const struct pga_journal *journal)
{
    if (!journal->settings.is_shared) {
        pga_buf_append_c(buf, "RESET SESSION AUTHORIZATION; RESET ROLE;");
    } else {
        pga_buf_append_c(buf, "SET LOCAL SESSION AUTHORIZATION DEFAULT; ");
        if (journal->role_sql == NULL)
            pga_buf_append_c(buf, "SET LOCAL role TO DEFAULT;");
        else
            pga_buf_appendf(buf, "SET LOCAL ROLE %s;", journal->role_sql);
    }
    return 2;
}

size_t
pga_session_read_sql(struct pga_buf *buf, const struct pga_journal *journal)
{
    const char *application = journal->settings.application;
    struct pga_sql_values values = {.mem = buf->mem};
    size_t count = pga_session_user_sql(buf, journal);

    if (!journal->settings.is_shared) {
        pga_buf_append_c(buf, " RESET ALL;\n");
        return count + 1;
    }
    pga_buf_append_char(buf, '\n');
    pga_sql_text(&values, "application", application == NULL ? "pgalter" : application);
    pga_sql_expand(buf, pga_text_shared_sql, &values);
    return count + 1;
}

/* The resets of a transaction that writes; of a shared session only what ends with the transaction. */
static size_t
begin_sql(struct pga_buf *buf, const struct pga_journal *journal)
{
    struct pga_sql_values values = {.mem = buf->mem};
    size_t count;

    if (!journal->settings.is_shared)
        return pga_session_reset_sql(buf, journal->driver);
    count = pga_session_read_sql(buf, journal);
    pga_sql_text(&values, "strings", journal->standard_strings ? "on" : "off");
    pga_sql_expand(buf, pga_text_unclean_sql, &values);
    return count + 1;
}

size_t
pga_session_head_sql(struct pga_buf *buf, const struct pga_journal *journal,
                     const struct pga_session_head *head)
{
    size_t count;
    struct pga_str isolation =
        head->isolation.len > 0 ? head->isolation : PGA_STR("READ COMMITTED");

    /* BEGIN, never START TRANSACTION: a rule or body that a script left open then ends in a syntax error. */
    pga_buf_appendf(buf, "BEGIN ISOLATION LEVEL %.*s READ WRITE%s DEFERRABLE;\n",
                    PGA_STR_ARG(isolation), head->deferrable ? "" : " NOT");
    count = begin_sql(buf, journal);
    pga_buf_appendf(buf, "SET LOCAL lock_timeout = %lld;\nSET LOCAL statement_timeout = %lld;\n",
                    (long long)head->lock_timeout_ms, (long long)head->statement_timeout_ms);
    return 1 + count + 2;
}

bool
pga_session_standard_strings(struct pga_driver *driver)
{
    const char *value = pga_driver_parameter(driver, "standard_conforming_strings");

    return value == NULL || strcmp(value, "on") == 0;
}

bool
pga_session_restore(struct pga_journal *journal, struct pga_error *err)
{
    struct pga_driver *driver = journal->driver;
    const char *encoding = pga_driver_parameter(driver, "client_encoding");

    if (journal->settings.is_shared)
        return true;
    if (encoding != NULL && strcmp(encoding, "UTF8") != 0 &&
        !pga_driver_run_own(driver, PGA_STR("SET client_encoding = UTF8"), err))
        return false;
    if (pga_session_standard_strings(driver) == journal->standard_strings)
        return true;
    return pga_driver_run_own(driver,
                              journal->standard_strings
                                  ? PGA_STR("SET standard_conforming_strings = on")
                                  : PGA_STR("SET standard_conforming_strings = off"),
                              err);
}

bool
pga_session_check_answer(const struct pga_result *result, size_t columns, struct pga_error *err)
{
    if (result->column_count == columns)
        return true;
    return pga_fail(err, PGA_ERR_UNEXPECTED,
                    "the server answered a query of the journal with %zu columns instead of %zu",
                    result->column_count, columns);
}

void
pga_session_rollback(struct pga_driver *driver)
{
    struct pga_error ignored = {0};
    enum pga_transaction state = pga_driver_transaction(driver);

    if (state == PGA_TRANSACTION_OPEN || state == PGA_TRANSACTION_FAILED)
        (void)!pga_driver_run_own(driver, PGA_STR("ROLLBACK"), &ignored);
}

/* What can't be written down in the database's encoding was typed by somebody: a reason, a slug, a script. */
static void
blame_encoding(struct pga_driver *driver, struct pga_error *err)
{
    const char *encoding = pga_driver_parameter(driver, "server_encoding");

    err->code = PGA_ERR_USAGE;
    (void)pga_error_identify(err, PGA_ID_ENCODING);
    (void)pga_error_hint(
        err,
        "The database is in %s, which lacks a character of the reason (--because), of "
        "a file's name or of a script: write it with others.",
        encoding == NULL ? "another encoding than UTF-8" : encoding);
}

static void
blame(struct pga_driver *driver, struct pga_error *err)
{
    switch (pga_sqlstate_class(err->sqlstate)) {
    case PGA_SQLSTATE_READ_ONLY:
        err->code = PGA_ERR_READ_ONLY;
        (void)pga_error_identify(err, PGA_ID_READ_ONLY);
        break;
    case PGA_SQLSTATE_DENIED:
        err->code = PGA_ERR_DENIED;
        (void)pga_error_identify(err, PGA_ID_PERMISSION);
        (void)pga_error_hint(err, "\"pgalter doctor\" names the missing grants.");
        break;
    case PGA_SQLSTATE_CONTENTION:
        err->code = PGA_ERR_CONTENTION;
        (void)pga_error_identify(err, PGA_ID_LOCK_TIMEOUT);
        break;
    case PGA_SQLSTATE_ABSENT: /* a table of the journal is gone */
        err->code = PGA_ERR_JOURNAL;
        (void)pga_error_identify(err, PGA_ID_JOURNAL_DAMAGED);
        break;
    default:
        err->code = PGA_ERR_UNEXPECTED;
        if (strcmp(err->sqlstate, SQLSTATE_UNTRANSLATABLE) == 0)
            blame_encoding(driver, err);
        if (strcmp(err->sqlstate, PGA_SQLSTATE_STANDBY) == 0) {
            err->code = PGA_ERR_READ_ONLY;
            (void)pga_error_identify(err, PGA_ID_READ_ONLY);
        }
        break;
    }
}

bool
pga_session_is_unclean(const struct pga_error *err)
{
    return strcmp(err->sqlstate, SQLSTATE_UNCLEAN) == 0 && strstr(err->message, UNCLEAN) != NULL;
}

bool
pga_session_fail_unclean(struct pga_error *err)
{
    bool is_temporary = strstr(err->message, UNCLEAN "temporary") != NULL;

    memset(err, 0, sizeof(*err));
    (void)pga_fail(err, PGA_ERR_USAGE, "the session that the pooler gave is not clean: %s",
                   is_temporary ? "it holds temporary tables of another client"
                                : "it reads text in another way than this client asked for");
    (void)pga_error_identify(err, PGA_ID_POOLER);
    return pga_error_hint(
        err, "Nothing of this step was done. Connect to the server itself, or let the pooler reset "
             "its sessions (pgbouncer: server_reset_query_always = 1).");
}

bool
pga_session_fail(struct pga_driver *driver, struct pga_error *err, const char *doing)
{
    pga_session_rollback(driver);
    if (pga_session_is_unclean(err))
        return pga_session_fail_unclean(err);
    if (err->code == PGA_ERR_SQL)
        blame(driver, err);
    return pga_error_while(err, "%s", doing);
}
