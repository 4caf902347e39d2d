SELECT pg_catalog.pg_sleep(@pause_ms@::pg_catalog.float8 OPERATOR(pg_catalog./) 1000);
