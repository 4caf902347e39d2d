/*
 * cli/session.c: the one place where drivers, journal and alterations are wired together.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/session.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mask.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/database.h"
#include "cli/events.h"
#include "cli/observe.h"
#include "cli/variables.h"
#include "cli/version.h"
#include "drivers/local/cluster.h"
#include "drivers/pq/pq.h"

#define LOCAL_PREFIX   "local:"
#define PING_ANSWER_MS 5000
#define BESIDE_MS      1000 /* for a second session to a server that has answered before */

/* "user@host" of whoever runs this, for the history. */
static const char *
who_runs(struct pga_arena *mem)
{
    const struct passwd *user = getpwuid(geteuid());
    char host[256] = "";

    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        memcpy(host, "unknown", sizeof("unknown"));
    if (user != NULL && user->pw_name != NULL)
        return pga_format(mem, "%s@%s", user->pw_name, host);
    return pga_format(mem, "%ld@%s", (long)geteuid(),
                      host); /* a container's user often has no name */
}

void
pga_session_cluster(struct pga_context *ctx, struct pga_cluster_settings *out)
{
    const char *slash = ctx->config_file == NULL ? NULL : strrchr(ctx->config_file, '/');

    memset(out, 0, sizeof(*out));
    out->bin_dir = getenv("PGALTER_PG_BINDIR");
    if (slash != NULL && slash != ctx->config_file)
        out->project_dir =
            pga_strndup(ctx->mem, ctx->config_file, (size_t)(slash - ctx->config_file));
}

bool
pga_session_find_cluster(struct pga_context *ctx, const struct pga_cluster_settings *settings,
                         struct pga_cluster *out, struct pga_error *err)
{
    if (!pga_cluster_find(ctx->mem, settings, out, err))
        return false;
    if (out->state == PGA_CLUSTER_RUNNING)
        return true;
    (void)pga_fail(err, PGA_ERR_NO_SERVER, "the private cluster of \"%s\" does not run",
                   out->project_dir);
    (void)pga_error_identify(err, PGA_ID_LOCAL_NOT_RUNNING);
    return pga_error_hint(err, "Start it: pgalter local start");
}

/* local: or local:NAME stands for the private cluster; for a command that changes something it is started if need be. */
static bool
resolve_local(struct pga_context *ctx, const char **database, struct pga_error *err)
{
    struct pga_cluster_settings settings;
    struct pga_cluster cluster;
    const char *name;

    if (*database == NULL || strncmp(*database, LOCAL_PREFIX, strlen(LOCAL_PREFIX)) != 0)
        return true;
    name = *database + strlen(LOCAL_PREFIX);
    if (name[0] == '/') {
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" is no database of the private cluster",
                       pga_shown(ctx, *database));
        (void)pga_error_identify(err, PGA_ID_CONNECTION_STRING);
        return pga_error_hint(err,
                              "Write local: for its database \"%s\", or local:NAME for "
                              "another, without a slash.",
                              PGA_CLUSTER_DATABASE);
    }
    pga_session_cluster(ctx, &settings);
    if ((ctx->command->needs & PGA_CHANGES) == 0
            ? !pga_session_find_cluster(ctx, &settings, &cluster, err)
            : !pga_cluster_start(ctx->mem, &settings, &cluster, err))
        return false;
    *database = pga_cluster_conninfo(ctx->mem, &cluster, name[0] == '\0' ? NULL : name);
    return true;
}

static void
read_settings(const struct pga_context *ctx, struct pga_run_settings *out)
{
    const struct pga_options *options = &ctx->options;
    const char *source = pga_option_text(options, PGA_OPTION_DOWN_FROM, NULL);

    out->lock_wait_ms = pga_option_duration_ms(options, PGA_OPTION_LOCK_WAIT, PGA_LOCK_WAIT_MS);
    out->steal_after_ms = pga_option_duration_ms(options, PGA_OPTION_STEAL_AFTER, 0);
    out->reconnect_ms = pga_option_duration_ms(options, PGA_OPTION_WAIT, PGA_RECONNECT_MS);
    out->lock_timeout_ms =
        pga_option_duration_ms(options, PGA_OPTION_LOCK_TIMEOUT, PGA_LOCK_TIMEOUT_MS);
    out->statement_timeout_ms = pga_option_duration_ms(options, PGA_OPTION_STATEMENT_TIMEOUT, 0);
    out->deadline = pga_deadline_after(ctx->started_ms,
                                       pga_option_duration_ms(options, PGA_OPTION_DEADLINE, 0));
    out->retries = pga_option_int(options, PGA_OPTION_RETRIES, PGA_RETRIES);
    out->plan.steps = (size_t)pga_option_int(options, PGA_OPTION_STEPS, 0);
    out->plan.strict = pga_option_is_given(options, PGA_OPTION_STRICT);
    out->plan.down_from = source == NULL                 ? PGA_DOWN_FROM_UNDECIDED
                          : strcmp(source, "files") == 0 ? PGA_DOWN_FROM_FILES
                                                         : PGA_DOWN_FROM_JOURNAL;
}

/* What the driver calls while it opens a session; it lives as long as the session. */
struct connecting {
    struct pga_context *ctx;
    const char *told; /* the last reason to wait, so that it is told once; "": none yet */
};

static const char *
reread(void *context, struct pga_arena *mem)
{
    struct connecting *connecting = context;

    return pga_database_reread(connecting->ctx, mem);
}

static void
tell_waiting(void *context, const struct pga_error *why, int64_t left_ms)
{
    struct connecting *connecting = context;
    struct pga_context *ctx = connecting->ctx;

    if (strcmp(connecting->told, why->message) == 0)
        return;
    connecting->told = pga_strdup(ctx->mem, why->message);
    if (ctx->log.json)
        pga_event_server_wait(ctx, why, left_ms);
    else
        pga_log_write(&ctx->log, PGA_LOG_INFO, "waiting for the server, at most %s: %s",
                      pga_format_duration_ms(ctx->mem, left_ms),
                      pga_mask_text(ctx->mem, why->message));
}

/* Whether somebody decided about target_session_attrs outside the connection string: "any" is heard from there too. */
static bool
needs_primary(const struct pga_context *ctx)
{
    return (ctx->command->needs & PGA_CHANGES) != 0 && getenv("PGTARGETSESSIONATTRS") == NULL;
}

static bool
is_shared(const struct pga_options *options)
{
    const char *mode = pga_option_text(options, PGA_OPTION_POOLER, NULL);

    return mode != NULL && strcmp(mode, "transaction") == 0;
}

static bool
connect_server(struct pga_context *ctx, const char *application, struct pga_error *err)
{
    struct connecting *connecting = pga_new(ctx->mem, struct connecting);
    const char *conninfo = pga_option_text(&ctx->options, PGA_OPTION_DB, NULL);
    struct pga_pq_settings settings = {
        .conninfo = conninfo,
        .application_name = application,
        .role = pga_option_text(&ctx->options, PGA_OPTION_ROLE, NULL),
        .wait_ms = pga_deadline_cut_ms(&ctx->runner,
                                       pga_option_duration_ms(&ctx->options, PGA_OPTION_WAIT, 0)),
        .needs_primary = needs_primary(ctx),
        .waiting = tell_waiting,
        .ctx = connecting,
    };

    *connecting = (struct connecting){.ctx = ctx, .told = ""};
    /* These are start-up options, which a pooler refuses or hands on to other clients. */
    if (is_shared(&ctx->options)) {
        settings.is_shared = true;
        settings.application_name = settings.role = NULL;
    }
    if (!resolve_local(ctx, &settings.conninfo, err))
        return false;
    if (settings.conninfo == conninfo && ctx->options.values[PGA_OPTION_DB].path != NULL)
        settings.reread = reread;
    ctx->driver = pga_pq_open(&settings, err);
    if (ctx->driver == NULL)
        return false;
    pga_log_write(&ctx->log, PGA_LOG_DETAIL, "connected to %s", pga_driver_describe(ctx->driver));
    return true;
}

/* Without the name of the run: who looks for the sessions of a run must not find this one. */
static struct pga_driver *
open_beside(struct pga_driver *first, struct pga_error *err)
{
    return pga_pq_open_beside(first, "pgalter/" PGA_VERSION " watch", BESIDE_MS, err);
}

bool
pga_session_connect(struct pga_context *ctx, struct pga_error *err)
{
    struct pga_journal_settings settings = {
        .schema = pga_option_text(&ctx->options, PGA_OPTION_SCHEMA, PGA_JOURNAL_SCHEMA),
        .owner = pga_option_text(&ctx->options, PGA_OPTION_OWNER, NULL),
        .run = pga_uuid_new(ctx->mem),
        .who = who_runs(ctx->mem),
        .engine = PGA_VERSION,
        .is_shared = is_shared(&ctx->options),
        .role = pga_option_text(&ctx->options, PGA_OPTION_ROLE, NULL),
    };

    pga_event_run_started(ctx, settings.run);
    settings.application = pga_format(ctx->mem, "pgalter/%s run=%s", PGA_VERSION, settings.run);
    ctx->runner.clock = pga_clock_system();
    read_settings(ctx, &ctx->runner.settings);
    if (!connect_server(ctx, settings.application, err))
        return false;
    pga_journal_init(&ctx->journal, ctx->driver, ctx->mem, &settings);
    ctx->runner.driver = ctx->driver;
    ctx->runner.journal = &ctx->journal;
    ctx->runner.alterations = &ctx->alterations;
    ctx->runner.watch.open = open_beside;
    pga_observe_attach(ctx);
    return true;
}

void
pga_session_connection(struct pga_context *ctx, struct pga_connection *out)
{
    pga_pq_connection(ctx->driver, ctx->mem, out);
}

/* Whether an absent directory would pass for one in which nothing is pending: a gate must not open for that. */
static bool
tells_pending(const struct pga_context *ctx)
{
    const struct pga_options *options = &ctx->options;

    if (strcmp(ctx->command->name, "plan") == 0)
        return options->argument_count == 0 || strcmp(options->arguments[0], "rollback") != 0;
    return pga_option_is_given(options, PGA_OPTION_EXIT_CODE);
}

bool
pga_session_alterations(struct pga_context *ctx, struct pga_error *err)
{
    unsigned needs = ctx->command->needs;

    ctx->dir = pga_option_text(&ctx->options, PGA_OPTION_DIR, "alterations");
    ctx->alterations.dir = ctx->dir;
    if ((needs & PGA_NEEDS_ALTERATIONS) == 0)
        return true;
    /* Only a directory that nobody named may be absent: a name that is wrong must not look like an empty directory. */
    if ((needs & PGA_NEEDS_ALTERATIONS_OPTIONAL) != 0 &&
        !pga_option_is_given(&ctx->options, PGA_OPTION_DIR) && !tells_pending(ctx) &&
        !pga_file_exists(ctx->dir)) {
        ctx->has_no_dir = true;
        return true;
    }
    return pga_directory_load(ctx->mem, ctx->dir, &ctx->alterations, err);
}

static void
warn_of_variables(struct pga_context *ctx)
{
    struct pga_unknown_variable unknown[PGA_UNKNOWN_VARIABLES_MAX];
    size_t count = pga_variables_unknown(ctx->mem, unknown);

    for (size_t i = 0; i < count; i++)
        pga_log_write(&ctx->log, PGA_LOG_WARNING,
                      "the environment variable \"%s\" means nothing to pgalter%s%s%s",
                      unknown[i].name, unknown[i].nearest == NULL ? "" : "; did you mean \"",
                      unknown[i].nearest == NULL ? "" : unknown[i].nearest,
                      unknown[i].nearest == NULL ? "" : "\"?");
}

bool
pga_session_open(struct pga_context *ctx, struct pga_error *err)
{
    if (ctx->command->needs != 0)
        warn_of_variables(ctx);
    /* Who asks for help may have a configuration that needs it. */
    if (ctx->command->needs == 0 || (ctx->command->needs & PGA_NEEDS_NOTHING_YET) != 0)
        return true;
    if (!pga_config_load(ctx, err) || !pga_session_alterations(ctx, err))
        return false;
    if ((ctx->command->needs & PGA_NEEDS_SERVER) == 0)
        return true;
    return pga_session_connect(ctx, err) && pga_journal_open(&ctx->journal, err);
}

const char *
pga_session_mask(struct pga_context *ctx, const char *database)
{
    /* libpq doesn't know the private cluster, and nothing in its name is secret. */
    if (pga_str_starts(pga_str_of(database), LOCAL_PREFIX))
        return database;
    return pga_pq_mask(ctx->mem, database);
}

const char *
pga_session_libpq(struct pga_context *ctx)
{
    return pga_pq_version(ctx->mem);
}

const char *
pga_session_server_programs(struct pga_context *ctx)
{
    struct pga_cluster_settings settings;
    struct pga_error ignored = {0};
    const char *program, *slash;

    pga_session_cluster(ctx, &settings);
    program = pga_cluster_program(ctx->mem, &settings, "postgres", &ignored);
    slash = program == NULL ? NULL : strrchr(program, '/');
    return slash == NULL ? NULL : pga_strndup(ctx->mem, program, (size_t)(slash - program));
}

void
pga_session_ping(struct pga_context *ctx)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_message message = {.answer_ms = PING_ANSWER_MS};
    struct pga_results results = {0};
    struct pga_error ignored = {0};
    int64_t now = pga_clock_now_ms(pga_clock_system());

    if (ctx->driver == NULL || now - ctx->pinged_ms < PGA_SESSION_PING_MS ||
        pga_driver_transaction(ctx->driver) != PGA_TRANSACTION_IDLE)
        return;
    (void)!pga_driver_query(ctx->driver, &message, &mem, &results, &ignored);
    ctx->pinged_ms = pga_clock_now_ms(pga_clock_system());
}

void
pga_session_close(struct pga_context *ctx)
{
    pga_driver_close(&ctx->driver);
}
