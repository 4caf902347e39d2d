/*
 * cli/choose_target.c: letting a person choose the version to deploy.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/choose_target.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/choose.h"
#include "cli/terminal.h"
#include "engine/run.h"

#define LISTED_MAX 20 /* versions in a message */

/*
 * The versions that have something pending, newest first, and `latest` before them where it is more than the newest: whoever
 * presses Enter at once gets what a deploy without a terminal would have done, no more and no less.
 */
struct versions {
    struct pga_version *items;
    size_t count;
};

static int
compare_newest(const void *a, const void *b)
{
    return pga_version_compare(b, a);
}

static void
collect(struct pga_context *ctx, const struct pga_plan *plan, struct versions *out)
{
    size_t kept = 0;

    out->items = pga_new_array(ctx->mem, struct pga_version, plan->count + 1); /* `latest` */
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == PGA_STEP_APPLY &&
            plan->steps[i].alteration->version.kind != PGA_VERSION_NONE)
            out->items[out->count++] = plan->steps[i].alteration->version;
    if (out->count > 0)
        qsort(out->items, out->count, sizeof(*out->items), compare_newest);
    for (size_t i = 0; i < out->count; i++)
        if (i == 0 || pga_version_compare(&out->items[i], &out->items[kept - 1]) != 0)
            out->items[kept++] = out->items[i];
    out->count = kept;
}

/* How many alterations a deploy to the target would apply. */
static bool
count_steps(struct pga_context *ctx, const char *target, size_t *out, struct pga_error *err)
{
    struct pga_plan plan;

    if (!pga_deploy_plan(&ctx->runner, ctx->mem, target, &plan, err))
        return false;
    *out = plan.run_count;
    return true;
}

/* Put `latest` behind `next`, or first, unless the newest release is as much. */
static bool
add_latest(struct pga_context *ctx, struct versions *versions, struct pga_error *err)
{
    size_t at = versions->items[0].kind == PGA_VERSION_NEXT ? 1 : 0, newest, latest;

    if (at < versions->count) {
        if (!count_steps(ctx, versions->items[at].text, &newest, err) ||
            !count_steps(ctx, "latest", &latest, err))
            return false;
        if (newest == latest)
            return true;
    }
    for (size_t i = versions->count++; i > at; i--)
        versions->items[i] = versions->items[i - 1];
    versions->items[at] = (struct pga_version){.kind = PGA_VERSION_NONE, .text = "latest"};
    return true;
}

/* "add_invites, split_name": what a version itself brings. */
static const char *
name_own(struct pga_context *ctx, const struct pga_plan *plan, const struct pga_version *version)
{
    struct pga_buf names = pga_buf_on(ctx->mem);

    for (size_t i = 0; i < plan->count; i++) {
        const struct pga_alteration *alteration = plan->steps[i].alteration;

        if (plan->steps[i].kind == PGA_STEP_APPLY &&
            pga_version_compare(&alteration->version, version) == 0)
            pga_buf_appendf(&names, "%s%s", names.len == 0 ? "" : ", ", alteration->slug);
    }
    return names.data;
}

/* One line: the version, how much a deploy up to it would apply, and what is its own of that. */
static bool
make_choice(struct pga_context *ctx, const struct pga_version *version, struct pga_choice *out,
            struct pga_error *err)
{
    struct pga_plan plan;

    if (!pga_deploy_plan(&ctx->runner, ctx->mem, version->text, &plan, err))
        return false;
    out->label = version->text;
    out->remark = plan.run_count == 0
                      ? "nothing to apply"
                      : pga_format(ctx->mem, "%s; brings %s",
                                   pga_count(ctx->mem, plan.run_count, "alteration"),
                                   name_own(ctx, &plan, version));
    return true;
}

/* A terminal that can't be drawn upon gets the list as text; it must not decide by being what it is. */
static bool
refuse_list(const struct pga_chooser *chooser, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf list = pga_buf_on(&mem);

    for (size_t i = 0; i < chooser->count && i < LISTED_MAX; i++)
        pga_buf_appendf(&list, "%s%s (%s)", i == 0 ? "" : "\n", chooser->choices[i].label,
                        chooser->choices[i].remark);
    if (chooser->count > LISTED_MAX)
        pga_buf_appendf(&list, "\nand %zu more", chooser->count - LISTED_MAX);
    (void)pga_fail(err, PGA_ERR_USAGE,
                   "this terminal can't show a list to choose a version from; TERM is \"dumb\", "
                   "unset or unknown");
    (void)pga_error_identify(err, PGA_ID_ANSWER_NEEDED);
    (void)pga_error_detail(err, "%s", list.data);
    return pga_error_hint(err, "Nothing was done. Name the target: pgalter deploy latest");
}

bool
pga_choose_target(struct pga_context *ctx, const char **out, struct pga_error *err)
{
    struct pga_chooser chooser = {0};
    struct versions versions = {0};
    struct pga_choice *choices;
    struct pga_plan plan;
    const char *question;

    if (!ctx->is_terminal || ctx->json != NULL ||
        pga_option_is_given(&ctx->options, PGA_OPTION_STEPS))
        return true;
    if (!pga_deploy_plan(&ctx->runner, ctx->mem, "next", &plan, err))
        return false;
    collect(ctx, &plan, &versions);
    if (versions.count == 0)
        return true;
    if (!add_latest(ctx, &versions, err))
        return false;
    choices = pga_new_array(ctx->mem, struct pga_choice, versions.count);
    for (size_t i = 0; i < versions.count; i++)
        if (!make_choice(ctx, &versions.items[i], &choices[i], err))
            return false;
    chooser.choices = choices;
    chooser.count = versions.count;
    if (!pga_terminal_can_wipe(STDOUT_FILENO))
        return refuse_list(&chooser, err);
    chooser.home = versions.items[0].kind == PGA_VERSION_NEXT && versions.count > 1 ? 1 : 0;
    question = pga_format(ctx->mem, "Deploy up to which version on %s?",
                          pga_shown(ctx, pga_driver_describe(ctx->driver)));
    return pga_choose(ctx, question, &chooser, out, err);
}
