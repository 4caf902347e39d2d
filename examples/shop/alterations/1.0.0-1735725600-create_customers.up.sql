CREATE TABLE customers (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email      text        NOT NULL UNIQUE,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN customers.name IS 'As the customer writes it, given and family name together';

INSERT INTO customers (email, name)
VALUES ('ada@example.com', 'Ada Lovelace'),
       ('grace@example.com', 'Grace Brewster Hopper'),
       ('plato@example.com', 'Plato');
