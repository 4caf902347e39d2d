/*
 * drivers/pq/cause.c: what it means that a connection could not be made, and what to do about it.
 *
 * One table.  SQLSTATEs decide where a server spoke; words where libpq or a pooler did, and where one SQLSTATE has several
 * remedies: a server that speaks another language then gets the more general hint.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/sqlstate.h"

/* ---- what a hint is made of ---- */

static bool
is_plain(const char *word)
{
    return word[0] != '\0' && word[strspn(word, "0123456789abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.,:/-")] == '\0';
}

/* A word as a shell takes it; an option's value never looks like an option. */
static void
append_word(struct pga_buf *out, const char *before, const char *word)
{
    pga_buf_append_c(out, before);
    if (is_plain(word)) {
        pga_buf_append_c(out, word);
        return;
    }
    pga_buf_append_char(out, '\'');
    for (; *word != '\0'; word++)
        pga_buf_append_c(out, *word == '\'' ? "'\\''" : (const char[]){*word, '\0'});
    pga_buf_append_char(out, '\'');
}

static const char *
value(const struct pga_pq *pq, const char *keyword, const char *otherwise)
{
    const char *text = pga_pq_find(&pq->effective, keyword);

    return text == NULL ? otherwise : text;
}

/* The options by which PostgreSQL's own programs reach the same server, each with a blank before it. */
static const char *
options(const struct pga_pq *pq, struct pga_arena *mem, bool with_user)
{
    struct pga_buf out = pga_buf_on(mem);
    const char *host = value(pq, "host", value(pq, "hostaddr", NULL)),
               *port = value(pq, "port", "5432");

    if (host != NULL)
        append_word(&out, " -h ", host);
    if (!pga_same(port, "5432"))
        append_word(&out, " -p ", port);
    if (with_user)
        append_word(&out, " -U ", value(pq, "user", "postgres"));
    return out.data;
}

/* A name as it stands in SQL. */
static const char *
sql_name(struct pga_arena *mem, const char *name)
{
    struct pga_buf out = pga_buf_on(mem);

    pga_buf_append_char(&out, '"');
    for (; *name != '\0'; name++)
        pga_buf_append_c(&out, *name == '"' ? "\"\"" : (const char[]){*name, '\0'});
    pga_buf_append_char(&out, '"');
    return out.data;
}

static const char *
shell_word(struct pga_arena *mem, const char *word)
{
    struct pga_buf out = pga_buf_on(mem);

    append_word(&out, "", word);
    return out.data;
}

/* ---- who one is ---- */

/* Neither libpq nor pgalter reads a password file that just anybody could. */
static bool
is_passfile_refused(const struct pga_pq *pq)
{
    return pga_pq_find(&pq->effective, "password") == NULL && pga_pq_passfile_is_ignored(pq) &&
           !pga_pq_passfile_is_trusted(pq);
}

static bool
hint_passfile(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    return pga_error_hint(
        err,
        "The password file was not read, as others than its owner may read it: "
        "\"chmod 0600 %s\". A mounted Secret needs defaultMode: 0440 and fsGroup.",
        shell_word(&mem, pq->passfile));
}

static bool
hint_password(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *from = pga_pq_find(&pq->given, "password") != NULL ? "the connection string"
                       : pga_pq_find(&pq->effective, "password") != NULL
                           ? "PGPASSWORD or the service file"
                           : "the password file";

    if (is_passfile_refused(pq))
        return hint_passfile(pq, err);
    return pga_error_hint(
        err,
        "The password came from %s. Try the right one with \"psql -W%s -d %s\", and "
        "put it there.",
        from, options(pq, &mem, true), shell_word(&mem, value(pq, "dbname", "postgres")));
}

static bool
hint_no_password(const struct pga_pq *pq, struct pga_error *err)
{
    if (is_passfile_refused(pq))
        return hint_passfile(pq, err);
    return pga_error_hint(err, "Set PGPASSWORD, or name a password file in PGPASSFILE, or put the "
                               "password into the URL in PGALTER_DATABASE_URL.");
}

static bool
hint_hba(const struct pga_pq *pq, struct pga_error *err)
{
    return pga_error_hint(
        err,
        "The server's pg_hba.conf lets nobody in so: it needs a line such as \"host %s %s ADDRESS "
        "scram-sha-256\", and then SELECT pg_reload_conf(). If it wants TLS, add sslmode=require.",
        value(pq, "dbname", "all"), value(pq, "user", "all"));
}

static bool
hint_no_role(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *user = value(pq, "user", "?");

    return pga_error_hint(
        err,
        "%sName the user in --db or PGALTER_DATABASE_URL, or create it: CREATE ROLE "
        "%s LOGIN;",
        pga_pq_find(&pq->given, "user") == NULL
            ? "No user was named, so it is that of PGUSER or the operating system. "
            : "",
        sql_name(&mem, user));
}

static bool
hint_no_login(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    return pga_error_hint(err, "Name a user that may log in, or let it: ALTER ROLE %s LOGIN;",
                          sql_name(&mem, value(pq, "user", "?")));
}

static bool
hint_peer(const struct pga_pq *pq, struct pga_error *err)
{
    return pga_error_hint(
        err,
        "On this socket the server compares the operating system's user: run pgalter "
        "as \"%s\", or connect with host=localhost and a password.",
        value(pq, "user", "?"));
}

static bool
hint_login(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "Check user, password and database in --db or PGALTER_DATABASE_URL, and "
                          "the server's pg_hba.conf.");
}

/* The role of --role: it is none, or the login role is no member. */
static bool
hint_role(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *role = pq->settings.role, *sql = sql_name(&mem, role);
    const char *user = sql_name(&mem, value(pq, "user", "the_login_role"));

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

/* ---- the database ---- */

static bool
hint_database(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *name = value(pq, "dbname", value(pq, "user", "postgres"));
    bool is_named =
        pga_pq_find(&pq->given, "dbname") != NULL || !pga_same(name, value(pq, "user", ""));

    return pga_error_hint(err,
                          "%sCreate it with \"createdb%s %s\", or name another one with --db or "
                          "PGALTER_DATABASE_URL.",
                          is_named ? ""
                                   : "No database was named, so it is that of the user's name. ",
                          options(pq, &mem, true), shell_word(&mem, name));
}

static bool
hint_connect(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    return pga_error_hint(err, "Its owner can grant it: GRANT CONNECT ON DATABASE %s TO %s;",
                          sql_name(&mem, value(pq, "dbname", "?")),
                          sql_name(&mem, value(pq, "user", "?")));
}

static bool
hint_closed(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    return pga_error_hint(err,
                          "Somebody closed it. Its owner can open it from another database: ALTER "
                          "DATABASE %s ALLOW_CONNECTIONS true;",
                          sql_name(&mem, value(pq, "dbname", "?")));
}

static bool
hint_pooler_database(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "The pooler does not know it: add it to the pooler's configuration, or "
                          "name the server itself in --db.");
}

/* ---- the server ---- */

static bool
hint_full(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "All connections are taken. Add --wait 60s to wait for a free one, or "
                          "raise the limit (max_connections, or the role's or database's).");
}

static bool
hint_starting(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "The server is starting or stopping. Add --wait 60s to wait for it.");
}

static bool
hint_read_only(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(
        err, "Nothing was changed. Name the primary, or all hosts, in --db or "
             "PGALTER_DATABASE_URL, or add --wait 60s to wait for a promotion. Reading "
             "commands work on a standby.");
}

static bool
hint_attributes(const struct pga_pq *pq, struct pga_error *err)
{
    return pga_error_hint(err,
                          "No host is what target_session_attrs=%s asks for. Name others, leave it "
                          "out, or add --wait 60s to wait for one.",
                          value(pq, "target_session_attrs", "any"));
}

static bool
hint_name(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "No such name is known on this machine: is it right? Add --wait 60s to "
                          "wait for it.");
}

static bool
hint_other_program(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "Another program than PostgreSQL answers there: check host and port in "
                          "--db or PGALTER_DATABASE_URL.");
}

/* A server is there and spoke: its words are the cause. */
static bool
hint_refused(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err, "The server answered and refused the session, for what the message "
                               "says; its log may say more. Mend that, then try again.");
}

static bool
hint_library(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    return pga_error_hint(
        err,
        "The server answered and refused the session: a file that its settings name is not there. "
        "Install it, or from another database: ALTER DATABASE %s RESET session_preload_libraries; "
        "the role's settings and postgresql.conf can name it too.",
        sql_name(&mem, value(pq, "dbname", value(pq, "user", "postgres"))));
}

static bool
hint_server(const struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *host = value(pq, "host", value(pq, "hostaddr", NULL));

    if (pq->given.count == 0 && host == NULL)
        return pga_error_hint(err,
                              "No database was named. Name it with --db or PGALTER_DATABASE_URL, "
                              "for example postgresql://user@host:5432/database.");
    if (host != NULL && strchr(host, ',') != NULL)
        return pga_error_hint(err, "Are the servers running? Add --wait 60s to wait for one.");
    return pga_error_hint(
        err,
        "Is the server running? Look with \"pg_isready%s\". Add --wait 60s to wait "
        "for it.",
        options(pq, &mem, false));
}

/* ---- what was asked for ---- */

static bool
hint_tls(const struct pga_pq *pq, struct pga_error *err)
{
    const char *mode = pga_pq_find(&pq->given, "sslmode");

    return pga_error_hint(
        err,
        "%s%s needs TLS, which the server has turned off: turn it on there "
        "(ssl = on), or, where you trust the network, write sslmode=prefer.",
        mode == NULL ? "PGSSLMODE or the service file" : "sslmode=", mode == NULL ? "" : mode);
}

static bool
hint_certificate(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "host must be the name in the server's certificate, and sslrootcert must "
                          "name the file with the certificate of the authority that signed it.");
}

static bool
hint_required(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "Turn on at the server what the connection string asks for, or leave out "
                          "channel_binding, gssencmode or require_auth.");
}

static bool
hint_pooler_options(const struct pga_pq *pq, struct pga_error *err)
{
    return pga_error_hint(err,
                          "The pooler takes no start-up options%s. Connect to the server itself%s.",
                          pq->settings.role != NULL ? ", which --role needs" : "",
                          pq->settings.role != NULL ? ", or add --pooler transaction" : "");
}

/* Settings of a session that the server refuses; where they came from. */
static bool
hint_options(const struct pga_pq *pq, struct pga_error *err)
{
    if (pga_pq_find(&pq->given, "options") != NULL)
        return pga_error_hint(err,
                              "Correct \"options\" in the connection string: it holds settings of "
                              "the server, such as -csearch_path=app.");
    if (pga_pq_find(&pq->effective, "options") == NULL)
        return pga_error_hint(
            err, "Correct the settings in the connection string, or in the variables that "
                 "complete it.");
    (void)pga_error_identify(err, PGA_ID_VALUE);
    return pga_error_hint(err,
                          "Correct PGOPTIONS, or \"unset PGOPTIONS\": it holds settings of the "
                          "server, such as -csearch_path=app.");
}

static bool
hint_owner(const struct pga_pq *pq, struct pga_error *err)
{
    return pga_error_hint(err,
                          "The server answered, but requirepeer=%s wants another operating system "
                          "user to run it. Correct it: %s.",
                          value(pq, "requirepeer", "..."),
                          pga_pq_find(&pq->given, "requirepeer") != NULL
                              ? "it stands in the connection string"
                              : "\"unset PGREQUIREPEER\", or look into the service file");
}

static bool
hint_service(const struct pga_pq *pq, struct pga_error *err)
{
    const char *named = pga_pq_find(&pq->given, "service"), *variable = getenv("PGSERVICE");

    if (named == NULL && variable != NULL)
        return pga_error_hint(
            err,
            "PGSERVICE names it: define [%s] in ~/.pg_service.conf or in the file "
            "that PGSERVICEFILE names, or unset the variable.",
            variable);
    return pga_error_hint(
        err,
        "Define [%s] in ~/.pg_service.conf or in the file that PGSERVICEFILE names, "
        "or leave out service.",
        named != NULL ? named : value(pq, "service", "..."));
}

static bool
hint_usage(const struct pga_pq *pq, struct pga_error *err)
{
    (void)pq;
    return pga_error_hint(err,
                          "Correct the connection string in --db or PGALTER_DATABASE_URL, or the "
                          "PG* variables and the service file that complete it.");
}

/* ---- the table ---- */

/* The first row that fits decides.  `sqlstate` may be a beginning; NULL: for words of libpq or a pooler. */
static const struct row {
    const char *sqlstate;
    const char *words; /* in the line; NULL: any */
    struct pga_pq_cause cause;
} rows[] = {
#define DENIED(id, hint)                                                                           \
    {                                                                                              \
        PGA_ERR_DENIED, PGA_ID_##id, hint                                                          \
    }
#define USAGE(hint)                                                                                \
    {                                                                                              \
        PGA_ERR_USAGE, PGA_ID_CONNECTION_STRING, hint                                              \
    }
#define AWAY(hint)                                                                                 \
    {                                                                                              \
        PGA_ERR_NO_SERVER, PGA_ID_NO_SERVER, hint                                                  \
    }
#define READ_ONLY                                                                                  \
    {                                                                                              \
        PGA_ERR_READ_ONLY, PGA_ID_READ_ONLY, hint_read_only                                        \
    }
    {"28P01", NULL, DENIED(LOGIN, hint_password)},
    {"28", "pg_hba.conf", DENIED(LOGIN, hint_hba)},
    {"28", "not permitted to log in", DENIED(LOGIN, hint_no_login)},
    {"28", "\" does not exist", DENIED(LOGIN, hint_no_role)},
    {"28", "Peer authentication", DENIED(LOGIN, hint_peer)},
    {"28", NULL, DENIED(LOGIN, hint_login)},
    {"3D000", NULL, DENIED(NO_DATABASE, hint_database)},
    {"42501", "to set parameter", DENIED(PERMISSION, hint_options)},
    {"42501", NULL, DENIED(PERMISSION, hint_connect)},
    {"55000", NULL, DENIED(PERMISSION, hint_closed)},
    {"25006", NULL, READ_ONLY},
    {"53300", NULL, AWAY(hint_full)},
    {"57P03", NULL, AWAY(hint_starting)},
    {"58P01", NULL, {PGA_ERR_NO_SERVER, PGA_ID_NONE, hint_library}},
    {"42", NULL, USAGE(hint_options)},
    {"22", NULL, USAGE(hint_options)},
    {"55P02", NULL, USAGE(hint_options)},
    {"0A000", NULL, USAGE(hint_options)},
    {NULL, "no password supplied", DENIED(LOGIN, hint_no_password)},
    {NULL, "password authentication failed", DENIED(LOGIN, hint_password)},
    {NULL, "no such database", DENIED(NO_DATABASE, hint_pooler_database)},
    {NULL, "no such user", DENIED(LOGIN, hint_login)},
    {NULL, "session is read-only", READ_ONLY},
    {NULL, "server is in hot standby mode", READ_ONLY},
    {NULL, "server is not in hot standby mode", AWAY(hint_attributes)},
    {NULL, "session is not read-only", AWAY(hint_attributes)},
    {NULL, "could not translate host name", AWAY(hint_name)},
    {NULL, "received invalid response to", AWAY(hint_other_program)},
    {NULL, "expected authentication request", AWAY(hint_other_program)},
    {NULL, "but SSL was required", USAGE(hint_tls)},
    {NULL, "certificate verify failed", USAGE(hint_certificate)},
    {NULL, "does not match host name", USAGE(hint_certificate)},
    {NULL, "certificate file", USAGE(hint_certificate)},
    {NULL, "private key file", USAGE(hint_usage)},
    {NULL, "channel binding", USAGE(hint_required)},
    {NULL, "but it was required", USAGE(hint_required)},
    {NULL, "requirepeer specifies", USAGE(hint_owner)},
    {NULL, "definition of service", USAGE(hint_service)},
    {NULL, "service file", USAGE(hint_service)},
    {NULL, "unsupported startup parameter", {PGA_ERR_USAGE, PGA_ID_POOLER, hint_pooler_options}},
    {NULL, "could not match", USAGE(hint_usage)},
    {NULL, "invalid integer value", USAGE(hint_usage)},
    {NULL, "invalid port number", USAGE(hint_usage)},
    {NULL, "\" does not exist",
     DENIED(LOGIN, hint_login)}, /* a database or role, in a pooler's words */
};

/* Whether it is the role of --role that the server refuses. */
static bool
is_role_refused(const struct pga_pq *pq, const char *sqlstate, const char *line)
{
    if (pq->settings.role == NULL)
        return false;
    return pga_same(sqlstate, "42501") ||
           (pga_same(sqlstate, "22023") && strstr(line, pq->settings.role) != NULL);
}

const struct pga_pq_cause *
pga_pq_cause_find(const struct pga_pq *pq, const char *sqlstate, const char *line)
{
    static const struct pga_pq_cause role = DENIED(PERMISSION, hint_role);
    static const struct pga_pq_cause usage = USAGE(hint_usage), server = AWAY(hint_server);
    static const struct pga_pq_cause refused = {PGA_ERR_NO_SERVER, PGA_ID_NONE, hint_refused};
    /* A pooler's 08P01 means many things. */
    bool in_words = sqlstate[0] == '\0' || pga_sqlstate_class(sqlstate) == PGA_SQLSTATE_GONE;

    if (is_role_refused(pq, sqlstate, line))
        return &role;
    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];

        if ((row->sqlstate == NULL ? in_words
                                   : pga_str_starts(pga_str_of(sqlstate), row->sqlstate)) &&
            (row->words == NULL || strstr(line, row->words) != NULL))
            return &row->cause;
    }
    if (!in_words)
        return &refused;
    return pga_str_starts(pga_str_of(line), "invalid ") ? &usage : &server;
}
