-- pgalter:lock_timeout 500ms
ALTER TABLE orders DROP COLUMN state;

DROP TYPE order_state;
