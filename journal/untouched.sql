-- Fails with 22P02 when the transaction changed the journal beyond the row that it appended: rows, tables, or who owns them.
-- Nobody else writes history or journal behind that row, so what is not older than this transaction is its own.
SELECT (CASE
    WHEN EXISTS (SELECT FROM (@findings@) f) THEN 'the shape of the journal was changed'
    WHEN EXISTS (SELECT FROM @journal@.history h
                 WHERE h.seq OPERATOR(pg_catalog.<>) @seq@ AND pg_catalog.age(h.xmin) OPERATOR(pg_catalog.<=) 0)
      OR EXISTS (SELECT FROM @journal@.journal j WHERE pg_catalog.age(j.xmin) OPERATOR(pg_catalog.<=) 0)
        THEN 'rows of the journal were written'
    WHEN (SELECT pg_catalog.count(*) FROM @journal@.history h) OPERATOR(pg_catalog.<>) (@seq@ OPERATOR(pg_catalog.+) 1)
      OR (SELECT pg_catalog.count(*) FROM @journal@.journal j) OPERATOR(pg_catalog.<>) @applied@
        THEN 'rows of the journal are gone'
    ELSE '0'
END)::pg_catalog.int4 AS untouched;
