/*
 * cli/command.c: finding, preparing and running a command.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alterations/slug.h"
#include "base/fault.h"
#include "base/interrupt.h"
#include "base/str.h"
#include "cli/error_report.h"
#include "cli/events.h"
#include "cli/hide.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/termination.h"

#define BIT(constant) ((pga_option_set)1 << PGA_OPTION_##constant)
#define COMMON                                                                                     \
    (BIT(CONFIG) | BIT(JSON) | BIT(LOG_FORMAT) | BIT(TERMINATION_LOG) | BIT(COLOR) | BIT(QUIET) |  \
     BIT(VERBOSE) | BIT(DEBUG) | BIT(HELP))
#define FOR_SERVER                                                                                 \
    (BIT(DB) | BIT(DB_FILE) | BIT(SCHEMA) | BIT(OWNER) | BIT(ROLE) | BIT(POOLER) | BIT(WAIT))
#define FOR_DIR    (BIT(DIR))
#define FOR_CONFIG (BIT(ENV))

#define FOR_NEEDS(needs)                                                                           \
    ((((needs)&PGA_NEEDS_SERVER) != 0 ? FOR_SERVER : 0) | ((needs) != 0 ? FOR_CONFIG : 0) |        \
     (((needs) & (PGA_NEEDS_ALTERATIONS | PGA_NEEDS_DIRECTORY)) != 0 ? FOR_DIR : 0))

static const struct pga_command commands[] = {
/* `options` is a row of terms, each with its own `|` before it, and may be empty. */
#define OPTION(constant) | BIT(constant)
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define PGA_COMMAND(name, arguments, needs, summary, options, description, examples)               \
    {#name,       arguments, needs,         summary, COMMON | FOR_NEEDS(needs) options,            \
     description, examples,  pga_cmd_##name},
/* NOLINTEND(bugprone-macro-parentheses) */
#include "cli/commands.def"
#undef PGA_COMMAND
#undef OPTION
};

const struct pga_command *
pga_commands(size_t *out_count)
{
    *out_count = PGA_COUNT_OF(commands);
    return commands;
}

const struct pga_command *
pga_command_find(const char *name)
{
    for (size_t i = 0; i < PGA_COUNT_OF(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* What other tools call it. */
static const struct {
    const char *word, *command;
} elsewhere[] = {
    {"up", "deploy"},       {"migrate", "deploy"},  {"apply", "deploy"}, {"down", "rollback"},
    {"revert", "rollback"}, {"undo", "rollback"},   {"init", "new"},     {"create", "new"},
    {"generate", "new"},    {"add", "new"},         {"info", "status"},  {"baseline", "mark"},
    {"repair", "doctor"},   {"validate", "doctor"}, {"dry-run", "plan"},
};

/* Whether a word looks like a connection string, or has one. */
static bool
is_database(const char *word)
{
    const struct pga_value path = {.kind = PGA_VALUE_PATH};
    const char *behind = word[0] == '-' ? strchr(word, '=') : NULL;

    return pga_value_is_misplaced(&path, word) ||
           (behind != NULL && pga_value_is_misplaced(&path, behind + 1));
}

bool
pga_command_unknown(const char *name, struct pga_error *err)
{
    const char *names[PGA_COUNT_OF(commands)];
    const char *nearest;
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    for (size_t i = 0; i < PGA_COUNT_OF(commands); i++)
        names[i] = commands[i].name;
    nearest = pga_nearest(name, names, PGA_COUNT_OF(commands));
    /* What stands where it doesn't belong isn't shown: a connection string, or the value behind an option. */
    if (is_database(name))
        (void)pga_fail(err, PGA_ERR_USAGE, "there is no such command");
    else
        (void)pga_fail(err, PGA_ERR_USAGE, "there is no command \"%s\"",
                       pga_printable(&mem, pga_str_of(name)));
    (void)pga_error_identify(err, PGA_ID_UNKNOWN_COMMAND);
    for (size_t i = 0; i < PGA_COUNT_OF(elsewhere); i++)
        if (strcmp(name, elsewhere[i].word) == 0)
            nearest = elsewhere[i].command;
    if (name[0] == '-')
        return pga_error_hint(err, "The command comes first: pgalter COMMAND %s",
                              is_database(name) ? "--db URL"
                                                : pga_printable(&mem, pga_str_of(name)));
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"pgalter %s\"?", nearest);
    return pga_error_hint(err, "\"pgalter help\" lists the commands.");
}

/* Options that count before any is parsed: whoever asked for JSON gets it also when the rest is wrong. */
static bool
has_word(int argc, char **argv, const char *word)
{
    for (int i = 0; i < argc && argv[i] != NULL; i++) {
        if (strcmp(argv[i], "--") == 0)
            break;
        if (strcmp(argv[i], word) == 0)
            return true;
    }
    return false;
}

/* The value of an option that was typed or is in the environment, of those that count so; NULL: neither. */
static const char *
early_value(const struct pga_context *ctx, enum pga_option_id id)
{
    const struct pga_option *option = &pga_option_table[id];
    const char *value = getenv(option->env);
    size_t len = strlen(option->name);

    if (value != NULL && value[0] == '\0')
        value = NULL;
    for (int i = 0; i < ctx->argc && ctx->argv[i] != NULL && strcmp(ctx->argv[i], "--") != 0; i++) {
        const char *word = ctx->argv[i];

        if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, option->name, len) != 0)
            continue;
        if (word[2 + len] == '=')
            value = word + 2 + len + 1;
        else if (word[2 + len] == '\0' && i + 1 < ctx->argc)
            value = ctx->argv[i + 1];
    }
    return value;
}

static bool
choose_colour(const char *when, FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(fileno(stream)) == 1 && (no_color == NULL || no_color[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

static void
set_up_output(struct pga_context *ctx)
{
    const char *format = pga_option_text(&ctx->options, PGA_OPTION_LOG_FORMAT, "text");
    const char *colour = pga_option_text(&ctx->options, PGA_OPTION_COLOR, "auto");

    ctx->log.level = pga_option_is_given(&ctx->options, PGA_OPTION_DEBUG)     ? PGA_LOG_DEBUG
                     : pga_option_is_given(&ctx->options, PGA_OPTION_VERBOSE) ? PGA_LOG_DETAIL
                     : pga_option_is_given(&ctx->options, PGA_OPTION_QUIET)   ? PGA_LOG_ERROR
                                                                              : PGA_LOG_INFO;
    ctx->log.json = strcmp(format, "json") == 0;
    ctx->log.colour = choose_colour(colour, stderr);
    ctx->colour = choose_colour(colour, stdout);
    ctx->is_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    pga_status_line_init(ctx, pga_clock_system());
}

static void
open_document(struct pga_context *ctx, const char *command)
{
    ctx->json = pga_json_object();
    pga_json_set_int(ctx->json, "format", 1);
    /* What begins so is no command, whatever it is. */
    pga_json_set_text(ctx->json, "command",
                      command[0] == '-' || is_database(command) ? NULL : command);
}

/* A database is named by an option; where one types it as an argument, nothing must be connected to first. */
static bool
check_no_database(struct pga_context *ctx, struct pga_error *err)
{
    static const char *const beginnings[] = {"local:", "host=", "hostaddr=", "dbname=", "service="};
    const struct pga_options *options = &ctx->options;

    for (size_t i = 0; i < options->argument_count; i++) {
        struct pga_str word = pga_str_of(options->arguments[i]);
        bool names_one = is_database(word.data);

        for (size_t k = 0; k < PGA_COUNT_OF(beginnings); k++)
            names_one = names_one || pga_str_starts(word, beginnings[k]);
        if (!names_one)
            continue;
        (void)pga_fail(err, PGA_ERR_USAGE, "\"%s\" takes no connection string as an argument",
                       ctx->command->name);
        (void)pga_error_identify(err, PGA_ID_ARGUMENTS);
        return pga_error_hint(err,
                              "Put --db before it, or the string into PGALTER_DATABASE_URL: "
                              "pgalter %s --db \"$DATABASE_URL\"",
                              ctx->command->name);
    }
    return true;
}

static const char *
argument_at(const struct pga_context *ctx, size_t i)
{
    return i < ctx->options.argument_count ? ctx->options.arguments[i] : NULL;
}

/* Whether a word is one of those in "[deploy|rollback]". */
static bool
is_one_of(struct pga_str choices, const char *word)
{
    size_t len = word == NULL ? 0 : strlen(word);

    for (size_t i = 1; i + len < choices.len && len > 0; i++)
        if (strncmp(choices.data + i, word, len) == 0 &&
            strchr("[|", choices.data[i - 1]) != NULL &&
            strchr("|]", choices.data[i + len]) != NULL)
            return true;
    return false;
}

/*
 * As many arguments as the command's row says: "[TARGET]" is none or one, "ID" just one, and "[deploy|rollback]" one if it is one of
 * these.  A rollback may do without its own; it says what else it needs.
 */
static bool
check_arguments(struct pga_context *ctx, struct pga_error *err)
{
    const struct pga_command *command = ctx->command;
    size_t min = 0, max = 0;

    for (const char *at = command->arguments; *at != '\0'; at += strspn(at, " ")) {
        struct pga_str word = {at, strcspn(at, " ")};
        bool is_choice = word.len > 1 && word.data[1] >= 'a' && word.data[0] == '[';

        min += word.data[0] != '[' && (command->options & BIT(STEPS)) == 0 ? 1 : 0;
        max += !is_choice || is_one_of(word, argument_at(ctx, max)) ? 1 : 0;
        at += word.len;
    }
    return ((command->options & BIT(DB)) == 0 || check_no_database(ctx, err)) &&
           pga_arguments_check(ctx, min, max, err);
}

/* Where relative names lead nowhere, a directory without alterations and one that is gone would look the same. */
static bool
check_place(struct pga_error *err)
{
    char path[PATH_MAX];

    if (getcwd(path, sizeof(path)) != NULL || errno != ENOENT)
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "the current directory is gone");
    (void)pga_error_identify(err, PGA_ID_NO_DIRECTORY);
    return pga_error_hint(err,
                          "It was removed or replaced after the shell had gone there. Go to the "
                          "one of the same name, if there is one: cd \"$PWD\"");
}

static bool
run(struct pga_context *ctx, struct pga_error *err)
{
    const struct pga_command *command = ctx->command;
    bool hands_on =
        ctx->argc > 1 && strcmp(command->name, "local") == 0 && strcmp(ctx->argv[1], "psql") == 0;

    if (!pga_options_parse(ctx->mem, command->name, command->options, hands_on, ctx->argc,
                           ctx->argv, &ctx->options, err))
        return false;
    /* It may have been typed among others, as in -qj, or been the value of another option. */
    if (!pga_option_is_given(&ctx->options, PGA_OPTION_JSON))
        pga_json_release(&ctx->json);
    else if (ctx->json == NULL)
        open_document(ctx, command->name);
    if (pga_option_is_given(&ctx->options, PGA_OPTION_HELP)) {
        ctx->options.arguments[0] = command->name;
        ctx->options.argument_count = 1;
        return pga_cmd_help(ctx, err);
    }
    pga_options_environment(&ctx->options, command->options);
    set_up_output(ctx);
    pga_progress_attach(ctx);
    if (!hands_on && !check_arguments(ctx, err))
        return false;
    return pga_options_check(&ctx->options, err) && (command->needs == 0 || check_place(err)) &&
           pga_session_open(ctx, err) && command->run(ctx, err);
}

/* What the command did stays done; what matters now is that nobody repeats it because its words got lost. */
static void
report_lost_output(struct pga_context *ctx)
{
    struct pga_error err = {0};
    bool changes = (ctx->command->needs & PGA_CHANGES) != 0;

    (void)pga_fail(&err, PGA_ERR_UNEXPECTED, "%sthe output could not be written: %s",
                   changes ? "the command was carried out, but " : "", strerror(ctx->output_errno));
    if ((ctx->command->needs & PGA_NEEDS_SERVER) != 0 && changes)
        (void)pga_error_hint(&err, "To see where the database stands now: pgalter status");
    else if (strcmp(ctx->command->name, "local") == 0)
        (void)pga_error_hint(&err, "To see what runs now: pgalter local status");
    else if (changes)
        (void)pga_error_hint(&err, "To see the files that there are now: ls %s", ctx->dir);
    else
        (void)pga_error_hint(&err,
                             "Nothing was changed. Look at what stdout leads to, then run the "
                             "same command again.");
    pga_error_report(ctx, &err);
}

/* Results that could not be written were not delivered: that must not look like success. */
static int
finish_output(struct pga_context *ctx, int status)
{
    if (ctx->json != NULL)
        (void)puts(pga_json_format(ctx->mem, ctx->json, true));
    pga_flush(ctx);
    if (ctx->output_errno == 0)
        return status == 0 ? ctx->exit_status : status;
    /* As of a program that dies of SIGPIPE, and as silent: `pgalter list | head` has what it wants. */
    if (ctx->output_errno == EPIPE && status == 0 && (ctx->command->needs & PGA_CHANGES) == 0)
        return 128 + SIGPIPE;
    /* Nobody reads it any more, or wanted to: what was done is done, and must not be tried again for that. */
    if ((ctx->output_errno == EPIPE || ctx->output_errno == EBADF) && status == 0 &&
        (ctx->command->needs & PGA_CHANGES) != 0) {
        pga_log_write(&ctx->log, PGA_LOG_WARNING,
                      "the command was carried out; nobody reads its output: %s",
                      strerror(ctx->output_errno));
        return ctx->exit_status;
    }
    if (status == 0) {
        report_lost_output(ctx);
        return 1;
    }
    pga_log_write(&ctx->log, PGA_LOG_ERROR, "the output could not be written: %s",
                  strerror(ctx->output_errno));
    return status;
}

/* There is no such command; what else was typed still says where the one that the hint names is meant to work. */
static bool
refuse_command(struct pga_context *ctx, const char *name, struct pga_error *err)
{
    struct pga_error ignored = {0};

    (void)!pga_options_parse(ctx->mem, name, ~(pga_option_set)0, false, ctx->argc, ctx->argv,
                             &ctx->options, &ignored);
    return pga_command_unknown(name, err);
}

/* The last words of each kind. */
static int
finish(struct pga_context *ctx, int status)
{
    const char *file = pga_option_text(&ctx->options, PGA_OPTION_TERMINATION_LOG,
                                       early_value(ctx, PGA_OPTION_TERMINATION_LOG));

    status = finish_output(ctx, status);
    pga_event_run_done(ctx, status);
    /* Who only asks for help in a container must not wipe out how its run has ended. */
    if (file != NULL || ctx->command == NULL || ctx->command->needs != 0 || status != 0)
        pga_termination_write(ctx, file, status);
    return status;
}

static struct pga_context *at_work;

/* A bug ends the process on the spot: as an error like others, for whoever reads what it leaves. */
static void
tell_bug(const char *message)
{
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_BUG, "bug: %s", message);
    (void)pga_error_hint(&err, PGA_BUG_HINT);
    pga_error_report(at_work, &err);
    (void)finish(at_work, pga_error_exit_status(&err));
}

static int
run_command(struct pga_context *ctx, const char *name)
{
    struct pga_error err = {0};
    int status = 0;

    at_work = ctx;
    pga_bug_listen(tell_bug);
    ctx->log.json = pga_same(early_value(ctx, PGA_OPTION_LOG_FORMAT), "json");

    if (has_word(ctx->argc, ctx->argv, "--json") || has_word(ctx->argc, ctx->argv, "-j"))
        open_document(ctx, name);
    if (ctx->command == NULL ? !refuse_command(ctx, name, &err) : !run(ctx, &err)) {
        pga_error_report(ctx, &err);
        status = pga_error_exit_status(&err);
    }
    pga_interrupt_on_question(NULL, NULL);
    pga_session_close(ctx);
    (void)PGA_FAULT(run_reported);
    status = finish(ctx, status);
    pga_bug_listen(NULL);
    pga_json_release(&ctx->json);
    return status;
}

/* Words that people type before they know the commands. */
static const char *
command_name(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return "help";
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return "version";
    return argv[1];
}

int
pga_command_main(int argc, char **argv)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    static char *no_words[] = {NULL, NULL};
    struct pga_context ctx = {.mem = &mem, .log = {.stream = stderr, .level = PGA_LOG_INFO}};
    const char *name;

    ctx.started_ms = pga_clock_now_ms(pga_clock_system());
    argv = pga_arguments_hide(&ctx, argc, argv);
    name = command_name(argc, argv);
    ctx.command = pga_command_find(name);
    ctx.argc = argc < 2 ? 1 : argc - 1;
    ctx.argv = argc < 2 ? no_words : argv + 1;
    if (argc >= 2 && argv[1][0] == '-' && ctx.command != NULL)
        ctx.argc = 1; /* --help and --version are the command's name themselves */
    return run_command(&ctx, name);
}
