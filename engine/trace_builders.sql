-- Who builds indexes on a table right now, and which; 0: not to be seen yet.
SELECT p.pid AS trace_builders, COALESCE(p.index_relid, 0)
FROM pg_catalog.pg_stat_progress_create_index p
WHERE p.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
  AND (p.relid OPERATOR(pg_catalog.=) @object@
       -- Of other roles' builds a role may see no more than the process; their locks everybody sees.
       OR p.relid IS NULL
          AND EXISTS (SELECT FROM pg_catalog.pg_locks l
                      WHERE l.pid OPERATOR(pg_catalog.=) p.pid
                        AND l.relation OPERATOR(pg_catalog.=) @object@ AND l.granted));
