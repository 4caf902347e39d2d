-- Who keeps a session waiting for a lock, and what it waits for; no row: it doesn't wait.  A blocker of process 0 is a
-- prepared transaction, which stands in pg_locks without a process.  Of what a session of pgalter runs only the line in
-- which a step names itself.  PostgreSQL 13 and later.
WITH wanted AS (
    SELECT l.mode,
           l.locktype,
           CASE
               WHEN l.database OPERATOR(pg_catalog.=) d.oid THEN l.relation::pg_catalog.regclass::pg_catalog.text
           END AS relation,
           pg_catalog.format('%s %s %s %s %s %s %s %s %s %s', l.locktype, l.database, l.relation, l.page, l.tuple,
                             l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid) AS object
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
    JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) a.datid
    WHERE l.pid OPERATOR(pg_catalog.=) @pid@
      AND NOT l.granted
      AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
    LIMIT 1
), blocking AS (
    SELECT DISTINCT b.pid
    FROM wanted
    CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(@pid@)) b (pid)
), blocker AS (
    SELECT b.pid,
           a.application_name AS application,
           a.usename::pg_catalog.text AS user_name,
           COALESCE(pg_catalog.host(a.client_addr), 'local socket') AS address,
           COALESCE(a.xact_start, a.backend_start) AS since,
           a.state,
           CASE
               WHEN a.query OPERATOR(pg_catalog.~) '^-- pgalter: ' THEN pg_catalog."substring"(a.query, '^-- pgalter: ([^\n]{1,200})')
               ELSE pg_catalog."left"(a.query, 1000)
           END AS query,
           a.backend_type,
           pg_catalog.format('SELECT pg_terminate_backend(%s)', b.pid) AS remedy
    FROM blocking b
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) b.pid
    WHERE b.pid OPERATOR(pg_catalog.<>) 0
    UNION ALL
    SELECT 0,
           p.gid,
           p.owner::pg_catalog.text,
           '',
           p.prepared,
           'prepared',
           '',
           '',
           pg_catalog.format('ROLLBACK PREPARED %L', p.gid)
    FROM pg_catalog.pg_prepared_xacts p
    WHERE EXISTS (SELECT FROM blocking b WHERE b.pid OPERATOR(pg_catalog.=) 0)
      AND EXISTS (SELECT
                  FROM pg_catalog.pg_locks l
                  JOIN wanted w ON w.object OPERATOR(pg_catalog.=)
                      pg_catalog.format('%s %s %s %s %s %s %s %s %s %s', l.locktype, l.database, l.relation, l.page, l.tuple,
                                        l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid)
                  JOIN pg_catalog.pg_locks x ON x.virtualtransaction OPERATOR(pg_catalog.=) l.virtualtransaction
                  WHERE l.granted
                    AND l.pid IS NULL
                    AND x.pid IS NULL
                    AND x.transactionid OPERATOR(pg_catalog.=) p.transaction)
)
SELECT w.mode,
       w.locktype,
       w.relation,
       b.pid,
       b.application,
       b.user_name,
       b.address,
       pg_catalog.to_char(b.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since_utc,
       pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) b.since)::pg_catalog.numeric
           OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8 AS age_ms,
       b.state,
       b.query,
       b.backend_type,
       b.remedy,
       pg_catalog.count(*) OVER () AS total
FROM wanted w
CROSS JOIN blocker b
ORDER BY b.since, b.pid
LIMIT 5;
