-- The row of an alteration that is applied now.  Fails with 22012 when something keeps the row out.
WITH added AS (
    INSERT INTO @journal@.journal
        (id, version, timestamp, slug, phase, directives, up, down, before_up, before_down, seq, applied_at, duration, run)
    VALUES
        (@id@, @version@, @timestamp@, @slug@, @phase@, @directives@, @up@, @down@, @before_up@, @before_down@, @seq@,
         pg_catalog.clock_timestamp(),
         pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-)
             (SELECT h.at FROM @journal@.history h WHERE h.seq OPERATOR(pg_catalog.=) @seq@),
         @run@)
    RETURNING id
)
SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM added;
