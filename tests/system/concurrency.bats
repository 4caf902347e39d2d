#!/usr/bin/env bats
# Two runners at once: every alteration applied exactly once, both exit codes right.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

rounds=${PGA_TEST_ROUNDS:-50}

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    local i
    for i in 1 2 3 4 5 6; do
        pair "1.0.0-$i-t$i" \
            "CREATE TABLE t$i (n int); INSERT INTO counter SELECT 't$i'; SELECT pg_sleep(0.002);" \
            "DROP TABLE t$i; DELETE FROM counter WHERE name = 't$i';"
    done
    # Outside a transaction only the claim in `unfinished` keeps two runs apart.
    script 1.0.0-3.5-outside.up.sql "-- pgalter:transaction none
INSERT INTO counter VALUES ('outside 1');
SELECT pg_sleep(0.003);
CREATE INDEX CONCURRENTLY outside ON counter (name);
INSERT INTO counter VALUES ('outside 2');"
    script 1.0.0-4.5-before.before-up.sql "INSERT INTO counter VALUES ('before 1'); CREATE INDEX CONCURRENTLY before ON counter (name);"
    script 1.0.0-4.5-before.up.sql "INSERT INTO counter VALUES ('before 2');"
    pair 1.0.0-0-counter "CREATE TABLE counter (name text);" "DROP TABLE counter;"
}

teardown() { cluster_log_on_failure; }

# both COMMAND ...: run it twice at once; their exit codes go to $a and $b.
both() {
    "$@" >"$BATS_TEST_TMPDIR/out.1" 2>"$BATS_TEST_TMPDIR/err.1" &
    local first=$!
    a=0 b=0
    "$@" >"$BATS_TEST_TMPDIR/out.2" 2>"$BATS_TEST_TMPDIR/err.2" || b=$?
    wait "$first" || a=$?
}

# once ROUND: whether the database is what one runner alone would have made.
once() {
    if [ "$a$b" = 00 ] &&
        [ "$(query "race$1" "SELECT count(*) || ' ' || count(DISTINCT id) FROM pgalter.history WHERE event = 'applied'")" = "9 9" ] &&
        [ "$(query "race$1" "SELECT count(*) || ' ' || count(DISTINCT name) FROM counter")" = "10 10" ] &&
        [ "$(grep -c '\] apply' "$BATS_TEST_TMPDIR/out.1" "$BATS_TEST_TMPDIR/out.2" | awk -F: '{ n += $2 } END { print n }')" = 9 ] &&
        pgalter history >/dev/null; then
        return 0
    fi
    echo "round $1: exit codes $a $b"
    cat "$BATS_TEST_TMPDIR"/out.? "$BATS_TEST_TMPDIR"/err.?
    return 1
}

@test "with the runner lock" {
    for ((i = 1; i <= rounds; i++)); do
        database_create "race$i"
        both pgalter deploy
        once "$i"
        query postgres "DROP DATABASE race$i"
    done
}

@test "without the runner lock: compare-and-append alone" {
    [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"
    local met=0
    for ((i = 1; i <= rounds; i++)); do
        database_create "race$i"
        PGA_FAULT=runner_lock:skip both pgalter deploy
        once "$i"
        if grep -q 'applied by another run' "$BATS_TEST_TMPDIR"/err.?; then met=$((met + 1)); fi
        query postgres "DROP DATABASE race$i"
    done
    # The test is worth something only if the two really met.
    [ "$met" -gt $((rounds / 2)) ]
}

@test "the loser of a short wait names the holder and exits 73" {
    database_create held
    pair 1.0.0-7-slow "SELECT pg_sleep(3);" ""
    begin deploy
    until_true held "$sleeping"
    expect 73 pgalter deploy --lock-wait 200ms
    contains "$errors" "another runner holds the lock"
    contains "$errors" "application \"pgalter/"
    contains "$errors" "run="
    contains "$errors" "It runs: apply 7-slow"
    finish 0
    expect 0 pgalter deploy --lock-wait 200ms
}
