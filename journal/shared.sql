-- What RESET ALL does, but until the end of the transaction only: NULL is the value that the session began with.  Left
-- alone is what a pooler keeps for each client by itself, and what belongs to the transaction.  The check interval is for
-- servers from 14 on; not every system can do it.
SELECT pg_catalog.count(pg_catalog.set_config(s.name, CASE
           WHEN s.name OPERATOR(pg_catalog.=) 'application_name' THEN @application@
           WHEN s.name OPERATOR(pg_catalog.=) 'client_connection_check_interval' THEN '2s'
       END, true))
FROM pg_catalog.pg_settings s
WHERE s.name OPERATOR(pg_catalog.=) 'application_name'
   OR (s.name OPERATOR(pg_catalog.=) 'client_connection_check_interval'
       AND pg_catalog.version() OPERATOR(pg_catalog.~) 'linux')
   OR (s.source OPERATOR(pg_catalog.=) 'session'
       AND s.context OPERATOR(pg_catalog.=) ANY (ARRAY['user', 'superuser'])
       AND s.name OPERATOR(pg_catalog.<>) ALL (ARRAY['client_connection_check_interval', 'client_encoding', 'DateStyle',
           'TimeZone', 'standard_conforming_strings', 'temp_buffers', 'transaction_deferrable', 'transaction_isolation',
           'transaction_read_only']));
