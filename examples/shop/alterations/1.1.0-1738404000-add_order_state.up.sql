-- A constant default needs no rewrite of the table, and the check is on a new column, so that this takes no time on a
-- large table either; should another session hold the table, the step is tried again rather than waited for.
-- pgalter:lock_timeout 500ms
CREATE TYPE order_state AS ENUM ('placed', 'paid', 'sent', 'returned');

ALTER TABLE orders ADD COLUMN state order_state NOT NULL DEFAULT 'placed';
