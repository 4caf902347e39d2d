-- A row while a server process of a session from before still lives.  Whose beginning is hidden may be it.
SELECT a.pid
FROM pg_catalog.pg_stat_get_activity(NULL) a
WHERE a.pid OPERATOR(pg_catalog.=) @pid@::pg_catalog.int4
  AND (a.backend_start IS NULL
       OR pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') OPERATOR(pg_catalog.=) @began@);
