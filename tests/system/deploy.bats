#!/usr/bin/env bats
# What deploy applies, reports and refuses.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

# Nothing but the tests themselves writes to the log.
setup_file() { cluster_start wal_level=minimal max_wal_senders=0 autovacuum=off; }
teardown_file() { cluster_stop; }

setup() {
    db=deploy_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    mkdir "$PGALTER_DIR"
}

teardown() { cluster_log_on_failure; }

# applied: the ids in the order of application.
applied() { query "$db" "SELECT string_agg(id, ' ' ORDER BY seq) FROM pgalter.journal"; }

# three: two releases and what comes next, with an unversioned one between the releases.
three() {
    table 1.0.0-100-a a
    table 150-loose loose
    table 1.1.0-200-b b
    table next-300-c c
}

@test "the first deploy creates the journal, and only then" {
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations to deploy"
    same "$(query "$db" "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'")" 0
    table 1.0.0-100-a a
    expect 0 pgalter deploy
    contains "$out" "Found 1 alteration to deploy"
    contains "$out" "[1/1] apply  100-a"
    contains "$out" "Deployed 1 alteration in"
    same "$(query "$db" "SELECT string_agg(event, ' ' ORDER BY seq) FROM pgalter.history")" "created applied"
    same "$(query "$db" "SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM information_schema.tables
        WHERE table_schema = 'pgalter'")" "attempts history journal scripts unfinished"
    # Nobody else reads it.
    same "$(query "$db" "SELECT has_schema_privilege('pg_monitor', 'pgalter', 'USAGE')")" f
}

@test "a deploy with nothing to do writes nothing" {
    three
    expect 0 pgalter deploy next
    # Whatever writes takes a transaction id; the server's own WAL (hint bits, its own snapshots) doesn't.
    local ids="SELECT pg_snapshot_xmax(pg_current_snapshot())"
    local rows="SELECT (SELECT string_agg(xmin::text || ctid::text, ' ' ORDER BY seq) FROM pgalter.history) ||
        (SELECT string_agg(xmin::text || ctid::text, ' ' ORDER BY seq) FROM pgalter.journal) ||
        (SELECT count(*) FROM pgalter.attempts) || (SELECT count(*) FROM pgalter.unfinished)"
    local before after
    before=$(query "$db" "$ids" && query "$db" "$rows")
    expect 0 pgalter deploy
    expect 0 pgalter deploy next
    expect 0 pgalter deploy 1.1.0
    expect 0 pgalter status
    expect 0 pgalter list
    expect 0 pgalter plan
    after=$(query "$db" "$ids" && query "$db" "$rows")
    same "$after" "$before"
}

@test "a deploy with nothing to do waits for nobody" {
    table 1.0.0-100-a a
    script next-200-slow.up.sql "SELECT pg_sleep(3);"
    expect 0 pgalter deploy
    begin deploy next
    until_true "$db" "$sleeping"
    expect 73 pgalter deploy next --lock-wait 0
    expect 0 pgalter deploy --lock-wait 0
    expect 0 pgalter status
    finish 0
}

@test "latest leaves next alone, next takes everything" {
    three
    expect 0 pgalter deploy
    contains "$out" "Found 3 alterations to deploy"
    same "$(applied)" "100-a 150-loose 200-b"
    contains "$errors" "1 alteration is pending beyond the target \"latest\"; to apply it too: pgalter deploy next"
    expect 0 pgalter deploy latest
    contains "$out" "Found 0 alterations to deploy"
    contains "$errors" "1 alteration is pending beyond the target \"latest\"; to apply it too: pgalter deploy next"
    expect 0 pgalter deploy next
    contains "$out" "Found 1 alteration to deploy"
    same "$(applied)" "100-a 150-loose 200-b 300-c"
}

@test "a version takes what has it or an earlier one, and what stands unversioned before" {
    three
    table 1.10.0-250-ten ten
    table 999-last last
    expect 0 pgalter deploy 0.9.0
    contains "$out" "Found 0 alterations to deploy"
    expect 0 pgalter deploy 1.0.5
    same "$(applied)" "100-a"
    expect 0 pgalter deploy 1.9.0
    same "$(applied)" "100-a 150-loose 200-b"
    contains "$errors" "3 alterations are pending beyond the target \"1.9.0\"; to apply what is released of them too: pgalter deploy latest"
    expect 0 pgalter deploy 1.10.0-rc.1
    contains "$out" "Found 0 alterations to deploy"
    expect 0 pgalter deploy 2.0.0
    same "$(applied)" "100-a 150-loose 200-b 250-ten"
    expect 0 pgalter deploy
    same "$(applied)" "100-a 150-loose 200-b 250-ten 999-last"
}

@test "an id or its timestamp takes everything up to it" {
    three
    expect 0 pgalter deploy 150
    same "$(applied)" "100-a 150-loose"
    expect 0 pgalter deploy 300-c
    same "$(applied)" "100-a 150-loose 200-b 300-c"
}

@test "--steps takes so many" {
    three
    expect 0 pgalter deploy --steps 2
    contains "$out" "Found 2 alterations to deploy"
    same "$(applied)" "100-a 150-loose"
    expect 0 pgalter deploy next -n 1
    same "$(applied)" "100-a 150-loose 200-b"
    expect 64 pgalter deploy --steps 0
    contains "$errors" "\"--steps\" is \"0\""
}

@test "an unknown target is refused with the nearest" {
    three
    local word
    for word in 150-lose:150-loose v1.1.0:1.1.0 lates:latest nextt:next; do
        expect 64 pgalter deploy "${word%:*}"
        contains "$errors" "there is no target \"${word%:*}\""
        contains "$errors" "hint: Did you mean \"${word#*:}\"?"
    done
    for word in 1.1 150.5 '' ' 1.0.0' 1.0.0.0 '*'; do
        expect 64 pgalter deploy "$word"
        contains "$errors" "there is no target \"$word\""
    done
    expect 64 pgalter deploy zero
    contains "$errors" "hint: To take everything back: pgalter rollback zero"
    same "$(query "$db" "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'")" 0
}

@test "order is by timestamp as a number, whatever the version" {
    table 2.0.0-9-a a
    table 1.0.0-100-b b
    table 1.5.0-100.5-c c
    table 99999999999999999999-d d
    table next-100000000000000000000-e e
    expect 0 pgalter deploy next
    same "$(applied)" "9-a 100-b 100.5-c 99999999999999999999-d 100000000000000000000-e"
}

@test "a late arrival is applied and reported; --strict refuses it" {
    table 1.0.0-100-a a
    table 1.0.0-300-c c
    expect 0 pgalter deploy
    table 1.0.0-200-b b
    expect 0 pgalter status
    contains "$out" "late"
    expect 0 pgalter list
    [[ $out =~ late\ +1.0.0\ +200-b ]]
    expect 66 pgalter deploy --strict
    contains "$errors" "200-b: is late"
    same "$(applied)" "100-a 300-c"
    expect 66 pgalter plan --strict
    expect 0 pgalter deploy
    contains "$errors" "warning: 1 alteration late"
    contains "$out" "[1/1] apply  200-b  1.0.0  late"
    same "$(applied)" "100-a 300-c 200-b"
    expect 0 pgalter deploy --strict
}

@test "an applied alteration without a file is normal; --strict refuses it" {
    three
    expect 0 pgalter deploy
    rm "$PGALTER_DIR"/1.1.0-200-b.*
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations to deploy"
    expect 0 pgalter list
    [[ $out =~ missing\ +1.1.0\ +200-b ]]
    expect 66 pgalter deploy --strict
    contains "$errors" "200-b: is applied and has no file"
    table 1.2.0-400-e e
    expect 0 pgalter deploy
    same "$(applied)" "100-a 150-loose 200-b 400-e"
}

@test "needs are met before, or nothing runs" {
    table 1.0.0-100-a a
    script 1.0.0-200-b.up.sql "-- pgalter:needs 100-a
-- pgalter:needs 300-c
CREATE TABLE b ();"
    table 1.1.0-300-c c
    expect 66 pgalter deploy
    contains "$errors" "1 need is not met; nothing was run"
    contains "$errors" "200-b: needs 300-c"
    lacks "$errors" "needs 100-a"
    same "$(query "$db" "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'")" 0
    script 1.0.0-200-b.up.sql "-- pgalter:needs 100-a
CREATE TABLE b ();"
    expect 0 pgalter deploy 1.0.0
    same "$(applied)" "100-a 200-b"
}

@test "a script that can't run stops everything before the first change" {
    table 1.0.0-100-a a
    script 1.0.0-200-b.up.sql "SELECT 1;
COMMIT;"
    expect 64 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:2:1: \"COMMIT\" would end the transaction"
    contains "$errors" "line: COMMIT;"
    script 1.0.0-200-b.up.sql "SELECT 1; \\dt"
    expect 64 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:1:11: \"\\dt\" is a command of psql"
    script 1.0.0-200-b.up.sql "-- pgalter:transaktion none
SELECT 1;"
    expect 64 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:1:12: there is no directive \"transaktion\""
    contains "$errors" "hint: Did you mean \"transaction\"?"
    same "$(query "$db" "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'")" 0
}

@test "a failure keeps the steps before it, says where, and the rerun goes on" {
    table 1.0.0-100-a a
    table 1.0.0-200-b b
    pair 1.0.0-300-c "-- ein Kommentar mit Umlaut: ä
CREATE TABLE c (n int);
INSERT INTO c SELECT 'ü' || x,
    wrong FROM b;" "DROP TABLE c;"
    table 1.0.0-400-d d
    expect 65 pgalter deploy
    contains "$out" "Found 4 alterations to deploy"
    contains "$out" "[2/4] apply  200-b"
    lacks "$out" "[3/4]"
    contains "$out" "Deployed 2 alterations before the failure; they stay"
    lacks "$out" "Deployed 2 alterations in"
    contains "$errors" "error: $PGALTER_DIR/1.0.0-300-c.up.sql:3:29: alteration \"300-c\" failed: column \"x\" does not exist (SQLSTATE 42703)
pgalter: line: INSERT INTO c SELECT 'ü' || x,
pgalter:     :                             ^"
    contains "$errors" "hint: Its transaction was rolled back; steps before it stay. Correct the script, then run the same command again."
    same "$(applied)" "100-a 200-b"
    same "$(query "$db" "SELECT to_regclass('c') IS NULL")" t
    # The failure takes no place in the history.
    same "$(query "$db" "SELECT max(seq) FROM pgalter.history")" 2
    same "$(query "$db" "SELECT id || ' ' || direction || ' ' || code || ' ' || sqlstate FROM pgalter.attempts")" \
        "300-c up alteration-failed 42703"
    expect 0 pgalter history
    contains "$out" "failed attempts"
    contains "$out" "column \"x\" does not exist"
    expect 0 pgalter status
    contains "$out" "column \"x\" does not exist"
    table 1.0.0-300-c c
    expect 0 pgalter deploy
    contains "$out" "Found 2 alterations to deploy"
    same "$(applied)" "100-a 200-b 300-c 400-d"
    expect 0 pgalter status
    lacks "$out" "column \"x\" does not exist"
}

@test "a syntax error anywhere in a script runs nothing of it" {
    table 1.0.0-100-a a
    script 1.0.0-200-b.up.sql "CREATE TABLE b (n int);
CREATE TABLE c (n int) CREATE TABLE d (n int);"
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:2:24: alteration \"200-b\" failed: syntax error at or near \"CREATE\" (SQLSTATE 42601)"
    script 1.0.0-200-b.up.sql "CREATE TABLE b (n int);
SELECT 'open;"
    expect 64 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:2:8:"
    same "$(applied)" "100-a"
    same "$(query "$db" "SELECT to_regclass('b') IS NULL")" t
}

@test "an error in a function comes with DETAIL, HINT, CONTEXT and the line of the statement" {
    script 1.0.0-100-a.up.sql "CREATE TABLE a (n int PRIMARY KEY);
CREATE FUNCTION fail() RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
    RAISE EXCEPTION 'the custom message' USING DETAIL = 'The detail.', HINT = 'The hint.', ERRCODE = 'P1234';
END \$\$;
SELECT fail();
SELECT 1;"
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-100-a.up.sql:6: alteration \"100-a\" failed: the custom message (SQLSTATE P1234)
pgalter: line: SELECT fail();"
    contains "$errors" "detail: The detail."
    contains "$errors" "context: PL/pgSQL function fail() line 3 at RAISE"
    contains "$errors" "hint: The hint."
    contains "$errors" "then run the same command again."
}

@test "what a constraint finds at the end is the script's failure too" {
    script 1.0.0-100-a.up.sql "CREATE TABLE a (n int PRIMARY KEY, up int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
INSERT INTO a VALUES (1, 7);"
    expect 65 pgalter deploy
    contains "$errors" "alteration \"100-a\" failed: its deferred constraints: insert or update on table \"a\" violates foreign key constraint"
    contains "$errors" "1.0.0-100-a.up.sql"
    same "$(query "$db" "SELECT to_regclass('a') IS NULL")" t
    same "$(query "$db" "SELECT count(*) FROM pgalter.history")" 1
}

@test "notices are shown with their alteration, none with --quiet" {
    script 1.0.0-100-a.up.sql "DO \$\$ BEGIN RAISE NOTICE 'a notice'; RAISE WARNING 'a warning'; RAISE DEBUG 'a debug'; END \$\$;"
    expect 0 pgalter deploy
    contains "$errors" "pgalter: info: $PGALTER_DIR/1.0.0-100-a.up.sql:1: server: NOTICE: a notice"
    contains "$errors" "pgalter: warning: $PGALTER_DIR/1.0.0-100-a.up.sql:1: server: a warning"
    lacks "$errors" "a debug"
    script 1.0.0-200-b.up.sql "DO \$\$ BEGIN RAISE NOTICE 'a notice'; RAISE WARNING 'a warning'; END \$\$;"
    expect 0 pgalter deploy --quiet
    same "$errors" ""
}

@test "--role acts as that role, which owns what is made and the journal" {
    query "$db" "CREATE ROLE deploy_app; CREATE ROLE deploy_login LOGIN IN ROLE deploy_app;
        GRANT CREATE ON DATABASE $db TO deploy_app; GRANT CREATE ON SCHEMA public TO deploy_app" >/dev/null
    table 1.0.0-100-a a
    pair 1.0.0-150-a "RESET ROLE; CREATE TABLE a2 ();" "DROP TABLE a2;"
    table 1.0.0-200-b b
    expect 0 env PGUSER=deploy_login "$PGALTER" deploy --role deploy_app
    same "$(query "$db" "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname IN ('public', 'pgalter')")" deploy_app
    same "$(query "$db" "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'pgalter'")" deploy_app
    expect 0 env PGUSER=deploy_login PGALTER_ROLE=deploy_app "$PGALTER" rollback 100 --yes
    # Without it the login role is another one, whom the journal doesn't belong to.
    expect 66 env PGUSER=deploy_login "$PGALTER" deploy
    contains "$errors" "is a schema owned by \"deploy_app\""
    expect 77 env PGUSER=deploy_login "$PGALTER" deploy --role no_such_role
    contains "$errors" "Create the role \"no_such_role\", or leave out --role."
}

@test "the application's name tells who runs" {
    script 1.0.0-100-a.up.sql "CREATE TABLE a AS SELECT current_setting('application_name') AS name;"
    expect 0 pgalter deploy
    [[ $(query "$db" "SELECT name FROM a") =~ ^pgalter/[0-9.]+\ run=[0-9a-f-]{36}$ ]]
    same "$(query "$db" "SELECT name FROM a" | sed 's/.*run=//')" "$(query "$db" "SELECT run FROM pgalter.journal")"
}

@test "a file in the directory that is no alteration is an error that names it" {
    table 1.0.0-100-a a
    script 1.0.0-100-b.up.sql "SELECT 1;"
    expect 64 pgalter deploy
    contains "$errors" "1.0.0-100-a.up.sql"
    contains "$errors" "1.0.0-100-b.up.sql"
    rm "$PGALTER_DIR/1.0.0-100-b.up.sql"
    script 1.0.0-200-b.down.sql "SELECT 1;"
    expect 64 pgalter deploy
    contains "$errors" "1.0.0-200-b.down.sql"
}
