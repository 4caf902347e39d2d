-- What REINDEX CONCURRENTLY left behind on a table and its partitions, in a schema, or in the whole database: INVALID
-- indexes with its endings that nobody is building, those of TOAST tables among them.
SELECT i.indexrelid AS trace_rebuilt,
       pg_catalog.format('%I.%I', n.nspname, c.relname),
       m.oid IS NOT NULL
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN pg_catalog.pg_class m ON m.reltoastrelid OPERATOR(pg_catalog.=) i.indrelid
JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) COALESCE(m.oid, i.indrelid)
WHERE NOT i.indisvalid
  AND c.relkind OPERATOR(pg_catalog.=) 'i'::pg_catalog."char"
  AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$'
  AND CASE WHEN @on@::pg_catalog.text OPERATOR(pg_catalog.=) 'database' THEN TRUE
           WHEN @on@::pg_catalog.text OPERATOR(pg_catalog.=) 'schema'
           THEN t.relnamespace OPERATOR(pg_catalog.=) @object@
           ELSE t.oid OPERATOR(pg_catalog.=) @object@
                OR t.oid OPERATOR(pg_catalog.=) ANY
                   (SELECT p.relid FROM pg_catalog.pg_partition_tree(@object@) p) END
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p
                  WHERE p.index_relid OPERATOR(pg_catalog.=) i.indexrelid
                     OR p.relid OPERATOR(pg_catalog.=) i.indrelid
                     OR p.relid IS NULL
                        AND EXISTS (SELECT FROM pg_catalog.pg_locks l
                                    WHERE l.pid OPERATOR(pg_catalog.=) p.pid
                                      AND l.relation OPERATOR(pg_catalog.=) i.indrelid AND l.granted))
ORDER BY i.indexrelid;
