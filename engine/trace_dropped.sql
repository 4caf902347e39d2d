-- Whether the index of that OID is still there, and whether it is valid.
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS trace_dropped, i.indisvalid
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE i.indexrelid OPERATOR(pg_catalog.=) @object@;
