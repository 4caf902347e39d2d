#!/usr/bin/env bats
# Waits: who blocks is named, tries end, a deadline is kept, and SIGUSR1 is answered.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start max_prepared_transactions=5; }
teardown_file() { cluster_stop; }

setup() {
    db=waits_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
    expect 0 pgalter deploy
    pair 1.0.0-200-b "ALTER TABLE a ADD COLUMN added int;" "ALTER TABLE a DROP COLUMN added;"
}

teardown() {
    [ -z "${session-}" ] || exec {session}>&-
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    cluster_log_on_failure
}

# idle SQL: another session that runs SQL in a transaction and then does nothing; its process id goes to $other.
idle() {
    mkfifo "$BATS_TEST_TMPDIR/session"
    PGAPPNAME='the "app"' psql -XAtq -v ON_ERROR_STOP=1 -d "$db" <"$BATS_TEST_TMPDIR/session" >"$BATS_TEST_TMPDIR/other" 3>&- &
    exec {session}>"$BATS_TEST_TMPDIR/session"
    printf '%s\n' "SELECT pg_backend_pid();" "BEGIN;" "$1" >&"$session"
    until_true "$db" "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database())"
    other=$(head -n 1 "$BATS_TEST_TMPDIR/other")
}

# A condition for until_true: something waits for a lock on table a.
waiting="SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass)"

# said_by_now TEXT: wait, at most ten seconds, until what was begun has said it on stderr.
said_by_now() {
    local i
    for ((i = 0; i < 200; i++)); do
        grep -qF -- "$1" "$BATS_TEST_TMPDIR/begun.err" && return 0
        sleep 0.05
    done
    printf 'never said: %s\n' "$1"
    cat "$BATS_TEST_TMPDIR/begun.err"
    return 1
}

# ready PROCESS: wait until it catches SIGUSR1, which ends whatever does not.
ready() {
    local i caught
    for ((i = 0; i < 200; i++)); do
        caught=$(sed -n 's/^SigCgt:\t*//p' "/proc/$1/status") || return 1
        (((16#$caught >> 9 & 1) == 1)) && [[ $(readlink "/proc/$1/exe") == *pgalter ]] && return 0
        sleep 0.05
    done
    return 1
}

# no_watch_left: no second session stays behind.
no_watch_left() {
    until_true "$db" "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database())"
}

@test "a session that is idle in a transaction is named while it blocks, with the statement that ends it" {
    idle "SELECT count(*) FROM a WHERE 'password=geheim' <> '';"
    begin deploy --lock-timeout 20s
    said_by_now "hint: What is idle may never end by itself. To end it, which rolls it back: SELECT pg_terminate_backend($other)"
    query "$db" "SELECT pg_terminate_backend($other)" >/dev/null
    finish 0
    contains "$errors" "info: 200-b waits for AccessExclusiveLock on \"a\"; in its way: process $other (application \"the \"app\"\", user \"postgres\", from local socket), idle in transaction, in its transaction since 20"
    contains "$errors" "it ran: SELECT count(*) FROM a WHERE 'password=****' <> '';"
    lacks "$errors" geheim
    no_watch_left
}

@test "when the tries are used up the error names who was in the way" {
    idle "SELECT * FROM a;"
    expect 74 pgalter deploy --lock-timeout 1s --retries 1 --json
    contains "$errors" "gave up after 2 tries: canceling statement due to lock timeout"
    contains "$errors" "detail: It last waited for AccessExclusiveLock on \"a\". In its way: process $other (application"
    contains "$errors" "trying again in"
    contains "$errors" "SELECT pg_terminate_backend($other)"
    contains "$out" "In its way: process $other"
    same "$(query "$db" "SELECT code FROM pgalter.attempts WHERE strpos(detail, 'In its way: process $other') > 0")" contention
    # The hint does what it says.
    query "$db" "$(grep -o "SELECT pg_terminate_backend([0-9]*)" <<<"$errors" | tail -n 1)" >/dev/null
    expect 0 pgalter deploy
}

@test "a session at work is named with what it runs, and its lock is had at last" {
    psql -Xq -d "$db" -c "BEGIN; LOCK TABLE a IN ACCESS SHARE MODE; SELECT pg_sleep(4)" >/dev/null 3>&- &
    until_true "$db" "$sleeping"
    expect 0 pgalter deploy --lock-timeout 1s --retries 50
    contains "$errors" "active, in its transaction since 20"
    contains "$errors" "it runs: BEGIN; LOCK TABLE a IN ACCESS SHARE MODE; SELECT pg_sleep(4)"
    contains "$errors" "rolled back, trying again in"
    lacks "$errors" "pg_terminate_backend"
}

@test "a prepared transaction, which no process holds, is named" {
    query "$db" "BEGIN; LOCK TABLE a IN ACCESS SHARE MODE; PREPARE TRANSACTION 'the ''gid'" >/dev/null
    expect 74 pgalter deploy --lock-timeout 1s --retries 0
    contains "$errors" "in its way: the prepared transaction \"the 'gid\" of user \"postgres\", since 20"
    contains "$errors" "hint: What is idle may never end by itself. To end it, which rolls it back: ROLLBACK PREPARED 'the ''gid'"
    query "$db" "ROLLBACK PREPARED 'the ''gid'" >/dev/null
    expect 0 pgalter deploy
}

@test "a statement outside a transaction is watched too" {
    pair 1.0.0-200-b "-- pgalter:transaction none
CREATE INDEX CONCURRENTLY i ON a (n);" "DROP INDEX i;"
    idle "INSERT INTO a VALUES (1);"
    begin deploy
    said_by_now "in its way: process $other"
    kill -USR1 "$pid"
    said_by_now 'deploy since'
    query "$db" "SELECT pg_terminate_backend($other)" >/dev/null
    finish 0
    contains "$errors" "200-b waits for "
    same "$(query "$db" "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")" t
}

@test "where no second session can be had, the run goes on without" {
    query postgres "CREATE ROLE lonely LOGIN CONNECTION LIMIT 1; GRANT postgres TO lonely" >/dev/null
    idle "SELECT * FROM a;"
    expect 74 pgalter deploy --db "user=lonely dbname=$db" --role postgres --lock-timeout 1s --retries 1
    contains "$errors" "gave up after 2 tries"
    lacks "$errors" "in its way"
    query postgres "DROP ROLE lonely" >/dev/null
}

@test "SIGUSR1 says in one event how far it is and who blocks, and ends nothing" {
    pair 1.0.0-150-first "SELECT 1;" ""
    idle "SELECT * FROM a;"
    begin deploy --lock-timeout 20s --log-format json --quiet
    until_true "$db" "$waiting"
    kill -USR1 "$pid"
    said_by_now '"deploy since'
    same "$(grep -c 'deploy since' "$BATS_TEST_TMPDIR/begun.err")" 1
    kill -USR1 "$pid"
    query "$db" "SELECT pg_terminate_backend($other)" >/dev/null
    finish 0
    contains "$errors" 'alteration \"200-b\" (2 of 2) for '
    grep -m 1 progress <<<"$errors" | perl -MJSON::PP -0777 -ne '$j = decode_json($_);
        print "$j->{event} $j->{index} $j->{blockers}[0]{pid} $j->{blockers}[0]{state}\n"' >"$BATS_TEST_TMPDIR/fields"
    same "$(<"$BATS_TEST_TMPDIR/fields")" "progress 2 $other idle in transaction"
    contains "$errors" '1.0.0-200-b.up.sql:1; it waits for AccessExclusiveLock on \"a\"; in its way: process '"$other"
}

@test "SIGUSR1 is answered before there is a connection, during a pause and while another runs" {
    begin deploy --wait 60s --db "host=$BATS_TEST_TMPDIR dbname=none"
    ready "$pid"
    kill -USR1 "$pid"
    said_by_now "not connected yet"
    kill -TERM "$pid"
    finish 143
    psql -Xq -d "$db" -c "BEGIN; LOCK TABLE a IN ACCESS SHARE MODE; SELECT pg_sleep(60)" >/dev/null 3>&- &
    until_true "$db" "$sleeping"
    begin deploy --lock-timeout 500ms --retries 1000
    said_by_now "trying again in"
    local i first=$pid
    for ((i = 0; i < 100; i++)); do
        kill -USR1 "$pid"
        sleep 0.05
        grep -q "begins in .* it last waited for AccessExclusiveLock" "$BATS_TEST_TMPDIR/begun.err" && break
    done
    [ "$i" -lt 100 ]
    "$PGALTER" deploy </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/second.err" 3>&- &
    local second=$!
    ready "$second"
    for ((i = 0; i < 100; i++)); do
        kill -USR1 "$second"
        sleep 0.05
        grep -q "waiting for the runner lock, which process [0-9]* holds" "$BATS_TEST_TMPDIR/second.err" && break
    done
    [ "$i" -lt 100 ]
    kill -TERM "$second"
    wait "$second" || [ $? = 143 ]
    kill -TERM "$first"
    pid=$first
    finish 143
    no_watch_left
}

@test "a hundred questions change nothing" {
    local n i
    for n in {300..340}; do table "1.0.0-$n-t$n" "t$n"; done
    begin deploy
    ready "$pid"
    for ((i = 0; i < 100; i++)); do kill -USR1 "$pid" 2>/dev/null || break; done
    finish 0
    contains "$out" "Deployed 42 alterations"
    same "$(query "$db" "SELECT count(*) FROM pgalter.journal")" 43
}

@test "a deadline stops between two alterations or in one, and the next run goes on there" {
    pair 1.0.0-200-b "SELECT pg_sleep(3);" ""
    pair 1.0.0-300-c "CREATE TABLE c ();
SELECT pg_sleep(3);" "DROP TABLE c;"
    local started=$SECONDS
    expect 78 pgalter deploy --deadline 5s --json
    [ $((SECONDS - started)) -le 6 ]
    same "$(query "$db" "SELECT string_agg(id, ' ' ORDER BY seq) FROM pgalter.journal")" "100-a 200-b"
    same "$(query "$db" "SELECT to_regclass('c') IS NULL")" t
    contains "$errors" "alteration \"300-c\": the deadline left no more time"
    contains "$errors" "help: pgalter help deadline"
    contains "$out" '"code": "deadline"'
    contains "$out" '"exit_status": 78'
    same "$(query "$db" "SELECT code FROM pgalter.attempts")" deadline
    expect 0 pgalter deploy --deadline 60s
    contains "$out" "Deployed 1 alteration"
}

@test "what took longer before than is left does not begin" {
    pair 1.0.0-200-b "SELECT pg_sleep(2);" ""
    table 1.0.0-300-c c
    expect 0 pgalter deploy
    expect 0 pgalter rollback 100 --yes --deadline 60s
    local started=$SECONDS
    expect 78 pgalter deploy --deadline 2s
    [ $((SECONDS - started)) -le 1 ]
    contains "$errors" "error: the deadline: alteration \"200-b\" took 2.0 s before, and only 1."
    expect 0 env PGALTER_DEADLINE=60s "$PGALTER" deploy
    printf 'deadline: 2s\n' >"$BATS_TEST_TMPDIR/pgalter.yaml"
    expect 0 pgalter rollback 100 --yes
    expect 78 pgalter deploy --config "$BATS_TEST_TMPDIR/pgalter.yaml" --dir "$PGALTER_DIR"
}

@test "a script of many short statements is stopped in time" {
    local i many=
    for ((i = 0; i < 40; i++)); do many+="SELECT pg_sleep(0.5);"$'\n'; done
    pair 1.0.0-200-b "CREATE TABLE b ();
$many" "DROP TABLE b;"
    local started=$SECONDS
    expect 78 pgalter deploy --deadline 2s
    [ $((SECONDS - started)) -le 4 ]
    same "$(query "$db" "SELECT to_regclass('b') IS NULL")" t
}

@test "waits for locks, for another runner and for the server end with the deadline" {
    idle "SELECT * FROM a;"
    local started=$SECONDS
    expect 78 pgalter deploy --deadline 3s --lock-timeout 1s --retries 100
    [ $((SECONDS - started)) -le 4 ]
    contains "$errors" "In its way: process $other"
    started=$SECONDS
    expect 78 pgalter deploy --deadline 2s --lock-timeout 1h
    [ $((SECONDS - started)) -le 3 ]
    contains "$errors" "In its way: process $other"
    begin deploy --lock-timeout 1h
    until_true "$db" "$waiting"
    started=$SECONDS
    expect 73 pgalter deploy --deadline 2s
    [ $((SECONDS - started)) -le 3 ]
    contains "$errors" "another runner holds the lock (waited 1."
    contains "$errors" "with a longer --deadline"
    kill -TERM "$pid"
    finish 143
    started=$SECONDS
    expect 69 pgalter deploy --deadline 2s --wait 60s --db "host=$BATS_TEST_TMPDIR dbname=none"
    [ $((SECONDS - started)) -le 4 ]
}

@test "a statement outside a transaction is stopped in time, and the next run clears away what it left" {
    pair 1.0.0-200-b "-- pgalter:transaction none
CREATE INDEX CONCURRENTLY i ON a (n);" "DROP INDEX i;"
    idle "INSERT INTO a VALUES (1);"
    local started=$SECONDS
    expect 78 pgalter deploy --deadline 2s
    [ $((SECONDS - started)) -le 4 ]
    contains "$errors" "alteration \"200-b\": the deadline left no more time"
    query "$db" "SELECT pg_terminate_backend($other)" >/dev/null
    expect 0 pgalter deploy --deadline 60s
    same "$(query "$db" "SELECT count(*) FILTER (WHERE NOT indisvalid) || ' ' || count(*) FROM pg_index WHERE indrelid = 'a'::regclass")" "0 1"
}
