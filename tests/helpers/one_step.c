/*
 * tests/helpers/one_step.c: the one alteration 1-a, run statement by statement against a fake server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/one_step.h"

#include <string.h>

#include <check.h>

void
pga_one_step_begin(struct pga_one_step *s)
{
    struct pga_process *p = &s->p;

    pga_driver_close(&p->driver);
    ck_assert_msg(pga_process_begin(&s->w, p), "%s", p->err.message);
    if (p->journal.presence != PGA_JOURNAL_PRESENT)
        ck_assert(pga_journal_create(&p->journal, &p->err));
    ck_assert_msg(pga_journal_load(&p->journal, &p->err), "%s", p->err.message);
    p->runner.settings.retries = 2;
    p->runner.has_lock = true;
    s->w.server.lock_holder = p->driver;
}

void
pga_one_step_init(struct pga_one_step *s)
{
    memset(s, 0, sizeof(*s));
    pga_world_init(&s->w);
    s->w.server.failures = &s->failure;
    pga_one_step_begin(s);
}

void
pga_one_step_release(struct pga_one_step *s)
{
    pga_process_end(&s->p);
    pga_world_release(&s->w);
}

bool
pga_one_step_run(struct pga_one_step *s, enum pga_step_kind kind)
{
    const struct pga_alteration *alteration = &s->w.b.alterations.items[0];
    bool is_up = kind == PGA_STEP_APPLY;
    struct pga_step step = {.kind = kind,
                            .id = alteration->id,
                            .alteration = alteration,
                            .applied = pga_journal_find(&s->p.journal, alteration->id)};
    struct pga_source source = {
        .before = alteration->parts[is_up ? PGA_PART_BEFORE_UP : PGA_PART_BEFORE_DOWN],
        .main = alteration->parts[is_up ? PGA_PART_UP : PGA_PART_DOWN],
    };
    struct pga_unfinished *rows;
    size_t count;

    memset(&s->p.err, 0, sizeof(s->p.err));
    memset(&s->outcome, 0, sizeof(s->outcome));
    ck_assert(pga_unfinished_load(&s->p.journal, &s->w.b.mem, &rows, &count, &s->p.err));
    s->p.runner.current = &step;
    return pga_statements_run(&s->p.runner, &step, &source, count > 0 ? rows : NULL, &s->outcome,
                              &s->p.err);
}

bool
pga_one_step_apply(struct pga_one_step *s, const char *text)
{
    pga_build_file(&s->w.b, "1-a.up.sql",
                   pga_format(&s->w.b.mem, "-- pgalter:transaction none\n%s", text));
    return pga_one_step_run(s, PGA_STEP_APPLY);
}

void
pga_one_step_fail(struct pga_one_step *s, const char *contains, const char *sqlstate, int times)
{
    s->failure = (struct pga_fake_failure){
        .contains = contains, .sqlstate = sqlstate, .message = "no", .times = times};
    s->w.server.failure_count = 1;
}

void
pga_one_step_die(struct pga_one_step *s, const char *contains)
{
    s->failure = (struct pga_fake_failure){.contains = contains, .times = 1, .lose = true};
    s->w.server.failure_count = 1;
}
