-- The tablespace of that name; 0: there is none.
SELECT COALESCE((SELECT o.oid FROM pg_catalog.pg_tablespace o
                 WHERE o.spcname OPERATOR(pg_catalog.=) (pg_catalog.parse_ident(@name@))[1]::pg_catalog.name),
                0) AS trace_tablespace, 0, 0;
