INSERT INTO @journal@.attempts (at, run, who, id, direction, code, sqlstate, message, detail, place)
VALUES (pg_catalog.clock_timestamp(), @run@, @who@, @id@, @direction@, @code@, @sqlstate@, @message@, @detail@, @place@);
