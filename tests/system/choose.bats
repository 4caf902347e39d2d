#!/usr/bin/env bats
# Choosing the version on a terminal.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    command script -qec true /dev/null >/dev/null 2>&1 || skip "script(1) makes no terminal here"
    db=choose_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations TERM=xterm
    local version
    for version in 1.0.0-1 1.1.0-2 1.2.0-3 next-4; do
        script "$version-t.up.sql" "CREATE TABLE t${version##*-} (n int);"
    done
}

teardown() { cluster_log_on_failure; }

# type_keys KEYS ...: run a deploy on a terminal and type, with a pause before each; its output goes to $out.
type_keys() {
    status=0
    out=$(for key in "$@"; do sleep 0.7; printf '%b' "$key"; done |
        command script -qec "$PGALTER deploy" /dev/null 2>&1) || status=$?
}

applied() { query "$db" "SELECT coalesce(string_agg(id, ' ' ORDER BY seq), '') FROM pgalter.journal"; }

@test "Enter takes the newest release, not what is next" {
    type_keys '\n'
    contains "$out" "Deploy up to which version on database \"$db\""
    contains "$out" "3 alterations"
    [ "$status" = 0 ]
    [ "$(applied)" = "1-t 2-t 3-t" ]
}

@test "arrows move, typing filters" {
    type_keys '\033[B' '\n'
    [ "$(applied)" = "1-t 2-t" ]
    type_keys 'n' 'e' '\n'
    [ "$(applied)" = "1-t 2-t 3-t 4-t" ]
}

@test "Ctrl-C leaves with 130 and nothing done" {
    type_keys '\003'
    [ "$status" = 130 ]
    [ "$(query "$db" "SELECT to_regnamespace('pgalter') IS NULL")" = t ]
}

@test "with nothing pending, and with a target, nobody is asked" {
    type_keys '\n' >/dev/null
    rm "$PGALTER_DIR"/next-*
    type_keys ''
    lacks "$out" "which version"
    contains "$out" "Found 0 alterations to deploy"
}
