#!/usr/bin/env bats
# One real cause for each exit code, with the error's id; and the table in the code is what the manual says, everywhere.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=codes_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
}

teardown() {
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    cluster_log_on_failure
}

# ends CODE NAME ID COMMAND ...: run it with --json; status, document, last words and the page that the message names agree.
ends() {
    local words=$BATS_TEST_TMPDIR/words
    rm -f "$words"
    expect "$1" pgalter "${@:4}" --json --termination-log "$words" || return 1
    told "$1" "$2" "$3"
}

# told CODE NAME ID: whether $out, $errors and the last words say so.
told() {
    same "$(jq -r '"\(.error.exit_status) \(.error.code) \(.error.id)"' <<<"$out")" "$1 $2 $3"
    same "$(jq -r '"\(.code) \(.reason)"' "$BATS_TEST_TMPDIR/words")" "$1 $([ "$3" = null ] && echo "$2" || echo "$3")"
    shown "$1"
    if [ "$3" != null ]; then
        contains "$errors" "pgalter: help: pgalter help $3"
        contains "$(pgalter help "$3")" "# $3: "
    fi
}

# shown CODE: its page is there; and it has had its cause.
shown() {
    contains "$(pgalter help "$1")" "# Exit code $([ "$1" -lt 128 ] && echo "$1" || echo 130): "
    echo "$1" >>"$BATS_FILE_TMPDIR/shown"
}

# hold SECONDS SQL: run SQL in a transaction that another session keeps open.
hold() {
    psql -Xq -v ON_ERROR_STOP=1 -d "$db" -c "BEGIN; $2; SELECT pg_sleep($1); COMMIT" >/dev/null 2>&1 3>&- &
    until_true "$db" "$sleeping"
}

@test "0: done, and nothing to do" {
    local words
    for words in "deploy" "deploy" "status --exit-code"; do
        # shellcheck disable=SC2086 # the words of the command
        expect 0 pgalter $words --json
        same "$(jq 'has("error")' <<<"$out")" false
    done
    shown 0
}

@test "1: the disk behind the output is full" {
    [ -c /dev/full ] || { shown 1; skip "no /dev/full"; }
    expect 1 sh -c "\"$PGALTER\" deploy --log-format json --termination-log $BATS_TEST_TMPDIR/words >/dev/full"
    same "$(jq -r 'select(.event == "failed") | "\(.code) \(.reason)"' <<<"$errors")" "1 unexpected"
    same "$(jq -r '"\(.code) \(.reason)"' "$BATS_TEST_TMPDIR/words")" "1 unexpected"
    # All was done, and there is nothing to do again.
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations"
    shown 1
}

@test "10: something is pending" {
    local words
    for words in "status --exit-code" "plan --exit-code" "list --exit-code"; do
        # shellcheck disable=SC2086 # the words of the command
        expect 10 pgalter $words --json
        same "$(jq 'has("error")' <<<"$out")" false
    done
    shown 10
}

@test "20: doctor has found an INVALID index" {
    expect 0 pgalter deploy
    query "$db" "INSERT INTO a VALUES (1), (1)" >/dev/null
    query "$db" "CREATE UNIQUE INDEX CONCURRENTLY i ON a (n)" >/dev/null 2>&1 || true
    expect 20 pgalter doctor --json
    same "$(jq -r '.healthy, (.findings[] | select(.check == "invalid indexes" or .check == "indexes") | .verdict)' <<<"$out" | head -n 1)" false
    contains "$out" INVALID
    shown 20
}

@test "64: mistakes in what was typed, and in the files" {
    ends 64 usage unknown-target deploy nowhere
    ends 64 usage unknown-option deploy --no-such
    ends 64 usage no-directory deploy --dir "$BATS_TEST_TMPDIR/none"
    script 1.0.0-200-b.up.sql "SELECT 'open;"
    ends 64 usage unterminated deploy
}

@test "65: a script fails" {
    script 1.0.0-200-b.up.sql "SELECT 1/0;"
    ends 65 alteration-failed sql deploy
    same "$(jq -r .error.sqlstate <<<"$out")" 22012
}

@test "66: an applied script changed; an irreversible alteration; a journal that was tampered with" {
    expect 0 pgalter deploy
    script 1.0.0-100-a.up.sql "CREATE TABLE other ();"
    ends 66 journal-disagrees changed deploy
    table 1.0.0-100-a a
    script 1.0.0-200-b.up.sql "SELECT 1;"
    expect 0 pgalter deploy
    ends 66 journal-disagrees irreversible rollback zero --yes
    query "$db" "UPDATE pgalter.history SET who = 'nobody' WHERE seq = 1" >/dev/null
    ends 66 journal-disagrees journal-damaged history
}

@test "67: killed in a statement of which nobody knows whether it took effect" {
    query "$db" "CREATE PROCEDURE slow() LANGUAGE plpgsql AS 'BEGIN COMMIT; PERFORM pg_sleep(60); END'" >/dev/null
    pair 1.0.0-200-b "-- pgalter:transaction none
CALL slow();" ""
    begin deploy
    until_true "$db" "$sleeping"
    kill -KILL "$pid"
    finish 137
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    until_true postgres "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '$db')"
    ends 67 half-done half-done deploy
}

@test "69: no server" {
    ends 69 no-server no-server deploy --db "host=$BATS_TEST_TMPDIR"
    ends 69 no-server no-server deploy --db "host=127.0.0.1 port=1" --wait 300ms
}

@test "70: an invariant is broken" {
    [ -n "$(pgalter version --faults)" ] || { shown 70; skip "a build without fault points"; }
    expect 0 pgalter deploy
    table 1.0.0-200-b b
    PGA_FAULT=step_unsent:bug ends 70 bug null deploy
    contains "$errors" "pgalter: error: bug: "
    contains "$errors" "pgalter doctor --report"
    PGA_FAULT=step_unsent:bug expect 70 pgalter deploy --log-format json
    same "$(jq -r 'select(.event == "failed" or .event == "run_done") | "\(.event) \(.code)"' <<<"$errors")" "$(printf 'failed 70\nrun_done 70')"
    until_true "$db" "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database())"
    same "$(query "$db" "SELECT (SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public')
        = (SELECT string_agg(slug, ' ' ORDER BY slug) FROM pgalter.journal)")" t
    expect 0 pgalter deploy
}

@test "73: another runner is at work" {
    script 1.0.0-200-b.up.sql "SELECT pg_sleep(30);"
    begin deploy
    until_true "$db" "$sleeping"
    ends 73 locked locked deploy --lock-wait 300ms
    kill -TERM "$pid"
    finish 143
}

@test "74: the application keeps its lock" {
    expect 0 pgalter deploy
    script 1.0.0-200-b.up.sql "ALTER TABLE a ADD COLUMN b int;"
    hold 60 "LOCK TABLE a IN ACCESS SHARE MODE"
    ends 74 contention lock-timeout deploy --lock-timeout 100ms --retries 1
    same "$(jq -r .error.sqlstate <<<"$out")" 55P03
}

@test "75: the session is ended" {
    script 1.0.0-200-b.up.sql "SELECT pg_sleep(30);"
    begin deploy --json --termination-log "$BATS_TEST_TMPDIR/words"
    until_true "$db" "$sleeping"
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = '$db'" >/dev/null
    finish 75
    told 75 connection-lost connection-lost
}

@test "76: a standby" {
    local bin standby=$CLUSTER_DIR/standby
    bin=$(cluster_bindir)
    as_cluster_user "$bin/pg_basebackup" -h "$CLUSTER_DIR" -U postgres -D "$standby" -R -X stream -c fast 3>&- >/dev/null
    mkdir "$CLUSTER_DIR/s"
    chmod 777 "$CLUSTER_DIR/s"
    as_cluster_user "$bin/pg_ctl" -D "$standby" -l "$CLUSTER_DIR/standby.log" -w -t 60 \
        -o "-k $CLUSTER_DIR/s -p $PGPORT -c listen_addresses='' -c max_connections=120" start >/dev/null 3>&-
    standby_db="host=$CLUSTER_DIR/s dbname=$db"
    ends 76 read-only read-only deploy --db "$standby_db" || failed=1
    as_cluster_user "$bin/pg_ctl" -D "$standby" -m immediate -w stop >/dev/null 3>&-
    [ -z "${failed-}" ]
}

@test "77: no such database, no such role, no permission" {
    ends 77 denied no-database deploy --db "dbname=${db}_none"
    ends 77 denied login deploy --db "dbname=$db user=nobody_at_all"
    query "$db" "CREATE ROLE codes_reader LOGIN" >/dev/null
    ends 77 denied permission deploy --db "dbname=$db user=codes_reader"
}

@test "129, 130, 143: signals" {
    local signal
    script 1.0.0-200-b.up.sql "SELECT pg_sleep(60);"
    for signal in HUP:129 INT:130 TERM:143; do
        begin deploy --json --termination-log "$BATS_TEST_TMPDIR/words"
        until_true "$db" "$sleeping"
        kill "-${signal%:*}" "$pid"
        finish "${signal#*:}"
        told "${signal#*:}" interrupted null
    done
}

# statuses: of the table in the code, with 0.
statuses() { (echo 0; sed -n 's/^PGA_ERROR([A-Z_]*, \([0-9]*\),.*/\1/p' "$PGA_TEST_SOURCE_DIR/base/error.def") | sort -n; }

@test "every code of the table in the code has had its cause here" {
    # Tests of this file that were not run, or were skipped, have none.
    [ "$(wc -l <"$BATS_FILE_TMPDIR/shown")" -ge 15 ] || skip "the others were not run"
    # 78 has its cause beside the deadline.
    diff <(statuses | grep -v '^78$') <(sort -nu "$BATS_FILE_TMPDIR/shown" | grep -v '^129$\|^143$')
    ! grep -q 'OPTION(DEADLINE' "$PGA_TEST_SOURCE_DIR/cli/options.def" || grep -rqE '(expect|finish|ends) 78\b' "$PGA_TEST_SOURCE_DIR/tests/fault"
}

@test "the table in the code is that of help, of the manual page, of the README and of the pages" {
    local code name retry meaning
    same "$(pgalter help exit-codes | sed -n 's/^ *\([0-9][0-9]*\) .*/\1/p')" "$(statuses)"
    same "$(pgalter help manual | sed -n '/^\.SH EXIT STATUS/,/^\.SH [^E]/p' | grep -A1 '^\.TP' | grep -oE '^[0-9]+' | sort -nu)" "$(statuses)"
    same "$(sed -n '/^## Exit codes/,/^## [^E]/p' "$PGA_TEST_SOURCE_DIR/README.md" | sed -n 's/^| \([0-9, ]*\) |.*/\1/p' | tr -d ' ' | tr , '\n' | sort -n)" \
        "$(printf '%s\n129\n143\n' "$(statuses)" | sort -n)"
    same "$(cd "$PGA_TEST_SOURCE_DIR/docs/exit-codes" && printf '%s\n' [0-9]*.md | sed 's/\.md$//' | sort -n)" "$(statuses)"
    # Name, whether again, and meaning, word by word.
    while IFS='|' read -r code name retry meaning; do
        contains "$(pgalter help exit-codes | tr -s ' \n' ' ')" " $code $name $retry $meaning "
        contains "$(pgalter help "$code" | head -n 1)" "Exit code $code: $name"
        # shellcheck disable=SC2016 # the backticks are of the page
        same "$(sed -n "s/^| \($code\|129, $code, 143\) | \(.*\) | \(.*\) |$/\2|\3/p" "$PGA_TEST_SOURCE_DIR/README.md" | sed 's/ (`--exit-code`)//; s/; the next run goes.*|/|/')" "$(
            case $code in 130) echo "stopped by a signal; everything was left clean|$retry" ;; *) echo "$meaning|$retry" ;; esac)"
    done < <(tr '\n' ' ' <"$PGA_TEST_SOURCE_DIR/base/error.def" | grep -oE 'PGA_ERROR\(ERR_[A-Z_]+, [0-9]+, "[^"]*", "[^"]*", +"[^"]*"\)' |
        sed -E 's/PGA_ERROR\([A-Z_]+, ([0-9]+), "([^"]*)", "([^"]*)", +"([^"]*)"\)/\1|\2|\3|\4/')
}
