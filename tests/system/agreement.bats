#!/usr/bin/env bats
# The lexer against psql: the statements that pgalter finds in a script are those that psql sends (docs/lexer.md).

load ../lib/cluster.bash
load ../lib/schema.bash
load ../lib/pgalter.bash

agreement=$PGA_TEST_SOURCE_DIR/tests/agreement
page=$PGA_TEST_SOURCE_DIR/docs/lexer.md
corpus=$PGA_TEST_SOURCE_DIR/../shared/corpora/logto

setup() {
    [ -z "${PGALTER_PG_BINDIR-}" ] || skip "the server's version makes no difference here"
    programs=$(cd "$(dirname "$PGALTER")/../tests/agreement" && pwd)
}

# agree_all FILES ...: what tests/agreement/agree says of each, in $results.
agree_all() {
    local results_file=$BATS_TEST_TMPDIR/results
    printf '%s\0' "$@" | xargs -0 -n1 -P"$(nproc)" "$agreement/agree" "$programs" "$BATS_TEST_TMPDIR" >"$results_file" || true
    results=$(LC_ALL=C sort -k2 "$results_file")
    lacks "$results" "failed "
    [ "$(wc -l <<<"$results")" = $# ]
}

# count: "A of B files, C of D statements", from $results.
count() {
    awk 'function grouped(n) { return n < 1000 ? n : int(n / 1000) sprintf(",%03d", n % 1000) }
        { files++; same += $1 == "same"; agreed += $3; sent += $4 }
        END { print same " of " files " files, " grouped(agreed) " of " grouped(sent) " statements" }' <<<"$results"
}

# splits NAME TEXT PSQL PGALTER: into how many statements each of them splits a text.
splits() {
    local got
    printf '%s\n' "$2" >"$BATS_TEST_TMPDIR/$1.text"
    got=$("$agreement/agree" "$programs" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/$1.text" | cut -d' ' -f4,5)
    same "$1: $got" "$1: $3 $4"
}

@test "PostgreSQL's regression suite" {
    local dir share columns=2
    dir=$("$agreement/fetch") || skip "PostgreSQL's regression scripts can't be had; PGALTER_REGRESS_DIR can name them"
    files=("$dir"/*.sql)
    [ ${#files[@]} -ge 200 ]
    agree_all "${files[@]}"
    share=$(count)
    echo "# PostgreSQL's regression suite, $(basename "$dir"): $share agree" >&3
    # The numbers are those of the version that the page names; another one has other files.
    if grep -q "PostgreSQL $(basename "$dir") " "$page"; then columns=2-4; fi
    grep -v '^#' "$agreement/exceptions" | LC_ALL=C sort >"$BATS_TEST_TMPDIR/exceptions"
    awk 'NF < 6 { print "no reason: " $0; bad = 1 } END { exit bad }' "$BATS_TEST_TMPDIR/exceptions"
    sed 's/^/differs /' "$BATS_TEST_TMPDIR/exceptions" | cut -d' ' -f$columns >"$BATS_TEST_TMPDIR/wanted"
    { grep '^differs' <<<"$results" || true; } | cut -d' ' -f$columns >"$BATS_TEST_TMPDIR/found"
    if ! diff "$BATS_TEST_TMPDIR/wanted" "$BATS_TEST_TMPDIR/found"; then
        echo "tests/agreement/exceptions (<) is not what was found (>):"
        grep '^differs' <<<"$results" || true
        return 1
    fi
    [ $columns = 2 ] || grep -qF "$share" "$page" || { echo "docs/lexer.md has other numbers: $share"; return 1; }
}

@test "a real history of 261 alterations" {
    [ -d "$corpus" ] || skip "the corpus is not beside this checkout"
    agree_all "$corpus"/*.sql "$corpus"/alterations/*.sql
    echo "# Logto: $(count) agree" >&3
    lacks "$results" "differs "
    [ "$(wc -l <<<"$results")" -gt 500 ]
}

@test "every kind of token and body" {
    cat >"$BATS_TEST_TMPDIR/all.text" <<'SQL'
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
SQL
    run "$agreement/agree" "$programs" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/all.text"
    same "$output" "same all.text 12 12 12"
}

@test "where they differ on purpose, and the comparison sees it" {
    # psql counts BEGIN and END without knowing which of them are names, and swallows the COMMIT.
    splits begin "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMIT;" 1 2
    # psql takes each line by itself: a string with E goes on in the next one as if it had none.
    splits continued "SELECT E'a'
'\\''; SELECT 2;" 1 2
    # psql looks at the server's setting at the beginning of a line.
    splits setting "SET standard_conforming_strings = off; SELECT '\\'; SELECT 2; --';" 3 2
    # psql sees a variable where there is none.
    splits variable "SELECT a[1:a\$b\$]; SELECT 2;" 1 2
}

@test "the server reads a continued string as pgalter does" {
    cluster_start
    run query postgres "SELECT E'a'
'\\''"
    cluster_stop
    same "$output" "a'"
}
