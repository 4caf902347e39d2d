-- The schema that a name means; 0: none.
SELECT COALESCE(pg_catalog.to_regnamespace(@name@)::pg_catalog.oid, 0) AS trace_schema, 0, 0;
