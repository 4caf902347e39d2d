#!/usr/bin/env bats
# The server stops, or the connection is cut, at a random moment of a deploy of fifty alterations: as in random.bats.

# The hooks of tests/lib/fault.bash are called by it.
# shellcheck disable=SC2317

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/fault.bash

setup_file() {
    cluster_start
    fault_prepare 5
}
teardown_file() { cluster_stop; }
setup() { dump_needed; }
teardown() { cluster_log_on_failure; }

@test "the server stops at once, and starts again" {
    strike() {
        as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/data" -m immediate -w stop
        cluster_restart
    }
    fault_rounds restart 5 "0 69 75"
}

# proxy N: begin a proxy that cuts behind message N; its number goes to $proxy, its port to $port.
proxy() {
    rm -f "$FAULT_DIR/proxy"
    "$PGA_TEST_SOURCE_DIR/tests/helpers/cut_proxy.pl" "$CLUSTER_DIR/.s.PGSQL.$PGPORT" "$1" >"$FAULT_DIR/proxy" 3>&- &
    proxy=$!
    until [ -s "$FAULT_DIR/proxy" ]; do sleep 0.01; done
    port=$(<"$FAULT_DIR/proxy")
}

@test "the connection is cut behind a message" {
    local boundaries
    reach() { echo "host=127.0.0.1 port=$port dbname=$1 sslmode=disable gssencmode=disable"; }
    proxy 0
    fault_fresh trial_1
    expect 0 pgalter deploy --db "$(reach trial_1)"
    kill "$proxy"
    wait "$proxy"
    boundaries=$(tail -n 1 "$FAULT_DIR/proxy")
    [ "$boundaries" -gt 300 ]
    arm() {
        local cut=$((1 + moment * (boundaries - 1) / FAULT_MS))
        [ -z "${PGA_FAULT_EVERY-}" ] || cut=$((round + 1))
        moment=0
        proxy "$cut"
    }
    repair() { kill "$proxy"; }
    [ -z "${PGA_FAULT_EVERY-}" ] || export PGA_FAULT_ROUNDS=$boundaries
    fault_rounds cut 1 "0 69 75"
}
