#!/usr/bin/env bats
# What bad input gets: one clear message, its exit status, and an untouched database.  The classes stand in tests/input/classes.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../input/make.bash
load ../input/walk.bash

setup_file() {
    cluster_start
    # Another user must be able to run the program and to reach what it reads.
    export input_home
    input_home=$(mktemp -d /tmp/pgalter-input.XXXXXX)
    chmod 755 "$input_home"
    cp "$PGALTER" "$input_home/pgalter"
    mkdir "$input_home/alterations"
    # shellcheck disable=SC2034 # the helpers read it
    PGALTER_DIR=$input_home/alterations
    pair 1.0.0-10-first "CREATE TABLE first (n int);
INSERT INTO first VALUES (1), (2);" "DROP TABLE first;"
    pair 1.0.0-20-second "-- pgalter:needs 10-first
CREATE TABLE second (n int);" "DROP TABLE second;"
    script 1.0.0-20-second.before-up.sql "SELECT 1;"
    script 1.0.0-20-second.before-down.sql "SELECT 2;"
    pair 1.1.0-30-third "CREATE TABLE third (n int);" "DROP TABLE third;"
    database_create applied
    pgalter deploy --dir "$input_home/alterations"
    query postgres "CREATE ROLE other"
    # A copy of what is tampered with.
    query applied "CREATE SCHEMA kept; CREATE TABLE kept.history AS TABLE pgalter.history; CREATE TABLE kept.journal AS TABLE pgalter.journal;
        CREATE TABLE kept.scripts AS TABLE pgalter.scripts"
    psql -Xq -d postgres -c "ALTER DATABASE applied RENAME TO template_applied"
}

teardown_file() {
    cluster_stop
    rm -rf "$input_home"
}

setup() {
    unset PGALTER_DIR
    input_pgalter=$input_home/pgalter
    # shellcheck disable=SC2034 # tests/input/walk.bash reads them
    input_commands=$("$input_pgalter" help | sed -n 's/^  \([a-z]\{2,\}\) .*/\1/p' | tr '\n' ' ')
    # shellcheck disable=SC2034
    input_number=0
}

teardown() { cluster_log_on_failure; }

@test "names of files" { walk names; }
@test "what files hold" { walk files; }
@test "the directory" { walk directory; }
@test "directives" { walk directives; }
@test "statements" { walk statements; }
@test "targets" { walk targets; }
@test "plans" { walk plans; }
@test "journals" { walk journal; }
