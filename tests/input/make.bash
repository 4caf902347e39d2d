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
sql() {
    ask "BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL client_min_messages = warning;
$1;
COMMIT"
}

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

# ---- the journal ----

# query_columns CONDITION: "table column type nullable" of the journal's columns, c for which it holds.
query_columns() {
    query "$database" "SELECT concat_ws(' ', c.table_name, c.column_name, replace(c.data_type, ' ', '_'), c.is_nullable)
        FROM information_schema.columns c WHERE c.table_schema = 'pgalter' AND ($1) ORDER BY c.table_name, c.ordinal_position"
}

# What a clock says is not hashed: it is shown, and decides nothing.
protected_columns() {
    query_columns "c.table_name IN ('history', 'journal') AND c.column_name NOT IN ('at', 'applied_at', 'duration')"
}
script_columns() { query_columns "c.table_name = 'scripts'"; }

# Keys can't be without a value while they are keys, and the applied alterations have no reason.
filled_columns() {
    query_columns "c.table_name IN ('history', 'journal') AND c.column_name NOT IN ('because')
        AND NOT (c.table_name = 'history' AND c.column_name = 'seq') AND NOT (c.table_name = 'journal' AND c.column_name = 'id')"
}

journal_tables() { printf '%s\n' attempts history journal scripts unfinished; }

# What no run writes; run, who, cursor, indexes and the times can hold anything.
nonsense_in_unfinished() {
    printf '%s\n' "direction = 'sideways'" "part = 'middle'" "digest = '\x00'" "statement = -1" "statement = 5000000000" "progress = 'maybe'"
    query_columns "c.table_name = 'unfinished' AND c.column_name NOT IN ('id', 'cursor')" | awk '{ print $2 " = NULL" }'
}

# row_of TABLE: a condition for the row that is tampered with.
row_of() {
    case $1 in
        scripts) echo "digest = (SELECT down FROM kept.journal WHERE id = '20-second')" ;;
        *) echo "id = '20-second'" ;;
    esac
}

# change_column TABLE COLUMN TYPE: another value of that type.
change_column() {
    local value
    case $3 in
        text) value="coalesce($2, '') || 'x'" ;;
        bytea) value="set_byte($2, 31, get_byte($2, 31) # 1)" ;;
        bigint) value="$2 + 1000" ;;
        *) return 1 ;;
    esac
    sql "UPDATE pgalter.$1 SET $2 = $value WHERE $(row_of "$1")"
}

# empty_column TABLE COLUMN: no value.
empty_column() { sql "ALTER TABLE pgalter.$1 ALTER $2 DROP NOT NULL; UPDATE pgalter.$1 SET $2 = NULL WHERE $(row_of "$1")"; }

# nonsense ASSIGNMENT: what stands in the record of an interrupted step.
nonsense() {
    sql "INSERT INTO pgalter.unfinished SELECT '30-third', 'down', 'gone', 'somebody@somewhere', 'down', down, 1, 'started', NULL, '', now(), now()
        FROM pgalter.journal WHERE id = '30-third'; ALTER TABLE pgalter.unfinished ALTER ${1%% *} DROP NOT NULL; UPDATE pgalter.unfinished SET $1"
}

# put_back: the rows as they were kept, unless something was added to them, and a journal that is believed, so that the next
# refusal is of the next column.
put_back() {
    local table column nullable
    read -r table column _ nullable <<<"$each"
    case $nullable in
        NO) nullable="ALTER TABLE pgalter.$table ALTER $column SET NOT NULL;" ;;
        YES) nullable='' ;;
        *) nullable="ALTER TABLE pgalter.unfinished ALTER $table SET NOT NULL;" ;;
    esac
    sql "DO \$do\$ BEGIN
            IF (SELECT count(*) FROM pgalter.history) <> (SELECT count(*) FROM kept.history) THEN RAISE 'the history has other rows'; END IF;
        END \$do\$;
        TRUNCATE pgalter.history, pgalter.journal, pgalter.scripts, pgalter.unfinished; INSERT INTO pgalter.scripts TABLE kept.scripts;
        INSERT INTO pgalter.history TABLE kept.history; INSERT INTO pgalter.journal TABLE kept.journal; $nullable" &&
        "$input_pgalter" status >/dev/null
}

# alter_columns TABLE FORMAT: an ALTER TABLE for each column; %1$s is its name as the format 1.0 has it.
alter_columns() {
    sql "DO \$do\$
        DECLARE c text;
        BEGIN
            FOR c IN SELECT regexp_replace(column_name, '^other_', '') FROM information_schema.columns
                WHERE table_schema = 'pgalter' AND table_name = '$1' LOOP
                EXECUTE format('ALTER TABLE pgalter.$1 $2', c);
            END LOOP;
        END \$do\$"
}
missing_columns() { query_columns "c.table_name = '$each'" | sed 's/^\([a-z]*\) other_\([a-z_]*\) .*/"\1" has no column "\2"/'; }

# retype_columns TABLE: another type for each of its columns.
retype_columns() {
    sql "ALTER TABLE pgalter.journal DROP CONSTRAINT IF EXISTS journal_up_fkey, DROP CONSTRAINT IF EXISTS journal_down_fkey,
        DROP CONSTRAINT IF EXISTS journal_before_up_fkey, DROP CONSTRAINT IF EXISTS journal_before_down_fkey,
        DROP CONSTRAINT IF EXISTS journal_seq_fkey;
    DO \$do\$
        DECLARE c record;
        BEGIN
            FOR c IN SELECT column_name AS name, data_type AS type FROM information_schema.columns
                WHERE table_schema = 'pgalter' AND table_name = '$1' LOOP
                EXECUTE format('ALTER TABLE pgalter.$1 ALTER %1\$s TYPE %2\$s', c.name, CASE c.type
                    WHEN 'text' THEN 'varchar' WHEN 'bigint' THEN 'integer' WHEN 'interval' THEN 'text'
                    WHEN 'bytea' THEN format('text USING encode(%s, ''hex'')', c.name) ELSE 'timestamp' END);
            END LOOP;
        END \$do\$"
}
retyped_columns() { query_columns "c.table_name = '$each'" | awk '{ print "\"" $1 "\" has the column \"" $2 "\" of type" }'; }

# ---- server, configuration, what is typed ----

# latin1: the class's database anew, in LATIN1.
latin1() {
    ask_database applied && ask "DROP DATABASE $database" && ask "CREATE DATABASE $database TEMPLATE template0 ENCODING LATIN1" &&
        "$input_pgalter" deploy >/dev/null
}

# yaml TEXT: the configuration.
yaml() { printf '%s\n' "$1" >pgalter.yaml; }

no_durations() { printf '%s\n' soon '5 parsecs' 1.5s 25d 5ss s -5s 9999999999999h; }
