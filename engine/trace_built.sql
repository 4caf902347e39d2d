-- The indexes of a table, and whether each can be the one that a statement was to build: by its name, or else by how
-- the server names such indexes, and then it is certain only by its columns.
SELECT i.indexrelid AS trace_built,
       pg_catalog.format('%I.%I', n.nspname, c.relname),
       i.indisvalid,
       i.indisunique OPERATOR(pg_catalog.=) @unique@,
       CASE WHEN @index@::pg_catalog.text IS NOT NULL
            THEN c.relname OPERATOR(pg_catalog.=) (pg_catalog.parse_ident(@index@))[1]::pg_catalog.name
            ELSE c.relname OPERATOR(pg_catalog.~) '_idx[0-9]*$' END,
       @index@::pg_catalog.text IS NOT NULL
       OR i.indpred IS NULL
          AND ARRAY(SELECT a.attname
                    FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
                    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
                                                  AND a.attnum OPERATOR(pg_catalog.=) k.attnum
                    WHERE k.place OPERATOR(pg_catalog.<=) i.indnkeyatts
                    ORDER BY k.place) OPERATOR(pg_catalog.=)
              pg_catalog.parse_ident(@columns@)::pg_catalog._name
          IS TRUE
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE i.indrelid OPERATOR(pg_catalog.=) @object@
ORDER BY i.indexrelid;
