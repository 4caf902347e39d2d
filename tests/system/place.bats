#!/usr/bin/env bats
# Where errors and notices stand: file, line, column, the line with its caret; and that no password is shown.
# shellcheck disable=SC2016 # dollar quotes are not for the shell

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=place_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    file=$PGALTER_DIR/1.0.0-15-it.up.sql
}

teardown() { cluster_log_on_failure; }

# fails PLACE TEXT MESSAGE: deploy a script in which ^ stands before the character that the error points to, or ^^ before the
# line that it points to as a whole.  Whether the error names LINE[:COLUMN] of the file and shows the line, the caret under
# the character.
fails() {
    local want=$1 text=$2 message=$3 line caret
    mkdir -p "$PGALTER_DIR"
    printf '%s\n' "${text//\^/}" >"$file"
    expect 65 pgalter deploy
    contains "$errors" "pgalter: error: $file:$want: alteration \"15-it\" failed: $message" || return
    line=$(grep -F '^' <<<"$text" | tr '\t' ' ')
    line=${line%$'\r'}
    contains "$errors"$'\n' $'\n'"pgalter: line: ${line//\^/}"$'\n' || return
    caret=$(sed -n '/^pgalter: line: /{n;p;}' <<<"$errors")
    if [[ $line == *^^* ]]; then lacks "$caret" '^'
    else same "${caret#pgalter:     : }" "$(blanks "${line%%^*}")^"
    fi
}

# blanks TEXT: as many blanks as a terminal takes columns for the text.
blanks() {
    printf '%s' "$1" |
        perl -CSD -Mutf8 -pe 's/\p{Mn}//g; s/[\p{EastAsianWidth=W}\p{EastAsianWidth=F}]/  /g; s/[^ ]/ /g'
}

# shown LINES ...: whether the error has each of these lines.
shown() {
    local line
    for line; do contains $'\n'"$errors"$'\n' $'\n'"pgalter: $line"$'\n' || return; done
}

# hidden WORDS ...: whether none of them is in what was printed or is kept, but for the scripts.
hidden() {
    local word
    errors+=$(query "$db" "SELECT a::text FROM pgalter.attempts a"
        pgalter history 2>&1
        pgalter history --json 2>&1
        pgalter deploy --json 2>&1
        pgalter deploy --debug 2>&1) || true
    for word; do lacks "$out$errors" "$word" || return; done
}

@test "characters of two, three and four bytes, combining and wide ones, tabs, CRLF, a byte order mark" {
    fails 1:13 "SELECT 'ä', ^wrong;" 'column "wrong" does not exist'
    fails 1:13 "SELECT '€', ^wrong;" 'column "wrong" does not exist'
    fails 1:13 "SELECT '𝄞', ^wrong;" 'column "wrong" does not exist'
    fails 1:15 "SELECT '日本語', ^wrong;" 'column "wrong" does not exist'
    fails 1:15 $'SELECT \'xa\u0308\', ^wrong;' 'column "wrong" does not exist'
    fails 1:14 "SELECT '🐘한', ^wrong;" 'column "wrong" does not exist'
    fails 2:3 $'SELECT 1,\n\t\t^"日"\tAS frum;' 'column "日" does not exist'
    fails 3:8 $'SELECT 1;\r\n-- ü\r\nSELECT ^wrong;\r' 'column "wrong" does not exist'
    fails 3:8 $'\xef\xbb\xbfSELECT 1;\n\nSELECT ^wrong;' 'column "wrong" does not exist'
}

@test "no column is named in an encoding that the script chose" {
    script 1.0.0-15-it.up.sql $'SET client_encoding = latin1;\nSELECT \'éé\',\n  \'éé\', wrong;'
    expect 65 pgalter deploy
    contains "$errors" "$file:3: alteration"
    contains "$errors" "line:   'éé', wrong;"
    lacks "$errors" "^"
    fails 2:8 $'SET client_encoding = latin1;\nSELECT ^wrong;' 'column "wrong" does not exist'
    fails 2:14 $'SET standard_conforming_strings = on;\nSELECT \'éé\', ^wrong;' 'column "wrong" does not exist'
}

@test "a long line is cut around its error" {
    local long
    long=$(printf '日%.0s' {1..300})
    script 1.0.0-15-it.up.sql "SELECT '$long', wrong, '$long';"
    expect 65 pgalter deploy
    contains "$errors" "$file:1:312: "
    line=$(sed -n 's/^pgalter: line: //p' <<<"$errors")
    caret=$(sed -n 's/^pgalter:     : //p' <<<"$errors")
    [ ${#line} -lt 330 ]
    contains "$line" "日', wrong, '日"
    same "$caret" "$(blanks "${line%%wrong*}")^"
}

@test "in a DO block: by its position, its line, its query" {
    fails 3:3 'DO $$
BEGIN
  ^GIVE 1;
END $$;' 'syntax error at or near "GIVE"'
    fails 5 'SELECT 1; DO LANGUAGE plpgsql $tag$
DECLARE
  n int;
BEGIN
  ^^RAISE EXCEPTION '"'%', 1"';
END $tag$; SELECT 2;' '1'
    shown "context: PL/pgSQL function inline_code_block line 5 at RAISE"
    fails 3:3 "SELECT 1; DO '
BEGIN
  ^n := ''a''::int;
END';" '"n" is not a known variable'
    fails 4:10 $'DO $$\r\nDECLARE n int;\r\nBEGIN\r\n  SELECT ^wrong INTO n FROM pg_class;\r\nEND $$;\r' 'column "wrong" does not exist'
    fails 3:11 'DO $$
BEGIN /* ü */
  PERFORM ^wrong(1);
END $$;' "function wrong(integer) does not exist"
    # Before 14 the server puts SELECT before what stands there, and then the query is shown.
    if [ "$(query "$db" "SHOW server_version_num")" -ge 140000 ]; then
        fails 4:20 'DO $$
BEGIN
  -- größer
  IF EXISTS (TABLE ^nix) THEN NULL; END IF;
END $$;' 'relation "nix" does not exist'
    fi
    fails 3 'DO $$ BEGIN
  NULL;
  ^^PERFORM 1 / n FROM (SELECT 0 AS n OFFSET 0) z;
END $$;' "division by zero"
}

@test "in a query that a script puts together: the query, and its line in the file" {
    fails 3 'DO $$
BEGIN
  ^^EXECUTE format('"'SELECT %s, %s', 1, 'wrong'"');
END $$;' 'column "wrong" does not exist'
    shown "query: SELECT 1, wrong" "     :           ^"
    # A block in a block: the outer line is the file's, or the query itself where it stands there.
    fails 2 'DO $o$ BEGIN
  ^^EXECUTE $x$ DO $y$ BEGIN

    EXECUTE '"'CREATE TABLE a '||'(n nix)'"'; END $y$ $x$;
END $o$;' 'type "nix" does not exist'
    shown "query: CREATE TABLE a (n nix)"
    fails 2:25 'DO $o$ BEGIN
  EXECUTE $x$ SELECT 1, ^wrong $x$;
END $o$;' 'column "wrong" does not exist'
    fails 2 'DO $o$ BEGIN
  ^^EXECUTE $x$CREATE TABLE a $x$ || $x$(n nix)$x$; END $o$;' 'type "nix" does not exist'
    expect 65 pgalter deploy --json
    same "$(jq -c '.error.place | [.line, .column]' <<<"$out")" "[2,null]"
    same "$(jq -c '.error.query | [.line, .column, .text]' <<<"$out")" '[1,19,"CREATE TABLE a (n nix)"]'
}

@test "in the body of a function" {
    fails 4:5 'SELECT 1;
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    ^GIVE 1;
END $$;' 'syntax error at or near "GIVE"'
    fails 3:5 "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS '
BEGIN
    ^a := ''c'';
END ';" '"a" is not a known variable'
    # Two bodies that are equal: the server doesn't know which it reads.
    fails 3:3 'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  ^GIVE 1;
END $$; /* $$
BEGIN
  GIVE 1;
END $$ */' 'syntax error at or near "GIVE"'
    fails 2:10 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$
  SELECT ^wrong;
$$;' 'column "wrong" does not exist'
    if [ "$(query "$db" "SHOW server_version_num")" -ge 140000 ]; then
        fails 2:40 "SELECT 1;
CREATE FUNCTION f() RETURNS int RETURN ^wrong;" 'column "wrong" does not exist'
    fi
    # What it does when it is called: the line of the call.
    fails 4 'CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
RETURN 1 / n; END $$;
SELECT 1;
^^SELECT f(0);' 'division by zero'
    contains "$errors" "PL/pgSQL function f(integer) line 2 at RETURN"
}

@test "without a position: the first line of the statement" {
    fails 3 "CREATE TABLE t (n int UNIQUE);
INSERT INTO t VALUES (1);
^^INSERT INTO t
VALUES (1);
SELECT 1;" 'duplicate key value violates unique constraint "t_n_key" (SQLSTATE 23505)'
    shown "detail: Key (n)=(1) already exists."
    # One by one, too, and in a before-script.
    script 1.0.0-15-it.up.sql "-- pgalter:transaction none
CREATE TABLE t (n int UNIQUE);
INSERT INTO t VALUES (1),
 (1);"
    expect 65 pgalter deploy
    contains "$errors" "$file:3: "
    shown "line: INSERT INTO t VALUES (1),"
    query "$db" "DROP TABLE t; DELETE FROM pgalter.unfinished"
    script 1.0.0-15-it.up.sql "SELECT 1;"
    script 1.0.0-15-it.before-up.sql "SELECT 1;
SELECT 1 / n FROM (SELECT 0 AS n OFFSET 0) z;"
    expect 65 pgalter deploy
    contains "$errors" "/1.0.0-15-it.before-up.sql:2: "
    shown "line: SELECT 1 / n FROM (SELECT 0 AS n OFFSET 0) z;"
}

@test "in a row of a COPY" {
    fails 5 'CREATE TABLE t (n int, s text);
COPY t FROM STDIN;
1	a\
b
^^x	c
\.
SELECT 1;' 'invalid input syntax for type integer: "x"'
    fails 7 'CREATE TABLE t (n int, s text);
COPY t FROM STDIN WITH (FORMAT csv, HEADER);
n,s
1,"a
b
c"
^^x,"a
b"
2,a
\.' 'invalid input syntax for type integer: "x"'
    fails 4 'CREATE TABLE t (n int, s text);
COPY t FROM STDIN (FORMAT csv);
1,a
^^2,a,b
\.' 'extra data after last expected column'
    fails 4 'CREATE TABLE t (n int CHECK (n < 2));
COPY t FROM STDIN;
1
^^2
\.' 'new row for relation "t" violates check constraint'
    # What comes of all of its rows: the statement.
    fails 2 'CREATE TABLE t (n int PRIMARY KEY, o int REFERENCES t);
^^COPY t FROM STDIN;
1	2
\.' 'insert or update on table "t" violates foreign key constraint'
}

@test "COPY rows that end within quotes are refused at the row that opens them" {
    script 1.0.0-15-it.up.sql 'CREATE TABLE t (n int, s text);
COPY t FROM STDIN (FORMAT csv);
1,a
2,"b
\.
c"
\.
SELECT 1;'
    expect 64 pgalter deploy
    contains "$errors" "$file:4:1: the rows of \"COPY ... FROM STDIN\" end within a quoted field"
}

@test "deferred constraints have no line, and what reaches the journal has its own" {
    script 1.0.0-15-it.up.sql "CREATE TABLE t (n int PRIMARY KEY, o int REFERENCES t DEFERRABLE INITIALLY DEFERRED);
INSERT INTO t VALUES (1, 2);"
    expect 65 pgalter deploy
    contains "$errors" "$file: alteration \"15-it\" failed: its deferred constraints: insert or update on table \"t\" violates"
    script 1.0.0-15-it.up.sql "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE 'no'; END \$\$;
CREATE TRIGGER no BEFORE INSERT ON pgalter.journal FOR EACH ROW EXECUTE FUNCTION no();"
    expect 65 pgalter deploy
    contains "$errors" "$file:2:36: alteration \"15-it\" failed: the script writes to the journal's tables"
}

@test "a character that the database's encoding lacks" {
    local encoding
    for encoding in LATIN1 EUC_JP; do
        query postgres "DROP DATABASE IF EXISTS narrow" >/dev/null 2>&1
        query postgres "CREATE DATABASE narrow TEMPLATE template0 ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C'" >/dev/null
        db=narrow
        export DATABASE_URL="dbname=narrow"
        fails 3:10 "SELECT 1;
-- more
SELECT 'a^🐘';" 'character with byte sequence 0xf0 0x9f 0x90 0x98 in encoding "UTF8" has no equivalent in encoding "'$encoding'"'
        contains "$errors" "pgalter: detail: The database's encoding is $encoding."
        # The journal keeps the down script, too.
        script 1.0.0-15-it.up.sql "SELECT 1;"
        script 1.0.0-15-it.down.sql "SELECT 1;
-- 🐘"
        expect 65 pgalter deploy
        contains "$errors" "/1.0.0-15-it.down.sql:2:4: "
        rm "$PGALTER_DIR"/*.down.sql
        if [ $encoding = LATIN1 ]; then
            fails 2:13 "SELECT 'grün';
SELECT 'ü', ^wrong;" 'column "wrong" does not exist'
        else
            fails 2:15 "SELECT '日本語';
SELECT '日本語', ^wrong;" 'column "wrong" does not exist'
        fi
    done
    query postgres "DROP DATABASE narrow"
}

@test "a rollback with the journal's script names the journal" {
    pair 1.0.0-15-it "SELECT 1;" "SELECT 1;
DO \$\$ BEGIN
  PERFORM wrong; END \$\$;"
    expect 0 pgalter deploy
    rm -r "$PGALTER_DIR"
    expect 65 pgalter rollback zero --yes --dir "$BATS_TEST_TMPDIR"
    contains "$errors" "error: journal:15-it.down.sql:3:11: alteration \"15-it\" failed: column \"wrong\" does not exist"
    shown "line:   PERFORM wrong; END \$\$;" "    :           ^"
    contains "$(pgalter history)" "journal:15-it.down.sql:3"
}

@test "notices have the line that they come from" {
    script 1.0.0-15-it.up.sql "CREATE TABLE a ();
CREATE TABLE IF NOT EXISTS a ();
SELECT 1;
DO \$\$ BEGIN
  RAISE NOTICE 'five';
  RAISE WARNING 'six' USING HINT = 'do it', DETAIL = 'so it is'; END \$\$;
DROP TABLE IF EXISTS nix;
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS \$\$ BEGIN RAISE INFO 'called'; RETURN 1; END \$\$;
SELECT f();
SELECT f() FROM generate_series(1, 2);
DROP TABLE IF EXISTS nix; DO \$\$ BEGIN
 RAISE LOG 'log'; RAISE DEBUG 'debug'; END \$\$;"
    expect 0 pgalter deploy
    same "$errors" "pgalter: info: $file:2: server: NOTICE: relation \"a\" already exists, skipping
pgalter: info: $file:5: server: NOTICE: five
pgalter: warning: $file:6: server: six
pgalter: detail: so it is
pgalter: hint: do it
pgalter: info: $file:7: server: NOTICE: table \"nix\" does not exist, skipping
pgalter: info: $file:9: server: INFO: called
pgalter: info: $file:10: server: INFO: called
pgalter: info: $file:10: server: INFO: called
pgalter: info: $file:11: server: NOTICE: table \"nix\" does not exist, skipping"
}

@test "notices by level: --quiet, --verbose, --debug" {
    local text="SET client_min_messages = debug1; DO \$\$ BEGIN RAISE WARNING 'w'; RAISE NOTICE 'n'; RAISE INFO 'i'; RAISE LOG 'l'; RAISE DEBUG 'd'; END \$\$;"
    script 1.0.0-15-a.up.sql "$text"
    expect 0 pgalter deploy --quiet
    same "$errors" ""
    script 1.0.0-16-b.up.sql "$text"
    expect 0 pgalter deploy --verbose
    contains "$errors" "server: LOG: l"
    lacks "$errors" "server: DEBUG: d"
    script 1.0.0-17-c.up.sql "$text"
    expect 0 pgalter deploy --debug
    contains "$errors" "server: DEBUG: d"
}

@test "notices without end are counted, not shown" {
    script 1.0.0-15-it.up.sql "DO \$\$ BEGIN FOR i IN 1..100000 LOOP RAISE NOTICE '%', repeat('x', 100); END LOOP; END \$\$;
SELECT 1 / (SELECT count(*) FROM pg_class WHERE false);"
    expect 65 pgalter deploy
    same "$(grep -c 'server: NOTICE' <<<"$errors")" 100
    contains "$errors" "pgalter: info: 99900 more messages of the server were left out"
    contains "$errors" "$file:2: "
}

@test "a notice of many megabytes is cut" {
    script 1.0.0-15-it.up.sql "DO \$\$ BEGIN RAISE NOTICE '%', repeat('ä', 5000000) USING detail = repeat('d', 5000000), hint = 'short'; END \$\$;"
    expect 0 pgalter deploy
    contains "$errors" "ää..."
    contains "$errors" "detail: dddd"
    contains "$errors" "hint: short"
    [ ${#errors} -lt 9000 ]
    script 1.0.0-16-b.up.sql "DO \$\$ BEGIN RAISE NOTICE '%', repeat('ä', 5000000); END \$\$;"
    expect 0 pgalter deploy --json
    [ ${#errors} -lt 9000 ]
}

@test "passwords are neither shown nor kept" {
    script 1.0.0-15-it.up.sql "CREATE ROLE bob PASSWORD 'hunter2' frum;"
    expect 65 pgalter deploy
    contains "$errors" "$file:1:36: "
    shown "line: CREATE ROLE bob PASSWORD **** frum;" "    :                               ^"
    hidden hunter2
    local text
    for text in "CREATE ROLE place_bob PASSWORD 'hunter2'; SELECT wrong;" \
        "ALTER ROLE place_none PASSWORD 'hunter2';" \
        "ALTER ROLE place_none PASSWORD 'x' 'hunter2';" \
        "ALTER ROLE postgres PASSWORD \"hunter2\";" \
        "ALTER ROLE postgres PASSWORD hunter2;" \
        "DO \$\$ BEGIN EXECUTE 'ALTER ROLE place_none PASSWORD ''hunter2'''; END \$\$;" \
        "DO \$\$ BEGIN EXECUTE format('ALTER ROLE postgres PASSWORD %L frum', 'hunter2'); END \$\$;" \
        "DO \$\$ BEGIN RAISE EXCEPTION 'the password is %', 'hunter2'; END \$\$;" \
        "CREATE TABLE users (name text UNIQUE, password text CHECK (length(password) > 20));
INSERT INTO users VALUES ('bob', 'a password hunter2');" \
        "CREATE TABLE users (name text UNIQUE, password text CHECK (length(password) > 20));
INSERT INTO users (name, password) VALUES ('bob', 'hunter2');" \
        "CREATE TABLE users (name text, password int);
COPY users (name, password) FROM STDIN;
bob	hunter2
\\." \
        "CREATE SERVER s FOREIGN DATA WRAPPER nix; CREATE USER MAPPING FOR bob SERVER s OPTIONS (password 'hunter2');" \
        "CREATE SUBSCRIPTION s CONNECTION 'host=nix password=hunter2' PUBLICATION p FRUM;" \
        "SELECT dblink_connect('host=nix password=hunter2');" \
        "SELECT f('postgresql://bob:hunter2@host/db');"; do
        script 1.0.0-15-it.up.sql "$text"
        got=0
        out=$("$PGALTER" deploy </dev/null 2>"$BATS_TEST_TMPDIR/stderr") || got=$?
        errors=$(<"$BATS_TEST_TMPDIR/stderr")
        [ "$got" = 65 ] || [ "$got" = 64 ]
        hidden hunter2 || { echo "of: $text"; return 1; }
    done
    # What the script doesn't hold, or doesn't call a password.
    query "$db" "CREATE TABLE vault (p text); INSERT INTO vault VALUES ('hunter2');
        CREATE TABLE u (id int NOT NULL, password text UNIQUE, CHECK (id < 9)); INSERT INTO u VALUES (1, 'hunter2')"
    for text in \
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''ALTER ROLE place_none PASSWORD '' || quote_literal((SELECT p FROM vault)); END'; SELECT f();" \
        "DO \$\$ BEGIN EXECUTE 'ALTER ROLE place_none PASSWORD ' || quote_literal((SELECT p FROM vault)); END \$\$;" \
        "DO \$\$ DECLARE x text := (SELECT p FROM vault); BEGIN RAISE NOTICE 'pass: %', x; RAISE NOTICE 'password %', x; RAISE EXCEPTION 'pwd %', x; END \$\$;" \
        "INSERT INTO u SELECT 2, p FROM vault;" \
        "INSERT INTO u VALUES (2, 'hunter2');" \
        "INSERT INTO u SELECT 10, p FROM vault;" \
        "INSERT INTO u SELECT NULL, p FROM vault;" \
        "ALTER TABLE u ALTER password TYPE int USING password::int;" \
        "COPY u FROM stdin;
1	hunter2
\\." \
        "CREATE TABLE v (id int, password text);
COPY v FROM stdin;
1	hunter2	x
\\." \
        "COPY u FROM stdin WITH (DELIMITER ',');
1,hunter2
\\."; do
        script 1.0.0-15-it.up.sql "$text"
        expect 65 pgalter deploy
        hidden hunter2 || { echo "of: $text"; return 1; }
    done
    # What isn't called one is shown, but for whole rows.
    script 1.0.0-15-it.up.sql "CREATE TABLE w (a text PRIMARY KEY); INSERT INTO w VALUES ('bob'); INSERT INTO w VALUES ('bob');"
    expect 65 pgalter deploy
    contains "$errors" "Key (a)=(bob) already exists."
    script 1.0.0-15-it.up.sql "CREATE TABLE w (a text CHECK (a > 'c')); INSERT INTO w VALUES ('bob');"
    expect 65 pgalter deploy
    contains "$errors" "Failing row contains (****)."
    # An open quote: it is not even sent.
    script 1.0.0-15-it.up.sql "ALTER ROLE place_bob PASSWORD 'hunter2"
    expect 64 pgalter deploy
    contains "$errors" "line: ALTER ROLE place_bob PASSWORD ****"
    hidden hunter2
}
