# tests/lib/cluster.bash: one throw-away PostgreSQL cluster for a file of tests.
#
#   setup_file() { cluster_start; }                      sets PGHOST, PGPORT, PGUSER
#   setup()      { database_create mine; }               sets DATABASE_URL
#   teardown()   { cluster_log_on_failure; }
#   teardown_file() { cluster_stop; }
#
# The server is the one in PGALTER_PG_BINDIR, else the distribution's.  It listens on a socket in its own folder and nowhere
# else.  As root it runs as an unprivileged user.

cluster_bindir() {
    local dir
    if [ -n "${PGALTER_PG_BINDIR-}" ]; then
        echo "$PGALTER_PG_BINDIR"
        return
    fi
    dir=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$dir" ] || dir=$(pg_config --bindir)
    echo "$dir"
}

# cluster_user: who the server runs as.
cluster_user() {
    if [ "$(id -u)" != 0 ]; then id -un
    elif getent passwd postgres >/dev/null; then echo postgres
    else echo nobody
    fi
}

# as_cluster_user COMMAND ...
as_cluster_user() {
    if [ "$(id -u)" = 0 ]; then (cd "$CLUSTER_DIR" && runuser -u "$(cluster_user)" -- "$@")
    else "$@"
    fi
}

# cluster_start [SETTING=VALUE ...]: initdb and start, with further settings of the server.
cluster_start() {
    local bin setting options=()
    bin=$(cluster_bindir)
    unset PGDATABASE PGSERVICE PGOPTIONS PGPASSWORD DATABASE_URL DB_URL PGALTER_DATABASE_URL
    CLUSTER_DIR=$(mktemp -d /tmp/pgalter-cluster.XXXXXX)
    export CLUSTER_DIR PGHOST=$CLUSTER_DIR PGPORT=5432 PGUSER=postgres
    for setting in "$@"; do options+=(-c "$setting"); done
    if [ "$(id -u)" = 0 ]; then chown "$(cluster_user)" "$CLUSTER_DIR"; fi
    as_cluster_user "$bin/initdb" -D "$CLUSTER_DIR/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$CLUSTER_DIR/initdb.log" 2>&1 ||
        { cat "$CLUSTER_DIR/initdb.log"; return 1; }
    # bats waits for descriptor 3 to be closed by everybody.
    as_cluster_user "$bin/pg_ctl" -D "$CLUSTER_DIR/data" -l "$CLUSTER_DIR/log" -w -t 60 start \
        -o "-k $CLUSTER_DIR -p $PGPORT -c listen_addresses='' -c fsync=off -c max_connections=120 ${options[*]}" >/dev/null 3>&- ||
        { cat "$CLUSTER_DIR/log"; return 1; }
}

cluster_stop() {
    [ -n "${CLUSTER_DIR-}" ] || return 0
    as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/data" -m immediate -w stop >/dev/null 2>&1 || true
    if [ -e "$CLUSTER_DIR.keep" ]; then rm -f "$CLUSTER_DIR.keep"
    else rm -rf "$CLUSTER_DIR"
    fi
}

# database_create NAME: an empty database, which DATABASE_URL then names.
database_create() {
    psql -Xq -v ON_ERROR_STOP=1 -d postgres -c "CREATE DATABASE \"$1\""
    export DATABASE_URL="dbname=$1"
}

# In teardown: after a failed test the server's log is kept, and its end shown.
cluster_log_on_failure() {
    [ -z "${BATS_TEST_COMPLETED-}" ] && [ -n "${CLUSTER_DIR-}" ] && [ -e "$CLUSTER_DIR/log" ] || return 0
    : >"$CLUSTER_DIR.keep"
    echo "the server's log is kept: $CLUSTER_DIR/log; its end:"
    tail -n 15 "$CLUSTER_DIR/log"
}
