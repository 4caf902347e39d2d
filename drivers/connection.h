/*
 * drivers/connection.h: how a session reaches its server, for whoever wants to know.
 *
 * What was asked for and what became of it: host and port of the server that answered, TLS, and the
 * parameters that decide about both.  No secret is among them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_CONNECTION_H
#define PGA_DRIVERS_CONNECTION_H

#include <stdbool.h>

struct pga_connection {
    const char *host;    /* a name, an address, or the directory of a socket */
    const char *address; /* of the server that answered; "" for a socket */
    const char *port, *database, *user;
    bool is_socket;
    bool is_loopback; /* an address of this machine that no network sees */

    bool gss; /* encrypted by GSSAPI instead */
    bool tls;
    const char *tls_version, *tls_cipher; /* "" without TLS */
    const char *sslmode, *sslrootcert;    /* "" where nothing was said */
    const char *channel_binding;

    const char *target_session_attrs;
    const char *keepalives, *keepalives_idle; /* "" where the system decides */
    bool takes_options; /* the server took the start-up options that fence a session (FACTS 3) */
};

#endif
