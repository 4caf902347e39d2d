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
    [ "$got" = "$want" ] && return 0
    printf 'exit status %s instead of %s: %s\nstdout:\n%s\nstderr:\n%s\n' "$got" "$want" "$*" "$out" "$errors"
    return 1
}

# begin ARGUMENTS: run the program in the background; its process id goes to $pid.
begin() {
    "$PGALTER" "$@" </dev/null >"$BATS_TEST_TMPDIR/background.out" 2>"$BATS_TEST_TMPDIR/background.err" 3>&- &
    pid=$!
}

# finish STATUS: wait for what `begin` began; like expect.
finish() { expect "$1" finished; }
finished() {
    local status=0
    wait "$pid" || status=$?
    cat "$BATS_TEST_TMPDIR/background.out"
    cat "$BATS_TEST_TMPDIR/background.err" >&2
    return "$status"
}

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
