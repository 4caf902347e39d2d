-- Fails with 22012 where the role's own tables would go into the journal's schema: by default "$user" stands first on
-- its search_path, and so does the journal's schema when it is named like the role.
SELECT 1 OPERATOR(pg_catalog./) CASE WHEN pg_catalog.current_schema() OPERATOR(pg_catalog.=) @schema@::pg_catalog.name THEN 0 ELSE 1 END;
