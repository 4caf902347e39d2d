UPDATE @journal@.unfinished AS u
SET run = @run@,
    who = @who@,
    part = @part@,
    digest = @digest@,
    statement = @statement@,
    progress = @progress@,
    indexes = @indexes@,
    updated_at = pg_catalog.clock_timestamp()
WHERE u.id OPERATOR(pg_catalog.=) @id@;
