#!/usr/bin/env bats
# What the text of a script may hold: open quotes, COPY data, transaction control; and the lines of errors in it.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    database_create "text_$BATS_TEST_NUMBER"
    db=text_$BATS_TEST_NUMBER
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
}

teardown() { cluster_log_on_failure; }

# untouched: whether nothing at all was done to the database.
untouched() {
    [ "$(query "$db" "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" = 0 ] &&
        same "$(query "$db" "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'")" 0
}

# up TEXT: the only script, with an ordinary one before and after it.
up() {
    pair 1.0.0-10-before "CREATE TABLE before ();" "DROP TABLE before;"
    pair 1.0.0-15-it "$1" ""
    pair 1.0.0-20-after "CREATE TABLE after ();" "DROP TABLE after;"
}

# refused LINE[:COLUMN] TEXT WORDS: a script that is refused there before anything runs.
refused() {
    up "$2"
    expect 64 pgalter deploy
    contains "$errors" "/1.0.0-15-it.up.sql:$1" && contains "$errors" "$3" && untouched && return 0
    printf 'the script:\n%s\n' "$2"
    return 1
}

# fails LINE[:COLUMN] TEXT WORDS: a script that fails there; what is before it stays.
fails() {
    up "$2"
    expect 65 pgalter deploy
    contains "$errors" "/1.0.0-15-it.up.sql:$1: alteration \"15-it\" failed: $3" &&
        [ "$(query "$db" "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'public'::regnamespace")" = before ] &&
        [ "$(query "$db" "SELECT string_agg(id, ' ') FROM pgalter.journal")" = 10-before ] && return 0
    printf 'the script:\n%s\n' "$2"
    return 1
}

@test "what one script leaves open is not closed by the next" {
    local case open close
    # shellcheck disable=SC2016
    for case in \
        "quoted string|SELECT 'open|' AS x;" \
        "quoted string|SELECT E'open\\'|' AS x;" \
        "quoted string|SELECT U&'open|' AS x;" \
        'quoted name|SELECT 1 AS "open|";' \
        "comment|SELECT 1; /* open|*/ SELECT 1;" \
        "comment|SELECT 1; /* /* open */|*/ SELECT 1;" \
        'dollar-quoted string|SELECT $$open|$$;' \
        'dollar-quoted string|SELECT $tag$open $$|$tag$;' \
        '"("|SELECT (1 +|1);' \
        '"("|CREATE RULE r AS ON INSERT TO t DO INSTEAD (SELECT 1;|SELECT 2);' \
        '"BEGIN ATOMIC"|CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;|END;'; do
        IFS='|' read -r words open close <<<"$case"
        pair 1.0.0-10-opens "CREATE TABLE made ();
$open" ""
        pair 1.0.0-20-closes "$close
CREATE TABLE more ();" ""
        expect 64 pgalter deploy
        contains "$errors" "/1.0.0-10-opens.up.sql:2:"
        contains "$errors" "$words"
        untouched
    done
}

@test "a rule that gives several results, or none, does not move the line of an error" {
    local rule
    for rule in "DO INSTEAD (SELECT 1; SELECT 2; SELECT 3)" "DO INSTEAD NOTHING" "DO INSTEAD SELECT 1" \
        "DO ALSO (SELECT 1; SELECT 2)" "DO INSTEAD (INSERT INTO l VALUES (1) RETURNING *; SELECT 2)"; do
        fails 6 "CREATE TABLE t (n int);
CREATE TABLE l (n int);
CREATE RULE r AS ON INSERT TO t $rule;
INSERT INTO t VALUES (1);
SELECT 1;
SELECT 1 / n FROM (SELECT 0 AS n OFFSET 0) z;
SELECT 2;" "division by zero"
    done
}

@test "an error behind a wrapper's BEGIN and behind moved modes has its own line" {
    fails 4 "BEGIN;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SELECT 1;
SELECT 1 / n FROM (SELECT 0 AS n OFFSET 0) z;
SELECT 2;
COMMIT;" "division by zero"
    fails 2 "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SELECT 1 / n FROM (SELECT 0 AS n OFFSET 0) z;" "division by zero"
    fails 5:8 "BEGIN;
CREATE TABLE t (n int);
;;
SELECT n FROM t;
SELECT missing FROM t;
COMMIT;" 'column "missing" does not exist'
}

@test "line and column count characters, and lines as the file has them" {
    fails 3:14 "-- größer 𝄞
CREATE TABLE \"tü€𝄞\" (n int);
SELECT '€𝄞', wrong FROM \"tü€𝄞\";" 'column "wrong" does not exist'
    contains "$errors" "line: SELECT '€𝄞', wrong FROM"
    fails 2:19 "/* ü */ SELECT 1;
SELECT 'ä€𝄞' frum x y;" 'syntax error at or near "x"'
    fails 4:8 $'-- pgalter:allow rule because\r\n-- ü\r\n-- pgalter:allow other because\r\nSELECT wrong;\r' 'column "wrong" does not exist'
}

@test "columns in a SQL_ASCII database, where the server counts bytes" {
    query postgres "DROP DATABASE $db"
    query postgres "CREATE DATABASE $db ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'"
    fails 3:14 "-- größer 𝄞
CREATE TABLE \"tü€𝄞\" (n int);
SELECT '€𝄞', wrong FROM \"tü€𝄞\";" 'column "wrong" does not exist'
    pair 1.0.0-15-it "CREATE TABLE \"tü€𝄞\" AS SELECT 'größer' AS t;" ""
    expect 0 pgalter deploy
    expect 0 pgalter history
    same "$(query "$db" 'TABLE "tü€𝄞"')" größer
}

@test "COPY FROM STDIN with rows in the script" {
    up "CREATE TABLE t (n int, s text);
COPY t FROM STDIN;
1	it's; /* \$\$ \"
2	COMMIT;
\\.
INSERT INTO t VALUES (3, 'between');
COPY t (s, n) FROM STDIN WITH (FORMAT csv);
\"a,b\",4
größer,5
\\.
COPY t FROM STDIN;
\\.
INSERT INTO t VALUES (6, 'last');"
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT string_agg(t::text, ' ' ORDER BY n) FROM t")" \
        '(1,"it'\''s; /* $$ """) (2,COMMIT;) (3,between) (4,"a,b") (5,größer) (6,last)'
    same "$(query "$db" "SELECT s.text FROM pgalter.scripts s JOIN pgalter.journal j ON j.up = s.digest WHERE j.id = '15-it'")" \
        "$(<"$PGALTER_DIR/1.0.0-15-it.up.sql")"
}

@test "COPY FROM STDIN and errors: in a row, behind the rows" {
    fails 4 "CREATE TABLE t (n int);
COPY t FROM STDIN;
1
wrong
\\.
SELECT 1;" 'invalid input syntax for type integer: "wrong"'
    contains "$errors" "COPY t, line 2"
    fails 6 "CREATE TABLE t (n int);
COPY t FROM STDIN;
1
2
\\.
SELECT 1 / (n - 2) FROM t;
COPY t FROM STDIN;
3
\\." "division by zero"
    fails 5:31 "CREATE TABLE t (n int);
COPY t FROM STDIN;
1
\\.
/* ü */ SELECT n FROM t wrong wrong;" 'syntax error at or near "wrong"'
}

# made: the transaction modes that the script's table recorded.
made() { query "$db" "SELECT level || ' ' || late FROM made"; }
modes="CREATE TABLE made AS SELECT current_setting('transaction_isolation') AS level, current_setting('transaction_deferrable') AS late;"

@test "transaction modes at the top become those of the transaction" {
    local text
    for text in "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, DEFERRABLE; $modes" \
        "-- first
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET TRANSACTION DEFERRABLE; $modes" \
        "BEGIN ISOLATION LEVEL SERIALIZABLE DEFERRABLE; $modes COMMIT;" \
        "START TRANSACTION READ WRITE, ISOLATION LEVEL SERIALIZABLE, DEFERRABLE; $modes END WORK;" \
        "BEGIN TRANSACTION; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET TRANSACTION DEFERRABLE;
$modes
COMMIT TRANSACTION"; do
        pair 1.0.0-15-it "$text" "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; DROP TABLE made;"
        expect 0 pgalter deploy
        same "$(made)" "serializable on"
        expect 0 pgalter rollback zero --yes
        query "$db" "DROP SCHEMA pgalter CASCADE"
    done
    pair 1.0.0-15-it "$modes" "DROP TABLE made;"
    expect 0 pgalter deploy
    same "$(made)" "read committed off"
}

@test "transaction control that would part a script from its record is refused, with its line" {
    local nothing="CREATE TABLE made ();"
    refused 2:1 "$nothing
COMMIT;
SELECT 1;" "COMMIT"
    refused 2:1 "$nothing
COMMIT" "COMMIT"
    refused 3:1 "BEGIN;
$nothing
COMMIT;
BEGIN; SELECT 1;
COMMIT;" "COMMIT"
    refused 2:11 "$nothing
SELECT 1; END;" "END"
    refused 2:1 "$nothing
ROLLBACK;" "ROLLBACK"
    refused 2:1 "$nothing
ABORT;" "ABORT"
    refused 2:1 "$nothing
BEGIN;" "BEGIN"
    refused 3:1 "BEGIN;
$nothing
COMMIT AND CHAIN;" "CHAIN"
    refused 2:1 "$nothing
ROLLBACK AND CHAIN;" "CHAIN"
    refused 3:1 "BEGIN;
$nothing
PREPARE TRANSACTION 'x';" "PREPARE TRANSACTION"
    refused 2:1 "$nothing
COMMIT PREPARED 'x';" "COMMIT PREPARED"
    refused 2:1 "$nothing
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;" "SET TRANSACTION"
    refused 1:1 "SET TRANSACTION READ ONLY; SELECT 1;" "READ ONLY"
    refused 1:1 "BEGIN READ ONLY; SELECT 1; COMMIT;" "READ ONLY"
    refused 2:1 "BEGIN;
SET TRANSACTION SNAPSHOT '1'; COMMIT;" "SNAPSHOT"
    # For the server a lone CR ends a comment.
    refused 2:12 $'CREATE TABLE made ();\n-- comment\rCOMMIT;' "COMMIT"
}

@test "what has nobody to answer it is refused, with its line" {
    refused 2:1 "CREATE TABLE made ();
COPY made TO STDOUT;" "COPY"
    refused 2:1 "CREATE TABLE t (n int);
COPY t FROM STDIN;
1" "COPY ... FROM STDIN"
    refused 1:8 "/* x */COPY (SELECT 1) TO STDOUT WITH (FORMAT csv);" "COPY"
    refused 2:1 "SELECT 1;
\\i other.sql" '"\i" is a command of psql'
    refused 1:10 "SELECT 1 \\gset" '"\gset" is a command of psql'
}

@test "what can't run in a transaction is refused, with its line" {
    refused 2:1 "CREATE TABLE made (n int);
CREATE INDEX CONCURRENTLY ON made (n);" "CONCURRENTLY"
    refused 1:1 "VACUUM;" "VACUUM"
    refused 1:1 "ALTER SYSTEM SET work_mem = '1MB';" "ALTER SYSTEM"
}

@test "a text that the database's encoding changes is refused with its step" {
    query postgres "CREATE DATABASE eucjp TEMPLATE template0 ENCODING 'EUC_JP' LC_COLLATE 'C' LC_CTYPE 'C'" >/dev/null
    export DATABASE_URL="dbname=eucjp"
    # U+00A6 becomes another character on its way back.
    pair 1.0.0-1-bar "CREATE TABLE bar (n int);" "DROP TABLE bar; -- $(printf '\302\246')"
    expect 65 pgalter deploy
    contains "$errors" "encoding"
    [ "$(query eucjp "SELECT to_regclass('bar') IS NULL")" = t ]
    script 1.0.0-1-bar.down.sql "DROP TABLE bar; -- $(printf '\343\201\202')"
    expect 0 pgalter deploy
    expect 0 pgalter rollback zero --yes
}
