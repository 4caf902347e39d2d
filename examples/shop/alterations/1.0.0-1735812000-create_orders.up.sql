CREATE TABLE orders (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint      NOT NULL REFERENCES customers,
    total_cents integer     NOT NULL CHECK (total_cents >= 0),
    placed_at   timestamptz NOT NULL DEFAULT now()
);

INSERT INTO orders (customer_id, total_cents)
SELECT c.id, 1000 * n
FROM customers c, generate_series(1, 3) n;
