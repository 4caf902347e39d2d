-- Fails with 22012 unless the record is this run's own.
WITH gone AS (
    DELETE FROM @journal@.unfinished AS u
    WHERE u.id OPERATOR(pg_catalog.=) @id@
      AND u.run OPERATOR(pg_catalog.=) @run@
    RETURNING u.id
)
SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM gone;
