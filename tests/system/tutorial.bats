#!/usr/bin/env bats
# The tutorial and the guides: every command on them is typed, and prints what the page says.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/page.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

# A project where the unprivileged user of a root's private cluster can be too; bats' own folders are closed to it.
setup() {
    unset PGALTER_DIR PGALTER_DATABASE_URL DATABASE_URL
    own=$(mktemp -d /tmp/pgalter-page.XXXXXX)
    chmod 755 "$own"
    cd "$own" || return 1
}

teardown() {
    cluster_log_on_failure
    (cd "$own" && pgalter local reset --yes >/dev/null 2>&1) || true
    cd / && rm -rf "$own"
}

page() { page_run "$PGA_TEST_SOURCE_DIR/docs/$1"; }

@test "tutorial" {
    unset PGHOST PGPORT PGUSER
    page tutorial.md
}

@test "guide: write an alteration" {
    unset PGHOST PGPORT PGUSER
    page guides/alterations.md
}

@test "guide: statements outside a transaction" {
    page guides/outside-a-transaction.md
}

@test "guide: start on an existing database" {
    dump_needed
    page guides/existing-database.md
}

@test "guide: fix a wrong down script" {
    page guides/wrong-down-script.md
}

@test "guide: branches and late arrivals" {
    page guides/branches.md
}

@test "guide: configuration" {
    page guides/configuration.md
}

@test "guide: roles and grants" {
    page guides/roles-and-grants.md
}

@test "guide: poolers" {
    page guides/poolers.md
}

@test "guide: is everything healthy" {
    page guides/doctor.md
}

@test "guide: restore and rename of a database" {
    dump_needed
    page guides/restore-and-rename.md
}

# wrong TEXT MESSAGE: that page is refused.
wrong() {
    printf '%s\n' "$1" >wrong.md
    run page_run wrong.md
    [ "$status" = 1 ] || { echo "not refused: $1"; return 1; }
    contains "$output" "$2"
}

@test "a page whose commands fail or print something else is found" {
    wrong $'```sh\nfalse\ntrue\n```' "block 1 exits with 1 instead of 0"
    wrong $'```sh 64\npgalter version\n```' "block 1 exits with 0 instead of 64"
    wrong $'```sh\ntrue\n```\n```sh\necho a\n```\n\n```text\nb\n```' "block 2 prints something else"
    wrong $'```text\nb\n```' "has no commands"
    printf '%s\n' $'```sh\nx=a\n```\n```sh 64\necho $x\npgalter depoly 2>/dev/null\n```\n\n```text\na\n```' >right.md
    page_run right.md
}

@test "the journal survives a promotion, and a standby is only read" {
    local bin standby
    bin=$(cluster_bindir)
    command -v pg_basebackup >/dev/null || [ -x "$bin/pg_basebackup" ] || skip "pg_basebackup is not installed"
    [ -x "$bin/pg_basebackup" ] || dump_needed
    standby=$(mktemp -d /tmp/pgalter-standby.XXXXXX)
    if [ "$(id -u)" = 0 ]; then chown "$(cluster_user)" "$standby"; fi
    createdb promoted
    export PGALTER_DIR=$own/alterations DATABASE_URL=dbname=promoted
    table 1.0.0-100-a a
    expect 0 pgalter deploy
    as_cluster_user "$(PATH=$bin:$PATH command -v pg_basebackup)" -D "$standby/data" -R -c fast >/dev/null 2>&1 3>&-
    # A standby has to have as many connections as its primary.
    as_cluster_user "$bin/pg_ctl" -D "$standby/data" -l "$standby/log" -w \
        -o "-k $standby -p 5432 -c listen_addresses='' -c max_connections=120" start >/dev/null 3>&- ||
        { tail "$standby/log"; return 1; }
    table 1.1.0-200-b b
    DATABASE_URL="host=$standby dbname=promoted"
    expect 0 pgalter status
    contains "$out" "applied    1 alteration"
    contains "$out" "pending    1 alteration"
    expect 76 pgalter deploy
    contains "$errors" "pgalter help read-only"
    contains "$errors" "Name the primary"
    # Who says so comes through, and the runner lock's own look refuses.
    expect 76 env DATABASE_URL="$DATABASE_URL target_session_attrs=any" "$PGALTER" deploy
    contains "$errors" "target_session_attrs=read-write"
    # Before there is a journal, too.
    expect 76 env DATABASE_URL="host=$standby dbname=postgres" "$PGALTER" deploy
    contains "$errors" "pgalter help read-only"
    as_cluster_user "$bin/pg_ctl" -D "$standby/data" -w promote >/dev/null 3>&-
    expect 0 pgalter deploy
    contains "$out" "Deployed 1 alteration"
    expect 0 pgalter rollback zero --yes
    expect 0 pgalter history
    as_cluster_user "$bin/pg_ctl" -D "$standby/data" -m immediate stop >/dev/null 2>&1
    rm -rf "$standby"
}

@test "docs/json names every member of every document" {
    createdb documents
    export DATABASE_URL=dbname=documents PGALTER_DIR=$own/alterations
    table 1.0.0-100-a a
    table 1.1.0-200-b b
    table next-300-c c
    local words command key
    : >keys
    for words in "new d" "release 2.0.0" "plan" "mark 100-a --because x" "deploy --steps 1" "status" "list" "show 100-a" "history" \
        "plan rollback zero" "rollback --steps 1" "rollback --steps 1 --yes" "accept 100-a --because x" "forget 100-a --because x" \
        "doctor --report" "local status" "version" "deploy --nonsense" "help" "completion bash"; do
        if [ "$words" = "accept 100-a --because x" ]; then script 1.0.0-100-a.down.sql "DROP TABLE IF EXISTS a;"; fi
        # shellcheck disable=SC2086
        pgalter $words --json >document || true
        if ! jq -e .format document >/dev/null 2>&1; then continue; fi
        jq -r '[paths | map(strings) | .[]] | unique | .[]' document >>keys
    done
    [ "$(sort -u keys | wc -l)" -gt 60 ]
    while read -r key; do
        grep -q "\`$key\`" "$PGA_TEST_SOURCE_DIR/docs/json/README.md" || { echo "docs/json/README.md lacks \"$key\""; return 1; }
    done < <(sort -u keys)
    for command in $(pgalter help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        grep -qw "$command" "$PGA_TEST_SOURCE_DIR/docs/json/README.md" || { echo "docs/json/README.md lacks the command $command"; return 1; }
    done
}
