-- The row of an alteration that is applied now.
INSERT INTO @journal@.journal
    (id, version, timestamp, slug, phase, directives, up, down, before_up, before_down, seq, applied_at, duration, run)
VALUES
    (@id@, @version@, @timestamp@, @slug@, @phase@, @directives@, @up@, @down@, @before_up@, @before_down@, @seq@,
     pg_catalog.clock_timestamp(),
     pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-)
         (SELECT h.at FROM @journal@.history h WHERE h.seq OPERATOR(pg_catalog.=) @seq@),
     @run@);
