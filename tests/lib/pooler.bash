# tests/lib/pooler.bash: a pgbouncer between, and other clients that use its sessions all the time.
#
#   pooler_start transaction 2      pool mode and size; the conninfo of a database is then $(pooled DATABASE)
#   neighbours_start DATABASE       two clients that look at their session again and again
#   neighbours_fine                 they saw nothing that was not theirs; ends them
#   pooler_stop

# pooler_start MODE SIZE: $POOLER is its folder.
pooler_start() {
    command -v pgbouncer >/dev/null || skip "pgbouncer is not installed"
    POOLER=$(as_cluster_user mktemp -d "$CLUSTER_DIR/pooler.XXXXXX")
    as_cluster_user tee "$POOLER/ini" >/dev/null <<INI
[databases]
* = host=$PGHOST port=$PGPORT user=postgres
[pgbouncer]
unix_socket_dir = $POOLER
listen_addr =
listen_port = 6432
auth_type = any
pool_mode = $1
default_pool_size = $2
max_client_conn = 100
logfile = $POOLER/log
pidfile = $POOLER/pid
INI
    pooler_run
}

# pooler_run: start it again with the same settings.
pooler_run() {
    local i
    as_cluster_user pgbouncer -d "$POOLER/ini" >/dev/null 2>&1 3>&-
    for ((i = 0; i < 200; i++)); do
        psql -Xq -h "$POOLER" -p 6432 -d postgres -c 'SELECT' >/dev/null 2>&1 && return
        sleep 0.05
    done
    cat "$POOLER/log"
    return 1
}

pooler_stop() {
    [ -z "${POOLER-}" ] || kill -9 "$(<"$POOLER/pid")" 2>/dev/null || true
}

pooled() { echo "host=$POOLER port=6432 dbname=$1 user=postgres"; }

# through DATABASE SQL ...: each in a message of its own, over the pooler.
through() {
    local database=$1 sql options=()
    shift
    for sql in "$@"; do options+=(-c "$sql"); done
    psql -XAtq -v ON_ERROR_STOP=1 "$(pooled "$database")" "${options[@]}"
}

# What a client says that finds its session as it left it; anything else is what it found.
neighbour_asks="SELECT CASE WHEN s.found IS NULL AND current_user = session_user THEN 'mine'
    ELSE concat_ws(' ', current_user, s.found) END
    FROM (SELECT (SELECT string_agg(name || '=' || setting, ' ') FROM pg_settings
            WHERE source = 'session' AND name NOT IN ('application_name', 'transaction_isolation', 'transaction_read_only', 'transaction_deferrable'))
        || (SELECT coalesce(string_agg(' lock ' || objid, ''), '') FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())) AS s (found)"

# neighbours_start DATABASE [COUNT]
neighbours_start() {
    local i
    neighbours=$(mktemp -d "$BATS_TEST_TMPDIR/neighbours.XXXXXX")
    touch "$neighbours/go"
    for ((i = 1; i <= ${2:-2}; i++)); do
        : >"$neighbours/$i"
        # shellcheck disable=SC2016 # perl expands it
        perl -e '$| = 1; while (-e $ARGV[0]) { print "$ARGV[1]\n;\n"; select(undef, undef, undef, 0.01) }' \
            "$neighbours/go" "${neighbour_asks//$'\n'/ }" 3>&- |
            psql -XAtq "$(pooled "$1")" >>"$neighbours/$i" 2>&1 3>&- &
    done
    neighbours_go_on 3
}

# neighbours_go_on COUNT: until each has looked so often again.
neighbours_go_on() {
    local file wanted i
    for file in "$neighbours"/[0-9]*; do
        wanted=$(($(wc -l <"$file") + $1))
        for ((i = 0; $(wc -l <"$file") < wanted; i++)); do
            [ "$i" -lt 600 ] || { echo "a client gets no answer"; tail -n 3 "$file"; return 1; }
            sleep 0.05
        done
    done
}

neighbours_fine() {
    neighbours_go_on 20 || return
    rm "$neighbours/go"
    same "$(grep -hv '^mine$' "$neighbours"/[0-9]* | sort | uniq -c)" "" || return
    echo "$(cat "$neighbours"/[0-9]* | wc -l) looks of other clients"
}
