# tests/lib/pgalter.bash: the program, and alterations for it.

# pgalter ARGUMENTS: the program under test.  Nobody is there to answer it.
pgalter() { "$PGALTER" "$@" </dev/null; }

# script NAME TEXT: write a script into $PGALTER_DIR.
script() { mkdir -p "$PGALTER_DIR"; printf '%s\n' "$2" >"$PGALTER_DIR/$1"; }

# pair STEM UP DOWN: an up and a down script.
pair() { script "$1.up.sql" "$2"; script "$1.down.sql" "$3"; }

# table STEM NAME: a pair that makes a table and drops it.
table() { pair "$1" "CREATE TABLE $2 (n int);" "DROP TABLE $2;"; }

# expect STATUS COMMAND ...: run it, keep stdout in $out and stderr in $errors, and fail unless it exits with STATUS.
expect() {
    local want=$1 got=0
    shift
    out=$("$@" 2>"$BATS_TEST_TMPDIR/stderr") || got=$?
    errors=$(<"$BATS_TEST_TMPDIR/stderr")
    ended "$want" "$got" "$*"
}

# begin ARGUMENTS: run the program in the background; its process id goes to $pid.
begin() {
    "$PGALTER" "$@" </dev/null >"$BATS_TEST_TMPDIR/begun.out" 2>"$BATS_TEST_TMPDIR/begun.err" 3>&- &
    pid=$!
}

# finish STATUS: wait for what `begin` began; like expect.
finish() {
    local got=0
    wait "$pid" || got=$?
    out=$(<"$BATS_TEST_TMPDIR/begun.out")
    errors=$(<"$BATS_TEST_TMPDIR/begun.err")
    ended "$1" "$got" "what was begun"
}

# ended WANTED GOT COMMAND: compare exit statuses.
ended() {
    [ "$2" = "$1" ] && return 0
    printf 'exit status %s instead of %s: %s\nstdout:\n%s\nstderr:\n%s\n' "$2" "$1" "$3" "$out" "$errors"
    return 1
}

# until_true DATABASE SQL: wait, at most ten seconds, until a query answers t.
until_true() {
    local i
    for ((i = 0; i < 200; i++)); do
        [ "$(query "$1" "$2")" = t ] && return 0
        sleep 0.05
    done
    echo "never true: $2"
    return 1
}

# A condition for until_true: some session sleeps, as scripts do that wait for a test.
# shellcheck disable=SC2034
sleeping="SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database())"

# contains TEXT PART: whether PART stands in TEXT; says so when not.
contains() {
    [[ $1 == *"$2"* ]] && return 0
    printf 'not found: %s\nin:\n%s\n' "$2" "$1"
    return 1
}

# lacks TEXT PART: whether PART does not stand in TEXT; says so when it does.
lacks() {
    [[ $1 != *"$2"* ]] && return 0
    printf 'found: %s\nin:\n%s\n' "$2" "$1"
    return 1
}

# same GOT WANTED: whether two texts are equal; says how they differ when not.
same() {
    [ "$1" = "$2" ] && return 0
    printf 'got:\n%s\ninstead of:\n%s\n' "$1" "$2"
    return 1
}
