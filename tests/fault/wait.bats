#!/usr/bin/env bats
# --wait: what a run waits for, and what it does not wait for.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

# free_port: a TCP port of the loopback that nobody listens on.
free_port() {
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# A server that can be stopped and started: what cluster_start gives to pg_ctl stands in its configuration.
setup_file() {
    cluster_start
    control stop -m fast
    PGPORT=$(free_port)
    export PGPORT PGHOST=127.0.0.1
    cat >>"$CLUSTER_DIR/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $PGPORT
unix_socket_directories = '$CLUSTER_DIR'
max_connections = 12
max_wal_senders = 2
fsync = off
END
    sed -i '1i host all with_password 127.0.0.1/32 scram-sha-256' "$CLUSTER_DIR/data/pg_hba.conf"
    control start
    psql -Xq -d postgres -c "SET password_encryption = 'scram-sha-256'" \
        -c "CREATE ROLE with_password SUPERUSER LOGIN PASSWORD 'open sesame'"
}

teardown_file() { cluster_stop; }

setup() {
    PGHOST=127.0.0.1
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
    control status || control start
    [ "$(query postgres "SELECT pg_is_in_recovery()")" = f ] || control promote
    db=wait_$BATS_TEST_NUMBER
    database_create "$db"
    helper=''
}

teardown() {
    [ -z "$helper" ] || wait "$helper" || true
    cluster_log_on_failure
}

# control COMMAND ...: pg_ctl.
control() {
    as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/data" -l "$CLUSTER_DIR/log" -w -t 60 "$@" >/dev/null 3>&-
}

# later SECONDS COMMAND ...: in the background.
later() {
    (sleep "$1"; shift; "$@") >/dev/null 2>&1 3>&- &
    helper=$!
}

# told REASON: what it waited for was said, once.
told() {
    contains "$errors" "waiting for the server, at most"
    contains "$errors" "$1"
}

deployed() { same "$(query "$db" "SELECT to_regclass('a') IS NOT NULL")" t; }

@test "a server that starts later" {
    control stop -m fast
    later 3 control start
    expect 0 pgalter deploy --wait 60s
    told "refused"
    deployed
}

@test "a name that is known later" {
    unshare -m true 2>/dev/null || skip "no mount namespace for another /etc/hosts"
    local hosts=$BATS_TEST_TMPDIR/hosts order=$BATS_TEST_TMPDIR/order
    echo "127.0.0.1 localhost" >"$hosts"
    echo "hosts: files" >"$order"
    later 3 sh -c "echo '127.0.0.1 database.of.test' >>'$hosts'"
    # shellcheck disable=SC2016 # the inner shell expands it
    expect 0 unshare -m sh -ec 'mount --bind "$1" /etc/hosts; mount --bind "$2" /etc/nsswitch.conf; shift 2; exec "$@"' \
        sh "$hosts" "$order" "$PGALTER" deploy --wait 60s --db "host=database.of.test dbname=$db"
    told "database.of.test"
    deployed
}

@test "a listener that takes connections and closes them, as a sidecar without its server does" {
    control stop -m fast
    perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => $ARGV[0],
        ReuseAddr => 1) or die; print "ready\n"; close STDOUT; for (1 .. 4) { my $c = $s->accept; sysread $c, my $x, 8; close $c }' \
        "$PGPORT" >"$BATS_TEST_TMPDIR/listening" 3>&- &
    local listener=$!
    until [ -s "$BATS_TEST_TMPDIR/listening" ]; do sleep 0.05; done
    (wait_for_end "$listener"; control start) >/dev/null 2>&1 3>&- &
    helper=$!
    expect 0 pgalter deploy --wait 60s
    told "closed the connection unexpectedly"
    deployed
}

# wait_for_end PID: of a process that is not ours to wait for.
wait_for_end() { while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; }

@test "a server that is full" {
    for _ in {1..15}; do
        psql -Xq -d postgres -c "SELECT pg_sleep(4)" >/dev/null 2>&1 3>&- &
    done
    until psql -Xq -d postgres -c "SELECT 1" 2>&1 | grep -q "too many clients"; do sleep 0.05; done
    expect 0 pgalter deploy --wait 60s
    told "too many clients"
    wait
    deployed
}

@test "a server that is starting up" {
    control stop -m fast
    # A standby that is not hot takes nobody in, as a server that recovers, until it is promoted.
    as_cluster_user touch "$CLUSTER_DIR/data/standby.signal"
    echo "hot_standby = off" >>"$CLUSTER_DIR/data/postgresql.conf"
    as_cluster_user "$(cluster_bindir)/pg_ctl" -D "$CLUSTER_DIR/data" -l "$CLUSTER_DIR/log" -W start >/dev/null 3>&-
    until psql -Xq -d postgres -c "SELECT 1" 2>&1 | grep -q "database system is"; do sleep 0.1; done
    later 3 control promote
    expect 0 pgalter deploy --wait 60s
    told "database system is"
    sed -i '/^hot_standby = off$/d' "$CLUSTER_DIR/data/postgresql.conf"
    deployed
}

@test "a standby that is promoted later; who only reads does not wait for it" {
    expect 0 pgalter deploy
    table 1.0.0-200-b b
    control stop -m fast
    as_cluster_user touch "$CLUSTER_DIR/data/standby.signal"
    control start
    expect 0 pgalter status --wait 60s
    contains "$out" "pending    1 alteration"
    lacks "$errors" "waiting"
    expect 0 pgalter plan
    expect 76 pgalter deploy
    contains "$errors" "pgalter help read-only"
    # Who asks for another kind of server gets it: the server itself then refuses.
    expect 76 env PGTARGETSESSIONATTRS=any "$PGALTER" deploy
    contains "$errors" "all hosts and target_session_attrs=read-write"
    later 3 control promote
    expect 0 pgalter deploy --wait 60s
    told "standby"
    same "$(query "$db" "SELECT to_regclass('b') IS NOT NULL")" t
}

# secret NAME TEXT: a version of a mounted Secret, as the kubelet writes it: ..data leads to the one that counts.
secret() {
    mkdir -p "$BATS_TEST_TMPDIR/mount/..$1"
    printf '%s\n' "$2" >"$BATS_TEST_TMPDIR/mount/..$1/secret"
    chmod 0440 "$BATS_TEST_TMPDIR/mount/..$1/secret"
}

# secret_is NAME: exchange it.
secret_is() {
    ln -sfn "..$1" "$BATS_TEST_TMPDIR/mount/..next"
    mv -T "$BATS_TEST_TMPDIR/mount/..next" "$BATS_TEST_TMPDIR/mount/..data"
    [ -e "$BATS_TEST_TMPDIR/mount/secret" ] || ln -s ..data/secret "$BATS_TEST_TMPDIR/mount/secret"
}

@test "a password file that is exchanged" {
    [ "$(id -u)" = 0 ] || skip "only root's files may be readable by their group"
    secret old "*:*:*:with_password:not this one"
    secret new "127.0.0.1:$PGPORT:*:with_password:open sesame"
    secret_is old
    later 3 secret_is new
    PGPASSFILE=$BATS_TEST_TMPDIR/mount/secret PGUSER=with_password expect 0 pgalter deploy --wait 60s
    told "password authentication failed"
    lacks "$errors" "WARNING"
    lacks "$errors$out" "this one"
    deployed
    # Without --wait it is refused at once, and one that was typed is not tried twice.
    secret_is old
    PGPASSFILE=$BATS_TEST_TMPDIR/mount/secret PGUSER=with_password expect 77 pgalter deploy
    PGPASSWORD="not this one" PGUSER=with_password expect 77 pgalter deploy --wait 60s
    lacks "$errors" "waiting"
}

@test "a password file that everybody may read is not, and the message says what to do" {
    local file=$BATS_TEST_TMPDIR/pgpass
    echo "*:*:*:*:open sesame" >"$file"
    chmod 0644 "$file"
    export PGPASSFILE=$file PGUSER=with_password
    expect 77 pgalter deploy
    contains "$errors" "\"chmod 0600 $file\""
    eval "$(tr '\n' ' ' <<<"$errors" | grep -o 'chmod 0600 [^"]*')"
    expect 0 pgalter deploy
    deployed
}

@test "a file with the database's URL that is exchanged" {
    secret old "postgresql://with_password:not%20this%20one@127.0.0.1:$PGPORT/$db"
    secret new "postgresql://with_password:open%20sesame@127.0.0.1:$PGPORT/$db"
    secret_is old
    later 3 secret_is new
    unset DATABASE_URL
    PGALTER_DATABASE_URL_FILE=$BATS_TEST_TMPDIR/mount/secret expect 0 pgalter deploy --wait 60s
    told "password authentication failed"
    lacks "$errors$out" "this"
    deployed
}

@test "no such database: three tries" {
    local start=$SECONDS
    expect 77 pgalter deploy --wait 120s --db dbname=nowhere
    [ $((SECONDS - start)) -lt 30 ]
    contains "$errors" "pgalter help no-database"
}

@test "nothing comes: 69 when the time is up, and a signal ends the wait" {
    control stop -m fast
    expect 69 pgalter deploy --wait 2s
    contains "$errors" "pgalter help no-server"
    begin deploy --wait 120s
    until grep -q waiting "$BATS_TEST_TMPDIR/begun.err"; do sleep 0.05; done
    local start=$SECONDS
    kill -TERM "$pid"
    finish 143
    [ $((SECONDS - start)) -lt 10 ]
}
