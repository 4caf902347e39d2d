-- Fails with 22012 unless the history still ends where the plan was made.  A statement of its own, behind the INSERT: that
-- may have waited for the run that was faster, and sees the state from before its wait.
SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*)
FROM @journal@.history h
WHERE h.seq OPERATOR(pg_catalog.=) @seq@
  AND h.hash OPERATOR(pg_catalog.=) @hash@
  AND NOT EXISTS (SELECT FROM @journal@.history n WHERE n.seq OPERATOR(pg_catalog.>) @seq@);
