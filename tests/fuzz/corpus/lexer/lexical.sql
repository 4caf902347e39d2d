SET standard_conforming_strings = off;
SELECT '\';';
ROLLBACK TO a;
SELECT set_config('client_encoding', 'x', false);
