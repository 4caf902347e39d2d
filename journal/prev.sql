(SELECT h.hash FROM @journal@.history h WHERE h.seq OPERATOR(pg_catalog.=) @last@ AND h.hash OPERATOR(pg_catalog.=) @prev@)
