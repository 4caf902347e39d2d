#!/usr/bin/env bats
# On a terminal: the prompt for a version, the question of a rollback, progress, colours; and none of it in a pipe.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash
load ../lib/terminal.bash

setup_file() { cluster_start; }
teardown_file() { cluster_stop; }

setup() {
    db=terminal_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    unset NO_COLOR
}

teardown() {
    terminal_close
    cluster_log_on_failure
}

versions() {
    table 1.0.0-1-one one
    table 1.1.0-2-two two
    table 1.1.0-3-three three
    table 1.2.0-4-four four
    table next-5-five five
}

applied() { query "$db" "SELECT coalesce(string_agg(id, ' ' ORDER BY seq), '') FROM pgalter.journal"; }

untouched() { same "$(query "$db" "SELECT to_regnamespace('pgalter') IS NULL")" t; }

# listed: the screen from behind the question on, which may take several lines.
listed() { screen | sed -n '/Deploy up to/,$p' | sed '1,/"?$/d; s/ *$//'; }

# ask COMMAND: run it between two looks at the terminal's settings, and tell its exit status.
ask() { terminal_run "stty -g >before; $1; echo status \$?; stty -g >after; cmp -s before after; echo settings \$?"; }

@test "the prompt: versions newest first, with what each brings; arrows and Enter" {
    versions
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24
    ask "pgalter deploy"
    terminal_shows "arrows, Enter; type to filter"
    contains "$(screen)" "Deploy up to which version on database \"$db\""
    same "$(listed | head -n 5)" "  next   5 alterations; brings five
> 1.2.0  4 alterations; brings four
  1.1.0  3 alterations; brings two, three
  1.0.0  1 alteration; brings one
arrows, Enter; type to filter"
    terminal_type Down
    terminal_shows "> 1.1.0"
    terminal_type Down Down Down Up
    terminal_shows "> 1.1.0"
    terminal_type Enter
    terminal_shows "settings 0"
    same "$(listed | sed '/^Found/q')" "1.1.0
Found 3 alterations to deploy"
    terminal_shows "status 0"
    same "$(applied)" "1-one 2-two 3-three"
}

@test "the prompt: typing filters, Backspace and Escape take it back" {
    versions
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24
    ask "pgalter deploy"
    terminal_shows "type to filter"
    terminal_type -l 1.0.
    terminal_shows "filter: 1.0."
    lacks "$(screen)" "1.1.0"
    terminal_type -l x
    terminal_shows "nothing matches"
    terminal_type Enter
    sleep 0.3
    terminal_shows "nothing matches"
    terminal_type BSpace
    terminal_shows "> 1.0.0"
    terminal_type Escape
    terminal_shows "> 1.2.0" # where it began: Enter never means more than latest unless one goes there
    terminal_type -l NEX
    terminal_shows "filter: NEX"
    terminal_type Enter
    terminal_shows "settings 0"
    same "$(applied)" "1-one 2-two 3-three 4-four 5-five"
}

@test "the prompt: what was typed before it was there chooses nothing" {
    versions
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24
    ask "sleep 1; pgalter deploy"
    terminal_type Enter
    terminal_shows "type to filter"
    sleep 0.7
    terminal_shows "> 1.2.0"
    untouched
    terminal_type C-c
    terminal_shows "settings 0"
}

@test "the prompt: a pasted line break is not Enter, and pastes are as before afterwards" {
    versions
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24
    ask "pgalter deploy"
    terminal_shows "type to filter"
    terminal_tmux set-buffer $'1.1.0\n\n'
    terminal_tmux paste-buffer -p
    terminal_shows "filter: 1.1.0"
    sleep 0.5
    terminal_shows "> 1.1.0"
    untouched
    terminal_type Enter
    terminal_shows "settings 0"
    same "$(applied)" "1-one 2-two 3-three"
    # Nothing marks pastes any more: this one is a line that the shell runs.
    terminal_run "cat -v >pasted"
    terminal_tmux paste-buffer -p
    terminal_type C-d
    sleep 0.5
    same "$(<pasted)" "1.1.0"
}

@test "the prompt: where only next is pending, Enter means latest, which is nothing" {
    versions
    expect 0 pgalter deploy latest
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24
    ask "pgalter deploy"
    terminal_shows "type to filter"
    same "$(listed | head -n 2)" "  next    1 alteration; brings five
> latest  nothing to apply"
    terminal_type Enter
    terminal_shows "Found 0 alterations to deploy"
    terminal_shows "status 0"
    same "$(applied)" "1-one 2-two 3-three 4-four"
    ask "pgalter deploy"
    terminal_shows "type to filter"
    terminal_type Up Enter
    terminal_shows "Deployed 1 alteration"
    same "$(applied)" "1-one 2-two 3-three 4-four 5-five"
}

@test "the prompt: latest is listed, and taken by Enter, where it is more than the newest release" {
    table 1.0.0-1-one one
    table 2-two two
    table next-3-three three
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24
    ask "pgalter deploy"
    terminal_shows "type to filter"
    same "$(listed | head -n 3)" "  next    3 alterations; brings three
> latest  2 alterations; brings two
  1.0.0   1 alteration; brings one"
    terminal_type Down Enter
    terminal_shows "settings 0"
    terminal_shows "2 alterations are pending beyond the target"
    contains "$(screen | tr -d '\n')" "to apply what is released of them too: pgalter deploy latest"
    same "$(applied)" "1-one"
    ask "pgalter deploy"
    terminal_shows "type to filter"
    terminal_type Enter
    terminal_shows "settings 0"
    same "$(applied)" "1-one 2-two"
}

@test "the prompt: Ctrl-C, SIGTERM, SIGHUP, SIGQUIT, Ctrl-D leave with nothing done and the terminal as it was" {
    versions
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24
    ask "pgalter deploy"
    terminal_shows "type to filter"
    terminal_type C-c
    terminal_shows "status 130"
    terminal_shows "settings 0"
    contains "$(screen)" "pgalter: error: stopped by SIGINT"
    ask "sh -c 'echo \$\$ >pid; exec \"$PGALTER\" deploy'"
    terminal_shows "type to filter"
    kill -TERM "$(<pid)"
    terminal_shows "status 143"
    terminal_shows "settings 0"
    ask "sh -c 'echo \$\$ >pid; exec \"$PGALTER\" deploy'"
    terminal_shows "type to filter"
    kill -HUP "$(<pid)"
    terminal_shows "status 129"
    terminal_shows "settings 0"
    ask "sh -c 'echo \$\$ >pid; exec \"$PGALTER\" deploy'"
    terminal_shows "type to filter"
    kill -QUIT "$(<pid)"
    terminal_shows "status 131"
    terminal_shows "settings 0"
    ask "pgalter deploy"
    terminal_shows "type to filter"
    terminal_type C-d
    terminal_shows "status 64"
    terminal_shows "settings 0"
    untouched
}

@test "the prompt: Ctrl-Z gives the terminal back, fg goes on" {
    versions
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24 "sh -i" # bash would put the terminal right itself
    ask "\"$PGALTER\" deploy"
    terminal_shows "type to filter"
    terminal_type Down
    terminal_shows "> 1.1.0"
    terminal_type C-z
    terminal_shows topped
    terminal_shows "settings 0"
    lacks "$(screen)" "type to filter"
    terminal_run "fg; echo status \$?; stty -g >after; cmp -s before after; echo settings \$?"
    terminal_shows "> 1.1.0"
    terminal_type Enter
    terminal_shows "status 0"
    terminal_shows "settings 0"
    same "$(applied)" "1-one 2-two 3-three"
    # Stopped without being asked: the settings are the prompt's again afterwards.
    rm "$PGALTER_DIR"/next-*
    ask "sh -c 'echo \$\$ >pid; exec \"$PGALTER\" deploy'"
    terminal_shows "type to filter"
    kill -STOP "$(<pid)"
    terminal_shows topped
    terminal_run "fg; echo status \$?; stty -g >after; cmp -s before after; echo settings \$?"
    terminal_shows "> 1.2.0"
    terminal_type -l 9
    terminal_shows "filter: 9"
    terminal_type C-c
    terminal_shows "status 130"
    terminal_shows "settings 0"
}

@test "the prompt: narrow, resized, and with hundreds of versions" {
    local i
    mkdir -p "$PGALTER_DIR"
    for ((i = 1; i <= 300; i++)); do
        echo "CREATE TABLE t$i ();" >"$PGALTER_DIR/1.$i.0-$((1000 + i))-a_long_name_of_an_alteration_$i.up.sql"
    done
    cd "$BATS_TEST_TMPDIR"
    terminal_open 70 16
    ask "pgalter deploy"
    terminal_shows "1 of 300; arrows, Enter; type to filter"
    terminal_type End
    terminal_shows "> 1.1.0"
    terminal_shows "300 of 300"
    terminal_type PPage
    terminal_shows "> 1.11.0"
    terminal_resize 30 16
    sleep 0.6
    terminal_shows "> 1.11.0   11 alterations;..."
    same "$(screen | grep -c '1.11.0')" 1
    same "$(screen | grep -c 'of 300')" 1
    terminal_resize 12 6
    sleep 0.6
    terminal_shows "> 1.11.0"
    terminal_resize 70 16
    sleep 0.6
    terminal_shows "> 1.11.0   11 alterations; brings a_long_name"
    same "$(screen | grep -c '1.11.0')" 1
    terminal_type NPage
    terminal_shows "> 1.1.0"
    terminal_type Enter
    terminal_shows "settings 0"
    same "$(applied)" "1001-a_long_name_of_an_alteration_1"
}

@test "a rollback shows its plan and asks: no, nothing, the end, Ctrl-C; only yes is yes" {
    versions
    expect 0 pgalter deploy
    cd "$BATS_TEST_TMPDIR"
    terminal_open 100 24
    local answer
    for answer in n "" x yessir nonsense-that-is-longer-than-any-answer-can-be-and-goes-on-and-on-and-on; do
        ask "pgalter rollback 1.0.0"
        terminal_shows "[y/N]"
        contains "$(screen)" "Found 3 alterations to roll back"
        contains "$(screen)" "revert 4-four"
        terminal_type -l "$answer"
        terminal_type Enter
        terminal_shows "Nothing was done."
        terminal_shows "status 0"
        terminal_shows "settings 0"
    done
    ask "pgalter rollback 1.0.0"
    terminal_shows "[y/N]"
    terminal_type C-d
    terminal_shows "Nothing was done."
    terminal_shows "settings 0"
    ask "pgalter rollback 1.0.0"
    terminal_shows "[y/N]"
    terminal_type C-c
    terminal_shows "status 130"
    terminal_shows "settings 0"
    same "$(applied)" "1-one 2-two 3-three 4-four"
    ask "pgalter rollback 1.0.0"
    terminal_shows "[y/N]"
    terminal_type y Enter
    terminal_shows "Rolled back 3 alterations"
    same "$(applied)" "1-one"
}

@test "a rollback's question is not answered by what was typed before it" {
    versions
    expect 0 pgalter deploy
    cd "$BATS_TEST_TMPDIR"
    terminal_open 100 24
    ask "sleep 1; pgalter rollback zero"
    terminal_type y Enter
    terminal_shows "[y/N]"
    sleep 0.7
    lacks "$(screen)" "Rolled back"
    lacks "$(screen)" "Nothing was done"
    terminal_type n Enter
    terminal_shows "Nothing was done."
    terminal_shows "settings 0"
    same "$(applied)" "1-one 2-two 3-three 4-four"
}

# slow STEM: a script that waits for a lock of this test's, as long as the file "go" is absent.
slow() {
    script "$1" "DO \$\$ BEGIN
  RAISE NOTICE 'it begins';
  WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'go') LOOP
    PERFORM pg_sleep(0.05);
    PERFORM pg_stat_clear_snapshot();
  END LOOP;
END \$\$;"
}

# go: let them end.
go() { PGAPPNAME=go psql -qX -d "$db" -c "SELECT pg_sleep(0.5)" >/dev/null; }

@test "progress: what runs and for how long, gone when it is done" {
    table 1.0.0-1-one one
    slow 1.0.0-2-a_slow_step.up.sql
    cd "$BATS_TEST_TMPDIR"
    terminal_open 80 24
    ask "pgalter deploy latest"
    terminal_shows "[2/2] 2-a_slow_step ... 0."
    terminal_shows "[2/2] 2-a_slow_step ... 1."
    same "$(screen | grep -c 'a_slow_step \.\.\.')" 1
    # The notice came before it and was not overwritten.
    contains "$(screen)" "server: NOTICE: it begins"
    terminal_resize 24 24
    terminal_shows "[2/2] 2-a_... "
    terminal_resize 80 24
    go
    terminal_shows "settings 0"
    lacks "$(screen)" "..."
    contains "$(screen)" "[2/2] apply  2-a_slow_step"
    # It is not for these, nor for a terminal that can't go back.
    for option in "--quiet" "--json" "--log-format json" "2>errors" "2>&1 | cat"; do
        slow "1.0.0-$((10 + ${#option}))-slow.up.sql"
        ask "pgalter deploy latest $option"
        until_true "$db" "$sleeping"
        sleep 1
        lacks "$(screen)" "..."
        go
        terminal_shows "settings 0"
    done
    lacks "$(<errors)" $'\r'
    lacks "$(<errors)" $'\033'
    slow "1.0.0-50-slow.up.sql"
    ask "TERM=dumb pgalter deploy latest"
    until_true "$db" "$sleeping"
    sleep 1
    lacks "$(screen)" "..."
    go
    terminal_shows "settings 0"
}

@test "a terminal that goes away is a clean stop: cancelled, rolled back and recorded" {
    script 1.0.0-1-slow.up.sql "CREATE TABLE t (); SELECT pg_sleep(60);"
    terminal_open 80 24
    terminal_run "\"$PGALTER\" deploy latest"
    until_true "$db" "$sleeping"
    terminal_close
    until_true "$db" "SELECT EXISTS (SELECT FROM pgalter.attempts WHERE code = 'interrupted')"
    same "$(query "$db" "$sleeping")" f
    same "$(query "$db" "SELECT to_regclass('t') IS NULL")" t
    # nohup(1) decides otherwise.
    script 1.0.0-1-slow.up.sql "SELECT pg_sleep(1.5);"
    (trap '' HUP && exec "$PGALTER" deploy latest) </dev/null >/dev/null 2>&1 3>&- &
    pid=$!
    until_true "$db" "$sleeping"
    kill -HUP "$pid"
    wait "$pid"
}

@test "a terminal that can't show the list decides nothing: it names the versions and asks for a target" {
    script 1.0.0-1-a.up.sql "CREATE TABLE a ();"
    script 1.1.0-2-b.up.sql "CREATE TABLE b ();"
    cd "$BATS_TEST_TMPDIR"
    terminal_open 100 24
    for how in TERM=dumb TERM=; do
        terminal_run "$how pgalter deploy; echo status \$?"
        terminal_shows "status 64"
        contains "$(screen)" "this terminal can't show a list"
        contains "$(screen)" "1.1.0 (2 alterations; brings b)"
        contains "$(screen)" "Name the target: pgalter deploy latest"
        terminal_run clear
    done
    same "$(query "$db" "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b')")" 0
}

@test "progress is wiped before an error, and when the run is stopped" {
    script 1.0.0-1-slow.up.sql "SELECT pg_sleep(1.5); SELECT 1 / count(*) FROM pg_class WHERE false;"
    cd "$BATS_TEST_TMPDIR"
    terminal_open 100 24
    ask "pgalter deploy latest"
    terminal_shows "[1/1] 1-slow ... 0."
    terminal_shows "division by zero"
    terminal_shows "settings 0"
    lacks "$(screen)" "1-slow ..."
    ask "pgalter deploy latest"
    terminal_shows "[1/1] 1-slow ... 0."
    terminal_type C-c
    terminal_shows "status 130"
    terminal_shows "settings 0"
    lacks "$(screen)" "1-slow ..."
    contains "$(screen)" "pgalter: error: "
}

@test "colours on a terminal, unless NO_COLOR, --color never or TERM=dumb" {
    script 1.0.0-1-bad.up.sql "SELECT wrong;"
    cd "$BATS_TEST_TMPDIR"
    terminal_open 100 24
    terminal_run "pgalter deploy latest; echo status \$?"
    terminal_shows "status 65"
    contains "$(screen -e | grep 'error:')" $'\033['
    for how in "NO_COLOR=1 pgalter deploy latest" "pgalter deploy latest --color never" "TERM=dumb pgalter deploy latest"; do
        terminal_run "$how; echo status \$?"
        terminal_shows "status 65"
        lacks "$(screen -e | grep 'error:')" $'\033['
    done
    terminal_run "NO_COLOR=1 pgalter deploy latest --color always; echo status \$?"
    terminal_shows "status 65"
    contains "$(screen -e | grep 'error:')" $'\033['
}

@test "in a pipe: not one byte for a terminal" {
    local all
    versions
    script 1.2.0-6-slow.up.sql "SELECT pg_sleep(1); DO \$\$ BEGIN RAISE WARNING 'careful'; END \$\$;"
    script 1.2.0-7-bad.up.sql "SELECT wrong;"
    export TERM=xterm-256color COLUMNS=40
    all=$({ pgalter deploy || true; pgalter status; pgalter list; pgalter history; pgalter rollback zero --yes; pgalter help deploy; } 2>&1)
    contains "$all" "careful"
    same "$(tr -d '\n -~' <<<"$all" | LC_ALL=C tr -d '\200-\377')" ""
    contains "$(pgalter history --color always)" $'\033['
}
