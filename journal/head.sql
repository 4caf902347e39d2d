-- The last row of the history, the format that the journal has, and whether a step is in progress.
SELECT h.seq,
       pg_catalog.encode(h.hash, 'hex'),
       pg_catalog.encode(h.state, 'hex'),
       (SELECT f.version
        FROM @journal@.history f
        WHERE f.event OPERATOR(pg_catalog.=) 'created' OR f.event OPERATOR(pg_catalog.=) 'upgraded'
        ORDER BY f.seq DESC
        LIMIT 1),
       EXISTS (SELECT FROM @journal@.unfinished)
FROM @journal@.history h
ORDER BY h.seq DESC
LIMIT 1;
