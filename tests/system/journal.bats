#!/usr/bin/env bats
# What the journal remembers, what is accepted into it, and that nothing changes it unseen.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=journal_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    mkdir "$PGALTER_DIR"
}

teardown() { cluster_log_on_failure; }

# sql TEXT: as a superuser who gets past foreign keys, and silently.
sql() { psql -Xq -v ON_ERROR_STOP=1 -d "$db" -c "SET session_replication_role = replica; $1" >/dev/null; }

events() { query "$db" "SELECT string_agg(event || coalesce(' ' || id, ''), ', ' ORDER BY seq) FROM pgalter.history"; }

# four: three applied, one of them twice, and one pending.
four() {
    table 1.0.0-100-a a
    pair 1.0.0-200-b "-- pgalter:needs 100-a
CREATE TABLE b (n int);" "DROP TABLE b;"
    script 1.0.0-200-b.before-up.sql "SELECT 1;"
    script 1.0.0-200-b.before-down.sql "SELECT 2;"
    table 1.1.0-300-c c
    expect 0 pgalter deploy
    expect 0 pgalter rollback 200-b --yes
    expect 0 pgalter mark 300-c --because "it is there"
    query "$db" "CREATE TABLE c ()" >/dev/null
    table next-400-d d
}

# refused_by WHAT COMMAND ...: whether each command refuses the journal, and runs nothing.
refused_by() {
    local what=$1 command
    shift
    for command in "$@"; do
        # shellcheck disable=SC2086 # the words of the command
        expect 66 pgalter $command || { echo "after: $what"; return 1; }
    done
    [ "$(query "$db" "SELECT to_regclass('a') IS NOT NULL AND to_regclass('d') IS NULL")" = t ] || { echo "something ran after: $what"; return 1; }
}

# refused WHAT: the same for what matters most, and refused_everywhere for every command that reads the journal.
refused() { refused_by "$1" status "deploy next" "rollback zero --yes"; }
refused_everywhere() {
    refused_by "$1" status list history plan "plan rollback zero" "show 100-a" "deploy next" "deploy 1.0.0" "rollback zero --yes" \
        "rollback --steps 1 --yes" "mark 400-d --because x" "mark --up-to next --because x" "accept 100-a --because x" "forget 100-a --because x"
}

# fine: the journal is believed.
fine() { expect 0 pgalter status; }

# other COLUMN TYPE: an expression of another value of that type, whatever stands there.
other() {
    case $2 in
        text) echo "coalesce($1, '') || 'x'" ;;
        bytea) echo "CASE WHEN $1 IS NULL THEN (SELECT digest FROM pgalter.scripts LIMIT 1) ELSE set_byte($1, 31, get_byte($1, 31) # 1) END" ;;
        bigint) echo "$1 + 1000" ;;
        *) return 1 ;;
    esac
}

# columns TABLE: "name type nullable" of those that are protected.
columns() {
    # Not hashed, because they come from clocks: `at` of the history, applied_at and duration of the journal.  They are
    # shown, and decide nothing.
    query "$db" "SELECT column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns
        WHERE table_schema = 'pgalter' AND table_name = '$1' AND column_name NOT IN ('at', 'applied_at', 'duration')
        ORDER BY ordinal_position"
}

# save, restore: the two tables that are protected.
save() { query "$db" "CREATE TABLE saved_history AS TABLE pgalter.history; CREATE TABLE saved_journal AS TABLE pgalter.journal" >/dev/null; }
restore() { sql "DELETE FROM pgalter.journal; DELETE FROM pgalter.history; INSERT INTO pgalter.history TABLE saved_history; INSERT INTO pgalter.journal TABLE saved_journal"; }

# tamper TABLE WHERE: change each column of a row in turn, and set it to null where it can be.
tamper() {
    local name type nullable
    while read -r name type nullable; do
        sql "UPDATE pgalter.$1 SET $name = $(other "$name" "$type") WHERE $2"
        refused "$1.$name where $2"
        restore
        count=$((count + 1))
        if [ "$nullable" = NO ] || [ "$(query "$db" "SELECT $name IS NULL FROM pgalter.$1 WHERE $2")" = t ]; then continue; fi
        sql "UPDATE pgalter.$1 SET $name = NULL WHERE $2"
        refused "$1.$name null where $2"
        restore
        count=$((count + 1))
    done <<<"$(columns "$1")"
}

@test "a change of any column of the history is found" {
    four
    fine
    save
    local count=0 seq
    for seq in 0 2 5; do tamper history "seq = $seq"; done
    # 17 columns, and those that can be null.
    [ "$count" -ge 60 ]
    fine
}

@test "a change of any column of the journal is found" {
    four
    save
    local count=0
    tamper journal "id = '200-b'"
    [ "$count" -ge 12 ]
    fine
}

@test "what comes from clocks is not protected" {
    four
    sql "UPDATE pgalter.history SET at = '2000-01-01'; UPDATE pgalter.journal SET applied_at = '2000-01-01', duration = '1 year'"
    fine
    expect 0 pgalter list
    contains "$out" "2000-01-01"
}

@test "a row that is gone, added or moved is found" {
    four
    save
    local change
    for change in "DELETE FROM pgalter.history WHERE seq = 1" "DELETE FROM pgalter.history WHERE seq = 5" "DELETE FROM pgalter.history WHERE seq = 0" \
        "DELETE FROM pgalter.journal WHERE id = '300-c'" "DELETE FROM pgalter.journal" \
        "UPDATE pgalter.history SET seq = seq + 1 WHERE seq = 5" "UPDATE pgalter.history SET seq = seq - 10" \
        "INSERT INTO pgalter.history SELECT 6, hash, sha256('x'), 'reverted', '300-c', version, phase, directives, up, down, before_up, before_down, state, run, who, engine, because, at FROM saved_history WHERE seq = 5" \
        "INSERT INTO pgalter.journal SELECT '400-d', version, '400', 'd', phase, directives, up, down, before_up, before_down, 4, applied_at, duration, run FROM saved_journal WHERE id = '100-a'" \
        "ALTER TABLE pgalter.journal DROP CONSTRAINT journal_seq_key; UPDATE pgalter.journal SET seq = 3 - seq WHERE seq IN (1, 2); ALTER TABLE pgalter.journal ADD UNIQUE (seq)" \
        "UPDATE pgalter.history h SET event = s.event, id = s.id, hash = s.hash, prev = s.prev FROM saved_history s WHERE s.seq = 3 - h.seq AND h.seq IN (1, 2)"; do
        sql "$change"
        refused_everywhere "$change"
        restore
        fine
    done
}

@test "a history without rows is no journal, nor is one that lacks a table" {
    four
    sql "DELETE FROM pgalter.journal; DELETE FROM pgalter.history"
    refused_everywhere "no rows"
    expect 66 pgalter status
    contains "$errors" "the journal in the schema \"pgalter\" has no rows"
    sql "DROP TABLE pgalter.attempts"
    refused_everywhere "a table is missing"
    expect 66 pgalter status
    contains "$errors" "\"attempts\" is missing"
}

@test "a journal of a newer major format is refused, whatever else it says" {
    four
    sql "UPDATE pgalter.history SET version = '2.0' WHERE seq = 0"
    expect 66 pgalter deploy
    contains "$errors" "the journal has format 2.0, this pgalter knows formats up to 1"
    refused_everywhere "format 2.0"
    sql "UPDATE pgalter.history SET version = 'x' WHERE seq = 0"
    expect 66 pgalter status
    contains "$errors" "names no format"
}

@test "a changed script stops a deploy with the difference, before anything runs" {
    pair 1.0.0-100-a "CREATE TABLE a (
    one int,
    two int
);" "DROP TABLE a;"
    table 1.0.0-200-b b
    expect 0 pgalter deploy
    table 1.0.0-300-c c
    sed -i 's/two int/zwei int/' "$PGALTER_DIR/1.0.0-100-a.up.sql"
    script 1.0.0-200-b.before-up.sql "SELECT 1;"
    rm "$PGALTER_DIR/1.0.0-200-b.down.sql"
    expect 66 pgalter deploy
    contains "$errors" "3 scripts changed after they were applied; nothing was run"
    contains "$errors" "1.0.0-100-a.up.sql"
    contains "$errors" "1.0.0-200-b.before-up.sql (the journal has none)"
    contains "$errors" "200-b.down.sql (its file is gone)"
    contains "$errors" "-    two int"
    contains "$errors" "+    zwei int"
    contains "$errors" "pgalter accept 100-a --because TEXT"
    same "$(query "$db" "SELECT to_regclass('c') IS NULL")" t
    expect 66 pgalter plan
    expect 0 pgalter status
    contains "$out" "changed    2 alterations"
    expect 0 pgalter list
    contains "$out" "changed    1.0.0  100-a"
    contains "$out" "changed    1.0.0  200-b"
}

@test "what does not change a script's meaning is no change" {
    pair 1.0.0-100-a "CREATE TABLE a (n int);" "DROP TABLE a;"
    expect 0 pgalter deploy
    printf '\xef\xbb\xbf-- pgalter:allow drop-table it is empty\r\nCREATE TABLE a (n int);\r\n\r\n\n' >"$PGALTER_DIR/1.0.0-100-a.up.sql"
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations to deploy"
    printf 'CREATE TABLE a (n int); ' >"$PGALTER_DIR/1.0.0-100-a.up.sql"
    expect 66 pgalter deploy
}

@test "accept takes the files' texts, says why, and then they count" {
    pair 1.0.0-100-a "CREATE TABLE a (n int);" "DROP TABLE wrong;"
    expect 0 pgalter deploy
    pair 1.0.0-100-a "CREATE TABLE a (n int); -- a comment" "DROP TABLE a;"
    expect 66 pgalter deploy
    expect 64 pgalter accept 100-a
    contains "$errors" "--because"
    expect 64 pgalter accept 100-a --because "   "
    expect 64 pgalter accept 101 --because "no such id"
    expect 66 pgalter deploy
    expect 0 pgalter accept 100-a --because "the down script named another table"
    contains "$out" "-DROP TABLE wrong;"
    contains "$out" "+DROP TABLE a;"
    contains "$out" "+CREATE TABLE a (n int); -- a comment"
    contains "$out" "Accepted 1 alteration; nothing was run"
    same "$(events)" "created, applied 100-a, accepted 100-a"
    same "$(query "$db" "SELECT because FROM pgalter.history WHERE seq = 2")" "the down script named another table"
    expect 0 pgalter accept 100-a --because "again"
    contains "$out" "nothing to accept"
    expect 0 pgalter deploy
    rm "$PGALTER_DIR"/*
    expect 0 pgalter rollback zero --yes
    same "$(query "$db" "SELECT to_regclass('a') IS NULL")" t
    same "$(events)" "created, applied 100-a, accepted 100-a, reverted 100-a"
}

@test "accept takes a down script that came later, and one that went" {
    script 1.0.0-100-a.up.sql "CREATE TABLE a ();"
    table 1.0.0-200-b b
    expect 0 pgalter deploy
    script 1.0.0-100-a.down.sql "DROP TABLE a;"
    rm "$PGALTER_DIR/1.0.0-200-b.down.sql"
    expect 0 pgalter accept 100-a --because "can be taken back after all"
    expect 0 pgalter accept 200-b --because "can't be taken back after all"
    expect 66 pgalter rollback zero --yes
    contains "$errors" "1 alteration is irreversible"
    contains "$errors" "200-b"
    expect 0 pgalter forget 200-b --because "so be it"
    expect 0 pgalter rollback zero --yes
    same "$(query "$db" "SELECT to_regclass('a') IS NULL")" t
}

@test "mark records without running: one, or everything up to a target" {
    table 1.0.0-100-a a
    table 150-loose loose
    table 1.1.0-200-b b
    table next-300-c c
    expect 64 pgalter mark 100-a
    expect 64 pgalter mark --because "what?"
    expect 64 pgalter mark 100-a --up-to 1.0.0 --because "both"
    expect 64 pgalter mark 100-x --because "unknown"
    contains "$errors" "hint: Did you mean \"100-a\"?"
    lacks "$out" "Marked"
    same "$(query "$db" "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'")" 0
    expect 0 pgalter mark --up-to 1.1.0 --because "restored from the old tool"
    contains "$out" "  100-a
  150-loose
  200-b
Marked 3 alterations as applied; nothing was run"
    same "$(events)" "created, marked 100-a, marked 150-loose, marked 200-b"
    expect 0 pgalter mark --up-to latest --because "again"
    contains "$out" "Marked 0 alterations"
    expect 64 pgalter mark 200-b --because "again"
    contains "$errors" "\"200-b\" is applied already"
    expect 0 pgalter mark 300 --because "by hand"
    expect 0 pgalter deploy next
    contains "$out" "Found 0 alterations to deploy"
    same "$(query "$db" "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" 0
    expect 0 pgalter history
    contains "$out" "because restored from the old tool"
    # The scripts are stored, so a rollback runs them.
    query "$db" "CREATE TABLE b (); CREATE TABLE c ()" >/dev/null
    rm "$PGALTER_DIR"/*
    expect 0 pgalter rollback 150 --yes
    same "$(query "$db" "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" 0
}

@test "forget drops the record and runs nothing" {
    table 1.0.0-100-a a
    table 1.0.0-200-b b
    expect 0 pgalter deploy
    expect 64 pgalter forget 100-a
    expect 64 pgalter forget 100-x --because "unknown"
    contains "$errors" "hint: Did you mean \"100-a\"?"
    rm "$PGALTER_DIR"/1.0.0-100-a.*
    expect 0 pgalter forget 100 --because "undone by hand"
    same "$(events)" "created, applied 100-a, applied 200-b, forgotten 100-a"
    same "$(query "$db" "SELECT to_regclass('a') IS NOT NULL")" t
    expect 64 pgalter forget 100-a --because "twice"
    table 1.0.0-100-a a2
    expect 0 pgalter deploy
    contains "$errors" "1 alteration late"
    same "$(query "$db" "SELECT to_regclass('a2') IS NOT NULL")" t
}

@test "a release that is recorded is not taken back by an older directory" {
    table next-100-a a
    expect 0 pgalter deploy next
    expect 0 pgalter release 1.0.0
    # Renaming it in the journal is pending; until then it counts as what its file says.
    expect 10 pgalter status --exit-code
    contains "$out" "renamed    1 alteration"
    expect 10 pgalter list --exit-code
    contains "$out" "renamed"
    expect 10 pgalter plan --exit-code
    expect 0 pgalter plan rollback 1.0.0
    contains "$out" "Found 0 alterations to roll back"
    expect 0 pgalter deploy
    contains "$out" "1 alteration to rename in the journal"
    expect 0 pgalter status --exit-code
    same "$(query "$db" "SELECT version FROM pgalter.journal")" 1.0.0
    mkdir "$BATS_TEST_TMPDIR/old"
    PGALTER_DIR=$BATS_TEST_TMPDIR/old table next-100-a a
    expect 0 pgalter deploy next --dir "$BATS_TEST_TMPDIR/old"
    contains "$out" "Found 0 alterations to deploy"
    lacks "$out" "rename"
    expect 0 pgalter rollback 1.0.0 --yes --dir "$BATS_TEST_TMPDIR/old"
    contains "$out" "Found 0 alterations to roll back"
    mv "$PGALTER_DIR/1.0.0-100-a.up.sql" "$PGALTER_DIR/1.0.1-100-a.up.sql"
    mv "$PGALTER_DIR/1.0.0-100-a.down.sql" "$PGALTER_DIR/1.0.1-100-a.down.sql"
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT version FROM pgalter.journal")" 1.0.1
    same "$(events)" "created, applied 100-a, renamed 100-a, renamed 100-a"
}

@test "a journal that was exchanged while a run was under way is another journal" {
    table 1.0.0-100-a a
    expect 0 pgalter deploy
    query "$db" "ALTER SCHEMA pgalter RENAME TO other" >/dev/null
    expect 0 pgalter mark 100-a --because "a second journal of the same database"
    table 1.0.0-200-b b
    pair 1.0.0-300-a "ALTER TABLE a ADD COLUMN m int;" "ALTER TABLE a DROP COLUMN m;"
    # The script waits for the table, and is tried again when the exchange is done.
    psql -Xq -v ON_ERROR_STOP=1 -d "$db" >/dev/null 3>&- <<'SQL' &
BEGIN;
LOCK TABLE a;
SELECT pg_sleep(1.5);
ALTER SCHEMA pgalter RENAME TO mine;
ALTER SCHEMA other RENAME TO pgalter;
COMMIT;
SQL
    local other=$!
    until_true "$db" "$sleeping"
    expect 66 pgalter deploy --lock-timeout 200ms
    wait "$other"
    contains "$out" "[1/2] apply  200-b"
    contains "$errors" "the journal in the schema \"pgalter\" is not the one that was read"
    same "$(query "$db" "SELECT count(*) FROM pgalter.history")" 2
    same "$(query "$db" "SELECT count(*) FROM mine.history")" 3
    same "$(query "$db" "SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'm'")" 0
    # Where statements run one by one their record comes first.
    query "$db" "DROP TABLE b" >/dev/null
    rm "$PGALTER_DIR"/1.0.0-300-a.*
    pair 1.0.0-200-b "-- pgalter:transaction none
SELECT pg_sleep(1.5);" ""
    begin deploy
    until_true "$db" "$sleeping"
    query "$db" "ALTER SCHEMA pgalter RENAME TO other; ALTER SCHEMA mine RENAME TO pgalter" >/dev/null
    finish 66
    contains "$errors" "is not the one that was read"
    same "$(query "$db" "SELECT count(*) FROM pgalter.history")" 3
}

@test "an empty schema that an administrator made is enough for a role without CREATE on the database" {
    query "$db" "CREATE ROLE journal_app LOGIN; CREATE SCHEMA app AUTHORIZATION journal_app; ALTER ROLE journal_app SET search_path = app" >/dev/null
    table 1.0.0-100-a a
    expect 77 env PGUSER=journal_app "$PGALTER" deploy
    contains "$errors" "permission denied for database $db"
    contains "$errors" "GRANT CREATE ON DATABASE"
    contains "$errors" "CREATE SCHEMA \"pgalter\" AUTHORIZATION"
    query "$db" "CREATE SCHEMA pgalter AUTHORIZATION journal_app" >/dev/null
    expect 0 env PGUSER=journal_app "$PGALTER" status
    contains "$out" "none yet"
    expect 0 env PGUSER=journal_app "$PGALTER" deploy
    same "$(query "$db" "SELECT tableowner FROM pg_tables WHERE tablename = 'a' AND schemaname = 'app'")" journal_app
    # A superuser trusts it only by name.
    expect 66 pgalter status
    contains "$errors" "\"pgalter\" is a schema owned by \"journal_app\""
    contains "$errors" "--owner ROLE"
    expect 0 pgalter status --owner journal_app
    # A reader needs what the hint says.
    query "$db" "CREATE ROLE journal_reader LOGIN" >/dev/null
    expect 77 env PGUSER=journal_reader "$PGALTER" status --owner journal_app
    contains "$errors" "GRANT USAGE ON SCHEMA"
    query "$db" "$(sed -n 's/^pgalter: hint: .*\(GRANT USAGE.*\)$/\1/p' <<<"$errors")" >/dev/null
    expect 0 env PGUSER=journal_reader "$PGALTER" status --owner journal_app
    expect 0 env PGUSER=journal_reader "$PGALTER" list --owner journal_app
    expect 0 env PGUSER=journal_reader "$PGALTER" history --owner journal_app
    expect 0 env PGUSER=journal_reader "$PGALTER" plan --owner journal_app
    table 1.0.0-200-b b
    expect 77 env PGUSER=journal_reader "$PGALTER" deploy --owner journal_app
}

@test "the scripts' tables never land in the journal's schema" {
    query "$db" "CREATE ROLE pgalter LOGIN SUPERUSER" >/dev/null
    table 1.0.0-100-a a
    expect 64 env PGUSER=pgalter "$PGALTER" deploy
    contains "$errors" "the tables of your scripts would go into the journal's schema \"pgalter\""
    contains "$errors" "--schema pgalter_journal"
    contains "$errors" "ALTER ROLE pgalter SET search_path = public;"
    same "$(query "$db" "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgalter'")" 0
    expect 0 env PGUSER=pgalter "$PGALTER" deploy --schema pgalter_journal
    same "$(query "$db" "SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'a'")" public
    query "$db" "ALTER ROLE pgalter SET search_path = public; DROP TABLE a" >/dev/null
    expect 0 env PGUSER=pgalter "$PGALTER" deploy
    same "$(query "$db" "SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'a'")" public
}

@test "two journals stand side by side in one database" {
    local other="My \"Journal\" @schema@ 'x'"
    table 1.0.0-100-a a
    PGALTER_DIR=$BATS_TEST_TMPDIR/two table 1.0.0-100-two two
    expect 0 pgalter deploy
    expect 0 pgalter deploy --schema "$other" --dir "$BATS_TEST_TMPDIR/two"
    same "$(query "$db" "SELECT string_agg(id, ' ') FROM pgalter.journal")" 100-a
    same "$(query "$db" "SELECT string_agg(id, ' ') FROM \"My \"\"Journal\"\" @schema@ 'x'\".journal")" 100-two
    expect 0 pgalter status
    contains "$out" "applied    1 alteration"
    expect 0 env PGALTER_SCHEMA="$other" "$PGALTER" list --dir "$BATS_TEST_TMPDIR/two"
    contains "$out" "100-two"
    lacks "$out" "100-a"
    # Their runner locks are two as well.
    PGALTER_DIR=$BATS_TEST_TMPDIR/two pair 1.0.0-200-slow "SELECT pg_sleep(3);" ""
    begin deploy --schema "$other" --dir "$BATS_TEST_TMPDIR/two"
    until_true "$db" "$sleeping"
    table 1.0.0-300-c c
    expect 0 pgalter deploy --lock-wait 0
    finish 0
    expect 0 pgalter rollback zero --yes --schema "$other" --dir "$BATS_TEST_TMPDIR/two"
    same "$(query "$db" "SELECT string_agg(id, ' ' ORDER BY seq) FROM pgalter.journal")" "100-a 300-c"
}

# page_commands PROGRAM ...: those lines of the page on damaged journals, with this test's names.
page_commands() {
    local program
    for program; do
        sed -n "s/^      \\($program .*\\)/\\1/p" "$PGA_TEST_SOURCE_DIR/docs/errors/journal-damaged.md"
    done | sed -e "s/\\bapp\\b/$db/" -e "s|backup\\.dump|$BATS_TEST_TMPDIR/backup.dump|" -e "s|damaged\\.sql|$BATS_TEST_TMPDIR/damaged.sql|"
}

@test "both ways out of a damaged journal, as its page says" {
    dump_needed
    four
    pg_dump -Fc -f "$BATS_TEST_TMPDIR/backup.dump" "$db"
    sql "UPDATE pgalter.history SET run = gen_random_uuid() WHERE seq = 1"
    expect 66 pgalter status
    bash -e <(page_commands pg_dump pg_restore)
    fine
    contains "$(<"$BATS_TEST_TMPDIR/damaged.sql")" "CREATE TABLE pgalter.history"
    sql "DROP TABLE pgalter.attempts; DELETE FROM pgalter.journal"
    expect 66 pgalter status
    bash -e <(page_commands pg_restore)
    fine
    sql "DELETE FROM pgalter.journal"
    bash -e <(page_commands "psql -c" | grep RENAME)
    expect 0 pgalter mark --up-to latest --because "journal damaged"
    expect 0 pgalter status
    contains "$out" "applied    3 alterations"
}

@test "show and accept: a script drives no terminal, and accept names no password" {
    script 1.0.0-100-a.up.sql "SELECT 1;"
    expect 0 pgalter deploy
    script 1.0.0-100-a.up.sql $'SELECT 2;\e[8mDROP TABLE users;\e[0m\n-- \u202ekcab\n-- postgresql://u:hunter2@h/d\nSELECT \'password=hunter3\';'
    expect 0 pgalter accept 100-a --because "because" --color always
    lacks "$out" $'\e[8m'
    lacks "$out" $'\e[0m\n-- '
    lacks "$out" $'\u202e'
    contains "$out" 'SELECT 2;\x1b[8mDROP TABLE users;\x1b[0m'
    contains "$out" '\u202ekcab'
    lacks "$out" hunter
    expect 0 pgalter show 100-a --color always
    contains "$out" 'SELECT 2;\x1b[8mDROP TABLE users;\x1b[0m'
    contains "$out" '\u202ekcab'
    contains "$out" hunter2
    contains "$out" $'\e[1m100-a\e[0m'
}
