/*
 * alterations/backfill.h: the settings of a backfill, as the directive `backfill` writes them.
 *
 *     table=<name> key=<column> [batch=<rows>] [pause=<duration>]
 *
 * Blanks separate them; a value with blanks stands in double quotes, as SQL quotes names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_BACKFILL_H
#define PGA_ALTERATIONS_BACKFILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_BACKFILL_BATCH_MAX 1000000 /* rows */

struct pga_backfill {
    const char *table, *key; /* as written, with their quotes */
    int64_t batch_rows;      /* -1: the default */
    int64_t pause_ms;        /* -1: the default */
};

/*
 * Parse settings.  On failure *out_wrong is the piece of `text` that is wrong, for the error's place.
 * Errors: PGA_ERR_USAGE; the nearest setting is named.
 */
bool pga_backfill_parse(struct pga_arena *mem, struct pga_str text, struct pga_backfill *out,
                        struct pga_str *out_wrong, struct pga_error *err) PGA_MUST_CHECK;

#endif
