#!/usr/bin/env bats
# doctor: what it says of ways to a server, of this machine's files, and what it never says.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/doctor.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=doctor_connection_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
    table 1.0.0-200-b b
}

teardown() { cluster_log_on_failure; }

# tls_cases: what the test of TLS looks at; its server must be stopped whatever comes.  Sees the variables of that test.
tls_cases() {
    local on_this="host=127.0.0.1 port=$port dbname=postgres user=postgres"
    unset PGHOST
    examine 0 --db "$on_this sslmode=disable" && is connection tls ok "the server is on this machine" || return 1
    examine 0 --db "$on_this sslmode=require" && is connection tls ok "TLSv1" && is connection tls ok "not verified (sslmode=require)" || return 1
    examine 69 --db "$on_this sslmode=verify-full sslrootcert=$dir/none.crt" || examine 64 --db "$on_this sslmode=verify-full sslrootcert=$dir/none.crt" || return 1
    is connection connecting failed || return 1
    as_cluster_user cp "$dir/data/server.crt" "$dir/root.crt" && as_cluster_user chmod 644 "$dir/root.crt" && chmod a+rx "$dir" || return 1
    examine 0 --db "$on_this sslmode=verify-ca sslrootcert=$dir/root.crt" && is connection tls ok "is verified (sslmode=verify-ca)" || return 1
    PGPASSWORD=wrong examine 77 --db "host=127.0.0.1 port=$port dbname=postgres user=guarded" && is connection connecting failed "28P01" || return 1
    [ -n "$address" ] || return 0
    local over_net="host=$address port=$port dbname=postgres user=postgres"
    examine 20 --db "$over_net sslmode=disable" && is connection tls attention "not in use" && same "$(unhealthy)" "connection/tls" || return 1
    contains "$(finding connection tls)" "sslmode=verify-full" || return 1
    examine 20 --db "$over_net sslmode=prefer" && is connection tls attention "not verified" || return 1
    examine 0 --db "$over_net sslmode=verify-ca sslrootcert=$dir/root.crt" && is connection tls ok
}

@test "no server: everything else is still looked at" {
    examine 69 --db "host=$BATS_TEST_TMPDIR dbname=x"
    same "$(unhealthy)" "connection/connecting"
    is connection connecting failed
    [ "$(finding connection connecting | jq '.next | length')" -gt 0 ]
    is connection tls "not checked" "no connection"
    is role reading "not checked"
    is directory alterations ok "2 alterations"
    is directory scripts ok
    same "$(jq -r .healthy <<<"$out")" false
    expect 69 pgalter doctor --db "host=$BATS_TEST_TMPDIR dbname=x"
    contains "$out" "1 failed, "
    examine 69 --db local:
    is connection connecting failed "does not run"
    contains "$(finding connection connecting)" "pgalter local start"
    [ ! -e .pgalter ] && [ ! -e "$PGALTER_DIR/../.pgalter" ]
}

@test "no such database, no such role" {
    examine 77 --db "dbname=nothing_$db"
    is connection connecting failed '(SQLSTATE 3D000)'
    examine 77 --role nobody_here
    is connection connecting failed
    [ "$(finding connection connecting | jq ".next | length")" -gt 0 ]
    same "$(jq -r '.findings | length > 20' <<<"$out")" true
}

@test "a configuration that can't be understood, and a directory with a mistake" {
    cd "$BATS_TEST_TMPDIR"
    printf 'databse: x\n' >pgalter.yaml
    examine 64
    is configuration file failed "pgalter.yaml:1:1: unknown key"
    contains "$(finding configuration file)" 'Did you mean \"database\"?'
    is directory alterations "not checked"
    is connection connecting "not checked"
    same "$(unhealthy)" "configuration/file"
    printf 'schema: elsewhere\nenvironments:\n  staging:\n    lock_wait: 3s\n' >pgalter.yaml
    examine 0 --env staging
    is configuration file ok 'environment "staging"'
    is configuration values ok "schema = elsewhere (pgalter.yaml:1:9)"
    is configuration values ok "lock-wait = 3s (pgalter.yaml:4:16 (environment staging))"
    is configuration values ok "(environment variable PGALTER_DIR)"
    rm pgalter.yaml
    script 1.0.0-300-c.up.sql "SELECT 'never closed;"
    examine 20
    is directory alterations ok
    is directory scripts failed "1.0.0-300-c.up.sql:1:"
    script 1.0.0-100-again.up.sql "SELECT 1;"
    examine 20
    is directory alterations failed
    is directory scripts "not checked"
    is connection connecting ok
    examine 20 --dir "$BATS_TEST_TMPDIR/not_there"
    is directory alterations failed
    unset PGALTER_DIR
    rm -r alterations
    examine 20
    is directory alterations attention 'no directory "alterations"'
    contains "$(finding directory alterations)" "pgalter new"
}

@test "an alteration from the future" {
    table "1.1.0-$(($(date +%s) + 7200))-later" later
    examine 20
    same "$(unhealthy)" "directory/dates"
    is directory dates attention "in the future"
}

@test "no secret is shown, whatever is asked" {
    cd "$BATS_TEST_TMPDIR"
    printf 'database: "postgresql://postgres:s3cr3t-in-yaml@/%s?host=%s"\n' "$db" "$PGHOST" >pgalter.yaml
    unset DATABASE_URL
    export PGPASSWORD=s3cr3t-in-environment
    query "$db" "CREATE TABLE visible ()"
    pair 1.0.0-300-c "INSERT INTO nothing VALUES ('s3cr3t-in-script');" ""
    expect 65 pgalter deploy
    rm "$PGALTER_DIR"/1.0.0-300-*
    script 1.0.0-100-a.down.sql "DROP TABLE a; -- changed"
    expect 0 pgalter accept 100-a --because "s3cr3t-in-because" --yes
    local arguments
    for arguments in "" "--json" "--report" "--report --json" "--db postgresql://u:s3cr3t-typed@127.0.0.1:1/x" \
        "--report --db postgresql://u:s3cr3t-typed@127.0.0.1:1/x" "--db postgresql://u:s3cr3t%ZZ@127.0.0.1:1/x" "-v --debug"; do
        # shellcheck disable=SC2086
        "$PGALTER" doctor $arguments </dev/null >"$BATS_TEST_TMPDIR/all" 2>&1 || true
        lacks "$(<"$BATS_TEST_TMPDIR/all")" s3cr3t
    done
    expect 0 pgalter doctor
    contains "$out" "db = postgresql://postgres:****@/$db?host=$PGHOST (pgalter.yaml:1:11)"
    contains "$out" "PGPASSWORD = **** (environment variable"
    expect 0 pgalter doctor --report
    contains "$out" "history, the last 4 of 4"
    contains "$out" "accepted 100-a"
    contains "$out" "failed attempts, newest first"
    contains "$out" "alteration-failed 300-c SQLSTATE 42P01"
    contains "$out" "2 alterations, "
    contains "$(tail -n 2 <<<"$out")" "Where to: the issue tracker"
    expect 0 pgalter doctor --report --json
    contains "$(jq -r .report <<<"$out")" "---- end of the report ----"
}

@test "a standby answers, and takes no deploy" {
    side_init standby
    # A server that was shut down and finds standby.signal is a standby whose primary is silent.
    as_cluster_user touch "$CLUSTER_DIR/standby/data/standby.signal"
    side_start standby ""
    local failed=0
    examine 20 --db "host=$CLUSTER_DIR/standby dbname=postgres" || failed=1
    side_stop standby
    [ $failed = 0 ]
    same "$(unhealthy)" "connection/writable"
    is connection writable attention "standby"
    contains "$(finding connection writable)" "target_session_attrs=read-write"
}

@test "a transaction pooler is noticed" {
    command -v pgbouncer >/dev/null || skip "pgbouncer is not installed"
    local dir=$CLUSTER_DIR/pooler
    as_cluster_user mkdir "$dir"
    as_cluster_user tee "$dir/ini" >/dev/null <<INI
[databases]
* = host=$PGHOST port=$PGPORT
[pgbouncer]
unix_socket_dir = $dir
listen_addr =
listen_port = 6432
auth_type = any
pool_mode = transaction
logfile = $dir/log
pidfile = $dir/pid
INI
    sed -i "s/^\* = .*/$db = host=${PGHOST//\//\\/} port=$PGPORT user=postgres dbname=$db/" "$dir/ini"
    as_cluster_user pgbouncer -d "$dir/ini" >/dev/null 2>&1 3>&-
    examine 20 --db "host=$dir port=6432 dbname=$db user=postgres" || { as_cluster_user kill "$(<"$dir/pid")"; cat "$dir/log"; return 1; }
    as_cluster_user kill "$(<"$dir/pid")"
    is connection pooler attention "was promised at start-up"
    is connection pooler attention "it takes no start-up options"
    contains "$(finding connection pooler)" "own host and port"
}

@test "TLS with a certificate that nobody vouches for, and a wrong password" {
    command -v openssl >/dev/null || skip "openssl is not installed"
    local dir=$CLUSTER_DIR/tls address port=$((20000 + RANDOM % 20000)) failed=0
    address=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m1 '^[0-9.]*$') || true
    side_init tls
    as_cluster_user openssl req -new -x509 -days 2 -nodes -subj /CN=db.example -out "$dir/data/server.crt" -keyout "$dir/data/server.key" 2>/dev/null
    as_cluster_user chmod 600 "$dir/data/server.key"
    printf 'local all all trust\nhost all guarded 0.0.0.0/0 scram-sha-256\nhost all all 0.0.0.0/0 trust\n' |
        as_cluster_user tee "$dir/data/pg_hba.conf" >/dev/null
    side_start tls "-p $port -c listen_addresses='*' -c ssl=on" || skip "this server has no TLS"
    PGHOST=$dir PGPORT=$port query postgres "CREATE ROLE guarded LOGIN PASSWORD 'right one'" >/dev/null
    tls_cases || failed=1
    side_stop tls
    [ $failed = 0 ]
}

@test "arguments" {
    expect 64 pgalter doctor now
    expect 64 pgalter doctor --retries many
    contains "$errors" '"--retries" is "many"'
    expect 0 pgalter help doctor
    contains "$out" "--report"
}
