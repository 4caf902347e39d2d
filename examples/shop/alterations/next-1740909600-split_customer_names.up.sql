-- The last word is the family name; who has only one name has no family name.
-- pgalter:needs 1740823200-add_customer_names
UPDATE customers
SET given_name  = regexp_replace(name, '\s+\S+$', ''),
    family_name = substring(name FROM '\s(\S+)$');
