-- Fails with 22P02, in words that session.c knows, where what other clients left in a shared session could change what
-- a script means: a temporary table hides one of the same name.
SELECT CASE
           WHEN u.what IS NULL THEN 0
           ELSE pg_catalog.concat('pgalter: unclean: ', u.what)::pg_catalog.int4
       END
FROM (SELECT CASE
                 WHEN EXISTS (SELECT FROM pg_catalog.pg_class c
                              WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())
                     THEN 'temporary'
                 WHEN pg_catalog.current_setting('client_encoding') OPERATOR(pg_catalog.<>) 'UTF8'
                      OR pg_catalog.current_setting('standard_conforming_strings') OPERATOR(pg_catalog.<>) @strings@
                     THEN 'text'
             END AS what) u;
