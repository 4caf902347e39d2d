#!/usr/bin/env bats
# Every message that names a command: it is provoked, the command is taken from what was printed and typed, and does what
# it is for.
#
# Above each test stands what the sources say, which ci/check-hints compares with the sources.  "read" stands before what is
# not run, with the reason below it.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/hints.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() { hints_setup; }
teardown() { hints_teardown; }

applied() { query "$db" "SELECT coalesce(string_agg(id, ' ' ORDER BY seq), '') FROM pgalter.journal"; }

# ---- words, options, arguments ----

#: "pgalter help" lists the commands.
#: pgalter help %s
#:  A signal ends with 128 and its number: 130 for Ctrl-C, 143 for SIGTERM. pgalter help CODE explains one: pgalter help 66
#:  pgalter help ID explains one: pgalter help changed
@test "what helps further" {
    expect 64 p nonsense
    expect 0 follow 1
    contains "$out" "Commands:"
    expect 64 p nonsense
    expect 0 follow 2
    contains "$out" "# unknown-command"
    local words
    for words in errors exit-codes; do
        expect 0 pgalter help $words
        expect 0 follow "\$"
        contains "$out" "## What it means"
    done
}

#: Did you mean "pgalter %s"?
@test "a misspelt command" {
    table 1.0.0-100-a a
    expect 64 p depoly
    expect 0 follow 1
    same "$(applied)" 100-a
}

#: "pgalter help %s" explains it.
#: "pgalter help %s" lists its options.
#: "pgalter help %s" lists the options.
#: Usage: pgalter %s%s%s. "pgalter help %s" has examples.
@test "wrong options and arguments" {
    local words
    for words in "deploy --because" "deploy --db=" "deploy --strict=1" "deploy --nonsense" "deploy -z" "deploy -d"; do
        # shellcheck disable=SC2086
        expect 64 pgalter $words
        expect 0 follow 1
        contains "$out" "pgalter deploy [TARGET]"
    done
    table 1.0.0-100-a a
    expect 64 p show
    expect 0 follow 1 ID=100-a
    contains "$out" "100-a  1.0.0  pending"
    expect 64 p show
    expect 0 follow 2
    contains "$out" "Examples:"
}

#: Put --db before it, or the string into PGALTER_DATABASE_URL: pgalter %s --db "$DATABASE_URL"
@test "a connection string where none is taken" {
    expect 64 pgalter status "postgresql://postgres@/$db"
    DATABASE_URL="dbname=$db" expect 0 follow 1
    contains "$out" "database \"$db\""
}

#: "pgalter help configuration" shows what the file may hold.
#: For the environment's database type "unset %s" first; for the variable's add --%s "$%s".
@test "pgalter.yaml" {
    printf 'environments:\n  staging:\n    database: dbname=%s\n' "$db" >pgalter.yaml
    export DATABASE_URL=dbname=postgres
    expect 64 pgalter status --env staging
    eval "$(named | head -n 1)"
    expect 0 pgalter status --env staging
    contains "$out" "database \"$db\""
    DATABASE_URL=dbname=postgres
    export DATABASE_URL
    expect 64 pgalter status --env staging
    eval "expect 0 pgalter status --env staging $(sed -n 's/.*add \(--db .*"\)\.$/\1/p' <<<"$errors")"
    contains "$out" "database \"postgres\""
    printf 'environments: 3\n' >pgalter.yaml
    expect 64 pgalter status
    expect 0 follow 1
    contains "$out" "## What it means"
}

# ---- files ----

#: "pgalter new add_users" makes it together with a first alteration; "--dir DIR" names another directory.
#: "pgalter new add_invites"
#: Use letters, digits, - and _, for example: pgalter new add_invites
#: The endings are added to it: pgalter new %s
#: Write it without the "v": pgalter release %s
#: pgalter new SLUG
@test "making and naming files" {
    rmdir "my files"
    expect 64 p deploy
    expect 0 follow 1
    expect 0 p deploy next
    contains "$out" "Deployed 1 alteration"
    expect 0 p rollback zero --yes
    rm "my files"/*
    : >"my files/invites.sql"
    expect 64 p deploy
    rm "my files/invites.sql"
    expect 0 follow 1
    expect 0 p plan next
    contains "$out" "add_invites"
    rm "my files"/*
    expect 64 d new ///
    expect 0 follow 1
    ls "my files"/next-*-add_invites.up.sql
    expect 64 d release v1.2.0
    expect 0 follow 1
    ls "my files"/1.2.0-*-add_invites.up.sql
    expect 64 d new more.up.sql
    expect 0 follow 1
    ls "my files"/next-*-more.up.sql
    rm "my files"/*
    expect 0 p rollback zero --yes
    expect 0 p list
    expect 0 follow 1 SLUG=first
    ls "my files"/next-*-first.up.sql
}

#: Save the file as UTF-8 without a byte order mark. If it is in %s: iconv -f %s -t UTF-8 '%s' >copy, look at the copy, and put it in its place.
@test "another encoding" {
    printf 'CREATE TABLE "\xe4" ();' >"my files/1.0.0-100-a.up.sql"
    expect 64 p deploy
    expect 0 follow 1
    mv copy "my files/1.0.0-100-a.up.sql"
    expect 0 p deploy
    same "$(query "$db" "SELECT to_regclass('\"ä\"') IS NOT NULL")" t
}

#: Give the files the applied slug back: what is applied keeps its id. If it is another alteration, give it another timestamp; "pgalter new SLUG" makes one.
@test "another slug" {
    table 1.0.0-100-a a
    expect 0 p deploy
    rm "my files"/*
    table 1.0.0-100-b b
    expect 66 p deploy
    rm "my files"/*
    expect 0 follow 1 SLUG=b
    expect 0 p deploy next
    contains "$out" "Deployed 1 alteration"
}

# ---- targets and plans ----

#: pgalter deploy next
#: pgalter deploy latest
#: there is no journal yet: the first "pgalter deploy" makes it
#: none yet: the first "pgalter deploy" makes it
#: To take everything back: pgalter rollback zero
@test "what else could be meant" {
    export PGALTER_DIR # history takes no directory
    table 1.0.0-100-a a
    table 150-later later
    table next-200-b b
    expect 0 s history
    expect 0 follow 1
    same "$(applied)" "100-a 150-later"
    expect 0 p rollback zero --yes
    expect 0 p deploy 1.0.0
    same "$(applied)" 100-a
    expect 0 follow 1
    same "$(applied)" "100-a 150-later"
    expect 0 p deploy
    expect 0 follow 1
    same "$(applied)" "100-a 150-later 200-b"
    expect 64 p deploy zero
    expect 0 follow 1
    same "$(applied)" ""
    query "$db" "DROP SCHEMA pgalter CASCADE"
    unset PGALTER_DIR
    expect 0 p status
    expect 0 follow 1
    same "$(applied)" "100-a 150-later"
}

#: Name the version to go back to: pgalter rollback 1.1.0; or a number: pgalter rollback --steps 1; or everything: pgalter rollback zero
@test "a rollback without a target" {
    table 1.0.0-100-a a
    table 1.1.0-200-b b
    table 1.1.0-300-c c
    table 1.2.0-400-d d
    expect 0 p deploy
    local n left
    for n in 1 2 3; do
        left=("" "100-a 200-b 300-c" "100-a 200-b" "")
        expect 64 p rollback
        expect 0 follow $n
        same "$(applied)" "${left[$n]}"
    done
}

#: "pgalter list" shows all versions and ids.
#: Did you mean "%s"? "pgalter list" shows all versions and ids.
#: "pgalter list" shows all ids.
#: "pgalter list" shows what is.
#: "pgalter show %s" says since when.
#: "pgalter list" shows what is applied.
#: Choose a target that takes what is needed along, or correct the directive; "pgalter list" shows what is applied.
#: Choose a target that takes both back; "pgalter list" shows what is applied.
@test "what there is" {
    table 1.0.0-100-a a
    pair 1.0.0-200-b "-- pgalter:needs 100-a
CREATE TABLE b ();" "DROP TABLE b;"
    table 1.0.0-900-later later
    expect 0 p deploy 200
    local words
    for words in "64 deploy no-such-thing-at-all" "64 deploy 100-b" "64 mark no-such-thing-at-all --because x" \
        "64 forget no-such-thing-at-all --because x" "64 accept no-such-thing-at-all --because x" \
        "64 rollback 900-later --yes" "64 show no-such-thing-at-all"; do
        # shellcheck disable=SC2086
        expect ${words%% *} p ${words#* }
        expect 0 follow 1
        contains "$out" "1.0.0  100-a"
        contains "$out" "1.0.0  900-later"
    done
    expect 64 p mark 100-a --because x
    expect 0 follow 1
    contains "$out" "applied at "
    # 100-a is recorded behind what needs it, so that going back to 200-b would take it alone.
    expect 0 p forget 100-a --because x
    expect 0 p mark 100-a --because x
    expect 66 p rollback 200-b --yes
    expect 0 follow 1
    contains "$out" "applied    1.0.0  200-b"
    pair 1.0.0-950-needs "-- pgalter:needs 999-nothing
SELECT 1;" ""
    expect 66 p deploy
    expect 0 follow 1
    contains "$out" "pending    1.0.0  950-needs"
}

#: Put the old text back; or take the new one into the journal without running it: pgalter accept %s --because TEXT
#: Its transaction was rolled back; steps before it stay. To run another text: correct the file, then: pgalter accept %s --because TEXT
#: Choose a target after them; or write a down script and take it into the journal: pgalter accept ID --because TEXT
#: %s after being applied: pgalter list
@test "texts that differ" {
    pair 1.0.0-100-a "CREATE TABLE a ();" "DROP TABLE wrong;"
    expect 0 p deploy
    expect 65 p rollback zero --yes
    script 1.0.0-100-a.down.sql "DROP TABLE a;"
    expect 0 follow 1
    expect 0 p rollback zero --yes
    expect 0 p deploy
    script 1.0.0-100-a.up.sql "CREATE TABLE a (); -- a comment"
    expect 0 p status
    expect 0 follow 1
    contains "$out" "changed    1.0.0  100-a"
    expect 66 p deploy
    expect 0 follow 1
    expect 0 p deploy
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 p deploy
    expect 66 p rollback zero --yes
    script 1.0.0-200-b.down.sql "DROP TABLE b;"
    expect 0 follow 1 ID=200-b
    expect 0 p rollback zero --yes
    same "$(applied)" ""
}

#: pgalter mark ID --because TEXT, or pgalter mark --up-to 1.0.0 --because TEXT
#: If all of the script has been done by other means: pgalter mark %s --because TEXT.
#: pgalter list
#: %s in another version now: the next "pgalter deploy" records it
@test "marks, and what status points to" {
    table 1.0.0-100-a a
    table 1.0.0-200-b b
    expect 64 p mark --because x
    expect 0 follow 1 ID=100-a
    same "$(applied)" 100-a
    expect 64 p mark --because x
    expect 0 follow 2
    same "$(applied)" "100-a 200-b"
    query "$db" "CREATE TABLE c ()"
    table 1.0.0-300-c c
    expect 65 p deploy
    expect 0 follow 1
    expect 0 p deploy
    contains "$out" "Found 0 alterations"
    local i
    for i in {400..412}; do table "next-$i-t" "t$i"; done
    expect 0 p status
    expect 0 follow 1
    contains "$out" "412-t"
    rm "my files"/next-*
    table next-400-t t400
    expect 0 p deploy next
    mv "my files/next-400-t.up.sql" "my files/1.1.0-400-t.up.sql"
    mv "my files/next-400-t.down.sql" "my files/1.1.0-400-t.down.sql"
    expect 0 p status
    contains "$out" "renamed"
    expect 0 follow 1
    expect 0 p status
    lacks "$out" "renamed"
}

#: Nothing was done. Name the target: pgalter deploy latest
@test "a terminal that is closed while one chooses" {
    table 1.0.0-100-a a
    table 1.1.0-200-b b
    # A terminal ends with the key that stands for it.
    out=$({ sleep 1; printf '\004'; sleep 1; } | command script -qec "'$PGALTER' deploy --db dbname=$db --dir 'my files'" /dev/null | tr -d '\r') || true
    errors=''
    contains "$out" "Name the target"
    expect 0 follow 1
    same "$(applied)" "100-a 200-b"
}

# ---- half done ----

# half UP DOWN: an alteration 200-b outside a transaction, whose deploy is killed in its last statement.
half() {
    table 1.0.0-100-a a
    pair 1.0.0-200-b "-- pgalter:transaction none
$1" "-- pgalter:transaction none
$2"
}

killed() { PGA_FAULT=statement_started:kill p "$@" >/dev/null 2>&1 || [ $? = 137 ]; }

needs_faults() { pgalter version --faults | grep statement_started >/dev/null || skip "the program has no fault points"; }

#: If all of the script took effect: pgalter %s %s --because TEXT. If none of it did, or after undoing it: pgalter %s %s --because TEXT, then the same command again.
#: Put the text back and run the same command again; or undo what was done, then: pgalter %s %s --because TEXT
#: pgalter deploy
@test "a deploy that is half done" {
    needs_faults
    half "DO 'BEGIN COMMIT; END';" "DO 'BEGIN COMMIT; END';"
    killed deploy
    expect 67 p deploy
    expect 0 follow 1
    same "$(applied)" "100-a 200-b"
    expect 0 p forget 200-b --because x
    killed deploy
    expect 67 p deploy
    expect 0 follow 2
    expect 0 p deploy
    expect 0 p forget 200-b --because x
    # status names the command that goes on, which here can.
    pair 1.0.0-200-b "-- pgalter:transaction none
-- pgalter:done-when SELECT true
DO 'BEGIN COMMIT; END';" ""
    killed deploy
    expect 0 p status
    expect 0 follow 1
    same "$(applied)" "100-a 200-b"
    expect 0 p forget 200-b --because x
    pair 1.0.0-200-b "-- pgalter:transaction none
DO 'BEGIN COMMIT; END';" ""
    killed deploy
    script 1.0.0-200-b.up.sql "-- pgalter:transaction none
DO 'BEGIN ROLLBACK; END';"
    expect 66 p deploy
    expect 0 follow 1
    expect 0 p deploy
    same "$(applied)" "100-a 200-b"
}

#: Finish it first: pgalter %s; or undo what it did, then: pgalter %s %s --because TEXT
#: pgalter rollback --steps 1
@test "a rollback that is half done, and the other direction" {
    needs_faults
    half "-- pgalter:done-when SELECT true
DO 'BEGIN COMMIT; END';" "-- pgalter:done-when SELECT true
DO 'BEGIN COMMIT; END';"
    killed deploy
    expect 67 p rollback zero --yes
    expect 0 follow 1
    same "$(applied)" "100-a 200-b"
    killed rollback --steps 1 --yes
    table 1.0.0-300-c c
    expect 67 p deploy
    expect 0 follow 1
    same "$(applied)" "100-a"
    expect 0 p deploy 200-b
    killed rollback --steps 1 --yes
    expect 67 p deploy
    expect 0 follow 2
    expect 0 p deploy
    same "$(applied)" "100-a 200-b 300-c"
    expect 0 p rollback --steps 1 --yes
    killed rollback --steps 1 --yes
    expect 0 p status
    expect 0 follow 1
    same "$(applied)" 100-a
    killed deploy 200-b
    expect 67 p rollback zero --yes
    expect 0 follow 2
    expect 0 p rollback zero --yes
    same "$(applied)" ""
}

#: It runs outside a transaction and may have done a part. Look at the database. If all of it took effect: pgalter %s %s --because TEXT. After undoing the part: pgalter %s %s --because TEXT, then the same command again.
@test "a statement outside a transaction that fails in its middle" {
    pair 1.0.0-100-a "-- pgalter:transaction none
CREATE PROCEDURE half() LANGUAGE plpgsql AS 'BEGIN CREATE TABLE part (); COMMIT; PERFORM 1/(SELECT count(*) FROM pg_class WHERE relname = ''way''); END';
CALL half();" ""
    expect 67 p deploy
    query "$db" "DROP TABLE part; DROP PROCEDURE half; CREATE TABLE way ()"
    expect 0 follow 2
    expect 0 p deploy
    same "$(applied)" 100-a
    expect 0 p forget 100-a --because x
    query "$db" "DROP TABLE part; DROP PROCEDURE half; DROP TABLE way"
    expect 67 p deploy
    expect 0 follow 1
    expect 0 p deploy
    same "$(applied)" 100-a
}

#: Somebody wrote to the journal's table "unfinished". Look at the journal: pgalter doctor
@test "a record of what is half done that nobody can have made" {
    needs_faults
    half "VACUUM a;" ""
    killed deploy
    query "$db" "UPDATE pgalter.unfinished SET statement = 7"
    expect 66 p deploy
    expect 20 follow 1
    contains "$out" "200-b"
}

# ---- the journal ----

#: It was dropped, restored or made anew while this ran. Look at "pgalter status", then run the same command again.
@test "a journal that is exchanged during a run" {
    table 1.0.0-100-a a
    expect 0 p deploy
    query "$db" "ALTER SCHEMA pgalter RENAME TO other"
    expect 0 p mark 100-a --because "a second journal of the same database"
    pair 1.0.0-200-b "-- pgalter:transaction none
SELECT pg_sleep(1.5);" ""
    PGALTER_DIR="my files" begin deploy --db "dbname=$db" --dir "my files"
    until_true "$db" "$sleeping"
    query "$db" "ALTER SCHEMA pgalter RENAME TO mine; ALTER SCHEMA other RENAME TO pgalter"
    finish 66
    expect 0 follow 1
    contains "$out" "applied    1 alteration"
    expect 0 p deploy
}

#: Somebody wrote to the schema "%s" past pgalter, or it was restored in part; nothing is shown or run from it. See what else is wrong: pgalter doctor. Put the schema back from the newest backup, whole: pg_restore --clean --if-exists --schema='%s' -d DATABASE BACKUP; record what was applied since: pgalter mark --up-to TARGET --because TEXT. A row that is mended by hand can't be verified again.
@test "a journal that somebody wrote to" {
    dump_needed
    table 1.0.0-100-a a
    expect 0 p deploy
    pg_dump -Fc -f backup.dump "$db"
    table 1.1.0-200-b b
    expect 0 p deploy
    query "$db" "UPDATE pgalter.history SET who = 'somebody' WHERE seq = 1"
    expect 66 p status
    expect 20 follow 1
    contains "$out" "row 1 of its history"
    expect 66 p status
    expect 0 follow 2 DATABASE="$db" BACKUP=backup.dump
    expect 0 p status
    contains "$out" "pending    1 alteration"
    # The backup was older than the last deploy: what it brought is there.
    query "$db" "UPDATE pgalter.history SET who = 'somebody' WHERE seq = 1"
    expect 66 p status
    local said=$errors
    expect 0 follow 2 DATABASE="$db" BACKUP=backup.dump
    out='' errors=$said
    expect 0 follow 3 TARGET=1.1.0
    same "$(applied)" "100-a 200-b"
}

#: Give the journal another schema, such as --schema pgalter_journal; or run once: ALTER ROLE %s SET search_path = public;
#: Let the database's owner run: GRANT CREATE ON DATABASE %s TO %s; or make an empty schema for it: CREATE SCHEMA %s AUTHORIZATION %s;
@test "where the journal may be made" {
    table 1.0.0-100-a a
    query "$db" "CREATE ROLE \"The Deployer\" LOGIN; GRANT CREATE ON SCHEMA public TO \"The Deployer\""
    export PGUSER="The Deployer"
    expect 77 p deploy
    PGUSER=postgres expect 0 follow 1
    expect 0 p deploy
    expect 0 p rollback zero --yes
    PGUSER=postgres query "$db" "DROP SCHEMA pgalter CASCADE; REVOKE CREATE ON DATABASE $db FROM \"The Deployer\""
    expect 77 p deploy
    PGUSER=postgres expect 0 follow 2
    expect 0 p deploy
    PGUSER=postgres query "$db" "CREATE ROLE pgalter LOGIN SUPERUSER; DROP SCHEMA pgalter CASCADE; DROP TABLE a"
    export PGUSER=pgalter
    expect 64 p deploy
    expect 0 follow 1
    expect 0 p deploy
}

#: Let its owner run: GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON %s.history, %s.journal, %s.unfinished, %s.attempts TO %s;
#: "pgalter doctor" names the missing grants.
@test "who may read the journal" {
    table 1.0.0-100-a a
    expect 0 p deploy
    query "$db" "CREATE ROLE \"A Reader\" LOGIN"
    export PGUSER="A Reader"
    expect 77 p status --owner postgres
    PGUSER=postgres expect 0 follow 1
    expect 0 p status --owner postgres
    expect 77 p show 100-a --owner postgres
    PGUSER=postgres expect 0 follow 1
    expect 0 p show 100-a --owner postgres
}

#: A newer pgalter wrote it. Use that one: "pgalter version" shows what you run.
@test "a newer journal" {
    table 1.0.0-100-a a
    expect 0 p deploy
    query "$db" "UPDATE pgalter.history SET version = '2.0' WHERE seq = 0"
    expect 66 p deploy
    expect 0 follow 1
    contains "$out" "journal format 1"
}

# ---- what is not run here ----

#: read: Type the line again; "cat -A" shows what is unseen in it.
#: read: Split it into several alterations; rows in bulk are loaded with "psql -c '\\copy ...'" instead.
#  What to write is the reader's; the words in quotes are no whole command.
#: read: pgalter %s (libpq %s, journal format %d)
#: read: %lld %s %s %s %s, by pgalter %s
#: read: ---- pgalter doctor --report ---- Read it before you post it: it names hosts, roles, databases, files and alterations. Passwords are masked; no script and no text that somebody wrote is in it.
#: read: pgalter %s with libpq %s, %s, libyaml %s, jansson %s
#: read: pgalter history 1
#: read: CREATE SCHEMA %s;
#  They name no command.
#: read: Install PostgreSQL's client: "apt-get install postgresql-client" (Debian, Ubuntu), "dnf install postgresql" (Fedora, Red Hat), "apk add postgresql-client" (Alpine), "brew install libpq" (macOS); or set PGALTER_PG_BINDIR to the folder of PostgreSQL's programs.
#: read: Install one: "apt-get install postgresql" (Debian, Ubuntu), "dnf install postgresql-server" (Fedora, Red Hat), "apk add postgresql" (Alpine), "zypper install postgresql-server" (SUSE), "pacman -S postgresql" (Arch), "brew install postgresql@17" (macOS); or set PGALTER_PG_BINDIR to the folder of its programs.
#  A test installs nothing on the machine that it runs on; ci/setup installs these packages.
#: read: See who holds the lock with: fuser -v '%s'
#: read: Stop it there, or look for it with: fuser -v '%s'
#: read: Stop it with: pgalter local stop
#  They need a server that hangs for a minute or is out of sight; tests/system/test_cluster.c brings the states about.
#: read: GRANT pg_read_all_stats TO %s
#: read: createdb -T template0 -E UTF8 %s_utf8
#: read: Let it end, and ask again: pgalter doctor
#: read: pgalter %s
#: read: pgalter %s %s --because "what you found"
#: read: pgalter doctor --%s %s
#: read: the next "pgalter deploy" brings its format up to date
#: read: the schema "%s" is empty: the first "pgalter deploy" fills it
#: read: Name it with --dir or PGALTER_DIR, or begin one: pgalter new first_step
#  tests/system/doctor.bats types what doctor says, in each of its states.
#: read: What this run did since then was rolled back. "pgalter status" shows how far the other one is.
#  tests/system/outside.bats takes a step over; "pgalter status" is run above.
