#!/usr/bin/env bats
# Locks of others, lost connections and signals: what a run waits for, tries again and gives up.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start deadlock_timeout=200ms; }
teardown_file() { cluster_stop; }

setup() {
    db=locks_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
    expect 0 pgalter deploy
}

teardown() {
    # Nobody may be left who holds something.
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    cluster_log_on_failure
}

# hold SECONDS SQL: run SQL in a transaction that another session keeps open for so long; its process id goes to $other.
hold() {
    psql -Xq -v ON_ERROR_STOP=1 -d "$db" -c "BEGIN; $2; SELECT pg_sleep($1); COMMIT" >/dev/null 2>&1 3>&- &
    other=$!
    until_true "$db" "$sleeping"
}

# alter STEM: a script that needs its table's strongest lock.
alter() { pair "$1" "${2-}SELECT 1;
ALTER TABLE a ADD COLUMN added int;" "ALTER TABLE a DROP COLUMN added;"; }

is_added() { query "$db" "SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'added'"; }

# count TEXT PART: how often.
count() { grep -oF -- "$2" <<<"$1" | wc -l; }

# nothing_held: the run left neither locks nor sessions.
nothing_held() {
    until_true "$db" "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database())
        AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
}

@test "a step that meets a lock is rolled back and tried again, until the lock is free" {
    alter 1.0.0-200-b
    hold 2 "LOCK TABLE a IN ACCESS SHARE MODE"
    expect 0 pgalter deploy --lock-timeout 200ms
    contains "$errors" "warning: 200-b: canceling statement due to lock timeout; rolled back, trying again in"
    [ "$(count "$errors" "trying again")" -ge 2 ]
    contains "$out" "[1/1] apply  200-b"
    same "$(is_added)" 1
    same "$(query "$db" "SELECT count(*) FROM pgalter.history WHERE id = '200-b'")" 1
    same "$(query "$db" "SELECT count(*) FROM pgalter.attempts")" 0
}

@test "between two tries the application's queries pass" {
    alter 1.0.0-200-b
    hold 3 "LOCK TABLE a IN ACCESS SHARE MODE"
    begin deploy --lock-timeout 200ms
    local i longest=0 started took
    for ((i = 0; i < 20; i++)); do
        started=$(date +%s%N)
        query "$db" "SELECT count(*) FROM a" >/dev/null
        took=$((($(date +%s%N) - started) / 1000000))
        [ "$took" -le "$longest" ] || longest=$took
        sleep 0.05
    done
    finish 0
    # Without timeout and retries a reader would have waited for the whole three seconds.
    [ "$longest" -lt 1500 ]
}

@test "a budget that is used up ends with 74 and nothing applied" {
    alter 1.0.0-200-b
    table 1.0.0-300-c c
    hold 30 "LOCK TABLE a IN ACCESS SHARE MODE"
    expect 74 pgalter deploy --lock-timeout 100ms --retries 2
    same "$(count "$errors" "trying again")" 2
    contains "$errors" "1.0.0-200-b.up.sql:2: alteration \"200-b\": gave up after 3 tries: canceling statement due to lock timeout (SQLSTATE 55P03)"
    contains "$errors" "line: ALTER TABLE a ADD COLUMN added int;"
    contains "$errors" "--retries"
    same "$(query "$db" "SELECT max(seq) FROM pgalter.history")" 1
    same "$(query "$db" "SELECT code || ' ' || sqlstate FROM pgalter.attempts")" "contention 55P03"
    same "$(query "$db" "SELECT to_regclass('c') IS NULL")" t
    nothing_held
    expect 74 env PGALTER_RETRIES=0 PGALTER_LOCK_TIMEOUT=100ms "$PGALTER" deploy
    same "$(count "$errors" "trying again")" 0
}

@test "a script's own lock_timeout and retries count for it" {
    alter 1.0.0-200-b "-- pgalter:lock_timeout 100ms
-- pgalter:retries 1
"
    hold 30 "LOCK TABLE a IN ACCESS SHARE MODE"
    local started=$SECONDS
    expect 74 pgalter deploy --lock-timeout 1h
    contains "$errors" "gave up after 2 tries"
    [ $((SECONDS - started)) -lt 10 ]
    # A lock timeout that never comes is refused, wherever it is asked for.
    expect 64 pgalter deploy --lock-timeout 0
    contains "$errors" "a lock timeout of 0 would wait for ever"
    expect 64 env PGALTER_LOCK_TIMEOUT=2 "$PGALTER" deploy
    contains "$errors" "the environment variable PGALTER_LOCK_TIMEOUT is \"2\""
}

@test "statement_timeout is an error of the script, not tried again" {
    pair 1.0.0-200-b "-- pgalter:statement_timeout 100ms
SELECT pg_sleep(30);" ""
    expect 65 pgalter deploy
    contains "$errors" "canceling statement due to statement timeout (SQLSTATE 57014)"
    script 1.0.0-200-b.up.sql "SELECT pg_sleep(30);"
    expect 65 pgalter deploy --statement-timeout 100ms
    lacks "$errors" "trying again"
}

@test "the victim of a deadlock is tried again" {
    query "$db" "CREATE TABLE x (n int)" >/dev/null
    # The script takes a, then x; the other session x, then a, and doesn't look for deadlocks.
    pair 1.0.0-200-b "SET LOCAL deadlock_timeout = '1500ms';
LOCK TABLE a;
SELECT pg_sleep(0.5);
LOCK TABLE x;
CREATE TABLE b ();" "DROP TABLE b;"
    psql -Xq -v ON_ERROR_STOP=1 -d "$db" -c "BEGIN; SET LOCAL deadlock_timeout = '1min'; LOCK TABLE x; SELECT pg_sleep(1); LOCK TABLE a; COMMIT" >/dev/null 3>&- &
    other=$!
    until_true "$db" "$sleeping"
    expect 0 pgalter deploy --lock-timeout 20s
    wait "$other"
    contains "$errors" "warning: 200-b: deadlock detected; rolled back, trying again in"
    same "$(query "$db" "SELECT count(*) FROM pgalter.history WHERE id = '200-b'")" 1
}

@test "a serialization failure under a wrapper's isolation level is tried again" {
    query "$db" "INSERT INTO a VALUES (1); CREATE TABLE tries (n int)" >/dev/null
    pair 1.0.0-200-b "BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM a;
SELECT pg_sleep(1);
UPDATE a SET n = n + 10;
COMMIT;" ""
    begin deploy
    until_true "$db" "$sleeping"
    query "$db" "UPDATE a SET n = n + 1" >/dev/null
    finish 0
    contains "$errors" "warning: 200-b: could not serialize access due to concurrent update; rolled back, trying again in"
    same "$(query "$db" "SELECT n FROM a")" 12
}

@test "another session's uncommitted row of the history is waited for" {
    table 1.0.0-200-b b
    hold 30 "INSERT INTO pgalter.history SELECT 2, prev, hash, event, id, version, phase, directives, up, down, before_up, before_down,
        state, run, who, engine, because, at FROM pgalter.history WHERE seq = 1"
    # It goes away without a trace while the run waits.
    (sleep 1.5; query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db' AND wait_event = 'PgSleep'" >/dev/null) 3>&- &
    expect 0 pgalter deploy --lock-timeout 300ms --retries 0
    same "$(query "$db" "SELECT string_agg(event, ' ' ORDER BY seq) FROM pgalter.history")" "created applied applied"
    same "$(query "$db" "SELECT count(*) FROM pgalter.attempts")" 0
}

@test "another session that keeps the next row is 73, and nothing was done" {
    table 1.0.0-200-b b
    hold 30 "INSERT INTO pgalter.history SELECT 2, prev, hash, event, id, version, phase, directives, up, down, before_up, before_down,
        state, run, who, engine, because, at FROM pgalter.history WHERE seq = 1"
    expect 73 pgalter deploy --lock-timeout 200ms --lock-wait 1s
    contains "$errors" "another session keeps the journal's next row to itself"
    contains "$errors" "pg_prepared_xacts"
    same "$(query "$db" "SELECT to_regclass('b') IS NULL")" t
    nothing_held
}

@test "a backend that is ended in the middle of a script is 75, with nothing applied" {
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(30);" "DROP TABLE b;"
    begin deploy
    until_true "$db" "$sleeping"
    query "$db" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database()" >/dev/null
    finish 75
    same "$(query "$db" "SELECT max(seq) FROM pgalter.history")" 1
    same "$(query "$db" "SELECT to_regclass('b') IS NULL")" t
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
}

@test "a signal cancels the statement, rolls back and ends within seconds" {
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(60);" "DROP TABLE b;"
    table 1.0.0-300-c c
    local signal started
    for signal in INT:130 TERM:143; do
        begin deploy
        until_true "$db" "$sleeping"
        started=$SECONDS
        kill "-${signal%:*}" "$pid"
        finish "${signal#*:}"
        [ $((SECONDS - started)) -le 3 ]
        contains "$errors" "alteration \"200-b\": stopped by SIG${signal%:*}"
        same "$(query "$db" "SELECT max(seq) FROM pgalter.history")" 1
        same "$(query "$db" "SELECT to_regclass('b') IS NULL AND to_regclass('c') IS NULL")" t
        nothing_held
    done
    same "$(query "$db" "SELECT string_agg(code, ' ') FROM pgalter.attempts")" "interrupted interrupted"
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
    contains "$out" "Deployed 2 alterations"
}

@test "a signal ends a wait for the runner lock, for a retry and for the next row" {
    alter 1.0.0-200-b
    hold 30 "LOCK TABLE a IN ACCESS SHARE MODE"
    begin deploy --lock-timeout 1h --quiet # its log is that of the next one, too
    until_true "$db" "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass)"
    local first=$pid
    begin deploy
    sleep 0.5
    kill -TERM "$pid"
    finish 143
    contains "$errors" "another runner holds the lock, waiting"
    kill -INT "$first"
    wait "$first" || [ $? = 130 ]
    begin deploy --lock-timeout 50ms --retries 1000
    sleep 1
    kill -TERM "$pid"
    finish 143
    contains "$errors" "trying again"
    same "$(is_added)" 0
    nothing_held
}

@test "a signal in the middle of statements outside a transaction leaves the record of what is done" {
    pair 1.0.0-200-b "-- pgalter:transaction none
INSERT INTO a VALUES (1);
SELECT pg_sleep(60);
INSERT INTO a VALUES (2);" ""
    begin deploy
    until_true "$db" "$sleeping"
    kill -TERM "$pid"
    finish 143
    same "$(query "$db" "SELECT statement || ' ' || progress FROM pgalter.unfinished")" "1 next"
    nothing_held
    query "$db" "CREATE FUNCTION public.pg_sleep(int) RETURNS void LANGUAGE sql AS ''; ALTER DATABASE $db SET search_path = public, pg_catalog" >/dev/null
    expect 0 pgalter deploy
    contains "$errors" "200-b was interrupted before; going on where it stopped"
    same "$(query "$db" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a")" "1 2"
}

@test "a second signal closes the connection at once" {
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(8);" "DROP TABLE b;"
    begin deploy
    until_true "$db" "$sleeping"
    local started=$SECONDS
    kill -TERM "$pid"
    kill -TERM "$pid" 2>/dev/null || true
    finish 143
    [ $((SECONDS - started)) -le 3 ]
    # A server before 14 notices only at the statement's end.
    until_true "$db" "SELECT to_regclass('b') IS NULL"
    nothing_held
}

@test "kill -9 in the middle of a script needs no clean-up" {
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(2);" "DROP TABLE b;"
    begin deploy
    until_true "$db" "$sleeping"
    kill -KILL "$pid"
    finish 137
    # The next run waits until the server has noticed, whether it committed or not.
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT string_agg(event, ' ' ORDER BY seq) FROM pgalter.history")" "created applied applied"
    same "$(query "$db" "SELECT to_regclass('b') IS NOT NULL")" t
}
