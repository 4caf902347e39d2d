/*
 * engine/guard.h: scripts that may reach the journal's own tables.
 *
 * Nothing keeps a script from writing where its role may write.  One that names the journal's schema, or does things to
 * whatever it finds, is therefore followed by a look at the journal before it is committed (journal/untouched.sql): to
 * find out with the next command would be too late.  Pure: no server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_GUARD_H
#define PGA_ENGINE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Where in a script stands what may reach the schema; false when nothing does. */
bool pga_guard_find(struct pga_str script, bool standard_strings, const char *schema,
                    size_t *out_offset);

#endif
