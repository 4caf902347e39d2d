#!/usr/bin/env bats
# Statements outside a transaction that die in their middle: the next run sees what they left, and goes on by itself.
#
# Another session's transaction holds the statement up at a place that is known, and there the client is killed, or the
# server stops at once.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/hold.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=resume_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    pair 1.0.0-100-a "CREATE TABLE a (n int); INSERT INTO a SELECT generate_series(1, 10);" "DROP TABLE a;"
    expect 0 pgalter deploy
    writing="BEGIN; INSERT INTO a VALUES (11)"
    reading="BEGIN; SELECT count(*) FROM a"
}

teardown() {
    exec 9>&- || true
    cluster_log_on_failure
}

# outside STEM UP DOWN: a pair whose scripts run statement by statement.
outside() { pair "$1" "-- pgalter:transaction none
$2" "-- pgalter:transaction none
$3"; }

# record: what `unfinished` says.
record() { query "$db" "SELECT coalesce(string_agg(id || ' ' || direction || ' ' || statement || ' ' || progress, ', '), '') FROM pgalter.unfinished"; }

# indexes: those of the table a, with a ! behind those that are INVALID.
indexes() {
    query "$db" "SELECT coalesce(string_agg(indexrelid::regclass::text || CASE WHEN indisvalid THEN '' ELSE '!' END, ' ' ORDER BY indexrelid::regclass::text), '')
        FROM pg_index WHERE indrelid = 'a'::regclass"
}

# at_work SQL: the process of a run that waits in a statement with this text, once it does.
at_work() {
    until_true "$db" "SELECT count(*) = 1 FROM pg_stat_activity
        WHERE application_name LIKE 'pgalter/%' AND query ILIKE '%$1%' AND state = 'active' AND wait_event_type = 'Lock'"
}

# told TEXT [FILE]: what was begun has written this to stderr.
told() {
    local i file=${2-$BATS_TEST_TMPDIR/begun.err}
    for ((i = 0; i < 400; i++)); do
        ! grep -qF "$1" "$file" || return 0
        sleep 0.05
    done
    echo "never said: $1"
    return 1
}

# dies HOW: the run that was begun ends in its middle: its client is killed, its backend terminated, the server stopped.
dies() {
    case $1 in
    client) kill -9 "$pid" && finish 137 ;;
    backend)
        query "$db" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgalter/%' AND state = 'active'" >/dev/null
        finish 75
        ;;
    server)
        as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/data" -m immediate -w -t 60 -l "$CLUSTER_DIR/log" restart >/dev/null 3>&- 9>&-
        finish 75
        ;;
    esac
}

# interrupted HOW SQL TEXT COMMAND ...: hold the command up with a transaction, in a statement with this text, and let it die there.
interrupted() {
    local how=$1 sql=$2 text=$3
    shift 3
    hold "$db" "$sql"
    begin "$@"
    at_work "$text"
    dies "$how"
    # Before PostgreSQL 14 a backend doesn't look at its client, and works on.
    [ "$how" != client ] || ! looks_at_clients || alone
    let_go
}

# looks_at_clients: whether a backend notices that its client was killed.
looks_at_clients() { [ "$(query "$db" "SELECT current_setting('server_version_num')::int >= 140000")" = t ]; }

# alone: no run has a session any more.
alone() { until_true "$db" "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'pgalter/%'"; }

# kinds: the ways to die that leave a statement in its middle on this server.
kinds() { if looks_at_clients; then echo client server; else echo server; fi; }

# gone: nothing but 100-a is applied afterwards, and nothing is left.
gone() {
    expect 0 pgalter rollback 100 --yes
    same "$(indexes)$(record)" ""
}

@test "CREATE INDEX CONCURRENTLY, its index INVALID: dropped and built again" {
    local how
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY i ON a (n);" "DROP INDEX CONCURRENTLY i;"
    for how in $(kinds) backend; do
        interrupted "$how" "$writing" "create index concurrently" deploy
        same "$(record)" "200-b up 0 started"
        same "$(indexes)" "i!"
        expect 0 pgalter deploy
        contains "$errors" "200-b was interrupted before; going on where it stopped: the index public.i is INVALID; it is dropped and built again"
        same "$(indexes)$(record)" i
        gone
    done
}

@test "CREATE INDEX CONCURRENTLY without a name: the same, by what is new on its table" {
    local how
    query "$db" "CREATE INDEX ON a (n); CREATE INDEX a_other_idx ON a ((n + 1))" >/dev/null
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY ON a (n);" "DROP INDEX CONCURRENTLY a_n_idx1;"
    for how in $(kinds); do
        interrupted "$how" "$writing" "create index concurrently" deploy
        same "$(indexes)" "a_n_idx a_n_idx1! a_other_idx"
        expect 0 pgalter deploy
        contains "$errors" "the index public.a_n_idx1 is INVALID; it is dropped and built again"
        same "$(indexes)$(record)" "a_n_idx a_n_idx1 a_other_idx"
        expect 0 pgalter rollback 100 --yes
    done
}

@test "a backend that works on although its client was killed is waited for, and its result counts" {
    local builder
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY i ON a (n);
CREATE INDEX CONCURRENTLY ON a (n);" ""
    hold "$db" "$writing"
    PGOPTIONS=$(! looks_at_clients || echo "-c client_connection_check_interval=0") begin deploy
    at_work "create index concurrently i"
    builder=$(query "$db" "SELECT pid FROM pg_stat_progress_create_index")
    dies client
    expect 73 pgalter deploy --lock-wait 1s
    contains "$errors" "process $builder"
    begin deploy
    told "another runner holds the lock, waiting: process $builder"
    let_go
    finish 0
    contains "$errors" "going on where it stopped: the index public.i is there and valid"
    same "$(indexes)$(record)" "a_n_idx i"
}

@test "REINDEX CONCURRENTLY: what it left is dropped, and it runs again" {
    local how at=300
    query "$db" "CREATE SCHEMA s; CREATE TABLE s.t (n int PRIMARY KEY, long text); CREATE INDEX i ON a (n)" >/dev/null
    outside 1.0.0-200-index "REINDEX INDEX CONCURRENTLY i;" ""
    interrupted backend "$writing" "reindex index" deploy
    same "$(indexes)" "i i_ccnew!"
    expect 0 pgalter deploy
    contains "$errors" "the INVALID public.i_ccnew and what else it left is dropped"
    same "$(indexes)$(record)" i
    # Behind the exchange of the two, the old one is left.
    for how in $(kinds); do
        at=$((at + 1))
        outside "1.0.0-$at-$how" "REINDEX TABLE CONCURRENTLY a;" ""
        interrupted "$how" "$reading" "reindex table" deploy
        same "$(indexes)" "i i_ccold!"
        expect 0 pgalter deploy
        same "$(indexes)$(record)" i
    done
    # A whole schema, with the index of a TOAST table.
    outside 1.0.0-400-schema "REINDEX SCHEMA CONCURRENTLY s;" ""
    interrupted server "BEGIN; INSERT INTO s.t VALUES (1)" "reindex schema" deploy
    same "$(query "$db" "SELECT count(*) FROM pg_class WHERE relname ~ '_ccnew'")" 2
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT count(*) FROM pg_class WHERE relname ~ '_cc'")" 0
    same "$(query "$db" "SELECT count(*) FROM pg_index WHERE NOT indisvalid")" 0
    same "$(record)" ""
}

@test "DROP INDEX CONCURRENTLY, its index INVALID: dropped again, never rebuilt" {
    local how
    outside 1.0.0-200-b "CREATE INDEX i ON a (n);" "DROP INDEX CONCURRENTLY i;"
    for how in $(kinds); do
        expect 0 pgalter deploy
        interrupted "$how" "$writing" "drop index concurrently" rollback 100 --yes
        same "$(record)" "200-b down 0 started"
        same "$(indexes)" "i!"
        expect 0 pgalter rollback 100 --yes
        contains "$errors" "the index public.i is still there, INVALID; it is dropped again"
        same "$(indexes)$(record)" ""
    done
    # Gone is done.
    expect 0 pgalter deploy
    PGA_FAULT=statement_done:kill expect 137 pgalter rollback 100 --yes
    same "$(indexes)" ""
    expect 0 pgalter rollback 100 --yes
    contains "$errors" "it is dropped"
    same "$(record)" ""
}

@test "a before-script: the same" {
    pair 1.0.0-200-b "CREATE TABLE b (n int);" "DROP TABLE b;"
    script 1.0.0-200-b.before-up.sql "INSERT INTO a VALUES (12);
CREATE INDEX CONCURRENTLY i ON a (n);"
    script 1.0.0-200-b.before-down.sql "DROP INDEX CONCURRENTLY i;"
    interrupted server "$writing" "create index concurrently" deploy
    same "$(indexes)" "i!"
    expect 0 pgalter deploy
    same "$(indexes)$(record)" i
    same "$(query "$db" "SELECT count(*) FROM a WHERE n = 12")" 1
    interrupted server "$writing" "drop index concurrently" rollback 100 --yes
    same "$(indexes)" "i!"
    expect 0 pgalter rollback 100 --yes
    same "$(indexes)$(record)$(query "$db" "SELECT to_regclass('b')")" ""
}

@test "DETACH PARTITION CONCURRENTLY, half done: finished with FINALIZE" {
    [ "$(query "$db" "SELECT current_setting('server_version_num')::int >= 140000")" = t ] || skip "PostgreSQL 14 brought it"
    local how pending="SELECT coalesce(string_agg(inhdetachpending::text, ' '), 'detached') FROM pg_inherits"
    query "$db" "CREATE TABLE p (n int) PARTITION BY LIST (n); CREATE TABLE \"Q 1\" PARTITION OF p FOR VALUES IN (1)" >/dev/null
    outside 1.0.0-200-b "ALTER TABLE p DETACH PARTITION \"Q 1\" CONCURRENTLY;" "ALTER TABLE p ATTACH PARTITION \"Q 1\" FOR VALUES IN (1);"
    for how in $(kinds); do
        interrupted "$how" "BEGIN; SELECT count(*) FROM p" "detach partition" deploy
        same "$(query "$db" "$pending")" true
        expect 0 pgalter deploy
        contains "$errors" "detaching the partition public.\"Q 1\" is finished with FINALIZE"
        same "$(query "$db" "$pending")$(record)" detached
        expect 0 pgalter rollback 100 --yes
    done
    # Cancelled: the record stays as it is, and the next run finishes it, without keeping readers waiting for long.
    hold "$db" "BEGIN; SELECT count(*) FROM p"
    begin deploy
    at_work "detach partition"
    kill -TERM "$pid"
    finish 143
    same "$(query "$db" "$pending") $(record)" "true 200-b up 0 started"
    hold_more() { PGAPPNAME=reader psql -Xq -d "$db" -c "BEGIN; SELECT count(*) FROM \"Q 1\"; SELECT pg_sleep(60)" >/dev/null 2>&1 3>&- 9>&- & }
    hold_more
    until_true "$db" "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'reader' AND wait_event = 'PgSleep')"
    let_go
    expect 74 pgalter deploy --lock-timeout 100ms --retries 1
    same "$(query "$db" "$pending") $(record)" "true 200-b up 0 started"
    query "$db" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reader'" >/dev/null
    expect 0 pgalter deploy
    same "$(query "$db" "$pending")$(record)" detached
    # Detached is done.
    expect 0 pgalter rollback 100 --yes
    PGA_FAULT=statement_done:kill expect 137 pgalter deploy
    expect 0 pgalter deploy
    contains "$errors" "the partition is detached"
}

@test "a unique index over duplicates: 65 and no index; with other data the same command succeeds" {
    query "$db" "INSERT INTO a VALUES (1)" >/dev/null
    outside 1.0.0-200-b "CREATE TABLE b (n int);
CREATE UNIQUE INDEX CONCURRENTLY i ON a (n);" "DROP TABLE b; DROP INDEX CONCURRENTLY i;"
    expect 65 pgalter deploy
    contains "$errors" "23505"
    same "$(indexes) $(record)" " 200-b up 1 next"
    # It can't be dropped while somebody reads the table: then the next run does that.
    hold "$db" "$reading"
    expect 65 pgalter deploy --lock-wait 1s
    contains "$errors" "23505"
    contains "$errors" "The next run does that first"
    same "$(indexes) $(record)" "i! 200-b up 1 started"
    let_go
    expect 65 pgalter deploy
    contains "$errors" "the index public.i is INVALID; it is dropped and built again"
    same "$(indexes) $(record)" " 200-b up 1 next"
    query "$db" "DELETE FROM a WHERE ctid = (SELECT max(ctid) FROM a WHERE n = 1)" >/dev/null
    expect 0 pgalter deploy
    same "$(indexes)$(record)" i
}

@test "SIGTERM and SIGINT in the middle: cancelled, cleared away, and the next run goes on" {
    local signal=TERM status=143
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY i ON a (n);" "REINDEX TABLE CONCURRENTLY a; DROP INDEX CONCURRENTLY i;"
    # Held up by a snapshot that no DROP waits for.
    hold "$db" "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1"
    for signal in TERM INT; do
        begin deploy
        at_work "create index concurrently"
        same "$(indexes)" "i!"
        kill "-$signal" "$pid"
        finish "$status"
        same "$(indexes)$(record)" ""
        status=130
    done
    let_go
    expect 0 pgalter deploy
    hold "$db" "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1"
    begin rollback 100 --yes
    at_work "reindex table"
    kill -TERM "$pid"
    finish 143
    same "$(indexes)$(record)" i
    # Held up by a lock that the DROP waits for, too: the next run does it.
    let_go
    hold "$db" "$reading"
    begin rollback 100 --yes
    at_work "reindex table"
    kill -TERM "$pid"
    finish 143
    same "$(indexes) $(record)" "i i_ccold! 200-b down 0 started"
    let_go
    expect 0 pgalter rollback 100 --yes
    same "$(indexes)$(record)" ""
}

@test "IF NOT EXISTS over an INVALID index is no success" {
    query "$db" "INSERT INTO a VALUES (1)" >/dev/null
    psql -Xq -d "$db" -c "CREATE UNIQUE INDEX CONCURRENTLY i ON a (n)" 2>/dev/null || true
    query "$db" "DELETE FROM a WHERE ctid = (SELECT max(ctid) FROM a WHERE n = 1)" >/dev/null
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (n);" ""
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:2:1: alteration \"200-b\" failed: the index public.i exists and is INVALID"
    contains "$errors" "DROP INDEX CONCURRENTLY public.i"
    contains "$errors" "pgalter help invalid-index"
    same "$(indexes)$(record)" "i!"
    query "$db" "DROP INDEX CONCURRENTLY public.i" >/dev/null
    expect 0 pgalter deploy
    expect 0 pgalter forget 200-b --because "once more"
    expect 0 pgalter deploy
    same "$(indexes)" i
    # Its own it drops, although the name is taken then.
    query "$db" "DROP INDEX i" >/dev/null
    expect 0 pgalter forget 200-b --because "once more"
    interrupted server "$writing" "create index concurrently" deploy
    expect 0 pgalter deploy
    same "$(indexes)$(record)" i
}

@test "the script's search_path and role hold for what is looked at and dropped" {
    query "$db" "DROP ROLE IF EXISTS resume_owner" >/dev/null
    query "$db" "CREATE ROLE resume_owner; CREATE SCHEMA other AUTHORIZATION resume_owner" >/dev/null
    outside 1.0.0-200-b "SET search_path = other;
SET ROLE resume_owner;
CREATE TABLE a (n int);
CREATE INDEX CONCURRENTLY ON a (n);" "DROP INDEX CONCURRENTLY other.a_n_idx; DROP TABLE other.a;"
    outside 1.0.0-150-c "SET search_path = other; SET ROLE resume_owner; CREATE TABLE a (n int);" "DROP TABLE other.a;"
    sed -i '/CREATE TABLE/d' "$PGALTER_DIR/1.0.0-200-b.up.sql"
    sed -i 's/DROP TABLE other.a;//' "$PGALTER_DIR/1.0.0-200-b.down.sql"
    expect 0 pgalter deploy 150
    interrupted server "BEGIN; INSERT INTO other.a VALUES (1)" "create index concurrently" deploy
    expect 0 pgalter deploy
    contains "$errors" "the index other.a_n_idx is INVALID"
    same "$(query "$db" "SELECT string_agg(indexrelid::regclass::text || indisvalid, ' ') FROM pg_index WHERE indrelid = 'other.a'::regclass")" "other.a_n_idxtrue"
    expect 0 pgalter rollback 100 --yes
    query "$db" "DROP SCHEMA other; DROP ROLE resume_owner" >/dev/null
}

@test "VACUUM and the like run again; CREATE and DROP DATABASE go by whether it is there" {
    [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"
    local statement
    for statement in "VACUUM a;" "VACUUM (FULL) a;" "ALTER SYSTEM RESET ALL;" "REINDEX TABLE a;" "DISCARD ALL;"; do
        script 1.0.0-200-b.up.sql "-- pgalter:transaction none
$statement"
        PGA_FAULT=statement_started:kill expect 137 pgalter deploy
        expect 0 pgalter deploy
        contains "$errors" "the statement runs again, which does no harm"
        expect 0 pgalter forget 200-b --because "once more"
    done
    outside 1.0.0-200-b "CREATE DATABASE made_$BATS_TEST_NUMBER;" "DROP DATABASE made_$BATS_TEST_NUMBER;"
    PGA_FAULT=statement_started:kill expect 137 pgalter deploy
    expect 0 pgalter deploy
    contains "$errors" "it was not created; the statement runs again"
    PGA_FAULT=statement_started:kill expect 137 pgalter rollback 100 --yes
    expect 0 pgalter rollback 100 --yes
    contains "$errors" "it was not dropped; the statement runs again"
    PGA_FAULT=statement_done:kill expect 137 pgalter deploy
    expect 0 pgalter deploy
    contains "$errors" "it is created"
    PGA_FAULT=statement_done:kill expect 137 pgalter rollback 100 --yes
    expect 0 pgalter rollback 100 --yes
    contains "$errors" "it is dropped"
    same "$(record)" ""
}

@test "a procedure that commits by itself: 67 with both ways out" {
    query "$db" "CREATE PROCEDURE half() LANGUAGE plpgsql AS 'BEGIN INSERT INTO a VALUES (21); COMMIT; LOCK TABLE a; INSERT INTO a VALUES (22); END'" >/dev/null
    outside 1.0.0-200-b "CALL half();" ""
    interrupted backend "$reading" "call half" deploy
    expect 67 pgalter deploy
    contains "$errors" "pgalter mark 200-b --because TEXT"
    contains "$errors" "pgalter forget 200-b --because TEXT"
    same "$(query "$db" "SELECT string_agg(n::text, ' ') FROM a WHERE n > 20") $(record)" "21 200-b up 0 started"
    query "$db" "DELETE FROM a WHERE n > 20" >/dev/null
    expect 0 pgalter forget 200-b --because "the part is undone"
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT string_agg(n::text, ' ') FROM a WHERE n > 20")$(record)" "21 22"
}

@test "five runners that wait, while one builds an index: all finish" {
    local i pids=()
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY i ON a (n);" ""
    hold "$db" "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1"
    begin deploy
    at_work "create index concurrently"
    for i in 1 2 3 4 5; do
        "$PGALTER" deploy </dev/null >"$BATS_TEST_TMPDIR/$i.out" 2>"$BATS_TEST_TMPDIR/$i.err" 3>&- 9>&- &
        pids+=($!)
    done
    for i in 1 2 3 4 5; do told "another runner holds the lock" "$BATS_TEST_TMPDIR/$i.err"; done
    # They wait longer than deadlock_timeout.
    sleep 1.5
    let_go
    finish 0
    for i in "${pids[@]}"; do wait "$i"; done
    same "$(indexes)$(record)" i
    same "$(query "$db" "SELECT count(*) FROM pgalter.history WHERE id = '200-b'")" 1
}
