-- The subscription of that name; 0: there is none.
SELECT COALESCE((SELECT o.oid FROM pg_catalog.pg_subscription o
                 WHERE o.subname OPERATOR(pg_catalog.=) (pg_catalog.parse_ident(@name@))[1]::pg_catalog.name
                 AND o.subdbid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                     WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())),
                0) AS trace_subscription, 0, 0;
