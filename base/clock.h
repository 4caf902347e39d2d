/*
 * base/clock.h: time, so that tests can have their own.
 *
 * Waits and durations use the monotonic clock; the calendar is only for timestamps in names and
 * reports.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_CLOCK_H
#define PGA_BASE_CLOCK_H

#include <stdint.h>

struct pga_clock {
    int64_t (*monotonic_ms)(void *ctx);      /* from an arbitrary start, never backwards */
    int64_t (*unix_s)(void *ctx);            /* seconds since 1970 */
    void (*sleep_ms)(void *ctx, int64_t ms); /* may return early on a signal */
    void *ctx;
};

/* The system's clock; its sleep ends early when an interrupt is pending (base/interrupt.h). */
const struct pga_clock *pga_clock_system(void);

static inline int64_t
pga_clock_now_ms(const struct pga_clock *clock)
{
    return clock->monotonic_ms(clock->ctx);
}

static inline void
pga_clock_sleep_ms(const struct pga_clock *clock, int64_t ms)
{
    clock->sleep_ms(clock->ctx, ms);
}

#endif
