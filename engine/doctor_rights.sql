-- What the current role lacks for pgalter's commands: the purpose (read, texts, write, create, tables, path), the statement that gives
-- it, and the role that may run that statement.  Looks at catalogs only.  PostgreSQL 13 and later.
WITH me AS (
    SELECT r.oid, r.rolname
    FROM pg_catalog.pg_roles r
    WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
), here AS (
    SELECT d.oid, d.datname, d.datdba
    FROM pg_catalog.pg_database d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
), space AS (
    SELECT n.oid, n.nspname, n.nspowner
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname OPERATOR(pg_catalog.=) @schema@::pg_catalog.name
), relation AS (
    SELECT c.oid, c.relname, c.relowner, s.nspname
    FROM pg_catalog.pg_class c
    JOIN space s ON c.relnamespace OPERATOR(pg_catalog.=) s.oid
    WHERE c.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char"
), needed AS (
    SELECT v.place, v.relname, v.privilege, v.purpose
    FROM (VALUES
           (1, 'history', 'SELECT', 'read'), (2, 'journal', 'SELECT', 'read'),
           (3, 'unfinished', 'SELECT', 'read'), (4, 'attempts', 'SELECT', 'read'),
           (5, 'scripts', 'SELECT', 'write'), (15, 'scripts', 'SELECT', 'texts'), (6, 'scripts', 'INSERT', 'write'),
           (7, 'history', 'INSERT', 'write'), (8, 'attempts', 'INSERT', 'write'),
           (9, 'journal', 'INSERT', 'write'), (10, 'journal', 'UPDATE', 'write'), (11, 'journal', 'DELETE', 'write'),
           (12, 'unfinished', 'INSERT', 'write'), (13, 'unfinished', 'UPDATE', 'write'), (14, 'unfinished', 'DELETE', 'write')
         ) v (place, relname, privilege, purpose)
), target AS (
    SELECT n.oid, n.nspname,
           -- pg_database_owner, which owns public since 15, is whoever owns the database.
           CASE
               WHEN pg_catalog.pg_get_userbyid(n.nspowner) OPERATOR(pg_catalog.=) 'pg_database_owner'::pg_catalog.name THEN h.datdba
               ELSE n.nspowner
           END AS owner
    FROM pg_catalog.pg_namespace n, here h
    WHERE n.nspname OPERATOR(pg_catalog.=) COALESCE(pg_catalog.current_schema(), 'public'::pg_catalog.name)
), missing AS (
    SELECT 100 AS place, 'create' AS purpose,
           pg_catalog.format('GRANT CREATE ON DATABASE %I TO %I', h.datname, m.rolname) AS statement,
           h.datdba AS owner
    FROM here h, me m
    WHERE NOT EXISTS (SELECT FROM space)
      AND NOT pg_catalog.has_database_privilege(h.oid, 'CREATE')
    UNION ALL
    SELECT 101, 'create', pg_catalog.format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', s.nspname, m.rolname), s.nspowner
    FROM space s, me m
    WHERE NOT EXISTS (SELECT FROM relation)
      AND NOT (pg_catalog.has_schema_privilege(s.oid, 'USAGE') AND pg_catalog.has_schema_privilege(s.oid, 'CREATE'))
    UNION ALL
    SELECT 0, 'read', pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I', s.nspname, m.rolname), s.nspowner
    FROM space s, me m
    WHERE EXISTS (SELECT FROM relation)
      AND NOT pg_catalog.has_schema_privilege(s.oid, 'USAGE')
    UNION ALL
    SELECT pg_catalog.min(n.place), n.purpose,
           pg_catalog.format('GRANT %s ON TABLE %I.%I TO %I', pg_catalog.string_agg(n.privilege, ', ' ORDER BY n.place),
                             r.nspname, r.relname, m.rolname),
           r.relowner
    FROM needed n
    JOIN relation r ON r.relname OPERATOR(pg_catalog.=) n.relname::pg_catalog.name, me m
    WHERE NOT pg_catalog.has_table_privilege(r.oid, n.privilege)
    GROUP BY n.purpose, r.nspname, r.relname, r.relowner, m.rolname
    UNION ALL
    SELECT 200, 'tables', pg_catalog.format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', t.nspname, m.rolname), t.owner
    FROM target t, me m
    WHERE NOT (pg_catalog.has_schema_privilege(t.oid, 'USAGE') AND pg_catalog.has_schema_privilege(t.oid, 'CREATE'))
    UNION ALL
    SELECT 201, 'path', pg_catalog.format('ALTER ROLE %I SET search_path = public', SESSION_USER), NULL
    WHERE pg_catalog.current_schema() IS NULL
       OR pg_catalog.current_schema() OPERATOR(pg_catalog.=) @schema@::pg_catalog.name
       OR CURRENT_USER OPERATOR(pg_catalog.=) @schema@::pg_catalog.name
          AND pg_catalog.strpos(pg_catalog.current_setting('search_path'), '$user') OPERATOR(pg_catalog.>) 0
)
SELECT x.purpose, x.statement, pg_catalog.pg_get_userbyid(x.owner) AS owner
FROM missing x
ORDER BY x.place;
