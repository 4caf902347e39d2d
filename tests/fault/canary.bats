#!/usr/bin/env bats
# The canary: a password of all printable ASCII characters works however it is given, and no piece of it can be read anywhere
# that is pgalter's to keep clean.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() {
    export CANARY_HOST=127.$((RANDOM % 200 + 20)).$((RANDOM % 200 + 20)).1
    cluster_start "listen_addresses=$CANARY_HOST" password_encryption=scram-sha-256 max_connections=40
    # By TCP everybody needs the password; the socket, for this test, none.
    printf 'local all all trust\nhost all all all scram-sha-256\n' >"$CLUSTER_DIR/data/pg_hba.conf"
    query postgres "SELECT pg_reload_conf()" >/dev/null
    query postgres "CREATE ROLE canary LOGIN PASSWORD $(canary sql)" >/dev/null
}

teardown_file() { cluster_stop; }

setup() {
    db=canary_$BATS_TEST_NUMBER
    query postgres "CREATE DATABASE $db OWNER canary" >/dev/null
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations PGALTER_TERMINATION_LOG=$BATS_TEST_TMPDIR/seen/last-words
    export HOME=$BATS_TEST_TMPDIR/home
    seen=$BATS_TEST_TMPDIR/seen
    mkdir "$seen" "$HOME" "$BATS_TEST_TMPDIR/project"
    cd "$BATS_TEST_TMPDIR/project" || return 1
    table 1.0.0-100-a a
    # From here on only what a test says leads to the server.
    admin_host=$PGHOST
    unset PGHOST PGUSER DATABASE_URL
    url="postgresql://canary:$(canary url)@$CANARY_HOST:$PGPORT/$db"
    conninfo="host=$CANARY_HOST port=$PGPORT dbname=$db user=canary password=$(canary conninfo)"
    bare="host=$CANARY_HOST port=$PGPORT dbname=$db user=canary"
}

teardown() {
    unset PGPASSWORD PGPASSFILE PGSERVICEFILE
    PGHOST=$admin_host PGUSER=postgres query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null
    cluster_log_on_failure
}

canary() { perl "$PGA_TEST_SOURCE_DIR/tests/lib/canary.pl" "$@"; }

# admin SQL: as the server's owner, through the socket.
admin() { PGHOST=$admin_host PGUSER=postgres PGPASSWORD='' query "$db" "$1"; }

# watched COMMAND ...: run it and keep what it says, and its last words; its exit status goes to $status.
watched() {
    n=$((${n-0} + 1))
    status=0
    "$@" >"$seen/$n.out" 2>"$seen/$n.err" </dev/null || status=$?
    [ ! -e "$PGALTER_TERMINATION_LOG" ] || cp "$PGALTER_TERMINATION_LOG" "$seen/$n.last-words"
}

# works COMMAND ...: and it succeeds.
works() {
    watched "$@"
    [ "$status" = 0 ] || { echo "exit status $status: ${*:2}"; cat "$seen/$n.err"; return 1; }
}

# clean: whether nothing that was kept has a piece of the password; and something was kept.
clean() {
    local kept
    kept=("$seen"/*)
    [ -e "${kept[0]}" ] && canary find "${kept[@]}"
}

# everything COMMAND ...: what reports, with the options that say most; each must reach the server.
everything() {
    works "$@" deploy
    works "$@" status --json
    works "$@" list --debug
    works "$@" history --verbose --log-format json
    works "$@" rollback zero --yes --json --log-format json --debug
    watched "$@" doctor --report --debug
    [ "$status" = 0 ] || [ "$status" = 20 ]
    works "$@" deploy --json
}

# with_db DATABASE COMMAND ...: the program with --db behind the words.
with_db() { "$PGALTER" "${@:2}" --db "$1"; }

@test "the search finds the canary where it is" {
    local how
    for how in raw url conninfo passfile sql; do
        canary "$how" >"$seen/it"
        run clean
        [ "$status" = 1 ]
    done
    # Also a piece, in the middle of something else; but no shorter one.
    printf 'before %s behind' "$(canary raw | cut -c40-47)" >"$seen/it"
    run clean
    [ "$status" = 1 ]
    printf 'before %s behind' "$(canary raw | cut -c40-46)" >"$seen/it"
    clean
    same "$(canary raw | fold -w1 | LC_ALL=C sort -u | wc -l)" 95
    # The server takes no other password.
    PGPASSWORD=$(canary raw) psql -Xqd "$bare" -c "SELECT 1" >/dev/null
    run env PGPASSWORD="$(canary raw)x" psql -Xqd "$bare" -c "SELECT 1"
    [ "$status" != 0 ]
}

@test "as a URL and as a conninfo: option, variables, files, configuration" {
    local text file
    for text in "$url" "$conninfo" "$bare password = $(canary conninfo)" "postgresql://$CANARY_HOST:$PGPORT/$db?user=canary&password=$(canary url)"; do
        everything with_db "$text"
        works env PGALTER_DATABASE_URL="$text" "$PGALTER" status --debug
        works env DATABASE_URL="$text" "$PGALTER" status --debug
        works env DB_URL="$text" "$PGALTER" status --debug
        file=$BATS_TEST_TMPDIR/secret
        printf '%s\n' "$text" >"$file"
        works env PGALTER_DATABASE_URL_FILE="$file" "$PGALTER" doctor --report
        works "$PGALTER" status --debug --db-file "$file"
        printf 'database_file: %s\n' "$file" >pgalter.yaml
        works "$PGALTER" status --debug
        printf "database: '%s'\n" "${text//\'/\'\'}" >pgalter.yaml
        works "$PGALTER" status --json --debug
        rm pgalter.yaml
    done
    clean
}

@test "from libpq's own places: PGPASSWORD, password files, a service" {
    everything env PGPASSWORD="$(canary raw)" PGALTER_DATABASE_URL="$bare" "$PGALTER"
    works env PGPASSWORD="$(canary raw)" PGHOST="$CANARY_HOST" PGUSER=canary PGDATABASE="$db" "$PGALTER" status --debug
    printf '%s:%s:%s:canary:%s\n' "$CANARY_HOST" "$PGPORT" "$db" "$(canary passfile)" >"$BATS_TEST_TMPDIR/passfile"
    chmod 600 "$BATS_TEST_TMPDIR/passfile"
    everything env PGPASSFILE="$BATS_TEST_TMPDIR/passfile" PGALTER_DATABASE_URL="$bare" "$PGALTER"
    works "$PGALTER" status --debug --db "$bare passfile=$BATS_TEST_TMPDIR/passfile"
    cp -p "$BATS_TEST_TMPDIR/passfile" "$HOME/.pgpass"
    works "$PGALTER" status --debug --db "$bare passfile=$HOME/.pgpass"
    # A Secret's file, which libpq itself would leave unread.
    chmod 440 "$BATS_TEST_TMPDIR/passfile"
    if [ "$(id -u)" = 0 ]; then works "$PGALTER" status --debug --db "$bare passfile=$BATS_TEST_TMPDIR/passfile"; fi
    # libpq ends a line of a service file at its last character that is no blank.
    printf '[canary]\nhost=%s\nuser=canary\ndbname=%s\npassword=%s\n' "$CANARY_HOST" "$db" "$(canary raw)" >"$BATS_TEST_TMPDIR/services"
    works env PGSERVICEFILE="$BATS_TEST_TMPDIR/services" "$PGALTER" status --debug --db service=canary
    clean
}

@test "in no error: another password, database, host and port, words that are no connection string, scripts that fail" {
    local raw text words
    raw=$(canary raw)
    pair 1.0.0-200-b "SELECT 1;
SELECT current_user::int;" ""
    for text in "postgresql://canary:$(canary url)x@$CANARY_HOST:$PGPORT/$db" "$bare password=x$(canary conninfo)" \
        "postgresql://canary:$(canary url)@$CANARY_HOST:$PGPORT/nowhere" "postgresql://canary:$(canary url)@$CANARY_HOST:1/$db" \
        "postgresql://canary:$(canary url)@nowhere.invalid/$db" \
        "postgresql://canary:$(canary url)@$CANARY_HOST:no/$db" "postgresql://canary:$(canary url)@[::1/$db" \
        "postgresql://canary:$(canary url)@$CANARY_HOST:$PGPORT/$db?nonsense=1" "postgresql://canary:$(canary url)%zz@$CANARY_HOST/$db" \
        "postgresql://canary:$raw@$CANARY_HOST:$PGPORT/$db" "$bare password=$raw" "$bare password='$raw'" "$bare password=$(canary conninfo" ")" \
        "$bare passwort=$(canary conninfo)" "password=$(canary conninfo) $bare nonsense" "postgresql:canary:$raw@$CANARY_HOST" "$url" "$conninfo"; do
        for words in "status --debug" "deploy --json --log-format json" "doctor --report" "deploy --no-such"; do
            # shellcheck disable=SC2086 # the words of the command
            watched with_db "$text" $words
        done
        watched env PGALTER_DATABASE_URL="$text" "$PGALTER" deploy --log-format json --debug
        watched "$PGALTER" deploy "$text"
        watched "$PGALTER" "--db=$text" deploy
        watched "$PGALTER" "$text" --json
        watched "$PGALTER" deploy --dir "$text"
        printf 'database: "%s"\n' "$text" >pgalter.yaml
        watched "$PGALTER" status --debug
        printf '%s\n' "$text" >pgalter.yaml
        watched "$PGALTER" status --debug
        rm pgalter.yaml
    done
    # It did run, and fail.
    same "$(admin "SELECT DISTINCT sqlstate FROM pgalter.attempts")" 22P02
    clean
}

@test "not in the database, nor where others see the process while it runs" {
    local how run
    pair 1.0.0-200-b "SELECT pg_sleep(30);" ""
    for how in db variable password; do
        case $how in
            db) run=("$PGALTER" deploy --db "$conninfo") ;;
            variable) run=(env PGALTER_DATABASE_URL="$url" "$PGALTER" deploy) ;;
            password) run=(env PGPASSWORD="$(canary raw)" "$PGALTER" deploy --db "$bare") ;;
        esac
        "${run[@]}" >"$seen/$how.out" 2>"$seen/$how.err" </dev/null 3>&- &
        pid=$!
        until_admin "$sleeping"
        admin "SELECT * FROM pg_stat_activity" >"$seen/$how.activity"
        contains "$(<"$seen/$how.activity")" canary
        same "$(cat "/proc/$pid/comm")" pgalter
        # It has no children, which would have to be looked at too.
        same "$(cat "/proc/$pid/task"/*/children)" ""
        cat "/proc/$pid/cmdline" >"$seen/$how.cmdline"
        kill -TERM "$pid"
        wait "$pid" || [ $? = 143 ]
    done
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    works "$PGALTER" deploy --db "$url"
    same "$(admin "SELECT count(*) FROM pgalter.attempts")" 3
    if dump_reads; then PGHOST=$admin_host PGUSER=postgres pg_dump -n pgalter -d "$db" >"$seen/journal"
    else admin "SELECT * FROM pgalter.history" >"$seen/journal"; fi
    admin "SELECT h, j, s, a FROM pgalter.history h, pgalter.journal j, pgalter.scripts s, pgalter.attempts a" >"$seen/rows"
    cp "$CLUSTER_DIR/log" "$seen/server-log"
    clean
}

# until_admin SQL: wait until it is true.
until_admin() { PGHOST=$admin_host PGUSER=postgres until_true "$db" "$1"; }

@test "in no core file, and in nothing that another process of the same user can read" {
    [ "$(uname)" = Linux ] || skip "only Linux forbids core files of one process"
    local core_pattern
    core_pattern=$(</proc/sys/kernel/core_pattern)
    [[ $core_pattern != */* && $core_pattern != '|'* ]] || skip "core files go elsewhere: $core_pattern"
    ulimit -c unlimited || skip "no core files here"
    pair 1.0.0-200-b "SELECT pg_sleep(60);" ""
    # The test can fail: the same signal makes another client leave its password behind.
    PGPASSWORD=$(canary raw) psql -Xqd "$bare" -c "SELECT pg_sleep(60)" >/dev/null 2>&1 3>&- &
    pid=$!
    until_admin "$sleeping"
    kill -ABRT "$pid"
    wait "$pid" || true
    ls core* >/dev/null 2>&1 || skip "no core files here"
    run canary find core*
    [ "$status" = 1 ]
    rm core*
    admin "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'canary'" >/dev/null
    until_admin "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'canary')"
    local signal
    for signal in ABRT SEGV QUIT; do
        PGPASSWORD=$(canary raw) "$PGALTER" deploy --db "$bare" >"$seen/$signal.out" 2>"$seen/$signal.err" </dev/null 3>&- &
        pid=$!
        until_admin "$sleeping"
        # Of root's, so that nobody of the same user reads its environment and memory.
        same "$(stat -c %U:%a "/proc/$pid/environ")" root:400
        kill "-$signal" "$pid"
        wait "$pid" || true
        run ls core*
        [ "$status" != 0 ]
        admin "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'canary'" >/dev/null
        until_admin "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'canary')"
    done
    clean
}

@test "not in what the private cluster inherits" {
    local bin child
    bin=$(cluster_bindir)
    mkdir place
    cd place || return 1
    : >pgalter.yaml
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state XDG_DATA_HOME=$BATS_TEST_TMPDIR/data
    [ "$(id -u)" != 0 ] || chmod 711 "$BATS_TEST_TMPDIR"
    watched env PGPASSWORD="$(canary raw)" PGALTER_DATABASE_URL="$url" DATABASE_URL="$conninfo" PGALTER_PG_BINDIR="$bin" "$PGALTER" local start --json
    [ "$status" = 0 ] || skip "no private cluster here: $(<"$seen/$n.err")"
    for child in $(pgrep -P 1 postgres || true) $(head -n 1 "$(jq -r .data "$seen/$n.out")/postmaster.pid"); do
        [ "$(readlink "/proc/$child/cwd")" = "$(jq -r .data "$seen/$n.out")" ] || continue
        cat "/proc/$child/environ" "/proc/$child/cmdline" >"$seen/server.$child"
    done
    ls "$seen"/server.* >/dev/null
    cp "$(jq -r .log "$seen/$n.out")" "$seen/server-log"
    PGALTER_PG_BINDIR=$bin "$PGALTER" local stop >/dev/null
    PGALTER_PG_BINDIR=$bin "$PGALTER" local reset --yes >/dev/null
    clean
}
