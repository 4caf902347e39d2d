SET CONSTRAINTS ALL IMMEDIATE; @user@ SET LOCAL synchronous_commit = @synchronous_commit@;
-- The script's timeouts were for the script.
SET LOCAL lock_timeout = 2000; SET LOCAL statement_timeout = 0;
