# tests/lib/fault.bash: databases to harm, and what must be true of them afterwards.
#
#   setup_file() { cluster_start; fault_prepare 5; }          fifty alterations, databases trial_1 to trial_5, an undisturbed run
#   strike() { kill -9 "${pids[@]}"; }                        the fault; the other hooks are arm, reach, repair
#   fault_rounds kill 5 "0 137"                               25 rounds, five at a time, and the statuses that may come of them
#
# PGA_FAULT_ROUNDS is the number of rounds, PGA_FAULT_SEED makes them choose the same moments again, and each kind adds
# a line to the file PGA_FAULT_REPORT: kind, rounds, rounds that ended wrong, rounds in which the run was not disturbed.

# fault_clear DATABASE: make it as good as new, which takes a fraction of the time of making a new one.
fault_clear() {
    psql -Xq -v ON_ERROR_STOP=1 -d "$1" -c "SET client_min_messages = warning; SET lock_timeout = '60s';
        DROP SCHEMA IF EXISTS public, pgalter CASCADE; CREATE SCHEMA public; ALTER ROLE CURRENT_USER IN DATABASE $1 RESET ALL;"
}

# What must not stay when nobody works on the database any more: runner locks, and indexes that are not valid.
fault_remains="SELECT 'advisory locks: ' || count(*) FROM pg_locks
        WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    SELECT 'indexes that are not valid: ' || count(*) FROM pg_index WHERE NOT indisvalid;"

# fault_dump DATABASE: its schema without the journal's, as pg_dump says it.
fault_dump() { pg_dump -s -N pgalter -d "$1" | grep -v '^\\\(un\)\?restrict'; } # with a random key

# ---- fifty alterations ----

# Each makes an object o<number>, by which one sees whether it is there, and a row in `rows`, by which one sees how often it ran.
fault_alterations() {
    local n name
    for ((n = 1001; n <= 1050; n++)); do
        name=1.0.0-$n-alteration
        case $((n % 10)) in
            0) script $name.up.sql "-- pgalter:transaction none
INSERT INTO rows VALUES ($n);
CREATE INDEX CONCURRENTLY o$n ON rows (n);" ;;
            1) script $name.up.sql "CREATE FUNCTION o$n() RETURNS int LANGUAGE plpgsql AS \$\$
BEGIN RETURN $n; END \$\$;
INSERT INTO rows VALUES (o$n());" ;;
            2) script $name.up.sql "INSERT INTO rows VALUES ($n); SELECT pg_sleep(0.02); CREATE TABLE o$n (n int PRIMARY KEY);" ;;
            3) script $name.up.sql "CREATE TABLE o$n (n int, word text);
COPY o$n FROM STDIN;
$(seq -f "%g	word" 300)
\\.
INSERT INTO rows VALUES ($n);" ;;
            5)
                script $name.before-up.sql "INSERT INTO rows VALUES (-$n);"
                script $name.up.sql "CREATE TABLE o$n (n int); INSERT INTO rows VALUES ($n);" ;;
            6) script $name.up.sql "CREATE TABLE o$n AS SELECT generate_series(1, 200) AS n;
ALTER TABLE o$n ADD word text DEFAULT 'none'; UPDATE o$n SET word = 'some' WHERE n > 100;
SELECT pg_sleep(0.01); INSERT INTO rows VALUES ($n);" ;;
            *) script $name.up.sql "CREATE TABLE o$n (n int); INSERT INTO rows VALUES ($n);" ;;
        esac
    done
}

# The numbers of alterations that are neither done and recorded nor undone and unrecorded, and breaks of the hash chain.  What
# runs outside a transaction may be half done where it is claimed, but was never done twice.
fault_broken="WITH seen AS (SELECT n, n % 10 = 0 AS outside,
        EXISTS (SELECT FROM pgalter.journal WHERE id = n || '-alteration') AS recorded,
        EXISTS (SELECT FROM pgalter.unfinished WHERE id = n || '-alteration') AS claimed,
        EXISTS (SELECT FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
            WHERE c.relname = 'o' || n AND coalesce(i.indisvalid, true))
            OR EXISTS (SELECT FROM pg_proc WHERE proname = 'o' || n) AS made,
        (SELECT count(*) FROM rows WHERE rows.n = s.n) AS ran,
        (SELECT count(*) FROM rows WHERE rows.n = -s.n) AS ran_before
    FROM generate_series(1001, 1050) s (n))
    SELECT n FROM seen WHERE ran > 1 OR ran_before > 1 OR recorded AND (NOT made OR ran <> 1)
        OR NOT recorded AND NOT (claimed AND outside) AND (made OR ran > 0) OR NOT recorded AND NOT claimed AND ran_before > 0
        OR recorded AND n % 10 = 5 AND ran_before <> 1
    UNION ALL SELECT -seq FROM (SELECT seq, prev, lag(hash) OVER (ORDER BY seq) AS before, lag(seq) OVER (ORDER BY seq) AS last
        FROM pgalter.history) h WHERE seq > 0 AND (prev <> before OR last <> seq - 1) ORDER BY 1"

# fault_holds DATABASE: whether object and record agree, as of one moment, while an old session may still be at work.
fault_holds() {
    local found
    found=$(psql -XAtq -v ON_ERROR_STOP=1 -d "$1" <<END
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
    WHERE s.nspname = 'pgalter' AND c.relname = 'journal') AS has_journal \\gset
\\if :has_journal
$fault_broken;
\\else
SELECT relname FROM pg_class WHERE relname ~ '^o10' UNION ALL SELECT n::text FROM rows;
\\endif
COMMIT;
END
    ) || return
    same "$found" "" || { echo "object and record disagree"; return 1; }
}

# ---- rounds ----

# fault_fresh DATABASE: without alterations, but with the table that they count in.
fault_fresh() { fault_clear "$1" && query "$1" "CREATE TABLE rows (n int)" >/dev/null; }

# fault_end DATABASE: what is the same after every run that came to its end.
fault_end() {
    fault_dump "$1" && query "$1" "SELECT count(*), sum(n) FROM rows; SELECT count(*) FROM pgalter.journal;
        SELECT count(*) FROM pgalter.unfinished; $fault_remains"
}

# fault_prepare COUNT [OPTION]: the alterations, databases, what an undisturbed run leaves, and how long it takes.
fault_prepare() {
    local i began
    export PGALTER_DIR=$BATS_FILE_TMPDIR/alterations FAULT_DIR=$BATS_FILE_TMPDIR FAULT_SEED=${PGA_FAULT_SEED:-$RANDOM}
    fault_alterations
    for ((i = 1; i <= $1; i++)); do query postgres "CREATE DATABASE trial_$i ${2-}" >/dev/null || return; done
    fault_fresh trial_1 || return
    began=${EPOCHREALTIME/./}
    pgalter deploy --db "$(reach trial_1)" >/dev/null || return
    export FAULT_MS=$(((${EPOCHREALTIME/./} - began) / 1000))
    fault_end trial_1 >"$FAULT_DIR/wanted" && fault_holds trial_1
}

nap() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

# Hooks.  reach DATABASE: the conninfo by which the run that is harmed comes to it.  launch COMMAND ...: begin that run.  arm: before the runs.  strike: when $moment
# milliseconds have passed; $pids are the runs.  repair: when the runs have ended.  $round counts the rounds before this one.
reach() { echo "dbname=$1"; }
launch() { exec "$@"; }
arm() { :; }
strike() { :; }
repair() { :; }

# fault_examine DATABASE STATUS: what must be true after the fault, and after the next run.
fault_examine() {
    local next=0
    [[ " $fault_statuses " == *" $2 "* ]] || { echo "the run exited with $2"; cat "$FAULT_DIR/$1.err"; return 1; }
    fault_holds "$1" || return
    pgalter deploy --db "dbname=$1" >"$FAULT_DIR/$1.next" 2>&1 || next=$?
    [ "$next" = 0 ] || { echo "the next run exited with $next"; cat "$FAULT_DIR/$1.next"; return 1; }
    fault_holds "$1" || return
    fault_end "$1" | diff "$FAULT_DIR/wanted" - || { echo "not like an undisturbed run"; return 1; }
    pgalter history --db "dbname=$1" >/dev/null || { echo "the journal can't be read"; return 1; }
}

# fault_batch COUNT: as many runs, each on its database, and one fault; a line "WRONG" for each that it did wrong to.
fault_batch() {
    local i status statuses=()
    for ((i = 1; i <= $1; i++)); do fault_fresh "trial_$i" || return; done
    arm || return
    pids=()
    for ((i = 1; i <= $1; i++)); do
        launch "$PGALTER" deploy --db "$(reach "trial_$i")" </dev/null >"$FAULT_DIR/trial_$i.out" 2>"$FAULT_DIR/trial_$i.err" 3>&- &
        pids+=($!)
    done
    nap "$moment"
    strike || return
    for i in "${pids[@]}"; do
        status=0
        wait "$i" 2>/dev/null || status=$?
        statuses+=("$status")
    done
    repair || return
    for ((i = 1; i <= $1; i++)); do
        fault_examine "trial_$i" "${statuses[i - 1]}" || echo "WRONG: trial_$i"
        [ "${statuses[i - 1]}" != 0 ] || echo SPARED
    done
}

# fault_rounds KIND SIZE STATUSES: run them all; fails at the end when one ended wrong.
fault_rounds() {
    local rounds=${PGA_FAULT_ROUNDS:-25} size=$2 round=0 wrong=0 spared=0 said
    fault_statuses=$3
    RANDOM=$FAULT_SEED
    while ((round < rounds)); do
        ((size <= rounds - round)) || size=$((rounds - round))
        moment=$((RANDOM * FAULT_MS / 32768))
        # Not in a subshell: hooks may remember things from round to round.
        fault_batch "$size" >"$FAULT_DIR/said" 2>&1 || echo "WRONG: the round itself" >>"$FAULT_DIR/said"
        said=$(<"$FAULT_DIR/said")
        if [[ $said == *WRONG* ]]; then
            wrong=$((wrong + $(grep -c WRONG <<<"$said")))
            printf '%s, after %d rounds, %d ms after its beginning, seed %d:\n%s\n' "$1" "$round" "$moment" "$FAULT_SEED" "$said"
        fi
        spared=$((spared + $(grep -c SPARED <<<"$said" || true)))
        round=$((round + size))
    done
    echo "$1: $round rounds, $wrong of them ended wrong, $spared were over before the fault"
    [ -z "${PGA_FAULT_REPORT-}" ] || echo "$1 $round $wrong $spared" >>"$PGA_FAULT_REPORT"
    [ "$wrong" = 0 ]
}
