-- The alterations that are applied now, in the order of application.
SELECT j.id,
       j.version,
       j.timestamp,
       j.slug,
       j.phase,
       j.directives,
       pg_catalog.encode(j.up, 'hex'),
       pg_catalog.encode(j.down, 'hex'),
       pg_catalog.encode(j.before_up, 'hex'),
       pg_catalog.encode(j.before_down, 'hex'),
       j.seq,
       j.run,
       pg_catalog.to_char(j.applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       pg_catalog.round(EXTRACT(EPOCH FROM j.duration)::pg_catalog.numeric OPERATOR(pg_catalog.*) 1000)
FROM @journal@.journal j
ORDER BY j.seq;
