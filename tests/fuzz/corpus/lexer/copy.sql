COPY t (a, b) FROM STDIN WITH (FORMAT csv); -- rows
1,2
\.
SELECT 1;
