-- Fails with 22012 unless the journal can be trusted; otherwise says whether it is there.
SELECT CASE
           WHEN n.oid IS NULL THEN 'absent'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_class c
                        WHERE c.relnamespace OPERATOR(pg_catalog.=) n.oid) THEN 'present'
           ELSE 'empty'
       END,
       1 OPERATOR(pg_catalog./) g.divisor,
       pg_catalog.current_setting('synchronous_commit')
FROM (SELECT CASE WHEN EXISTS (SELECT FROM (@findings@) f) THEN 0 ELSE 1 END AS divisor) g
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) @schema@::pg_catalog.name;
