#!/usr/bin/env bats
# doctor: each check is made unhealthy for real, and what doctor says to run next is run, after which it is content.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/doctor.bash

setup_file() {
    cluster_start
    # What needs a minute to be noticed gets a server of its own, as every database of a server shows it.
    side_init aged
    side_start aged "-c max_prepared_transactions=5"
    export PGHOST=$CLUSTER_DIR/aged
    query postgres "CREATE DATABASE aged" >/dev/null
    query aged "BEGIN; CREATE TABLE held (n int); PREPARE TRANSACTION 'it''s \"old\"'" >/dev/null
    psql -Xq -d aged -c "SET application_name = 'forgetful'" -c "CREATE TABLE used (n int)" \
        -c "BEGIN" -c "LOCK TABLE used" -c "SELECT pg_sleep(500)" >/dev/null 2>&1 3>&- &
    date +%s >"$BATS_FILE_TMPDIR/since"
    export PGHOST=$CLUSTER_DIR
}

teardown_file() {
    side_stop aged
    cluster_stop
}

setup() {
    db=doctor_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
    table 1.0.0-200-b b
}

teardown() { cluster_log_on_failure; }

@test "all is well, before and after the first deploy; nothing is written" {
    examine 0
    same "$(unhealthy)" ""
    same "$(jq -r .healthy <<<"$out")" true
    is journal trust ok "none yet"
    is journal history "not checked"
    same "$(query "$db" "SELECT to_regnamespace('pgalter') IS NULL")" t
    expect 0 pgalter deploy
    examine 0
    same "$(unhealthy)" ""
    is journal trust ok 'schema "pgalter" of "postgres", format 1.0'
    is journal history ok "3 rows hold together, and agree with the 2 alterations that are applied"
    is journal history ok "$(query "$db" "SELECT encode(hash, 'hex') FROM pgalter.history WHERE seq = 2")"
    is journal scripts ok "4 stored"
    is directory alterations ok "2 alterations"
    is versions server ok "PostgreSQL $(query "$db" "SHOW server_version")"
    same "$(query "$db" "SELECT count(*) FROM pgalter.attempts")" 0
    expect 0 pgalter doctor
    contains "$out" "
healthy"
    same "$(jq -n --argjson a "$(pgalter doctor --json)" '$a.counts | add == ($a.findings | length)')" true
}

@test "a role that may do nothing: the printed grants let it make the first deploy" {
    query "$db" "CREATE ROLE \"weak \"\"role\"\"\" LOGIN; CREATE ROLE \"The Owner\" LOGIN; ALTER DATABASE $db OWNER TO \"The Owner\";
        ALTER SCHEMA public OWNER TO \"The Owner\"; REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    export PGUSER='weak "role"'
    examine 20
    is role identity ok 'database owned by "The Owner"'
    is role deploying attention "may not make the journal"
    is role "new tables" attention
    same "$(unhealthy)" "role/deploying role/new tables"
    same "$(finding role deploying | jq -r '.next[0].text')" "GRANT CREATE ON DATABASE $db TO \"weak \"\"role\"\"\""
    same "$(finding role deploying | jq -r '.next[0].role')" "The Owner"
    expect 20 pgalter doctor
    contains "$out" "-> as \"The Owner\" run: GRANT CREATE ON DATABASE $db TO \"weak \"\"role\"\"\";"
    expect 77 pgalter deploy
    examine 20
    run_sql role deploying
    run_sql role "new tables"
    examine 0
    same "$(unhealthy)" ""
    expect 0 pgalter deploy
    examine 0
    is role deploying ok
    # Others' sessions are hidden from it, which is said and is no fault.
    is activity "long transactions" "not checked"
    run_sql activity "long transactions"
    examine 0
    is activity "long transactions" ok
}

@test "a reader: grants for reading first, and then for deploying" {
    query "$db" "CREATE ROLE deployer_of_3 LOGIN; CREATE ROLE reader_of_3 LOGIN; GRANT ALL ON DATABASE $db TO deployer_of_3;
        GRANT ALL ON SCHEMA public TO deployer_of_3, reader_of_3"
    PGUSER=deployer_of_3 expect 0 pgalter deploy
    export PGUSER=reader_of_3
    # Who owns the journal has to be said; the command that does is printed.
    PGUSER=postgres query "$db" "CREATE ROLE member_of_3 LOGIN; GRANT deployer_of_3 TO member_of_3"
    PGUSER=member_of_3 examine 20
    local command
    command=$(finding journal trust | jq -r '.next[] | select(.kind == "command" and (.text | startswith("pgalter doctor"))) | .text')
    same "$command" "pgalter doctor --role deployer_of_3"
    PGUSER=member_of_3 eval "expect 0 $command"
    examine 20
    is journal trust failed "can't be trusted"
    contains "$(finding journal trust | jq -r '.next[] | select(.kind == "command") | .text')" "pgalter doctor --owner deployer_of_3"
    examine 20 --owner deployer_of_3
    is journal trust attention "may not read it"
    is role reading attention "missing to run status"
    local before=$out
    expect 77 pgalter status --owner deployer_of_3
    out=$before
    run_sql role reading
    expect 0 pgalter status --owner deployer_of_3
    examine 20 --owner deployer_of_3
    is role reading ok
    is role deploying attention "missing to run deploy"
    is journal history ok
    is journal scripts "not checked" "may not read them"
    same "$(unhealthy)" "role/deploying"
    # What readers by design may not, and what would let them.
    is role reading ok "needs no stored script"
    local id
    id=$(query "$db" "SELECT id FROM pgalter.journal LIMIT 1")
    before=$out
    expect 77 pgalter show "$id" --owner deployer_of_3
    expect 77 pgalter plan rollback zero --owner deployer_of_3
    out=$before
    PGUSER=postgres query "$db" "$(finding role reading | jq -r '.next[0].text' | sed 's/.* run: //')"
    expect 0 pgalter show "$id" --owner deployer_of_3
    expect 0 pgalter plan rollback zero --owner deployer_of_3
    examine 20 --owner deployer_of_3
    is role reading ok "list, history and plan"
    table 1.0.0-300-c c
    before=$out
    expect 77 pgalter deploy --owner deployer_of_3
    out=$before
    run_sql role deploying
    examine 0 --owner deployer_of_3
    is journal scripts ok
    expect 0 pgalter deploy --owner deployer_of_3
    expect 0 pgalter rollback --steps 1 --yes --owner deployer_of_3
}

@test "nowhere to put tables" {
    query "$db" "CREATE ROLE pathless_4 LOGIN; GRANT ALL ON DATABASE $db TO pathless_4; GRANT ALL ON SCHEMA public TO pathless_4;
        ALTER ROLE pathless_4 SET search_path = nowhere"
    export PGUSER=pathless_4
    examine 20
    is role "new tables" attention "would go nowhere"
    run_sql role "new tables"
    examine 0
    query "$db" "ALTER ROLE pathless_4 RESET search_path"
    examine 20 --schema pathless_4
    is role "new tables" attention "into the journal's schema"
}

@test "the runner lock: who holds it, and how to end that" {
    pair 1.0.0-300-slow "SELECT pg_sleep(300);" ""
    begin deploy
    until_true "$db" "$sleeping"
    local holder
    holder=$(query "$db" "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
    examine 20 --lock-wait 7s
    is journal "runner lock" attention "process $holder holds it: a deploy would wait for 7.0 s and then end with 73"
    is journal "runner lock" attention 'application "pgalter/'
    is journal "runner lock" attention "it runs: "
    run_sql journal "runner lock"
    finish 75
    until_true "$db" "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')"
    examine 0
    is journal "runner lock" ok
}

@test "a journal that can't be trusted is not read" {
    expect 0 pgalter deploy
    query "$db" "CREATE FUNCTION public.boom() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''boom''; END';
        CREATE TRIGGER t BEFORE INSERT ON pgalter.history FOR EACH ROW EXECUTE FUNCTION public.boom()"
    examine 20
    is journal trust failed "can't be trusted as a journal"
    is journal trust failed '"history" has the trigger "t"'
    is journal history "not checked"
    same "$(unhealthy)" "journal/trust"
}

@test "a journal that was tampered with" {
    expect 0 pgalter deploy
    query "$db" "UPDATE pgalter.scripts SET text = 'SELECT 1;' || text WHERE digest = (SELECT up FROM pgalter.journal LIMIT 1)"
    examine 20
    is journal scripts failed "1 of 4 stored ones are not what their digests say"
    is journal history ok
    query "$db" "UPDATE pgalter.history SET who = 'somebody else' WHERE seq = 1"
    examine 20
    is journal history failed "tampered"
    same "$(unhealthy)" "journal/history journal/scripts"
    [ "$(finding journal history | jq '.next | length')" -gt 0 ]
}

@test "a journal of a newer major format" {
    expect 0 pgalter deploy
    query "$db" "UPDATE pgalter.history SET version = '2.0' WHERE seq = 0"
    examine 20
    is journal trust failed "format 2.0"
    contains "$(finding journal trust)" "newer pgalter"
}

@test "a journal that somebody has locked" {
    expect 0 pgalter deploy
    psql -Xq -d "$db" -c "BEGIN" -c "LOCK TABLE pgalter.history" -c "SELECT pg_sleep(60)" >/dev/null 2>&1 3>&- &
    until_true "$db" "$sleeping"
    examine 20
    is journal trust attention "somebody holds a lock on its tables"
    is journal history "not checked"
    is database indexes ok
    local found
    found=$(query "$db" "$(finding journal trust | jq -r '.next[0].text')")
    same "${found%%|*}" "$(query "$db" "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")"
    query "$db" "SELECT pg_terminate_backend(${found%%|*})" >/dev/null
    examine 0
}

@test "PUBLIC can read the journal" {
    expect 0 pgalter deploy
    query "$db" "GRANT USAGE ON SCHEMA pgalter TO PUBLIC; GRANT SELECT ON pgalter.scripts TO PUBLIC"
    examine 20
    same "$(unhealthy)" "journal/access"
    run_sql journal access
    examine 0
    same "$(query "$db" "SELECT has_schema_privilege('pg_monitor', 'pgalter', 'USAGE')")" f
}

@test "a history from the future" {
    expect 0 pgalter deploy
    query "$db" "UPDATE pgalter.history SET at = at + interval '1 hour' WHERE seq = 2"
    examine 20
    is journal history attention "in the future: the server's clock was set back"
}

@test "a step that stopped in the middle: both ways out are printed, and each is one" {
    [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"
    expect 0 pgalter deploy
    pair 1.0.0-300-c "-- pgalter:transaction none
CREATE INDEX CONCURRENTLY i ON a (n);" "-- pgalter:transaction none
DROP INDEX CONCURRENTLY i;"
    PGA_FAULT=statement_started:kill expect 137 pgalter deploy
    examine 20
    is journal unfinished attention "1 step stopped in the middle"
    is journal unfinished attention '"300-c" (up): statement 1 was started'
    local way
    way=$(finding journal unfinished | jq -r '.next[] | select(.kind == "command") | .text' | sed -n 3p)
    same "$way" 'pgalter forget 300-c --because "what you found"'
    eval "expect 0 $way"
    examine 0
    PGA_FAULT=statement_done:kill expect 137 pgalter deploy
    examine 20
    way=$(finding journal unfinished | jq -r '.next[] | select(.kind == "command") | .text' | sed -n 2p)
    same "$way" 'pgalter mark 300-c --because "what you found"'
    eval "expect 0 $way"
    examine 0
    PGA_FAULT=statement_started:kill expect 137 pgalter rollback --steps 1 --yes
    examine 20
    is journal unfinished attention '"300-c" (down)'
    way=$(finding journal unfinished | jq -r '.next[] | select(.kind == "command") | .text' | sed -n 3p)
    same "$way" 'pgalter mark 300-c --because "what you found"'
    eval "expect 0 $way"
    examine 0
    # What is not in doubt just goes on.
    pair 1.0.0-400-d "-- pgalter:transaction none
CREATE INDEX CONCURRENTLY j ON b (n);" "-- pgalter:transaction none
DROP INDEX CONCURRENTLY j;
VACUUM b;"
    expect 0 pgalter deploy
    PGA_FAULT=step_sent:kill expect 137 pgalter rollback --steps 1 --yes
    until_true "$db" "SELECT EXISTS (SELECT FROM pgalter.unfinished)"
    until_true "$db" "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()"
    examine 20
    is journal unfinished attention '"400-d" (down): statement 1 comes next'
    way=$(finding journal unfinished | jq -r '.next[] | .text')
    same "$way" 'pgalter rollback --steps 1'
    # What was typed to say where is typed again.
    examine 20 --db "dbname=$db" --dir "$PGALTER_DIR"
    same "$(finding journal unfinished | jq -r '.next[0].text')" "pgalter rollback --db dbname=$db --dir $PGALTER_DIR --steps 1"
    eval "expect 0 $way --yes"
    same "$(query "$db" "SELECT to_regclass('j') IS NULL")" t
    examine 0
}

@test "settings of role and database that a deploy would feel" {
    query "$db" "ALTER DATABASE $db SET default_transaction_read_only = on; ALTER ROLE postgres IN DATABASE $db SET standard_conforming_strings = off;
        ALTER DATABASE $db SET statement_timeout = '7s'"
    examine 20
    same "$(unhealthy)" "database/settings"
    is database settings attention "statement_timeout = 7s: pgalter sets its own"
    PGOPTIONS="-c default_transaction_read_only=off" run_sql database settings
    examine 0
    is database settings ok
    PGOPTIONS="-c default_transaction_read_only=on" examine 20
    contains "$(finding database settings)" "PGOPTIONS"
}

@test "a limit of the database ends none of pgalter's own statements" {
    query "$db" "ALTER DATABASE $db SET statement_timeout = '1ms'"
    # The server reads a message this long before it comes to any SET in it.
    pair 1.0.0-400-long "CREATE TABLE long AS SELECT * FROM (VALUES $(seq -s ', ' -f '(%.0f)' 50000)) v (n);" ""
    expect 0 pgalter deploy
    table 1.0.0-500-short short
    expect 0 pgalter deploy
    expect 0 pgalter rollback --steps 1 --yes
    expect 0 pgalter status
    expect 0 pgalter history
    pair 1.0.0-600-slow "SELECT pg_sleep(5);" ""
    expect 65 pgalter deploy --statement-timeout 100ms
    contains "$errors" "57014"
    examine 0
    is database settings ok "statement_timeout = 1ms: pgalter sets its own"
}

@test "an event trigger" {
    query "$db" "CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER \"watch it\" ON ddl_command_end EXECUTE FUNCTION public.watch()"
    examine 20
    same "$(unhealthy)" "database/event triggers"
    is database "event triggers" attention '"watch it" runs public.watch on ddl_command_end'
    run_sql database "event triggers"
    examine 0
}

@test "an INVALID index: dropping and rebuilding it, as printed" {
    query "$db" "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (1)" >/dev/null
    query "$db" "CREATE UNIQUE INDEX CONCURRENTLY \"Twice\" ON t (n)" && return 1
    examine 20
    same "$(unhealthy)" "database/indexes"
    is database indexes attention 'public."Twice" on public.t'
    query "$db" "DELETE FROM t" >/dev/null
    run_sql database indexes ^REINDEX
    examine 0
    query "$db" "INSERT INTO t VALUES (1)" >/dev/null
    query "$db" "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\"Twice\"'::regclass" >/dev/null
    examine 20
    run_sql database indexes ^DROP
    examine 0
    same "$(query "$db" "SELECT to_regclass('\"Twice\"') IS NULL")" t
}

@test "an index that another role is building is not INVALID" {
    query "$db" "CREATE TABLE t (n int); CREATE ROLE weak_$db LOGIN" >/dev/null
    psql -qAtX -d "$db" -c "BEGIN; INSERT INTO t VALUES (1); SELECT pg_sleep(600)" >/dev/null 2>&1 &
    local writer=$!
    until_true "$db" "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND datname = current_database() AND wait_event = 'PgSleep'"
    psql -qAtX -d "$db" -c "CREATE INDEX CONCURRENTLY slow ON t (n)" >/dev/null 2>&1 &
    local builder=$!
    until_true "$db" "SELECT count(*) = 1 FROM pg_index WHERE indexrelid = to_regclass('slow') AND NOT indisvalid"
    PGUSER=weak_$db examine 20
    is database indexes ok
    query "$db" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND datname = current_database() AND pid <> pg_backend_pid()" >/dev/null
    wait $writer || true
    wait $builder
    same "$(query "$db" "SELECT indisvalid FROM pg_index WHERE indexrelid = 'slow'::regclass")" t
    query "$db" "DROP ROLE weak_$db"
}

@test "names can't forge lines nor drive a terminal" {
    local name=$'i\n  ok          forged                line\e[2J'
    query "$db" "CREATE TABLE t (n int); CREATE INDEX \"$name\" ON t (n); UPDATE pg_index SET indisvalid = false WHERE indrelid = 't'::regclass AND NOT indisprimary"
    expect 20 pgalter doctor
    same "$(grep -c '^  ok  *forged' <<<"$out")" 0
    lacks "$out" $'\e'
    contains "$out" 'i\n  ok '
    examine 20
    run_sql_text=$(finding database indexes | jq -r '.next[] | select(.text | startswith("DROP")) | .text')
    query "$db" "$run_sql_text"
    examine 0
}

@test "a database in another encoding" {
    query postgres "CREATE DATABASE ascii_$db ENCODING SQL_ASCII TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    examine 20 --db "dbname=ascii_$db"
    same "$(unhealthy)" "database/encoding"
    is database encoding attention "SQL_ASCII instead of UTF8"
    contains "$(finding database encoding)" "createdb -T template0 -E UTF8"
    query postgres "CREATE DATABASE latin_$db ENCODING LATIN1 TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    expect 0 pgalter deploy --db "dbname=latin_$db"
    examine 20 --db "dbname=latin_$db"
    same "$(unhealthy)" "database/encoding"
    is database encoding attention LATIN1
}

@test "a transaction that was prepared and forgotten, and one that is held open" {
    local left=$((62 - $(date +%s) + $(<"$BATS_FILE_TMPDIR/since")))
    [ "$left" -le 0 ] || sleep "$left"
    db=aged
    export PGHOST=$CLUSTER_DIR/aged
    examine 20 --db dbname=aged
    is activity "prepared transactions" attention "1 is older than a minute"
    is activity "prepared transactions" attention "it's \"old\""
    is activity "long transactions" attention 'application "forgetful": active'
    is activity "long transactions" attention "with locks on 1 relation"
    same "$(unhealthy)" "activity/prepared transactions activity/long transactions"
    # From elsewhere the database is named in which it can be ended.
    examine 20 --db dbname=postgres
    same "$(finding activity "prepared transactions" | jq -r '.next[0].database')" aged
    is activity "long transactions" ok
    expect 20 pgalter doctor --db dbname=postgres
    contains "$out" "-> as \"postgres\" in database \"aged\" run: ROLLBACK PREPARED 'it''s \"old\"';"
    examine 20 --db dbname=aged
    run_sql activity "prepared transactions" ^ROLLBACK
    run_sql activity "long transactions"
    examine 0 --db dbname=aged
}

@test "the guide has every check" {
    local listed
    listed=$(sed -n '/^## What it looks at/,/^## The runner lock/p' "$PGA_TEST_SOURCE_DIR/docs/guides/doctor.md" |
        awk -F ' *[|] *' '/^[|]/ && !/---/ && $3 != "check" { if ($2 != "") group = $2; print group "/" $3 }')
    examine 0
    same "$listed" "$(jq -r '.findings[] | .group + "/" + .check' <<<"$out")"
}
