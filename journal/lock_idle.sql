-- The session of pgalter's that holds the runner lock and has been idle for so long: no statement of it is running.
-- A session whose state is hidden from this role doesn't show.
SELECT a.pid,
       pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
  AND l.classid OPERATOR(pg_catalog.=) @high@::pg_catalog.oid
  AND l.objid OPERATOR(pg_catalog.=) @low@::pg_catalog.oid
  AND l.objsubid OPERATOR(pg_catalog.=) 1::pg_catalog.int2
  AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                         WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
  AND l.granted
  AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
  AND a.application_name OPERATOR(pg_catalog.~) '^pgalter/'
  AND a.state OPERATOR(pg_catalog.~) '^idle'
  AND pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.state_change)
      OPERATOR(pg_catalog.*) 1000 OPERATOR(pg_catalog.>) @idle_ms@::pg_catalog.float8
  AND (@began@::pg_catalog.text IS NULL
       OR a.pid OPERATOR(pg_catalog.=) @pid@::pg_catalog.int4
          AND pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') OPERATOR(pg_catalog.=) @began@)
LIMIT 1;
