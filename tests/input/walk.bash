# tests/input/walk.bash: walks the table of what pgalter refuses, tests/input/classes.
#
# For each class it makes the input in a directory of its own, runs the command twice, as text and as JSON, and checks that
# both say the same in the shape that every refusal has, and that the database is as it was.

# read_class BLOCK: the fields of one class, in c_<field>.
read_class() {
    local line key
    for key in make run with exit id says detail all hint place database each undo; do printf -v "c_$key" ''; done
    while IFS= read -r line; do
        case $line in
            '' | '#'*) continue ;;
            *' = '*) key=${line%% = *} ;;
            *) echo "no field: $line"; return 1 ;;
        esac
        case $key in
            make | run | with | exit | id | says | detail | all | hint | place | database | each | undo) printf -v "c_$key" %s "${line#* = }" ;;
            *) echo "no field: $line"; return 1 ;;
        esac
    done <<<"$1"
    for key in c_run c_exit c_id c_says c_hint; do
        if [ -z "${!key}" ]; then
            echo "a class needs run, exit, id, says and hint"
            return 1
        fi
    done
}

# each_class GROUP FUNCTION: call it with the heading and the block of each class of a group.
each_class() {
    local group=$1 function=$2 line heading='' block=''
    while IFS= read -r line; do
        if [[ $line == '['*']' ]]; then
            if [[ $heading == "$group"/* ]]; then "$function" "$heading" "$block"; fi
            heading=${line#[}
            heading=${heading%]}
            block=''
        elif [ -n "$heading" ]; then
            block+=$line$'\n'
        fi
    done < <(cat "$PGA_TEST_SOURCE_DIR/tests/input/classes"; echo '[/]')
}

# snapshot: the database of the class, as text.
snapshot() { psql -X -v ON_ERROR_STOP=1 -d "$database" -f "$PGA_TEST_SOURCE_DIR/tests/input/snapshot.sql"; }

# ran NAME [OPTION]: run the class's command, its output to NAME.out and NAME.err, its exit status in $status.
ran() {
    local command=${c_run%% *}
    status=0
    # The words of the command are quoted as for a shell.
    eval "$c_with timeout -k 5 30 \"\$input_pgalter\" $command ${2-} ${c_run#"$command"}" </dev/null >"$where/$1.out" 2>"$where/$1.err" || status=$?
}

# refused_as_text: whether what the command wrote is one refusal in the shape that all have.
refused_as_text() {
    local text
    text=$(<"$where/text.err")
    [ "$status" = "$c_exit" ] || { echo "exit status $status instead of $c_exit"; return 1; }
    same "$(grep -c '^pgalter: error: ' <<<"$text")" 1 || return
    contains "$(grep '^pgalter: error: ' <<<"$text")" "$c_says" || return
    contains "$(grep '^pgalter: help: ' <<<"$text")" "pgalter: help: pgalter help ${c_id}" || return
    contains "$(grep -A20 '^pgalter: hint: ' <<<"$text")" "$c_hint" || return
    if [ -n "$c_place" ]; then contains "$text" "pgalter: error: $c_place: " || return; fi
    if [ -n "$c_detail" ]; then contains "$text" "$c_detail" || return; fi
    if [ -n "$c_all" ]; then contains_all "$text" || return; fi
    lacks "$text" "pgalter: bug" || return
    lacks "$text" "runtime error" || return
    lacks "$text" "Sanitizer" || return
    if LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$where/text.err" "$where/text.out"; then
        echo "a control character is printed"
        return 1
    fi
    commands_exist "$text"
}

# contains_all TEXT: whether each line that the class's function prints stands in it.
contains_all() {
    local line
    while IFS= read -r line; do contains "$1" "$line" || return; done < <($c_all)
}

# commands_exist TEXT: whether each command that hint and help name is one.
commands_exist() {
    local word
    while IFS= read -r word; do
        [[ " $input_commands " == *" ${word##* } "* ]] || { echo "there is no command \"$word\""; return 1; }
    done < <(grep -oE '"pgalter [a-z]+|: pgalter [a-z]*[a-rt-z]\b' <<<"$1" | sort -u)
}

# refused_as_json: whether the document says the same.
refused_as_json() {
    local wanted=$c_id
    if [[ $wanted =~ ^[0-9]+$ ]]; then wanted=null; fi
    [ "$status" = "$c_exit" ] || { echo "with --json exit status $status instead of $c_exit"; return 1; }
    same "$(jq -rs 'if length == 1 then .[0] | "\(.format) \(.error.exit_status) \(.error.id)" else "\(length) documents" end' <"$where/json.out")" \
        "1 $c_exit $wanted" || return
    contains "$(jq -r '.error | "\(.place.file // ""): \(.message)"' <"$where/json.out")" "$c_says" || return
    contains "$(jq -r .error.hint <"$where/json.out")" "$c_hint"
}

# one_input: make the input of the class, in a directory of its own, and see what becomes of it.
one_input() {
    local before=$shared_snapshot
    cd "$where" || return
    cp -R "$input_home/alterations" alterations || return
    eval "$c_make" || { echo "the input can't be made"; return 1; }
    if [ "$c_database" = own ] && [ -z "$c_undo" ]; then before=$(snapshot) || return; fi
    ran text
    refused_as_text || { cat "$where/text.out" "$where/text.err"; return 1; }
    if [ -z "$c_undo" ]; then
        ran json --json
        refused_as_json || { cat "$where/json.out" "$where/json.err"; return 1; }
        same "$(snapshot)" "$before" || { echo "the database was changed"; return 1; }
    else
        eval "$c_undo" || { echo "the database was changed"; return 1; }
    fi
}

# shared_database: the one of all classes that change nothing, as it is at first.
shared_database() {
    PGOPTIONS='-c client_min_messages=warning' psql -Xq -d postgres -c "DROP DATABASE IF EXISTS applied WITH (FORCE)" -c "CREATE DATABASE applied TEMPLATE template_applied" || return
    shared_snapshot=$(database=applied snapshot)
}

# begin_database, end_database: the one that the class wants.
begin_database() {
    database=applied
    if [ "$c_database" = own ]; then
        database=own_$((++input_number))
        psql -Xq -d postgres -c "CREATE DATABASE $database TEMPLATE template_applied" || return
    fi
    export DATABASE_URL="dbname=$database"
}
end_database() {
    if [ "$c_database" = own ]; then psql -Xq -d postgres -c "DROP DATABASE $database WITH (FORCE)"; fi
}

# walk_line: one line of a class, or all of a class without lines.
walk_line() {
    local failed=0
    walk_count=$((walk_count + 1))
    where=$(mktemp -d "$input_home/class.XXXXXX")
    chmod 755 "$where"
    (one_input) || failed=1
    chmod -R u+rwX "$where" && rm -rf "$where"
    return $failed
}

# undoing_changed_nothing BEFORE: whether a class that undoes its inputs left the database as it was.
undoing_changed_nothing() {
    [ -z "$c_undo" ] || same "$(snapshot)" "$1" || { echo "the database was changed"; return 1; }
}

walk_class() {
    local each failed='' before=''
    if ! read_class "$2"; then
        echo "[$1]"
        walk_failed+=" $1"
        return
    fi
    begin_database || return
    if [ -n "$c_undo" ]; then before=$(snapshot); fi
    while IFS= read -r each; do
        if ! walk_line; then
            echo "---- [$1] $each"
            failed=yes
        fi
        # What can't be undone takes a database for each line.
        if [ -n "$c_each" ] && [ -z "$c_undo" ]; then end_database && begin_database; fi
    done < <(if [ -n "$c_each" ]; then $c_each; else echo; fi)
    undoing_changed_nothing "$before" || failed=yes
    end_database
    if [ -n "$failed" ]; then
        walk_failed+=" $1"
        shared_database # what it may have done must not fail the others
    fi
}

# walk GROUP: every class of a group; all that fail are shown.
walk() {
    walk_failed='' walk_count=0
    shared_database || return
    each_class "$1" walk_class
    [ "$walk_count" -gt 0 ] || { echo "no class in the group $1"; return 1; }
    [ -z "$walk_failed" ] || { echo "failed:$walk_failed"; return 1; }
}
