# tests/lib/fault.bash: databases to harm, and what must be true of them afterwards.

# fault_clear DATABASE: make it as good as new, which takes a fraction of the time of making a new one.
fault_clear() {
    psql -Xq -v ON_ERROR_STOP=1 -d "$1" -c "SET client_min_messages = warning; SET lock_timeout = '60s';
        DROP SCHEMA IF EXISTS public, pgalter CASCADE; CREATE SCHEMA public; ALTER ROLE CURRENT_USER IN DATABASE $1 RESET ALL;"
}

# What must not stay when nobody works on the database any more: runner locks, and indexes that are not valid.
# shellcheck disable=SC2034
fault_remains="SELECT 'advisory locks: ' || count(*) FROM pg_locks
        WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    SELECT 'indexes that are not valid: ' || count(*) FROM pg_index WHERE NOT indisvalid;"

# fault_dump DATABASE: its schema without the journal's, as pg_dump says it.
fault_dump() { pg_dump -s -N pgalter -d "$1" | grep -v '^\\\(un\)\?restrict'; } # with a random key
