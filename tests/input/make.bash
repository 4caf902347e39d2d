# tests/input/make.bash: how the inputs of tests/input/classes are made.  Each runs in the directory of its class, which has
# alterations/ with what is applied in $database.

# up NAME TEXT: an up script.
up() { printf '%s\n' "$2" >"alterations/$1.up.sql"; }

# file NAME [TEXT]: any file of the directory.
file() { printf '%s\n' "${2-SELECT 1;}" >"alterations/$1"; }

# bytes NAME FORMAT: an up script of the bytes that printf makes of FORMAT.
# shellcheck disable=SC2059 # it is a format
bytes() { printf -- "$2" >"alterations/$1.up.sql"; }

# sql TEXT: as a superuser, past foreign keys.
sql() { psql -Xq -v ON_ERROR_STOP=1 -d "$database" -c "SET session_replication_role = replica; $1" >/dev/null; }

# applied: what the directory adds is applied, before the input is made.
applied() { "$input_pgalter" deploy next >/dev/null 2>&1; }

# as_nobody, and whom files may keep out.
unprivileged() {
    if [ "$(id -u)" != 0 ]; then "$@"
    else runuser -u "$(cluster_user)" -- "$@"
    fi
}

# pair_of STEM: a pair of scripts that do nothing.
pair_of() { file "$1.up.sql"; file "$1.down.sql"; }

# rename OLD NEW: give the scripts of an alteration another id.
rename() {
    local name
    for name in alterations/*"$1"*; do mv "$name" "${name/$1/$2}"; done
}

# unfinished ID DIRECTION: a step that an interrupted run left.
unfinished() {
    sql "INSERT INTO pgalter.unfinished SELECT '$1', '$2', 'gone', 'somebody@somewhere', '$2', $2, 1, 'started', NULL, '', now(), now()
        FROM pgalter.journal WHERE id = '30-third'"
}

# half_done: the alteration 40-late was interrupted in its second statement.
half_done() {
    sql "INSERT INTO pgalter.unfinished VALUES ('40-late', 'up', 'gone', 'somebody@somewhere', 'up',
        '\\x$(sha256sum <alterations/1.1.0-40-late.up.sql | cut -d' ' -f1)', 1, 'started', NULL, '', now(), now())"
}
