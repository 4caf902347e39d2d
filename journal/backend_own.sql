-- When this session's server process began: together with its number that names it for good, also once the number is given to another.
SELECT pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a;
