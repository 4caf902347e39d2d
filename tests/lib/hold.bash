# tests/lib/hold.bash: a session that stays in the middle of a transaction until it is told to end.
#
#   hold DATABASE "INSERT INTO a VALUES (1)"; ...; let_go
#
# What waits for its locks or its snapshot waits exactly as long, so that a test can act in the middle of it.

# hold DATABASE SQL: returns when the SQL has run and its transaction is open.
hold() {
    local fifo=$BATS_TEST_TMPDIR/hold
    rm -f "$fifo"
    mkfifo "$fifo"
    PGAPPNAME=holder psql -Xq -v ON_ERROR_STOP=1 -d "$1" <"$fifo" >/dev/null 2>&1 3>&- &
    holder=$!
    exec 9>"$fifo"
    echo "$2;" >&9
    until_true "$1" "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'holder' AND state = 'idle in transaction')"
}

# let_go: end it and its transaction.  What was begun meanwhile has the descriptor, too, so its end alone would not do.
let_go() {
    echo '\q' >&9
    exec 9>&-
    wait "$holder" || true
}
