#!/usr/bin/env bats
# Through pgbouncer, while other clients use its sessions: what runs is as over a session of its own, and nothing stays behind.

# The hooks of tests/lib/fault.bash are called by it.
# shellcheck disable=SC2317

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/fault.bash
load ../lib/pooler.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    unset POOLER
    db=pooler_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
}

teardown() {
    cluster_log_on_failure
    rm -f "${neighbours:-/nowhere}/go"
    pooler_stop
}

# p COMMAND ...: through the pooler, in the only way that writes there.
p() { pgalter "$@" --db "$(pooled "$db")" --pooler transaction; }

# thirty: tables, with what goes wrong when somebody else's settings are in force.
thirty() {
    local n
    for ((n = 101; n <= 130; n++)); do
        pair "1.0.0-$n-t" "SET LOCAL work_mem = '1MB';
CREATE TEMP TABLE seen (n int) ON COMMIT DROP;
INSERT INTO seen VALUES ($n);
CREATE TABLE t$n AS SELECT n FROM seen;" "DROP TABLE t$n;"
    done
}

# agree: object and record, table by table; and no advisory lock of anybody's.
agree() {
    same "$(query "$db" "SELECT count(*) FROM (SELECT 't' || split_part(id, '-', 1) FROM pgalter.journal
            EXCEPT SELECT tablename FROM pg_tables WHERE schemaname = 'public') a")" 0 || return
    same "$(query "$db" "SELECT count(*) FROM (SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^t[0-9]'
            EXCEPT SELECT 't' || split_part(id, '-', 1) FROM pgalter.journal) a")" 0 || return
    until_true "$db" "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')"
}

applied() { query "$db" "SELECT count(*) FROM pgalter.journal"; }

# A client that leaves its things in the pool's only session.
plant() {
    through "$db" "SET lock_timeout = '7s'" "SET statement_timeout = '1min'" "SET search_path = elsewhere" "SET default_transaction_read_only = on" \
        "SET check_function_bodies = off" "SET DateStyle = 'German'" "SET ROLE pg_monitor" "PREPARE q AS SELECT 1" "LISTEN c" \
        "DECLARE held CURSOR WITH HOLD FOR SELECT 1" "SELECT pg_advisory_lock(42)" >/dev/null
}

# What it would find again.
planted() {
    through "$db" "SELECT pg_backend_pid(), current_user, string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings
            WHERE source = 'session' AND name IN ('lock_timeout', 'statement_timeout', 'search_path', 'default_transaction_read_only', 'check_function_bodies')" \
        "SELECT name FROM pg_prepared_statements" "SELECT name FROM pg_cursors" "SELECT pg_listening_channels()" \
        "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
}

refused_without_the_option() {
    local mode=$1 command
    pooler_start "$mode" 2
    table 1.0.0-101-t t101
    neighbours_start "$db" 1
    expect 64 pgalter deploy --db "$(pooled "$db")"
    contains "$errors" "goes through a pooler; nothing was changed"
    contains "$errors" "--pooler transaction"
    expect 64 pgalter mark 101-t --because x --db "$(pooled "$db")"
    same "$(query "$db" "SELECT to_regnamespace('pgalter')")" ""
    expect 0 p deploy
    for command in status list plan history "show 101-t"; do
        # shellcheck disable=SC2086 # a command and its argument
        expect 0 pgalter $command --db "$(pooled "$db")"
    done
    neighbours_fine
}

@test "without the option it is refused, pool mode transaction" { refused_without_the_option transaction; }
@test "without the option it is refused, pool mode session" { refused_without_the_option session; }

every_command() {
    pooler_start "$1" "$2"
    thirty
    neighbours_start "$db"
    expect 0 p deploy
    same "$(applied)" 30
    agree
    expect 0 p rollback --steps 7 --yes
    same "$(applied)" 23
    script 1.0.0-130-t.down.sql "DROP TABLE t130; -- mended"
    expect 0 p mark 124-t --because "a test says so"
    expect 0 p forget 124-t --because "a test says so"
    expect 0 p deploy
    script 1.0.0-129-t.down.sql "DROP TABLE IF EXISTS t129;"
    expect 0 p accept 129-t --because "a test says so"
    agree
    expect 0 p doctor
    contains "$out" "nothing is left in its sessions"
    expect 0 p rollback zero --yes
    same "$(applied)" 0
    agree
    neighbours_fine
}

@test "every command that writes, pool mode transaction" { every_command transaction 2; }
@test "every command that writes, pool mode session" { every_command session 5; }

@test "what others left in the session stays there, and reaches no script" {
    pooler_start transaction 1
    thirty
    pair 1.0.0-200-t200 "CREATE TABLE t200 AS SELECT current_user, current_setting('search_path') AS path, current_setting('lock_timeout') AS lock_timeout,
    current_setting('check_function_bodies') AS bodies;" "DROP TABLE t200;"
    plant
    planted >"$BATS_TEST_TMPDIR/before"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/before")" = 5 ] || { cat "$BATS_TEST_TMPDIR/before"; return 1; }
    contains "$(<"$BATS_TEST_TMPDIR/before")" "lock_timeout=7000"
    expect 0 p deploy
    planted | diff "$BATS_TEST_TMPDIR/before" -
    # shellcheck disable=SC2016 # it is the server's
    same "$(query "$db" "TABLE public.t200")" 'postgres|"$user", public|2s|on'
    expect 0 p rollback 110 --yes
    planted | diff "$BATS_TEST_TMPDIR/before" -
    # The same for what only reads, without the option, and for a run that fails.
    for command in status list plan history doctor; do
        pgalter $command --db "$(pooled "$db")" >/dev/null 2>&1 || [ "$command" = doctor ]
        planted | diff "$BATS_TEST_TMPDIR/before" - || { echo "$command"; return 1; }
    done
    script 1.0.0-120-t.up.sql "SELECT 1/0;"
    expect 65 p deploy
    planted | diff "$BATS_TEST_TMPDIR/before" -
    same "$(query "$db" "SELECT string_agg(id, ' ') FROM pgalter.attempts")" 120-t
    script 1.0.0-120-t.up.sql "INSERT INTO t101 SELECT 'x'::int FROM pg_sleep(0); SET LOCAL lock_timeout = 0;"
    expect 65 p deploy
    planted | diff "$BATS_TEST_TMPDIR/before" -
}

@test "temporary tables of another client stop it" {
    pooler_start transaction 1
    pair 1.0.0-101-t "CREATE TABLE t101 (n int); INSERT INTO orders VALUES (1);" "DROP TABLE t101;"
    query "$db" "CREATE TABLE orders (n int)"
    through "$db" "CREATE TEMP TABLE orders (n int)"
    expect 64 p deploy
    contains "$errors" "temporary tables of another client"
    same "$(query "$db" "SELECT count(*) FROM orders")" 0
    same "$(query "$db" "SELECT to_regclass('t101')")" ""
    through "$db" "DROP TABLE pg_temp.orders"
    expect 0 p deploy
    same "$(query "$db" "SELECT count(*) FROM orders")" 1
}

@test "what needs a session is refused by name, before the first change" {
    pooler_start transaction 2
    thirty
    pair 1.0.0-140-t "-- pgalter:transaction none
CREATE TABLE t140 (n int);" "DROP TABLE t140;"
    script 1.0.0-150-t.before-up.sql "SELECT 1;"
    table 1.0.0-150-t t150
    table 1.0.0-160-t t160
    script 1.0.0-160-t.up.sql "CREATE TABLE t160 (n int);
SET lock_timeout = '5s';"
    expect 64 p deploy
    contains "$errors" "3 alterations need"
    contains "$errors" "140-t: runs outside"
    contains "$errors" "150-t: has a script that runs before"
    contains "$errors" '160-t.up.sql:2: "SET lock_timeout" lasts'
    same "$(query "$db" "SELECT to_regnamespace('pgalter')")" ""
    # What a run over a session of its own has left half done, too.
    rm "$PGALTER_DIR"/*-1[56]0-*
    script 1.0.0-140-t.up.sql "-- pgalter:transaction none
CREATE TABLE t140 (n int);
VACUUM nothing_of_that_name;"
    expect 65 pgalter deploy
    script 1.0.0-140-t.up.sql "CREATE TABLE IF NOT EXISTS t140 (n int);"
    expect 64 p deploy
    contains "$errors" "140-t"
    same "$(query "$db" "SELECT count(*) FROM pgalter.unfinished")" 1
}

@test "acting as a role" {
    pooler_start transaction 2
    thirty
    query postgres "CREATE ROLE pooler_owner" >/dev/null
    query "$db" "GRANT CREATE ON DATABASE $db TO pooler_owner; GRANT CREATE ON SCHEMA public TO pooler_owner" >/dev/null
    neighbours_start "$db"
    expect 64 pgalter deploy --db "$(pooled "$db")" --role pooler_owner
    contains "$errors" "--pooler transaction"
    expect 0 p deploy --role pooler_owner
    same "$(query "$db" "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'pgalter')")" pooler_owner
    expect 0 p rollback 110 --yes --role pooler_owner
    agree
    neighbours_fine
}

@test "lock timeouts, a signal, and another runner in the way" {
    pooler_start transaction 3
    thirty
    neighbours_start "$db"
    expect 0 p deploy 110-t
    # A table that somebody has locked: 74, and the next run goes on.
    script 1.0.0-111-t.up.sql "LOCK TABLE t101; CREATE TABLE t111 (n int);"
    psql -Xq -d "$db" -c "BEGIN; LOCK TABLE t101; SELECT pg_sleep(60)" >/dev/null 2>&1 3>&- &
    locker=$!
    until_true "$db" "$sleeping"
    expect 74 p deploy --lock-timeout 50ms --retries 1
    kill "$locker"
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" >/dev/null
    # Stopped in the middle of a step.
    script 1.0.0-112-t.up.sql "CREATE TABLE t112 (n int); SELECT pg_sleep(60);"
    begin deploy --db "$(pooled "$db")" --pooler transaction
    until_true "$db" "$sleeping"
    kill -TERM "$pid"
    finish 143
    agree
    same "$(applied)" 11
    # Over a session of its own another run holds the lock: one waits for the other, in both directions.
    begin deploy
    until_true "$db" "$sleeping"
    expect 73 p deploy --lock-wait 300ms
    contains "$errors" "another runner holds the lock"
    contains "$errors" "apply 112-t"
    kill -TERM "$pid"
    finish 143
    begin deploy --db "$(pooled "$db")" --pooler transaction
    until_true "$db" "$sleeping"
    expect 73 pgalter deploy --lock-wait 300ms
    contains "$errors" "apply 112-t"
    kill -TERM "$pid"
    finish 143
    script 1.0.0-112-t.up.sql "CREATE TABLE t112 (n int);"
    expect 0 p deploy
    same "$(applied)" 30
    agree
    neighbours_fine
}

@test "many runners at once, some of them past the pooler" {
    local i status pids=()
    pooler_start transaction 4
    thirty
    neighbours_start "$db"
    for i in 1 2 3 4 5 6 7 8; do
        if [ "$i" -le 6 ]; then
            p deploy >"$BATS_TEST_TMPDIR/$i" 2>&1 3>&- &
        else
            pgalter deploy >"$BATS_TEST_TMPDIR/$i" 2>&1 3>&- &
        fi
        pids+=($!)
    done
    for i in "${!pids[@]}"; do
        status=0
        wait "${pids[i]}" || status=$?
        [ "$status" = 0 ] || { echo "runner $((i + 1)) exited with $status"; cat "$BATS_TEST_TMPDIR/$((i + 1))"; return 1; }
    done
    same "$(query "$db" "SELECT count(*), count(DISTINCT id) FROM pgalter.history WHERE event = 'applied'")" "30|30"
    agree
    neighbours_fine
}

@test "the lock only saves work: without it each is still applied once" {
    local i status pids=()
    [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"
    pooler_start transaction 4
    thirty
    neighbours_start "$db"
    for i in 1 2 3 4; do
        PGA_FAULT=runner_lock:skip p deploy >"$BATS_TEST_TMPDIR/$i" 2>&1 3>&- &
        pids+=($!)
    done
    for i in "${!pids[@]}"; do
        status=0
        wait "${pids[i]}" || status=$?
        [[ " 0 73 74 " == *" $status "* ]] || { echo "exited with $status"; cat "$BATS_TEST_TMPDIR/$((i + 1))"; return 1; }
    done
    expect 0 p deploy
    same "$(query "$db" "SELECT count(*), count(DISTINCT id) FROM pgalter.history WHERE event = 'applied'")" "30|30"
    agree
    neighbours_fine
}

# Before 14 a server process does not notice before its statement ends.
notices_death() { [ "$(query postgres "SELECT current_setting('server_version_num')::int / 10000")" -ge 14 ] || skip "the server can't notice"; }

@test "a run is killed in the middle of a long statement" {
    notices_death
    pooler_start transaction 2
    thirty
    script 1.0.0-115-t.up.sql "CREATE TABLE t115 (n int); SELECT pg_sleep(300);"
    neighbours_start "$db"
    begin deploy --db "$(pooled "$db")" --pooler transaction
    until_true "$db" "$sleeping"
    kill -9 "$pid"
    finish 137
    # Its server process ends by itself, or the next run would wait for five minutes.
    script 1.0.0-115-t.up.sql "CREATE TABLE t115 (n int);"
    expect 0 p deploy --lock-wait 60s
    same "$(applied)" 30
    agree
    neighbours_fine
}

@test "the pooler dies in the middle, and comes back" {
    notices_death
    pooler_start transaction 2
    thirty
    script 1.0.0-115-t.up.sql "CREATE TABLE t115 (n int); SELECT pg_sleep(300);"
    begin deploy --db "$(pooled "$db")" --pooler transaction
    until_true "$db" "$sleeping"
    pooler_stop
    finish 75
    agree
    same "$(applied)" 14
    as_cluster_user rm -f "$POOLER/pid" "$POOLER/.s.PGSQL.6432"
    pooler_run
    script 1.0.0-115-t.up.sql "CREATE TABLE t115 (n int);"
    neighbours_start "$db"
    expect 0 p deploy --lock-wait 60s
    same "$(applied)" 30
    agree
    neighbours_fine
}

@test "kill -9 at random moments" {
    dump_needed
    pooler_start transaction 2
    fault_alterations() {
        local n
        for ((n = 1001; n <= 1050; n++)); do
            case $((n % 10)) in
                0) script "1.0.0-$n-alteration.up.sql" "INSERT INTO rows VALUES ($n); CREATE INDEX o$n ON rows (n);" ;;
                5) script "1.0.0-$n-alteration.up.sql" "INSERT INTO rows VALUES ($n), (-$n); CREATE TABLE o$n (n int);" ;;
                7) script "1.0.0-$n-alteration.up.sql" "CREATE TABLE o$n (n int, word text);
COPY o$n FROM STDIN;
$(seq -f "%g	word" 300)
\\.
INSERT INTO rows VALUES ($n);" ;;
                *) script "1.0.0-$n-alteration.up.sql" "CREATE TABLE o$n (n int); INSERT INTO rows VALUES ($n); SELECT pg_sleep(0.005);" ;;
            esac
        done
    }
    reach() { pooled "$1"; }
    strike() { kill -9 "${pids[@]}" 2>/dev/null || true; }
    export PGALTER_POOLER=transaction
    fault_prepare 1
    neighbours_start trial_1
    fault_rounds pooler 1 "0 137"
    neighbours_fine
}
