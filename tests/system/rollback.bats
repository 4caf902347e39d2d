#!/usr/bin/env bats
# What rollback takes back, in which order, and what it refuses.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=rollback_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    mkdir "$PGALTER_DIR"
}

teardown() { cluster_log_on_failure; }

# applied: the ids in the order of application.
applied() { query "$db" "SELECT coalesce(string_agg(id, ' ' ORDER BY seq), '') FROM pgalter.journal"; }

# tables: what is there of them.
tables() { query "$db" "SELECT coalesce(string_agg(tablename, ' ' ORDER BY tablename), '') FROM pg_tables WHERE schemaname = 'public'"; }

# planned TARGET ...: the ids that `plan rollback` shows, in its order.
planned() { pgalter plan rollback "$@" | sed -n 's/^  revert \([^ ]*\) .*/\1/p' | tr '\n' ' ' | sed 's/ $//'; }

# mixed: applied in the order 100-a 300-c 350-loose 200-late 360-last 400-next.
mixed() {
    table 1.0.0-100-a a
    table 1.1.0-300-c c
    table 350-loose loose
    expect 0 pgalter deploy
    table 1.0.0-200-late late
    expect 0 pgalter deploy
    table 360-last last
    table next-400-next next
    expect 0 pgalter deploy next
    same "$(applied)" "100-a 300-c 350-loose 200-late 360-last 400-next"
}

@test "newest applied first, by order of application and not by timestamp" {
    mixed
    same "$(planned zero)" "400-next 360-last 200-late 350-loose 300-c 100-a"
    expect 0 pgalter rollback zero --yes
    contains "$out" "Found 6 alterations to roll back"
    contains "$out" "[1/6] revert 400-next"
    contains "$out" "[6/6] revert 100-a"
    contains "$out" "Rolled back 6 alterations"
    same "$(tables)" ""
    same "$(applied)" ""
    same "$(query "$db" "SELECT string_agg(id, ' ' ORDER BY seq) FROM pgalter.history WHERE event = 'reverted'")" \
        "400-next 360-last 200-late 350-loose 300-c 100-a"
    expect 0 pgalter rollback zero
    contains "$out" "Found 0 alterations to roll back"
}

@test "a version keeps what has it or an earlier one; unversioned ones go after the last that stays" {
    mixed
    same "$(planned 1.1.0)" "400-next 360-last"
    # 200-late is of 1.0.0 and was applied after 350-loose, which stays for that.
    same "$(planned 1.0.0)" "400-next 360-last 300-c"
    same "$(planned 0.9.0)" "400-next 360-last 200-late 350-loose 300-c 100-a"
    same "$(planned 9.0.0)" "400-next 360-last"
    same "$(planned latest)" "400-next"
    same "$(planned next)" ""
    expect 0 pgalter rollback 1.0.0 --yes
    same "$(tables)" "a late loose"
    same "$(applied)" "100-a 350-loose 200-late"
}

@test "an id, or its timestamp, takes back what was applied after it" {
    mixed
    same "$(planned 200-late)" "400-next 360-last"
    same "$(planned 300)" "400-next 360-last 200-late 350-loose"
    same "$(planned 400-next)" ""
    expect 0 pgalter rollback 300-c --yes
    same "$(tables)" "a c"
    expect 64 pgalter rollback 200-late --yes
    contains "$errors" "\"200-late\" is not applied, so nothing can be taken back to it"
    expect 64 pgalter rollback 200-lat --yes
    contains "$errors" "hint: Did you mean \"200-late\"?"
    same "$(tables)" "a c"
}

@test "--steps takes back so many" {
    mixed
    expect 0 pgalter rollback --steps 2 --yes
    same "$(applied)" "100-a 300-c 350-loose 200-late"
    expect 0 pgalter rollback 1.0.0 --steps 1 --yes
    same "$(applied)" "100-a 350-loose 200-late"
    expect 64 pgalter rollback --yes
    contains "$errors" "a rollback needs a target"
    contains "$errors" "pgalter rollback zero"
}

@test "without a terminal it needs --yes, and shows the plan before" {
    mixed
    expect 64 pgalter rollback zero
    contains "$out" "Found 6 alterations to roll back
  revert 400-next  next
  revert 360-last  unversioned"
    contains "$errors" "here is nobody to ask"
    contains "$errors" "with --yes"
    expect 64 pgalter rollback zero --json
    expect 64 env "$PGALTER" rollback zero <<<y
    same "$(query "$db" "SELECT count(*) FROM pgalter.history WHERE event = 'reverted'")" 0
}

# answered WORD: a rollback on a terminal, where WORD is typed once the question stands there; what was shown, in $output.
answered() {
    local log=$BATS_TEST_TMPDIR/terminal
    : >"$log"
    {
        for ((i = 0; i < 300; i++)); do
            grep -qF '[y/N]' "$log" && break
            sleep 0.1
        done
        echo "$1"
        sleep 1
    } | command script -qefc "$PGALTER rollback 1.0.0" "$log" >/dev/null && status=0 || status=$?
    output=$(<"$log")
}

@test "on a terminal it asks, and only yes goes on" {
    command script -qec true /dev/null >/dev/null 2>&1 || skip "script(1) makes no terminal here"
    mixed
    answered n
    contains "$output" "Roll back 3 alterations on database \"$db\""
    contains "$output" "[y/N]"
    contains "$output" "Nothing was done."
    [ "$status" = 0 ]
    same "$(query "$db" "SELECT count(*) FROM pgalter.history WHERE event = 'reverted'")" 0
    answered y
    [ "$status" = 0 ]
    contains "$output" "Rolled back 3 alterations"
    same "$(applied)" "100-a 350-loose 200-late"
}

@test "irreversible ones are all named before anything runs" {
    table 1.0.0-100-a a
    script 1.1.0-200-gone.up.sql "-- pgalter:irreversible the data is gone
CREATE TABLE gone ();"
    script 1.1.0-300-bare.up.sql "CREATE TABLE bare ();"
    table 1.2.0-400-d d
    expect 0 pgalter deploy
    expect 66 pgalter rollback zero --yes
    contains "$errors" "2 alterations are irreversible; nothing was rolled back"
    contains "$errors" "200-gone: the data is gone"
    contains "$errors" "300-bare: has no down script"
    lacks "$errors" "400-d"
    expect 66 pgalter plan rollback 1.0.0
    same "$(tables)" "a bare d gone"
    expect 0 pgalter rollback 1.1.0 --yes
    same "$(tables)" "a bare gone"
    # Only those that the plan needs count.
    expect 66 pgalter rollback --steps 1 --yes
    contains "$errors" "1 alteration is irreversible"
}

@test "an empty or comment-only down script is a revert with nothing to do" {
    pair 1.0.0-100-a "CREATE TABLE a ();" "-- nothing to do here"
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    : >"$PGALTER_DIR/1.0.0-200-b.down.sql"
    pair 1.0.0-300-c "CREATE TABLE c ();" "/* nothing */ ;;"
    expect 0 pgalter deploy
    expect 0 pgalter rollback zero --yes
    contains "$out" "Rolled back 3 alterations"
    same "$(tables)" "a b c"
    same "$(applied)" ""
}

@test "what stays must not lose what it needs" {
    table 1.1.0-100-a a
    pair 1.0.0-200-b "-- pgalter:needs 100-a
CREATE TABLE b ();" "DROP TABLE b;"
    expect 0 pgalter deploy
    expect 66 pgalter rollback 1.0.0 --yes
    contains "$errors" "200-b: stays and needs 100-a"
    same "$(tables)" "a b"
    # The journal knows it, without the files.
    rm "$PGALTER_DIR"/*
    expect 66 pgalter rollback 1.0.0 --yes
    contains "$errors" "200-b: stays and needs 100-a"
    expect 0 pgalter rollback zero --yes
    same "$(tables)" ""
}

@test "where file and journal have different down scripts somebody has to say which" {
    pair 1.0.0-100-a "CREATE TABLE a (); CREATE TABLE b ();" "DROP TABLE a;"
    expect 0 pgalter deploy
    script 1.0.0-100-a.down.sql "DROP TABLE a, b;"
    expect 66 pgalter rollback zero --yes
    contains "$errors" "1 script changed after it was applied; nothing was run"
    contains "$errors" "-DROP TABLE a;"
    contains "$errors" "+DROP TABLE a, b;"
    contains "$errors" "--down-from journal, or --down-from files"
    expect 64 pgalter rollback zero --yes --down-from git
    contains "$errors" "\"--down-from\" is \"git\""
    same "$(tables)" "a b"
    expect 0 pgalter rollback zero --yes --down-from journal
    same "$(tables)" "b"
    query "$db" "DROP TABLE b" >/dev/null
    expect 0 pgalter deploy
    script 1.0.0-100-a.down.sql "DROP TABLE b, a;"
    expect 0 pgalter rollback zero --yes --down-from files
    same "$(tables)" ""
}

@test "a file that is gone does not matter, a down script that came later does" {
    table 1.0.0-100-a a
    script 1.0.0-200-b.up.sql "CREATE TABLE b ();"
    expect 0 pgalter deploy
    rm "$PGALTER_DIR"/1.0.0-100-a.*
    script 1.0.0-200-b.down.sql "DROP TABLE b;"
    expect 66 pgalter rollback zero --yes
    contains "$errors" "the journal has none"
    expect 66 pgalter rollback zero --yes --down-from journal
    contains "$errors" "200-b: has no down script"
    expect 0 pgalter rollback zero --yes --down-from files
    same "$(tables)" ""
}

@test "an alteration may come back with another text" {
    pair 1.0.0-100-a "CREATE TABLE a (one int);" "DROP TABLE a;"
    expect 0 pgalter deploy
    expect 0 pgalter rollback zero --yes
    pair 1.0.0-100-a "CREATE TABLE a (two int);" "DROP TABLE a CASCADE;"
    expect 0 pgalter deploy
    same "$(query "$db" "SELECT attname FROM pg_attribute WHERE attrelid = 'a'::regclass AND attnum = 1")" two
    same "$(query "$db" "SELECT string_agg(event, ' ' ORDER BY seq) FROM pgalter.history")" "created applied reverted applied"
    same "$(query "$db" "SELECT count(DISTINCT up) FROM pgalter.history WHERE event = 'applied'")" 2
    rm "$PGALTER_DIR"/*
    expect 0 pgalter rollback zero --yes
    same "$(tables)" ""
}

@test "a stored text that is not what its digest says never runs" {
    table 1.0.0-100-a a
    table 1.0.0-200-b b
    expect 0 pgalter deploy
    query "$db" "UPDATE pgalter.scripts SET text = 'CREATE TABLE evil (); ' || text WHERE text LIKE 'DROP TABLE a%'" >/dev/null
    expect 66 pgalter rollback zero --yes
    contains "$errors" "is not what its digest says"
    same "$(tables)" "a b"
    expect 66 pgalter plan rollback zero
    expect 0 pgalter rollback 100 --yes
    same "$(tables)" "a"
}

@test "a down script that fails keeps what was taken back, and says how to mend it" {
    table 1.0.0-100-a a
    pair 1.0.0-200-b "CREATE TABLE b ();" "-- first line
DROP TABLE bb;"
    table 1.0.0-300-c c
    expect 0 pgalter deploy
    expect 65 pgalter rollback zero --yes
    contains "$out" "[1/3] revert 300-c"
    contains "$out" "Rolled back 1 alteration before the failure"
    contains "$errors" "journal:200-b.down.sql:2: alteration \"200-b\" failed: table \"bb\" does not exist (SQLSTATE 42P01)"
    contains "$errors" "pgalter accept 200-b --because TEXT"
    same "$(applied)" "100-a 200-b"
    same "$(query "$db" "SELECT id || ' ' || direction || ' ' || place FROM pgalter.attempts")" "200-b down journal:200-b.down.sql:2"
    script 1.0.0-200-b.down.sql "DROP TABLE b;"
    expect 0 pgalter accept 200-b --because "wrong name"
    expect 0 pgalter rollback zero --yes
    same "$(tables)" ""
}

@test "--strict refuses a rollback without the files" {
    table 1.0.0-100-a a
    table 1.0.0-200-b b
    expect 0 pgalter deploy
    rm "$PGALTER_DIR"/1.0.0-100-a.*
    expect 66 pgalter rollback zero --yes --strict
    contains "$errors" "100-a: is applied and has no file"
    expect 0 pgalter rollback zero --yes
}
