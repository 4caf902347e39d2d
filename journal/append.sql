-- Compare-and-append.  23505: another run was faster; 23502 (prev is null): this is not the journal that was read.
INSERT INTO @journal@.history
    (seq, prev, hash, event, id, version, phase, directives, up, down, before_up, before_down,
     state, run, who, engine, because, at)
VALUES
    (@seq@, @prev@, @hash@, @event@, @id@, @version@, @phase@, @directives@, @up@, @down@, @before_up@, @before_down@,
     @state@, @run@, @who@, @engine@, @because@, pg_catalog.clock_timestamp());
