/*
 * cli/database.h: which database is meant.
 *
 * The first of these that names one: --db or --db-file; PGALTER_DATABASE_URL; PGALTER_DATABASE_URL_FILE; DATABASE_URL;
 * DB_URL; the chosen environment of pgalter.yaml; its top level; libpq's own variables and defaults.  What contradicts
 * itself is refused, as the wrong database is the worst that can happen (docs/decisions/0011-which-database.md).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_DATABASE_H
#define PGA_CLI_DATABASE_H

#include "base/compiler.h"
#include "base/error.h"
#include "cli/context.h"

/*
 * Make PGA_OPTION_DB of ctx->options the connection string that counts, with its origin, once pgalter.yaml has been read;
 * it stays not given where libpq decides.  Errors: PGA_ERR_USAGE.
 */
bool pga_database_choose(struct pga_context *ctx, struct pga_error *err) PGA_MUST_CHECK;

/*
 * The connection string as it stands now in the file that it came from, on `mem`: a secret may be exchanged while pgalter
 * waits.  NULL when it didn't come from one, or none can be read there.
 */
const char *pga_database_reread(struct pga_context *ctx, struct pga_arena *mem);

#endif
