# tests/lib/hints.bash: doing what a message says.
#
# A message names a command in one of two ways: between double quotes, or without quotes up to a semicolon, a comma, the
# end of its sentence, or the words behind it that say what it does.  SQL goes up to its last semicolon.
#
# Words in capitals are to be replaced: TEXT by a reason, the others by what the test gives as WORD=VALUE.  What asks
# before it goes on is typed with --yes, as where there is no terminal.  SQL goes to the
# database in $sql_in, else $db.

# named: the commands in what was printed, which is in $out and $errors, one a line and in order.
named() {
    local commands
    commands=$(pgalter help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | paste -sd '|')
    printf '%s\n%s\n' "$out" "$errors" | COMMANDS=$commands perl -ne '
        our $skip;
        my $program = qr/(?:pgalter (?=(?:$ENV{COMMANDS})\b)|createdb |pg_isready |pg_restore |psql (?=-)|iconv |fuser |less |unset )/;
        # What failed, and texts that differ, tell nobody what to do.
        $skip = /^pgalter: (?:line|error|context|detail)/ || $skip && /^    /;
        next if $skip;
        s/^pgalter: (?:\w+: )?//;
        while (/"($program[^"]*)"(?! is)
               |((?:GRANT|ALTER|REASSIGN|CREATE)\ (?:[^;"]|"[^"]*")*;(?:\ (?:GRANT|ALTER|CREATE)\ (?:[^;"]|"[^"]*")*;)*)
               |(?<![\w"-])($program(?:[^;,."\n]|"[^"]*"|\.(?=[\w\/]))*?)(?=;|,|\.?\s*$|\.\s|\ then\b|\ (?:goes|makes|shows|records|says|explains)\b|\n)/xg) {
            print defined $1 ? $1 : defined $2 ? $2 : $3, "\n";
        }'
}

# follow NUMBER [WORD=VALUE ...]: run that one of the commands that were named; $ is the last.
follow() {
    local command word
    command=$(named | sed -n "$1p")
    [ -n "$command" ] || { printf 'no command %s in:\n%s\n%s\n' "$1" "$out" "$errors"; return 99; }
    shift
    for word in TEXT="'a test says so'" "$@"; do
        command=$(sed -E "s|\\b${word%%=*}\\b|${word#*=}|g" <<<"$command")
    done
    case $command in
        GRANT*|ALTER*|CREATE*|REASSIGN*) query "${sql_in-$db}" "$command"; return ;;
        'pgalter rollback'*|'pgalter local reset'*) command+=' --yes' ;;
    esac
    echo "typed: $command" >&2
    (eval "$command") </dev/null
}

# hints_setup, hints_teardown: a database and a directory that are only known from what is typed, so that a command which
# doesn't repeat them does no good.
hints_setup() {
    db=${BATS_TEST_FILENAME##*/}
    db=${db%.bats}_$BATS_TEST_NUMBER
    psql -Xq -d postgres -c "CREATE DATABASE $db"
    own=$(mktemp -d /tmp/pgalter-hints.XXXXXX)
    chmod 755 "$own"
    cd "$own" || return 1
    PGALTER_DIR="$own/my files" # where pair and table write
    mkdir "$PGALTER_DIR"
}

hints_teardown() {
    cluster_log_on_failure
    (cd "$own" && pgalter local reset --yes >/dev/null 2>&1) || true
    cd / && rm -rf "$own"
}

# p COMMAND ...: the program with database and directory typed; d with the directory alone, s with the database alone.
p() { pgalter "$@" --db "dbname=$db" --dir "my files"; }
d() { pgalter "$@" --dir "my files"; }
s() { pgalter "$@" --db "dbname=$db"; }
