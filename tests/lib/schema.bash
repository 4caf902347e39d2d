# tests/lib/schema.bash: comparing schemas.

# dump_reads: whether pg_dump takes the server; it refuses one that is newer than itself.
dump_reads() {
    local client server
    client=$(pg_dump --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
    server=$(query postgres "SELECT current_setting('server_version_num')::int / 10000")
    [ "$client" -ge "$server" ]
}

# dump_needed: skip a test that can't do without pg_dump.
dump_needed() { dump_reads || skip "pg_dump refuses a server that is newer than itself"; }

# schema_of DATABASE: its schema without the journal's, as text, by pg_dump or, where that refuses the server, from catalogs.
schema_of() {
    if dump_reads; then
        # \restrict lines hold a random key.
        pg_dump -s -N pgalter -d "$1" | grep -v '^\\\(un\)\?restrict'
    else
        psql -X -d "$1" -f "$PGA_TEST_SOURCE_DIR/tests/lib/catalog.sql"
    fi
}

# query DATABASE SQL: one value.
query() { psql -XAt -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }
