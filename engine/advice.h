/*
 * engine/advice.h: what to do about a step that failed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_ADVICE_H
#define PGA_ENGINE_ADVICE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "engine/plan.h"

/* Give an error its id by its code, unless it has one.  Returns false. */
bool pga_advise_id(struct pga_error *err);

/*
 * Of a step that failed because the server lacks room, memory or a working disk: make it an error after which the same
 * command can succeed, as an error of the script is not, with its hint.  False, and nothing changed, for any other.
 */
bool pga_advise_scarce(const struct pga_step *step, struct pga_error *err);

/* Make it the error of a server that takes no writes: its id and what to do.  Returns false. */
bool pga_advise_standby(struct pga_error *err);

/*
 * The hint of a step that the server refused, in this order: the server's own, what its SQLSTATE asks for, and the given
 * text, which says what became of the step and what to type next.  Gives it its id, too.  Returns false.
 */
bool pga_advise(const struct pga_step *step, struct pga_error *err, const char *fmt, ...)
    PGA_PRINTF(3, 4);

#endif
