/* /* ; */ ; */ -- ;
SELECT ';', 'a'';', "b;""", U&'c;\0061' UESCAPE '!', U&"d;", E'e\';', N'f;', B'1', X'F', $$;$$, $g$;$$;$h$;$g$;
SELECT 'one;'
  -- ';
  'two;' /* ; */, $1, 1e-5, a$b$c;;
CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT (2););
CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
CREATE PROCEDURE p() LANGUAGE plpgsql AS $body$ BEGIN COMMIT; END; $body$;
COPY t (a, "b;") FROM STDIN (FORMAT csv); -- rows
';
\N
\.
COPY (SELECT ';') TO STDOUT;
SET standard_conforming_strings = off;
SELECT '\';', E'\';', U&'\';
RESET standard_conforming_strings;
SELECT '\';
SELECT 1, 'last' -- ;
