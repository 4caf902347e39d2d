#!/usr/bin/env bats
# The connection is lost in the middle of a run: pgalter says for certain what committed, and the next run goes on from there.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=lost_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
}

teardown() {
    [ -z "${cutter-}" ] || kill "$cutter" 2>/dev/null || true
    query postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$db'" >/dev/null || true
    cluster_log_on_failure
}

# A condition that ends the session of the run.
ended="SELECT bool_and(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'pgalter%' AND datname = current_database()"

# json PATH: a value of the document in $out, as PostgreSQL's #>> takes it; empty for null.
json() { query postgres "SELECT \$json\$$out\$json\$::jsonb #>> '{$1}'"; }

applied() { query "$db" "SELECT string_agg(id, ' ' ORDER BY seq) FROM pgalter.journal"; }

# truthful: whether the document in $out says of each step exactly what the journal says.
truthful() {
    same "$(query "$db" "SELECT string_agg(s ->> 'id', ' ') FROM jsonb_array_elements(\$json\$$out\$json\$::jsonb -> 'steps') s
        WHERE (s ->> 'done')::bool IS DISTINCT FROM EXISTS (SELECT FROM pgalter.journal j WHERE j.id = s ->> 'id')")" ""
    same "$(json applied)" "$(query "$db" "SELECT count(*) FROM pgalter.journal WHERE run = '$(json run)'")"
    case $(json lost,outcome) in
        committed) same "$(query "$db" "SELECT count(*) FROM pgalter.journal WHERE id = '$(json lost,id)' AND run = '$(json run)'")" 1 ;;
        rolled-back) same "$(query "$db" "SELECT count(*) FROM pgalter.journal WHERE id = '$(json lost,id)'")" 0 ;;
        "") ;;
        *) echo "outcome: $(json lost,outcome)"; return 1 ;;
    esac
}

# agree: a table for each journal row and a journal row for each table; one row of the history for each.
agree() {
    same "$(query "$1" "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'")" \
        "$(query "$1" "SELECT string_agg(slug, ' ' ORDER BY slug) FROM pgalter.journal")"
    same "$(query "$1" "SELECT count(*) = count(DISTINCT id) FROM pgalter.history WHERE event = 'applied'")" t
    expect 0 pgalter history
}

@test "ended in the middle of a script: rolled back, said so, recorded, and the next run does it" {
    pair 1.0.0-200-b "CREATE TABLE b ();
SELECT pg_sleep(30);" "DROP TABLE b;"
    begin deploy --json
    until_true "$db" "$sleeping"
    query "$db" "$ended" >/dev/null
    finish 75
    contains "$errors" 'error: alteration "200-b": the connection to database '
    contains "$errors" "was lost; the step was not committed: it was rolled back (SQLSTATE 57P01)"
    contains "$errors" "finding out what was committed"
    same "$(json lost,id) $(json lost,outcome) $(json applied) $(json error,id)" "200-b rolled-back 1 connection-lost"
    truthful
    same "$(query "$db" "SELECT id || ' ' || code || ' ' || sqlstate FROM pgalter.attempts")" "200-b connection-lost 57P01"
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
    agree "$db"
}
