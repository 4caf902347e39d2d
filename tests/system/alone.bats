#!/usr/bin/env bats
# Scripts that run or are refused alone, or end the session: the ordinary one behind each runs and is recorded as if it had
# not been there.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/ordinary.bash

bats_require_minimum_version 1.5.0

setup_file() {
    cluster_start
    query postgres "CREATE ROLE hostile_weak"
}

teardown_file() { cluster_stop; }

setup() {
    database_create "alone_$BATS_TEST_NUMBER"
    db=alone_$BATS_TEST_NUMBER
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
}

teardown() { cluster_log_on_failure; }

@test "standard_conforming_strings off: its own strings are read so, the next one's are not" {
    around 'SET standard_conforming_strings = off;
CREATE TABLE made AS SELECT '"'a\\\\b'"' AS t, '"'it\\'s; –'"' AS u;' 'SET standard_conforming_strings = off; DROP TABLE made;'
    same "$(query "$db" "TABLE made")" "a\\b|it's; –"
    undo 1 2
}

@test "standard_conforming_strings on, where the database has it off" {
    query postgres "ALTER DATABASE $db SET standard_conforming_strings = off"
    around "SET standard_conforming_strings = on;
CREATE TABLE made AS SELECT 'C:\\' AS t;" "DROP TABLE made;"
    same "$(query "$db" "TABLE made")" "C:\\"
    same "$(query "$db" "SELECT note FROM plain_2 WHERE id = 1")" "ad+'b"
    undo 1 2
}

@test "a script is split as the session began, not as the one before it left it" {
    local hidden="DO 'BEGIN PERFORM set_config(''standard_conforming_strings'', ''off'', false); END';"
    pair 1.0.0-15-off "$hidden" "$hidden"
    pair 1.0.0-20-path "CREATE TABLE made AS SELECT 'C:\\' AS t;" "INSERT INTO made VALUES ('D:\\'); DROP TABLE made;"
    pair 1.0.0-30-off "$hidden" "$hidden"
    expect 0 pgalter deploy
    same "$(query "$db" "TABLE made")" "C:\\"
    whole
    expect 0 pgalter rollback zero --yes
    same "$(query "$db" "SELECT to_regclass('made') IS NULL")" t
}

@test "client_encoding: the script's bytes are read so, the journal's text stays what the file is" {
    local encoding want
    for encoding in LATIN1 SQL_ASCII; do
        [ "$encoding" = LATIN1 ] && want=Ã¼ || want=ü
        database_create "${db}_$encoding"
        (
            db=${db}_$encoding
            around "-- größer
SET client_encoding = $encoding;
CREATE TABLE made AS SELECT 'ü'::text AS t;" "SET NAMES '$encoding'; INSERT INTO made VALUES ('ü'); DROP TABLE made;"
            same "$(query "$db" "TABLE made")" "$want"
            undo 1 2
        )
    done
}

@test "client_encoding: a failure in it is recorded" {
    ordinary 10 1
    pair 1.0.0-15-hostile "SET client_encoding = LATIN1;
DO \$\$ BEGIN RAISE 'no %', chr(252); END \$\$;" ""
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-15-hostile.up.sql:2"
    same "$(query "$db" "SELECT id || ' ' || place FROM pgalter.attempts")" "15-hostile $PGALTER_DIR/1.0.0-15-hostile.up.sql:2"
    rm "$PGALTER_DIR"/*-hostile.*
    ordinary 20 2
    expect 0 pgalter deploy
    as_before 1 2
    whole
}

@test "DISCARD ALL: refused in a transaction, with its line" {
    ordinary 10 1
    pair 1.0.0-15-hostile "CREATE TABLE made ();

DISCARD ALL;" ""
    ordinary 20 2
    expect 64 pgalter deploy
    contains "$errors" "1.0.0-15-hostile.up.sql:3:1"
    contains "$errors" "transaction none"
    same "$(query "$db" "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'")" 0
    rm "$PGALTER_DIR"/*-hostile.*
    expect 0 pgalter deploy
    as_before 1 2
    whole
}

@test "DISCARD ALL outside a transaction: the lock is taken again, settings from before it are gone" {
    around "-- pgalter:transaction none
SET ROLE hostile_weak;
DISCARD ALL;
CREATE TABLE made ();" "DROP TABLE made;"
    contains "$messages" "a script had dropped the runner lock; it was taken again"
    same "$(query "$db" "SELECT count(*) FROM pgalter.unfinished")" 0
    undo 1 2
}

@test "DROP SCHEMA pgalter CASCADE fails and leaves nothing" {
    ordinary 10 1
    pair 1.0.0-15-hostile "CREATE TABLE made (); DROP SCHEMA pgalter CASCADE;" "DROP TABLE made;"
    ordinary 20 2
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-15-hostile.up.sql"
    contains "$errors" "recording it"
    same "$(query "$db" "SELECT to_regclass('made') IS NULL AND to_regclass('plain_2') IS NULL")" t
    same "$(query "$db" "SELECT string_agg(event || coalesce(' ' || id, ''), ', ' ORDER BY seq) FROM pgalter.history")" \
        "created, applied 10-plain_1"
    same "$(query "$db" "SELECT string_agg(id, ' ') FROM pgalter.journal")" 10-plain_1
    rm "$PGALTER_DIR"/*-hostile.*
    expect 0 pgalter deploy
    as_before 1 2
    whole
}

@test "a script that ends its own backend fails and leaves nothing" {
    ordinary 10 1
    pair 1.0.0-15-hostile "CREATE TABLE made (); SELECT pg_terminate_backend(pg_backend_pid());" "DROP TABLE made;"
    ordinary 20 2
    expect 75 pgalter deploy
    contains "$errors" '"15-hostile"'
    contains "$errors" "57P01"
    same "$(query "$db" "SELECT to_regclass('made') IS NULL AND to_regclass('plain_2') IS NULL")" t
    same "$(query "$db" "SELECT string_agg(id, ' ') FROM pgalter.journal")" 10-plain_1
    same "$(query "$db" "SELECT max(seq) FROM pgalter.history")" 1
    expect 75 pgalter deploy
    rm "$PGALTER_DIR"/*-hostile.*
    expect 0 pgalter deploy
    as_before 1 2
    whole
}

@test "an event trigger that forbids DDL stops nothing of pgalter's own" {
    pair 1.0.0-10-table "CREATE TABLE t (n int);" "DROP TABLE t;"
    pair 1.0.0-15-hostile "CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not %'', tg_tag; END';
CREATE EVENT TRIGGER no_start ON ddl_command_start EXECUTE FUNCTION forbid();
CREATE EVENT TRIGGER no_end ON ddl_command_end EXECUTE FUNCTION forbid();
CREATE EVENT TRIGGER no_drop ON sql_drop EXECUTE FUNCTION forbid();" \
        "DROP EVENT TRIGGER no_start; DROP EVENT TRIGGER no_end; DROP EVENT TRIGGER no_drop; DROP FUNCTION forbid;"
    pair 1.0.0-20-rows "INSERT INTO t VALUES (1), (2);" "DELETE FROM t;"
    pair 1.0.0-25-ddl "CREATE TABLE u ();" "DROP TABLE u;"
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-25-ddl.up.sql:1: "
    contains "$errors" "not CREATE TABLE"
    rm "$PGALTER_DIR"/*-ddl.*
    same "$(query "$db" "SELECT count(*) FROM t")" 2
    whole
    expect 0 pgalter rollback zero --yes
    same "$(query "$db" "SELECT to_regclass('t') IS NULL")" t
}

# settings_steps DATABASE ARGUMENTS: a deploy whose second script changes what new sessions of that database begin with.
settings_steps() {
    local db=$1
    shift
    database_create "$db"
    ordinary 10 1
    pair 1.0.0-15-hostile "CREATE SCHEMA other; GRANT USAGE ON SCHEMA public TO hostile_weak;
ALTER DATABASE $db SET search_path = other, public; ALTER DATABASE $db SET default_transaction_read_only = on;
ALTER DATABASE $db SET bytea_output = escape; ALTER DATABASE $db SET synchronous_commit = off;
ALTER DATABASE $db SET lock_timeout = 0; ALTER DATABASE $db SET statement_timeout = '5s';" \
        "SET default_transaction_read_only = off; ALTER DATABASE $db RESET ALL;"
    pair 1.0.0-20-next "CREATE TABLE here AS SELECT name, setting FROM pg_settings
    WHERE name IN ('search_path', 'default_transaction_read_only', 'bytea_output', 'synchronous_commit');" "DROP TABLE other.here;"
    until pgalter status --exit-code >/dev/null; do
        expect 0 pgalter deploy "$@"
    done
    whole
    expect 0 pgalter list
}

@test "ALTER DATABASE SET: the next script runs as it would in another run" {
    settings_steps "${db}_one"
    settings_steps "${db}_each" --steps 1
    same "$(query "${db}_one" "SELECT string_agg(h::text, ' ' ORDER BY name) FROM other.here h")" \
        "(bytea_output,escape) (default_transaction_read_only,on) (search_path,\"other, public\") (synchronous_commit,off)"
    same "$(query "${db}_one" "SELECT string_agg(h::text, ' ' ORDER BY name) FROM other.here h")" \
        "$(query "${db}_each" "SELECT string_agg(h::text, ' ' ORDER BY name) FROM other.here h")"
    expect 0 pgalter rollback zero --steps 2 --yes
    same "$(query "${db}_each" "SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = '${db}_each')")" 0
}

@test "a trigger or rule that keeps the row out of the journal fails, and leaves nothing" {
    for how in "CREATE RULE keep_out AS ON INSERT TO pgalter.journal DO INSTEAD NOTHING;" \
        "CREATE FUNCTION no_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER keep_out BEFORE INSERT ON pgalter.journal FOR EACH ROW EXECUTE FUNCTION no_row();"; do
        rm -rf "$PGALTER_DIR"
        pair 1.0.0-1-first "CREATE TABLE IF NOT EXISTS first (n int);" "DROP TABLE first;"
        expect 0 pgalter deploy
        pair 1.0.0-2-hostile "CREATE TABLE hostile (n int); $how" "SELECT 1;"
        expect 65 pgalter deploy
        contains "$errors" "the script writes to the journal's tables, changes them"
        [ "$(query "$db" "SELECT to_regclass('hostile') IS NULL AND to_regclass('pgalter.journal') IS NOT NULL")" = t ]
        [ "$(query "$db" "SELECT count(*) FROM pgalter.journal")" = 1 ]
        expect 0 pgalter status
    done
}
