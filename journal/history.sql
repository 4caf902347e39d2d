-- The whole history.
SELECT h.seq,
       pg_catalog.encode(h.prev, 'hex'),
       pg_catalog.encode(h.hash, 'hex'),
       h.event,
       h.id,
       h.version,
       h.phase,
       h.directives,
       pg_catalog.encode(h.up, 'hex'),
       pg_catalog.encode(h.down, 'hex'),
       pg_catalog.encode(h.before_up, 'hex'),
       pg_catalog.encode(h.before_down, 'hex'),
       pg_catalog.encode(h.state, 'hex'),
       h.run,
       h.who,
       h.engine,
       h.because,
       pg_catalog.to_char(h.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
FROM @journal@.history h
ORDER BY h.seq;
