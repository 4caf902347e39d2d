/*
 * tests/helpers/world.h: a fake server, a directory in memory, and processes that run against them.
 *
 *     static struct pga_world w;
 *     struct pga_process p;
 *
 *     pga_process_must(pga_process_deploy(&w, &p, "latest"), &p);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_WORLD_H
#define PGA_TESTS_WORLD_H

#include "engine/run.h"
#include "tests/helpers/build.h"
#include "tests/helpers/fake_clock.h"
#include "tests/helpers/fake_server.h"

struct pga_world {
    struct pga_build b; /* for its alterations and its arena */
    struct pga_fake_server server;
    struct pga_fake_clock fake;
    bool is_shared;   /* processes run as with --pooler transaction */
    size_t run_count; /* processes so far; their runs are "run-1" and so on */
};

void pga_world_init(struct pga_world *w);
void pga_world_release(struct pga_world *w);

/* Alterations: 1-users of 1.0.0, 2-roles of 1.1.0 with its own BEGIN, 3-more of next. */
void pga_world_three(struct pga_world *w);

size_t pga_world_count(const struct pga_world *w, enum pga_fake_table_name table);

/* One run, as a process would make it. */
struct pga_process {
    struct pga_driver *driver;
    struct pga_journal journal;
    struct pga_runner runner;
    struct pga_run_result result;
    struct pga_error err;
    size_t happenings[16]; /* by enum pga_happening */
};

/* Connect and open the journal; then also plan and run. */
bool pga_process_begin(struct pga_world *w, struct pga_process *p);
bool pga_process_deploy(struct pga_world *w, struct pga_process *p, const char *target);
bool pga_process_roll_back(struct pga_world *w, struct pga_process *p, const char *target);
void pga_process_end(struct pga_process *p);

/* End it, after what must have gone well, or failed with this code. */
void pga_process_must(bool fine, struct pga_process *p);
void pga_process_must_fail(bool fine, struct pga_process *p, enum pga_code code);

/*
 * What must be true whenever a run has ended, however it did: nobody has the lock, the journal verifies, and an
 * alteration's row is there if and only if its script took effect.
 */
void pga_world_check(struct pga_world *w);

#endif
