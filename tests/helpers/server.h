/*
 * tests/helpers/server.h: a private PostgreSQL server for tests written in C.
 *
 * Start it from main(), before check forks; it runs on a Unix socket in a temporary directory, is
 * stopped when the process that started it ends, however that ends, and its log is printed when it
 * does not come up.  Its programs come from PGALTER_PG_BINDIR, else from `pg_config --bindir`, else
 * from the newest /usr/lib/postgresql/<version>/bin.
 *
 * Everybody is let in without a password but for the role "needs_password" (password "open
 * sesame").
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_SERVER_H
#define PGA_TESTS_SERVER_H

/*
 * Start the server, once per process, and return a conninfo of its database postgres.  Ends the
 * process on failure.
 */
const char *pga_test_server_start(void);

/* A conninfo of a new, empty database of that name. */
const char *pga_test_server_database(const char *name);

/* The directory of the server's socket. */
const char *pga_test_server_directory(void);

#endif
