-- All steps in progress outside a transaction.
SELECT u.id,
       u.direction,
       u.run,
       u.who,
       u.part,
       pg_catalog.encode(u.digest, 'hex'),
       u.statement,
       u.progress,
       u.indexes,
       pg_catalog.to_char(u.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       pg_catalog.to_char(u.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM @journal@.unfinished u
ORDER BY u.id;
