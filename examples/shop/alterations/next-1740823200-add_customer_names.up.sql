-- pgalter:lock_timeout 500ms
ALTER TABLE customers
    ADD COLUMN given_name text,
    ADD COLUMN family_name text;
