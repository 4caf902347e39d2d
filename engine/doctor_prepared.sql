-- Prepared transactions older than a minute: nobody seems to come back for them, and they keep their locks until then.
SELECT p.gid,
       p.owner,
       p.database,
       pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) p.prepared)::pg_catalog.numeric)::pg_catalog.int8 AS age_s,
       pg_catalog.format('COMMIT PREPARED %L', p.gid) AS commit_statement,
       pg_catalog.format('ROLLBACK PREPARED %L', p.gid) AS rollback_statement
FROM pg_catalog.pg_prepared_xacts p
WHERE p.prepared OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) '60s'::pg_catalog.interval)
ORDER BY p.prepared
LIMIT 20;
