-- Whether nobody holds the runner lock.  Looking takes nothing from anybody.
SELECT NOT EXISTS (SELECT
                   FROM pg_catalog.pg_locks l
                   WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
                     AND l.classid OPERATOR(pg_catalog.=) @high@::pg_catalog.oid
                     AND l.objid OPERATOR(pg_catalog.=) @low@::pg_catalog.oid
                     AND l.objsubid OPERATOR(pg_catalog.=) 1::pg_catalog.int2
                     AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                                            WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
                     AND l.granted);
