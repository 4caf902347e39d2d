/*
 * engine/retry.c: trying a step again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/retry.h"

#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "drivers/sqlstate.h"

#define PAUSE_FIRST_MS 300
#define PAUSE_LAST_MS  5000

void
pga_retry_init(struct pga_retry *retry, struct pga_runner *runner, int64_t directive)
{
    retry->runner = runner;
    retry->left = directive >= 0 ? directive : runner->settings.retries;
    retry->tried = 0;
}

/* Between one and two times the base, different for each process and try. */
static int64_t
jitter(int64_t base, int64_t now_ms)
{
    uint64_t mix =
        ((uint64_t)now_ms ^ (uint64_t)getpid() * 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;

    return base + (int64_t)((mix >> 33) % (uint64_t)base);
}

/* Who was in the way, where that is known and was the reason. */
static bool
explain(const struct pga_retry *retry, struct pga_error *err)
{
    if (retry->runner->watch.is_waiting ||
        pga_sqlstate_class(err->sqlstate) == PGA_SQLSTATE_CONTENTION)
        pga_watch_explain(retry->runner, err);
    return false;
}

static bool
give_up(const struct pga_retry *retry, struct pga_error *err)
{
    err->code = PGA_ERR_CONTENTION;
    (void)pga_error_identify(err, PGA_ID_LOCK_TIMEOUT);
    (void)pga_error_while(err, "gave up after %lld tries", (long long)retry->tried + 1);
    (void)pga_error_hint(
        err, "The step was rolled back whole. Run the same command again when whoever holds the "
             "lock is done, or with a longer --lock-timeout or more --retries.");
    return explain(retry, err);
}

bool
pga_retry_wait(struct pga_retry *retry, struct pga_error *err)
{
    const struct pga_clock *clock = retry->runner->clock;
    int64_t pause = PAUSE_FIRST_MS;

    if (pga_deadline_explains(retry->runner, err))
        return explain(retry, err);
    if (err->code != PGA_ERR_SQL || pga_sqlstate_class(err->sqlstate) != PGA_SQLSTATE_CONTENTION)
        return false;
    if (retry->left == 0)
        return give_up(retry, err);
    for (int64_t i = 0; i < retry->tried && pause < PAUSE_LAST_MS; i++)
        pause = pause * 3 / 2;
    pause = jitter(pause, pga_clock_now_ms(clock));
    if (pause >= pga_deadline_left_ms(retry->runner)) {
        (void)pga_deadline_fail(err, "the deadline leaves no time for another try");
        return explain(retry, err);
    }
    retry->left--;
    retry->tried++;
    pga_runner_report(retry->runner,
                      &(struct pga_event_report){.happening = PGA_HAPPENING_STEP_RETRIED,
                                                 .step = retry->runner->current,
                                                 .error = err,
                                                 .duration_ms = pause});
    memset(err, 0, sizeof(*err));
    (void)PGA_FAULT(step_retried);
    pga_clock_sleep_ms(clock, pause);
    return pga_interrupt_check(err);
}
