-- The format that the journal has.
SELECT h.version
FROM @journal@.history h
WHERE h.event OPERATOR(pg_catalog.=) 'created' OR h.event OPERATOR(pg_catalog.=) 'upgraded'
ORDER BY h.seq DESC
LIMIT 1;
