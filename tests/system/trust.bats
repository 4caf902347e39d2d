#!/usr/bin/env bats
# Whom the journal is believed: planted schemas, shadowed functions, readers, tampering.  The commands run as the
# superuser, for whom the bait writes a file, even in a transaction that only reads.

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

setup_file() {
    cluster_start
    query postgres "CREATE ROLE attacker LOGIN; CREATE ROLE reader LOGIN; CREATE ROLE other; CREATE ROLE deployer LOGIN NOINHERIT"
}

teardown_file() { cluster_stop; }

setup() {
    db=trust_$BATS_TEST_NUMBER
    database_create "$db"
    export PGALTER_DIR=$BATS_TEST_TMPDIR/alterations
    canary=$CLUSTER_DIR/canary
    as_cluster_user rm -f "$canary"
    pair 1.0.0-10-first "CREATE TABLE public.first (n int);" "DROP TABLE public.first;"
    query "$db" "GRANT CREATE ON DATABASE $db TO attacker; GRANT CREATE ON SCHEMA public TO attacker;
        CREATE SCHEMA evil AUTHORIZATION attacker"
    # The name of what ran goes into a file, which a transaction that only reads allows as well.
    as attacker "CREATE FUNCTION evil.ran(what pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql AS \$f\$ BEGIN
            IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) current_user AND r.rolsuper) THEN
                EXECUTE pg_catalog.format('COPY (SELECT %L) TO PROGRAM %L', what, 'cat >> $canary');
            END IF;
            RETURN true;
        END \$f\$;
        CREATE FUNCTION evil.trap() RETURNS pg_catalog.trigger LANGUAGE plpgsql AS 'BEGIN PERFORM evil.ran(''trigger''); RETURN NEW; END';
        CREATE FUNCTION evil.word() RETURNS pg_catalog.text LANGUAGE plpgsql AS 'BEGIN PERFORM evil.ran(''value''); RETURN ''x''; END'"
}

teardown() { cluster_log_on_failure; }

# as ROLE SQL: run SQL as that role.
as() { PGUSER=$1 query "$db" "$2"; }

# nothing_ran: whether no foreign code has run.
nothing_ran() {
    [ -e "$canary" ] || return 0
    echo "foreign code ran:"
    sort "$canary" | uniq -c
    return 1
}

# bait SQL: check that the superuser who runs this takes the bait, and take the traces away.
bait() {
    query "$db" "$1" >/dev/null 2>&1 || true
    [ -e "$canary" ] || { echo "no bait: $1"; return 1; }
    as_cluster_user rm -f "$canary"
}

commands=("deploy" "status" "list" "history" "plan" "rollback zero --yes" "show 10-first" "accept 10-first --because x"
    "mark --up-to latest --because x" "forget 10-first --because x")

# refused WORDS [OPTIONS]: every command ends with 66, says so, runs nothing and changes nothing.
refused() {
    local words=$1 command
    shift
    # doctor looks at more, and says the same.
    expect 20 pgalter doctor "$@"
    contains "$out" "the schema \"pgalter\" can't be trusted as a journal"
    contains "$out" "$words"
    nothing_ran
    for command in "${commands[@]}"; do
        # shellcheck disable=SC2086
        expect 66 pgalter $command "$@"
        contains "$errors" "the schema \"pgalter\" can't be trusted as a journal"
        contains "$errors" "$words"
        nothing_ran
    done
    same "$(query "$db" "SELECT to_regclass('public.first') IS NULL")" "${absent-t}"
}

# planted: a journal that the attacker made with a pgalter of his own.
planted() {
    PGUSER=attacker expect 0 pgalter deploy
    absent=f
}

@test "a journal that another role made is not read" {
    planted
    refused '"pgalter" is a schema owned by "attacker"'
    contains "$errors" '"history" is owned by "attacker"'
    contains "$errors" "--owner ROLE"
    expect 0 pgalter status --owner attacker
    contains "$out" "1 alteration"
}

@test "an empty schema that another role made is not used" {
    as attacker "CREATE SCHEMA pgalter"
    refused '"pgalter" is a schema owned by "attacker"'
    same "$(query "$db" "SELECT count(*) FROM pg_class WHERE relnamespace = 'pgalter'::regnamespace")" 0
}

@test "an empty schema that an administrator made is used" {
    query "$db" "CREATE SCHEMA pgalter AUTHORIZATION attacker"
    PGUSER=attacker expect 0 pgalter deploy
    PGUSER=attacker expect 0 pgalter status
}

@test "a schema that appears while the journal is being made is not used" {
    as attacker "BEGIN; CREATE SCHEMA pgalter; SELECT pg_sleep(1.5); COMMIT" >/dev/null 3>&- &
    for ((i = 0; i < 100; i++)); do
        [ "$(query "$db" "SELECT count(*) FROM pg_stat_activity WHERE usename = 'attacker' AND wait_event = 'PgSleep'")" = 0 ] || break
        sleep 0.05
    done
    expect 66 pgalter deploy
    contains "$errors" '"pgalter" is a schema owned by "attacker"'
    wait
    nothing_ran
    same "$(query "$db" "SELECT count(*) FROM pg_class WHERE relnamespace = 'pgalter'::regnamespace")" 0
}

@test "a view in place of a table is not evaluated" {
    planted
    as attacker "ALTER TABLE pgalter.history RENAME TO h;
        CREATE VIEW pgalter.history AS SELECT * FROM pgalter.h WHERE evil.ran('view')"
    bait "SELECT * FROM pgalter.history"
    refused '"history" is not an ordinary table'
    refused '"history" is not an ordinary table' --owner attacker
}

@test "triggers do not fire" {
    planted
    as attacker "CREATE TRIGGER t BEFORE INSERT ON pgalter.history FOR EACH ROW EXECUTE FUNCTION evil.trap()"
    bait "BEGIN; INSERT INTO pgalter.history SELECT seq + 9, prev, hash, event, id, version, phase, directives, up, down,
        before_up, before_down, state, run, who, engine, because, at FROM pgalter.history WHERE seq = 0; ROLLBACK"
    refused '"history" has the trigger "t"'
    refused '"history" has the trigger "t"' --owner attacker
    as attacker "DROP TRIGGER t ON pgalter.history;
        CREATE CONSTRAINT TRIGGER c AFTER DELETE ON pgalter.journal DEFERRABLE FOR EACH ROW EXECUTE FUNCTION evil.trap()"
    refused '"journal" has the trigger "c"' --owner attacker
}

@test "a trigger of a role that was granted the right to make one" {
    expect 0 pgalter deploy
    absent=f
    query "$db" "GRANT USAGE ON SCHEMA pgalter TO attacker; GRANT TRIGGER ON pgalter.attempts TO attacker"
    as attacker "CREATE TRIGGER t BEFORE INSERT ON pgalter.attempts FOR EACH STATEMENT EXECUTE FUNCTION evil.trap()"
    refused '"attempts" has the trigger "t"'
}

@test "rules, policies, defaults, generated columns, checks" {
    planted
    as attacker "CREATE RULE r AS ON INSERT TO pgalter.history DO ALSO SELECT evil.ran('rule')"
    refused '"history" has the rule "r"' --owner attacker
    as attacker "DROP RULE r ON pgalter.history; ALTER TABLE pgalter.journal ENABLE ROW LEVEL SECURITY;
        CREATE POLICY p ON pgalter.journal USING (evil.ran('policy'))"
    refused '"journal" has row-level security' --owner attacker
    as attacker "ALTER TABLE pgalter.journal DISABLE ROW LEVEL SECURITY"
    refused '"journal" has row-level security' --owner attacker
    as attacker "ALTER TABLE pgalter.journal ENABLE ROW LEVEL SECURITY; DROP POLICY p ON pgalter.journal"
    refused '"journal" has row-level security' --owner attacker
    as attacker "ALTER TABLE pgalter.journal DISABLE ROW LEVEL SECURITY;
        ALTER TABLE pgalter.history ADD COLUMN extra text DEFAULT evil.word()"
    refused '"history" has a default or generated value in column "extra"' --owner attacker
    as attacker "ALTER TABLE pgalter.history DROP COLUMN extra;
        ALTER TABLE pgalter.attempts ADD CONSTRAINT c CHECK (n > 0 OR evil.ran('check'))"
    refused '"attempts" has the check constraint "c"' --owner attacker
}

@test "types, indexes and foreign keys that bring code of their own" {
    planted
    as attacker "CREATE DOMAIN evil.word AS text CHECK (evil.ran('domain'));
        ALTER TABLE pgalter.history ALTER COLUMN because TYPE evil.word"
    bait "BEGIN; UPDATE pgalter.history SET because = 'x'; ROLLBACK"
    refused '"history" has the column "because" of a foreign type' --owner attacker
    as attacker "ALTER TABLE pgalter.history ALTER COLUMN because TYPE text;
        CREATE FUNCTION evil.constant(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
            'BEGIN PERFORM evil.ran(''index''); RETURN ''x''; END';
        CREATE INDEX code ON pgalter.journal (evil.constant(slug))"
    bait "BEGIN; UPDATE pgalter.journal SET slug = 'y'; ROLLBACK"
    refused '"journal" has the index "pgalter.code" with code of its own' --owner attacker
    as attacker "DROP INDEX pgalter.code; CREATE INDEX code ON pgalter.journal (id) WHERE evil.constant(slug) = 'x'"
    bait "BEGIN; UPDATE pgalter.journal SET slug = 'y'; ROLLBACK"
    refused '"journal" has the index "pgalter.code" with code of its own' --owner attacker
    # An index that holds no code is fine.
    as attacker "DROP INDEX pgalter.code; CREATE INDEX plain ON pgalter.journal (applied_at)"
    expect 0 pgalter status --owner attacker
    as attacker "CREATE TABLE evil.ours (seq int8 REFERENCES pgalter.history ON DELETE CASCADE)"
    refused '"history" has the foreign key "ours_seq_fkey" from or to another table' --owner attacker
}

@test "tables of another owner, child tables, missing tables" {
    expect 0 pgalter deploy
    absent=f
    query "$db" "ALTER TABLE pgalter.scripts OWNER TO other"
    refused '"scripts" is owned by "other"'
    query "$db" "ALTER TABLE pgalter.scripts OWNER TO postgres; CREATE TABLE evil.child () INHERITS (pgalter.journal)"
    refused '"journal" has the child table "evil.child"'
    query "$db" "DROP TABLE evil.child; ALTER TABLE pgalter.attempts RENAME TO gone"
    refused '"attempts" is missing'
    query "$db" "ALTER TABLE pgalter.gone RENAME TO attempts"
    expect 0 pgalter status
}

@test "a schema of that name with somebody's own tables" {
    query "$db" "CREATE SCHEMA pgalter CREATE TABLE customers ()"
    refused '"history" is missing'
}

# ---- readers ----

# hinted ROLE: do as the owner what the hint says, for that role.
hinted() {
    local sql
    sql=$(sed -n 's/.*Let its owner run: //p' <<<"$errors")
    [ -n "$sql" ] || { echo "no hint in: $errors"; return 1; }
    contains "$sql" "TO $1;"
    query "$db" "$sql"
}

@test "a reader names the owner, and needs all tables but the scripts" {
    expect 0 pgalter deploy
    PGUSER=reader expect 66 pgalter status
    contains "$errors" "--owner ROLE"
    PGUSER=reader expect 77 pgalter status --owner postgres
    contains "$errors" "GRANT USAGE ON SCHEMA"
    hinted reader
    same "$(query "$db" "SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM information_schema.table_privileges
        WHERE grantee = 'reader' AND privilege_type = 'SELECT'")" "attempts history journal unfinished"
    local command
    for command in status list history plan; do
        PGUSER=reader expect 0 pgalter "$command" --owner postgres
    done
    PGUSER=reader PGALTER_OWNER=postgres expect 0 pgalter status
    contains "$out" "1 alteration"
}

@test "what a reader must not do ends with 77 and changes nothing" {
    expect 0 pgalter deploy
    PGUSER=reader expect 77 pgalter status --owner postgres
    hinted reader
    pair 1.0.0-20-second "CREATE TABLE public.second ();" "DROP TABLE public.second;"
    local command before
    before=$(query "$db" "SELECT max(seq) FROM pgalter.history")
    for command in deploy "rollback zero --yes" "show 10-first" "mark --up-to latest --because x" "forget 10-first --because x"; do
        # shellcheck disable=SC2086
        PGUSER=reader expect 77 pgalter $command --owner postgres
        contains "$errors" "permission denied"
    done
    same "$(query "$db" "SELECT max(seq) FROM pgalter.history")" "$before"
    expect 0 pgalter deploy
}

@test "a reader without a journal, and a deployer without the right to make one" {
    query "$db" "REVOKE CREATE ON DATABASE $db FROM PUBLIC"
    PGUSER=reader expect 0 pgalter status --owner postgres
    contains "$out" "none yet"
    PGUSER=reader expect 77 pgalter deploy
    contains "$errors" "GRANT CREATE ON DATABASE"
    hint=$(sed -n 's/.*make an empty schema for it: //p' <<<"$errors")
    query "$db" "$hint GRANT CREATE ON SCHEMA public TO reader"
    PGUSER=reader expect 0 pgalter deploy
    PGUSER=reader expect 0 pgalter rollback zero --yes
}

@test "the role that is acted as owns the journal, whatever role a script takes" {
    query "$db" "GRANT other TO deployer; GRANT CREATE ON DATABASE $db TO other; GRANT CREATE ON SCHEMA public TO other"
    pair 1.0.0-20-role "CREATE TABLE public.second (); SET ROLE deployer;" "SET ROLE other; DROP TABLE public.second; SET ROLE deployer;"
    pair 1.0.0-30-next "CREATE TABLE public.third ();" "DROP TABLE public.third;"
    PGUSER=deployer expect 0 pgalter deploy --role other
    same "$(query "$db" "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('pgalter', 'public')")" other
    PGUSER=deployer expect 0 pgalter status --role other
    PGUSER=deployer expect 66 pgalter status
    expect 66 pgalter status
    PGUSER=deployer expect 0 pgalter rollback zero --yes --role other
}

# ---- shadowed functions, operators, types and tables ----

# all_commands: a life of a journal, with a failure.
all_commands() {
    expect 0 pgalter deploy
    expect 0 pgalter deploy
    pair 1.0.0-20-fails "SELEC;" "SELECT;"
    expect 65 pgalter deploy
    rm "$PGALTER_DIR"/1.0.0-20-*
    pair 1.0.0-30-outside "-- pgalter:transaction none
CREATE TABLE public.third ();
DROP TABLE public.third;" ""
    expect 0 pgalter deploy
    pair 1.0.0-40-marked "SELECT;" "SELECT;"
    expect 0 pgalter mark 40-marked --because x
    script 1.0.0-40-marked.down.sql "SELECT 1;"
    expect 0 pgalter accept 40-marked --because x
    expect 0 pgalter forget 40-marked --because x
    rm "$PGALTER_DIR"/1.0.0-40-*
    local command
    for command in doctor status list history plan "plan rollback zero" "show 10-first" "rollback zero --yes" status; do
        # shellcheck disable=SC2086
        expect 0 pgalter $command
    done
}

@test "what stands in public and fits better than the built-in is not called" {
    query "$db" "SET ROLE attacker;
        CREATE FUNCTION public.pg_try_advisory_lock(int) RETURNS bool LANGUAGE sql AS 'SELECT evil.ran(''lock'')';
        CREATE FUNCTION public.pg_try_advisory_lock(numeric) RETURNS bool LANGUAGE sql AS 'SELECT evil.ran(''lock'')';
        CREATE FUNCTION public.pg_advisory_unlock(int) RETURNS bool LANGUAGE sql AS 'SELECT evil.ran(''unlock'')';
        CREATE FUNCTION public.encode(bytea, varchar) RETURNS text LANGUAGE sql AS 'SELECT evil.ran(''encode'')::text';
        CREATE FUNCTION public.to_char(timestamp, varchar) RETURNS text LANGUAGE sql AS 'SELECT evil.ran(''to_char'')::text';
        CREATE FUNCTION public.format(varchar, name) RETURNS text LANGUAGE sql AS 'SELECT evil.ran(''format'')::text';
        CREATE FUNCTION public.host(cidr) RETURNS text LANGUAGE sql AS 'SELECT evil.ran(''host'')::text';
        CREATE FUNCTION public.clock_timestamp(VARIADIC int[] DEFAULT '{}') RETURNS timestamptz LANGUAGE sql AS
            'SELECT evil.ran(''clock'')::text::timestamptz';
        DO \$do\$
        DECLARE l text; r text; o text;
        BEGIN
            FOREACH l IN ARRAY '{varchar,bpchar,name,text}'::text[] LOOP
                FOREACH r IN ARRAY '{varchar,bpchar,name,text}'::text[] LOOP
                    FOREACH o IN ARRAY '{=,<>,||,~}'::text[] LOOP
                        BEGIN
                            EXECUTE format('CREATE FUNCTION public.op(%s, %s) RETURNS bool LANGUAGE sql AS %L', l, r, 'SELECT evil.ran(''operator'')');
                        EXCEPTION WHEN duplicate_function THEN
                        END;
                        EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.op)', o, l, r);
                    END LOOP;
                END LOOP;
            END LOOP;
        END \$do\$" >/dev/null
    bait "SELECT pg_try_advisory_lock(1)"
    bait "SELECT 'a'::varchar = 'a'::varchar"
    all_commands
    nothing_ran
}

@test "what stands before pg_catalog in the role's search_path is not called" {
    # Every function, operator, table and a dozen types of pg_catalog, as far as one can make them again.
    query "$db" "SET ROLE attacker; SET check_function_bodies = off;
        DO \$do\$
        DECLARE f record; made int := 0;
        BEGIN
            FOR f IN SELECT p.oid, proname, pg_get_function_identity_arguments(p.oid) AS arguments, prorettype::regtype AS result, proretset
                FROM pg_proc p WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'
            LOOP
                BEGIN
                    EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.proname, f.arguments,
                        CASE WHEN f.proretset THEN 'SETOF ' ELSE '' END || f.result, 'BEGIN PERFORM evil.ran(''' || f.proname || '''); END');
                    made := made + 1;
                EXCEPTION WHEN OTHERS THEN
                END;
            END LOOP;
            FOR f IN SELECT o.oid, oprname, oprleft, oprleft::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result
                FROM pg_operator o WHERE oprnamespace = 'pg_catalog'::regnamespace
            LOOP
                BEGIN
                    EXECUTE format('CREATE FUNCTION evil.op_%s(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.oid,
                        CASE WHEN f.oprleft = 0 THEN '' ELSE f.l || ', ' END || f.r, f.result, 'BEGIN PERFORM evil.ran(''operator ' || f.oprname || '''); END');
                    EXECUTE format('CREATE OPERATOR evil.%s (%s RIGHTARG = %s, FUNCTION = evil.op_%s)', f.oprname,
                        CASE WHEN f.oprleft = 0 THEN '' ELSE 'LEFTARG = ' || f.l || ', ' END, f.r, f.oid);
                    made := made + 1;
                EXCEPTION WHEN OTHERS THEN
                END;
            END LOOP;
            FOR f IN SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')
            LOOP
                BEGIN
                    EXECUTE format('CREATE VIEW evil.%I AS SELECT * FROM pg_catalog.%I WHERE evil.ran(%L)', f.relname, f.relname, 'table ' || f.relname);
                    made := made + 1;
                EXCEPTION WHEN OTHERS THEN
                END;
            END LOOP;
            FOR f IN SELECT unnest('{text,name,int8,int4,int2,bool,oid,bytea,timestamptz,interval,numeric,regclass}'::text[]) AS typname LOOP
                EXECUTE format('CREATE DOMAIN evil.%I AS pg_catalog.%I CHECK (evil.ran(%L))', f.typname, f.typname, 'type ' || f.typname);
            END LOOP;
            IF made < 3000 THEN RAISE 'only % made', made; END IF;
        END \$do\$" >/dev/null
    query "$db" "ALTER ROLE postgres IN DATABASE $db SET search_path = evil, pg_catalog" >/dev/null
    bait "SELECT now()"
    bait "SELECT 1 + 1"
    bait "SELECT relname FROM pg_class LIMIT 1"
    bait "SELECT 'x'::text"
    all_commands
    nothing_ran
}

# ---- tampering ----

# tampered WORDS SQL: after that SQL every command that trusts the journal ends with 66, says so, and changes nothing.
tampered() {
    local command
    query "$db" "$2" >/dev/null
    for command in status "rollback zero --yes" history list; do
        # shellcheck disable=SC2086
        expect 66 pgalter $command
        contains "$errors" "$1"
    done
    same "$(query "$db" "SELECT to_regclass('public.first') IS NULL")" f
}

@test "a stored script that was changed does not run" {
    expect 0 pgalter deploy
    query "$db" "UPDATE pgalter.scripts SET text = 'CREATE TABLE public.taken ();' WHERE text LIKE 'DROP%'"
    expect 66 pgalter rollback zero --yes
    contains "$errors" "is not what its digest says"
    same "$(query "$db" "SELECT to_regclass('public.first') IS NULL OR to_regclass('public.taken') IS NOT NULL")" f
}

@test "a stored script that was changed together with its digest does not run" {
    expect 0 pgalter deploy
    tampered "tampered" "INSERT INTO pgalter.scripts SELECT sha256('DROP TABLE public.other;'), 'DROP TABLE public.other;';
        UPDATE pgalter.journal SET down = sha256('DROP TABLE public.other;')"
}

@test "rows of the history that were changed, removed or added are noticed" {
    pair 1.0.0-20-second "CREATE TABLE public.second ();" "DROP TABLE public.second;"
    expect 0 pgalter deploy
    query "$db" "CREATE TABLE public.kept AS TABLE pgalter.history"
    tampered "tampered" "UPDATE pgalter.history SET who = 'nobody@nowhere' WHERE seq = 1"
    query "$db" "UPDATE pgalter.history h SET who = k.who FROM public.kept k WHERE k.seq = h.seq"
    expect 0 pgalter status
    tampered "tampered" "UPDATE pgalter.history SET version = '9.9.9' WHERE seq = 2"
    query "$db" "UPDATE pgalter.history h SET version = k.version FROM public.kept k WHERE k.seq = h.seq"
    tampered "tampered" "ALTER TABLE pgalter.journal DROP CONSTRAINT journal_seq_fkey; DELETE FROM pgalter.history WHERE seq = 1"
    query "$db" "INSERT INTO pgalter.history SELECT * FROM public.kept WHERE seq = 1"
    expect 0 pgalter status
    tampered "tampered" "DELETE FROM pgalter.history WHERE seq = 2"
    query "$db" "INSERT INTO pgalter.history SELECT * FROM public.kept WHERE seq = 2"
    tampered "tampered" "INSERT INTO pgalter.history SELECT 3, hash, hash, event, id, version, phase, directives, up, down, before_up,
        before_down, state, run, who, engine, because, at FROM public.kept WHERE seq = 2"
    query "$db" "DELETE FROM pgalter.history WHERE seq = 3"
    tampered "tampered" "DELETE FROM pgalter.journal WHERE id = '20-second'"
}

# Done by a script of somebody who owns the journal; each would be found only by the next command.
reaching=("TRUNCATE pgalter.journal;" "DELETE FROM pgalter.journal;" "UPDATE pgalter.journal SET slug = 'x';"
    "TRUNCATE pgalter.history CASCADE;" "DROP TABLE pgalter.unfinished;"
    "DELETE FROM pgalter.history WHERE seq = 0;" "UPDATE pgalter.history SET who = who;"
    "CREATE ROLE reached; REASSIGN OWNED BY owner_of_all TO reached;"
    "DO \$\$ DECLARE t text; BEGIN FOR t IN SELECT schemaname || '.' || tablename FROM pg_tables WHERE tableowner = current_user
        LOOP EXECUTE 'ALTER TABLE ' || t || ' ENABLE ROW LEVEL SECURITY'; END LOOP; END \$\$;")

@test "a script that reaches the journal's tables is rolled back" {
    local text
    query postgres "CREATE ROLE owner_of_all LOGIN CREATEROLE; GRANT CREATE ON DATABASE \"$db\" TO owner_of_all"
    query "$db" "GRANT CREATE, USAGE ON SCHEMA public TO owner_of_all"
    export PGUSER=owner_of_all
    table 1.0.0-100-a a
    expect 0 pgalter deploy
    for text in "${reaching[@]}"; do
        # REASSIGN OWNED needs membership in both roles.
        text=${text/"CREATE ROLE reached;"/"CREATE ROLE reached; GRANT reached TO owner_of_all;"}
        pair 1.1.0-200-reach "CREATE TABLE reach (n int);
$text" "DROP TABLE reach;"
        echo "$text"
        expect 65 pgalter deploy
        contains "$errors" "1.1.0-200-reach.up.sql:2:"
        contains "$errors" "the script writes to the journal's tables"
        expect 0 pgalter status
        contains "$out" "pending    1 alteration"
    done
    pair 1.1.0-200-reach "DO \$\$ BEGIN CREATE TABLE reach (n int); END \$\$; SELECT count(*) FROM pgalter.journal;" "DROP TABLE reach;"
    expect 0 pgalter deploy
    expect 0 pgalter rollback zero --yes
}
