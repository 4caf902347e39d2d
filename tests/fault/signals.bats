#!/usr/bin/env bats
# Signals: a clean stop within seconds in every phase, also as process 1, also when the server doesn't answer; and output that
# nobody reads.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=signals_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
    expect 0 pgalter deploy
    before=$(journal)
}

teardown() {
    [ -z "${frozen-}" ] || kill -CONT "$frozen" 2>/dev/null || true
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    cluster_log_on_failure
}

# journal: all of it but the attempts.
journal() {
    query "$db" "SELECT h FROM pgalter.history h ORDER BY seq"
    query "$db" "SELECT j FROM pgalter.journal j ORDER BY seq"
    query "$db" "SELECT u FROM pgalter.unfinished u"
}

# stops SECONDS STATUS [SIGNAL ...]: send the signals to $pid, and it ends so within the time.
stops() {
    local started=$SECONDS signal
    # Two that are pending together come in the order of their numbers.
    for signal in "${@:3}"; do kill "-$signal" "$pid" && sleep 0.2; done
    finish "$2"
    [ $((SECONDS - started)) -le "$1" ] || { echo "took $((SECONDS - started)) s"; return 1; }
}

# left_clean: no session of a run is left, and the journal is as it was.
left_clean() {
    until_true "$db" "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database())
        AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    same "$(journal)" "$before"
}

# hold SECONDS SQL: run SQL in a transaction that another session keeps open.
hold() {
    psql -Xq -v ON_ERROR_STOP=1 -d "$db" -c "BEGIN; $2; SELECT pg_sleep($1); COMMIT" >/dev/null 2>&1 3>&- &
    until_true "$db" "$sleeping"
}

@test "in the middle of a script: TERM 143, INT 130, HUP 129; rolled back, recorded, and the same command succeeds" {
    local signal n=0
    pair 1.0.0-200-b "CREATE TABLE b (); SELECT pg_sleep(60);" "DROP TABLE b;"
    for signal in TERM:143 INT:130 HUP:129; do
        begin deploy --log-format json --termination-log "$BATS_TEST_TMPDIR/words"
        until_true "$db" "$sleeping"
        stops 8 "${signal#*:}" "${signal%:*}"
        left_clean
        same "$(jq -r 'select(.event == "failed" or .event == "run_done") | "\(.event) \(.code) \(.reason)"' <<<"$errors")" \
            "$(printf 'failed %d interrupted\nrun_done %d null' "${signal#*:}" "${signal#*:}")"
        same "$(jq -r '"\(.code) \(.reason) \(.alteration)"' "$BATS_TEST_TMPDIR/words")" "${signal#*:} interrupted 200-b"
        n=$((n + 1))
        same "$(query "$db" "SELECT count(*) FROM pgalter.attempts WHERE code = 'interrupted' AND id = '200-b' AND message LIKE '%stopped by SIG${signal%:*}'")" 1
        # The log may be gone: the database tells it.
        expect 0 pgalter status
        contains "$out" "alteration \"200-b\": stopped by SIG${signal%:*}"
        contains "$out" "by $(id -un)@"
    done
    same "$(query "$db" "SELECT count(*) FROM pgalter.attempts")" "$n"
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
    contains "$out" "Deployed 1 alteration"
    # What succeeded since settles it; the history keeps it.
    expect 0 pgalter status
    lacks "$out" "stopped by"
    expect 0 pgalter history
    contains "$out" "stopped by SIGTERM"
}

@test "what failed is told by status and history when the log is gone: where, when, who, SQLSTATE" {
    pair 1.0.0-200-b "SELECT 1;
SELECT nothing;" ""
    expect 65 pgalter deploy
    expect 0 pgalter status
    contains "$out" "column \"nothing\" does not exist (SQLSTATE 42703)"
    contains "$out" "in $PGALTER_DIR/1.0.0-200-b.up.sql:2:8"
    expect 0 pgalter history
    contains "$out" "(SQLSTATE 42703)"
    expect 0 pgalter status --json
    same "$(jq -r '.last_failure | "\(.id) \(.code) \(.sqlstate) \(.place) \(.who)"' <<<"$out")" \
        "200-b alteration-failed 42703 $PGALTER_DIR/1.0.0-200-b.up.sql:2:8 $(id -un)@$(hostname)"
    same "$(jq -r '.last_failure.at, .last_failure.run' <<<"$out")" \
        "$(query "$db" "SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') || chr(10) || run FROM pgalter.attempts")"
}

@test "as process 1, for which the kernel does nothing by itself" {
    unshare -pf --mount-proc --kill-child true 2>/dev/null || skip "no process namespaces here"
    local signal inner
    pair 1.0.0-200-b "SELECT pg_sleep(60);" ""
    for signal in TERM:143 INT:130; do
        unshare -pf --mount-proc --kill-child "$PGALTER" deploy </dev/null >"$BATS_TEST_TMPDIR/begun.out" 2>"$BATS_TEST_TMPDIR/begun.err" 3>&- &
        pid=$!
        until_true "$db" "$sleeping"
        inner=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
        same "$(sed -n 's/^NSpid:.*\t//p' "/proc/$inner/status")" 1
        kill "-${signal%:*}" "$inner"
        stops 8 "${signal#*:}"
        left_clean
        contains "$errors" "stopped by SIG${signal%:*}"
    done
    same "$(query "$db" "SELECT count(*) FROM pgalter.attempts")" 2
}

@test "a server that doesn't answer: one signal ends it in a bounded time, a second one at once" {
    [ "$(id -u)" = 0 ] || skip "only root may freeze the server's processes"
    pair 1.0.0-200-b "CREATE TABLE b (); SELECT pg_sleep(60);" ""
    local signals
    for signals in "TERM" "TERM INT" "INT INT"; do
        begin deploy
        until_true "$db" "$sleeping"
        frozen=$(query "$db" "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database()")
        kill -STOP "$frozen"
        # shellcheck disable=SC2086 # several signals
        case $signals in
            TERM) stops 30 143 $signals ;;
            TERM*) stops 3 143 $signals ;;
            INT*) stops 3 130 $signals ;;
        esac
        kill -CONT "$frozen"
        query postgres "SELECT pg_terminate_backend($frozen)" >/dev/null
        frozen=
        left_clean
        same "$(query "$db" "SELECT to_regclass('b') IS NULL")" t
    done
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
}

@test "while it connects, waits for a server, for the runner lock and for the next try" {
    local signal
    # A server that takes the connection and says nothing.
    perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die; $SIG{ALRM} = sub { exit }; alarm 60;
        while ($c = $s->accept) { push @all, $c; open my $f, ">", "$ARGV[0].met" }' "$BATS_TEST_TMPDIR/.s.PGSQL.5432" 3>&- &
    local mute=$!
    for ((i = 0; i < 100; i++)); do [ ! -S "$BATS_TEST_TMPDIR/.s.PGSQL.5432" ] || break; sleep 0.05; done
    for signal in TERM:143 INT:130; do
        rm -f "$BATS_TEST_TMPDIR/.s.PGSQL.5432.met"
        begin deploy --wait 60s --db "host=$BATS_TEST_TMPDIR"
        for ((i = 0; i < 100; i++)); do [ ! -e "$BATS_TEST_TMPDIR/.s.PGSQL.5432.met" ] || break; sleep 0.05; done
        stops 3 "${signal#*:}" "${signal%:*}"
        # What the one before has said must not be taken for the word of this one.
        rm "$BATS_TEST_TMPDIR/begun.err"
        begin deploy --wait 60s --db "host=$BATS_TEST_TMPDIR/nowhere"
        for ((i = 0; i < 200; i++)); do [ ! -s "$BATS_TEST_TMPDIR/begun.err" ] || break; sleep 0.05; done
        stops 3 "${signal#*:}" "${signal%:*}"
        contains "$errors" "waiting for the server"
    done
    kill "$mute"
    pair 1.0.0-200-b "ALTER TABLE a ADD COLUMN b int;" ""
    hold 100 "LOCK TABLE a IN ACCESS SHARE MODE"
    for signal in TERM:143 INT:130; do
        rm -f "$BATS_TEST_TMPDIR/begun.err" "$BATS_TEST_TMPDIR/second.err"
        begin deploy --lock-timeout 100ms --retries 1000
        for ((i = 0; i < 200; i++)); do ! grep -qs "trying again" "$BATS_TEST_TMPDIR/begun.err" || break; sleep 0.05; done
        local first=$pid
        # The other one waits for this one's lock.
        cp "$BATS_TEST_TMPDIR/begun.err" "$BATS_TEST_TMPDIR/first.err"
        "$PGALTER" deploy --lock-wait 60s </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/second.err" 3>&- &
        local second=$! status=0
        for ((i = 0; i < 200; i++)); do ! grep -qs "holds the lock" "$BATS_TEST_TMPDIR/second.err" || break; sleep 0.05; done
        kill "-${signal%:*}" "$second"
        wait "$second" || status=$?
        same "$status" "${signal#*:}"
        pid=$first
        stops 3 "${signal#*:}" "${signal%:*}"
        contains "$errors" "trying again"
        left_clean
    done
}

@test "output that nobody reads stops nothing: closed, a broken pipe, lines of JSON into one" {
    local how rest i
    for ((i = 300; i < 340; i++)); do table "1.0.0-$i-t$i" "t$i"; done
    # done_in HOW STATUS: all of it is applied, and taken back for the next.
    done_in() {
        same "$(cat "$BATS_TEST_TMPDIR/status")" "$1"
        same "$(query "$db" "SELECT count(*) FROM pgalter.journal")" 41
        same "$(query "$db" "SELECT count(*) FROM pg_tables WHERE tablename ~ '^t3'")" 40
        expect 0 pgalter rollback --steps 40 --yes
    }
    for rest in "" "--json" "--log-format json --verbose"; do
        # shellcheck disable=SC2086 # options
        { sleep 0.3; "$PGALTER" deploy $rest 2>/dev/null </dev/null; echo $? >"$BATS_TEST_TMPDIR/status"; } | true
        done_in 0
        # shellcheck disable=SC2086 # options
        { "$PGALTER" deploy $rest </dev/null; echo $? >"$BATS_TEST_TMPDIR/status"; } 2>&1 >/dev/null | head -n 1 >/dev/null
        done_in 0
        # shellcheck disable=SC2086 # options
        { sleep 0.3; "$PGALTER" deploy $rest </dev/null; echo $? >"$BATS_TEST_TMPDIR/status"; } 2>&1 | true
        done_in 0
        for how in '>&-' '2>&-' '<&- >&- 2>&-'; do
            { eval "\"\$PGALTER\" deploy $rest $how" && echo 0 || echo $?; } | tail -n 1 >"$BATS_TEST_TMPDIR/status"
            done_in 0
        done
    done
}
