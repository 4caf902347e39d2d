# tests/lib/pgalter.bash: the program, and alterations for it.

# pgalter ARGUMENTS: the program under test, in $dir's folder of alterations.
pgalter() { "$PGALTER" "$@"; }

# script NAME TEXT: write a script into $PGALTER_DIR.
script() { mkdir -p "$PGALTER_DIR"; printf '%s\n' "$2" >"$PGALTER_DIR/$1"; }

# pair STEM UP DOWN: an up and a down script.
pair() { script "$1.up.sql" "$2"; script "$1.down.sql" "$3"; }

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

# contains TEXT PART: whether PART stands in TEXT; says so when not.
contains() {
    [[ $1 == *"$2"* ]] && return 0
    printf 'not found: %s\nin:\n%s\n' "$2" "$1"
    return 1
}
