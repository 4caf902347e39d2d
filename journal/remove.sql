DELETE FROM @journal@.journal AS j WHERE j.id OPERATOR(pg_catalog.=) @id@;
