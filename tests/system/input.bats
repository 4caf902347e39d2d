#!/usr/bin/env bats
# What bad input gets: one clear message, its exit status, and an untouched database.  The classes stand in tests/input/classes.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

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
    query postgres "CREATE ROLE other; CREATE ROLE reader LOGIN; CREATE ROLE locked LOGIN PASSWORD 'right';
        CREATE ROLE pgalter LOGIN SUPERUSER"
    sed -i '1i local all locked scram-sha-256' "$CLUSTER_DIR/data/pg_hba.conf"
    query postgres "SELECT pg_reload_conf()"
    # A copy of what is tampered with.
    query applied "CREATE SCHEMA kept; CREATE TABLE kept.history AS TABLE pgalter.history; CREATE TABLE kept.journal AS TABLE pgalter.journal;
        CREATE TABLE kept.scripts AS TABLE pgalter.scripts"
    psql -Xq -d postgres -c "ALTER DATABASE applied RENAME TO template_applied"
}

teardown_file() {
    cluster_stop
    rm -rf "$input_home"
}

setup() { unset PGALTER_DIR; }

teardown() { cluster_log_on_failure; }

# walk GROUP: the classes of one group of the table.
walk() { "$PGA_TEST_SOURCE_DIR/tests/input/walk" "$1"; }

@test "names of files" { walk names; }
@test "what files hold" { walk files; }
@test "the directory" { walk directory; }
@test "directives" { walk directives; }
@test "statements" { walk statements; }
@test "targets" { walk targets; }
@test "plans" { walk plans; }
@test "journals" { walk journal; }
@test "servers" { walk server; }
@test "connection strings" { walk connection; }
@test "configuration" { walk configuration; }
@test "what is typed" { walk usage; }

# ---- what looks wrong and isn't ----

@test "other files in the directory are passed over" {
    local file before
    before=$(schema_of template_applied)
    cd "$BATS_TEST_TMPDIR"
    cp -R "$input_home/alterations" alterations
    for file in README.md .gitkeep .1.1.0-40-late.up.sql.swp 1.1.0-40-late.up.sql~ 1.1.0-40-late.up.sql.orig 1.1.0-40-late.up.sql.bak \
        1.1.0-40-late.up.sql.rej '#1.1.0-40-late.up.sql#' schema.yaml Makefile 1.1.0-40-late.txt; do
        echo "SELEC;" >"alterations/$file"
    done
    mkdir alterations/old alterations/notes.sql
    DATABASE_URL="dbname=template_applied" expect 0 pgalter deploy --strict
    contains "$out" "Found 0 alterations to deploy"
    same "$(schema_of template_applied)" "$before"
}

# ---- while a file is written to ----

@test "a file that somebody writes to is read as a whole or refused" {
    local i writer seen=''
    mkdir -p "$BATS_TEST_TMPDIR/alterations"
    cd "$BATS_TEST_TMPDIR"
    # shellcheck disable=SC2016 # it is Perl; all of the file says the same number
    writer='BEGIN { $| = 1; my $n = 0; open F, "+<", $ARGV[0]; while (1) { $n = ($n + 1) % 10; seek F, 0, 0; syswrite F, "-- $n$n$n$n$n$n$n\n" x 400000 } }'
    perl -e 'print "-- 0000000\n" x 400000' >alterations/1.1.0-40-late.up.sql
    perl -e "$writer" alterations/1.1.0-40-late.up.sql 3>&- &
    writer=$!
    for ((i = 0; i < 40 && ${#seen} < 5; i++)); do
        status=0
        timeout 30 "$input_home/pgalter" release 1.1.0 --dir alterations >out 2>&1 </dev/null || status=$?
        if [ $status = 64 ]; then
            contains "$(<out)" "changed while it was read"
            contains "$(<out)" "pgalter help file-unreadable"
            seen+=x
        else
            same $status 0
        fi
    done
    kill "$writer"
    wait "$writer" || true
    [ -n "$seen" ]
}

# ---- the table ----

@test "every id that a person can mend has a class, and every class a page" {
    local id ids classes missing=''
    ids=$(sed -n 's/^PGA_ERROR_ID([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$PGA_TEST_SOURCE_DIR/base/error_id.def")
    classes=$(sed -n 's/^id = //p' "$PGA_TEST_SOURCE_DIR/tests/input/classes" | sort -u)
    for id in $ids; do
        # These take a state of the server or another run; their own tests make it.
        case $id in
            pooler | server-version | read-only | locked | lock-timeout | lock-lost | connection-lost | deadline) continue ;;
            invalid-index | local-cluster | local-not-running | journal-moved) continue ;;
        esac
        grep -qx "$id" <<<"$classes" || missing+=" $id"
    done
    same "$missing" ""
    for id in $classes; do
        expect 0 pgalter help "$id"
        [[ $id =~ ^[0-9]+$ ]] || grep -qx "$id" <<<"$ids" || { echo "there is no error id $id"; return 1; }
    done
    [ "$(grep -c '^\[' "$PGA_TEST_SOURCE_DIR/tests/input/classes")" -ge 60 ]
    same "$(grep '^\[' "$PGA_TEST_SOURCE_DIR/tests/input/classes" | sort | uniq -d)" ""
    # Each group is walked.
    while IFS= read -r id; do
        grep -q "walk $id;" "$BATS_TEST_FILENAME" || { echo "nobody walks the group $id"; return 1; }
    done < <(sed -n 's/^\[\([a-z]*\)\/.*/\1/p' "$PGA_TEST_SOURCE_DIR/tests/input/classes" | sort -u)
}
