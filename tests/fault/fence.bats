#!/usr/bin/env bats
# A client that was killed, froze or lost its network: the server ends its session and gives the lock back (FACTS 3).

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/terminal.bash

# The client lives in a network of its own, joined to the server's by a cable that can be cut.
setup_file() {
    export FENCE_SPACE=pgalter-$$ FENCE_NET=10.$((128 + $$ % 100)).$(($$ / 100 % 250))
    if make_network 2>/dev/null; then
        export FENCE_HOST=$FENCE_NET.1
        cluster_start "listen_addresses=$FENCE_HOST"
        echo "host all all $FENCE_NET.0/30 trust" >>"$CLUSTER_DIR/data/pg_hba.conf"
        psql -Xq -d postgres -c "SELECT pg_reload_conf()" >/dev/null
    else
        export FENCE_HOST=''
        cluster_start
    fi
}

make_network() {
    command -v ip >/dev/null && ip netns add "$FENCE_SPACE" &&
        ip link add "pga$$" type veth peer name "pgb$$" netns "$FENCE_SPACE" &&
        ip addr add "$FENCE_NET.1/30" dev "pga$$" && ip link set "pga$$" up &&
        ip -n "$FENCE_SPACE" addr add "$FENCE_NET.2/30" dev "pgb$$" && cable up
}

# cable up|down: of the client's end.
cable() { ip -n "$FENCE_SPACE" link set "$(ip -n "$FENCE_SPACE" -o link | grep -o 'pgb[0-9]*')" "$1"; }

teardown_file() {
    cluster_stop
    ip netns del "$FENCE_SPACE" 2>/dev/null || true # the cable goes with it
}

setup() {
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    db=fence_$BATS_TEST_NUMBER
    database_create "$db"
    pid=''
    table 1.0.0-100-a a
    pair 1.0.0-200-b "SELECT pg_sleep(60);" "SELECT 1;"
}

teardown() {
    terminal_close
    if [ -n "$pid" ]; then
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    fi
    [ -z "$FENCE_HOST" ] || cable up
    cluster_log_on_failure
}

needs_network() {
    [ -n "$FENCE_HOST" ] || skip "no network namespaces here"
    # The first packet over a new cable may be early.
    for _ in {1..50}; do
        ip netns exec "$FENCE_SPACE" "$PGALTER" status --db "$(far)" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "the server can't be reached over the cable"
    return 1
}

far() { echo "host=$FENCE_HOST dbname=$db user=postgres"; }

needs_server() {
    [ "$(query postgres "SHOW server_version_num")" -ge "$1" ] || skip "the server has no setting for that"
}

needs_faults() { [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"; }

# begin_far ARGUMENTS: run the program at the other end of the cable.
begin_far() {
    ip netns exec "$FENCE_SPACE" env DATABASE_URL="$(far)" "$PGALTER" "$@" </dev/null >"$BATS_TEST_TMPDIR/begun.out" \
        2>"$BATS_TEST_TMPDIR/begun.err" 3>&- &
    pid=$!
}

# frozen: the program stopped itself, with the lock and without a transaction.
frozen() {
    until [ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -c1)" = T ]; do sleep 0.05; done
    same "$(query "$db" "SELECT state FROM pg_stat_activity WHERE application_name LIKE 'pgalter/%' AND datname = current_database()")" idle
    holds
}

# holds: somebody has the runner lock.
holds() {
    same "$(query "$db" "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND d.datname = current_database()")" 1
}

# gone_within SECONDS: its session ends, and with it the lock.
gone_within() {
    local start=$SECONDS
    while [ "$(query postgres "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pgalter/%' AND datname = '$db')
        OR EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = '$db')")" = t ]; do
        if [ $((SECONDS - start)) -gt "$1" ]; then
            echo "still there after $1 s"
            return 1
        fi
        sleep 0.2
    done
    echo "gone after $((SECONDS - start)) s"
}

@test "the machine of an idle holder is lost" {
    needs_network
    needs_faults
    PGA_FAULT=step_done:stop begin_far deploy
    frozen
    cable down
    gone_within 20
    # Another runner goes on where it stood.
    rm "$PGALTER_DIR"/1.0.0-200-b.*
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations"
}

@test "the machine of a running statement is lost" {
    needs_network
    needs_server 140000
    local start
    begin_far deploy --wait 3s
    until_true "$db" "$sleeping"
    cable down
    start=$SECONDS
    gone_within 20
    # The program, too, sees that nobody is there any more, and waits for nothing else.
    finish 75
    pid=''
    [ $((SECONDS - start)) -lt 60 ]
    contains "$errors" "pgalter help connection-lost"
}

@test "asked to stop while the network is gone: seconds, and with a second signal at once" {
    needs_network
    local start
    begin_far deploy --wait 60s
    until_true "$db" "$sleeping"
    cable down
    start=$SECONDS
    kill -TERM "$pid"
    finish 143
    [ $((SECONDS - start)) -lt 20 ]
    cable up
    db+=_again # an older server keeps the lock of the first until its statement ends
    database_create "$db"
    needs_network
    begin_far deploy --wait 60s
    until_true "$db" "$sleeping"
    cable down
    kill -TERM "$pid"
    sleep 0.5
    start=$SECONDS
    kill -TERM "$pid"
    finish 143
    pid=''
    [ $((SECONDS - start)) -lt 4 ]
}

@test "killed in the middle of a statement" {
    needs_server 140000
    begin deploy
    until_true "$db" "$sleeping"
    kill -KILL "$pid"
    gone_within 15
}

@test "killed in the middle of a statement, behind a proxy that takes no start-up options" {
    needs_server 140000
    local proxy
    mkdir "$CLUSTER_DIR/proxy"
    perl "$PGA_TEST_SOURCE_DIR/tests/lib/no_options.pl" "$CLUSTER_DIR/proxy/.s.PGSQL.5432" "$PGHOST/.s.PGSQL.5432" \
        >"$BATS_TEST_TMPDIR/proxy" 3>&- &
    proxy=$!
    until [ -s "$BATS_TEST_TMPDIR/proxy" ]; do sleep 0.05; done
    begin deploy --db "host=$CLUSTER_DIR/proxy dbname=$db gssencmode=disable"
    until_true "$db" "$sleeping"
    kill -KILL "$pid"
    gone_within 15
    kill "$proxy"
}

@test "frozen between two statements" {
    needs_server 140000
    needs_faults
    PGOPTIONS="-c idle_session_timeout=4s" PGA_FAULT=step_done:stop begin deploy
    frozen
    gone_within 20
    kill -CONT "$pid"
    finish 75
    pid=''
}

@test "frozen in a transaction" {
    needs_faults
    pair 1.0.0-200-b "SET client_encoding = 'LATIN1'; SELECT pg_sleep(2);" "SELECT 1;"
    PGOPTIONS="-c idle_in_transaction_session_timeout=3s" begin deploy
    until_true "$db" "$sleeping"
    kill -STOP "$pid"
    gone_within 20
    kill -CONT "$pid"
    finish 75
    pid=''
}

@test "who thinks over a question longer than an idle session may last" {
    needs_server 140000
    local question
    rm "$PGALTER_DIR"/1.0.0-200-b.*
    expect 0 pgalter deploy
    database_create "${db}_list"
    export PGOPTIONS="-c idle_session_timeout=18s"
    terminal_open 80 24
    question=$TERMINAL
    terminal_run "pgalter rollback zero --db dbname=$db; echo status \$?"
    terminal_shows "[y/N]"
    BATS_TEST_NUMBER=list terminal_open 80 24
    terminal_run "pgalter deploy; echo status \$?"
    terminal_shows "type to filter"
    sleep 20
    terminal_type Enter
    terminal_shows "status 0"
    terminal_close
    TERMINAL=$question
    terminal_type y Enter
    terminal_shows "status 0"
    same "$(query "$db" "SELECT to_regclass('a') IS NULL")" t
    same "$(query "${db}_list" "SELECT to_regclass('a') IS NOT NULL")" t
}

@test "an older server, without some of the settings" {
    rm "$PGALTER_DIR"/1.0.0-200-b.*
    expect 0 pgalter deploy --debug
    lacks "$errors" "client_connection_check_interval"
    expect 0 pgalter rollback zero --yes
}
