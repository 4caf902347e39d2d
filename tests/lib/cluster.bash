# tests/lib/cluster.bash: one throw-away PostgreSQL cluster for a file of tests.
#
#   setup_file() { cluster_start; }                      sets PGHOST, PGPORT, PGUSER
#   setup()      { database_create mine; }               sets DATABASE_URL
#   teardown()   { cluster_log_on_failure; }
#   teardown_file() { cluster_stop; }
#
# The server is the one in PGALTER_PG_BINDIR, else the newest of the distribution.  It listens on a socket in its own
# folder and nowhere else, and trusts whoever reaches that.  As root it runs as an unprivileged user.

# cluster_bindir: the folder of the server's programs.
cluster_bindir() {
    local dir
    if [ -n "${PGALTER_PG_BINDIR-}" ]; then
        echo "$PGALTER_PG_BINDIR"
        return
    fi
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* | sort -rV) \
        "$(pg_config --bindir 2>/dev/null)"; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then
            echo "$dir"
            return
        fi
    done
    echo "no PostgreSQL server is installed; set PGALTER_PG_BINDIR to the folder of its programs" >&2
    return 1
}

# cluster_user: who the server runs as.
cluster_user() {
    if [ "$(id -u)" != 0 ]; then id -un
    elif getent passwd postgres >/dev/null; then echo postgres
    else echo nobody
    fi
}

# as_cluster_user COMMAND ...: run it in the cluster's folder, since that user can't be in every other.
as_cluster_user() (
    cd "$CLUSTER_DIR" || exit
    if [ "$(id -u)" != 0 ]; then exec "$@"; fi
    if command -v runuser >/dev/null; then exec runuser -u "$(cluster_user)" -- "$@"; fi
    # shellcheck disable=SC2016 # the inner shell expands it
    exec su -s /bin/sh "$(cluster_user)" -c 'exec "$0" "$@"' -- "$@"
)

# cluster_start [SETTING=VALUE ...]: initdb and start, with further settings of the server.
cluster_start() {
    local bin setting options
    bin=$(cluster_bindir) || return
    unset PGDATABASE PGSERVICE PGOPTIONS PGPASSWORD DATABASE_URL DB_URL PGALTER_DATABASE_URL
    CLUSTER_DIR=$(mktemp -d /tmp/pgalter-cluster.XXXXXX) # short enough for a socket, and open to every user
    export CLUSTER_DIR PGHOST=$CLUSTER_DIR PGPORT=5432 PGUSER=postgres
    options="-k $CLUSTER_DIR -p $PGPORT -c listen_addresses='' -c fsync=off -c max_connections=120"
    for setting in "$@"; do options+=" -c ${setting@Q}"; done # pg_ctl gives them to a shell
    if [ "$(id -u)" = 0 ]; then chown "$(cluster_user)" "$CLUSTER_DIR"; fi
    if ! as_cluster_user "$bin/initdb" -D "$CLUSTER_DIR/data" -U postgres -A trust -E UTF8 --locale=C --no-sync \
        >"$CLUSTER_DIR/initdb.log" 2>&1 3>&-; then
        cat "$CLUSTER_DIR/initdb.log"
        return 1
    fi
    export CLUSTER_OPTIONS=$options
    cluster_restart
}

# cluster_restart: start it again after it was stopped.  bats waits for descriptor 3 to be closed by everybody.
cluster_restart() {
    if ! as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/data" -l "$CLUSTER_DIR/log" -w -t 60 \
        -o "$CLUSTER_OPTIONS" start >/dev/null 3>&-; then
        cat "$CLUSTER_DIR/log"
        return 1
    fi
}

# cluster_stop: stop it, and remove it unless a test failed.
cluster_stop() {
    [ -n "${CLUSTER_DIR-}" ] || return 0
    as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/data" -m immediate -w stop >/dev/null 2>&1 || true
    if [ -e "$CLUSTER_DIR.keep" ]; then rm -f "$CLUSTER_DIR.keep"
    else rm -rf "$CLUSTER_DIR"
    fi
}

# database_create NAME: an empty database, which DATABASE_URL then names.
database_create() {
    psql -Xq -v ON_ERROR_STOP=1 -d postgres -c "CREATE DATABASE \"$1\"" || return
    export DATABASE_URL="dbname='$1'"
}

# In teardown: after a failed test the cluster is kept, and the end of the server's log shown.
cluster_log_on_failure() {
    if [ -n "${BATS_TEST_COMPLETED-}${BATS_TEST_SKIPPED-}" ] || [ ! -e "${CLUSTER_DIR-}/log" ]; then return 0; fi
    : >"$CLUSTER_DIR.keep"
    echo "the server's log is kept: $CLUSTER_DIR/log; its end:"
    tail -n 15 "$CLUSTER_DIR/log"
}

# cluster_ctl DIR ARGUMENTS: pg_ctl for the cluster in DIR, which waits.
cluster_ctl() {
    local dir=$1
    shift
    CLUSTER_DIR=$dir as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 "$@" >/dev/null 2>&1 3>&- || return
}

# cluster_crash: let the cluster die without a checkpoint, as if its machine had.
cluster_crash() { cluster_ctl "$CLUSTER_DIR" -m immediate stop; }

# cluster_again: start it again, with the same settings.
cluster_again() {
    local options
    options=$(sed 's/^[^ ]* *//' "$CLUSTER_DIR/data/postmaster.opts")
    cluster_ctl "$CLUSTER_DIR" -o "${options//\"/\'}" start
}
