#!/usr/bin/env bats
# Fifty runs at once against fifty alterations: each is applied exactly once, and every run says what is true.

# The hooks of tests/lib/fault.bash are called by it.
# shellcheck disable=SC2317

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/fault.bash

setup_file() {
    cluster_start
    fault_prepare 1
}
teardown_file() { cluster_stop; }
setup() { dump_needed; }
teardown() { cluster_log_on_failure; }

# together: fifty runs, every second of which doesn't wait for long.
together() {
    local i status pids=() wrong=''
    fault_fresh trial_1 || return
    for ((i = 0; i < 50; i++)); do
        local wait=120s
        ((i % 2 == 0)) || wait=100ms
        "$PGALTER" deploy --db dbname=trial_1 --lock-wait $wait </dev/null >"$FAULT_DIR/$i.out" 2>"$FAULT_DIR/$i.err" 3>&- &
        pids+=($!)
    done
    for ((i = 0; i < 50; i++)); do
        status=0
        wait "${pids[i]}" || status=$?
        [ $status = 0 ] || { [ $((i % 2)) = 1 ] && [ $status = 73 ]; } || {
            wrong=yes
            echo "run $i exited with $status"
            cat "$FAULT_DIR/$i.err"
        }
    done
    [ -z "$wrong" ] || return 1
    fault_holds trial_1 || return
    fault_end trial_1 | diff "$FAULT_DIR/wanted" - || return 1
    same "$(query trial_1 "SELECT count(*), count(DISTINCT id) FROM pgalter.history WHERE event = 'applied'")" "50|50"
}

@test "fifty runs at once" {
    local rounds=${PGA_FAULT_ROUNDS:-2} round wrong=0
    for ((round = 0; round < rounds; round++)); do together || { echo "in round $round"; wrong=$((wrong + 1)); }; done
    echo "runners: $rounds rounds, $wrong of them ended wrong"
    [ -z "${PGA_FAULT_REPORT-}" ] || echo "runners $rounds $wrong 0" >>"$PGA_FAULT_REPORT"
    [ "$wrong" = 0 ]
}
