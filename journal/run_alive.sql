-- The sessions of a run that still live, other than this one.
SELECT a.pid
FROM pg_catalog.pg_stat_activity a
WHERE pg_catalog.strpos(a.application_name, @run@) OPERATOR(pg_catalog.>) 0
  AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
LIMIT 1;
