#!/usr/bin/env bats
# The connection is lost in the middle of a run: pgalter says for certain what committed, and the next run goes on from there.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/proxy.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=lost_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
}

teardown() {
    proxy_stop
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null || true
    cluster_log_on_failure
}

# A condition that ends the session of the run.
ended="SELECT bool_and(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database()"

# late_standby, no_standby: COMMIT waits for a standby that there is not; no longer.
late_standby() { query postgres "ALTER SYSTEM SET synchronous_standby_names = 'nobody'" >/dev/null && query postgres "SELECT pg_reload_conf()" >/dev/null; }
no_standby() { query postgres "ALTER SYSTEM RESET synchronous_standby_names" >/dev/null && query postgres "SELECT pg_reload_conf()" >/dev/null; }

# json PATH: a value of the document in $out, as PostgreSQL's #>> takes it; empty for null.
json() { query postgres "SELECT \$json\$$out\$json\$::jsonb #>> '{$1}'"; }

json_at() { PGHOST=$1 json "$2"; }

# standby_start DIR: a standby of the cluster in a new folder, from a copy of its files.
standby_start() {
    cluster_ctl "$CLUSTER_DIR" -m fast stop
    mkdir "$1"
    cp -a "$CLUSTER_DIR/data" "$1/data"
    if [ "$(id -u)" = 0 ]; then chown "$(cluster_user)" "$1"; fi
    echo "primary_conninfo = 'host=$CLUSTER_DIR port=$PGPORT user=postgres'" >>"$1/data/postgresql.auto.conf"
    : >"$1/data/standby.signal"
    cluster_again
    cluster_ctl "$1" -o "-k '$1' -p $PGPORT -c listen_addresses='' -c fsync=off -c max_connections=120" start
}

# truthful: whether the document in $out says of each step exactly what the journal says.
truthful() {
    [ -n "$(query "$db" "SELECT to_regclass('pgalter.journal')")" ] || { contains "0" "$(json applied)"; return; }
    same "$(query "$db" "SELECT string_agg(s ->> 'id', ' ') FROM jsonb_array_elements(\$json\$$out\$json\$::jsonb -> 'steps') s
        WHERE (s ->> 'done')::bool IS DISTINCT FROM EXISTS (SELECT FROM pgalter.journal j WHERE j.id = s ->> 'id')")" ""
    same "$(json applied)" "$(query "$db" "SELECT count(*) FROM pgalter.journal WHERE run = '$(json run)'")"
    case $(json lost,outcome) in
        committed) same "$(query "$db" "SELECT count(*) FROM pgalter.journal WHERE id = '$(json lost,id)' AND run = '$(json run)'")" 1 ;;
        rolled-back) same "$(query "$db" "SELECT count(*) FROM pgalter.journal WHERE id = '$(json lost,id)'")" 0 ;;
        "") ;;
        *) echo "outcome: $(json lost,outcome)"; return 1 ;;
    esac
}

# agree: a table for each journal row and a journal row for each table; one row of the history for each.
agree() {
    same "$(query "$1" "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'")" \
        "$(query "$1" "SELECT string_agg(slug, ' ' ORDER BY slug) FROM pgalter.journal")"
    same "$(query "$1" "SELECT count(*) = count(DISTINCT id) FROM pgalter.history WHERE event = 'applied'")" t
    expect 0 pgalter history
}

@test "ended in the middle of a script: rolled back, said so, recorded, and the next run does it" {
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(30);" "DROP TABLE b;"
    begin deploy --json
    until_true "$db" "$sleeping"
    query "$db" "$ended" >/dev/null
    finish 75
    contains "$errors" 'error: alteration "200-b": the connection to database '
    contains "$errors" "was lost; the step was not committed: it was rolled back (SQLSTATE 57P01)"
    contains "$errors" "finding out what was committed"
    same "$(json lost,id) $(json lost,outcome) $(json applied) $(json error,id)" "200-b rolled-back 1 connection-lost"
    truthful
    same "$(query "$db" "SELECT id || ' ' || code || ' ' || sqlstate FROM pgalter.attempts")" "200-b connection-lost 57P01"
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
    agree "$db"
}

@test "ended while COMMIT waits: committed, said so, and the rest is for the next run" {
    expect 0 pgalter deploy
    pair 1.0.0-200-b "CREATE TABLE b ();" "DROP TABLE b;"
    table 1.0.0-300-c c
    late_standby
    begin deploy --json
    until_true "$db" "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')"
    query "$db" "$ended" >/dev/null
    no_standby
    finish 75
    contains "$errors" "was lost; the step was committed"
    same "$(json lost,outcome) $(json applied)" "committed 1"
    truthful
    same "$(query "$db" "SELECT count(*) FROM pgalter.attempts")" 1
    expect 0 pgalter deploy --json
    same "$(json applied)" 1
    agree "$db"
}

@test "ended while the last COMMIT waits: all is done, which is success" {
    expect 0 pgalter deploy
    pair 1.0.0-200-b "CREATE TABLE b ();" "DROP TABLE b;"
    late_standby
    begin deploy
    until_true "$db" "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')"
    query "$db" "$ended" >/dev/null
    no_standby
    finish 0
    contains "$errors" "was lost"
    contains "$errors" "finding out what was committed"
    same "$(grep -c "apply  200-b" <<<"$out")" 1
    contains "$out" "Deployed 1 alteration in"
    same "$(query "$db" "SELECT count(*) FROM pgalter.attempts")" 0
    agree "$db"
}

@test "the server dies and is started again" {
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(30);" "DROP TABLE b;"
    begin deploy --json
    until_true "$db" "$sleeping"
    cluster_crash
    sleep 0.5
    cluster_again
    finish 75
    contains "$errors" "the step was not committed: it was rolled back"
    same "$(json lost,outcome) $(json applied)" "rolled-back 1"
    truthful
    same "$(query "$db" "SELECT count(*) FROM pgalter.attempts WHERE id = '200-b'")" 1
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
    agree "$db"
}

@test "a server that does not come back: said honestly, and settled by the next run" {
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(30);" "DROP TABLE b;"
    begin deploy --json --wait 1s
    until_true "$db" "$sleeping"
    cluster_crash
    finish 75
    contains "$errors" "whether the step was committed is not known yet"
    contains "$errors" "Afterwards: "
    contains "$errors" "Run the same command again once the server answers"
    cluster_again
    same "$(json lost,outcome) $(json error,code)" "unknown connection-lost"
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
    agree "$db"
}

@test "a rollback, and a script outside a transaction" {
    pair 1.0.0-200-b "CREATE TABLE b ();" "DROP TABLE b;
SELECT pg_sleep(30);"
    expect 0 pgalter deploy
    begin rollback zero --yes --json
    until_true "$db" "$sleeping"
    query "$db" "$ended" >/dev/null
    finish 75
    same "$(json lost,id) $(json lost,outcome) $(json reverted)" "200-b rolled-back 0"
    pair 1.0.0-300-c "-- pgalter:transaction none
CREATE TABLE c ();
SELECT pg_sleep(30);" ""
    begin deploy --json
    until_true "$db" "$sleeping"
    query "$db" "$ended" >/dev/null
    finish 75
    same "$(json lost,id) $(json lost,outcome)" "300-c unfinished"
    contains "$errors" "what is done of it is recorded"
    same "$(query "$db" "SELECT statement || ' ' || progress FROM pgalter.unfinished")" "1 next"
}

@test "a script that swallows the request to cancel is ended all the same, and what became of it is known" {
    pair 1.0.0-200-b "CREATE TABLE b ();
DO \$\$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END \$\$;" "DROP TABLE b;"
    begin deploy --json
    until_true "$db" "$sleeping"
    local started=$SECONDS
    kill -TERM "$pid"
    finish 143
    [ $((SECONDS - started)) -le 20 ]
    contains "$errors" 'alteration "200-b": stopped by SIGTERM; the step was not committed: it was rolled back'
    same "$(json lost,outcome) $(json applied)" "rolled-back 1"
    same "$(query "$db" "SELECT code FROM pgalter.attempts")" interrupted
    same "$(query "$db" "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database()")" 0
}

# cut SIDE COUNT HOW: deploy to a new database through a proxy that cuts behind the COUNTth message of that side; the exit
# status goes to $got, and $cut says whether it came to that.
cut() {
    query postgres "DROP DATABASE IF EXISTS $db WITH (FORCE)" >/dev/null 2>&1
    database_create "$db"
    proxy_start "$2" "$1" "$3"
    got=0
    out=$(pgalter deploy --json --db "$(proxy_reach "$db")" 2>"$BATS_TEST_TMPDIR/stderr") || got=$?
    errors=$(<"$BATS_TEST_TMPDIR/stderr")
    cut=$(proxy_said | grep -cx cut || true)
    proxy_stop
}

# cuts SIDE HOW FIRST STEP: cut behind the FIRSTth message and each STEPth one after it, until a deploy comes through.
cuts() {
    local at rounds=0 codes=""
    for ((at = $3; at < 500; at += $4)); do
        cut "$1" "$at" "$2"
        if [ "$cut" = 0 ]; then
            [ "$got" = 0 ]
            echo "$rounds cuts behind messages of the $1 ($2):$codes"
            [ "$rounds" -ge 2 ]
            return
        fi
        rounds=$((rounds + 1))
        codes+=" $got"
        case $got in
            0 | 75) truthful ;;
            69) same "$(query "$db" "SELECT to_regnamespace('pgalter') IS NULL")" t ;; # before there was a session
            *) printf 'cut %s %s: exit status %s\n%s\n%s\n' "$1" "$at" "$got" "$out" "$errors"; return 1 ;;
        esac || { printf 'cut %s %s, exit status %s\n%s\n%s\n' "$1" "$at" "$got" "$out" "$errors"; return 1; }
        expect 0 pgalter deploy
        agree "$db"
    done
    return 1
}

@test "cut behind the messages of the client, and of the server, which may or may not notice" {
    table 1.0.0-200-b b
    table 1.0.0-300-c c
    cuts client both 5 4
    cuts client client 4 4
    cuts server both 21 90
    cuts server client 60 90
}

@test "a standby is promoted in the middle of a script: the run settles there, and the next one goes on there" {
    local standby=$CLUSTER_DIR.b both
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(30);" "DROP TABLE b;"
    standby_start "$standby"
    both="host=$CLUSTER_DIR,$standby port=$PGPORT,$PGPORT dbname=$db"
    begin deploy --json --db "$both"
    until_true "$db" "$sleeping"
    until_true "$db" "SELECT pg_current_wal_lsn() <= (SELECT replay_lsn FROM pg_stat_replication)"
    cluster_crash
    sleep 0.5
    cluster_ctl "$standby" promote
    finish 75
    contains "$errors" "the step was not committed: it was rolled back"
    same "$(json_at "$standby" lost,outcome) $(json_at "$standby" applied)" "rolled-back 1"
    same "$(PGHOST=$standby query "$db" "SELECT id FROM pgalter.attempts")" 200-b
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy --db "$both"
    same "$(PGHOST=$standby query "$db" "SELECT string_agg(id, ' ' ORDER BY seq) FROM pgalter.journal")" "100-a 200-b"
    cluster_ctl "$standby" -m immediate stop
    rm -rf "$standby"
    cluster_again
}
