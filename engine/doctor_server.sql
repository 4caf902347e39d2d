-- What doctor asks about the server, the session and the database: one row, its columns by name.  PostgreSQL 13 and later.
SELECT pg_catalog.current_setting('server_version') AS version,
       pg_catalog.pg_backend_pid() AS pid,
       SESSION_USER AS session_user_name,
       CURRENT_USER AS current_user_name,
       r.rolsuper AS is_superuser,
       d.datname AS database,
       pg_catalog.pg_get_userbyid(d.datdba) AS database_owner,
       pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
       d.datcollate AS collation_name,
       pg_catalog.pg_is_in_recovery() AS is_standby,
       pg_catalog.current_setting('client_connection_check_interval', true) AS check_interval,
       pg_catalog.current_setting('idle_in_transaction_session_timeout', true) AS idle_timeout,
       pg_catalog.current_setting('max_connections')::pg_catalog.int4
           OPERATOR(pg_catalog.-) pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
           OPERATOR(pg_catalog.-) COALESCE(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int4, 0)
           AS connections_most,
       (SELECT pg_catalog.count(*)
        FROM pg_catalog.pg_stat_activity a
        WHERE a.backend_type OPERATOR(pg_catalog.=) 'client backend'
           OR a.backend_type IS NULL AND a.usesysid IS NOT NULL) AS connections_used,
       (r.rolsuper
        OR EXISTS (SELECT FROM pg_catalog.pg_roles s
                   WHERE s.rolname OPERATOR(pg_catalog.=) 'pg_read_all_stats'
                     AND pg_catalog.pg_has_role(s.oid, 'USAGE'))) AS sees_sessions,
       pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp())::pg_catalog.numeric)::pg_catalog.int8 AS clock_s
FROM pg_catalog.pg_database d
JOIN pg_catalog.pg_roles r ON r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
