#!/usr/bin/env bats
# The run or its session dies, or the run is frozen, at a random moment of a deploy of fifty alterations: object and record
# agree at once, the next run finishes, and what it leaves is what an undisturbed run leaves.

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

@test "kill -9 of the run" {
    strike() { kill -9 "${pids[@]}" 2>/dev/null || true; }
    fault_rounds kill 1 "0 137"
}

@test "pg_terminate_backend of its session" {
    strike() {
        query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^pgalter/'" >/dev/null
    }
    fault_rounds terminate 1 "0 69 75"
}

@test "the run is frozen, another one finishes, and it goes on" {
    strike() {
        local frozen=0
        kill -STOP "${pids[@]}" 2>/dev/null || return 0
        # Whoever doesn't want to wait for the session's own end ends it.
        query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^pgalter/'" >/dev/null
        pgalter deploy --db dbname=trial_1 >/dev/null 2>"$FAULT_DIR/other" || frozen=$?
        kill -CONT "${pids[@]}"
        [ "$frozen" = 0 ] || { echo "the other run exited with $frozen"; cat "$FAULT_DIR/other"; return 1; }
    }
    fault_rounds frozen 1 "0 69 75"
}
