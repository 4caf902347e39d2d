-- Fails with 22012 unless the database keeps the text as it is: some encodings have characters that come back as others.
SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*)
FROM @journal@.scripts s
WHERE s.digest OPERATOR(pg_catalog.=) @digest@
  AND pg_catalog.sha256(pg_catalog.convert_to(s.text, 'UTF8')) OPERATOR(pg_catalog.=) s.digest;
