-- The role that acts here and the database, as they stand in a GRANT statement.
SELECT pg_catalog.quote_ident(CURRENT_USER), pg_catalog.quote_ident(pg_catalog.current_database());
