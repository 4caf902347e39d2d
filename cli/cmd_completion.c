/*
 * cli/cmd_completion.c: pgalter completion, from the tables of commands and options.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/command.h"

#include <string.h>

#include "base/str.h"
#include "cli/config.h"
#include "cli/topic.h"

/* What the scripts call for the names of environments; they hold nothing that a shell would expand. */
#define ENVIRONMENTS "environments"

static bool
takes(const struct pga_command *command, size_t option)
{
    return (command->options >> option & 1) != 0 && option != PGA_OPTION_FAULTS;
}

/* Words that a command's first argument can be. */
static const char *
first_words(const struct pga_command *command)
{
    if (strcmp(command->name, "local") == 0)
        return "start stop status url reset psql";
    if (strcmp(command->name, "completion") == 0)
        return "bash zsh fish";
    if (strcmp(command->name, "plan") == 0)
        return "deploy rollback latest next zero";
    if (strcmp(command->name, "deploy") == 0)
        return "latest next";
    return strcmp(command->name, "rollback") == 0 ? "zero latest" : "";
}

/* "--db --dir ..." of one command. */
static const char *
option_words(struct pga_context *ctx, const struct pga_command *command)
{
    struct pga_buf buf = pga_buf_on(ctx->mem);

    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (takes(command, i))
            pga_buf_appendf(&buf, "%s--%s", buf.len == 0 ? "" : " ", pga_option_table[i].name);
    return buf.data;
}

static const char *
command_words(struct pga_context *ctx)
{
    struct pga_buf buf = pga_buf_on(ctx->mem);
    size_t count;
    const struct pga_command *commands = pga_commands(&count);

    for (size_t i = 0; i < count; i++)
        pga_buf_appendf(&buf, "%s%s", i == 0 ? "" : " ", commands[i].name);
    return buf.data;
}

/* What `pgalter help` explains. */
static const char *
help_words(struct pga_context *ctx)
{
    struct pga_buf buf = pga_buf_on(ctx->mem);
    size_t count;
    const char *const *topics = pga_topic_names(&count);

    pga_buf_append_c(&buf, command_words(ctx));
    for (size_t i = 0; i < count; i++)
        pga_buf_appendf(&buf, " %s", topics[i]);
    return buf.data;
}

/* How bash completes the value of an option; NULL: not at all. */
static const char *
bash_words(struct pga_context *ctx, const struct pga_option *option)
{
    switch (option->value.kind) {
    case PGA_VALUE_DIRECTORY:
        return "-d";
    case PGA_VALUE_PATH:
        return "-f";
    case PGA_VALUE_CHOICE:
        return pga_format(ctx->mem, "-W '%s'", option->value.choices);
    case PGA_VALUE_ENVIRONMENT:
        return "-W \"$(\"$1\" completion " ENVIRONMENTS " 2>/dev/null)\"";
    default:
        return NULL;
    }
}

static void
print_bash_values(struct pga_context *ctx)
{
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++) {
        const struct pga_option *option = &pga_option_table[i];
        const char *words = bash_words(ctx, option);

        if (option->argument == NULL)
            continue;
        pga_print(ctx, "        --%s%s) ", option->name,
                  option->letter == 0 ? "" : pga_format(ctx->mem, "|-%c", option->letter));
        if (words == NULL)
            pga_print(ctx, "COMPREPLY=(); return ;;\n");
        else if (words[2] == '\0')
            pga_print(ctx, "_pgalter_paths %s \"$word\"; return ;;\n", words);
        else
            pga_print(ctx, "COMPREPLY=($(compgen %s -- \"$word\")); return ;;\n", words);
    }
}

static void
print_bash(struct pga_context *ctx)
{
    size_t count;
    const struct pga_command *commands = pga_commands(&count);

    pga_print(
        ctx,
        "# bash completion for pgalter; made by: pgalter completion bash\n"
        "_pgalter_paths() {\n"
        "    local path\n"
        "    COMPREPLY=()\n"
        "    while IFS= read -r path; do COMPREPLY+=(\"$path\"); done < <(compgen \"$1\" -- "
        "\"$2\")\n"
        "    compopt -o filenames 2>/dev/null\n"
        "}\n"
        "_pgalter() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=''\n"
        "    if [ \"$word\" = = ]; then word=''\n"
        "    elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}\n"
        "    fi\n"
        "    case $before in\n");
    print_bash_values(ctx);
    pga_print(ctx,
              "    esac\n"
              "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
              "        COMPREPLY=($(compgen -W '%s' -- \"$word\")); return\n"
              "    fi\n"
              "    case ${COMP_WORDS[1]} in\n",
              command_words(ctx));
    for (size_t i = 0; i < count; i++)
        pga_print(ctx, "        %s) words='%s %s' ;;\n", commands[i].name,
                  first_words(&commands[i]),
                  strcmp(commands[i].name, "help") == 0 ? help_words(ctx)
                                                        : option_words(ctx, &commands[i]));
    pga_print(ctx, "    esac\n"
                   "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                   "}\n"
                   "complete -F _pgalter pgalter\n");
}

/* Text inside a single-quoted word of the shell; `special` characters get a backslash, which zsh's descriptions need. */
static const char *
quoted(struct pga_context *ctx, const char *special, const char *text)
{
    struct pga_buf buf = pga_buf_on(ctx->mem);

    for (; *text != '\0'; text++) {
        if (*text == '\'')
            pga_buf_append_c(&buf, "'\\''");
        else if (strchr(special, *text) != NULL)
            pga_buf_appendf(&buf, "\\%c", *text);
        else
            pga_buf_append_char(&buf, *text);
    }
    return buf.data;
}

/* What zsh does for the value of an option. */
static const char *
zsh_action(struct pga_context *ctx, const struct pga_option *option)
{
    switch (option->value.kind) {
    case PGA_VALUE_DIRECTORY:
        return ":_directories";
    case PGA_VALUE_PATH:
        return ":_files";
    case PGA_VALUE_CHOICE:
        return pga_format(ctx->mem, ":(%s)", option->value.choices);
    case PGA_VALUE_ENVIRONMENT:
        return ":($(pgalter completion " ENVIRONMENTS " 2>/dev/null))";
    default:
        return ": ";
    }
}

static void
print_zsh_options(struct pga_context *ctx, const struct pga_command *command)
{
    for (size_t i = 0; i < PGA_OPTION_COUNT; i++) {
        const struct pga_option *option = &pga_option_table[i];

        if (takes(command, i))
            pga_print(ctx, " \\\n                '--%s%s[%s]%s%s%s'", option->name,
                      option->argument == NULL ? "" : "=", quoted(ctx, "[]:", option->help),
                      option->argument == NULL ? "" : ":",
                      option->argument == NULL ? "" : option->argument,
                      option->argument == NULL ? "" : zsh_action(ctx, option));
    }
}

static void
print_zsh(struct pga_context *ctx)
{
    size_t count;
    const struct pga_command *commands = pga_commands(&count);

    pga_print(ctx, "#compdef pgalter\n"
                   "# zsh completion for pgalter; made by: pgalter completion zsh\n"
                   "_pgalter() {\n"
                   "    if (( CURRENT == 2 )); then\n"
                   "        local -a commands=(\n");
    for (size_t i = 0; i < count; i++)
        pga_print(ctx, "            '%s:%s'\n", commands[i].name,
                  quoted(ctx, "[]:", commands[i].summary));
    pga_print(ctx, "        )\n"
                   "        _describe command commands\n"
                   "        return\n"
                   "    fi\n"
                   "    local command=$words[2]\n"
                   "    shift words; (( CURRENT-- ))\n"
                   "    case $command in\n");
    for (size_t i = 0; i < count; i++) {
        pga_print(ctx, "        %s)\n            _arguments", commands[i].name);
        print_zsh_options(ctx, &commands[i]);
        pga_print(ctx, " \\\n                '*: :(%s)' ;;\n",
                  strcmp(commands[i].name, "help") == 0 ? help_words(ctx)
                                                        : first_words(&commands[i]));
    }
    pga_print(ctx, "    esac\n}\n_pgalter \"$@\"\n");
}

/* What fish takes for the value of an option. */
static const char *
fish_value(struct pga_context *ctx, const struct pga_option *option)
{
    switch (option->value.kind) {
    case PGA_VALUE_FLAG:
        return "";
    case PGA_VALUE_DIRECTORY:
        return " -x -a '(__fish_complete_directories)'";
    case PGA_VALUE_PATH:
        return " -r -F";
    case PGA_VALUE_CHOICE:
        return pga_format(ctx->mem, " -x -a '%s'", option->value.choices);
    case PGA_VALUE_ENVIRONMENT:
        return " -x -a '(pgalter completion " ENVIRONMENTS " 2>/dev/null)'";
    default:
        return " -x";
    }
}

static void
print_fish(struct pga_context *ctx)
{
    size_t count;
    const struct pga_command *commands = pga_commands(&count);

    pga_print(ctx, "# fish completion for pgalter; made by: pgalter completion fish\n"
                   "complete -c pgalter -f\n");
    for (size_t c = 0; c < count; c++) {
        const char *name = commands[c].name, *words;

        pga_print(ctx, "complete -c pgalter -n __fish_use_subcommand -a %s -d '%s'\n", name,
                  quoted(ctx, "", commands[c].summary));
        words = strcmp(name, "help") == 0 ? help_words(ctx) : first_words(&commands[c]);
        if (words[0] != '\0')
            pga_print(ctx, "complete -c pgalter -n '__fish_seen_subcommand_from %s' -a '%s'\n",
                      name, words);
        for (size_t i = 0; i < PGA_OPTION_COUNT; i++) {
            const struct pga_option *option = &pga_option_table[i];

            if (takes(&commands[c], i))
                pga_print(
                    ctx,
                    "complete -c pgalter -n '__fish_seen_subcommand_from %s' -l %s%s%s -d '%s'\n",
                    name, option->name,
                    option->letter == 0 ? "" : pga_format(ctx->mem, " -s %c", option->letter),
                    fish_value(ctx, option), quoted(ctx, "", option->help));
        }
    }
}

/* The names in pgalter.yaml, one a line. */
static bool
print_environments(struct pga_context *ctx, struct pga_error *err)
{
    if (!pga_config_load(ctx, err))
        return false;
    for (size_t i = 0; ctx->config != NULL && i < ctx->config->count; i++)
        pga_print(ctx, "%s\n", ctx->config->environments[i].name);
    return true;
}

static bool
fail_shell(const char *shell, struct pga_error *err)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    const char *nearest = pga_nearest(shell, shells, PGA_COUNT_OF(shells));

    (void)pga_fail(err, PGA_ERR_USAGE, "there is no completion for \"%s\"", shell);
    (void)pga_error_identify(err, PGA_ID_ARGUMENTS);
    if (nearest != NULL)
        return pga_error_hint(err, "Did you mean \"pgalter completion %s\"?", nearest);
    return pga_error_hint(err, "There is one for bash, zsh and fish.");
}

bool
pga_cmd_completion(struct pga_context *ctx, struct pga_error *err)
{
    const char *shell;

    ctx->text = pga_new(ctx->mem, struct pga_buf);
    *ctx->text = pga_buf_on(ctx->mem);
    shell = ctx->options.arguments[0];
    if (strcmp(shell, ENVIRONMENTS) == 0) {
        if (!print_environments(ctx, err))
            return false;
    } else if (strcmp(shell, "bash") == 0) {
        print_bash(ctx);
    } else if (strcmp(shell, "zsh") == 0) {
        print_zsh(ctx);
    } else if (strcmp(shell, "fish") == 0) {
        print_fish(ctx);
    } else {
        return fail_shell(shell, err);
    }
    if (ctx->json != NULL)
        pga_json_set_text(ctx->json, "text", ctx->text->data);
    return true;
}
