-- Everything that a command could have changed in a database, as text: its schema, every row with the journal's, and what of
-- the server is shared.  The journal's attempts are left out: a refusal may be recorded there, and blocks nothing.
\ir ../lib/catalog.sql
SELECT 'database ' || datname FROM pg_database WHERE datname !~ '^own_' ORDER BY datname COLLATE "C";
SELECT 'prepared ' || gid FROM pg_prepared_xacts;
SELECT 'lock ' || mode FROM pg_locks WHERE locktype = 'advisory';
SELECT format('journal %I.%I %s %s %s %s', c.relname, a.attname, c.relkind, c.relowner::regrole, format_type(a.atttypid, a.atttypmod), a.attnotnull)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'pgalter') AND c.relkind IN ('r', 'v')
ORDER BY c.relname, a.attnum;
SELECT format('SELECT %L || t::text FROM %I.%I t ORDER BY t::text COLLATE "C"', c.oid::regclass || ' ', n.nspname, c.relname)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND (n.nspname <> 'pgalter' OR c.relname <> 'attempts')
ORDER BY n.nspname, c.relname
\gexec
