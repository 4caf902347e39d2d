-- The journal's size, and whether PUBLIC has any privilege on it.  Looks at catalogs and sizes only.
SELECT pg_catalog.pg_size_pretty(COALESCE(pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)), 0)) AS size,
       COALESCE(pg_catalog.bool_or(EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) a
                                           WHERE a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid)), false)
       OR COALESCE(pg_catalog.bool_or(EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a
                                              WHERE a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid)), false) AS is_public,
       pg_catalog.format('REVOKE ALL ON SCHEMA %I FROM PUBLIC; REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC',
                         n.nspname, n.nspname) AS statement,
       pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
       pg_catalog.pg_has_role(n.nspowner, 'MEMBER') AS can_act
FROM pg_catalog.pg_namespace n
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
                               AND c.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char"
WHERE n.nspname OPERATOR(pg_catalog.=) @schema@::pg_catalog.name
GROUP BY n.nspname, n.nspowner;
