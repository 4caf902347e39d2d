-- What speaks against trusting the journal's schema, from catalogs only: no row means nothing does.
-- Columns: the object, what is wrong with it, and `shape` where it is nobody's code but something that is missing or of
-- another built-in type.  The tables' columns are those of format 1.0, which later minor formats only add to.
-- PostgreSQL 13 and later.
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
), kept AS (
    SELECT k.name::pg_catalog.name, k.attribute::pg_catalog.name, k.type::pg_catalog.name
    FROM (VALUES
        ('history', 'seq', 'int8'),
        ('history', 'prev', 'bytea'),
        ('history', 'hash', 'bytea'),
        ('history', 'event', 'text'),
        ('history', 'id', 'text'),
        ('history', 'version', 'text'),
        ('history', 'phase', 'text'),
        ('history', 'directives', 'text'),
        ('history', 'up', 'bytea'),
        ('history', 'down', 'bytea'),
        ('history', 'before_up', 'bytea'),
        ('history', 'before_down', 'bytea'),
        ('history', 'state', 'bytea'),
        ('history', 'run', 'text'),
        ('history', 'who', 'text'),
        ('history', 'engine', 'text'),
        ('history', 'because', 'text'),
        ('history', 'at', 'timestamptz'),
        ('scripts', 'digest', 'bytea'),
        ('scripts', 'text', 'text'),
        ('journal', 'id', 'text'),
        ('journal', 'version', 'text'),
        ('journal', 'timestamp', 'text'),
        ('journal', 'slug', 'text'),
        ('journal', 'phase', 'text'),
        ('journal', 'directives', 'text'),
        ('journal', 'up', 'bytea'),
        ('journal', 'down', 'bytea'),
        ('journal', 'before_up', 'bytea'),
        ('journal', 'before_down', 'bytea'),
        ('journal', 'seq', 'int8'),
        ('journal', 'applied_at', 'timestamptz'),
        ('journal', 'duration', 'interval'),
        ('journal', 'run', 'text'),
        ('unfinished', 'id', 'text'),
        ('unfinished', 'direction', 'text'),
        ('unfinished', 'run', 'text'),
        ('unfinished', 'who', 'text'),
        ('unfinished', 'part', 'text'),
        ('unfinished', 'digest', 'bytea'),
        ('unfinished', 'statement', 'int8'),
        ('unfinished', 'progress', 'text'),
        ('unfinished', 'cursor', 'text'),
        ('unfinished', 'indexes', 'text'),
        ('unfinished', 'started_at', 'timestamptz'),
        ('unfinished', 'updated_at', 'timestamptz'),
        ('attempts', 'n', 'int8'),
        ('attempts', 'at', 'timestamptz'),
        ('attempts', 'run', 'text'),
        ('attempts', 'who', 'text'),
        ('attempts', 'id', 'text'),
        ('attempts', 'direction', 'text'),
        ('attempts', 'code', 'text'),
        ('attempts', 'sqlstate', 'text'),
        ('attempts', 'message', 'text'),
        ('attempts', 'detail', 'text'),
        ('attempts', 'place', 'text')
    ) k (name, attribute, type)
), ours AS (
    SELECT r.oid, r.relname, r.relkind, r.relowner, r.relrowsecurity, r.relpersistence
    FROM relation r
    JOIN expected e ON r.relname OPERATOR(pg_catalog.=) e.name
)
SELECT s.nspname::pg_catalog.text AS object,
       pg_catalog.format('is a schema owned by "%s"', pg_catalog.pg_get_userbyid(s.nspowner)) AS finding,
       'owner' AS kind
FROM space s
WHERE NOT EXISTS (SELECT FROM trusted t WHERE t.oid OPERATOR(pg_catalog.=) s.nspowner)
UNION ALL
SELECT r.relname::pg_catalog.text,
       pg_catalog.format('is owned by "%s"', pg_catalog.pg_get_userbyid(r.relowner)), 'owner'
FROM ours r
WHERE NOT EXISTS (SELECT FROM trusted t WHERE t.oid OPERATOR(pg_catalog.=) r.relowner)
UNION ALL
SELECT r.relname::pg_catalog.text, 'is not an ordinary table', 'code'
FROM ours r
WHERE r.relkind OPERATOR(pg_catalog.<>) 'r'::pg_catalog."char"
UNION ALL
SELECT e.name::pg_catalog.text, 'is missing', 'shape'
FROM expected e
WHERE EXISTS (SELECT FROM relation)
  AND NOT EXISTS (SELECT FROM ours r WHERE r.relname OPERATOR(pg_catalog.=) e.name)
UNION ALL
SELECT DISTINCT r.relname::pg_catalog.text,
       CASE
           WHEN t.tgisinternal THEN pg_catalog.format('has the foreign key "%s" from or to another table', c.conname)
           ELSE pg_catalog.format('has the trigger "%s"', t.tgname)
       END,
       'code'
FROM ours r
JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) r.oid
LEFT JOIN pg_catalog.pg_constraint c ON c.oid OPERATOR(pg_catalog.=) t.tgconstraint
WHERE NOT t.tgisinternal
   OR NOT EXISTS (SELECT FROM ours o WHERE o.oid OPERATOR(pg_catalog.=) c.conrelid)
   OR NOT EXISTS (SELECT FROM ours o WHERE o.oid OPERATOR(pg_catalog.=) c.confrelid)
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the rule "%s"', w.rulename), 'code'
FROM ours r
JOIN pg_catalog.pg_rewrite w ON w.ev_class OPERATOR(pg_catalog.=) r.oid
UNION ALL
SELECT r.relname::pg_catalog.text, 'has row-level security', 'code'
FROM ours r
WHERE r.relrowsecurity
   OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid OPERATOR(pg_catalog.=) r.oid)
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has a default or generated value in column "%s"', a.attname), 'code'
FROM ours r
JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) r.oid
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) r.oid
                              AND a.attnum OPERATOR(pg_catalog.=) d.adnum
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the check constraint "%s"', c.conname), 'code'
FROM ours r
JOIN pg_catalog.pg_constraint c ON c.conrelid OPERATOR(pg_catalog.=) r.oid
WHERE c.contype OPERATOR(pg_catalog.=) 'c'::pg_catalog."char"
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the child table "%s"', i.inhrelid::pg_catalog.regclass), 'code'
FROM ours r
JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) r.oid
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the column "%s" of a foreign type', a.attname), 'code'
FROM ours r
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) r.oid
JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
WHERE a.attnum OPERATOR(pg_catalog.>) 0
  AND t.typnamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace
UNION ALL
SELECT r.relname::pg_catalog.text, pg_catalog.format('has the index "%s" with code of its own', i.indexrelid::pg_catalog.regclass), 'code'
FROM ours r
JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) r.oid
WHERE i.indexprs IS NOT NULL
   OR i.indpred IS NOT NULL
   OR EXISTS (SELECT FROM pg_catalog.pg_opclass o
              WHERE o.oid OPERATOR(pg_catalog.=) ANY (i.indclass::pg_catalog.oid[])
                AND o.opcnamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace)
UNION ALL
SELECT r.relname::pg_catalog.text, 'is not a permanent, logged table', 'shape'
FROM ours r
WHERE r.relpersistence OPERATOR(pg_catalog.<>) 'p'::pg_catalog."char"
UNION ALL
SELECT r.relname::pg_catalog.text, 'has no primary key', 'shape'
FROM ours r
WHERE r.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char"
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
                  WHERE i.indrelid OPERATOR(pg_catalog.=) r.oid AND i.indisprimary AND i.indisvalid)
UNION ALL
SELECT k.name::pg_catalog.text,
       CASE
           WHEN a.attnum IS NULL THEN pg_catalog.format('has no column "%s"', k.attribute)
           ELSE pg_catalog.format('has the column "%s" of type %s instead of %s', k.attribute, t.typname, k.type)
       END,
       'shape'
FROM kept k
JOIN ours r ON r.relname OPERATOR(pg_catalog.=) k.name
           AND r.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char"
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) r.oid
                                   AND a.attname OPERATOR(pg_catalog.=) k.attribute
                                   AND a.attnum OPERATOR(pg_catalog.>) 0
LEFT JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
WHERE a.attnum IS NULL
   OR t.typname OPERATOR(pg_catalog.<>) k.type
