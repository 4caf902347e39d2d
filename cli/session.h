/*
 * cli/session.h: the one place where drivers, journal and alterations are wired together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_SESSION_H
#define PGA_CLI_SESSION_H

#include "base/compiler.h"
#include "base/error.h"
#include "cli/context.h"
#include "drivers/connection.h"

/* Prepare what the command needs, by its row in commands.def.  Errors: those of reading and connecting. */
bool pga_session_open(struct pga_context *ctx, struct pga_error *err) PGA_MUST_CHECK;

/*
 * The steps of it behind reading the configuration, for a command that goes on when one of them fails: the directory into
 * ctx->alterations; the connection with ctx->journal prepared and not opened, and how it reaches its server.
 */
bool pga_session_alterations(struct pga_context *ctx, struct pga_error *err) PGA_MUST_CHECK;
bool pga_session_connect(struct pga_context *ctx, struct pga_error *err) PGA_MUST_CHECK;
void pga_session_connection(struct pga_context *ctx, struct pga_connection *out);

/* A connection string without its passwords, for people. */
const char *pga_session_mask(struct pga_context *ctx, const char *database);

/* The version of the libpq that is loaded, e.g. "15.18". */
const char *pga_session_libpq(struct pga_context *ctx);

/* The folder of a server's programs, as the private cluster would find them; NULL: none are installed. */
const char *pga_session_server_programs(struct pga_context *ctx);

/*
 * Tell the server that somebody is still here, once in PGA_SESSION_PING_MS at most: called while a person is asked, so that
 * idle_session_timeout does not end the session.  What fails shows at the next real statement.
 */
#define PGA_SESSION_PING_MS 15000
void pga_session_ping(struct pga_context *ctx);

/* Close what was opened. */
void pga_session_close(struct pga_context *ctx);

/* The directory of the private cluster's project: the current one, or where pgalter.yaml stands. */
struct pga_cluster_settings;
struct pga_cluster;
void pga_session_cluster(struct pga_context *ctx, struct pga_cluster_settings *out);

/* The private cluster for whoever only looks: it is not started.  Errors: PGA_ERR_USAGE; PGA_ERR_NO_SERVER when it doesn't run. */
bool pga_session_find_cluster(struct pga_context *ctx, const struct pga_cluster_settings *settings,
                              struct pga_cluster *out, struct pga_error *err) PGA_MUST_CHECK;

#endif
