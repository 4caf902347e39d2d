-- What the names of a statement mean, in the session that runs it: the relation, its table when it is an index, and
-- another relation; 0 for what is not there.
SELECT COALESCE(r.oid, 0) AS trace_relation,
       COALESCE(i.indrelid, r.oid, 0),
       COALESCE(pg_catalog.to_regclass(@other@)::pg_catalog.oid, 0)
FROM (SELECT pg_catalog.to_regclass(@name@)::pg_catalog.oid AS oid) r
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) r.oid;
