/*
 * cli/cmd_local.c: pgalter local.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/prompt.h"
#include "cli/session.h"
#include "drivers/local/cluster.h"

static const char *const state_names[] = {"absent", "stopped", "running"};

static void
report(struct pga_context *ctx, const struct pga_cluster *cluster)
{
    bool running = cluster->state == PGA_CLUSTER_RUNNING;

    pga_print(ctx, "%s  %s\n", pga_pad(ctx->mem, state_names[cluster->state], 8),
              cluster->project_dir);
    if (running)
        pga_print(ctx, "url       %s\n", pga_cluster_url(ctx->mem, cluster, NULL));
    if (cluster->state != PGA_CLUSTER_ABSENT)
        pga_print(ctx, "data      %s\nlog       %s\n", cluster->data_dir, cluster->log_file);
    if (ctx->json == NULL)
        return;
    pga_json_set_text(ctx->json, "state", state_names[cluster->state]);
    pga_json_set_text(ctx->json, "project", cluster->project_dir);
    pga_json_set_text(ctx->json, "url", running ? pga_cluster_url(ctx->mem, cluster, NULL) : NULL);
    pga_json_set_text(ctx->json, "data", cluster->data_dir);
    pga_json_set_text(ctx->json, "log", cluster->log_file);
}

/* Replace this process by psql, with the words that follow. */
static bool
run_psql(struct pga_context *ctx, const struct pga_cluster_settings *settings,
         struct pga_error *err)
{
    struct pga_cluster cluster = {0};
    const char **words = pga_new_array(ctx->mem, const char *, ctx->options.argument_count + 4);
    size_t count = 0, first = 1;
    char *psql;

    if (!pga_cluster_start(ctx->mem, settings, &cluster, err))
        return false;
    psql = pga_cluster_program(ctx->mem, settings, "psql", err);
    if (psql == NULL)
        return false;
    words[count++] = "psql";
    words[count++] = "-d";
    words[count++] = pga_cluster_conninfo(ctx->mem, &cluster, NULL);
    if (first < ctx->options.argument_count && strcmp(ctx->options.arguments[first], "--") == 0)
        first++; /* people write it before words for another program */
    for (size_t i = first; i < ctx->options.argument_count; i++)
        words[count++] = ctx->options.arguments[i];
    (void)fflush(NULL);
    (void)execv(psql, (char *const *)(uintptr_t)words);
    return pga_fail(err, PGA_ERR_UNEXPECTED, "\"%s\" could not be started", psql);
}

static bool
reset(struct pga_context *ctx, const struct pga_cluster_settings *settings,
      struct pga_cluster *cluster, struct pga_error *err)
{
    if (!pga_cluster_find(ctx->mem, settings, cluster, err))
        return false;
    if (cluster->state != PGA_CLUSTER_ABSENT &&
        !pga_prompt_confirm(ctx,
                            pga_format(ctx->mem,
                                       "Remove the private cluster and all data in \"%s\"?",
                                       pga_shown(ctx, cluster->data_dir)),
                            err))
        return err->code == PGA_OK;
    return pga_cluster_reset(ctx->mem, settings, cluster, err);
}

static bool
fail_unknown(const char *word, struct pga_error *err)
{
    static const char *const words[] = {"start", "stop", "status", "url", "reset", "psql"};
    const char *nearest = pga_nearest(word, words, PGA_COUNT_OF(words));

    (void)pga_fail(err, PGA_ERR_USAGE, "\"local\" does not know \"%s\"", word);
    (void)pga_error_identify(err, PGA_ID_ARGUMENTS);
    return pga_error_hint(err,
                          nearest != NULL
                              ? "Did you mean \"pgalter local %s\"?"
                              : "It knows start, stop, status, url, reset and psql, not %s.",
                          nearest != NULL ? nearest : word);
}

static bool
run_word(struct pga_context *ctx, const char *word, const struct pga_cluster_settings *settings,
         struct pga_cluster *cluster, struct pga_error *err)
{
    if (strcmp(word, "start") == 0)
        return pga_cluster_start(ctx->mem, settings, cluster, err);
    if (strcmp(word, "url") == 0)
        return pga_session_find_cluster(ctx, settings, cluster, err);
    if (strcmp(word, "stop") == 0)
        return pga_cluster_stop(ctx->mem, settings, cluster, err);
    if (strcmp(word, "status") == 0)
        return pga_cluster_find(ctx->mem, settings, cluster, err);
    if (strcmp(word, "reset") == 0)
        return reset(ctx, settings, cluster, err);
    return fail_unknown(word, err);
}

bool
pga_cmd_local(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_cluster_settings settings;
    struct pga_cluster cluster = {0};
    const char *word;

    word = ctx->options.arguments[0];
    pga_session_cluster(ctx, &settings);
    if (strcmp(word, "psql") == 0)
        return run_psql(ctx, &settings, err);
    if (!run_word(ctx, word, &settings, &cluster, err))
        return false;
    if (strcmp(word, "url") == 0 && ctx->json == NULL)
        pga_print(ctx, "%s\n", pga_cluster_url(ctx->mem, &cluster, NULL));
    else
        report(ctx, &cluster);
    return true;
}
