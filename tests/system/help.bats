#!/usr/bin/env bats
# pgalter help: the pages of errors and exit codes, the manual page and the completions.  Needs no server.

load ../lib/pgalter.bash

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# rows FILE MACRO FIELD: a column of one of the tables.
rows() { grep -hE "^$2\(" "$PGA_TEST_SOURCE_DIR"/{base,cli}/"$1" 2>/dev/null | cut -d, -f"$3" | tr -d ' "'; }

@test "every error id has its page" {
    local id
    for id in $(rows error_id.def PGA_ERROR_ID 2); do
        expect 0 pgalter help "$id"
        contains "$out" "# $id: "
        contains "$out" "## What to do"
        same "$(grep -E '.{81}' <<<"$out")" ""
        # A link is a path, or the words that one reads.
        lacks "$out" "]("
    done
    expect 0 pgalter help errors
    for id in $(rows error_id.def PGA_ERROR_ID 2); do
        grep -qE "^$id +[0-9]+ " <<<"$out"
    done
    same "$(grep -E '.{81}' <<<"$out")" ""
}

@test "every exit code has its page, by number and by name" {
    local status
    for status in 0 $(rows error.def PGA_ERROR 2); do
        expect 0 pgalter help "$status"
        contains "$out" "# Exit code $status: "
        contains "$out" "## Running the same command again"
        same "$(grep -E '.{81}' <<<"$out")" ""
        lacks "$out" "]("
    done
    same "$(pgalter help usage)" "$(pgalter help 64)"
    same "$(pgalter help 143)" "$(pgalter help 130)"
    expect 64 pgalter help 2
    expect 64 pgalter help 300
    expect 0 pgalter help exit-codes
    for status in 0 $(rows error.def PGA_ERROR 2); do
        grep -qE "^ *$status " <<<"$out"
    done
}

@test "an unknown topic is refused with the nearest" {
    local words
    for words in changes:changed deplo:deploy exit-code:exit-codes error:errors unterminate:unterminated; do
        expect 64 pgalter help "${words%:*}"
        contains "$errors" "there is no help about \"${words%:*}\""
        contains "$errors" "hint: Did you mean \"pgalter help ${words#*:}\"?"
        same "$out" ""
    done
    expect 64 pgalter help something-else
    contains "$errors" "\"pgalter help\" lists the commands"
}

# commands TEXT: the lines of a page that are typed and begin with the program, without what the shell makes of the rest.
commands() { sed -n -E 's/^ {4,}(pgalter [^|;<>]*).*/\1/p' <<<"$1" | sed -E "s/\"[^\"]*\"|'[^']*'/TEXT/g; s/ # .*//"; }

@test "what the pages tell people to type are commands and options that go together" {
    local topic line command option
    for topic in $(rows error_id.def PGA_ERROR_ID 2) 0 $(rows error.def PGA_ERROR 2); do
        while read -r line; do
            read -r _ command _ <<<"$line"
            expect 0 pgalter help "$command" || { echo "$topic: $line"; return 1; }
            while read -r option; do
                grep -qE -- "$option\b" <<<"$out" || { echo "$topic: \"$command\" has no option $option: $line"; return 1; }
            done < <(grep -oE -- ' --[a-z-]+' <<<"$line")
        done < <(commands "$(pgalter help "$topic" | grep -v '^    pgalter: ')")
    done
}

@test "a message's last line is a command that explains it" {
    expect 64 pgalter deploy --dir nowhere
    local line
    line=$(tail -n 1 <<<"$errors")
    same "${line%% help *}" "pgalter: help: pgalter"
    # shellcheck disable=SC2086 # the words of the command
    expect 0 pgalter ${line#pgalter: help: pgalter }
    contains "$out" "## What"
}

@test "the manual page has every command, option, variable and exit code, and no mistake in its markup" {
    pgalter help manual >pgalter.1
    local word
    for word in "SH NAME" "SH SYNOPSIS" "SH COMMANDS" "SH OPTIONS" "SH CONFIGURATION" "SH EXIT STATUS" "SH ENVIRONMENT" \
        "SH FILES" "SH EXAMPLES" "SH SEE ALSO"; do
        grep -q "^\.$word$" pgalter.1
    done
    # What the program reads from the environment stands there, but for what only test builds read.
    while read -r word; do
        grep -q "^\(.*, \)\?$word\(,.*\)\?$" pgalter.1 || { echo "lacks $word"; return 1; }
    done < <(cd "$PGA_TEST_SOURCE_DIR" && grep -rhoE 'getenv\("[A-Z_]+"\)' cli drivers base --include=*.c | grep -oE '[A-Z_]{3,}' | grep -v PGA_FAULT)
    for word in $(rows options.def PGA_OPTION 2 | grep -v faults); do
        grep -qF "\\-\\-${word//-/\\-}" pgalter.1 || { echo "lacks --$word"; return 1; }
    done
    for word in 0 $(rows error.def PGA_ERROR 2); do grep -qx "$word" pgalter.1; done
    if command -v groff >/dev/null; then
        same "$(groff -man -Tutf8 -ww pgalter.1 2>&1 >/dev/null)" ""
    fi
    if command -v man >/dev/null; then
        same "$(man --warnings -l pgalter.1 2>&1 >/dev/null </dev/null)" ""
    fi
}

@test "with --json, help and completion are one document with the text in it" {
    local words
    for words in help "help sql" "help 66" "help deploy" "help errors" "help exit-codes" "help manual" "completion bash" \
        "completion zsh" "completion fish" "deploy --help"; do
        # shellcheck disable=SC2086 # words
        same "$(pgalter $words --json | jq -r .text)" "$(pgalter $words)"
        # shellcheck disable=SC2086
        same "$(pgalter $words --json | jq -s '"\(length) \(.[0].format) \(.[0].command)"')" "\"1 1 ${words%% *}\""
    done
    same "$(pgalter help sql --json | jq -r .topic)" sql
    same "$(pgalter help --json | jq .topic)" null
    same "$(pgalter deploy --help --json | jq -r .topic)" deploy
}

@test "the completions know every command and what each takes" {
    local shell command
    for shell in bash zsh fish; do
        pgalter completion $shell >done.$shell
        for command in $(pgalter help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
            grep -qw -- "$command" done.$shell
            while read -r option; do
                grep -q -- "${option#--}" done.$shell || { echo "$shell: $command lacks $option"; return 1; }
            done < <(pgalter help "$command" | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')
        done
        grep -qw unterminated done.$shell
    done
    bash -n done.bash
    if command -v zsh >/dev/null; then zsh -n done.zsh; fi
    if command -v fish >/dev/null; then fish -n done.fish; fi
    # As bash asks for it.
    # shellcheck disable=SC1091,SC2034
    same "$(bash -c '. ./done.bash; COMP_WORDS=(pgalter help unterm); COMP_CWORD=2; _pgalter; echo "${COMPREPLY[*]}"')" unterminated
}
