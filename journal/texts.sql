-- The texts of some scripts.
SELECT pg_catalog.encode(s.digest, 'hex'), s.text
FROM @journal@.scripts s
WHERE s.digest OPERATOR(pg_catalog.=) ANY (ARRAY[@digests@]::pg_catalog.bytea[]);
