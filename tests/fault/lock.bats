#!/usr/bin/env bats
# The runner that holds the lock is killed, frozen, robbed of its session or of its lock: the next one goes on, the old
# one notices before it does anything, and nothing is applied twice.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=lock_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
    table 1.0.0-200-b b
    table 1.0.0-300-c c
}

teardown() {
    [ -z "${frozen-}" ] || kill -KILL "$frozen" 2>/dev/null || true
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    cluster_log_on_failure
}

# once: every alteration applied exactly once, the tables there, the chain whole.
once() {
    same "$(query "$db" "SELECT count(*) || ' ' || count(DISTINCT id) FROM pgalter.history WHERE event = 'applied'")" "3 3"
    same "$(query "$db" "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'")" "a b c"
    expect 0 pgalter history
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations to deploy"
}

# freeze POINT: a deploy that stops itself there; its process id goes to $frozen.
freeze() {
    local i
    [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"
    PGA_FAULT=$1:stop:1 "$PGALTER" deploy --json </dev/null >"$BATS_TEST_TMPDIR/frozen.out" 2>"$BATS_TEST_TMPDIR/frozen.err" 3>&- &
    frozen=$!
    for ((i = 0; i < 400; i++)); do
        [ "$(sed 's/.*) //; s/ .*//' "/proc/$frozen/stat" 2>/dev/null)" = T ] && return
        sleep 0.05
    done
    echo "it did not stop"
    return 1
}

# thaw STATUS: let it go on to its end.
thaw() {
    local got=0
    kill -CONT "$frozen"
    wait "$frozen" || got=$?
    out=$(<"$BATS_TEST_TMPDIR/frozen.out")
    errors=$(<"$BATS_TEST_TMPDIR/frozen.err")
    ended "$1" "$got" "the frozen run"
}

json() { query postgres "SELECT \$json\$$out\$json\$::jsonb #>> '{$1}'"; }

@test "a holder that is killed gives the lock back soon" {
    # A server before 14 notices only at the end of the script, which is then committed.
    script 1.0.0-200-b.up.sql "CREATE TABLE b (n int); SELECT pg_sleep(4);"
    begin deploy
    until_true "$db" "$sleeping"
    kill -KILL "$pid"
    expect 0 pgalter deploy --lock-wait 30s
    wait "$pid" || [ $? = 137 ]
    once
}

@test "a frozen holder whose session the server ended wakes up to 75, and nothing is done twice" {
    freeze step_done
    query "$db" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database()" >/dev/null
    expect 0 pgalter deploy
    contains "$out" "Deployed 2 alterations"
    thaw 75
    same "$(json lost,id) $(json lost,outcome) $(json applied) $(json error,id)" "200-b overtaken 1 connection-lost"
    contains "$errors" "another one has done it meanwhile"
    once
}

@test "a frozen holder is ended with --steal-after, recorded and told; it wakes up to 75" {
    freeze step_done
    expect 73 pgalter deploy --json --lock-wait 1s
    same "$(json lock_wait,stolen) $(json error,id)" "false locked"
    contains "$(json lock_wait,holder,application)" "pgalter/"
    expect 0 pgalter deploy --json --lock-wait 30s --steal-after 1s
    same "$(json lock_wait,stolen) $(json applied)" "true 2"
    contains "$errors" "ended the idle session that held the runner lock: process "
    contains "$(query "$db" "SELECT message FROM pgalter.attempts ORDER BY n DESC LIMIT 1")" "held the runner lock and was idle for longer than 1.0 s; this run ended its session"
    thaw 75
    same "$(json lost,outcome) $(json applied)" "overtaken 1"
    once
}

@test "a run that froze behind its message has committed that step, and says so" {
    expect 0 pgalter deploy --steps 1
    freeze step_sent
    until_true "$db" "SELECT count(*) = 2 FROM pgalter.journal"
    expect 0 pgalter deploy --json --lock-wait 30s --steal-after 1s
    same "$(json applied)" 1
    thaw 75
    same "$(json applied) $(json steps,0,done) $(json steps,1,done)" "1 true false"
    once
}

@test "a holder at work is not robbed" {
    script 1.0.0-200-b.up.sql "CREATE TABLE b (n int); SELECT pg_sleep(6);"
    begin deploy
    until_true "$db" "$sleeping"
    expect 73 pgalter deploy --json --lock-wait 3s --steal-after 1s
    same "$(json lock_wait,stolen)" false
    finish 0
    once
}

@test "another session that holds the lock is none of pgalter's, and is not robbed" {
    expect 0 pgalter deploy --steps 1
    local key
    key=$(query "$db" "SELECT ((('x' || substr(encode(sha256('pgalter runner lock pgalter'), 'hex'), 1, 16))::bit(64) >> 1)::bigint)")
    psql -Xq -d "$db" -c "SELECT pg_advisory_lock($key)" -c "\\! sleep 4" >/dev/null 3>&- &
    until_true "$db" "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')"
    expect 73 pgalter deploy --lock-wait 2s --steal-after 1s
    wait
    expect 0 pgalter deploy
    once
}

@test "a frozen run whose script had dropped the lock notices that another one took over" {
    script 1.0.0-100-a.up.sql "CREATE TABLE a (n int); SELECT pg_advisory_unlock_all();"
    freeze step_done
    expect 0 pgalter deploy
    contains "$out" "Deployed 2 alterations"
    thaw 75
    same "$(json error,id) $(json applied)" "lock-lost 1"
    contains "$errors" "another run changed the journal while this one had lost the runner lock"
    once
}

@test "a script that drops the lock while another run waits for it" {
    script 1.0.0-100-a.up.sql "CREATE TABLE a (n int); SELECT pg_advisory_unlock_all(); SELECT pg_sleep(2);"
    begin deploy
    until_true "$db" "$sleeping"
    local got=0 first=0
    pgalter deploy --lock-wait 30s --lock-timeout 500ms >/dev/null 2>"$BATS_TEST_TMPDIR/second" || got=$?
    wait "$pid" || first=$?
    echo "exit codes $first and $got"
    [[ "$first $got" = "0 0" || "$first $got" = "75 0" || "$first $got" = "0 75" ]]
    once
}
