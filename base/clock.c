/*
 * base/clock.c: the system's clock.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/clock.h"

#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "base/compiler.h"
#include "base/interrupt.h"

static int64_t
system_monotonic_ms(void *ctx PGA_UNUSED)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
system_unix_s(void *ctx PGA_UNUSED)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec;
}

#define SLICE_MS 200 /* so that a question that came just before a wait is answered soon */

/*
 * The end is a point of time, so that a signal that asks for nothing doesn't lengthen or shorten
 * the sleep.
 */
static void
system_sleep_ms(void *ctx, int64_t ms)
{
    int64_t now = system_monotonic_ms(ctx);
    int64_t end = ms > INT64_MAX - now ? INT64_MAX : now + ms;

    while (now < end && pga_interrupt_signal() == 0) {
        struct pollfd wake = {.fd = pga_interrupt_fd(), .events = POLLIN}; /* -1 is passed over */
        int64_t left = end - now;

        pga_interrupt_serve();
        if (poll(&wake, 1, left < SLICE_MS ? (int)left : SLICE_MS) > 0)
            return;
        now = system_monotonic_ms(ctx);
    }
}

const struct pga_clock *
pga_clock_system(void)
{
    static const struct pga_clock clock = {
        .monotonic_ms = system_monotonic_ms,
        .unix_s = system_unix_s,
        .sleep_ms = system_sleep_ms,
        .ctx = NULL,
    };

    return &clock;
}
