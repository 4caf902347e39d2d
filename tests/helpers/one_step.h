/*
 * tests/helpers/one_step.h: the one alteration 1-a, run statement by statement against a fake server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_ONE_STEP_H
#define PGA_TESTS_ONE_STEP_H

#include "engine/statements.h"
#include "tests/helpers/world.h"

struct pga_one_step {
    struct pga_world w;
    struct pga_process p; /* the run that is under way; it has the lock */
    struct pga_step_outcome outcome;
    struct pga_fake_failure failure;
};

/* A journal, and the run "run-1". */
void pga_one_step_init(struct pga_one_step *s);
void pga_one_step_release(struct pga_one_step *s);

/* The next process: "run-2" and so on. */
void pga_one_step_begin(struct pga_one_step *s);

/* Run the step from where its record stands, if there is one. */
bool pga_one_step_run(struct pga_one_step *s, enum pga_step_kind kind);

/* Make this, with `transaction none`, the up script, and run it. */
bool pga_one_step_apply(struct pga_one_step *s, const char *text);

/* A statement that contains this fails so often; or the run dies in it. */
void pga_one_step_fail(struct pga_one_step *s, const char *contains, const char *sqlstate,
                       int times);
void pga_one_step_die(struct pga_one_step *s, const char *contains);

#endif
