-- What speaks against trusting the journal's schema, from catalogs only: no row means nothing does.
-- Columns: the object, and what is wrong with it.  PostgreSQL 13 and later.
WITH trusted AS (
    SELECT r.oid
    FROM pg_catalog.pg_roles r
    WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
       OR r.rolname OPERATOR(pg_catalog.=) @owner@::pg_catalog.name
), space AS (
    SELECT n.oid, n.nspname, n.nspowner
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname OPERATOR(pg_catalog.=) @schema@::pg_catalog.name
), relation AS (
    SELECT c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relpersistence
    FROM pg_catalog.pg_class c
    JOIN space s ON c.relnamespace OPERATOR(pg_catalog.=) s.oid
), expected AS (
    SELECT t.name
    FROM pg_catalog.unnest(ARRAY['attempts', 'history', 'journal', 'scripts', 'unfinished']::pg_catalog.name[]) t (name)
), ours AS (
    SELECT r.oid, r.relname, r.relkind, r.relowner, r.relrowsecurity, r.relpersistence
    FROM relation r
    JOIN expected e ON r.relname OPERATOR(pg_catalog.=) e.name
)
SELECT s.nspname::pg_catalog.text AS object,
       pg_catalog.format('is a schema owned by "%s"', pg_catalog.pg_get_userbyid(s.nspowner)) AS finding
FROM space s
WHERE NOT EXISTS (SELECT FROM trusted t WHERE t.oid OPERATOR(pg_catalog.=) s.nspowner)
UNION ALL
SELECT r.relname::pg_catalog.text,
       pg_catalog.format('is owned by "%s"', pg_catalog.pg_get_userbyid(r.relowner))
FROM ours r
WHERE NOT EXISTS (SELECT FROM trusted t WHERE t.oid OPERATOR(pg_catalog.=) r.relowner)
UNION ALL
SELECT r.relname::pg_catalog.text, 'is not an ordinary table'
FROM ours r
WHERE r.relkind OPERATOR(pg_catalog.<>) 'r'::pg_catalog."char"
UNION ALL
SELECT e.name::pg_catalog.text, 'is missing'
FROM expected e
WHERE EXISTS (SELECT FROM relation)
  AND NOT EXISTS (SELECT FROM ours r WHERE r.relname OPERATOR(pg_catalog.=) e.name)
UNION ALL
SELECT DISTINCT r.relname::pg_catalog.text,
       CASE
           WHEN t.tgisinternal THEN pg_catalog.format('has the foreign key "%s" from or to another table', c.conname)
           ELSE pg_catalog.format('has the trigger "%s"', t.tgname)
       END
FROM ours r
JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) r.oid
LEFT JOIN pg_catalog.pg_constraint c ON c.oid OPERATOR(pg_catalog.=) t.tgconstraint
WHERE NOT t.tgisinternal
   OR NOT EXISTS (SELECT FROM ours o WHERE o.oid OPERATOR(pg_catalog.=) c.conrelid)
   OR NOT EXISTS (SELECT FROM ours o WHERE o.oid OPERATOR(pg_catalog.=) c.confrelid)
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the rule "%s"', w.rulename)
FROM ours r
JOIN pg_catalog.pg_rewrite w ON w.ev_class OPERATOR(pg_catalog.=) r.oid
UNION ALL
SELECT r.relname::pg_catalog.text, 'has row-level security'
FROM ours r
WHERE r.relrowsecurity
   OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid OPERATOR(pg_catalog.=) r.oid)
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has a default or generated value in column "%s"', a.attname)
FROM ours r
JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) r.oid
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) r.oid
                              AND a.attnum OPERATOR(pg_catalog.=) d.adnum
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the check constraint "%s"', c.conname)
FROM ours r
JOIN pg_catalog.pg_constraint c ON c.conrelid OPERATOR(pg_catalog.=) r.oid
WHERE c.contype OPERATOR(pg_catalog.=) 'c'::pg_catalog."char"
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the child table "%s"', i.inhrelid::pg_catalog.regclass)
FROM ours r
JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) r.oid
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the column "%s" of a foreign type', a.attname)
FROM ours r
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) r.oid
JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
WHERE a.attnum OPERATOR(pg_catalog.>) 0
  AND t.typnamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the index "%s" with code of its own', i.indexrelid::pg_catalog.regclass)
FROM ours r
JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) r.oid
WHERE i.indexprs IS NOT NULL
   OR i.indpred IS NOT NULL
   OR EXISTS (SELECT FROM pg_catalog.pg_opclass o
              WHERE o.oid OPERATOR(pg_catalog.=) ANY (i.indclass::pg_catalog.oid[])
                AND o.opcnamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace)
UNION ALL
SELECT r.relname::pg_catalog.text, 'is not a permanent, logged table'
FROM ours r
WHERE r.relpersistence OPERATOR(pg_catalog.<>) 'p'::pg_catalog."char"
UNION ALL
SELECT r.relname::pg_catalog.text, 'has no primary key'
FROM ours r
WHERE r.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char"
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
                  WHERE i.indrelid OPERATOR(pg_catalog.=) r.oid AND i.indisprimary AND i.indisvalid)
