INSERT INTO @journal@.unfinished
    (id, direction, run, who, part, digest, statement, progress, indexes, started_at, updated_at)
VALUES
    (@id@, @direction@, @run@, @who@, @part@, @digest@, @statement@, @progress@, @indexes@,
     pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp());
