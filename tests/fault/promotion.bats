#!/usr/bin/env bats
# The primary dies in the middle of a deploy and its standby takes over.  Replication is asynchronous: the last that was committed may
# be lost, but then object and record are lost together, and the next run does them again.

# The hooks of tests/lib/fault.bash are called by it.
# shellcheck disable=SC2317

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/fault.bash

# The two servers are $CLUSTER_DIR/data and $CLUSTER_DIR/data2, with the ports 5432 and 5433; $primary is the one that is written to.
setup_file() {
    cluster_start wal_level=replica max_wal_senders=5 hot_standby=on wal_keep_size=256
    fault_prepare 5
}

teardown_file() {
    as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/data2" -m immediate -w stop >/dev/null 2>&1 || true
    cluster_stop
}

setup() { dump_needed; }
teardown() { cluster_log_on_failure; }

# server ACTION PORT: pg_ctl for the server with that port.
server() {
    local data=$CLUSTER_DIR/data
    [ "$2" = 5432 ] || data=${data}2
    as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$data" -l "$CLUSTER_DIR/log" -w -t 60 \
        -o "${CLUSTER_OPTIONS/-p 5432/-p $2}" -m immediate "$1" >/dev/null 3>&-
}

# standby PORT: make the server with that port a standby of the other one, and wait until it follows.
standby() {
    local data=$CLUSTER_DIR/data
    [ "$1" = 5432 ] || data=${data}2
    rm -rf "$data"
    as_cluster_user "$(cluster_bindir)/pg_basebackup" -h "$CLUSTER_DIR" -p "$PGPORT" -U postgres -D "$data" -R -c fast --no-sync 3>&- ||
        return
    server start "$1" || return
    until_true postgres "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'"
}

# Everything but the runs talks to the primary: PGPORT is its port.
reach() { echo "host=$CLUSTER_DIR,$CLUSTER_DIR port=5432,5433 dbname=$1 target_session_attrs=read-write"; }

@test "promotion of a standby" {
    arm() { standby $((10865 - PGPORT)); }
    strike() {
        server stop "$PGPORT"
        PGPORT=$((10865 - PGPORT))
        server promote "$PGPORT"
    }
    fault_rounds promotion 5 "0 69 75"
}
