/*
 * base/interrupt.h: the request to stop that a signal brings.
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

/* Catch SIGINT, SIGTERM and, unless it is ignored, SIGHUP; ignore SIGPIPE.  Call once, from main. */
bool pga_interrupt_install(struct pga_error *err) PGA_MUST_CHECK;

/* The first signal that asked to stop, or 0. */
int pga_interrupt_signal(void);

/* How many such signals have come; a second one means: at once.  Only a first SIGHUP counts. */
int pga_interrupt_count(void);

/* Readable once a signal has come; -1 before pga_interrupt_install(). */
int pga_interrupt_fd(void);

/* Note a signal as the handler does; for tests. */
void pga_interrupt_raise(int signal);

/* Forget all; for tests. */
void pga_interrupt_clear(void);

/* False and PGA_ERR_INTERRUPTED with the signal's number when a stop was asked for. */
bool pga_interrupt_check(struct pga_error *err) PGA_MUST_CHECK;

#endif
