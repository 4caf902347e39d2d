/*
 * tests/helpers/fake_clock.h: a clock that stands still until somebody sleeps.
 *
 *     struct pga_fake_clock fake;
 *     runner.clock = pga_fake_clock_init(&fake);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_FAKE_CLOCK_H
#define PGA_TESTS_FAKE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct pga_fake_clock {
    struct pga_clock clock;
    int64_t now_ms;
    int64_t step_ms;    /* how far the time goes on each time that it is looked at */
    int64_t sleeps[64]; /* the first ones, in order */
    size_t sleep_count;
    size_t raise_at; /* a signal comes during the Nth sleep; 0: none */
};

/* The time begins at 1,000,000 ms. */
const struct pga_clock *pga_fake_clock_init(struct pga_fake_clock *fake);

#endif
