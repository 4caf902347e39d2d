#!/usr/bin/env bats
# The disk that the database is on is full at a random moment of a deploy.  Once there is space again the next run finishes.

# The hooks of tests/lib/fault.bash are called by it.
# shellcheck disable=SC2317

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/fault.bash

setup_file() {
    cluster_start
    export SMALL=$CLUSTER_DIR/small
    mkdir "$SMALL"
    if ! mount -t tmpfs -o "size=64m,uid=$(id -u "$(cluster_user)"),mode=700" none "$SMALL" 2>/dev/null; then
        export SMALL=
        return
    fi
    query postgres "CREATE TABLESPACE small LOCATION '$SMALL'"
    fault_prepare 1 "TABLESPACE small"
    fault_fresh trial_1
    query trial_1 "CHECKPOINT" # only then are the files of dropped tables gone
    before=$(free)
    pgalter deploy --db "$(reach trial_1)"
    query trial_1 "CHECKPOINT"
    export FAULT_NEEDED=$((before - $(free)))
    [ "$FAULT_NEEDED" -gt 200 ]
}

teardown_file() {
    [ -z "$SMALL" ] || umount -l "$SMALL"
    cluster_stop
}

setup() {
    [ -n "$SMALL" ] || skip "a disk of one's own needs root"
    dump_needed
}
teardown() { cluster_log_on_failure; }

# free: how many kB of the disk are.
free() { df -k --output=avail "$SMALL" | tail -n 1; }

@test "a full disk" {
    arm() {
        local left=$((moment * FAULT_NEEDED / FAULT_MS))
        query trial_1 "CHECKPOINT" >/dev/null
        fallocate -l $((($(free) - left) * 1024)) "$SMALL/filler"
        moment=0
    }
    repair() { rm "$SMALL/filler"; }
    fault_rounds disk 1 "0 1"
}
