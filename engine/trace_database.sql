-- The database of that name; 0: there is none.
SELECT COALESCE((SELECT o.oid FROM pg_catalog.pg_database o
                 WHERE o.datname OPERATOR(pg_catalog.=) (pg_catalog.parse_ident(@name@))[1]::pg_catalog.name),
                0) AS trace_database, 0, 0;
