-- The runner lock until the end of the transaction.  Fails with 22P02, in words that lock.c knows, where another has it.
SELECT CASE
           WHEN pg_catalog.pg_try_advisory_xact_lock(@key@::pg_catalog.int8) THEN 0
           ELSE pg_catalog.concat('pgalter: busy: ', pg_catalog.pg_backend_pid())::pg_catalog.int4
       END;
