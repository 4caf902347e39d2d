/*
 * engine/plan.h: the ordered steps that reach a target.
 *
 * A plan is a pure function of alterations, journal and target: no server, no clock, no file.  It also finds what
 * speaks against running it; pga_plan_check() turns that into an error before the first change.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_PLAN_H
#define PGA_ENGINE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "alterations/alteration.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "engine/target.h"
#include "journal/journal.h"
#include "journal/unfinished.h"

enum pga_direction { PGA_DIRECTION_UP, PGA_DIRECTION_DOWN };

enum pga_step_kind {
    PGA_STEP_RENAME, /* the alteration ships in another version now: nothing runs */
    PGA_STEP_APPLY,
    PGA_STEP_REVERT,
};

/* Where the script of a revert comes from, when file and journal have different texts. */
enum pga_down_from { PGA_DOWN_FROM_UNDECIDED, PGA_DOWN_FROM_JOURNAL, PGA_DOWN_FROM_FILES };

struct pga_step {
    enum pga_step_kind kind;
    const char *id;
    const char *version;                     /* that it will have, or has; "" for none */
    const char *was;                         /* of a rename: the version in the journal */
    const struct pga_alteration *alteration; /* NULL: no file (a revert from the journal alone) */
    const struct pga_applied *applied;       /* NULL: not applied yet */
    bool is_done;                            /* set by a run when it has committed */
    bool is_late;                            /* a younger alteration is applied already */
};

/* A script of an applied alteration whose file has another text, or which only one side has. */
struct pga_changed_script {
    const struct pga_alteration *alteration;
    const struct pga_applied *applied;
    enum pga_part part;
};

struct pga_plan_settings {
    bool strict;  /* refuse late arrivals and applied alterations without a file */
    size_t steps; /* at most so many apply or revert steps; 0: all */
    enum pga_down_from down_from;
};

struct pga_plan {
    enum pga_direction direction;
    struct pga_step *steps;
    size_t count, capacity;
    size_t run_count; /* steps that run a script: all but renames */
    size_t late_count;
    size_t held_count;      /* pending ones that the target leaves out */
    size_t held_next_count; /* those of them that are `next` */

    struct pga_changed_script *changed;
    size_t changed_count, changed_capacity;
    const struct pga_applied **missing; /* applied, without a file */
    size_t missing_count, missing_capacity;
};

/* Plan a deploy.  `alterations` are sorted, the journal is loaded. Errors: PGA_ERR_USAGE (target `zero`). */
bool pga_plan_deploy(struct pga_arena *mem, const struct pga_alterations *alterations,
                     const struct pga_journal *journal, const struct pga_target *target,
                     const struct pga_plan_settings *settings, struct pga_plan *out,
                     struct pga_error *err) PGA_MUST_CHECK;

/* Plan a rollback, newest applied first.  `alterations` may be empty. */
void pga_plan_rollback(struct pga_arena *mem, const struct pga_alterations *alterations,
                       const struct pga_journal *journal, const struct pga_target *target,
                       const struct pga_plan_settings *settings, struct pga_plan *out);

/*
 * Refuse what can't be run, naming all that stands in the way: irreversible alterations, needs that are not met,
 * a backfill, an applied alteration under another slug, under --strict late or missing ones.  Changed scripts are not looked at here (difference.h).
 * Errors: PGA_ERR_JOURNAL, PGA_ERR_USAGE.
 */
bool pga_plan_check(struct pga_arena *mem, const struct pga_plan *plan,
                    const struct pga_journal *journal, const struct pga_plan_settings *settings,
                    struct pga_error *err) PGA_MUST_CHECK;

/*
 * Refuse a plan while a step of the other direction is half done, also an empty one: what is half done must not look
 * like nothing to do.  Errors: PGA_ERR_HALF_DONE, with the commands.
 */
bool pga_plan_check_unfinished(const struct pga_plan *plan, const struct pga_unfinished *rows,
                               size_t count, struct pga_error *err) PGA_MUST_CHECK;

/* What the journal will hold for an alteration once it is applied. */
void pga_applied_of(const struct pga_alteration *alteration, struct pga_applied *out);

#endif
