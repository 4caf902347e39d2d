#!/usr/bin/env bats
# pgalter.yaml with its environments, which database is meant, --role, and what of all that is never shown.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=config_$BATS_TEST_NUMBER
    database_create "$db"
    # Each test says itself what names its database.
    unset DATABASE_URL
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    mkdir "$PGALTER_DIR" "$BATS_TEST_TMPDIR/project"
    cd "$BATS_TEST_TMPDIR/project" || return 1
}

teardown() { cluster_log_on_failure; }

# config LINES: pgalter.yaml.
config() { printf '%s\n' "$1" >pgalter.yaml; }

# uses DATABASE ARGUMENTS: whether a command with these arguments meets that database.
uses() {
    local want=$1
    shift
    expect 0 pgalter status "$@" && contains "$out" "database   database \"$want\""
}

# three: the databases one, two and three, and environments for the first two.
three() {
    local name
    for name in one two three; do
        query postgres "CREATE DATABASE ${db}_$name" >/dev/null
    done
    one=${db}_one two=${db}_two three=${db}_three
    config "# the defaults of all
lock_wait: 5s
environments:
  staging:
    database: dbname=$one
  production: {database: 'dbname=$two', lock_wait: 0}
  bare: {}"
}

# ---- environments ----

@test "--env and PGALTER_ENV choose, and what was typed counts before the variable" {
    three
    uses "$one" --env staging
    uses "$two" -e production
    PGALTER_ENV=production uses "$two"
    PGALTER_ENV=production uses "$one" --env staging
    uses "$three" --env staging --db "dbname=$three"
    table 1.0.0-100-a a
    expect 0 pgalter deploy --env staging
    same "$(query "$one" "SELECT count(*) FROM pgalter.journal")" 1
    same "$(query "$two" "SELECT to_regclass('pgalter.journal') IS NULL")" t
    # An empty variable is one that is not set.
    PGALTER_ENV='' expect 64 pgalter status --env ''
    contains "$errors" "the value of \"--env\" is empty"
}

@test "an environment's values count before the top level, and variables and the command line before both" {
    three
    config "database: dbname=$three
alterations: top
lock_wait: soon
environments: {staging: {lock_wait: 1s}}"
    expect 64 pgalter status --env staging
    contains "$errors" "pgalter.yaml:3:12: the configuration's \"lock_wait\" is \"soon\""
    unset PGALTER_DIR
    mkdir top below typed variable
    config "database: dbname=$three
alterations: top
environments: {staging: {alterations: below, database: dbname=$one}}"
    local dir
    for dir in top below typed variable; do PGALTER_DIR=$dir script "1.0.0-100-in_$dir.up.sql" "SELECT 1;"; done
    expect 0 pgalter list
    contains "$out" "in_top"
    expect 0 pgalter list --env staging
    contains "$out" "in_below"
    expect 0 env PGALTER_DIR=variable "$PGALTER" list --env staging
    contains "$out" "in_variable"
    expect 0 env PGALTER_DIR=variable "$PGALTER" list --env staging --dir typed
    contains "$out" "in_typed"
}

@test "an unknown environment is refused with the nearest and all names" {
    three
    expect 64 pgalter deploy --env prodution
    contains "$errors" "pgalter.yaml:3:1: there is no such environment: \"--env\" is \"prodution\""
    contains "$errors" "hint: Did you mean \"production\"? The environments are: staging, production, bare."
    contains "$errors" "pgalter help unknown-environment"
    expect 64 env PGALTER_ENV=nonsense "$PGALTER" deploy --json
    same "$(jq -r .error.id <<<"$out")" unknown-environment
    contains "$errors" "the environment variable PGALTER_ENV is \"nonsense\""
    rm pgalter.yaml
    expect 64 pgalter deploy --env staging
    contains "$errors" "there is no pgalter.yaml to have environments: \"--env\" is \"staging\""
    contains "$errors" "name the file with --config FILE"
    expect 64 env PGALTER_ENV=staging "$PGALTER" new x
    config "schema: a"
    expect 64 pgalter deploy --env staging
    contains "$errors" "The file has none."
}

@test "an environment and a variable that name two databases are refused, and both ways out are told" {
    three
    local name hint
    printf 'dbname=%s\n' "$three" >secret
    for name in DATABASE_URL DB_URL PGALTER_DATABASE_URL PGALTER_DATABASE_URL_FILE; do
        local text="dbname=$three"
        [ $name != PGALTER_DATABASE_URL_FILE ] || text=secret
        export $name="$text"
        expect 64 pgalter deploy --env production
        contains "$errors" "pgalter.yaml:6:26: the environment \"production\" and the environment variable $name name two databases"
        contains "$errors" "pgalter help which-database"
        expect 64 env PGALTER_ENV=production "$PGALTER" deploy
        # What the hint says settles it.
        hint=$(sed -n 's/.*hint: //p' <<<"$errors")
        [[ $hint =~ type\ \"(unset $name)\"\ first\;.*add\ (--[a-z-]+)\ \"(\$$name)\" ]]
        uses "$three" --env production "${BASH_REMATCH[2]}" "$(eval echo "${BASH_REMATCH[3]}")"
        [[ $hint =~ type\ \"(unset $name)\"\ first ]]
        eval "${BASH_REMATCH[1]}"
        uses "$two" --env production
        # No contradiction: the environment names none, none is chosen, or both name the same.
        export $name="$text"
        uses "$three" --env bare
        uses "$three"
        [ $name = PGALTER_DATABASE_URL_FILE ] || env $name="dbname=$two" "$PGALTER" status --env production </dev/null
        unset $name
    done
    DATABASE_URL="postgresql://u:S3kret@/x" expect 64 pgalter deploy --env production
    contains "$errors" "detail: The environment names dbname=$two, and DATABASE_URL postgresql://u:****@/x."
    # One file is one database.
    config $'environments:\n  production:\n    database_file: secret'
    PGALTER_DATABASE_URL_FILE=secret uses "$three" --env production
    # A generic variable counts before the top level, as ever.
    config "database: dbname=$one"
    DATABASE_URL="dbname=$three" uses "$three"
}

@test "environments that name databases want one to be chosen, unless something else names a database" {
    three
    uses postgres # by PGHOST
    PGDATABASE=$three uses "$three"
    unset PGHOST
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml:3:1: no environment is chosen, and nothing else names a database"
    contains "$errors" "--env staging"
    # Commands without a database don't ask for one.
    expect 0 pgalter new x
    expect 0 env PGALTER_ENV=staging PGHOST="$CLUSTER_DIR" "$PGALTER" status
    expect 0 pgalter status --db "host=$CLUSTER_DIR dbname=$three"
}

# ---- files ----

@test "database_file and --db-file name a file that holds the database" {
    three
    mkdir -p conf/secrets
    printf 'dbname=%s\n' "$one" >conf/secrets/one
    printf 'dbname=%s' "$two" >two
    printf 'database: dbname=%s\nenvironments: {staging: {database_file: secrets/one}}\n' "$three" >conf/pgalter.yaml
    rm pgalter.yaml
    uses "$three" -c conf/pgalter.yaml
    uses "$one" -c conf/pgalter.yaml --env staging
    uses "$two" -c conf/pgalter.yaml --env staging --db-file two
    uses "$two" --db-file two
    { printf '\xEF\xBB\xBF'; cat two; } >marked
    uses "$two" --db-file marked
    # What the file holds is not repeated in a command to type.
    expect 64 pgalter show nothing --db-file two
    lacks "$errors" "dbname="
    expect 64 pgalter status --db-file two --db "dbname=$one"
    contains "$errors" "--db and --db-file both name the database"
    printf 'database: dbname=x\ndatabase_file: x\n' >pgalter.yaml
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml:2:16: \"database\" and \"database_file\" both name the database"
    rm pgalter.yaml conf/secrets/one
    # A secret that can't be read doesn't lead to the database of the top level.
    expect 64 pgalter status -c conf/pgalter.yaml --env staging
    contains "$errors" "conf/pgalter.yaml:2:41 (environment staging)"
    contains "$errors" "conf/secrets/one"
    printf '  \n' >empty
    expect 64 pgalter status --db-file empty
    contains "$errors" "--db-file: \"empty\" is empty"
    printf 'dbname=a\0b' >nul
    expect 64 pgalter status --db-file nul
    contains "$errors" "has a NUL byte in it"
    printf 'dbname=S3kret\ndbname=b' >lines
    expect 64 pgalter status --db-file lines
    contains "$errors" "has more than one line"
    lacks "$errors" S3kret
}

@test "a configuration or a secret that is no readable file is refused, and never waited for" {
    local what
    ln -s nowhere pgalter.yaml
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml"
    expect 0 pgalter version
    rm pgalter.yaml
    mkfifo pgalter.yaml
    expect 64 timeout 5 "$PGALTER" status
    contains "$errors" "pgalter.yaml"
    for what in pgalter.yaml /dev/zero /dev/null . nowhere; do
        expect 64 timeout 5 "$PGALTER" status --config "$what"
        contains "$errors" "$what"
        contains "$errors" "hint: "
        (rm -f pgalter.yaml && expect 64 timeout 5 "$PGALTER" status --db-file "$what" && contains "$errors" "$what")
        [ -e pgalter.yaml ] || mkfifo pgalter.yaml
    done
    rm pgalter.yaml
    head -c 1100000 /dev/zero | tr '\0' '#' >pgalter.yaml
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml"
    rm pgalter.yaml
    : >pgalter.yaml
    chmod 0 pgalter.yaml
    if [ "$(id -u)" != 0 ]; then
        expect 64 pgalter status
        contains "$errors" "pgalter.yaml"
    fi
}

# ---- values ----

@test "a value is refused with its place, whoever asks for it, and whatever else was typed" {
    local text
    for text in "lock_wait: 30" "lock_timeout: 0" "retries: 1.5" "statement_timeout: fast" "schema: pg_x" "wait:" "schema: no" "role: [a]" \
        "environments: {other: {retries: -1}}"; do
        config "# nothing
$text"
        # `new` needs none of these.
        expect 64 pgalter new x --json
        contains "$errors" "error: pgalter.yaml:2:"
        same "$(jq -r '.error.id, .error.place.file, .error.place.line' <<<"$out" | paste -sd ' ')" "value pgalter.yaml 2"
        [ "$(jq -r .error.place.column <<<"$out")" -gt 1 ]
        expect 64 pgalter status --db "dbname=$db" --lock-wait 1s --retries 1 --schema x
        # The line is not shown, as a password may stand in it.
        lacks "$errors" "line:"
    done
    same "$(ls "$PGALTER_DIR")" ""
}

@test "timeouts and retries in the file are the defaults of a run" {
    export DATABASE_URL="dbname=$db"
    script 1.0.0-100-slow.up.sql "SELECT pg_sleep(30);"
    config "statement_timeout: 200ms"
    expect 65 pgalter deploy
    contains "$errors" "statement timeout"
    query "$db" "CREATE TABLE busy (); CREATE TABLE done ()"
    rm "$PGALTER_DIR"/*
    script 1.0.0-200-waits.up.sql "ALTER TABLE busy ADD COLUMN n int;"
    config "lock_timeout: 100ms
retries: 0
environments: {patient: {retries: 50, lock_timeout: 5s}}"
    psql -Xq -d "$db" -c "BEGIN; LOCK TABLE busy; SELECT pg_sleep(30)" >/dev/null 2>&1 3>&- &
    local holder=$!
    until_true "$db" "$sleeping"
    local started=$SECONDS
    expect 74 pgalter deploy
    [ $((SECONDS - started)) -le 5 ]
    (sleep 1 && query "$db" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" >/dev/null) 3>&- &
    expect 0 pgalter deploy --env patient
    wait $holder || true
    config "lock_wait: 100ms"
    script 1.0.0-300-more.up.sql "SELECT 1;"
    config "lock_wait: 0"
    script 1.0.0-400-sleeps.up.sql "SELECT pg_sleep(5);"
    begin deploy
    until_true "$db" "$sleeping"
    script 1.0.0-500-late.up.sql "SELECT 1;"
    expect 73 pgalter deploy
    finish 0
}

@test "the nearest is named for the values of an option, local, completion and help" {
    expect 64 pgalter status --color nevr
    contains "$errors" "Did you mean \"never\"? It must be auto, always or never."
    expect 64 pgalter status --log-format jsn
    contains "$errors" "Did you mean \"json\"? It must be text or json."
    expect 64 env PGALTER_LOG_FORMAT=xml "$PGALTER" status
    contains "$errors" "the environment variable PGALTER_LOG_FORMAT is \"xml\""
    expect 64 pgalter rollback zero --down-from file
    contains "$errors" "Did you mean \"files\"? It must be journal or files."
    expect 64 pgalter completion bsh
    contains "$errors" "Did you mean \"pgalter completion bash\"?"
    expect 64 pgalter local pslq
    contains "$errors" "Did you mean \"pgalter local psql\"?"
    expect 64 pgalter help exit-code
    contains "$errors" "Did you mean \"pgalter help exit-codes\"?"
}

# ---- roles ----

@test "--role: who is no member gets 77 and the GRANT that helps, and the role is that of scripts and journal" {
    local how
    export DATABASE_URL="dbname=$db"
    query "$db" "CREATE ROLE \"App Owner\"; CREATE ROLE config_deployer LOGIN; GRANT CREATE ON DATABASE $db TO \"App Owner\";
        GRANT CREATE ON SCHEMA public TO \"App Owner\"" >/dev/null
    pair 1.0.0-100-a "CREATE TABLE a AS SELECT current_user AS who, session_user AS login;" "DROP TABLE a;"
    pair 1.0.0-200-b "RESET ROLE; CREATE TABLE b AS SELECT current_user AS who;" "RESET ROLE; DROP TABLE b;"
    pair 1.0.0-300-c "-- pgalter:transaction none
CREATE TABLE c AS SELECT current_user AS who;" "DROP TABLE c;"
    export PGUSER=config_deployer
    for how in --role variable file; do
        # shellcheck disable=SC2209 # a word
        case $how in
            --role) with() { expect "$1" pgalter "${@:2}" --role "App Owner"; } ;;
            variable) with() { expect "$1" env PGALTER_ROLE="App Owner" "$PGALTER" "${@:2}"; } ;;
            file) config "environments: {here: {role: App Owner}}"; with() { expect "$1" pgalter "${@:2}" --env here; } ;;
        esac
        PGUSER=postgres query "$db" "REVOKE \"App Owner\" FROM config_deployer" >/dev/null 2>&1
        with 77 deploy --json
        same "$(jq -r .error.id <<<"$out")" permission
        contains "$errors" "permission denied to set role \"App Owner\""
        # What the hint says settles it.
        PGUSER=postgres query "$db" "$(sed -n 's/.*To make it one: //p' <<<"$errors")"
        with 0 deploy
        same "$(query "$db" "SELECT who || ' ' || login FROM a")" "App Owner config_deployer"
        same "$(query "$db" "SELECT who FROM b UNION SELECT who FROM c")" "App Owner"
        same "$(query "$db" "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname IN ('public', 'pgalter')")" "App Owner"
        same "$(PGUSER=postgres query "$db" "SELECT string_agg(DISTINCT role, ' ') FROM (SELECT current_user AS role) r")" postgres
        with 0 rollback zero --yes
    done
    rm -f pgalter.yaml
    # A role that isn't there: the hint makes it and the membership.
    expect 77 pgalter status --role config_later
    contains "$errors" "role \"config_later\" does not exist"
    PGUSER=postgres query "$db" "$(sed -n 's/.*To create it: //p' <<<"$errors")"
    # It acts as that role now, whose journal this is not.
    expect 66 pgalter status --role config_later
    PGUSER=postgres query "$db" "GRANT USAGE ON SCHEMA pgalter TO config_later; GRANT SELECT ON ALL TABLES IN SCHEMA pgalter TO config_later"
    expect 0 pgalter status --role config_later --owner "App Owner"
    expect 64 pgalter status --role "$(printf 'x%.0s' {1..64})"
    contains "$errors" "The name of a role has 1 to 63 bytes"
}

# ---- secrets ----

@test "a password in pgalter.yaml, a secret file or a variable is in no output" {
    local secret=Canary9pw form words
    export PGOPTIONS="-c log_statement=all"
    printf '%s\n' "postgresql://postgres:$secret@/$db?host=$CLUSTER_DIR" >secret
    table 1.0.0-100-a a
    script 1.0.0-200-b.up.sql "SELECT 1/0;"
    for form in "postgresql://postgres:$secret@/$db?host=$CLUSTER_DIR" "host=$CLUSTER_DIR dbname=$db user=postgres password=$secret" \
        "postgresql:///$db?host=$CLUSTER_DIR&user=postgres&password=$secret" "postgresql://postgres:$secret@/missing?host=$CLUSTER_DIR" \
        "postgresql://postgres:$secret@127.0.0.1:1/$db" "host=$CLUSTER_DIR password=$secret nonsense=1" "postgresql://postgres:$secret@[::1" \
        "$secret"; do
        printf '%s\n' "$form" >held
        config "environments:
  plain: {database: '$form'}
  held: {database_file: held}"
        for words in "status" "deploy --json" "deploy --debug" "doctor" "doctor --report" "doctor --json" "history --verbose --log-format json"; do
            local from
            for from in "--env plain" "--env held" "--db-file held"; do
                # shellcheck disable=SC2086 # words
                out=$("$PGALTER" $words $from 2>"$BATS_TEST_TMPDIR/stderr" </dev/null) || true
                errors=$(<"$BATS_TEST_TMPDIR/stderr")
                [ -n "$out$errors" ]
                lacks "$out$errors" "$secret"
            done
        done
        PGALTER_DATABASE_URL=$form expect 64 pgalter deploy --env held --json
        lacks "$out$errors" "$secret"
        PGALTER_DATABASE_URL=$form expect 64 pgalter deploy --env plain --db-file nowhere --verbose --debug
        lacks "$out$errors" "$secret"
        # The same where a slip puts it somewhere else.  A plain word for a name or a key is shown.
        [ "$form" != "$secret" ] || continue
        for words in "database_fil: '$form'" "environments: {a: '$form'}" "environments: {'$form': {}}" "environments: '$form'" "'$form': x" "- '$form'" \
            "role: ['$form']" "database: ['$form']" "database: {'$form': 1}" "database: &$secret x" "database: *$secret" "database: !$secret x" \
            "{'$form': 1, '$form': 2}"; do
            config "$words"
            expect 64 pgalter status --debug --json
            lacks "$out$errors" "$secret"
        done
    done
    # Nor does the server's log, or whoever looks at its sessions, see it.
    lacks "$(<"$CLUSTER_DIR/log")" "$secret"
    lacks "$(query "$db" "SELECT h::text FROM pgalter.history h UNION ALL SELECT a::text FROM pgalter.attempts a UNION ALL SELECT application_name FROM pg_stat_activity")" "$secret"
}

@test "both of pgalter's own variables name one database, or neither counts" {
    three
    config ""
    printf 'dbname=%s\n' "$one" >secret
    export PGALTER_DATABASE_URL="postgresql://u:S3kret@/x" PGALTER_DATABASE_URL_FILE=secret
    expect 64 pgalter status --json
    same "$(jq -r .error.id <<<"$out")" which-database
    contains "$errors" "PGALTER_DATABASE_URL names postgresql://u:****@/x, and PGALTER_DATABASE_URL_FILE the file \"secret\"."
    lacks "$out$errors" S3kret
    # What was typed settles it, and so do two that say the same.
    uses "$two" --db "dbname=$two"
    uses "$one" --db-file secret
    PGALTER_DATABASE_URL="dbname=$one" uses "$one"
    PGALTER_DATABASE_URL_FILE=missing expect 64 pgalter status
    contains "$errors" "name two databases"
}

@test "a configuration with nearly the right name is refused, and both ways out work" {
    local name
    for name in pgalter.yml .pgalter.yaml .pgalter.yml; do
        printf 'database: dbname=%s\n' "$db" >$name
        expect 64 pgalter status --json
        same "$(jq -r .error.id <<<"$out")" configuration
        contains "$errors" "there is a \"$name\", but the configuration is called \"pgalter.yaml\""
        uses "$db" --config $name
        expect 64 pgalter doctor
        contains "$out" "failed      file"
        eval "$(grep -o "mv $name pgalter.yaml" <<<"$errors$out" | head -n 1)"
        uses "$db"
        : >$name
        uses "$db"
        rm pgalter.yaml $name
    done
    : >pgalter.yaml.example
    expect 0 pgalter status
}

@test "a merge key is named" {
    config "<<: {role: x}"
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml:1:1: unknown key \"<<\""
    contains "$errors" "merge keys are not supported"
    config $'environments:\n  <<: {role: x}'
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml:2:3: unknown key \"<<\""
    config $'environments:\n  a:\n    <<: {role: x}'
    expect 64 pgalter status
    contains "$errors" "pgalter.yaml:3:5: unknown key \"<<\""
}

@test "a variable that means nothing is named, with what may have been meant and never its value" {
    PGALTER_DATBASE_URL="postgresql://u:S3kret@/x" expect 0 pgalter status
    contains "$errors" "warning: the environment variable \"PGALTER_DATBASE_URL\" means nothing to pgalter; did you mean \"PGALTER_DATABASE_URL\"?"
    lacks "$out$errors" S3kret
    PGALTER_ZZZZZZZZZZ=1 expect 0 pgalter list
    contains "$errors" "\"PGALTER_ZZZZZZZZZZ\" means nothing to pgalter"
    lacks "$errors" "did you mean"
    PGALTER_DATBASE_URL="postgresql://u:S3kret@/x" expect 20 pgalter doctor
    contains "$out" "attention   values                1 environment variable means nothing to pgalter"
    contains "$out" "-> unset PGALTER_DATBASE_URL; did you mean PGALTER_DATABASE_URL?"
    lacks "$out$errors" S3kret
    # What is known, what Kubernetes sets beside a service of that name, and what has another name.
    PGALTER_PG_BINDIR=${PGALTER_PG_BINDIR-/nowhere} PGALTER_SERVICE_HOST=10.0.0.1 PGALTER_PORT_5432_TCP=tcp://10.0.0.1 PGALTERED=1 \
        expect 0 pgalter status
    same "$errors" ""
    PGALTER_X=1 expect 0 pgalter version
    same "$errors" ""
}

@test "nothing to look at does not pass for nothing pending" {
    table 1.0.0-100-a a
    expect 0 pgalter deploy
    unset PGALTER_DIR
    local words
    for words in plan "plan deploy" "plan latest" "plan --exit-code" "status --exit-code" "list --exit-code" deploy; do
        # shellcheck disable=SC2086 # words
        expect 64 pgalter $words --json
        same "$(jq -r .error.id <<<"$out")" no-directory
    done
    expect 0 pgalter status
    contains "$out" "directory  there is no \"alterations\" here: only the journal was read"
    expect 0 pgalter list
    contains "$out" "100-a"
    contains "$errors" "warning: there is no directory \"alterations\" here: only the journal was read"
    for words in status list; do
        expect 0 pgalter $words --json
        same "$(jq .directory <<<"$out")" null
    done
    expect 0 pgalter show 100-a
    expect 0 pgalter plan rollback zero
    expect 10 pgalter plan rollback zero --exit-code
    mkdir alterations
    for words in plan "plan --exit-code" "status --exit-code" "list --exit-code"; do
        # shellcheck disable=SC2086 # words
        expect 0 pgalter $words
        lacks "$out$errors" "there is no"
    done
    expect 0 pgalter status --json
    same "$(jq -r .directory <<<"$out")" alterations
    expect 0 pgalter rollback zero --yes
}

# ---- completion ----

# complete_bash WORDS ...: what bash makes of TAB behind the last word.
complete_bash() {
    bash --norc -c 'source <("$PGALTER" completion bash)
        pgalter() { "$PGALTER" "$@"; }
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _pgalter pgalter; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}

@test "completion: the scripts load in their shells, and complete commands, options, values and environments" {
    local shell
    for shell in bash zsh fish; do
        expect 0 pgalter completion $shell
        printf '%s\n' "$out" >script.$shell
        if command -v $shell >/dev/null; then $shell -n script.$shell; fi
    done
    same "$(complete_bash pgalter dep)" deploy
    same "$(complete_bash pgalter rol)" rollback
    contains "$(complete_bash pgalter deploy --)" "--db-file"
    lacks "$(complete_bash pgalter deploy --)" "--down-from"
    same "$(complete_bash pgalter deploy --color a | paste -sd ' ')" "auto always"
    same "$(complete_bash pgalter rollback --down-from f)" files
    same "$(complete_bash pgalter deploy --color = al)" always
    same "$(complete_bash pgalter deploy --color = | wc -l)" 3
    mkdir -p "my dir" "my own"
    same "$(complete_bash pgalter deploy --dir my | sort | paste -sd :)" "my dir:my own"
    same "$(complete_bash pgalter deploy --dir = 'my d')" "my dir"
    same "$(complete_bash pgalter deploy ne)" next
    same "$(complete_bash pgalter deploy --env '')" ""
    config "environments: {staging: {}, production: {}, stage-2: {}}"
    same "$(complete_bash pgalter deploy --env sta | paste -sd ' ')" "staging stage-2"
    same "$(complete_bash pgalter deploy -e p)" production
    # A name that a shell would run is none, and makes no noise.
    # shellcheck disable=SC2016 # nothing is to be expanded
    config 'environments: {"$(touch ran)": {}}'
    same "$(complete_bash pgalter deploy --env '' 2>&1)" ""
    [ ! -e ran ]
    config "environments: {staging: {}, production: {}}"
    mkdir bin
    ln -s "$PGALTER" bin/pgalter
    if command -v zsh >/dev/null; then
        expect 0 env PATH="$PWD/bin:$PATH" zsh -f -c 'autoload -U compinit && compinit -u -d dump && source script.zsh 2>/dev/null; whence -w _pgalter'
        contains "$out" "_pgalter: function"
    fi
    if command -v fish >/dev/null; then
        fish() { HOME=$PWD PATH="$PWD/bin:$PATH" command fish --no-config -c "source script.fish; complete -C '$1'"; }
        contains "$(fish 'pgalter dep')" "deploy"
        contains "$(fish 'pgalter deploy --db')" "--db-file"
        contains "$(fish 'pgalter deploy --env st')" "staging"
        contains "$(fish 'pgalter deploy --')" "the database: a URL"
    fi
}
