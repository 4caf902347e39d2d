-- The process that really serves this session; behind a pooler not the one that was given at start-up.
-- Oldest server: 13.
SELECT pg_catalog.pg_backend_pid()
