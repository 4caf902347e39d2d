# tests/lib/ordinary.bash: ordinary alterations beside hostile ones; $db is the database.

# ordinary TIMESTAMP N: an alteration that would come out otherwise if a script before it had left something behind.
ordinary() {
    pair "1.0.0-$1-plain_$2" "CREATE TABLE seen_$2 AS
SELECT 'setting ' || name || ' ' || setting AS line FROM pg_settings WHERE name <> 'application_name' AND name NOT LIKE 'plpgsql.%'
UNION ALL SELECT 'user ' || session_user || ' ' || current_user
UNION ALL SELECT 'temporary ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
UNION ALL SELECT 'prepared ' || name FROM pg_prepared_statements
UNION ALL SELECT 'cursor ' || name FROM pg_cursors
UNION ALL SELECT 'listening ' || c FROM pg_listening_channels() c
UNION ALL SELECT 'lock ' || mode || ' ' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
CREATE TABLE plain_$2 (id int PRIMARY KEY, raw bytea, note text);
INSERT INTO plain_$2 VALUES (1, E'\\\\x00ff', 'a\\d+''b'), (2, 'plain', E'tab\\there – \\u00fc');" \
        "DROP TABLE plain_$2; INSERT INTO undone SELECT $2, current_user; DROP TABLE seen_$2;"
}

# as_before A B: whether the ordinary scripts A and B saw the same session and made the same.
as_before() {
    local difference
    difference=$(query "$db" "(TABLE seen_$1 EXCEPT ALL TABLE seen_$2) UNION ALL (TABLE seen_$2 EXCEPT ALL TABLE seen_$1)")
    # UNLISTEN counts from the end of its transaction, which is the one that looks.
    difference=$(sed '/^listening kept$/d' <<<"$difference")
    [ -z "$difference" ] || { printf 'plain_%s saw another session:\n%s\n' "$2" "$difference"; return 1; }
    same "$(query "$db" "SELECT string_agg(p::text, '' ORDER BY id) FROM plain_$1 p")" \
        "$(query "$db" "SELECT string_agg(p::text, '' ORDER BY id) FROM plain_$2 p")"
    same "$(query "$db" "SELECT relpersistence FROM pg_class WHERE oid = 'public.plain_$2'::regclass")" p
}

# whole: whether the files are what is applied, each once, with their texts and digests; the chain holds, and nothing is
# left to do.
whole() {
    local file digest
    for file in "$PGALTER_DIR"/*.sql; do
        digest=$(sha256sum <"$file")
        basename "$file" .sql | sed "s/^1\.0\.0-\(.*\)\.\(up\|down\)$/\1 \2 ${digest%% *} ${digest%% *}/"
    done | LC_ALL=C sort >"$BATS_TEST_TMPDIR/files"
    query "$db" "SELECT format('%s %s %s %s', j.id, part, encode(j.digest, 'hex'), encode(sha256(convert_to(s.text, 'UTF8')), 'hex'))
        FROM (SELECT id, 'up' AS part, up AS digest FROM pgalter.journal UNION ALL SELECT id, 'down', down FROM pgalter.journal) j
        LEFT JOIN pgalter.scripts s ON s.digest = j.digest WHERE j.digest IS NOT NULL" | LC_ALL=C sort >"$BATS_TEST_TMPDIR/journal"
    diff "$BATS_TEST_TMPDIR/files" "$BATS_TEST_TMPDIR/journal"
    same "$(query "$db" "SELECT count(*) = count(DISTINCT id) FROM pgalter.history WHERE event = 'applied'")" t
    expect 0 pgalter history
    expect 0 pgalter deploy
    contains "$out" "Found 0 alterations to deploy"
}

# undo N ...: take everything back; each ordinary script must have done so as itself, and nothing may be left.
undo() {
    query "$db" "CREATE TABLE undone (n int, who name)"
    expect 0 pgalter rollback zero --yes
    same "$(query "$db" "SELECT string_agg(n::text, ' ' ORDER BY n) FROM undone WHERE who = session_user")" "$*"
    same "$(query "$db" "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'")" undone
    same "$(query "$db" "SELECT count(*) FROM pgalter.journal")" 0
    expect 0 pgalter history
}

# around UP DOWN [ID]: an ordinary script, that one and an ordinary one, in one deploy; its stderr goes to $messages.
around() {
    local id=${3-hostile}
    ordinary 10 1
    [ -z "$1" ] || pair "1.0.0-15-$id" "$1" "$2"
    ordinary 20 2
    expect 0 pgalter deploy
    contains "$out" "Deployed 3 alterations"
    # shellcheck disable=SC2034
    messages=$errors
    as_before 1 2
    same "$(query "$db" "SELECT string_agg(event || coalesce(' ' || id, ''), ', ' ORDER BY seq) FROM pgalter.history")" \
        "created, applied 10-plain_1, applied 15-$id, applied 20-plain_2"
    whole
}
