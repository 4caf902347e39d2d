/*
 * drivers/pq/failure.c: why a connection could not be made.
 *
 * libpq has no fields for such errors, only text.  What a server refused carries its SQLSTATE in
 * the verbose form ("FATAL:  28P01: ..."), whatever language the server speaks; the words are
 * looked at only where libpq or a pooler speaks.  Of several hosts' answers the one counts that the
 * user can do something about.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <stdio.h>
#include <string.h>

#include "drivers/sqlstate.h"

struct verdict {
    enum pga_code code;
    char sqlstate[6];
    const char *line;    /* the one that decided */
    struct pga_buf text; /* all that was said, without the ornaments of the verbose form */
};

/* Where ":  28P01: " stands in a line, or NULL. */
static const char *
find_sqlstate(const char *line)
{
    const char *at = line;

    while ((at = strstr(at, ":  ")) != NULL) {
        at += 3;
        if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[5] == ':' && at[6] == ' ')
            return at;
    }
    return NULL;
}

/* What a line without SQLSTATE, or with a pooler's, means. */
static enum pga_code
code_of_words(const char *line)
{
    static const struct {
        const char *words;
        enum pga_code code;
    } rows[] = {
        {"no password supplied", PGA_ERR_DENIED},
        {"password authentication failed", PGA_ERR_DENIED},
        {"no such database", PGA_ERR_DENIED},
        {"no such user", PGA_ERR_DENIED},
        {"session is read-only", PGA_ERR_READ_ONLY},
        {"server is in hot standby mode", PGA_ERR_READ_ONLY},
        {"could not match", PGA_ERR_USAGE},
        {"definition of service", PGA_ERR_USAGE},
        {"service file", PGA_ERR_USAGE},
        {"certificate file", PGA_ERR_USAGE},
        {"private key file", PGA_ERR_USAGE},
        {"unsupported startup parameter", PGA_ERR_USAGE},
        {"invalid integer value", PGA_ERR_USAGE},
        {"invalid port number", PGA_ERR_USAGE},
        {"\" does not exist", PGA_ERR_DENIED}, /* database or role, in a pooler's words */
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        if (strstr(line, rows[i].words) != NULL)
            return rows[i].code;
    return pga_str_starts(pga_str_of(line), "invalid ") ? PGA_ERR_USAGE : PGA_ERR_NO_SERVER;
}

static enum pga_code
code_of_sqlstate(const char *sqlstate, const char *line)
{
    static const char *const options[] = {"42704", "22023", "55P02", "0A000"};

    switch (pga_sqlstate_class(sqlstate)) {
    case PGA_SQLSTATE_DENIED:
        return PGA_ERR_DENIED;
    case PGA_SQLSTATE_READ_ONLY:
        return PGA_ERR_READ_ONLY;
    case PGA_SQLSTATE_GONE: /* a pooler's 08P01 means many things */
        return code_of_words(line);
    default:
        break;
    }
    for (size_t i = 0; i < PGA_COUNT_OF(options); i++)
        if (pga_same(sqlstate, options[i]))
            return PGA_ERR_USAGE;
    return PGA_ERR_NO_SERVER;
}

static int
rank(enum pga_code code)
{
    switch (code) {
    case PGA_ERR_DENIED:
        return 4;
    case PGA_ERR_USAGE:
        return 3;
    case PGA_ERR_READ_ONLY:
        return 2;
    default:
        return 1;
    }
}

/* Add a line, given without its line feed, and let it decide if it says more than those before. */
static void
weigh_line(struct verdict *v, struct pga_arena *mem, const char *line)
{
    const char *sqlstate = find_sqlstate(line);
    char state[6] = "";
    enum pga_code code;

    /* Where it stands in the server's source, and libpq's guesses, which the hint replaces. */
    if (pga_str_starts(pga_str_of(line), "LOCATION:") || line[0] == '\t')
        return;
    if (sqlstate != NULL) {
        (void)snprintf(state, sizeof(state), "%.5s", sqlstate);
        line = pga_format(mem, "%.*s%s", (int)(sqlstate - line), line, sqlstate + 7);
    }
    code = sqlstate != NULL ? code_of_sqlstate(state, line) : code_of_words(line);
    if (v->line == NULL || rank(code) > rank(v->code) ||
        (rank(code) == rank(v->code) && v->sqlstate[0] == '\0' && state[0] != '\0')) {
        v->code = code;
        v->line = line;
        memcpy(v->sqlstate, state, sizeof(state));
    }
    pga_buf_appendf(&v->text, "%s%s", v->text.len > 0 ? "\n" : "", line);
}

/* Whether a word can stand in a command without being quoted for the shell. */
static bool
is_plain(const char *word)
{
    return word != NULL && word[0] != '-' && word[0] != '\0' &&
           word[strspn(
               word, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_./-")] == '\0';
}

/* A name as it stands in SQL. */
static const char *
quoted(struct pga_arena *mem, const char *name)
{
    struct pga_buf out = pga_buf_on(mem);

    pga_buf_append_char(&out, '"');
    for (; *name != '\0'; name++)
        pga_buf_appendf(&out, *name == '"' ? "\"%c" : "%c", *name);
    pga_buf_append_char(&out, '"');
    return out.data;
}

/* Whether it is the role of --role that the server refuses: it is none, or the login role is no member. */
static bool
is_role_refused(const struct pga_pq *pq, const char *sqlstate, const char *line)
{
    if (pq->settings.role == NULL)
        return false;
    return pga_same(sqlstate, "42501") ||
           (pga_same(sqlstate, "22023") && strstr(line, pq->settings.role) != NULL);
}

static bool
hint_role(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *role = pq->settings.role, *sql = quoted(&mem, role);
    const char *user = pga_pq_find(&pq->effective, "user");

    (void)pga_error_identify(err, PGA_ID_PERMISSION);
    user = user == NULL ? "the_login_role" : quoted(&mem, user);
    if (pga_same(err->sqlstate, "22023"))
        return pga_error_hint(err,
                              "Create the role \"%s\", or leave out --role. To create it: "
                              "CREATE ROLE %s; GRANT %s TO %s;",
                              role, sql, sql, user);
    return pga_error_hint(err,
                          "The login role must be a member of it, or leave out --role. To make it "
                          "one: GRANT %s TO %s;",
                          sql, user);
}

static bool
hint_denied(const struct pga_pq *pq, bool needs_password, struct pga_error *err)
{
    const char *database = pga_pq_find(&pq->effective, "dbname");
    const char *user = pga_pq_find(&pq->effective, "user");

    if (needs_password)
        return pga_error_hint(err,
                              "Set PGPASSWORD, or name a password file in PGPASSFILE, or put the "
                              "password into the URL in PGALTER_DATABASE_URL.");
    if (pga_same(err->sqlstate, "3D000") && is_plain(database) && is_plain(user))
        return pga_error_hint(
            err,
            "Create it with \"createdb -U %s %s\" (and -h and -p as needed), or name "
            "another one with --db or PGALTER_DATABASE_URL.",
            user, database);
    if (is_role_refused(pq, err->sqlstate, err->message))
        return hint_role(pq, err);
    return pga_error_hint(
        err, "Check user, password and database in --db or PGALTER_DATABASE_URL, and the "
             "server's pg_hba.conf.");
}

static bool
hint_no_server(const struct pga_pq *pq, struct pga_error *err)
{
    struct pga_pq_hosts all = pga_pq_all_hosts(pq);

    if (pga_same(err->sqlstate, "53300"))
        return pga_error_hint(
            err, "All connections are taken. Add --wait 60s to wait for a free one, or "
                 "raise the limit (max_connections, or the role's or database's).");
    if (pga_same(err->sqlstate, "57P03"))
        return pga_error_hint(err,
                              "The server is starting or stopping. Add --wait 60s to wait for it.");
    if (pq->given.count == 0 && all.host == NULL && all.hostaddr == NULL)
        return pga_error_hint(
            err, "No database was named. Name it with --db or PGALTER_DATABASE_URL, for "
                 "example postgresql://user@host:5432/database.");
    if (is_plain(all.host) && (all.port == NULL || is_plain(all.port)))
        return pga_error_hint(
            err,
            "Is the server running? Look with \"pg_isready -h %s -p %s\". Add --wait "
            "60s to wait for it.",
            all.host, all.port == NULL ? "5432" : all.port);
    return pga_error_hint(err, "Are the servers running? Add --wait 60s to wait for one.");
}

static bool
hint_usage(const struct pga_pq *pq, struct pga_error *err)
{
    if (strstr(err->message, "unsupported startup parameter") != NULL) {
        (void)pga_error_identify(err, PGA_ID_POOLER);
        return pga_error_hint(
            err, "The pooler takes no start-up options%s. Connect to the server itself.",
            pq->settings.role != NULL ? ", which --role needs" : "");
    }
    return pga_error_hint(
        err, "Correct the connection string in --db or PGALTER_DATABASE_URL, or the PG* "
             "variables and the service file that complete it.");
}

/* What the error is about; hints may say it more exactly. */
static enum pga_error_id
id_of(const struct pga_error *err)
{
    switch (err->code) {
    case PGA_ERR_DENIED:
        return pga_same(err->sqlstate, "3D000") ? PGA_ID_NO_DATABASE : PGA_ID_LOGIN;
    case PGA_ERR_READ_ONLY:
        return PGA_ID_READ_ONLY;
    case PGA_ERR_USAGE:
        return PGA_ID_CONNECTION_STRING;
    default:
        return PGA_ID_NO_SERVER;
    }
}

static bool
set_hint(const struct pga_pq *pq, bool needs_password, struct pga_error *err)
{
    switch (err->code) {
    case PGA_ERR_DENIED:
        return hint_denied(pq, needs_password, err);
    case PGA_ERR_READ_ONLY:
        return pga_error_hint(
            err, "Name the primary in --db or PGALTER_DATABASE_URL, or try again once one "
                 "of the hosts has been promoted.");
    case PGA_ERR_USAGE:
        return hint_usage(pq, err);
    default:
        return hint_no_server(pq, err);
    }
}

bool
pga_pq_fail_connect(const struct pga_pq *pq, const char *text, bool needs_password,
                    struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct verdict v = {.code = PGA_ERR_NO_SERVER, .text = pga_buf_on(&scratch)};
    const char *clean = pga_pq_scrub(pq, &scratch, text);

    while (*clean != '\0') {
        size_t len = strcspn(clean, "\n");

        weigh_line(&v, &scratch, pga_strndup(&scratch, clean, len));
        clean += len + (clean[len] == '\n' ? 1 : 0);
    }
    if (needs_password || (v.line != NULL && is_role_refused(pq, v.sqlstate, v.line)))
        v.code = PGA_ERR_DENIED;
    if (v.line == NULL)
        v.line = pga_format(&scratch, "cannot connect to %s", pga_pq_where(pq, &scratch));
    (void)pga_fail(err, v.code, "%s", v.line);
    memcpy(err->sqlstate, v.sqlstate, sizeof(err->sqlstate));
    (void)pga_error_identify(err, id_of(err));
    if (strchr(v.text.data, '\n') != NULL)
        (void)pga_error_detail(err, "%s", v.text.data);
    return set_hint(pq, needs_password, err);
}
