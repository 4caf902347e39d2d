DELETE FROM @journal@.unfinished AS u WHERE u.id OPERATOR(pg_catalog.=) @id@;
