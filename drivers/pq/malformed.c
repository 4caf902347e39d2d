/*
 * drivers/pq/malformed.c: what is wrong with a connection string.
 *
 * libpq's own messages quote pieces of the string, possibly of a password, so none of them is shown.  Here the part is
 * named, and a word is shown only where it can't belong to a password: one that is known somewhere, or one with no
 * secret before it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <netdb.h>
#include <stdarg.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
#define FORMS                                                                                      \
    "Write it as postgresql://user@host:5432/database or as \"host=... dbname=... user=...\""

static void
free_options(PQconninfoOption **options)
{
    PQconninfoFree(*options);
}

bool
pga_pq_malformed(struct pga_error *err, const char *fmt, ...)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    va_list args;

    va_start(args, fmt);
    (void)pga_fail(err, PGA_ERR_USAGE, "the connection string is malformed: %s",
                   pga_vformat(&scratch, fmt, args));
    va_end(args);
    return pga_error_identify(err, PGA_ID_CONNECTION_STRING);
}

/* ---- how it begins ---- */

static bool
fail_scheme(struct pga_str scheme, struct pga_error *err)
{
    static const char *const others[] = {
        "mysql",   "mariadb",     "sqlserver", "mssql",           "oracle",
        "mongodb", "mongodb+srv", "redis",     "sqlite",          "http",
        "https",   "file",        "prisma",    "prisma+postgres", "cockroachdb",
    };

    for (size_t i = 0; i < PGA_COUNT_OF(others); i++) {
        if (!pga_str_equal_nocase(scheme, others[i]))
            continue;
        (void)pga_pq_malformed(err, "it begins with \"%s://\"", others[i]);
        return pga_error_hint(err, "pgalter speaks with PostgreSQL itself: "
                                   "postgresql://user@host:5432/database");
    }
    if (pga_str_starts(scheme, "jdbc:")) {
        (void)pga_pq_malformed(err, "it begins with \"jdbc:\"");
        return pga_error_hint(err, "Leave out \"jdbc:\", and write the user before the host: "
                                   "postgresql://user@host:5432/database");
    }
    if (pga_str_starts(scheme, "postgres") && memchr(scheme.data, '+', scheme.len) != NULL) {
        (void)pga_pq_malformed(err, "a driver's name stands in it, behind \"postgresql+\"");
        return pga_error_hint(err, "Leave out the \"+\" and the name: "
                                   "postgresql://user@host:5432/database");
    }
    (void)pga_pq_malformed(err, "what stands before its \"://\" is not postgresql");
    return pga_error_hint(err, FORMS ", in small letters.");
}

static bool
check_beginning(const char *text, struct pga_error *err)
{
    const char *end = strstr(text, "://");
    size_t len = strspn(text, LETTERS "+.:-");
    struct pga_str all = pga_str_of(text);

    if (text[0] == '"' || text[0] == '\'') {
        (void)pga_pq_malformed(err, "it begins with a quote");
        return pga_error_hint(err, "Leave out the quotes around it.");
    }
    if (pga_pq_uri_rest(text) != NULL)
        return true;
    if (end != NULL && end >= text && (size_t)(end - text) < len)
        return fail_scheme((struct pga_str){text, (size_t)(end - text)}, err);
    if (!pga_str_starts(all, "postgresql:") && !pga_str_starts(all, "postgres:"))
        return true;
    (void)pga_pq_malformed(err, "its first \":\" is not followed by \"//\"");
    return pga_error_hint(err, FORMS ".");
}

bool
pga_pq_check_form(const char *text, struct pga_error *err)
{
    bool is_uri = pga_pq_uri_rest(text) != NULL;

    if (text[strspn(text, PGA_PQ_BLANKS)] == '\0') {
        (void)pga_pq_malformed(err, "it is blank");
        return pga_error_hint(err, FORMS ".");
    }
    if (strlen(text) > PGA_PQ_CONNINFO_MAX) {
        (void)pga_pq_malformed(err, "it has more than %d bytes", PGA_PQ_CONNINFO_MAX);
        return pga_error_hint(err, FORMS ".");
    }
    for (const char *c = text; *c != '\0'; c++) {
        bool blank = strchr(PGA_PQ_BLANKS, *c) != NULL;

        if (blank ? !is_uri : (unsigned char)*c >= ' ' && *c != 0x7F)
            continue;
        if (*c == ' ')
            (void)pga_pq_malformed(err, "there is a blank in its %s", pga_pq_uri_part(text, c));
        else
            (void)pga_pq_malformed(err, "there is a control character (%%%02X) in %s%s",
                                   (unsigned char)*c, is_uri ? "its " : "it",
                                   is_uri ? pga_pq_uri_part(text, c) : "");
        return pga_error_hint(err, "Take it out; where a URL means it, write %%%02X.",
                              (unsigned char)*c);
    }
    return check_beginning(text, err);
}

/* ---- keywords ---- */

/* Parameters of other programs, and what libpq calls the same; NULL: nothing. */
static const struct {
    const char *name, *instead;
} others[] = {
    {"schema", "options=-csearch_path"},
    {"currentSchema", "options=-csearch_path"},
    {"search_path", "options=-csearch_path"},
    {"statement_timeout", "options=-cstatement_timeout"},
    {"lock_timeout", "options=-clock_timeout"},
    {"database", "dbname"},
    {"db", "dbname"},
    {"name", "dbname"},
    {"username", "user"},
    {"pass", "password"},
    {"passwd", "password"},
    {"pwd", "password"},
    {"hostname", "host"},
    {"server", "host"},
    {"ssl", "sslmode"},
    {"ssl_mode", "sslmode"},
    {"timeout", "connect_timeout"},
    {"ApplicationName", "application_name"},
    {"encoding", "client_encoding"},
    {"charset", "client_encoding"},
    {"pgbouncer", NULL},
    {"connection_limit", NULL},
    {"pool_timeout", NULL},
    {"pool_size", NULL},
    {"socket_timeout", NULL},
    {"statement_cache_size", NULL},
    {"prepareThreshold", NULL},
    {"reWriteBatchedInserts", NULL},
    {"sslaccept", NULL},
    {"uselibpqcompat", NULL},
    {"serverVersion", NULL},
};

static const char *
nearest_parameter(const PQconninfoOption *options, const char *keyword)
{
    const char *names[128];
    size_t count = 0;

    for (; options != NULL && options->keyword != NULL && count < PGA_COUNT_OF(names); options++)
        names[count++] = options->keyword;
    return pga_nearest(keyword, names, count);
}

bool
pga_pq_is_parameter(const char *keyword)
{
    PGA_AUTO(free_options)
    PQconninfoOption *options = PQconndefaults();

    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        if (pga_same(o->keyword, keyword))
            return true;
    return false;
}

static bool
fail_other(const char *name, const char *instead, struct pga_error *err)
{
    (void)pga_pq_malformed(err, "libpq has no parameter \"%s\"", name);
    if (instead == NULL)
        return pga_error_hint(err, "Leave it out: it is for another program.");
    if (strchr(instead, '=') == NULL)
        return pga_error_hint(err, "Write %s instead.", instead);
    return pga_error_hint(err,
                          "Leave it out, or write %s%%3D... in a URL and %s=... in "
                          "keyword=value pairs.",
                          instead, instead);
}

bool
pga_pq_fail_keyword(const char *keyword, const char *behind, bool is_hidden, struct pga_error *err)
{
    PGA_AUTO(free_options)
    PQconninfoOption *options = PQconndefaults();
    const char *nearest = nearest_parameter(options, keyword);

    for (size_t i = 0; i < PGA_COUNT_OF(others); i++)
        if (pga_str_equal_nocase(pga_str_of(keyword), others[i].name))
            return fail_other(others[i].name, others[i].instead, err);
    if (keyword[0] == '\0')
        (void)pga_pq_malformed(err, "an \"=\" in it has no keyword before it");
    else if (!is_hidden && strlen(keyword) <= 32 && keyword[strspn(keyword, LETTERS "-.")] == '\0')
        (void)pga_pq_malformed(err, "libpq has no parameter \"%s\"", keyword);
    else if (behind != NULL)
        (void)pga_pq_malformed(err,
                               "what stands behind the value of \"%s\" is none of libpq's "
                               "parameters",
                               behind);
    else
        (void)pga_pq_malformed(err, "its first keyword is none of libpq's parameters");
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"%s\"?", nearest);
    if (is_hidden)
        return pga_error_hint(err,
                              "If it belongs to that value, write the value in single quotes, or "
                              "in a URL percent-encoded: & is %%26, = is %%3D.");
    return pga_error_hint(err, "host, port, dbname, user, sslmode are the usual ones.");
}

/* ---- keyword=value pairs ---- */

/* Where a value ends; NULL when its quote doesn't. */
static const char *
value_end(const char *value)
{
    bool is_quoted = *value == '\'';

    for (value += is_quoted; *value != '\0'; value++) {
        if (is_quoted ? *value == '\'' : strchr(PGA_PQ_BLANKS, *value) != NULL)
            return value + is_quoted;
        if (value[0] == '\\' && value[1] != '\0')
            value++;
    }
    return is_quoted ? NULL : value;
}

static bool
fail_word(const char *word, const char *behind, struct pga_error *err)
{
    if (strstr(word, "postgres://") != NULL || strstr(word, "postgresql://") != NULL) {
        (void)pga_pq_malformed(err, "a word stands before its URL");
        return pga_error_hint(err, "Leave out what stands before postgresql:// or postgres://.");
    }
    if (behind == NULL) {
        (void)pga_pq_malformed(err, "it is neither a URL nor keyword=value pairs");
        return pga_error_hint(err, FORMS "; the name of a database alone as dbname=...");
    }
    (void)pga_pq_malformed(err, "a word without \"=\" stands behind the value of \"%s\"", behind);
    return pga_error_hint(err,
                          "A value with blanks stands in single quotes, as in dbname='my shop'; "
                          "inside them write \\' for ' and \\\\ for \\.");
}

/* libpq's own way through the pairs, to where it stops. */
static bool
explain_pairs(const char *at, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    const char *behind = NULL;
    bool is_hidden = false;

    for (at += strspn(at, PGA_PQ_BLANKS); *at != '\0'; at += strspn(at, PGA_PQ_BLANKS)) {
        size_t len = strcspn(at, "=" PGA_PQ_BLANKS);
        const char *keyword = pga_strndup(&scratch, at, len), *word = at, *end;

        at += len + strspn(at + len, PGA_PQ_BLANKS);
        if (*at != '=')
            return fail_word(word, behind, err);
        at += 1 + strspn(at + 1, PGA_PQ_BLANKS);
        end = value_end(at);
        if (pga_pq_uri_rest(at) != NULL && !pga_pq_is_parameter(keyword))
            return fail_word(word, behind, err);
        if (end != NULL && !pga_pq_is_parameter(keyword))
            return pga_pq_fail_keyword(keyword, behind, is_hidden, err);
        if (end == NULL && pga_pq_is_parameter(keyword))
            (void)pga_pq_malformed(err, "the quoted value of \"%s\" has no end", keyword);
        else if (end == NULL)
            (void)pga_pq_malformed(err, "a quoted value in it has no end");
        if (end == NULL)
            return pga_error_hint(
                err, "Close it with a ', and inside it write \\' for ' and \\\\ for \\.");
        is_hidden = is_hidden || pga_pq_is_secret(keyword);
        behind = keyword;
        at = end;
    }
    return false;
}

bool
pga_pq_explain(const char *text, struct pga_error *err)
{
    const char *rest = pga_pq_uri_rest(text);

    (void)(rest != NULL ? !pga_pq_explain_uri(rest, err) : !explain_pairs(text, err));
    if (err->code != PGA_OK)
        return false;
    (void)pga_pq_malformed(err, "libpq can't read it");
    return pga_error_hint(err, FORMS ".");
}

/* ---- what libpq reads, but nobody meant ---- */

static bool
check_ports(const char *ports, bool is_uri, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};

    for (; ports != NULL && *ports != '\0'; ports += *ports == ',' ? 1 : 0) {
        struct pga_str port = pga_str_trim((struct pga_str){ports, strcspn(ports, ",")});
        int64_t number = 0;

        ports += strcspn(ports, ",");
        if (port.len == 0 || pga_parse_int(port, 1, 65535, &number))
            continue;
        if (strspn(pga_str_dup(&scratch, port), "0123456789") == port.len && port.len <= 6)
            (void)pga_pq_malformed(err, "its port %.*s is not one of 1 to 65535",
                                   PGA_STR_ARG(port));
        else if (is_uri)
            (void)pga_pq_malformed(err, "what stands behind the \":\" of its host is not a port");
        else
            (void)pga_pq_malformed(err, "the value of \"port\" is not a number");
        return pga_error_hint(
            err, is_uri ? "A port is a number, mostly 5432. A user and a password stand "
                          "before the host and end in \"@\"; in them @ is %%40, / is "
                          "%%2F, : is %%3A."
                        : "Write a number of 1 to 65535, mostly 5432.");
    }
    return true;
}

static void
free_addresses(struct addrinfo **addresses)
{
    if (*addresses != NULL)
        freeaddrinfo(*addresses);
}

/* libpq would try such an address in vain, as if a server did not answer. */
static bool
check_addresses(const char *list, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};

    for (; list != NULL && *list != '\0'; list += *list == ',' ? 1 : 0) {
        size_t len = strcspn(list, ",");
        struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
        PGA_AUTO(free_addresses)
        struct addrinfo *found = NULL;

        if (len > 0 && getaddrinfo(pga_strndup(&scratch, list, len), NULL, &numeric, &found) != 0) {
            (void)pga_pq_malformed(err, "the value of \"hostaddr\" is not a numeric address");
            return pga_error_hint(err, "Write it as in hostaddr=192.0.2.7 or hostaddr=2001:db8::7; "
                                       "a name is for \"host\".");
        }
        list += len;
    }
    return true;
}

bool
pga_pq_check_meaning(const char *text, const struct pga_pq_pairs *pairs, struct pga_error *err)
{
    static const char *const plain[] = {"host", "hostaddr", "port", "dbname", "user", "service"};
    const char *rest = pga_pq_uri_rest(text);

    if (rest != NULL && !pga_pq_check_uri(rest, err))
        return false;
    for (size_t i = 0; i < PGA_COUNT_OF(plain); i++) {
        const char *value = pga_pq_find(pairs, plain[i]);

        if (value == NULL || strstr(value, "://") == NULL)
            continue;
        (void)pga_pq_malformed(err, "there is a URL in its %s", plain[i]);
        return pga_error_hint(err, "Give the URL as the whole connection string.");
    }
    if (!check_ports(pga_pq_find(pairs, "port"), rest != NULL, err) ||
        !check_addresses(pga_pq_find(pairs, "hostaddr"), err))
        return false;
    if (!pga_pq_is_suspicious(text, pairs))
        return true;
    (void)pga_pq_malformed(err, "its host holds an unexpected character");
    return pga_error_hint(err, FORMS ".");
}
