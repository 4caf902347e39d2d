/*
 * drivers/pq/facts.c: how the session that stands reaches its server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

static void
free_options(PQconninfoOption **options)
{
    PQconninfoFree(*options);
}

static const char *
keep(struct pga_arena *mem, const char *text)
{
    return text == NULL ? "" : pga_strdup(mem, text);
}

static const char *
option(struct pga_arena *mem, const PQconninfoOption *options, const char *keyword)
{
    for (; options != NULL && options->keyword != NULL; options++)
        if (pga_same(options->keyword, keyword))
            return keep(mem, options->val);
    return "";
}

static bool
is_loopback(const char *address)
{
    return pga_str_starts(pga_str_of(address), "127.") || pga_same(address, "::1");
}

void
pga_pq_connection(struct pga_driver *d, struct pga_arena *mem, struct pga_connection *out)
{
    const struct pga_pq *pq = (const struct pga_pq *)d;
    PGconn *conn = pq->conn; /* libpq answers NULL for NULL */
    PGA_AUTO(free_options)
    PQconninfoOption *options = PQconninfo(conn);

    *out = (struct pga_connection){
        .host = keep(mem, PQhost(conn)),
        .address = keep(mem, PQhostaddr(conn)),
        .port = keep(mem, PQport(conn)),
        .database = keep(mem, PQdb(conn)),
        .user = keep(mem, PQuser(conn)),
        .gss = conn != NULL && PQgssEncInUse(conn) == 1,
        .tls = PQsslInUse(conn) == 1,
        .tls_version = keep(mem, PQsslAttribute(conn, "protocol")),
        .tls_cipher = keep(mem, PQsslAttribute(conn, "cipher")),
        .sslmode = option(mem, options, "sslmode"),
        .sslrootcert = option(mem, options, "sslrootcert"),
        .channel_binding = option(mem, options, "channel_binding"),
        .target_session_attrs = option(mem, options, "target_session_attrs"),
        .keepalives = option(mem, options, "keepalives"),
        .keepalives_idle = option(mem, options, "keepalives_idle"),
        .takes_options = !pq->options_refused,
    };
    /* A path, or "@" for an abstract socket; then there is no address. */
    out->is_socket = out->host[0] == '/' || out->host[0] == '@' || out->address[0] == '\0';
    out->is_loopback = !out->is_socket && is_loopback(out->address);
}
