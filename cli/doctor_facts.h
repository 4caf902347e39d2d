/*
 * cli/doctor_facts.h: what doctor looks at, and how it is shown.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_DOCTOR_FACTS_H
#define PGA_CLI_DOCTOR_FACTS_H

#include "cli/context.h"
#include "engine/doctor.h"

/*
 * Gather all facts, going on after what fails: program, configuration, directory, connection, server, journal.
 * Errors: PGA_ERR_INTERRUPTED.
 */
bool pga_doctor_gather(struct pga_context *ctx, struct pga_doctor *doctor, struct pga_error *err)
    PGA_MUST_CHECK;

/* The findings as lines, in a colour where there are colours. */
void pga_doctor_show(struct pga_context *ctx, const struct pga_findings *findings,
                     struct pga_buf *out, bool colour);

/* The block for a bug report: no secrets, no scripts, no texts that people wrote. */
void pga_doctor_report(struct pga_context *ctx, const struct pga_doctor *doctor,
                       const struct pga_findings *findings, struct pga_buf *out);

#endif
