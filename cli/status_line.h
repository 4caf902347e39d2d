/*
 * cli/status_line.h: the line on a terminal that says what runs, and for how long.
 *
 *     [ 3/12] 1714984800-add_invites ... 4.2 s
 *
 * It stands on stderr, only on a terminal, not with --quiet, --json or --log-format json, and is gone before anything else
 * is written.  Whoever keeps the step waiting for a lock is named behind the time.  It is drawn when the session ticks: a step that is done within a moment shows none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_STATUS_LINE_H
#define PGA_CLI_STATUS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct pga_context;

struct pga_status_line {
    bool is_on;
    size_t drawn;   /* columns of what is on the terminal; 0: nothing is */
    const char *id; /* of the step that runs; NULL: none does */
    size_t number, count;
    int64_t started_ms;
    int64_t drawn_ms;
    char blocker[64]; /* ", waits for process 4242"; "" when it waits for nobody */
    const struct pga_clock *clock;
};

/* Decide whether there is one.  After the log and the JSON document are set up. */
void pga_status_line_init(struct pga_context *ctx, const struct pga_clock *clock);

/* A step begins: `number` (from 1) of `count`. */
void pga_status_line_begin(struct pga_status_line *line, const char *id, size_t number,
                           size_t count);

/* It has ended. */
void pga_status_line_end(struct pga_status_line *line);

/* Draw the line anew.  A pga_tick_fn. */
void pga_status_line_tick(void *line);

/* Wipe the line, if it is there.  For pga_log.before and whoever writes to stdout. */
void pga_status_line_wipe(void *line);

#endif
