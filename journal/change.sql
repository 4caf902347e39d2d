-- The row of an alteration whose version or texts changed; its place in the order of application stays.  Fails with
-- 22012 when there is no such row.
WITH changed AS (
    UPDATE @journal@.journal AS j
    SET version = @version@,
        phase = @phase@,
        directives = @directives@,
        up = @up@,
        down = @down@,
        before_up = @before_up@,
        before_down = @before_down@
    WHERE j.id OPERATOR(pg_catalog.=) @id@
    RETURNING j.id
)
SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM changed;
