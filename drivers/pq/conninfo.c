/*
 * drivers/pq/conninfo.c: what a connection string says, and what libpq makes of it.
 *
 * Connections are opened from keyword and value arrays; no string is ever put together.  libpq's
 * own message about a malformed string quotes pieces of it, possibly of a password, so it is never
 * shown.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <string.h>

#define PROBE "pgalter-probe" /* no sslmode */

static void
free_options(PQconninfoOption **options)
{
    PQconninfoFree(*options);
}

static void
finish(PGconn **conn)
{
    PQfinish(*conn);
}

const char *
pga_pq_find(const struct pga_pq_pairs *pairs, const char *keyword)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (pga_same(pairs->items[i].keyword, keyword))
            return pairs->items[i].value[0] == '\0' ? NULL : pairs->items[i].value;
    return NULL;
}

void
pga_pq_add(struct pga_pq_pairs *pairs, struct pga_arena *mem, const char *keyword,
           const char *value)
{
    struct pga_pq_pair pair = {pga_strdup(mem, keyword), pga_strdup(mem, value)};

    pairs->items =
        pga_grow(mem, pairs->items, pairs->count, &pairs->capacity, sizeof(*pairs->items));
    pairs->items[pairs->count++] = pair;
}

/* The sslmode of the probe is nobody's. */
static void
add_all(struct pga_pq_pairs *pairs, struct pga_arena *mem, const PQconninfoOption *options)
{
    for (; options->keyword != NULL; options++)
        if (options->val != NULL && !pga_same(options->val, PROBE))
            pga_pq_add(pairs, mem, options->keyword, options->val);
}

/*
 * A mounted secret ends in a line feed, and what is pasted begins with a blank: a URI is trimmed.  Between pairs libpq
 * takes blanks itself, and one may belong to a value.
 */
static const char *
trim(struct pga_arena *mem, const char *conninfo)
{
    const char *text = pga_str_dup(mem, pga_str_trim(pga_str_of(conninfo)));

    return pga_pq_uri_rest(text) != NULL ? text : conninfo;
}

static bool
parse(struct pga_pq *pq, const char *conninfo, struct pga_error *err)
{
    PGA_AUTO(free_options)
    PQconninfoOption *options = NULL;
    const char *text = trim(&pq->mem, conninfo);

    if (!pga_pq_check_form(text, err))
        return false;
    options = PQconninfoParse(text, NULL); /* what libpq says about it may hold a password */
    if (options == NULL)
        return pga_pq_explain(text, err);
    add_all(&pq->given, &pq->mem, options);
    return pga_pq_check_meaning(text, &pq->given, err);
}

/*
 * Only a connection knows what service files and environment add to a string.  An impossible sslmode makes libpq merge all
 * of that and then stop before it opens a socket.  `keyword`, unless NULL, is one parameter more.
 */
static PGconn *
make_probe(const struct pga_pq *pq, struct pga_arena *mem, const char *keyword, const char *value)
{
    const char **keywords = pga_new_array(mem, const char *, pq->given.count + 3);
    const char **values = pga_new_array(mem, const char *, pq->given.count + 3);
    size_t count = 0;

    for (; count < pq->given.count; count++) {
        keywords[count] = pq->given.items[count].keyword;
        values[count] = pq->given.items[count].value;
    }
    keywords[count] = "sslmode";
    values[count++] = PROBE;
    keywords[count] = keyword;
    values[count] = value;
    return PQconnectStartParams(keywords, values, 0);
}

/*
 * Which password file is named: libpq looks into none when there is a password, and complains on stderr of one that it
 * doesn't like.  The usual one, ~/.pgpass, is not among the answers then.
 */
static void
find_passfile(struct pga_pq *pq)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    PGA_AUTO(finish)
    PGconn *probe = NULL;
    PGA_AUTO(free_options)
    PQconninfoOption *options = NULL;
    struct pga_pq_pairs pairs = {0};

    pq->passfile = NULL;
    if (pga_pq_find(&pq->given, "password") != NULL)
        return;
    probe = make_probe(pq, &scratch, "password", PROBE);
    options = PQconninfo(probe);
    if (options == NULL)
        return;
    add_all(&pairs, &scratch, options);
    pq->passfile = pga_strdup(&pq->mem, pga_pq_find(&pairs, "passfile"));
}

static bool
merge(struct pga_pq *pq, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    PGA_AUTO(free_options)
    PQconninfoOption *options = NULL;
    PGA_AUTO(finish)
    PGconn *probe = NULL;

    find_passfile(pq);
    probe = make_probe(pq, &scratch, pga_pq_passfile_is_ignored(pq) ? "passfile" : NULL,
                       PGA_PQ_NO_PASSFILE);
    options = PQconninfo(probe);
    if (probe == NULL || options == NULL)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "libpq has no memory left");
    add_all(&pq->effective, &pq->mem, options);
    if (pq->passfile == NULL && pga_pq_find(&pq->effective, "password") == NULL)
        pq->passfile = pga_pq_find(&pq->effective, "passfile"); /* the usual one */
    if (strstr(PQerrorMessage(probe), PROBE) == NULL)
        return pga_pq_fail_connect(pq, PQerrorMessage(probe), false, err);
    return true;
}

/* libpq looks at it only where it waits by itself, which it never does here. */
static bool
check_timeout(const struct pga_pq *pq, struct pga_error *err)
{
    const char *text = pga_pq_find(&pq->effective, "connect_timeout");
    int64_t seconds = 0;

    if (text == NULL ||
        pga_parse_int(pga_str_trim(pga_str_of(text)), INT32_MIN, INT32_MAX, &seconds))
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "connect_timeout is not a number of seconds");
    (void)pga_error_identify(err, PGA_ID_CONNECTION_STRING);
    return pga_error_hint(err, "Correct it in the connection string or in PGCONNECT_TIMEOUT, for "
                               "example connect_timeout=10.");
}

bool
pga_pq_read_conninfo(struct pga_pq *pq, struct pga_error *err)
{
    const char *conninfo = pq->settings.conninfo;

    return (conninfo[0] == '\0' || parse(pq, conninfo, err)) && merge(pq, err) &&
           check_timeout(pq, err);
}

void
pga_pq_reread_conninfo(struct pga_pq *pq)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    const char *passfile = pq->passfile, *conninfo = pq->settings.conninfo, *again = NULL;
    struct pga_pq_pairs given = pq->given, effective = pq->effective;
    struct pga_error ignored = {0};

    if (pq->settings.reread != NULL)
        again = pq->settings.reread(pq->settings.ctx, &scratch);
    if (again == NULL || strcmp(again, conninfo) == 0)
        return;
    pq->settings.conninfo = pga_strdup(&pq->mem, again);
    pq->given = pq->effective = (struct pga_pq_pairs){0};
    if (pga_pq_read_conninfo(pq, &ignored))
        return;
    pq->settings.conninfo = conninfo;
    pq->given = given;
    pq->effective = effective;
    pq->passfile = passfile;
}

struct pga_pq_hosts
pga_pq_all_hosts(const struct pga_pq *pq)
{
    if (pq->pinned.port != NULL)
        return pq->pinned;
    return (struct pga_pq_hosts){
        .host = pga_pq_find(&pq->effective, "host"),
        .hostaddr = pga_pq_find(&pq->effective, "hostaddr"),
        .port = pga_pq_find(&pq->effective, "port"),
    };
}

static const char *
first_of(const char *a, const char *b, const char *otherwise)
{
    const char *first = a != NULL && a[0] != '\0' ? a : b;

    return first != NULL && first[0] != '\0' ? first : otherwise;
}

const char *
pga_pq_where(const struct pga_pq *pq, struct pga_arena *mem)
{
    struct pga_pq_hosts all = pga_pq_all_hosts(pq);
    PGconn *conn = pq->conn; /* libpq answers NULL for NULL */
    const char *user = first_of(PQuser(conn), pga_pq_find(&pq->effective, "user"), "?");
    const char *database = first_of(PQdb(conn), pga_pq_find(&pq->effective, "dbname"), user);
    const char *host =
        first_of(PQhost(conn), first_of(all.host, all.hostaddr, NULL), "the local socket");
    const char *port = first_of(PQport(conn), all.port, "5432");

    return pga_format(mem, "database \"%s\" on %s%s%s as user \"%s\"", database, host,
                      strchr(host, ',') == NULL ? ":" : " port ", port, user);
}

static size_t
list_count(const char *list)
{
    size_t count = 1;

    if (list == NULL)
        return 0;
    for (; *list != '\0'; list++)
        count += *list == ',' ? 1 : 0;
    return count;
}

static struct pga_str
list_item(const char *list, size_t index)
{
    if (list == NULL)
        return (struct pga_str){0};
    for (; index > 0; index--)
        list += strcspn(list, ",") + 1;
    return (struct pga_str){list, strcspn(list, ",")};
}

size_t
pga_pq_host_count(const struct pga_pq_hosts *hosts)
{
    size_t count = list_count(hosts->host != NULL ? hosts->host : hosts->hostaddr);

    return count == 0 ? 1 : count;
}

void
pga_pq_host_at(const struct pga_pq_hosts *hosts, size_t index, struct pga_arena *mem,
               const char **host, const char **port)
{
    struct pga_str name = list_item(hosts->host, index);
    struct pga_str number = list_item(hosts->port, list_count(hosts->port) <= 1 ? 0 : index);

    if (name.len == 0)
        name = list_item(hosts->hostaddr, index);
    *host = pga_str_dup(mem, name);
    *port = number.len == 0 ? "5432" : pga_str_dup(mem, number);
}

/* A port that stands alone is for all hosts. */
static const char *
list_without(const char *list, size_t index, struct pga_arena *mem)
{
    size_t count = list_count(list);
    struct pga_buf out = pga_buf_on(mem);

    if (count <= 1)
        return list;
    for (size_t i = 0, put = 0; i < count; i++) {
        if (i == index)
            continue;
        if (put++ > 0)
            pga_buf_append_char(&out, ',');
        pga_buf_append(&out, list_item(list, i));
    }
    return out.data;
}

static bool
is_at(const struct pga_pq_hosts *hosts, size_t index, const char *host, const char *port)
{
    size_t ports = list_count(hosts->port);

    if (!pga_str_equal_c(list_item(hosts->host, index), host) &&
        !pga_str_equal_c(list_item(hosts->hostaddr, index), host))
        return false;
    return ports == 0 || pga_str_equal_c(list_item(hosts->port, ports == 1 ? 0 : index), port);
}

bool
pga_pq_drop_host(struct pga_pq_hosts *hosts, struct pga_arena *mem, PGconn *conn)
{
    const char *host = PQhost(conn), *port = PQport(conn);
    size_t count = list_count(hosts->host != NULL ? hosts->host : hosts->hostaddr);

    for (size_t i = 0; count > 1 && host != NULL && i < count; i++) {
        if (is_at(hosts, i, host, port)) {
            hosts->host = list_without(hosts->host, i, mem);
            hosts->hostaddr = list_without(hosts->hostaddr, i, mem);
            hosts->port = list_without(hosts->port, i, mem);
            return true;
        }
    }
    return false;
}
