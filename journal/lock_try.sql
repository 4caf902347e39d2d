SELECT pg_catalog.pg_try_advisory_lock(@key@::pg_catalog.int8);
