#!/usr/bin/env bats
# Killed at every fault point, as often as a run comes to it, and run again: the database is what an undisturbed run makes of
# it, and each step was applied once.

# The hooks of tests/lib/fault.bash are called by it.
# shellcheck disable=SC2317

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/fault.bash

setup_file() {
    cluster_start
    database_create trial
}
teardown_file() { cluster_stop; }

setup() {
    [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"
    dump_needed
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    deaths=$BATS_FILE_TMPDIR/deaths # a line for each: where
}

teardown() { cluster_log_on_failure; }

# Points that no run of the program comes to.  The first is not one to die at, and until the journal has a second format it is
# tests/contract/journal_upgrade.c that dies at the second.
elsewhere='runner_lock journal_upgraded'

# points: the names in the table.
points() {
    local point
    for point in $(pgalter version --faults); do
        [[ " $elsewhere " == *" $point "* ]] || echo "$point"
    done
}

# killed_at POINT HIT COMMAND ...: run it so that it kills itself; fails when it did not come that far.
killed_at() {
    local point=$1 hit=$2 status=0
    shift 2
    PGA_FAULT=$point:kill:$hit "$PGALTER" "$@" >/dev/null 2>&1 </dev/null || status=$?
    [ "$status" = 137 ] || return 1
    echo "$point" >>"$deaths"
}

# state: the schema, the rows, and what the journal says.
state() {
    fault_dump trial
    query trial "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a;
        SELECT string_agg(id || ' ' || version, ', ' ORDER BY seq) FROM pgalter.journal;
        SELECT string_agg(event || ' ' || id, ', ' ORDER BY seq) FROM pgalter.history WHERE seq > 0;
        SELECT count(*) FROM pgalter.unfinished; $fault_remains"
}

# is_like WANTED WHAT: whether the state is the one in a file.
is_like() { state | diff "$1" - || { echo "after the death of: $2"; return 1; }; }

@test "at every point of a deploy, and of the rollback after it" {
    local point hit more
    pair 1.0.0-100-a "CREATE TABLE a (n int);
COPY a FROM STDIN;
1
2
\\.
ALTER ROLE CURRENT_USER IN DATABASE trial SET work_mem = '5MB';" "DROP TABLE a;"
    script 1.0.0-200-b.before-up.sql "INSERT INTO a VALUES (3);"
    table 1.0.0-200-b b
    pair 1.1.0-300-c "-- pgalter:transaction none
INSERT INTO a VALUES (4);
CREATE INDEX CONCURRENTLY i ON a (n);" "-- pgalter:transaction none
DROP INDEX CONCURRENTLY i;
DELETE FROM a WHERE n = 4;
ALTER ROLE CURRENT_USER IN DATABASE trial RESET work_mem;"
    fault_clear trial
    expect 0 pgalter deploy
    state >"$BATS_TEST_TMPDIR/up"
    expect 0 pgalter rollback 100 --yes
    state >"$BATS_TEST_TMPDIR/down"
    for point in $(points); do
        more=true
        for ((hit = 1; ; hit++)); do
            fault_clear trial
            killed_at "$point" "$hit" deploy || more=false
            expect 0 pgalter deploy
            is_like "$BATS_TEST_TMPDIR/up" "deploy at $point, hit $hit"
            if killed_at "$point" "$hit" rollback 100 --yes; then more=true; fi
            $more || break
            expect 0 pgalter rollback 100 --yes
            is_like "$BATS_TEST_TMPDIR/down" "rollback at $point, hit $hit"
        done
    done
}

# dies COMMAND ...: for each point in $at and each hit, a database as `prepare` leaves it, in which the command dies there; then
# `finish` must succeed.
dies() {
    local point hit
    for point in $at; do
        for ((hit = 1; ; hit++)); do
            fault_clear trial
            prepare >/dev/null 2>&1
            killed_at "$point" "$hit" "$@" || break
            finish || { echo "after the death at $point, hit $hit, of: $*"; return 1; }
        done
        [ "$hit" -gt 1 ] || { echo "never came to $point: $*"; return 1; }
    done
}

@test "of a deploy that fails" {
    # Without the table nothing could be noted by which to see later what became of the statement.
    script 1-a.up.sql "-- pgalter:transaction none
-- pgalter:done-when SELECT to_regclass('i') IS NOT NULL
CREATE INDEX CONCURRENTLY i ON a (n);"
    prepare() { :; }
    finish() {
        query trial "CREATE TABLE a (n int)" >/dev/null
        expect 0 pgalter deploy && same "$(query trial "SELECT count(*) FROM pgalter.unfinished; $fault_remains")" "0
advisory locks: 0
indexes that are not valid: 0"
    }
    at='step_sent claim_dropped attempt_unrecorded attempt_recorded lock_released' dies deploy
}

@test "of a deploy that tries a step again" {
    # A sequence stays where it is when a transaction is rolled back.
    script 1-tries.up.sql "CREATE SEQUENCE tries; CREATE TABLE a (n int);"
    script 2-a.up.sql "INSERT INTO a VALUES (1);
DO \$\$ BEGIN IF nextval('tries') = 1 THEN RAISE EXCEPTION USING ERRCODE = '55P03'; END IF; END \$\$;"
    prepare() { :; }
    finish() { expect 0 pgalter deploy && same "$(query trial "SELECT string_agg(n::text, ' ') FROM a")" 1; }
    at=step_retried dies deploy
}

@test "of a deploy that waits for another one" {
    local holder
    fault_clear trial
    table 1-a a
    PGA_FAULT=lock_taken:stop begin deploy
    holder=$pid
    until_true postgres "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')"
    killed_at lock_waited 1 deploy
    killed_at lock_waited 3 deploy
    begin deploy
    kill -CONT "$holder"
    finish 0
    wait "$holder"
    same "$(query trial "SELECT string_agg(id, ' ') FROM pgalter.journal; $fault_remains")" "1-a
advisory locks: 0
indexes that are not valid: 0"
}

@test "of a deploy that takes the lock from an idle one" {
    local holder ended=0
    fault_clear trial
    table 1-a a
    PGA_FAULT=lock_taken:stop begin deploy
    holder=$pid
    until_true postgres "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')"
    killed_at lock_stolen 1 deploy --steal-after 1s
    expect 0 pgalter deploy
    kill -CONT "$holder"
    wait "$holder" || ended=$?
    [ "$ended" = 75 ]
    same "$(query trial "SELECT string_agg(id, ' ') FROM pgalter.journal; $fault_remains")" "1-a
advisory locks: 0
indexes that are not valid: 0"
}

@test "of a deploy whose session is lost" {
    prepare() { script 1-a.up.sql "CREATE TABLE a (n int); SELECT pg_terminate_backend(pg_backend_pid());"; }
    finish() {
        script 1-a.up.sql "CREATE TABLE a (n int);"
        expect 0 pgalter deploy && same "$(query trial "SELECT count(*) FROM pgalter.journal; $fault_remains")" "1
advisory locks: 0
indexes that are not valid: 0"
    }
    at='session_lost connecting connected session_settled attempt_unrecorded attempt_recorded' dies deploy
}

# recorded WANTED COMMAND ...: a record dies at each of its points; whoever tries again hears at most that it is done already,
# and the history says it once.
recorded() {
    local wanted=$1
    shift
    again=("$@")
    finish() {
        pgalter "${again[@]}" || [ $? = 64 ] || return 1
        same "$(query trial "SELECT string_agg(event || ' ' || id || ' ' || version, ', ' ORDER BY seq)
            FROM pgalter.history WHERE seq > 0; $fault_remains")" "$wanted
advisory locks: 0
indexes that are not valid: 0"
    }
    at='step_unsent step_sent step_answered step_committed change_recorded lock_released run_reported' dies "$@"
}

@test "of mark, accept and forget, and of a deploy that renames" {
    table 1.0.0-1-a a
    prepare() { :; }
    recorded "marked 1-a 1.0.0" mark 1-a --because "it is there"
    prepare() { table 1.0.0-1-a a; pgalter deploy; script 1.0.0-1-a.down.sql "DROP TABLE a CASCADE;"; }
    recorded "applied 1-a 1.0.0, accepted 1-a 1.0.0" accept 1-a --because "it was wrong"
    prepare() { table 1.0.0-1-a a; pgalter deploy; }
    recorded "applied 1-a 1.0.0, forgotten 1-a 1.0.0" forget 1-a --because "it is not there"
    prepare() {
        rm -r "$PGALTER_DIR"
        table next-1-a a
        pgalter deploy next
        rm -r "$PGALTER_DIR"
        table 2.0.0-1-a a
    }
    recorded "applied 1-a next, renamed 1-a 2.0.0" deploy
}

@test "no point of the table was left out" {
    same "$(points | sort)" "$(sort -u "$deaths")"
    [ -z "${PGA_FAULT_REPORT-}" ] || echo "points $(wc -l <"$deaths") 0 0" >>"$PGA_FAULT_REPORT"
}
