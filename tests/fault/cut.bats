#!/usr/bin/env bats
# The server stops, or the connection is cut, at a random moment of a deploy of fifty alterations: as in random.bats.

# The hooks of tests/lib/fault.bash are called by it.
# shellcheck disable=SC2317

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/fault.bash
load ../lib/proxy.bash

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

@test "the connection is cut behind a message" {
    local boundaries
    reach() { proxy_reach "$1"; }
    proxy_start 0
    fault_fresh trial_1
    expect 0 pgalter deploy --db "$(reach trial_1)"
    proxy_stop
    boundaries=$(proxy_said | tail -n 1)
    [ "$boundaries" -gt 300 ]
    arm() {
        local cut=$((1 + moment * (boundaries - 1) / FAULT_MS))
        [ -z "${PGA_FAULT_EVERY-}" ] || cut=$((round + 1))
        moment=0
        proxy_start "$cut"
    }
    repair() { proxy_stop; }
    [ -z "${PGA_FAULT_EVERY-}" ] || export PGA_FAULT_ROUNDS=$boundaries
    fault_rounds cut 1 "0 69 75"
}
