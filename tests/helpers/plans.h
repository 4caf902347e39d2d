/*
 * tests/helpers/plans.h: directories, journals and plans in a few words, for tables of tests.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_PLANS_H
#define PGA_TESTS_PLANS_H

#include <stdbool.h>

#include "engine/plan.h"
#include "tests/helpers/build.h"

/*
 * Add a list of alterations, "1.0.0-1-a 2-b next-3-c": each has a down script, but for those with a "!" behind.  With
 * `apply` each is applied at once.
 */
void pga_plans_add(struct pga_build *b, const char *list, bool apply);

/* The directory has `files`, the journal has had `applied` in this order. */
void pga_plans_arrange(struct pga_build *b, const char *files, const char *applied);

/* Make a plan that can be made. */
void pga_plans_deploy(struct pga_build *b, const char *target,
                      const struct pga_plan_settings *settings, struct pga_plan *plan);
void pga_plans_roll_back(struct pga_build *b, const char *target,
                         const struct pga_plan_settings *settings, struct pga_plan *plan);

/* "+1-a" applied, "-1-a" taken back, "~1-a:next:1.0.0" renamed; "!" behind what is late. */
const char *pga_plans_describe(struct pga_build *b, const struct pga_plan *plan);

#endif
