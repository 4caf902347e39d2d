-- Whether a partition is still attached, whether its detaching waits to be finished, and the statement that does it.
-- The column came with PostgreSQL 14, as did the statement.
SELECT pg_catalog.format('%I.%I', cn.nspname, c.relname) AS trace_detached,
       COALESCE((pg_catalog.to_jsonb(h) OPERATOR(pg_catalog.->>) 'inhdetachpending')::pg_catalog.bool, FALSE),
       pg_catalog.format('ALTER TABLE %I.%I DETACH PARTITION %I.%I FINALIZE', pn.nspname, p.relname, cn.nspname, c.relname)
FROM pg_catalog.pg_inherits h
JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) h.inhparent
JOIN pg_catalog.pg_namespace pn ON pn.oid OPERATOR(pg_catalog.=) p.relnamespace
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) h.inhrelid
JOIN pg_catalog.pg_namespace cn ON cn.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE h.inhparent OPERATOR(pg_catalog.=) @object@ AND h.inhrelid OPERATOR(pg_catalog.=) @other@;
