-- The latest failures.
SELECT a.run,
       a.who,
       a.id,
       a.direction,
       a.code,
       a.sqlstate,
       a.message,
       a.detail,
       a.place,
       pg_catalog.to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
FROM @journal@.attempts a
ORDER BY a.n DESC
LIMIT @limit@;
