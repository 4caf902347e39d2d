-- Who holds the runner lock.  Of its query only the line in which a step names itself, or the first word: the rest may
-- hold a secret.
SELECT l.pid,
       a.application_name,
       a.usename,
       COALESCE(pg_catalog.host(a.client_addr), 'local socket'),
       pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       CASE
           WHEN a.query OPERATOR(pg_catalog.~) '^-- pgalter: ' THEN pg_catalog."substring"(a.query, E'^-- pgalter: ([^\\n]{1,200})')
           ELSE pg_catalog.concat_ws(' ', pg_catalog."substring"(a.query, '^[[:space:]]*([[:alpha:]]+)'), '...,', a.state, a.wait_event)
       END
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
  AND l.classid OPERATOR(pg_catalog.=) @high@::pg_catalog.oid
  AND l.objid OPERATOR(pg_catalog.=) @low@::pg_catalog.oid
  AND l.objsubid OPERATOR(pg_catalog.=) 1::pg_catalog.int2
  AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                         WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
  AND l.granted
LIMIT 1;
