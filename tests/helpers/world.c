/*
 * tests/helpers/world.c: a fake server, a directory in memory, and processes that run against them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/world.h"

#include <string.h>

#include <check.h>

#include "base/interrupt.h"

void
pga_world_init(struct pga_world *w)
{
    w->run_count = 0;
    w->is_shared = false;
    pga_build_init(&w->b);
    pga_fake_server_init(&w->server);
    pga_interrupt_clear();
}

void
pga_world_release(struct pga_world *w)
{
    pga_fake_server_release(&w->server);
    pga_build_release(&w->b);
}

size_t
pga_world_count(const struct pga_world *w, enum pga_fake_table_name table)
{
    return w->server.state.tables[table].count;
}

static void
observe(void *ctx, const struct pga_event_report *report)
{
    struct pga_process *p = ctx;

    p->happenings[report->happening]++;
}

bool
pga_process_begin(struct pga_world *w, struct pga_process *p)
{
    struct pga_journal_settings settings = {.who = "tester", .engine = "0.1.0"};

    memset(p, 0, sizeof(*p));
    settings.run = pga_format(&w->b.mem, "run-%zu", ++w->run_count);
    settings.is_shared = w->is_shared;
    p->driver = pga_fake_session_open(&w->server);
    pga_journal_init(&p->journal, p->driver, &w->b.mem, &settings);
    p->runner = (struct pga_runner){
        .driver = p->driver,
        .journal = &p->journal,
        .alterations = &w->b.alterations,
        .clock = pga_fake_clock_init(&w->fake),
        .settings = {.lock_wait_ms = 5000, .lock_timeout_ms = 2000, .retries = 3},
        .observe = observe,
        .observe_ctx = p,
    };
    return pga_journal_open(&p->journal, &p->err);
}

bool
pga_process_deploy(struct pga_world *w, struct pga_process *p, const char *target)
{
    return pga_process_begin(w, p) &&
           pga_deploy(&p->runner, &w->b.mem, target, &p->result, &p->err);
}

bool
pga_process_roll_back(struct pga_world *w, struct pga_process *p, const char *target)
{
    struct pga_plan plan;

    return pga_process_begin(w, p) &&
           pga_rollback_plan(&p->runner, &w->b.mem, target, &plan, &p->err) &&
           pga_rollback(&p->runner, &w->b.mem, &plan, &p->result, &p->err);
}

void
pga_process_end(struct pga_process *p)
{
    pga_driver_close(&p->driver);
}

void
pga_process_must(bool fine, struct pga_process *p)
{
    ck_assert_msg(fine, "%s (%s)", p->err.message, p->err.detail);
    pga_process_end(p);
}

void
pga_process_must_fail(bool fine, struct pga_process *p, enum pga_code code)
{
    ck_assert_msg(!fine, "it did not fail");
    ck_assert_msg(p->err.code == code, "%s: %s", pga_code_name(p->err.code), p->err.message);
    pga_process_end(p);
}

void
pga_world_three(struct pga_world *w)
{
    pga_build_file(&w->b, "1.0.0-1-users.up.sql", "CREATE TABLE users ();");
    pga_build_file(&w->b, "1.0.0-1-users.down.sql", "DROP TABLE users;");
    pga_build_file(&w->b, "1.1.0-2-roles.up.sql", "BEGIN;\nCREATE TABLE roles ();\nCOMMIT;\n");
    pga_build_file(&w->b, "1.1.0-2-roles.down.sql", "DROP TABLE roles;");
    pga_build_file(&w->b, "next-3-more.up.sql",
                   "CREATE TABLE more (); ALTER TABLE more ADD x int;");
    pga_build_file(&w->b, "next-3-more.down.sql", "DROP TABLE more;");
}

void
pga_world_check(struct pga_world *w)
{
    struct pga_process p;

    ck_assert_ptr_null(w->server.lock_holder);
    ck_assert(pga_process_begin(w, &p)); /* the chain and the table agree */
    ck_assert_msg(pga_journal_load(&p.journal, &p.err), "%s", p.err.message);
    for (size_t i = 0; i < p.journal.applied_count; i++) {
        /* No journal row without what its script did. */
        if (strcmp(p.journal.applied[i]->id, "1-users") == 0)
            ck_assert_uint_ge(pga_fake_effects(&w->server, "CREATE TABLE users"), 1);
        if (strcmp(p.journal.applied[i]->id, "2-roles") == 0)
            ck_assert_uint_ge(pga_fake_effects(&w->server, "CREATE TABLE roles"), 1);
    }
    /* And nothing that a script did without its row. */
    ck_assert_uint_eq(pga_fake_effects(&w->server, "CREATE TABLE users") -
                          pga_fake_effects(&w->server, "DROP TABLE users"),
                      pga_journal_find(&p.journal, "1-users") != NULL);
    ck_assert_uint_eq(pga_fake_effects(&w->server, "CREATE TABLE roles") -
                          pga_fake_effects(&w->server, "DROP TABLE roles"),
                      pga_journal_find(&p.journal, "2-roles") != NULL);
    pga_process_end(&p);
}
