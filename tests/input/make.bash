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
