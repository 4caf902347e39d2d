/*
 * tests/helpers/plans.c: directories, journals and plans in a few words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/plans.h"

#include <string.h>

#include <check.h>

void
pga_plans_add(struct pga_build *b, const char *list, bool apply)
{
    for (const char *at = list; *at != '\0';) {
        size_t len = strcspn(at, " ");
        bool irreversible = at[len - 1] == '!';
        char *name = pga_strndup(&b->mem, at, len - irreversible);
        struct pga_error err = {0};
        struct pga_name parsed;

        pga_build_file(b, pga_format(&b->mem, "%s.up.sql", name), "CREATE TABLE t ();");
        if (!irreversible)
            pga_build_file(b, pga_format(&b->mem, "%s.down.sql", name), "DROP TABLE t;");
        ck_assert(pga_name_parse(&b->mem, pga_format(&b->mem, "%s.up.sql", name), &parsed, &err));
        if (apply)
            pga_build_apply(b, parsed.id);
        at += len + strspn(at + len, " ");
    }
}

void
pga_plans_arrange(struct pga_build *b, const char *files, const char *applied)
{
    pga_plans_add(b, applied, true);
    pga_build_no_files(b);
    pga_plans_add(b, files, false);
}

static void
parse(struct pga_build *b, const char *text, struct pga_target *target)
{
    struct pga_error err = {0};

    ck_assert_msg(pga_target_parse(&b->mem, text, &b->alterations, &b->journal, target, &err), "%s",
                  err.message);
}

void
pga_plans_deploy(struct pga_build *b, const char *target_text,
                 const struct pga_plan_settings *settings, struct pga_plan *plan)
{
    struct pga_target target;
    struct pga_error err = {0};

    parse(b, target_text, &target);
    ck_assert_msg(
        pga_plan_deploy(&b->mem, &b->alterations, &b->journal, &target, settings, plan, &err), "%s",
        err.message);
}

void
pga_plans_roll_back(struct pga_build *b, const char *target_text,
                    const struct pga_plan_settings *settings, struct pga_plan *plan)
{
    struct pga_target target;

    parse(b, target_text, &target);
    pga_plan_rollback(&b->mem, &b->alterations, &b->journal, &target, settings, plan);
}

const char *
pga_plans_describe(struct pga_build *b, const struct pga_plan *plan)
{
    struct pga_buf buf = pga_buf_on(&b->mem);

    for (size_t i = 0; i < plan->count; i++) {
        const struct pga_step *step = &plan->steps[i];

        pga_buf_appendf(&buf, "%s%c%s", i == 0 ? "" : " ",
                        step->kind == PGA_STEP_APPLY    ? '+'
                        : step->kind == PGA_STEP_REVERT ? '-'
                                                        : '~',
                        step->id);
        if (step->kind == PGA_STEP_RENAME)
            pga_buf_appendf(&buf, ":%s:%s", step->was, step->version);
        if (step->is_late)
            pga_buf_append_char(&buf, '!');
    }
    return buf.data;
}
