-- Fails with 22012 unless the record is still as this run knows it.
WITH kept AS (
    UPDATE @journal@.unfinished AS u
    SET run = @run@,
        who = @who@,
        part = @part@,
        digest = @digest@,
        statement = @statement@,
        progress = @progress@,
        indexes = @indexes@,
        updated_at = pg_catalog.clock_timestamp()
    WHERE u.id OPERATOR(pg_catalog.=) @id@
      AND u.run OPERATOR(pg_catalog.=) @was_run@
      AND u.part OPERATOR(pg_catalog.=) @was_part@
      AND u.statement OPERATOR(pg_catalog.=) @was_statement@
      AND u.progress OPERATOR(pg_catalog.=) @was_progress@
    RETURNING u.id
)
SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM kept;
