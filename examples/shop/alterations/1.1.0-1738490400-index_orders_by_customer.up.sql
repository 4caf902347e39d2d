-- Built without stopping writes, which PostgreSQL allows only outside a transaction.
-- pgalter:transaction none
CREATE INDEX CONCURRENTLY orders_customer_id_placed_at_idx ON orders (customer_id, placed_at);
