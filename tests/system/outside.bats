#!/usr/bin/env bats
# Statements outside a transaction: what stays after a failure or a death, and how the next run goes on.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=outside_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    table 1.0.0-100-a a
}

teardown() { cluster_log_on_failure; }

# outside STEM UP DOWN: a pair whose scripts run statement by statement.
outside() { pair "$1" "-- pgalter:transaction none
$2" "-- pgalter:transaction none
$3"; }

# record: what `unfinished` says.
record() { query "$db" "SELECT coalesce(string_agg(id || ' ' || direction || ' ' || part || ' ' || statement || ' ' || progress, ', '), '') FROM pgalter.unfinished"; }

# events ID: what the history says about one alteration.
events() { query "$db" "SELECT coalesce(string_agg(event, ' ' ORDER BY seq), '') FROM pgalter.history WHERE id = '$1'"; }

is_there() { query "$db" "SELECT to_regclass('$1') IS NOT NULL"; }

# faults: skips the test unless the program can be made to die.
faults() { [ -n "$(pgalter version --faults)" ] || skip "a build without fault points"; }

# killed: the exit status of a program that killed itself.
killed=137

@test "several statements, each by itself" {
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY i ON a (n);
VACUUM a;
CREATE TABLE b (n int);
REINDEX INDEX CONCURRENTLY i;
ALTER SYSTEM RESET ALL;
SELECT pg_sleep(0); -- a result nobody needs
INSERT INTO b VALUES (1);" "DROP INDEX CONCURRENTLY i;
DROP TABLE b;"
    expect 0 pgalter deploy
    contains "$out" "[2/2] apply  200-b"
    same "$(query "$db" "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")" t
    same "$(query "$db" "SELECT count(*) FROM b")" 1
    same "$(events 200-b)" applied
    same "$(record)" ""
    expect 0 pgalter rollback 100 --yes
    same "$(is_there i)$(is_there b)" ff
    same "$(record)" ""
}

@test "BEGIN … COMMIT inside is one transaction, and may roll back" {
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY i ON a (n);
BEGIN;
CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 42 AS n;
INSERT INTO a SELECT n FROM t;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO a SELECT 43 WHERE current_setting('transaction_isolation') = 'serializable';
COMMIT;" "DROP INDEX CONCURRENTLY i;"
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a")" "42 43"
    script 1.0.0-300-c.up.sql "-- pgalter:transaction none
SELECT 1;
BEGIN;
INSERT INTO a VALUES (44);"
    expect 64 pgalter deploy
    contains "$errors" "1.0.0-300-c.up.sql:3:1: \"BEGIN\" without its COMMIT"
    outside 1.0.0-300-c "INSERT INTO a VALUES (44);
BEGIN;
INSERT INTO a VALUES (45);
INSERT INTO a VALUES (1/0);
COMMIT;" ""
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-300-c.up.sql:5: alteration \"300-c\" failed: division by zero"
    same "$(query "$db" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a")" "42 43 44"
}

@test "a SET is kept for the statements after it, and no longer than the script" {
    outside 1.0.0-200-b "CREATE SCHEMA elsewhere;
SET search_path = elsewhere;
CREATE TABLE b (n int);
VACUUM b;
SET work_mem = '77MB';
INSERT INTO b SELECT 1 WHERE current_setting('work_mem') = '77MB';
CREATE INDEX CONCURRENTLY i ON b (n);
RESET search_path;
CREATE TABLE c (n int);" "DROP TABLE c; DROP SCHEMA elsewhere CASCADE;"
    script 1.0.0-300-d.up.sql "CREATE TABLE d AS SELECT current_setting('search_path') AS path, current_setting('work_mem') AS mem;"
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT count(*) FROM elsewhere.b")" 1
    same "$(is_there elsewhere.i)$(is_there public.c)" tt
    same "$(query "$db" "SELECT path || ' ' || mem FROM d")" "\"\$user\", public 4MB"
}

@test "COPY with its data" {
    outside 1.0.0-200-b "COPY a FROM STDIN;
1
2
\\.
VACUUM a;
COPY a (n) FROM STDIN WITH (FORMAT csv);
3
\\.
" ""
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a")" "1 2 3"
}

@test "before-up and before-down run before their scripts" {
    table 1.0.0-200-b b
    script 1.0.0-200-b.before-up.sql "CREATE INDEX CONCURRENTLY i ON a (n);
CREATE TABLE before_up AS SELECT to_regclass('b') IS NULL AS first;"
    script 1.0.0-200-b.before-down.sql "DROP INDEX CONCURRENTLY i;
CREATE TABLE before_down AS SELECT to_regclass('b') IS NOT NULL AS first;"
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT first FROM before_up")" t
    same "$(is_there i)$(is_there b)" tt
    same "$(record)" ""
    rm "$PGALTER_DIR"/1.0.0-200-b.*
    expect 0 pgalter rollback 100 --yes
    same "$(query "$db" "SELECT first FROM before_down")" t
    same "$(is_there i)$(is_there b)" ff
}

@test "a failure in the script keeps what its before-script did, and the rerun does not repeat it" {
    script 1.0.0-200-b.before-up.sql "INSERT INTO a VALUES (1);"
    pair 1.0.0-200-b "CREATE TABLE b (n int);
INSERT INTO missing VALUES (1);" "DROP TABLE b;"
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:2:13: alteration \"200-b\" failed: relation \"missing\" does not exist"
    same "$(record)" "200-b up before_up 1 next"
    same "$(is_there b)" f
    # The script may be corrected: nothing of it has been done.
    table 1.0.0-200-b b
    expect 0 pgalter deploy
    contains "$errors" "200-b was interrupted before; going on where it stopped"
    same "$(query "$db" "SELECT count(*) FROM a")" 1
    same "$(record)" ""
    # The same with a script that runs outside a transaction itself.
    script 1.0.0-300-c.before-up.sql "INSERT INTO a VALUES (2);"
    outside 1.0.0-300-c "INSERT INTO missing VALUES (1);" ""
    expect 65 pgalter deploy
    contains "$errors" "alteration \"300-c\" failed"
    same "$(record)" "300-c up up 0 next"
    query "$db" "CREATE TABLE missing (n int)" >/dev/null
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a")" "1 2"
}

@test "a failure in statement k: the earlier ones stay, and the rerun goes on at k" {
    outside 1.0.0-200-b "INSERT INTO a VALUES (1);
CREATE INDEX CONCURRENTLY i ON a (n);
INSERT INTO missing VALUES ('ü', (1/0));
INSERT INTO a VALUES (2);" "DROP INDEX CONCURRENTLY i;"
    expect 65 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:4:13: alteration \"200-b\" failed: relation \"missing\" does not exist (SQLSTATE 42P01)
pgalter: line: INSERT INTO missing VALUES ('ü', (1/0));
pgalter:     :             ^"
    contains "$errors" "2 of its statements outside a transaction are done and stay"
    same "$(record)" "200-b up up 2 next"
    same "$(query "$db" "SELECT count(*) FROM a")" 1
    same "$(query "$db" "SELECT id || ' ' || sqlstate FROM pgalter.attempts")" "200-b 42P01"
    expect 10 pgalter status --exit-code
    contains "$out" "half done  1 alteration: \"pgalter deploy\" goes on"
    contains "$out" "200-b  1.0.0  half done"
    expect 10 pgalter list --exit-code
    contains "$out" "half done  1.0.0  200-b"
    expect 65 pgalter deploy
    same "$(query "$db" "SELECT count(*) FROM a")" 1
    query "$db" "CREATE TABLE missing (t text, n int); CREATE FUNCTION zero() RETURNS int LANGUAGE sql AS 'SELECT 0'" >/dev/null
    expect 65 pgalter deploy
    contains "$errors" "division by zero"
    # A statement can't be mended while it is half done: another text is refused.
    sed -i 's/1\/0/1/' "$PGALTER_DIR/1.0.0-200-b.up.sql"
    expect 66 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql\" changed since a run ended in its middle"
    contains "$errors" "pgalter forget 200-b --because TEXT"
    sed -i "s/'ü', (1)/'ü', (1\/0)/" "$PGALTER_DIR/1.0.0-200-b.up.sql"
    query "$db" "DROP TABLE missing; CREATE VIEW missing AS SELECT 'x'::text AS t, 1 AS n;
        CREATE RULE swallow AS ON INSERT TO missing DO INSTEAD NOTHING" >/dev/null
    expect 0 pgalter deploy
    contains "$errors" "200-b was interrupted before; going on where it stopped"
    same "$(query "$db" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a")" "1 2"
    same "$(record)" ""
    expect 0 pgalter status --exit-code
}

@test "when the first statement fails there is no trace" {
    outside 1.0.0-200-b "INSERT INTO missing VALUES (1);
CREATE INDEX CONCURRENTLY i ON a (n);" ""
    expect 65 pgalter deploy
    same "$(record)" ""
    outside 1.0.0-200-b "VACUUM missing;" ""
    expect 65 pgalter deploy
    same "$(record)" ""
    expect 0 pgalter list
    contains "$out" "pending    1.0.0  200-b"
    outside 1.0.0-200-b "VACUUM a;" ""
    expect 0 pgalter deploy
}

@test "killed in the middle of a statement: 67, and marking says that it took effect" {
    faults
    outside 1.0.0-200-b "CREATE TABLE b (n int);
DO 'BEGIN CREATE INDEX i ON a (n); COMMIT; END';" "DROP TABLE b;
DROP INDEX i;"
    PGA_FAULT=statement_done:kill expect $killed pgalter deploy
    same "$(record)" "200-b up up 1 started"
    same "$(is_there i)" t
    expect 67 pgalter deploy
    contains "$errors" "1.0.0-200-b.up.sql:3:1: alteration \"200-b\": half done: a run ended while the statement in line 3 ran"
    contains "$errors" "line: DO 'BEGIN CREATE INDEX i ON a (n); COMMIT; END';"
    contains "$errors" "pgalter mark 200-b --because TEXT"
    contains "$errors" "pgalter forget 200-b --because TEXT"
    lacks "$errors" "going on where it stopped"
    # Nor does anything go past it.
    table 1.0.0-300-c c
    expect 67 pgalter deploy
    same "$(is_there c)" f
    expect 67 pgalter rollback zero --yes
    contains "$errors" "\"200-b\" is half done in the other direction (up); nothing was run"
    contains "$errors" "pgalter forget 200-b --because TEXT"
    same "$(is_there a)" t
    expect 0 pgalter mark 200-b --because "the index is there"
    same "$(events 200-b)" marked
    same "$(record)" ""
    expect 0 pgalter deploy
    contains "$out" "Found 1 alteration to deploy"
    same "$(is_there c)" t
    expect 0 pgalter rollback zero --yes
    same "$(is_there b)$(is_there i)" ff
}

@test "killed before a statement: 67, and forgetting it says that nothing took effect" {
    faults
    outside 1.0.0-200-b "CREATE TABLE b (n int);
DO 'BEGIN CREATE INDEX i ON a (n); COMMIT; END';" "DROP TABLE b;
DROP INDEX i;"
    PGA_FAULT=statement_started:kill expect $killed pgalter deploy
    same "$(record)" "200-b up up 1 started"
    same "$(is_there i)" f
    expect 67 pgalter deploy
    query "$db" "DROP TABLE b" >/dev/null
    expect 64 pgalter forget 200-b
    expect 0 pgalter forget 200-b --because "it never began"
    same "$(record)" ""
    same "$(events 200-b)" forgotten
    expect 0 pgalter history
    contains "$out" "because it never began"
    expect 0 pgalter deploy
    same "$(events 200-b)" "forgotten applied"
    same "$(is_there i)" t
    expect 64 pgalter forget 300-x --because "there is none"
}

@test "killed in the middle of a rollback: forget says that it took effect, mark that it did not" {
    faults
    outside 1.0.0-200-b "DO 'BEGIN CREATE INDEX i ON a (n); COMMIT; END';" "DO 'BEGIN DROP INDEX i; COMMIT; END';"
    expect 0 pgalter deploy
    PGA_FAULT=statement_started:kill expect $killed pgalter rollback zero --yes
    same "$(record)" "200-b down down 0 started"
    expect 0 pgalter status
    contains "$out" "half done  1 alteration: \"pgalter rollback --steps 1\" goes on"
    expect 67 pgalter rollback zero --yes
    contains "$errors" "journal:200-b.down.sql:2:1: alteration \"200-b\": half done"
    contains "$errors" "If all of the script took effect: pgalter forget 200-b --because TEXT."
    contains "$errors" "pgalter mark 200-b --because TEXT, then the same command again"
    table 1.0.0-300-c c
    expect 67 pgalter deploy
    contains "$errors" "\"200-b\" is half done in the other direction (down); nothing was run"
    contains "$errors" "pgalter mark 200-b --because TEXT"
    same "$(is_there c)" f
    expect 0 pgalter mark 200-b --because "the index is still there"
    same "$(record)" ""
    expect 0 pgalter deploy
    same "$(is_there c)" t
    expect 64 pgalter mark 200-b --because "twice"
    contains "$errors" "\"200-b\" is applied already"
    PGA_FAULT=statement_done:kill expect $killed pgalter rollback 100 --yes
    same "$(is_there i)$(is_there c)" ff
    expect 67 pgalter rollback 100 --yes
    expect 0 pgalter forget 200-b --because "the index is gone"
    same "$(events 200-b)" "applied marked forgotten"
    expect 0 pgalter rollback zero --yes
    expect 0 pgalter deploy
    same "$(is_there i)" t
}

@test "done-when decides by itself" {
    faults
    local point at=200
    for point in statement_started statement_done; do
        at=$((at + 1))
        script "1.0.0-$at-$point.up.sql" "-- pgalter:transaction none
-- pgalter:done-when SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('i_$point') AND indisvalid)
INSERT INTO a VALUES (1);
DO 'BEGIN CREATE INDEX i_$point ON a (n); COMMIT; END';"
        PGA_FAULT=$point:kill expect $killed pgalter deploy
        same "$(record)" "$at-$point up up 1 started"
        expect 0 pgalter deploy
        contains "$errors" "going on where it stopped: done-when says that"
        same "$(is_there "i_$point")" t
        same "$(query "$db" "SELECT count(*) FROM a")" 1
        same "$(events "$at-$point")" applied
        rm "$PGALTER_DIR/1.0.0-$at-$point.up.sql"
        query "$db" "TRUNCATE a" >/dev/null
    done
    # A query that fails decides nothing.
    script 1.0.0-300-c.up.sql "-- pgalter:transaction none
-- pgalter:done-when SELECT wrong
DO 'BEGIN COMMIT; END';"
    PGA_FAULT=statement_done:kill expect $killed pgalter deploy
    expect 67 pgalter deploy
    contains "$errors" "Its done-when query can't tell: column \"wrong\" does not exist."
    contains "$errors" "pgalter mark 300-c --because TEXT"
    same "$(record)" "300-c up up 0 started"
    expect 0 pgalter mark 300-c --because "it ran"
}

@test "a statement that shares its transaction with its record is never in doubt" {
    faults
    outside 1.0.0-200-b "INSERT INTO a VALUES (1);
INSERT INTO a VALUES (2);
INSERT INTO a VALUES (3);" ""
    # Nothing here runs apart, so these points are never reached.
    PGA_FAULT=statement_started:kill expect 0 pgalter deploy
    same "$(query "$db" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM a")" "1 2 3"
}

@test "a table's lock does not keep CONCURRENTLY from waiting its turn" {
    outside 1.0.0-200-b "CREATE INDEX CONCURRENTLY i ON a (n);" ""
    expect 0 pgalter deploy 100
    psql -Xq -d "$db" -c "BEGIN; INSERT INTO a VALUES (1); SELECT pg_sleep(2); COMMIT" >/dev/null 3>&- &
    local other=$!
    sleep 0.5
    expect 0 pgalter deploy --lock-timeout 100ms --retries 0
    wait "$other"
    same "$(query "$db" "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")" t
}

@test "state that would not last from one statement to the next is refused with its line" {
    for state in "SELECT set_config('search_path', 'pg_catalog', false);" "CREATE TEMP TABLE gone (n int);" "PREPARE p AS SELECT 1;"; do
        script 1.0.0-1-state.up.sql "-- pgalter:transaction none
SELECT 1;
$state
SELECT 2;"
        expect 64 pgalter deploy
        contains "$errors" "1.0.0-1-state.up.sql:3:1"
    done
    script 1.0.0-1-state.up.sql "-- pgalter:transaction none
BEGIN; CREATE TEMP TABLE kept (n int); INSERT INTO kept VALUES (1); COMMIT;
SELECT 1;"
    expect 0 pgalter deploy
}

@test "a failed CREATE INDEX CONCURRENTLY leaves no INVALID index, and the rerun succeeds" {
    pair 1.0.0-1-table "CREATE TABLE twice (n int); INSERT INTO twice VALUES (1), (1);" "DROP TABLE twice;"
    script 1.0.0-2-unique.up.sql "-- pgalter:transaction none
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS twice_n ON twice (n);"
    expect 65 pgalter deploy
    contains "$errors" "23505"
    [ "$(query "$db" "SELECT count(*) FROM pg_index WHERE NOT indisvalid")" = 0 ]
    query "$db" "DELETE FROM twice WHERE ctid = (SELECT min(ctid) FROM twice)" >/dev/null
    expect 0 pgalter deploy
    [ "$(query "$db" "SELECT indisvalid FROM pg_index WHERE indexrelid = 'twice_n'::regclass")" = t ]
}

@test "a procedure that commits and then fails stays in doubt: 67, never tried again by itself" {
    pair 1.0.0-1-table "CREATE TABLE done (n int);
CREATE PROCEDURE part() LANGUAGE plpgsql AS 'BEGIN INSERT INTO done VALUES (1); COMMIT; PERFORM 1 / 0; END';" "DROP PROCEDURE part; DROP TABLE done;"
    script 1.0.0-2-call.up.sql "-- pgalter:transaction none
CALL part();"
    expect 67 pgalter deploy
    contains "$errors" "may have done a part"
    expect 67 pgalter deploy
    [ "$(query "$db" "SELECT count(*) FROM done")" = 1 ]
    expect 0 pgalter mark 2-call --because "the part is all there is"
    expect 0 pgalter deploy
    [ "$(query "$db" "SELECT count(*) FROM done")" = 1 ]
}

@test "what is half done in the other direction stops also a run that finds nothing to do" {
    script 1.0.0-200-two.up.sql "CREATE TABLE b (n int);"
    script 1.0.0-200-two.down.sql "-- pgalter:transaction none
DROP TABLE b;
SELECT 1 / 0;"
    expect 0 pgalter deploy
    expect 65 pgalter rollback 100-a --yes
    expect 67 pgalter deploy
    expect 67 pgalter plan
    expect 10 pgalter status --exit-code
    expect 0 pgalter mark 200-two --because "the table was made again by hand"
    expect 0 pgalter deploy
}
