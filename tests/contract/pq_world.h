/*
 * tests/contract/pq_world.h: what the tests of libpq's driver share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_PQ_WORLD_H
#define PGA_TESTS_PQ_WORLD_H

#include <stdint.h>
#include <sys/types.h>

#include <check.h>

#include "drivers/pq/pq.h"

void pga_test_pause(int64_t ms);

/* A session; the test fails when there is none.  The plain one is with the test server. */
struct pga_driver *pga_test_open(const struct pga_pq_settings *settings);
struct pga_driver *pga_test_open_plain(void);

/* A session that can't be opened, and why. */
struct pga_error pga_test_refusal(const struct pga_pq_settings *settings);
struct pga_error pga_test_refusal_of(const char *conninfo);

/* The test server's host and port, and more. */
const char *pga_test_conninfo(struct pga_arena *mem, const char *more);

/* The one value of a query that must succeed. */
const char *pga_test_value(struct pga_driver *d, const char *sql, struct pga_arena *mem);

/* Statements that must succeed. */
void pga_test_run(struct pga_driver *d, const char *sql);

/* Install pga_interrupt_*() in the process of a test. */
void pga_test_catch_signals(void);

/*
 * A child that sends a signal to this process, and once more when again_ms is not 0; wait for it.
 */
pid_t pga_test_signal_later(int64_t after_ms, int signal, int64_t again_ms);

/* A TCP socket on the loopback that takes connections and never says a word. */
int pga_test_listen(int *out_port);

/* Run the suite and return the exit status for main(). */
int pga_test_run_suite(Suite *suite);

#endif
