/*
 * tests/helpers/fake_clock.c: a clock that stands still until somebody sleeps.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/fake_clock.h"

#include <signal.h>
#include <string.h>

#include "base/compiler.h"
#include "base/interrupt.h"

static int64_t
now_ms(void *ctx)
{
    struct pga_fake_clock *fake = ctx;

    fake->now_ms += fake->step_ms;
    return fake->now_ms;
}

static int64_t
unix_s(void *ctx)
{
    const struct pga_fake_clock *fake = ctx;

    return 1700000000 + fake->now_ms / 1000;
}

static void
sleep_ms(void *ctx, int64_t ms)
{
    struct pga_fake_clock *fake = ctx;

    if (fake->sleep_count < PGA_COUNT_OF(fake->sleeps))
        fake->sleeps[fake->sleep_count] = ms;
    fake->sleep_count++;
    fake->now_ms += ms;
    if (fake->sleep_count == fake->raise_at)
        pga_interrupt_raise(SIGTERM);
}

const struct pga_clock *
pga_fake_clock_init(struct pga_fake_clock *fake)
{
    memset(fake, 0, sizeof(*fake));
    fake->now_ms = 1000000;
    fake->clock = (struct pga_clock){
        .monotonic_ms = now_ms, .unix_s = unix_s, .sleep_ms = sleep_ms, .ctx = fake};
    return &fake->clock;
}
