#!/usr/bin/env bats
# Servers of other versions than pgalter knows.  There is none: a stub says that it is one, and notes what it is asked.

load ../lib/pgalter.bash

setup() {
    [ -z "${PGALTER_PG_BINDIR-}" ] || skip "the server is no real one"
    stub=$(cd "$(dirname "$PGALTER")/../tests/agreement" && pwd)/agreement_stub
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    export PGALTER_DATABASE_URL="dbname=app user=app"
    table 1.0.0-100-a a
}

# asked VERSION STATUS ARGUMENTS: run pgalter against such a server; what it was asked goes to $asked.
asked() {
    local version=$1 want=$2
    shift 2
    expect "$want" env STUB_SERVER_VERSION="$version" "$stub" "$BATS_TEST_TMPDIR/records" "$PGALTER" "$@"
    asked=$(<"$BATS_TEST_TMPDIR/records")
}

@test "a server that is too old is refused before it is asked anything" {
    local version command
    for version in 12.9 9.6.24; do
        for command in status list plan "deploy latest" "rollback last" history doctor; do
            # shellcheck disable=SC2086
            asked "$version" 64 $command --json
            same "$asked" ""
            contains "$out" "the server is PostgreSQL $version, too old for pgalter"
            contains "$out" "Nothing was done there."
        done
    done
    asked 12.9 64 deploy latest --wait 60s
    contains "$errors" 'database "app"'
    contains "$errors" "PostgreSQL 13 or newer"
    contains "$errors" "pgalter: help: pgalter help server-version"
}

@test "doctor says that the server is too old, and what to do" {
    asked 12.9 64 doctor --json
    same "$(jq -c '.findings[] | select(.check == "connecting" or .check == "server") | [.check, .verdict]' <<<"$out")" \
        '["server","not checked"]
["connecting","failed"]'
    contains "$(jq -r '.findings[] | select(.check == "connecting").next[].text' <<<"$out")" "pgalter help server-version"
    same "$(jq '.healthy' <<<"$out")" false
}

@test "a newer server is not refused" {
    # The stub knows no answers, so that the command fails, but not for the version.
    asked 19.1 1 status
    contains "$asked" "SELECT"
    lacks "$errors" "too old"
}

@test "a server that does not say its version is not refused" {
    asked "" 1 status
    contains "$asked" "SELECT"
}
