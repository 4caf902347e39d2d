-- The indexes that are INVALID and that nobody is building, with the statements that drop or mend them.
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS index_name,
       pg_catalog.format('%I.%I', tn.nspname, t.relname) AS table_name,
       pg_catalog.format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', n.nspname, c.relname) AS drop_statement,
       -- What a REINDEX CONCURRENTLY left behind can only go.
       CASE
           WHEN c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' THEN NULL
           ELSE pg_catalog.format('REINDEX INDEX CONCURRENTLY %I.%I', n.nspname, c.relname)
       END AS reindex_statement,
       pg_catalog.pg_get_userbyid(t.relowner) AS owner
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_namespace tn ON tn.oid OPERATOR(pg_catalog.=) t.relnamespace
WHERE NOT i.indisvalid
  AND c.relkind OPERATOR(pg_catalog.=) 'i'::pg_catalog."char"
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p
                  WHERE p.index_relid OPERATOR(pg_catalog.=) i.indexrelid
                     -- Of other roles' builds a role may see no more than the process; their locks everybody sees.
                     OR p.index_relid IS NULL
                        AND EXISTS (SELECT FROM pg_catalog.pg_locks l
                                    WHERE l.pid OPERATOR(pg_catalog.=) p.pid
                                      AND l.relation OPERATOR(pg_catalog.=) i.indrelid AND l.granted))
ORDER BY i.indexrelid
LIMIT 20;
