#!/usr/bin/env bats
# The command line: words, options, configuration, documents and exit codes.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=cli_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    mkdir "$PGALTER_DIR" "$BATS_TEST_TMPDIR/project"
    # A project's own pgalter.yaml counts, so that none may be there by chance.
    cd "$BATS_TEST_TMPDIR/project" || return 1
}

teardown() { cluster_log_on_failure; }

# json FILTER: a value of the document in $out, by jq.
json() { jq -er "$1" <<<"$out"; }

# document STATUS ARGUMENTS: the program with --json prints exactly one document, which says what the exit status says.
document() {
    local status=$1
    shift
    expect "$status" pgalter "$@" --json || return 1
    jq -es 'length == 1 and (.[0] | type == "object" and .format == 1)' <<<"$out" >/dev/null || { echo "not one document: $out"; return 1; }
    if [ "$status" != 0 ] && [ "$status" != 10 ]; then
        same "$(json .error.exit_status)" "$status"
        [ -n "$(json .error.code)" ] && [ -n "$(json .error.message)" ]
    else
        same "$(jq 'has("error")' <<<"$out")" false
    fi
}

@test "an unknown command is refused with the nearest" {
    local word
    for word in depoy:deploy rolback:rollback statsu:status migrate:deploy up:deploy down:rollback undo:rollback init:new repair:doctor; do
        expect 64 pgalter "${word%:*}"
        contains "$errors" "there is no command \"${word%:*}\""
        contains "$errors" "hint: Did you mean \"pgalter ${word#*:}\"?"
        same "$out" ""
    done
    expect 64 pgalter nonsense
    contains "$errors" "\"pgalter help\" lists the commands."
    expect 64 pgalter --json deploy
    contains "$errors" "The command comes first"
    same "$(jq .command <<<"$out")" null
    expect 64 pgalter help deplo
    contains "$errors" "Did you mean \"pgalter help deploy\"?"
}

@test "an unknown option, a missing and a needless value are refused" {
    expect 64 pgalter deploy --stirct
    contains "$errors" "\"deploy\" has no option \"--stirct\""
    contains "$errors" "hint: Did you mean \"--strict\"?"
    expect 64 pgalter status --yes
    contains "$errors" "\"status\" has no option \"--yes\""
    expect 64 pgalter deploy -z
    contains "$errors" "there is no option \"-z\""
    expect 64 pgalter deploy --db
    contains "$errors" "\"--db\" needs a value: URL"
    expect 64 pgalter deploy -d
    contains "$errors" "\"-d\" needs a value"
    expect 64 pgalter deploy --strict=yes
    contains "$errors" "\"--strict\" takes no value"
    # What a script passes when its variable is not set must not lead to another database.
    expect 64 pgalter deploy --db ""
    contains "$errors" "the value of \"--db\" is empty"
    expect 64 pgalter deploy --dir=
}

@test "arguments are counted" {
    local words
    for words in "deploy a b" "rollback a b" "plan deploy a b" "plan a b" "status a" "list a" "history a" "show" "show a b" "new" "new a b" \
        "release" "release a b" "mark a b --because x" "accept --because x" "accept a b --because x" "forget --because x" "version a" \
        "help a b" "local" "local stop x" "local startt"; do
        # shellcheck disable=SC2086 # the words of the command
        expect 64 pgalter $words
        [ -n "$errors" ]
        same "$out" ""
    done
    expect 64 pgalter local startt
    contains "$errors" "Did you mean \"pgalter local start\"?"
}

@test "arguments are counted before anything is read or connected to" {
    local command
    for command in "status a" "show" "accept --because x" "list a" "plan deploy a b" "plan a b"; do
        # shellcheck disable=SC2086 # the words of the command
        expect 64 pgalter $command --db "host=/nowhere" --dir /nowhere
        contains "$errors" "pgalter help arguments"
    done
}

@test "a connection string as an argument is refused without being shown" {
    local url
    for url in "postgres://u:hunTer2@127.0.0.1:1/d" "postgresql+psycopg://u:hunTer2@h/d" "host=127.0.0.1 port=1 password=hunTer2" local:; do
        expect 64 pgalter status "$url"
        contains "$errors" "\"status\" takes no connection string as an argument"
        contains "$errors" "pgalter status --db"
        expect 64 pgalter deploy "$url"
        contains "$errors" "pgalter deploy --db"
        ! grep -q hunTer2 <<<"$errors"
    done
}

@test "values are checked, and the message names where they came from" {
    expect 64 pgalter deploy --lock-wait 5
    contains "$errors" "\"--lock-wait\" is \"5\""
    contains "$errors" "such as 500ms, 30s, 5min or 1h"
    expect 64 env PGALTER_LOCK_WAIT=soon "$PGALTER" deploy
    contains "$errors" "the environment variable PGALTER_LOCK_WAIT is \"soon\""
    printf 'retries: many\n' >pgalter.yaml
    expect 64 pgalter deploy
    contains "$errors" "pgalter.yaml:1:10: the configuration's \"retries\" is \"many\""
    rm pgalter.yaml
    expect 64 pgalter deploy --retries -1
    expect 64 pgalter deploy --color sometimes
    contains "$errors" "It must be auto, always or never."
    expect 64 pgalter deploy --log-format xml
    expect 64 pgalter history --limit 0
    # A name that the server cuts would be another journal's.
    local name
    for name in "$(printf 'x%.0s' {1..64})" pg_journal information_schema $'\xff'; do
        expect 64 pgalter status --schema "$name"
        contains "$errors" "can't be the journal's schema"
    done
    expect 0 pgalter status --schema "$(printf 'x%.0s' {1..63})"
}

@test "help explains every command on stdout in 80 columns" {
    local name
    expect 0 pgalter help
    contains "$out" "Examples:"
    same "$(pgalter)" "$out"
    same "$(pgalter --help)" "$out"
    same "$(pgalter -h)" "$out"
    [ "$(awk '{ if (length($0) > longest) longest = length($0) } END { print longest }' <<<"$out")" -le 80 ]
    for name in $(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' <<<"$out") exit-codes; do
        expect 0 pgalter help "$name"
        same "$errors" ""
        [ "$(awk '{ if (length($0) > longest) longest = length($0) } END { print longest }' <<<"$out")" -le 80 ] || { echo "too wide: $name"; return 1; }
        [ "$name" = exit-codes ] || same "$(pgalter "$name" --help)" "$out"
        [ "$name" = exit-codes ] || contains "$out" "Examples:
  pgalter $name"
    done
    expect 0 pgalter help exit-codes
    contains "$out" "66  journal-disagrees"
    # Not even a broken configuration keeps it from being read.
    echo "nonsense" >pgalter.yaml
    expect 0 pgalter help deploy
    expect 0 pgalter version
    expect 0 env PGALTER_CONFIG=missing.yaml "$PGALTER" completion bash
}

@test "version says what runs" {
    expect 0 pgalter version
    [[ $out =~ ^pgalter\ [0-9]+\.[0-9]+\.[0-9]+.*\ \(libpq\ [0-9.]+,\ journal\ format\ 1\)$ ]]
    same "$(pgalter --version)" "$out"
    document 0 version
    same "$(json .journal_format)" 1
}

@test "--json prints one document, whatever happens" {
    table 1.0.0-100-a a
    table 1.0.0-200-b b
    table next-300-c c
    document 0 status
    same "$(jq -r .journal.exists <<<"$out")" false
    document 10 status --exit-code
    document 10 plan --exit-code
    same "$(json '.steps | map(.id + " " + .kind) | join(", ")')" "100-a apply, 200-b apply"
    document 10 list --exit-code
    same "$(json '.alterations | map(.state) | join(" ")')" "pending pending pending"
    document 0 history
    document 0 deploy
    same "$(json '"\(.target) \(.found) \(.applied) \(.held) \(.steps | map(.done))"')" 'latest 2 2 1 [true,true]'
    document 0 deploy
    document 64 deploy 1.0
    same "$(json .error.code)" usage
    document 64 deploy --steps 0
    document 64 deploy --nonsense
    document 64 nonsense
    document 64 rollback
    document 64 rollback zero
    document 0 status
    same "$(json '"\(.applied) \(.version) \(.pending | join(" ")) \(.journal.seq)"')" "2 1.0.0 300-c 2"
    document 0 show 100-a
    same "$(json '.scripts | map(.part) | join(" ")')" "up down"
    document 64 show 100-x
    document 0 list
    document 0 history
    same "$(json '.history | map(.event) | join(" ")')" "created applied applied"
    document 0 plan rollback zero
    pair next-300-c "CREATE TABLE c (n int);
INSERT INTO c VALUES ('x');" ""
    document 65 deploy next
    same "$(json '"\(.error.code) \(.error.sqlstate) \(.error.place.line) \(.error.place.column)"')" "alteration-failed 22P02 2 23"
    same "$(json .error.place.file)" "$PGALTER_DIR/next-300-c.up.sql"
    document 0 status
    same "$(json .last_failure.sqlstate)" 22P02
    document 64 mark 300-c
    document 0 mark 300-c --because "it's there"
    same "$(json '.recorded | join(" ")')" 300-c
    script 1.0.0-100-a.down.sql "DROP TABLE IF EXISTS a;"
    document 66 deploy
    contains "$(json .error.detail)" "+DROP TABLE IF EXISTS a;"
    document 0 accept 100-a --because "softer"
    contains "$(json .difference)" "+DROP TABLE IF EXISTS a;"
    document 0 forget 300-c --because "it's gone"
    document 0 rollback zero --yes
    same "$(json '"\(.found) \(.reverted) \(.steps | map(.id) | join(" "))"')" "2 2 200-b 100-a"
    document 0 new "one more"
    [[ -f $(json .up) && -f $(json .down) ]]
    document 64 release x
    document 0 release 2.0.0
    same "$(json '.renamed | length')" 4
    document 77 status --db "dbname=missing"
    document 69 status --db "host=$CLUSTER_DIR/nowhere"
    document 64 status --db "host=$CLUSTER_DIR wrong=1"
    document 64 status --dir missing
    # Among other letters, and as another option's value.
    expect 0 pgalter status -qj
    same "$(json .format)" 1
    expect 64 pgalter forget x --because --json
    same "$out" ""
}

@test "messages and results keep apart, --quiet, --verbose and --debug say less and more" {
    script 1.0.0-100-a.up.sql "DO \$\$ BEGIN RAISE NOTICE 'said'; END \$\$;"
    expect 0 pgalter deploy --verbose
    contains "$errors" "detail: connected to database \"$db\""
    contains "$errors" "detail: 100-a begins"
    lacks "$out" "pgalter:"
    script 1.0.0-200-a.up.sql "DO \$\$ BEGIN RAISE NOTICE 'said'; END \$\$;"
    expect 0 pgalter deploy -q
    same "$errors" ""
    contains "$out" "Deployed 1 alteration"
    expect 64 pgalter deploy -q nowhere
    contains "$errors" "error: there is no target \"nowhere\""
    lacks "$errors" "source:"
    expect 64 pgalter deploy --debug nowhere
    contains "$errors" "pgalter: source: engine/target.c:"
}

@test "--log-format json: each line on stderr is a document" {
    table 1.0.0-100-a a
    script 1.0.0-200-b.up.sql "DO \$\$ BEGIN RAISE NOTICE E'two\nlines'; END \$\$;
SELECT 1/0;"
    expect 65 pgalter deploy --log-format json
    jq -es 'length >= 3 and all(.[]; .ts and .level and .event)' <<<"$errors" >/dev/null
    same "$(jq -r 'select(.event == "failed") | .message' <<<"$errors" | grep -c 'division by zero')" 1
    contains "$out" "[1/2] apply  100-a"
    [ "$(wc -l <<<"$errors")" = "$(jq -s length <<<"$errors")" ]
}

@test "colour only on a terminal, unless it is asked for" {
    local escape=$'\e['
    table 1.0.0-100-a a
    expect 0 pgalter plan
    lacks "$out" "$escape"
    expect 0 pgalter plan --color always
    contains "$out" "$escape"
    expect 64 pgalter deploy nowhere --color always
    contains "$errors" "$escape"
    expect 64 pgalter deploy nowhere
    lacks "$errors" "$escape"
    command script -qec true /dev/null >/dev/null 2>&1 || skip "script(1) makes no terminal here"
    contains "$(TERM=xterm command script -qec "$PGALTER list" /dev/null </dev/null)" "$escape"
    lacks "$(TERM=xterm NO_COLOR=1 command script -qec "$PGALTER list" /dev/null </dev/null)" "$escape"
    lacks "$(TERM=dumb command script -qec "$PGALTER list" /dev/null </dev/null)" "$escape"
    lacks "$(TERM=xterm command script -qec "$PGALTER list --color never" /dev/null </dev/null)" "$escape"
    contains "$(NO_COLOR=1 "$PGALTER" list --color always)" "$escape"
}

@test "pgalter.yaml: keys, an unknown one with its place, and values that are none" {
    unset PGALTER_DIR DATABASE_URL
    mkdir scripts
    PGALTER_DIR=scripts table 1.0.0-100-a a
    printf '# the project\nalterations: scripts\ndatabase: "dbname=%s"\nschema: keeper\n' "$db" >pgalter.yaml
    expect 0 pgalter deploy
    contains "$out" "Deployed 1 alteration"
    same "$(query "$db" "SELECT count(*) FROM keeper.journal")" 1
    printf 'alterations: scripts\nlock-wait: 5s\n' >pgalter.yaml
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml:2:1: unknown key \"lock-wait\""
    # The line itself is not shown: a password may stand in it.
    lacks "$errors" "line:"
    contains "$errors" "hint: Did you mean \"lock_wait\"?"
    printf 'completely: other\n' >pgalter.yaml
    expect 64 pgalter status
    contains "$errors" "The keys are: database, database_file, alterations, schema"
    printf 'alterations: [a, b]\n' >pgalter.yaml
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml:1:14: \"alterations\" must be one value"
    printf 'alterations: {\n' >pgalter.yaml
    expect 64 pgalter status
    contains "$errors" "invalid YAML"
    printf -- '- a\n' >pgalter.yaml
    expect 64 pgalter status
    contains "$errors" "the configuration must be keys and values"
    printf 'schema: a\nschema: b\n' >pgalter.yaml
    expect 64 pgalter status
    : >pgalter.yaml
    expect 0 pgalter status --db "dbname=$db"
    expect 64 pgalter status --config missing.yaml
    contains "$errors" "missing.yaml"
}

@test "a path in pgalter.yaml is relative to the file" {
    unset PGALTER_DIR
    mkdir -p other/place other/scripts
    PGALTER_DIR=other/scripts table 1.0.0-100-a a
    printf 'alterations: ../scripts\n' >other/place/conf.yaml
    expect 0 pgalter list --config other/place/conf.yaml
    contains "$out" "100-a"
    expect 0 env PGALTER_CONFIG=other/place/conf.yaml "$PGALTER" list
    contains "$out" "100-a"
    cd other
    expect 0 pgalter list -c place/conf.yaml
    contains "$out" "100-a"
    printf 'alterations: %s/scripts\n' "$PWD" >place/conf.yaml
    cd /
    expect 0 pgalter list -c "$OLDPWD/place/conf.yaml"
    contains "$out" "100-a"
}

@test "option before environment before file" {
    unset DATABASE_URL
    local one=cli_one two=cli_two three=cli_three four=cli_four five=cli_five six=cli_six name
    for name in $one $two $three $four $five $six; do query postgres "CREATE DATABASE $name" >/dev/null; done
    printf 'database: "dbname=%s"\nalterations: from-file\n' $five >pgalter.yaml
    printf 'dbname=%s\n' $two >"$BATS_TEST_TMPDIR/secret"
    # uses NAME: whether that database is the one.
    uses() { expect 0 pgalter status && contains "$out" "database   database \"$1\""; }
    mkdir from-file
    export PGDATABASE=$six
    export PGALTER_DATABASE_URL="dbname=$one" DATABASE_URL="dbname=$three" DB_URL="dbname=$four"
    expect 0 pgalter status --db "dbname=$db"
    contains "$out" "database   database \"$db\""
    uses $one
    unset PGALTER_DATABASE_URL
    export PGALTER_DATABASE_URL_FILE=$BATS_TEST_TMPDIR/secret
    uses $two
    unset PGALTER_DATABASE_URL_FILE
    uses $three
    unset DATABASE_URL
    uses $four
    DB_URL='' uses $five
    unset DB_URL
    uses $five
    rm pgalter.yaml
    uses $six
    printf 'alterations: from-file\n' >pgalter.yaml
    table 1.0.0-100-a a
    PGALTER_DIR=from-file table 1.0.0-200-b b
    PGALTER_DIR=from-option table 1.0.0-300-c c
    expect 0 pgalter list --dir from-option
    contains "$out" "300-c"
    expect 0 pgalter list
    contains "$out" "100-a"
    unset PGALTER_DIR
    expect 0 pgalter list
    contains "$out" "200-b"
    # A secret that can't be read does not lead to another database.
    expect 64 env PGALTER_DATABASE_URL_FILE=missing DATABASE_URL="dbname=$three" "$PGALTER" status
    contains "$errors" "PGALTER_DATABASE_URL_FILE"
    printf 'dbname=x\ndbname=y\n' >two-lines
    expect 64 env PGALTER_DATABASE_URL_FILE=two-lines "$PGALTER" status
    contains "$errors" "has more than one line"
    lacks "$errors" "dbname"
}

@test "exit codes of connecting: no server 69, no such database or role 77, nonsense 64" {
    expect 69 pgalter status --db "host=127.0.0.1 port=1"
    contains "$errors" "--wait"
    local started=$SECONDS
    expect 69 pgalter status --db "host=$CLUSTER_DIR/nowhere" --wait 2s
    [[ $((SECONDS - started)) -ge 2 && $((SECONDS - started)) -le 6 ]]
    expect 77 pgalter status --db "dbname=missing"
    contains "$errors" "database \"missing\" does not exist"
    contains "$errors" "createdb"
    expect 77 pgalter status --db "dbname=$db user=missing"
    expect 64 pgalter status --db "dbname=$db wrong=1"
    expect 64 pgalter status --db "postgresql://[::1"
}

@test "a password is in no output" {
    local secret='S3kret%21pa55' variant words
    # As it is typed, and as it is decoded.
    nowhere() { lacks "$out$errors" "S3kret" && lacks "$out$errors" "pa55"; }
    # fails ARGUMENTS: and says nothing that it should not.
    fails() {
        if out=$("$PGALTER" "$@" 2>"$BATS_TEST_TMPDIR/stderr" </dev/null); then return 1; fi
        errors=$(<"$BATS_TEST_TMPDIR/stderr")
        nowhere
    }
    table 1.0.0-100-a a
    script 1.0.0-200-b.up.sql "SELECT 1/0;"
    for variant in "postgresql://postgres:$secret@/$db?host=$CLUSTER_DIR" "host=$CLUSTER_DIR dbname=$db user=postgres password='S3kret!pa55'"; do
        for words in "status" "deploy" "history" "deploy --json" "status --json" "deploy --debug" "list --verbose --log-format json"; do
            # shellcheck disable=SC2086 # the words of the command
            out=$("$PGALTER" $words --db "$variant" 2>"$BATS_TEST_TMPDIR/stderr" </dev/null) || true
            errors=$(<"$BATS_TEST_TMPDIR/stderr")
            [ -n "$out$errors" ]
            nowhere
        done
    done
    for variant in "postgresql://u:$secret@127.0.0.1:1/x" "host=127.0.0.1 port=1 user=u password=S3kret!pa55" "postgresql://u:$secret@127.0.0.1:x/y" \
        "postgresql://u:$secret@[::1" "host=127.0.0.1 password='S3kret!pa55" "S3kret!pa55=1" "password=S3kret!pa55 S3kret!pa55" "postgresql:/u:$secret@h/x" \
        "postgresql://u:$secret@$secret@h/x" "passwordd=S3kret!pa55" "postgresql://postgres:$secret@/missing?host=$CLUSTER_DIR"; do
        fails status --debug --verbose --db "$variant"
        fails deploy --json --db "$variant"
        PGALTER_DATABASE_URL=$variant fails status
        printf '%s\n' "$variant" >"$BATS_TEST_TMPDIR/secret"
        PGALTER_DATABASE_URL_FILE=$BATS_TEST_TMPDIR/secret fails status
        printf 'database: "%s"\n' "$variant" >pgalter.yaml
        DATABASE_URL='' fails status
        for words in 'database: {%s' 'databse: %s' 'database: [%s]' '- %s' '%s'; do
            # shellcheck disable=SC2059 # formats
            printf -- "$words\n" "$variant" >pgalter.yaml
            DATABASE_URL='' fails status
        done
        rm pgalter.yaml
    done
    expect 0 pgalter status --db "postgresql://postgres:$secret@/$db?host=$CLUSTER_DIR"
    # Nor in the journal, nor in the server's view of the session.
    lacks "$(pg_dump -n pgalter -d "$db" 2>/dev/null || query "$db" "SELECT h::text FROM pgalter.history h UNION ALL SELECT a::text FROM pgalter.attempts a")" "S3kret"
    begin deploy --db "postgresql://postgres:$secret@/$db?host=$CLUSTER_DIR" --lock-wait 5s
    finish 65
    lacks "$(<"$CLUSTER_DIR/log")" "S3kret"
}

@test "new makes a pair that is the last, and release gives it a version" {
    unset PGALTER_DIR
    expect 0 pgalter new add_invites
    [[ $out =~ ^alterations/next-[0-9]{10,}-add_invites.up.sql ]]
    [ "$(find alterations -type f | wc -l)" = 2 ]
    expect 0 pgalter new "Second one"
    contains "$out" "-Second_one.up.sql"
    expect 64 pgalter new 'a/b'
    expect 64 pgalter new '../x'
    expect 64 pgalter new ' '
    # As they stand they can be deployed and taken back.
    expect 0 pgalter deploy next
    contains "$out" "Deployed 2 alterations"
    expect 0 pgalter rollback zero --yes
    PGALTER_DIR=alterations table next-99999999999-future future
    expect 0 pgalter new third
    contains "$out" "next-100000000000-third.up.sql"
    expect 64 pgalter release
    expect 64 pgalter release v1.0.0
    contains "$errors" "pgalter release 1.0.0"
    expect 64 pgalter release next
    expect 0 pgalter release 1.0.0-rc.1
    same "$(find alterations -name '1.0.0_rc.1-*' | wc -l)" 8
    expect 0 pgalter release 1.0.0
    contains "$errors" "nothing to release"
    same "$(find alterations -name 'next-*' | wc -l)" 0
    expect 0 pgalter deploy
    contains "$out" "Deployed 4 alterations"
}

@test "release renames nothing when a name is taken" {
    table next-100-a a
    table next-200-b b
    : >"$PGALTER_DIR/1.0.0-200-b.notes"
    mkdir "$PGALTER_DIR/1.0.0-200-b.up.sql"
    expect 64 pgalter release 1.0.0
    same "$(find "$PGALTER_DIR" -type f -name 'next-*' | wc -l)" 4
}

@test "a directory that is missing, empty, unreadable or no directory" {
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations to deploy"
    expect 64 pgalter deploy --dir missing
    contains "$errors" "cannot read the directory \"missing\""
    expect 64 pgalter status --dir missing
    expect 64 pgalter rollback zero --yes --dir missing
    : >file
    expect 64 pgalter deploy --dir file
    contains "$errors" "\"file\""
    unset PGALTER_DIR
    # Only a directory that nobody named may be absent, and only where none is needed.
    expect 64 pgalter deploy
    contains "$errors" "cannot read the directory \"alterations\""
    expect 0 pgalter status
    expect 0 pgalter list
    expect 0 pgalter rollback zero --yes
    mkdir alterations
    expect 0 pgalter deploy
}

@test "results that can't be written are no success, and what was done is said" {
    [ -c /dev/full ] || skip "no /dev/full"
    table 1.0.0-100-a a
    local words to
    for to in /dev/full '&-'; do
        for words in version help list "status --json" "status --exit-code --json" plan; do
            expect 1 sh -c "\"$PGALTER\" $words >$to"
            contains "$errors" "error: the output could not be written: "
            contains "$errors" "hint: Nothing was changed."
            contains "$errors" "help: pgalter help 1"
        done
    done
    for words in "deploy 1.0.0" "mark 100-a --because x" "deploy --json"; do
        query "$db" "DROP SCHEMA IF EXISTS pgalter CASCADE; DROP TABLE IF EXISTS a" 2>/dev/null
        expect 1 sh -c "\"$PGALTER\" $words >/dev/full"
        contains "$errors" "error: the command was carried out, but the output could not be written: No space left on device"
        contains "$errors" "hint: To see where the database stands now: pgalter status"
        contains "$errors" "help: pgalter help 1"
        same "$(query "$db" "SELECT id FROM pgalter.journal")" 100-a
    done
    # Who has closed it doesn't want it.
    expect 0 sh -c "\"$PGALTER\" rollback zero --yes >&-"
    contains "$errors" "warning: the command was carried out; nobody reads its output: Bad file descriptor"
    same "$(query "$db" "SELECT count(*) FROM pgalter.journal")" 0
    # A failure keeps its own code.
    script 1.0.0-101-bad.up.sql "SELECT wrong;"
    expect 65 sh -c "\"$PGALTER\" deploy >/dev/full"
    contains "$errors" "the output could not be written: No space left on device"
}

@test "who has read enough stops what looks silently, and a deploy not at all" {
    local i
    for ((i = 100; i < 400; i++)); do script "1.0.0-$i-a_name_that_fills_the_pipe_of_somebody_who_reads_nothing.up.sql" "SELECT 1;"; done
    # A reader that is gone before the first byte comes.
    slowly() { { sleep 0.5; "$PGALTER" "$@" 2>errors </dev/null; echo $? >status; } | true; cat status; }
    for words in list plan "list --json" status; do
        # shellcheck disable=SC2086 # the words of the command
        same "$(slowly $words)" 141
        same "$(<errors)" ""
    done
    same "$(slowly deploy)" 0
    contains "$(<errors)" "warning: the command was carried out; nobody reads its output: Broken pipe"
    same "$(query "$db" "SELECT count(*) FROM pgalter.journal")" 300
}

@test "a name from the server or the command line forges no line and drives no terminal" {
    local odd=$'odd\e[31m\nversion    9.9.9\e[2J' words
    query postgres "CREATE DATABASE \"$odd\"" >/dev/null
    table 1.0.0-100-a a
    export DATABASE_URL="postgres:///odd%1B%5B31m%0Aversion%20%20%20%209.9.9%1B%5B2J"
    expect 0 pgalter deploy
    for words in status "rollback zero" doctor "doctor --report" list history plan; do
        # shellcheck disable=SC2086 # the words of the command
        pgalter $words --color never >both 2>&1 || true
        lacks "$(<both)" $'\e'
        lacks "$(<both)" $'\nversion    9.9.9'
    done
    expect 0 pgalter status
    contains "$out" 'odd\x1B[31m\x0Aversion'
    expect 64 pgalter $'stat\npgalter: error: forged'
    contains "$errors" 'there is no command "stat\x0Apgalter: error: forged"'
    expect 64 pgalter help $'deplo\npgalter: error: forged'
    contains "$errors" 'there is no help about "deplo\x0Apgalter: error: forged"'
}

@test "a current directory that is gone is not an empty one" {
    local words
    mkdir gone
    for words in status list plan deploy "local status" "new x" doctor; do
        mkdir -p gone
        expect 64 sh -c "cd gone && rmdir ../gone && exec \"$PGALTER\" $words"
        contains "$errors" "the current directory is gone"
        contains "$errors" "cd \"\$PWD\""
        contains "$errors" "pgalter help no-directory"
    done
    mkdir -p gone
    expect 0 sh -c "cd gone && rmdir ../gone && exec \"$PGALTER\" help"
}

@test "results and messages stay in order in one file" {
    script 1.0.0-100-a.up.sql "DO \$\$ BEGIN RAISE NOTICE 'in the middle'; END \$\$;"
    "$PGALTER" deploy >both 2>&1 </dev/null
    same "$(grep -n -e 'Found 1' -e 'in the middle' -e 'Deployed' both | cut -d: -f1 | tr '\n' ' ')" "1 2 4 "
    table 1.0.0-100-a a
    if "$PGALTER" rollback zero --down-from files >both 2>&1 </dev/null; then return 1; fi
    same "$(grep -n -e 'Found 1' -e 'revert 100-a' -e 'nobody to ask' both | cut -d: -f1 | tr '\n' ' ')" "1 2 3 "
}
