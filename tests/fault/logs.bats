#!/usr/bin/env bats
# The log for machines: every line of real runs is a document, and what the manual says of its events and fields is so.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=logs_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations PGALTER_LOG_FORMAT=json
    guide=$PGA_TEST_SOURCE_DIR/docs/guides/logs.md
}

teardown() {
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    cluster_log_on_failure
}

# log FILTER: of the lines in $errors, by jq.
log() { jq -er "$1" <<<"$errors"; }

# all_json: whether every line is one object with what all lines have.
all_json() {
    jq -es --arg n "$(grep -c '' <<<"$errors")" \
        'length == ($n | tonumber) and all(.[]; type == "object" and .ts and .level and .event)' <<<"$errors" >/dev/null ||
        { printf 'not lines of JSON:\n%s\n' "$errors"; return 1; }
}

# hold SECONDS SQL: run SQL in a transaction that another session keeps open for so long.
hold() {
    psql -Xq -v ON_ERROR_STOP=1 -d "$db" -c "BEGIN; $2; SELECT pg_catalog.pg_sleep($1); COMMIT" >/dev/null 2>&1 3>&- &
    until_true "$db" "$sleeping"
}

# gather: keep the lines of what has just run.
gather() { all_json && printf '%s\n' "$errors" >>"$BATS_TEST_TMPDIR/all"; }

# freeze: stop the runner in $pid when its session is idle, as it is between two tries of a step.
freeze() {
    local i
    for ((i = 0; i < 100; i++)); do
        kill -STOP "$pid"
        # What it had sent is answered by now, or waits for the lock.
        sleep 0.1
        [ "$(query "$db" "SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
            WHERE a.state = 'idle' AND l.locktype = 'advisory' AND a.datname = '$db'")" != 1 ] || return 0
        kill -CONT "$pid"
        sleep 0.05
    done
    echo "never idle"
    return 1
}

# from_guide HEADING: the first column of the table behind it.
from_guide() { sed -n "/^### $1\$/,/^##* /{/^| \`/p}" "$guide" | cut -d'|' -f2 | grep -o '[a-z_]*' | sort -u; }

@test "every event and field of real runs is in the manual, and every one of the manual is seen" {
    table 1.0.0-100-a a
    pair 1.0.0-200-b "DO \$\$ BEGIN
RAISE WARNING 'w' USING DETAIL = 'd', HINT = 'h';
END \$\$;" ""
    expect 0 pgalter deploy --verbose
    gather
    # A lock of the application's, and a younger one before: step_retried, message.
    pair 1.0.0-150-late "ALTER TABLE a ADD COLUMN late int;" ""
    hold 1 "LOCK TABLE a IN ACCESS SHARE MODE"
    expect 0 pgalter deploy --lock-timeout 100ms
    gather
    # The same, and somebody who asks: blocked, progress.
    pair 1.0.0-160-asked "ALTER TABLE a ADD COLUMN asked int;" ""
    hold 60 "LOCK TABLE a IN ACCESS SHARE MODE"
    begin deploy --lock-timeout 1h
    until grep -q '"blocked"' "$BATS_TEST_TMPDIR/begun.err"; do sleep 0.05; done
    kill -USR1 "$pid"
    until grep -q '"progress"' "$BATS_TEST_TMPDIR/begun.err"; do sleep 0.05; done
    query "$db" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$db'" >/dev/null
    finish 0
    gather
    # Outside a transaction: a script that drops the runner lock, and a run that is killed in the middle and resumed by another.
    pair 1.1.0-300-out "-- pgalter:transaction none
SELECT pg_advisory_unlock_all();
INSERT INTO a VALUES (1);
SELECT pg_sleep(60);" ""
    begin deploy
    until_true "$db" "$sleeping"
    kill -KILL "$pid"
    finish 137
    gather
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    until_true postgres "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '$db')"
    query "$db" "CREATE FUNCTION public.pg_sleep(int) RETURNS void LANGUAGE sql AS ''; ALTER DATABASE $db SET search_path = public, pg_catalog" >/dev/null
    pair 1.1.0-400-bad "SELECT 1;
DO \$\$ BEGIN PERFORM 1/0; END \$\$;" ""
    expect 65 pgalter deploy --debug
    gather
    pair 1.1.0-400-bad "DO \$\$ BEGIN RAISE EXCEPTION 'e' USING DETAIL = 'd', HINT = 'h'; END \$\$;" ""
    expect 65 pgalter deploy
    gather
    # Another runner.
    pair 1.1.0-400-bad "SELECT pg_catalog.pg_sleep(2);" ""
    table 1.1.0-500-e e
    begin deploy
    local first=$pid
    until_true "$db" "$sleeping"
    expect 0 pgalter deploy
    gather
    wait "$first"
    # No server; one that ends the session; a runner that is frozen between two tries.
    expect 69 pgalter deploy --wait 600ms --db "host=$BATS_TEST_TMPDIR"
    gather
    pair 1.1.0-600-f "SELECT pg_catalog.pg_sleep(30);" ""
    begin deploy
    until_true "$db" "$sleeping"
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    finish 75
    gather
    pair 1.1.0-600-f "ALTER TABLE a ADD COLUMN f int;" ""
    hold 60 "LOCK TABLE a IN ACCESS SHARE MODE"
    begin deploy --lock-timeout 50ms --retries 1000
    freeze
    query "$db" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$db'" >/dev/null
    expect 0 pgalter deploy --steal-after 1s
    gather
    kill -CONT "$pid"
    finish 75
    gather
    jq -r .event "$BATS_TEST_TMPDIR/all" | sort -u >"$BATS_TEST_TMPDIR/events"
    jq -r 'keys[]' "$BATS_TEST_TMPDIR/all" | sort -u >"$BATS_TEST_TMPDIR/fields"
    # What a run finds of another one still at work is seen by chance; the tests of resuming make it happen.
    diff <(from_guide Events | grep -v '^step_waits$') <(grep -v '^step_waits$' "$BATS_TEST_TMPDIR/events")
    diff <(from_guide Fields) "$BATS_TEST_TMPDIR/fields"
    diff <(grep -o '^PGA_LOG_EVENT([A-Z_]*, "[a-z_]*"' "$PGA_TEST_SOURCE_DIR/base/log_event.def" | cut -d'"' -f2 | sort) <(from_guide Events)
}

@test "lines stay JSON whatever bytes the server and the files say" {
    table 1.0.0-100-a a
    pair 1.0.0-200-b "SET client_encoding = 'LATIN1';
DO \$\$ BEGIN
RAISE NOTICE '% \" \\ % % {}', chr(255), chr(10), chr(27);
RAISE EXCEPTION USING MESSAGE = chr(254) || chr(10) || '}\"', DETAIL = repeat('x', 3000) || chr(255), HINT = chr(7);
END \$\$;" ""
    expect 65 pgalter deploy
    all_json
    same "$(log 'select(.event == "notice").message')" "$(printf '\xef\xbf\xbd " \\ \n \x1b {}')"
    same "$(log 'select(.event == "failed").message')" 'alteration "200-b" failed: \xfe'
    contains "$(log 'select(.event == "failed").detail')" 'xxx\xff'
    # A file's name and a word of the command line are bytes too.
    printf 'SELECT 1;\n' >"$PGALTER_DIR/$(printf '1.0.0-300-c\xff.up.sql')"
    expect 64 pgalter deploy
    all_json
    expect 64 pgalter deploy "$(printf '\xff\n"')"
    all_json
}

@test "mistakes in the command line are lines of JSON too, wherever the format was asked for" {
    local words
    for words in "deplo" "deploy --no-such" "deploy one two" "deploy --steps" "deploy --lock-wait never" "help nowhere"; do
        # shellcheck disable=SC2086 # the words of the command
        expect 64 pgalter $words
        all_json
        same "$(log .event)" failed
        same "$(log .code)" 64
        [ "$(log .reason)" != null ]
    done
    unset PGALTER_LOG_FORMAT
    for words in "deploy --log-format json --no-such" "deploy --no-such --log-format=json" "--log-format json"; do
        # shellcheck disable=SC2086 # the words of the command
        expect 64 pgalter $words
        all_json
    done
    expect 64 pgalter deploy --no-such -- --log-format json
    contains "$errors" "pgalter: error:"
    PGALTER_LOG_FORMAT=json expect 64 pgalter deploy --no-such --log-format text
    contains "$errors" "pgalter: error:"
}

@test "a run's lines have its UUID, and its last line the exit status" {
    table 1.0.0-100-a a
    pair 1.0.0-200-b "SELECT 1/0;" ""
    expect 65 pgalter deploy
    same "$(log .run | sort -u)" "$(query "$db" "SELECT DISTINCT run FROM pgalter.history")"
    same "$(log .event | head -n 1) $(log .event | tail -n 1)" "run_started run_done"
    same "$(log 'select(.event == "run_done").code')" 65
    same "$(log 'select(.event == "failed") | "\(.alteration) \(.index)/\(.count) \(.sqlstate) \(.reason) \(.code) \(.attempt)"')" \
        "200-b 2/2 22012 sql 65 1"
    # One that only looks says less.
    expect 0 pgalter status
    same "$errors" ""
    expect 0 pgalter status --verbose
    same "$(log 'select(.event != "message").event')" "$(printf 'run_started\nrun_done')"
}

@test "the last words: one object of at most 4096 bytes, that nothing stops" {
    local file=$BATS_TEST_TMPDIR/words
    unset PGALTER_LOG_FORMAT
    export PGALTER_TERMINATION_LOG=$file
    words() { jq -er "$1" "$file"; }
    table 1.0.0-100-a a
    expect 0 pgalter deploy
    same "$(words '"\(.code) \(.reason) \(.command)"')" "0 null deploy"
    pair 1.0.0-200-b "SELECT 1/0;" ""
    expect 65 pgalter deploy
    same "$(words '"\(.code) \(.reason) \(.alteration) \(.sqlstate)"')" "65 sql 200-b 22012"
    contains "$(words .message)" "division by zero"
    [ -n "$(words .hint)" ]
    # Long texts, of characters that take more bytes as JSON.
    local wide
    for wide in ü € 😀 '"' $'\\\\' $'\001' x; do
        pair 1.0.0-200-b "DO \$\$ BEGIN RAISE EXCEPTION USING MESSAGE = repeat('$wide', 5000), HINT = repeat('$wide', 5000), DETAIL = repeat('$wide', 5000); END \$\$;" ""
        expect 65 pgalter deploy
        [ "$(wc -c <"$file")" -le 4096 ]
        same "$(words .code)" 65
    done
    # A mistake in the command line, a server that is not there, and nothing to tell.
    expect 64 pgalter deploy --no-such
    same "$(words '"\(.code) \(.reason)"')" "64 unknown-option"
    expect 64 pgalter deplo
    same "$(words .code)" 64
    expect 69 pgalter status --db "host=$BATS_TEST_TMPDIR"
    same "$(words '"\(.code) \(.reason)"')" "69 no-server"
    expect 69 pgalter deploy --termination-log "$BATS_TEST_TMPDIR/other" --db "host=$BATS_TEST_TMPDIR password=S3kret!pa55"
    same "$(jq .code "$BATS_TEST_TMPDIR/other")" 69
    lacks "$(<"$BATS_TEST_TMPDIR/other")" S3kret
    # Silent where it can't be written.
    mkdir "$BATS_TEST_TMPDIR/folder"
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    for file in "$BATS_TEST_TMPDIR/folder" "$BATS_TEST_TMPDIR/no/where" "$BATS_TEST_TMPDIR/fifo" /dev/full; do
        expect 0 pgalter status --termination-log "$file"
        same "$errors" ""
    done
}

@test "in a container the last words go where Kubernetes looks for them" {
    unshare -m true 2>/dev/null || skip "no mount namespaces here"
    local file=$BATS_TEST_TMPDIR/words
    unset PGALTER_LOG_FORMAT
    table 1.0.0-100-a a
    # in_container: with a /dev of its own, which has the file if it is there now.
    in_container() {
        # shellcheck disable=SC2016 # that shell expands it
        unshare -m bash -c 'mount -t tmpfs none /mnt && cp -a /dev/null /dev/zero /dev/urandom /dev/random /mnt/ &&
            if [ -e "$0" ]; then : >/mnt/termination-log; fi && mount --move /mnt /dev &&
            { [ ! -e "$0" ] || mount --bind "$0" /dev/termination-log; } &&
            { [ -z "$READ_ONLY" ] || mount -o remount,ro,bind /dev/termination-log; } && shift 0 && exec "$@"' "$file" "$@"
    }
    expect 0 in_container "$PGALTER" deploy
    : >"$file"
    READ_ONLY=1 expect 0 in_container "$PGALTER" status
    same "$errors" ""
    same "$(<"$file")" ""
    expect 0 in_container "$PGALTER" status
    same "$(jq -r '"\(.code) \(.command)"' "$file")" "0 status"
    expect 0 in_container "$PGALTER" version
    same "$(jq -r .command "$file")" status
    expect 64 in_container "$PGALTER" version --no-such
    same "$(jq -r .code "$file")" 64
}
