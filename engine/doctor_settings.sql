-- Settings that a deploy would feel, where they are not as PostgreSQL ships them, and the statement that takes them back
-- (NULL: the server's configuration or the connection string sets them).  PostgreSQL 13 and later.
SELECT s.name,
       -- pgalter's own start-up option hides what role and database have set.
       CASE
           WHEN s.name OPERATOR(pg_catalog.=) 'statement_timeout' THEN COALESCE(o.value, s.reset_val)
           ELSE s.reset_val
       END AS value,
       o.statement
FROM pg_catalog.pg_settings s
LEFT JOIN LATERAL (
    SELECT CASE
               WHEN p.setrole OPERATOR(pg_catalog.=) 0::pg_catalog.oid
                   THEN pg_catalog.format('ALTER DATABASE %I RESET %s', pg_catalog.current_database(), s.name)
               WHEN p.setdatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid
                   THEN pg_catalog.format('ALTER ROLE %I RESET %s', SESSION_USER, s.name)
               ELSE pg_catalog.format('ALTER ROLE %I IN DATABASE %I RESET %s', SESSION_USER, pg_catalog.current_database(), s.name)
           END AS statement,
           (SELECT pg_catalog.substr(c.item, pg_catalog.length(s.name) OPERATOR(pg_catalog.+) 2)
            FROM pg_catalog.unnest(p.setconfig) c (item)
            WHERE pg_catalog.starts_with(c.item, s.name OPERATOR(pg_catalog.||) '=')
            LIMIT 1) AS value
    FROM pg_catalog.pg_db_role_setting p
    WHERE (p.setdatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid
           OR EXISTS (SELECT FROM pg_catalog.pg_database d
                      WHERE d.oid OPERATOR(pg_catalog.=) p.setdatabase
                        AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()))
      AND (p.setrole OPERATOR(pg_catalog.=) 0::pg_catalog.oid
           OR EXISTS (SELECT FROM pg_catalog.pg_roles r
                      WHERE r.oid OPERATOR(pg_catalog.=) p.setrole
                        AND r.rolname OPERATOR(pg_catalog.=) SESSION_USER))
      AND EXISTS (SELECT FROM pg_catalog.unnest(p.setconfig) c (item)
                  WHERE pg_catalog.starts_with(c.item, s.name OPERATOR(pg_catalog.||) '='))
    -- The more particular one counts: role in database, role, database.
    ORDER BY p.setrole DESC, p.setdatabase DESC
    LIMIT 1
) o ON true
WHERE s.name OPERATOR(pg_catalog.=) ANY (ARRAY['default_transaction_read_only', 'lock_timeout', 'session_replication_role',
                                               'standard_conforming_strings', 'statement_timeout', 'transaction_timeout'])
  AND (s.reset_val OPERATOR(pg_catalog.<>) s.boot_val
       OR s.name OPERATOR(pg_catalog.=) 'statement_timeout' AND o.value OPERATOR(pg_catalog.<>) '0')
ORDER BY s.name;
