#!/usr/bin/env bats
# Scripts that change what the session is, each followed by an ordinary one: the ordinary one runs and is recorded as if
# it had not been there.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/ordinary.bash

bats_require_minimum_version 1.5.0

# Those that run among others in one deploy.
nineteen=(set_role set_session_authorization set_local_role search_path replica statement_timeout lock_timeout read_only
    isolation characteristics bytea_output check_function_bodies row_security temp_table prepare listen cursor
    deferred_trigger unlock_all)

setup_file() {
    cluster_start
    query postgres "CREATE ROLE hostile_weak"
}

teardown_file() { cluster_stop; }

setup() {
    database_create "hostile_$BATS_TEST_NUMBER"
    db=hostile_$BATS_TEST_NUMBER
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
}

teardown() { cluster_log_on_failure; }

# hostile NAME [NEXT]: what that script does besides making its table; NEXT is the number of the ordinary one behind it.
hostile() {
    case $1 in
        set_role) echo "SET ROLE hostile_weak;" ;;
        set_session_authorization) echo "SET SESSION AUTHORIZATION hostile_weak;" ;;
        set_local_role) echo "SET LOCAL ROLE hostile_weak;" ;;
        search_path) echo "SET search_path = '';" ;;
        replica) echo "SET session_replication_role = replica;" ;;
        statement_timeout) echo "SET statement_timeout = '1ms';" ;;
        lock_timeout) echo "SET lock_timeout = 0;" ;;
        read_only) echo "SET default_transaction_read_only = on;" ;;
        isolation) echo "SET default_transaction_isolation = 'repeatable read';" ;;
        characteristics) echo "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;" ;;
        bytea_output) echo "SET bytea_output = escape;" ;;
        check_function_bodies) echo "SET check_function_bodies = off;" ;;
        row_security) echo "SET row_security = off;" ;;
        temp_table) echo "CREATE TEMP TABLE plain_${2-2} (wrong text); CREATE TEMP SEQUENCE s; SELECT nextval('s');" ;;
        prepare) echo "PREPARE kept AS SELECT 1;" ;;
        listen) echo "LISTEN kept;" ;;
        cursor) echo "DECLARE kept CURSOR WITH HOLD FOR SELECT 1;" ;;
        deferred_trigger)
            cat <<'SQL'
CREATE TABLE fired_as (who name);
CREATE FUNCTION note_who() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN INSERT INTO fired_as VALUES (current_user); RETURN NULL; END $f$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON made_deferred_trigger DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION note_who();
GRANT INSERT ON made_deferred_trigger, fired_as TO hostile_weak;
SET ROLE hostile_weak;
INSERT INTO made_deferred_trigger VALUES (1);
SQL
            ;;
        unlock_all) echo "SELECT pg_advisory_unlock_all();" ;;
        *) return 1 ;;
    esac
}

# hostile_pair TIMESTAMP NAME [NEXT]: its alteration; the down script is as hostile.
hostile_pair() {
    local text undo
    text=$(hostile "$2" "${3-2}")
    undo="DROP TABLE made_$2; $text"
    [ "$2" != deferred_trigger ] || undo="DROP TABLE made_$2, fired_as; DROP FUNCTION note_who; SET ROLE hostile_weak;"
    pair "1.0.0-$1-$2" "CREATE TABLE made_$2 (n int);
$text" "$undo"
}

# survives NAME: the same with one of the nineteen.
survives() {
    hostile_pair 15 "$1"
    around "" "" "$1"
}

@test "SET ROLE" { survives set_role; undo 1 2; }
@test "SET SESSION AUTHORIZATION" { survives set_session_authorization; undo 1 2; }
@test "SET LOCAL ROLE" { survives set_local_role; undo 1 2; }
@test "search_path = ''" { survives search_path; undo 1 2; }
@test "session_replication_role = replica" { survives replica; undo 1 2; }
@test "lock_timeout = 0" { survives lock_timeout; undo 1 2; }
@test "default_transaction_read_only" { survives read_only; undo 1 2; }
@test "default_transaction_isolation" { survives isolation; undo 1 2; }
@test "SET SESSION CHARACTERISTICS" { survives characteristics; undo 1 2; }
@test "bytea_output = escape" { survives bytea_output; undo 1 2; }
@test "check_function_bodies = off" { survives check_function_bodies; undo 1 2; }
@test "row_security = off" { survives row_security; undo 1 2; }
@test "a temporary table under the name of the next one" { survives temp_table; undo 1 2; }
@test "PREPARE" { survives prepare; undo 1 2; }
@test "a cursor WITH HOLD" { survives cursor; undo 1 2; }

@test "statement_timeout: it does not end what stands behind the script" {
    # Compressing a text of this size takes the server longer than a millisecond.
    hostile_pair 15 statement_timeout
    for _ in {1..200}; do
        printf -- '-- %s\n' "$(printf '%07d ' {1..1500})" >>"$PGALTER_DIR/1.0.0-15-statement_timeout.up.sql"
    done
    around "" "" statement_timeout
    undo 1 2
}

@test "LISTEN: gone at the end of the next transaction" {
    ordinary 30 3
    hostile_pair 15 listen
    ordinary 10 1
    ordinary 20 2
    expect 0 pgalter deploy
    as_before 1 2
    as_before 1 3
    same "$(query "$db" "SELECT count(*) FROM seen_3 WHERE line LIKE 'listening%'")" 0
    whole
    undo 1 2 3
}

@test "a deferred constraint trigger runs as the role that the script set" {
    survives deferred_trigger
    same "$(query "$db" "SELECT string_agg(who, ' ') FROM fired_as")" hostile_weak
    undo 1 2
}

@test "pg_advisory_unlock_all: the lock is taken again" {
    survives unlock_all
    contains "$messages" "a script had dropped the runner lock; it was taken again"
    undo 1 2
}

@test "all nineteen in one deploy, and back" {
    local i=0 name numbers=0
    ordinary 5 0
    for name in "${nineteen[@]}"; do
        i=$((i + 1))
        hostile_pair "${i}0" "$name" "$i"
        ordinary "${i}5" "$i"
        numbers+=" $i"
    done
    expect 0 pgalter deploy
    contains "$out" "Deployed 39 alterations"
    same "$(query "$db" "SELECT count(*) || ' ' || max(seq) FROM pgalter.history")" "40 39"
    for ((i = 1; i <= 19; i++)); do as_before 0 "$i"; done
    whole
    undo "$numbers"
}
