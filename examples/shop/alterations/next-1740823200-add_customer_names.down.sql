-- pgalter:lock_timeout 500ms
ALTER TABLE customers
    DROP COLUMN given_name,
    DROP COLUMN family_name;
