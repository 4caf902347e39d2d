/*
 * base/fault.h: deliberate failures for tests.
 *
 * PGA_FAULT(name) stands where a death or an omission must do no harm.  It is false unless the
 * build has -DPGA_FAULTS=ON and the environment says PGA_FAULT=<name>:skip; with :kill or :stop it
 * does not return in the ordinary way.  A number, as in PGA_FAULT=step_sent:kill:3, chooses the
 * hit; without one, kill and stop act on the first and skip on every one.  The names are the rows
 * of base/fault.def, so a test can loop over all of them; any other word aborts such a build when
 * it starts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_FAULT_H
#define PGA_BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum pga_fault_point {
#define PGA_FAULT_POINT(name, where) PGA_FAULT_##name,
#include "base/fault.def"
#undef PGA_FAULT_POINT
    PGA_FAULT_POINT_COUNT
};

#ifdef PGA_FAULTS
bool pga_fault_hit(enum pga_fault_point point);
#define PGA_FAULT(name) pga_fault_hit(PGA_FAULT_##name)
#else
#define PGA_FAULT(name) false
#endif

/* All names in the order of the table; what `pgalter version --faults` of a test build lists. */
const char *pga_fault_name(enum pga_fault_point point);

#endif
