-- How many scripts the journal stores, how many are not what their digest says, and the first of those.
SELECT pg_catalog.count(*),
       pg_catalog.count(*) FILTER (WHERE x.is_damaged),
       pg_catalog.min(x.digest) FILTER (WHERE x.is_damaged)
FROM (SELECT pg_catalog.encode(s.digest, 'hex') AS digest,
             pg_catalog.sha256(pg_catalog.convert_to(s.text, 'UTF8')) OPERATOR(pg_catalog.<>) s.digest AS is_damaged
      FROM @journal@.scripts s) x;
