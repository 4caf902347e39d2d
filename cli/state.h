/*
 * cli/state.h: every alteration of files and journal with its state, for status and list.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_STATE_H
#define PGA_CLI_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "cli/context.h"
#include "journal/attempts.h"

enum pga_state {
    PGA_STATE_APPLIED,
    PGA_STATE_PENDING,
    PGA_STATE_LATE,      /* pending, and a younger one is applied */
    PGA_STATE_CHANGED,   /* applied, its file has another text */
    PGA_STATE_RENAMED,   /* applied, its file has another version: the next deploy records it */
    PGA_STATE_MISSING,   /* applied, without a file */
    PGA_STATE_HALF_DONE, /* a run ended in the middle of it */
    PGA_STATE_COUNT,
};

struct pga_state_row {
    const char *id;
    const char *version; /* "" for none */
    enum pga_state state;
    const struct pga_alteration *alteration; /* NULL: no file */
    const struct pga_applied *applied;       /* NULL: not applied */
    bool is_pending;                         /* a deploy has it to run, or to finish */
};

/* Sorted by timestamp. */
struct pga_states {
    struct pga_state_row *items;
    size_t count;
    size_t by_state[PGA_STATE_COUNT];
    bool has_files; /* the directory has alterations at all */
};

/* Load the journal and compare it with the files.  Errors: those of the journal. */
bool pga_states_load(struct pga_context *ctx, struct pga_states *out, struct pga_error *err)
    PGA_MUST_CHECK;

/* How many are pending, late ones included. */
size_t pga_states_pending(const struct pga_states *states);

/* Whether a deploy would do anything: something is pending, half done, or ships in another version now. */
bool pga_states_need_deploy(const struct pga_states *states);

/* "applied", "pending", "late", "changed", "renamed", "missing", "half done". */
const char *pga_state_name(enum pga_state state);

/* " (SQLSTATE 42P01)" of an attempt that a server refused, else "". */
const char *pga_attempt_state(struct pga_context *ctx, const struct pga_attempt *attempt);

#endif
