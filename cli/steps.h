/*
 * cli/steps.h: showing steps and plans.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_STEPS_H
#define PGA_CLI_STEPS_H

#include "cli/context.h"
#include "engine/run.h"

/* One line about a step: its id, version and what is special about it. */
const char *pga_step_line(struct pga_context *ctx, const struct pga_step *step);

/* All steps of a plan on stdout, a line each, numbered. */
void pga_steps_print(struct pga_context *ctx, const struct pga_plan *plan);

/* The same as "steps" of the JSON document. */
void pga_steps_json(struct pga_context *ctx, const struct pga_plan *plan);

/* "lost" of the JSON document: the step whose session was lost and what became of it; nothing if none was. */
void pga_lost_json(struct pga_context *ctx, const struct pga_run_result *result);

/* "deploy" or "rollback". */
const char *pga_direction_name(enum pga_direction direction);

#endif
