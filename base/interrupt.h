/*
 * base/interrupt.h: the request to stop that a signal brings, and the question how far things are.
 *
 * The handler only notes the signal and makes a descriptor readable; whoever waits polls that
 * descriptor along with its own, and turns the request into PGA_ERR_INTERRUPTED after cleaning up.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_INTERRUPT_H
#define PGA_BASE_INTERRUPT_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"

/*
 * Catch SIGINT, SIGTERM, SIGUSR1 and, unless it is ignored, SIGHUP; ignore SIGPIPE.  Call once, from main.
 */
bool pga_interrupt_install(struct pga_error *err) PGA_MUST_CHECK;

/* The first signal that asked to stop, or 0. */
int pga_interrupt_signal(void);

/* How many such signals have come; a second one means: at once.  Only a first SIGHUP counts. */
int pga_interrupt_count(void);

/*
 * Who answers SIGUSR1, which asks how far things are; NULL: nobody does yet, and the question waits.  `answer` is called by
 * whoever waits next, not by the handler.
 */
typedef void pga_interrupt_answer_fn(void *ctx);
void pga_interrupt_on_question(pga_interrupt_answer_fn *answer, void *ctx);

/* Answer if somebody asked.  For whoever waits: before each wait, which the signal ends with EINTR. */
void pga_interrupt_serve(void);

/* Readable once a signal has come; -1 before pga_interrupt_install(). */
int pga_interrupt_fd(void);

/* Note a signal as its handler does; for tests. */
void pga_interrupt_raise(int signal);

/* Forget all; for tests. */
void pga_interrupt_clear(void);

/* False and PGA_ERR_INTERRUPTED with the signal's number when a stop was asked for. */
bool pga_interrupt_check(struct pga_error *err) PGA_MUST_CHECK;

#endif
