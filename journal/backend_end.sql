-- Ask a server process of a session from before to end; no row: it has.
SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM pg_catalog.pg_stat_get_activity(NULL) a
WHERE a.pid OPERATOR(pg_catalog.=) @pid@::pg_catalog.int4
  AND pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') OPERATOR(pg_catalog.=) @began@;
