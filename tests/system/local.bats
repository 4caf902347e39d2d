#!/usr/bin/env bats
# The private cluster as a development database: pgalter local, and --db local:.

load ../lib/schema.bash
load ../lib/pgalter.bash

# A project where the unprivileged user of a root's server can be too; bats' own folders are closed to it.
project_new() {
    local dir
    dir=$(mktemp -d /tmp/pgalter-local.XXXXXX)
    chmod 755 "$dir"
    echo "$dir"
}

project_remove() {
    [ -d "${1-}" ] || return 0
    (cd "$1" && pgalter local reset --yes >/dev/null 2>&1) || true
    rm -rf "$1"
}

# One for the tests that need only that there is one.
setup_file() {
    unset PGHOST PGPORT PGUSER PGDATABASE DATABASE_URL DB_URL PGALTER_DATABASE_URL PGALTER_DIR
    shared=$(project_new)
    export shared
}
teardown_file() { project_remove "$shared"; }

# in_own: work in a new project.
in_own() {
    own=$(project_new)
    cd "$own" || return 1
}

teardown() {
    if [ -z "${BATS_TEST_COMPLETED-}" ]; then tail -n 15 .pgalter/local/log 2>/dev/null || true; fi
    cd /
    project_remove "${own-}"
}

# make STEM NAME: an alteration of this project.
make() { PGALTER_DIR=alterations table "$1" "$2"; }

# server: the process id of the project's server; fails when there is none.
server() {
    local pid
    [ -e .pgalter/local/data/postmaster.pid ] || return 1
    pid=$(head -n 1 .pgalter/local/data/postmaster.pid)
    kill -0 "$pid" && echo "$pid"
}

@test "start, use, stop, start: the data stays; reset: it goes" {
    in_own
    expect 0 pgalter local status
    contains "$out" "absent"
    [ ! -e .pgalter ]
    expect 0 pgalter local stop
    expect 0 pgalter local start
    contains "$out" "running"
    contains "$out" "url       postgresql://"
    local url first
    first=$(server)
    expect 0 pgalter local start
    same "$(server)" "$first"
    url=$(pgalter local url)
    same "$(query "$url" "SELECT current_database() || ' ' || current_setting('listen_addresses') || ' ' || current_setting('fsync')")" "dev  on"
    make 1.0.0-100-a a
    expect 0 pgalter deploy --db "$url"
    same "$(query "$url" "SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'a'")" public
    expect 0 pgalter local stop
    contains "$out" "stopped"
    expect 1 server
    expect 69 pgalter status --db "$url"
    expect 0 pgalter local status
    contains "$out" "stopped"
    lacks "$out" "url"
    # Who only looks starts nothing.
    local words
    for words in "status --db local:" "list --db local:" "history --db local:" "show 100-a --db local:" "plan --db local:" "local url"; do
        # shellcheck disable=SC2086 # it is a command line
        expect 69 pgalter $words
        contains "$errors" "does not run"
        contains "$errors" "Start it: pgalter local start"
        contains "$errors" "pgalter help local-not-running"
    done
    expect 64 pgalter deploy --db local:/x
    contains "$errors" "\"local:/x\" is no database of the private cluster"
    expect 64 pgalter deploy --db local://x
    contains "$errors" "Write local: for its database \"dev\""
    expect 1 server
    # Who changes something starts it.
    expect 0 pgalter deploy --db local:
    contains "$out" "Found 0 alterations"
    same "$(pgalter local url)" "$url"
    expect 64 pgalter local reset
    contains "$errors" "--yes"
    server
    expect 0 pgalter local reset --yes
    contains "$out" "absent"
    [ ! -e .pgalter/local/data ]
}

@test "--db local: deploys, rolls back and remembers" {
    cd "$shared" || return 1
    make 1.0.0-100-a a
    make next-200-b b
    expect 0 pgalter deploy --db local:
    contains "$out" "Deployed 1 alteration"
    expect 0 env DATABASE_URL=local: "$PGALTER" deploy next
    printf 'database: "local:"\nalterations: alterations\n' >pgalter.yaml
    expect 0 pgalter status
    contains "$out" "database   database \"dev\""
    contains "$out" "applied    2 alterations"
    expect 0 pgalter rollback zero --yes
    rm pgalter.yaml
    expect 77 pgalter status --db local:other
    contains "$errors" "database \"other\" does not exist"
    expect 0 pgalter local psql -c "CREATE DATABASE other"
    expect 0 pgalter deploy --db local:other
    contains "$out" "Deployed 1 alteration"
}

@test "psql gets what follows it, and its exit status counts" {
    cd "$shared" || return 1
    expect 0 pgalter local psql -XAtc "SELECT 6 * 7"
    same "$out" 42
    expect 0 pgalter local psql -XAt -v n=1 -c "SELECT current_database()"
    same "$out" dev
    same "$("$PGALTER" local psql -XAt <<<"SELECT 'by hand';")" "by hand"
    expect 1 pgalter local psql -Xc "SELECT nonsense"
    expect 0 pgalter local psql --version
    contains "$out" "psql (PostgreSQL)"
    expect 0 pgalter local psql --help
    contains "$out" "PostgreSQL interactive terminal"
}

@test "--json of each word" {
    in_own
    expect 0 pgalter local status --json
    same "$(jq -r '"\(.state) \(.url) \(.project)"' <<<"$out")" "absent null $own"
    expect 0 pgalter local start --json
    same "$(jq -r .state <<<"$out")" running
    same "$(jq -r .url <<<"$out")" "$(pgalter local url)"
    expect 0 pgalter local url --json
    same "$(jq -r .state <<<"$out")" running
    expect 0 pgalter local stop --json
    same "$(jq -r '"\(.state) \(.url)"' <<<"$out")" "stopped null"
    expect 64 pgalter local reset --json
    same "$(jq -r .error.code <<<"$out")" usage
    expect 0 pgalter local reset --yes --json
    same "$(jq -r .state <<<"$out")" absent
    expect 64 pgalter local nonsense --json
    same "$(jq -r .error.code <<<"$out")" usage
}

@test "the project is where pgalter.yaml stands, and each has its own" {
    in_own
    mkdir -p sub other
    chmod 755 sub other
    printf 'alterations: alterations\n' >pgalter.yaml
    make 1.0.0-100-a a
    expect 0 pgalter local start
    cd sub
    expect 0 pgalter local status --config ../pgalter.yaml
    contains "$out" "running"
    expect 0 pgalter deploy --config ../pgalter.yaml --db local:
    cd ../other
    expect 0 pgalter local status
    contains "$out" "absent"
    expect 0 pgalter local start
    [ "$(server)" != "$(cd .. && server)" ]
    expect 0 pgalter local psql -XAtc "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'"
    same "$out" 0
    expect 0 pgalter local reset --yes
    cd "$own" || return 1
    expect 0 pgalter local psql -XAtc "SELECT count(*) FROM pgalter.journal"
    same "$out" 1
}

@test "kill -9 of its server: the next command starts it again, with what was committed" {
    cd "$shared" || return 1
    make 1.0.0-100-a a
    expect 0 pgalter deploy --db local:
    expect 0 pgalter local psql -XAtc "SELECT count(*) FROM pgalter.journal"
    local count=$out killed
    killed=$(server)
    kill -KILL "$killed"
    while kill -0 "$killed" 2>/dev/null; do sleep 0.1; done # until somebody has waited for it
    expect 69 pgalter status --db local:
    expect 0 pgalter deploy --db local:
    expect 0 pgalter status --db local:
    contains "$out" "applied    $count alteration"
    server
}

@test "root's server runs as another user, and nobody else gets in" {
    cd "$shared" || return 1
    [ "$(id -u)" = 0 ] || skip "not root"
    expect 0 pgalter local start
    [ "$(stat -c %u .pgalter/local/data)" != 0 ]
    same "$(stat -c %a .pgalter/local/data)" 700
    same "$(stat -c %a .pgalter/local/socket)" 700
    [ "$(stat -c %u .pgalter/local/socket/.s.PGSQL.5432)" != 0 ]
}

@test "without a server's programs it says what to install" {
    in_own
    mkdir empty
    expect 64 env PGALTER_PG_BINDIR="$own/empty" "$PGALTER" local start
    contains "$errors" "$own/empty"
    expect 64 env PGALTER_PG_BINDIR="$own/empty" "$PGALTER" deploy --db local:
}
