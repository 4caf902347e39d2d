-- How long applying each alteration took, in ms: the time to the next row of the same run.  A transaction writes its row
-- when it begins, a script outside one when it has ended, so both rows must be of transactions.  PostgreSQL 13 and later.
SELECT t.id, pg_catalog.min(t.took_ms)
FROM (
    SELECT h.event,
           h.id,
           h.run,
           h.is_apart,
           pg_catalog.lead(h.event) OVER (ORDER BY h.seq) AS next_event,
           pg_catalog.lead(h.run) OVER (ORDER BY h.seq) AS next_run,
           pg_catalog.lead(h.is_apart) OVER (ORDER BY h.seq) AS next_is_apart,
           pg_catalog.floor(EXTRACT(EPOCH FROM pg_catalog.lead(h.at) OVER (ORDER BY h.seq) OPERATOR(pg_catalog.-) h.at)
               ::pg_catalog.numeric OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8 AS took_ms
    FROM (
        SELECT r.seq,
               r.event,
               r.id,
               r.run,
               r.at,
               r.before_up IS NOT NULL
                   OR pg_catalog.strpos(COALESCE(r.directives, ''), 'transaction') OPERATOR(pg_catalog.>) 0 AS is_apart
        FROM @journal@.history r
    ) h
) t
WHERE t.event OPERATOR(pg_catalog.=) 'applied'
  AND t.next_event OPERATOR(pg_catalog.=) 'applied'
  AND t.next_run OPERATOR(pg_catalog.=) t.run
  AND NOT t.is_apart
  AND NOT t.next_is_apart
GROUP BY t.id;
