SELECT 'a' -- b
 'c' /* /* d */ e */ + - 1.5e10 @--f
;