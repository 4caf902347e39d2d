/*
 * drivers/pq/wait.c: the one place that waits for a server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <assert.h>
#include <errno.h>

#include "base/clock.h"
#include "base/interrupt.h"

#define SLICE_MS     100 /* how soon a second signal is noticed */
#define SLICE_MAX_MS 200 /* how soon a question that came just before a wait is answered */
#define TICK_MS      50  /* between two ticks */

int64_t
pga_pq_now_ms(void)
{
    return pga_clock_now_ms(pga_clock_system());
}

/* Hand on what poll() found; false when that was nothing of the caller's. */
static bool
take_events(struct pollfd *fds, const struct pollfd *polled, size_t count, int ready)
{
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        fds[i].revents = ready > 0 ? polled[i].revents : 0;
        any = any || fds[i].revents != 0;
    }
    return any;
}

enum pga_pq_event
pga_pq_wait(struct pollfd *fds, size_t count, const struct pga_pq_watch *watch)
{
    /* After the first signal its descriptor stays readable, so it says nothing about the second. */
    bool first = watch->signals_seen == 0;
    bool ticks = watch->ticking != NULL && watch->ticking->tick != NULL;
    int64_t slice = !first ? SLICE_MS : ticks ? TICK_MS : SLICE_MAX_MS;
    struct pollfd all[3];

    assert(count <= 2);
    for (size_t i = 0; i < count; i++)
        all[i] = fds[i];
    all[count] = (struct pollfd){.fd = first ? pga_interrupt_fd() : -1, .events = POLLIN};
    for (;;) {
        int64_t now, left;
        int ready;

        pga_interrupt_serve();
        now = pga_pq_now_ms();
        left = watch->deadline_ms > now ? watch->deadline_ms - now : 0;
        if (pga_interrupt_count() > watch->signals_seen)
            return PGA_PQ_SIGNALLED;
        ready = poll(all, count + 1, (int)(left < slice ? left : slice));
        if (take_events(fds, all, count, ready))
            return PGA_PQ_READY;
        if (left == 0 && pga_interrupt_count() <= watch->signals_seen)
            return PGA_PQ_TIMEOUT;
        if (ready == 0 && ticks)
            pga_driver_tick(watch->ticking);
    }
}
