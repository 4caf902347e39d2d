# tests/lib/ask.bash: one psql for many questions, where starting one for each would take most of the time.
#
#   ask_begin DIRECTORY           for what it needs
#   ask_database NAME             from here on it is asked about that database
#   ask 'SELECT ...; ...'         run it; fails and shows why when the server does
#   ask_file FILE OUTPUT          run a file of psql's, its output to another file
#   ask_end

ask_begin() {
    ask_dir=$(mktemp -d "$1/ask.XXXXXX")
    mkfifo "$ask_dir/questions" "$ask_dir/answers"
    psql -XAtq -d postgres <"$ask_dir/questions" >"$ask_dir/answers" 2>"$ask_dir/errors" 3>&- &
    exec {ask_to}>"$ask_dir/questions" {ask_from}<"$ask_dir/answers"
    ask '\o /dev/null'
}

ask_end() {
    [ -n "${ask_to-}" ] || return 0
    exec {ask_to}>&- {ask_from}<&-
    unset ask_to
    rm -rf "$ask_dir"
}

ask() {
    : >"$ask_dir/errors"
    printf '%s\n;\n\\echo answered\n' "$1" >&"$ask_to"
    read -r -u "$ask_from" _ || { echo "psql is gone"; return 1; }
    if [ -s "$ask_dir/errors" ]; then
        cat "$ask_dir/errors"
        return 1
    fi
}

ask_database() { ask "\\c $1"; }

ask_file() {
    ask "\\o $2
\\i $1
\\o /dev/null
RESET ALL"
}
