#!/usr/bin/env bats
# The machine of a run is lost: from one moment to the next nothing of it reaches the server, and nobody says so.

# The hooks of tests/lib/fault.bash are called by it.
# shellcheck disable=SC2317

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/fault.bash

# Waiting for the server to notice takes long, so one lost machine does for all rounds of ci/test.
size=25

make_machine() {
    ip netns add "$MACHINE" &&
        ip link add "$MACHINE-s" type veth peer name "$MACHINE-c" netns "$MACHINE" &&
        ip addr add "$SUBNET.1/24" dev "$MACHINE-s" && ip link set "$MACHINE-s" up &&
        ip -n "$MACHINE" addr add "$SUBNET.2/24" dev "$MACHINE-c" && ip -n "$MACHINE" link set "$MACHINE-c" up
}

setup_file() {
    [ "$(id -u)" = 0 ] && command -v ip >/dev/null || return 0
    export MACHINE=pga$$ SUBNET=10.$((200 + $$ % 50)).$(($$ / 50 % 250))
    if ! make_machine 2>/dev/null; then
        ip netns del "$MACHINE" 2>/dev/null || true
        unset MACHINE
        return 0
    fi
    cluster_start "listen_addresses=$SUBNET.1"
    echo "host all all $SUBNET.0/24 trust" >>"$CLUSTER_DIR/data/pg_hba.conf"
    query postgres "SELECT pg_reload_conf()"
    fault_prepare "$size"
}

teardown_file() {
    [ -n "${MACHINE-}" ] || return 0
    cluster_stop
    ip netns del "$MACHINE"
    ip link del "$MACHINE-s" 2>/dev/null || true
}

setup() {
    [ -n "${MACHINE-}" ] || skip "network namespaces need root and ip"
    dump_needed
}
teardown() { cluster_log_on_failure; }

reach() { echo "host=$SUBNET.1 port=$PGPORT dbname=$1"; }

@test "a lost machine" {
    launch() { exec ip netns exec "$MACHINE" "$@"; }
    arm() {
        # Not before the next runs have finished: a machine that is gone says nothing, not even that its processes have ended.
        ip -n "$MACHINE" link set "$MACHINE-c" up
        moment=$((FAULT_MS / 2 + moment)) # all of them together take longer
    }
    strike() {
        ip -n "$MACHINE" link set "$MACHINE-c" down
        kill -9 "${pids[@]}" 2>/dev/null || true
    }
    fault_rounds machine "$size" "0 69 75 137" # some see the link go before they die
}
