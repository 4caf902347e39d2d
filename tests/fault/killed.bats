#!/usr/bin/env bats
# Killed at every fault point, and run again: the database is what an undisturbed run makes of it, each step applied once.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
    script 1.0.0-200-b.before-up.sql "INSERT INTO a VALUES (1);"
    table 1.0.0-200-b b
    pair 1.0.0-300-c "-- pgalter:transaction none
-- pgalter:done-when SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('i') AND indisvalid)
INSERT INTO a VALUES (2);
CREATE INDEX CONCURRENTLY i ON a (n);" "-- pgalter:transaction none
-- pgalter:done-when SELECT to_regclass('i') IS NULL
DROP INDEX CONCURRENTLY i;"
    pair 1.1.0-400-d "INSERT INTO a VALUES (3); CREATE TABLE d (n int);" "DELETE FROM a WHERE n = 3; DROP TABLE d;"
    table 1.1.0-500-e e
}

teardown() { cluster_log_on_failure; }

# state DATABASE: schema, rows, and what the journal says.
state() {
    schema_of "$1"
    query "$1" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a"
    query "$1" "SELECT string_agg(id, ' ' ORDER BY seq) FROM pgalter.journal"
    query "$1" "SELECT string_agg(event || ' ' || id, ', ' ORDER BY seq) FROM pgalter.history WHERE seq > 0"
    query "$1" "SELECT count(*) FROM pgalter.unfinished"
}

# killed_at POINT HIT COMMAND ...: run it so that it kills itself; fails when it did not come that far.
killed_at() {
    local point=$1 hit=$2 status=0
    shift 2
    PGA_FAULT=$point:kill:$hit "$PGALTER" "$@" >/dev/null 2>&1 </dev/null || status=$?
    [ "$status" = 137 ]
}

@test "at every point of a deploy and of the rollback after it" {
    local point hit runs=0
    database_create clean
    expect 0 pgalter deploy
    state clean >"$BATS_TEST_TMPDIR/up"
    expect 0 pgalter rollback 100 --yes
    state clean >"$BATS_TEST_TMPDIR/down"
    for point in $(pgalter version --faults); do
        [ "$point" != runner_lock ] || continue # a point to skip, not to die at
        for hit in 1 2 3 4 5; do
            database_create "at_${point}_$hit"
            killed_at "$point" "$hit" deploy || break
            runs=$((runs + 1))
            expect 0 pgalter deploy
            state "at_${point}_$hit" | diff "$BATS_TEST_TMPDIR/up" - || { echo "deploy killed at $point, hit $hit"; return 1; }
            if killed_at "$point" "$hit" rollback 100 --yes; then
                runs=$((runs + 1))
                expect 0 pgalter rollback 100 --yes
            fi
            state "at_${point}_$hit" | diff "$BATS_TEST_TMPDIR/down" - || { echo "rollback killed at $point, hit $hit"; return 1; }
            query postgres "DROP DATABASE at_${point}_$hit" >/dev/null
        done
    done
    echo "$runs deaths"
    [ "$runs" -ge 16 ]
}
