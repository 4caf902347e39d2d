#!/usr/bin/env bats
# tests/system/cluster.bats: the throw-away cluster of tests/lib/cluster.bash, with which the other files test.

load ../lib/cluster

setup_file() { cluster_start "work_mem=7MB" "log_line_prefix=a b's "; }
teardown_file() { cluster_stop; }
teardown() { cluster_log_on_failure; }

ask() { psql -XAtq -d "${DATABASE_URL-dbname=postgres}" -c "$1"; }

# inner_tests NAME BODY ...: make a file of tests in the test's own folder; its cluster's folder is noted in $noted.
inner_tests() {
    export noted=$BATS_TEST_TMPDIR/noted
    cat >"$BATS_TEST_TMPDIR/inner.bats" <<EOF
load '$BATS_TEST_DIRNAME/../lib/cluster'
setup_file() { cluster_start; echo "\$CLUSTER_DIR" >"\$noted"; }
teardown() { cluster_log_on_failure; }
teardown_file() { cluster_stop; }
$(printf '@test "%s" { %s; }\n' "$@")
EOF
}

@test "the server is not root's, and has its socket in a folder of its own" {
    pid=$(head -n 1 "$CLUSTER_DIR/data/postmaster.pid")
    [ "$(ps -o uid= -p "$pid" | tr -d ' ')" != 0 ]
    [ "$PGHOST" = "$CLUSTER_DIR" ]
    [ "$(stat -c %a "$CLUSTER_DIR")" = 700 ]
    [ -S "$PGHOST/.s.PGSQL.$PGPORT" ]
    [ "$(ask 'SHOW listen_addresses')" = "" ]
}

@test "the superuser is postgres, and nothing is synchronised" {
    [ "$(ask 'SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user')" = "postgres|t" ]
    [ "$(ask 'SHOW fsync')" = off ]
}

@test "settings arrive whole" {
    [ "$(ask 'SHOW work_mem')" = 7MB ]
    [ "$(ask 'SHOW log_line_prefix')" = "a b's " ]
}

@test "a database is made and named" {
    database_create "odd Name"
    [ "$(ask 'SELECT current_database()')" = "odd Name" ]
    run database_create "odd Name"
    [ "$status" -ne 0 ]
}

@test "PGALTER_PG_BINDIR decides which server" {
    run env PGALTER_PG_BINDIR=/no/such/folder bash -c \
        ". '$BATS_TEST_DIRNAME/../lib/cluster.bash'; cluster_start && echo started; cluster_stop"
    [[ $output == */no/such/folder/initdb* && $output != *started* ]]
    [ "$(PGALTER_PG_BINDIR=/x cluster_bindir)" = /x ]
    [ -x "$(PGALTER_PG_BINDIR='' cluster_bindir)/postgres" ]
}

@test "after a failure the logs stay" {
    inner_tests fails false
    run bats "$BATS_TEST_TMPDIR/inner.bats"
    [ "$status" -ne 0 ]
    dir=$(<"$noted")
    [[ $output == *"the server's log is kept: $dir/log"* ]]
    [ -s "$dir/log" ]
    [ ! -e "$dir/data/postmaster.pid" ] # it was stopped all the same
    rm -rf "$dir"
}

@test "after success and after a skip nothing stays" {
    inner_tests passes true 'is skipped' skip
    run bats "$BATS_TEST_TMPDIR/inner.bats"
    [ "$status" -eq 0 ]
    dir=$(<"$noted")
    [ -n "$dir" ]
    [ ! -e "$dir" ]
}
