/*
-- pgalter:allow drop-column x */ -- y
SELECT 1;
