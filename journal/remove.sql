-- Fails with 22012 when there is no such row.
WITH gone AS (
    DELETE FROM @journal@.journal AS j WHERE j.id OPERATOR(pg_catalog.=) @id@
    RETURNING j.id
)
SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM gone;
