-- Sessions of this database whose transaction has been open for a minute, or idle for ten seconds: an ALTER waits for
-- those that hold a lock on its table, CREATE INDEX CONCURRENTLY for all of them.
SELECT a.pid,
       a.usename AS user_name,
       a.application_name AS application,
       a.state,
       pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.xact_start)::pg_catalog.numeric)::pg_catalog.int8 AS age_s,
       (SELECT pg_catalog.count(DISTINCT l.relation)
        FROM pg_catalog.pg_locks l
        WHERE l.pid OPERATOR(pg_catalog.=) a.pid
          AND l.granted
          AND l.locktype OPERATOR(pg_catalog.=) 'relation'
          AND l.relation OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid) AS relations
FROM pg_catalog.pg_stat_activity a
WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  AND a.backend_type OPERATOR(pg_catalog.=) 'client backend'
  AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
  AND (a.xact_start OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) '60s'::pg_catalog.interval)
       OR pg_catalog.starts_with(a.state, 'idle in transaction')
          AND a.state_change OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) '10s'::pg_catalog.interval))
ORDER BY a.xact_start
LIMIT 20;
