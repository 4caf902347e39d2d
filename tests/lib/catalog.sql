-- Everything of a database's schema but the journal's, as sorted text, for servers that the installed pg_dump refuses.
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET search_path = pg_catalog;
WITH space AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname NOT IN ('pgalter', 'pg_catalog', 'information_schema', 'pg_toast') AND nspname !~ '^pg_temp|^pg_toast_temp'
)
SELECT line FROM (
    SELECT 'schema ' || nspname AS line FROM space
    UNION ALL
    SELECT format('relation %I.%I %s rls=%s acl=%s options=%s', s.nspname, c.relname, c.relkind, c.relrowsecurity, c.relacl, c.reloptions)
    FROM pg_class c JOIN space s ON s.oid = c.relnamespace WHERE c.relkind <> 't'
    UNION ALL
    SELECT format('column %I.%I.%I %s notnull=%s default=%s acl=%s', s.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                  pg_get_expr(d.adbin, d.adrelid), a.attacl)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN space s ON s.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'p', 'c')
    UNION ALL
    SELECT format('constraint %s %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN space s ON s.oid = c.connamespace WHERE c.contype <> 'n'
    UNION ALL
    SELECT format('index %s valid=%s', pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN space s ON s.oid = c.relnamespace
    UNION ALL
    SELECT format('function %s %s acl=%s', p.oid::regprocedure, CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END, p.proacl)
    FROM pg_proc p JOIN space s ON s.oid = p.pronamespace
    UNION ALL
    SELECT format('trigger %s %s', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN space s ON s.oid = c.relnamespace WHERE NOT t.tgisinternal
    UNION ALL
    SELECT format('policy %I %s %s %s %s %s', p.polname, p.polrelid::regclass, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
                  pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN space s ON s.oid = c.relnamespace
    UNION ALL
    SELECT format('enum %s %s', t.oid::regtype, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder))
    FROM pg_type t JOIN space s ON s.oid = t.typnamespace JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY t.oid
    UNION ALL
    SELECT format('extension %s', extname) FROM pg_extension
) lines
ORDER BY line COLLATE "C";
