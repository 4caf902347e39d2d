#!/usr/bin/env bats
# Messages that name a command, as in hints.bats: those about the server, and about the private cluster.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/hints.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }
setup() { hints_setup; }
teardown() { hints_teardown; }

# ---- the output ----

#: To see where the database stands now: pgalter status
#: To see what runs now: pgalter local status
@test "what was done, and could not be told" {
    [ -c /dev/full ] || skip "no /dev/full"
    untold() { "$@" >/dev/full; }
    table 1.0.0-1-one one
    expect 1 untold p deploy
    expect 0 follow 1
    contains "$out" "applied    1 alteration"
    expect 1 untold pgalter local stop
    expect 0 follow 1
    contains "$out" "$own"
}

# ---- the server ----

#: %sCreate it with "createdb%s %s", or name another one with --db or PGALTER_DATABASE_URL.
#: Is the server running? Look with "pg_isready%s". Add --wait 60s to wait for it.
@test "no such database, no such server" {
    expect 77 pgalter status --db "dbname=${db}_new"
    expect 0 follow 1
    expect 0 pgalter status --db "dbname=${db}_new"
    expect 69 pgalter status --db "host=/nowhere"
    # It looks, and finds that nobody answers.
    expect 2 follow 1
    contains "$out" "no response"
}

#: %sName the user in --db or PGALTER_DATABASE_URL, or create it: CREATE ROLE %s LOGIN;
#: Name a user that may log in, or let it: ALTER ROLE %s LOGIN;
@test "no such user, one that may not log in" {
    export PGUSER="New $db"
    expect 77 p status
    PGUSER=postgres expect 0 follow 1
    expect 0 p status
    PGUSER=postgres query "$db" "ALTER ROLE \"New $db\" NOLOGIN"
    expect 77 p status
    PGUSER=postgres expect 0 follow 1
    expect 0 p status
}

#: The server answered and refused the session: a file that its settings name is not there. Install it, or from another database: ALTER DATABASE %s RESET session_preload_libraries; the role's settings and postgresql.conf can name it too.
@test "a server that answers and refuses the session" {
    query "$db" "ALTER DATABASE $db SET session_preload_libraries = 'no_such_library'"
    expect 69 p status
    contains "$errors" "no_such_library"
    lacks "$errors" "Is the server running"
    sql_in=postgres expect 0 follow 1
    expect 0 p status
}

#: Readers see no scripts unless the journal's owner lets them: GRANT SELECT ON TABLE %s.scripts TO %s;
@test "a reader that is to see the stored scripts" {
    table 1.0.0-300-c c
    expect 0 p deploy
    query "$db" "CREATE ROLE \"Reader $db\" LOGIN; GRANT USAGE ON SCHEMA pgalter TO \"Reader $db\";
        GRANT SELECT ON pgalter.history, pgalter.journal, pgalter.unfinished, pgalter.attempts TO \"Reader $db\""
    local words
    for words in "show 300-c" "plan rollback zero"; do
        # shellcheck disable=SC2086 # words
        PGUSER="Reader $db" expect 77 p $words --owner postgres
    done
    expect 0 follow 1
    for words in "show 300-c" "plan rollback zero"; do
        # shellcheck disable=SC2086 # words
        PGUSER="Reader $db" expect 0 p $words --owner postgres
    done
}

#: "unset PGREQUIREPEER", or look into the service file
#: Type "unset %s" or "unset %s" first.
@test "variables that must go" {
    export PGREQUIREPEER=nobody
    expect 64 p status
    contains "$errors" "The server answered, but requirepeer=nobody wants"
    same "$(named | sed -n 1p)" "unset PGREQUIREPEER"
    eval "$(named | sed -n 1p)"
    expect 0 p status
    expect 64 pgalter status --db "dbname=$db requirepeer=nobody"
    contains "$errors" "connection string"
    echo "dbname=$db" >"$BATS_TEST_TMPDIR/url"
    export PGALTER_DATABASE_URL=dbname=other PGALTER_DATABASE_URL_FILE=$BATS_TEST_TMPDIR/url
    expect 64 pgalter status
    same "$(named | head -n 2 | paste -sd,)" "unset PGALTER_DATABASE_URL,unset PGALTER_DATABASE_URL_FILE"
    eval "$(named | sed -n 1p)"
    expect 0 pgalter status
    contains "$out" "$db"
}

#: The password came from %s. Try the right one with "psql -W%s -d %s", and put it there.
@test "a wrong password" {
    query "$db" "SET password_encryption = 'scram-sha-256'; CREATE ROLE guarded LOGIN PASSWORD 'right'"
    as_cluster_user sed -i '1i local all guarded scram-sha-256' "$CLUSTER_DIR/data/pg_hba.conf"
    query "$db" "SELECT pg_reload_conf()" >/dev/null
    sleep 1
    PGPASSWORD=wrong expect 77 pgalter status --db "user=guarded dbname=$db"
    contains "$errors" "PGPASSWORD"
    # -W asks on the terminal; without it psql takes the password from where pgalter does.
    command=$(named | sed -n 1p)
    contains "$command" " -W "
    command=${command/ -W/}
    PGPASSWORD=wrong expect 2 eval "$command -c 'SELECT 1'"
    PGPASSWORD=right expect 0 eval "$command -c 'SELECT 1'"
    PGPASSWORD=right expect 0 pgalter status --db "user=guarded dbname=$db"
}

#: Its owner can grant it: GRANT CONNECT ON DATABASE %s TO %s;
#: Somebody closed it. Its owner can open it from another database: ALTER DATABASE %s ALLOW_CONNECTIONS true;
@test "a database that lets nobody in" {
    query "$db" "CREATE ROLE \"Out $db\" LOGIN"
    query "$db" "CREATE DATABASE \"${db} private\""
    query "$db" "REVOKE CONNECT ON DATABASE \"${db} private\" FROM PUBLIC"
    expect 77 pgalter status --db "user='Out $db' dbname='${db} private'"
    expect 0 follow 1
    expect 0 pgalter status --db "user='Out $db' dbname='${db} private'"
    query "$db" "ALTER DATABASE \"${db} private\" ALLOW_CONNECTIONS false"
    expect 77 pgalter status --db "dbname='${db} private'"
    expect 0 follow 1
    expect 0 pgalter status --db "dbname='${db} private'"
}

#: Correct PGOPTIONS, or "unset PGOPTIONS": it holds settings of the server, such as -csearch_path=app.
@test "settings that the server refuses" {
    export PGOPTIONS=--bogus
    expect 64 p status
    contains "$errors" "pgalter help value"
    eval "$(named | sed -n 1p)"
    expect 0 p status
}

#: Create the role "%s", or leave out --role. To create it: CREATE ROLE %s; GRANT %s TO %s;
#: The login role must be a member of it, or leave out --role. To make it one: GRANT %s TO %s;
@test "no such role, no member of it" {
    query "$db" "CREATE ROLE \"Login $db\" LOGIN"
    export PGUSER="Login $db"
    expect 77 p status --role "Owner $db" || expect 64 p status --role "Owner $db"
    PGUSER=postgres expect 0 follow 1
    expect 0 p status --role "Owner $db"
    PGUSER=postgres query "$db" "REVOKE \"Owner $db\" FROM \"Login $db\""
    expect 77 p status --role "Owner $db"
    PGUSER=postgres expect 0 follow 1
    expect 0 p status --role "Owner $db"
}

# ---- the private cluster ----

#: Did you mean "pgalter local %s"?
#: Start it: pgalter local start
#: Set PGALTER_PG_BINDIR to the folder of PostgreSQL %d's programs, or throw the data away with: pgalter local reset
#: If the data may go, start anew with: pgalter local reset
#: Something else stands there; remove it with: pgalter local reset
#: Read the whole log with: less '%s'
@test "the private cluster" {
    unset PGHOST PGPORT PGUSER
    expect 64 pgalter local strt
    expect 0 follow 1
    contains "$out" "running"
    pgalter local stop
    expect 69 pgalter doctor --db local:
    expect 0 follow "$(named | grep -n 'local start' | head -n 1 | cut -d: -f1)"
    contains "$out" "running"
    pgalter local stop
    printf '9\n' >.pgalter/local/data/PG_VERSION
    expect 64 pgalter local start
    expect 0 follow 1
    expect 0 pgalter local start
    pgalter local stop
    printf 'x\n' >.pgalter/local/data/PG_VERSION
    expect 64 pgalter local start
    expect 0 follow 1
    expect 0 pgalter local start
    pgalter local stop
    echo 'nonsense = 1' >>.pgalter/local/data/postgresql.conf
    expect 69 pgalter local start
    expect 0 follow 1
    contains "$out" "nonsense"
    pgalter local reset --yes
    pgalter local start
    pgalter local stop
    rm .pgalter/local/data/PG_VERSION
    expect 64 pgalter local start
    expect 0 follow 1
    expect 0 pgalter local start
}
