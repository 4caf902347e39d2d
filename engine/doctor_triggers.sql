-- Event triggers that run when an alteration changes the schema; those that came with an extension are not counted.
SELECT e.evtname AS trigger_name,
       e.evtevent AS event,
       pg_catalog.format('%I.%I', n.nspname, p.proname) AS function_name,
       pg_catalog.format('ALTER EVENT TRIGGER %I DISABLE', e.evtname) AS statement,
       pg_catalog.pg_get_userbyid(e.evtowner) AS owner
FROM pg_catalog.pg_event_trigger e
JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) e.evtfoid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
WHERE e.evtenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog."char"
  AND e.evtevent OPERATOR(pg_catalog.<>) 'login'::pg_catalog.name
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_event_trigger'::pg_catalog.regclass
                    AND d.objid OPERATOR(pg_catalog.=) e.oid
                    AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")
ORDER BY e.evtname
LIMIT 20;
